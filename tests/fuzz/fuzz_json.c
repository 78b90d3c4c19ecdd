/* fuzz_json: any octets as a message: its JSON in every shape is one valid value, at any capacity.
 *
 * Input: two octets of capacity, then the message. Serves the contract of rq_api.h. SPDX-License-Identifier: MIT */
#include "render.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_render_input("json", data, size);
  return 0;
}
