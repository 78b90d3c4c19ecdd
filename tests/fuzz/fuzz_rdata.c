/* fuzz_rdata: any octets as RDATA of any type: read, expanded and rendered, alone and in a message, and written back.
 *
 * Input: the type's number, two octets of capacity, then the RDATA. What fits its layout has fields that use it up;
 * what does not is shown as \# with every octet, and is there all the same. Its value as MessagePack, written back, is
 * the same octets, with names uncompressed. Serves RFC 3597 and the contracts of rq_rr.h. SPDX-License-Identifier: MIT
 */
#include "render.h"

/* What stands before the RDATA: a header that promises one record, in a section where OPT is at home; the record. */
#define HEAD                     \
  "\0\1\x81\x80\0\0\0\0\0\0\0\1" \
  "\0"                           \
  "\0\0"                         \
  "\0\1"                         \
  "\0\0\1\x2c"                   \
  "\0\0"

enum {
  TYPE_AT = RQ_HEADER_SIZE + 1,
  LENGTH_AT = TYPE_AT + 8,
  HEAD_SIZE = sizeof(HEAD) - 1,
  RDATA_MAX = 65535 - HEAD_SIZE
};

/* Reads field by field; 1 if the layout fits. */
static int fields_walk(const rq_type *type, const rq_cur *rdata) {
  rq_rdata it;
  rq_value value;
  unsigned count = 0;
  int more;
  rq_rdata_begin(&it, type, rdata);
  while ((more = rq_rdata_next(&it, &value)) == 1) count++;
  CHECK(more == 0 || more == -1);
  CHECK(count <= type->count && (more == -1 || count == type->count));
  return more == 0;
}

/* Text of RDATA that does not fit: all octets of it. */
static void check_generic(const uint8_t *text, uint32_t len, size_t size) {
  CHECK(len >= 4 && memcmp(text, "\\# ", 3) == 0);
  size_t digits = 0, at = len;
  while (at > 3 && text[at - 1] != ' ') at--, digits++;
  CHECK(size == 0 ? len == 4 && text[3] == '0' : digits == 2 * size);
}

static void try_alone(uint16_t number, const uint8_t *rdata, size_t size, uint32_t cap) {
  const rq_type *type = rq_type_find(number);
  rq_cur octets;
  rq_cur_init(&octets, rdata, size);
  int fits = type == NULL || fields_walk(type, &octets);
  CHECK(fits == rq_rdata_fits(number, &octets));
  uint8_t *block = malloc(size + 2);
  CHECK(block != NULL);
  block[0] = (uint8_t)(number / 256u);
  block[1] = (uint8_t)(number % 256u);
  if (size > 0) memcpy(block + 2, rdata, size);
  for (size_t i = 0; i < RENDERERS; i++) {
    if (renderers[i].kind != 'r') continue;
    uint32_t len = 0;
    uint8_t *whole = fuzz_clip(renderers[i].run, block, size + 2, cap, &len);
    CHECK(whole != NULL);
    if (renderers[i].run == render_rdata_text) {
      CHECK(form_is_printable(whole, len));
      if (type == NULL || !fits) check_generic(whole, len, size);
    }
    free(whole);
  }
  free(block);
}

/* The record is whole and stands in the message, whatever its RDATA. */
static void try_in_a_message(uint16_t number, const uint8_t *rdata, size_t size, uint32_t cap) {
  rq_summary summary;
  rq_walk walk;
  rq_record record;
  uint8_t *wire = malloc(HEAD_SIZE + size);
  CHECK(wire != NULL);
  memcpy(wire, HEAD, HEAD_SIZE);
  wire[TYPE_AT] = (uint8_t)(number / 256u);
  wire[TYPE_AT + 1] = (uint8_t)(number % 256u);
  wire[LENGTH_AT] = (uint8_t)(size / 256u);
  wire[LENGTH_AT + 1] = (uint8_t)(size % 256u);
  if (size > 0) memcpy(wire + HEAD_SIZE, rdata, size);
  CHECK(rq_msg_open(wire, (uint32_t)(HEAD_SIZE + size), &summary) == RQ_OK);
  CHECK(summary.counts[RQ_ADDITIONAL] == 1 && summary.length == HEAD_SIZE + size);
  fuzz_render_all(wire, HEAD_SIZE + size, cap);
  CHECK(rq_walk_begin(&walk, wire, HEAD_SIZE + size) == RQ_OK && rq_walk_record(&walk, &record) == 1);
  fuzz_unpacked(&record);
  free(wire);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_in in = {data, size};
  uint16_t number = fuzz_u16(&in);
  uint32_t cap = fuzz_u16(&in);
  size_t len = 0;
  uint8_t *rdata = fuzz_take(&in, RDATA_MAX, &len);
  try_alone(number, rdata, len, cap);
  try_in_a_message(number, rdata, len, cap);
  free(rdata);
  return 0;
}
