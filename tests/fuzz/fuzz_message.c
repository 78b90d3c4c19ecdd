/* fuzz_message: any octets as a message: opened, walked, cut short, and its first record taken out.
 *
 * Input: two octets of capacity, two for where to cut, then the message. Nothing outside the message is read, what a
 * clipped message yields the whole one yields too, and RDATA means the same alone as it did in the message. What is
 * rendered has targets of its own. Serves RFC 1035 section 4, RFC 3597. SPDX-License-Identifier: MIT */
#include "forms.h"
#include "fuzz.h"
#include "wire/rq_msg.h"

static void try_open(const uint8_t *wire, size_t size);
static void try_cut(const uint8_t *wire, size_t size, size_t cut);
static void try_rdata(const uint8_t *wire, size_t size, uint32_t cap);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_in in = {data, size};
  uint32_t cap = fuzz_u16(&in);
  size_t cut = fuzz_u16(&in), len = 0;
  uint8_t *wire = fuzz_take(&in, in.left, &len);
  try_open(wire, len);
  try_cut(wire, len, cut % (len + 1));
  try_rdata(wire, len, cap);
  free(wire);
  return 0;
}

/* The summary is within the header's counts and the octets given, and its length is where the last whole record ends.
 */
static void try_open(const uint8_t *wire, size_t size) {
  rq_summary summary, again;
  int32_t status = rq_msg_open(wire, (uint32_t)size, &summary);
  CHECK(status == summary.status);
  CHECK(status == RQ_OK || status == RQ_TRUNCATED || status == RQ_MALFORMED);
  CHECK(summary.length <= size);
  if (size < RQ_HEADER_SIZE) {
    CHECK(status == RQ_MALFORMED && summary.length == 0);
    return;
  }
  CHECK(summary.length >= RQ_HEADER_SIZE);
  for (size_t i = 0; i < 4; i++) {
    size_t promised = wire[4 + 2 * i] * 256u + wire[5 + 2 * i];
    CHECK(status == RQ_OK ? summary.counts[i] == promised : summary.counts[i] <= promised);
  }
  uint8_t *whole = fuzz_copy(wire, summary.length);
  int32_t cut = rq_msg_open(whole, summary.length, &again);
  CHECK(status == RQ_OK ? cut == RQ_OK : cut == RQ_TRUNCATED);
  CHECK(again.length == summary.length && again.rcode == summary.rcode);
  CHECK(memcmp(again.counts, summary.counts, sizeof again.counts) == 0);
  free(whole);
}

static int same_record(const rq_record *a, const rq_record *b) {
  rq_cur left = a->rdata, right = b->rdata;
  if (!rq_name_identical(&a->owner, &b->owner) || a->rrtype != b->rrtype || a->rrclass != b->rrclass) return 0;
  if (a->ttl != b->ttl || rq_cur_left(&left) != rq_cur_left(&right)) return 0;
  while (rq_cur_left(&left) > 0)
    if (rq_cur_u8(&left) != rq_cur_u8(&right)) return 0;
  return 1;
}

/* Cut anywhere, a message yields the same questions and records in the same order up to the cut, and no other; and so
 * whether a walk keeps the owner that it read last or not. */
static void try_cut(const uint8_t *wire, size_t size, size_t cut) {
  uint8_t *head = fuzz_copy(wire, cut);
  rq_walk whole, part;
  rq_record record, same;
  rq_question question, asked;
  int got = 0;
  if (rq_walk_begin(&part, head, cut) == RQ_OK) {
    CHECK(rq_walk_begin(&whole, wire, size) == RQ_OK);
    while ((got = rq_walk_question(&part, &question)) == 1) {
      CHECK(rq_walk_question(&whole, &asked) == 1);
      CHECK(rq_name_identical(&question.name, &asked.name));
      CHECK(question.rrtype == asked.rrtype && question.rrclass == asked.rrclass);
    }
    same.place = RQ_NOWHERE;
    while (got >= 0 && (got = rq_walk_record(&part, &record)) == 1) {
      CHECK(rq_walk_next(&whole, &same) == 1 && same.place == record.place);
      CHECK(part.section == whole.section && same_record(&record, &same));
      CHECK(rq_walk_pos(&part) == rq_walk_pos(&whole) && rq_walk_pos(&part) <= cut);
    }
  }
  free(head);
}

static int32_t rdata_text(const uint8_t *rdata, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  return rq_rdata_text((uint16_t)(rdata[0] * 256u + rdata[1]), rdata + 2, len - 2, (char *)out, cap, actual);
}

/* RDATA with its names uncompressed means the same as it did in the message. */
static void check_expanded(const rq_record *record, uint32_t cap) {
  rq_cur inside = record->rdata, alone;
  rq_out count, out;
  rq_out_init(&count, NULL, 0);
  rq_rdata_expand(record->rrtype, &inside, &count);
  size_t len = rq_out_wanted(&count);
  uint8_t *block = malloc(len + 2);
  CHECK(block != NULL);
  block[0] = (uint8_t)(record->rrtype / 256u);
  block[1] = (uint8_t)(record->rrtype % 256u);
  rq_out_init(&out, block + 2, len);
  rq_rdata_expand(record->rrtype, &inside, &out);
  CHECK(rq_out_wanted(&out) == len);
  rq_cur_init(&alone, block + 2, len);
  CHECK(!rq_rdata_fits(record->rrtype, &inside) || rq_rdata_fits(record->rrtype, &alone));
  uint32_t shown = 0;
  uint8_t *text = fuzz_clip(rdata_text, block, len + 2, cap, &shown);
  CHECK(text != NULL && form_is_printable(text, shown));
  free(text);
  free(block);
}

/* The first record alone: a message of thousands would only cost time. */
static void try_rdata(const uint8_t *wire, size_t size, uint32_t cap) {
  rq_walk walk;
  rq_record record;
  if (rq_walk_begin(&walk, wire, size) == RQ_OK && rq_walk_record(&walk, &record) == 1) check_expanded(&record, cap);
}
