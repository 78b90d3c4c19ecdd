/* fuzz_unpack: any octets as the MessagePack of a record: refused, or written as a record that reads back as the same
 * value.
 *
 * Input: two octets of capacity, then the MessagePack. Serves the contract of rq_record_unpack.
 * SPDX-License-Identifier: MIT */
#include "forms.h"
#include "fuzz.h"
#include "render/rq_pack.h"

/* What was written is a whole record; in a message of its own it reads as a value that writes the same octets. */
static void check_written(const uint8_t *record_wire, uint32_t len) {
  rq_walk walk;
  rq_record record;
  rq_out count, out;
  uint8_t *wire = calloc(1, RQ_HEADER_SIZE + len);
  CHECK(wire != NULL);
  wire[11] = 1;
  memcpy(wire + RQ_HEADER_SIZE, record_wire, len);
  CHECK(rq_walk_begin(&walk, wire, RQ_HEADER_SIZE + len) == RQ_OK && rq_walk_record(&walk, &record) == 1);
  CHECK(rq_walk_pos(&walk) == RQ_HEADER_SIZE + len);
  rq_out_init(&count, NULL, 0);
  rq_pack_record(&record, &count);
  uint8_t *pack = malloc(rq_out_wanted(&count));
  CHECK(pack != NULL);
  rq_out_init(&out, pack, rq_out_wanted(&count));
  rq_pack_record(&record, &out);
  uint32_t again = 0;
  uint8_t *block = fuzz_clip(rq_record_unpack, pack, rq_out_stored(&out), 40, &again);
  CHECK(block != NULL && again == len && memcmp(block, record_wire, len) == 0);
  free(block);
  free(pack);
  free(wire);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_in in = {data, size};
  uint32_t cap = fuzz_u16(&in), len = 0;
  size_t taken = 0;
  uint8_t *pack = fuzz_take(&in, in.left, &taken);
  uint8_t *record = fuzz_clip(rq_record_unpack, pack, taken, cap, &len);
  if (record != NULL) check_written(record, len);
  free(record);
  free(pack);
  return 0;
}
