/* fuzz_query: what rq_make_query writes is what the walk reads back, for any name, type, class, flags and EDNS setting.
 *
 * Input: the numbers of the query, a capacity, then the name as text. Serves RFC 1035 section 4.1 and RFC 6891
 * section 6.1. SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "wire/rq_msg.h"

#define OPTIONS_MAX 32 /* octets of the name's text serve as options too, as many as the flags say */

typedef struct wish {
  uint16_t rrtype, rrclass, id, flags, payload;
  uint8_t dnssec_ok;
  uint16_t options_len;
  uint32_t cap;
} wish;

static uint8_t *make(const wish *w, const uint8_t *text, size_t len, uint32_t *size);
static void read_back(const wish *w, const rq_name *name, const uint8_t *wire, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_in in = {data, size};
  wish w = {fuzz_u16(&in), fuzz_u16(&in), fuzz_u16(&in), fuzz_u16(&in), fuzz_u16(&in), 0, 0, 0};
  w.cap = fuzz_u16(&in);
  w.dnssec_ok = w.cap % 2;
  w.cap = w.cap / 2 % (RQ_QUERY_MAX + OPTIONS_MAX + 16);
  size_t len = 0;
  uint32_t actual = 0;
  uint8_t *text = fuzz_take(&in, in.left, &len);
  w.options_len = (uint16_t)(w.flags % (len < OPTIONS_MAX ? len + 1 : OPTIONS_MAX));
  rq_name name;
  int flaw = rq_name_parse(text, len, &name);
  uint8_t *wire = make(&w, text, len, &actual);
  CHECK((wire == NULL) == (flaw != RQ_FLAW_NONE));
  if (wire != NULL) read_back(&w, &name, wire, actual);
  free(wire);
  free(text);
  return 0;
}

static int32_t make_into(const wish *w, const uint8_t *text, size_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  return rq_make_query((const char *)text, (uint32_t)len, w->rrtype, w->rrclass, w->id, w->flags, w->payload,
                       w->dnssec_ok, text, w->options_len, out, cap, actual);
}

/* The query, after holding the clipped one against it. NULL for an illegal name. */
static uint8_t *make(const wish *w, const uint8_t *text, size_t len, uint32_t *size) {
  uint32_t actual = 0;
  uint8_t *small = malloc(w->cap), *whole = malloc(RQ_QUERY_MAX + OPTIONS_MAX);
  CHECK((small != NULL || w->cap == 0) && whole != NULL);
  int32_t stored = make_into(w, text, len, small, w->cap, &actual);
  int32_t full = make_into(w, text, len, whole, RQ_QUERY_MAX + OPTIONS_MAX, size);
  if (full < 0) {
    CHECK(full == RQ_ILLEGAL_INPUT && stored == full);
    free(small);
    free(whole);
    return NULL;
  }
  CHECK(full == (int32_t)*size && actual == *size);
  CHECK(stored == (int32_t)(actual < w->cap ? actual : w->cap));
  CHECK(stored == 0 || memcmp(small, whole, (size_t)stored) == 0);
  free(small);
  return whole;
}

static void read_back(const wish *w, const rq_name *name, const uint8_t *query, size_t size) {
  uint8_t *wire = fuzz_copy(query, size);
  rq_walk walk;
  rq_question question;
  rq_record record;
  CHECK(rq_walk_begin(&walk, wire, size) == RQ_OK);
  CHECK(walk.header.id == w->id && walk.header.flags == w->flags);
  CHECK(rq_walk_question(&walk, &question) == 1);
  CHECK(rq_name_identical(&question.name, name));
  CHECK(question.rrtype == w->rrtype && question.rrclass == w->rrclass);
  CHECK(rq_walk_question(&walk, &question) == 0);
  if (w->payload != 0) {
    rq_edns edns;
    CHECK(rq_walk_record(&walk, &record) == 1);
    CHECK(walk.section == RQ_ADDITIONAL && record.rrtype == RQ_TYPE_OPT && record.owner.len == 1);
    rq_edns_read(&record, &edns);
    CHECK(edns.payload == w->payload && edns.version == 0 && edns.rcode_high == 0);
    CHECK(edns.flags == (w->dnssec_ok ? 0x8000 : 0) && rq_cur_left(&edns.options) == w->options_len);
  }
  CHECK(rq_walk_record(&walk, &record) == 0);
  CHECK(rq_walk_pos(&walk) == size);
  free(wire);
}
