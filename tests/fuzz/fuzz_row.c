/* fuzz_row: a finished lookup with any name and any answer is one line of valid JSON and one MessagePack value.
 *
 * Input: numbers of the row, the length of the name, the name, then the answer. No octet of either can break the line,
 * end it early, or make it anything but UTF-8; less room only cuts it. Serves the contracts of rq_row.h.
 * SPDX-License-Identifier: MIT */
#include "forms.h"
#include "fuzz.h"
#include "render/rq_row.h"

/* The row that the input stands for; the caller frees its octets. */
static void row_draw(const uint8_t *data, size_t size, rq_row *row) {
  fuzz_in in = {data, size};
  uint16_t kind = fuzz_u16(&in), len = fuzz_u16(&in) % 1025;
  size_t taken = 0;
  *row = (rq_row){.rrtype = fuzz_u16(&in), .index = fuzz_u16(&in), .rtt_us = -1};
  row->time_us = (int64_t)fuzz_u16(&in) * 100000000000;
  row->status = -(kind % 16);
  row->error = kind / 16 % 128;
  row->transport = kind / 2048 % 2;
  row->server = kind / 4096 % 2 ? "[2001:db8::1%4294967295]:65535" : NULL;
  row->tries = (uint8_t)(kind / 8192);
  row->name = fuzz_take(&in, len, &taken);
  row->name_len = (uint32_t)taken;
  if (row->status != RQ_OK) return;
  row->rtt_us = kind;
  row->wire = fuzz_take(&in, in.left, &taken);
  row->size = (uint32_t)taken;
}

static int32_t render(void (*write)(const rq_row *, rq_out *), const uint8_t *data, uint32_t size, uint8_t *block,
                      uint32_t cap, uint32_t *actual) {
  rq_row row;
  rq_out out;
  row_draw(data, size, &row);
  rq_out_init(&out, block, cap);
  write(&row, &out);
  free((void *)row.name);
  free((void *)row.wire);
  *actual = (uint32_t)rq_out_wanted(&out);
  return (int32_t)rq_out_stored(&out);
}

static int32_t as_zdns(const uint8_t *data, uint32_t size, uint8_t *block, uint32_t cap, uint32_t *actual) {
  return render(rq_row_json, data, size, block, cap, actual);
}

static int32_t as_8427(const uint8_t *data, uint32_t size, uint8_t *block, uint32_t cap, uint32_t *actual) {
  return render(rq_row_8427, data, size, block, cap, actual);
}

static int32_t as_massdns(const uint8_t *data, uint32_t size, uint8_t *block, uint32_t cap, uint32_t *actual) {
  return render(rq_row_massdns, data, size, block, cap, actual);
}

static int32_t as_msgpack(const uint8_t *data, uint32_t size, uint8_t *block, uint32_t cap, uint32_t *actual) {
  return render(rq_row_msgpack, data, size, block, cap, actual);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static int32_t (*const lines[])(const uint8_t *, uint32_t, uint8_t *, uint32_t, uint32_t *) = {as_zdns, as_8427,
                                                                                                 as_massdns};
  fuzz_in in = {data, size};
  uint32_t cap = fuzz_u16(&in), len = 0;
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    uint8_t *json = fuzz_clip(lines[i], in.at, in.left, cap, &len);
    CHECK(len > 0 && json[len - 1] == '\n' && memchr(json, '\n', len) == json + len - 1);
    CHECK(form_is_json(json, len - 1));
    free(json);
  }
  uint8_t *pack = fuzz_clip(as_msgpack, in.at, in.left, cap, &len);
  CHECK(form_is_msgpack(pack, len));
  free(pack);
  return 0;
}
