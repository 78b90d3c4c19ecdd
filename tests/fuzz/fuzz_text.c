/* fuzz_text: any octets as a message: its presentation text in every style is printable, at any capacity.
 *
 * Input: two octets of capacity, then the message. Serves the contract of rq_api.h. SPDX-License-Identifier: MIT */
#include "render.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_render_input("text", data, size);
  return 0;
}
