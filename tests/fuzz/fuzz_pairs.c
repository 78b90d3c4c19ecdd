/* fuzz_pairs: EDNS options and service parameters with any codes and any values, in a message, through every renderer
 * and written back.
 *
 * Input: two octets of capacity, then for each pair an octet of code, one of length, and the value. An OPT record has
 * them as they come; in an HTTPS record each key is that much above the last, so most are in order. Serves RFC 6891
 * section 6.1.2, RFC 9460 section 2.2. SPDX-License-Identifier: MIT */
#include "render.h"

enum { PAIRS_MAX = 4096, HTTPS = 65 };

/* A header that promises one answer and one additional record. */
#define HEAD "\0\1\x81\x80\0\0\0\1\0\0\0\1"

static void put(rq_out *out, const char *octets, size_t n) {
  for (size_t i = 0; i < n; i++) rq_out_u8(out, (uint8_t)octets[i]);
}

/* The pairs with their codes as given, or as distances from the one before. */
static void pairs_put(fuzz_in in, int distances, rq_out *out) {
  uint16_t code = 0;
  while (in.left >= 2) {
    uint16_t head = fuzz_u16(&in);
    size_t len = head % 256u < in.left ? head % 256u : in.left;
    code = distances ? (uint16_t)(code + head / 256u % 16u) : head / 256u;
    rq_out_u16(out, code);
    rq_out_u16(out, (uint16_t)len);
    rq_out_octets(out, in.at, len);
    in.at += len;
    in.left -= len;
  }
}

/* A record of the root; its RDATA is `prefix` and the pairs. */
static void record_put(fuzz_in in, uint16_t number, const char *prefix, size_t prefix_len, rq_out *out) {
  put(out, "", 1);
  rq_out_u16(out, number);
  put(out, "\x04\xd0\0\0\0\0\0\0", 8);
  size_t begun = rq_out_wanted(out);
  put(out, prefix, prefix_len);
  pairs_put(in, number == HTTPS, out);
  rq_out_patch16(out, begun - 2, (uint16_t)(rq_out_wanted(out) - begun));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_in in = {data, size};
  uint32_t cap = fuzz_u16(&in);
  uint8_t block[4 * PAIRS_MAX];
  rq_summary summary;
  rq_walk walk;
  rq_record record;
  rq_out out;
  if (in.left > PAIRS_MAX) in.left = PAIRS_MAX;
  rq_out_init(&out, block, sizeof block);
  put(&out, HEAD, RQ_HEADER_SIZE);
  record_put(in, HTTPS, "\0\1\0", 3, &out);
  record_put(in, RQ_TYPE_OPT, "", 0, &out);
  size_t len = rq_out_wanted(&out);
  CHECK(len <= sizeof block);
  uint8_t *wire = fuzz_copy(block, len);
  CHECK(rq_msg_open(wire, (uint32_t)len, &summary) == RQ_OK);
  CHECK(summary.counts[RQ_ANSWER] == 1 && summary.counts[RQ_ADDITIONAL] == 1 && summary.length == len);
  fuzz_render_all(wire, len, cap);
  CHECK(rq_walk_begin(&walk, wire, len) == RQ_OK);
  while (rq_walk_record(&walk, &record) == 1) fuzz_unpacked(&record);
  free(wire);
  return 0;
}
