/* fuzz_chain: of hostile answers only what belongs to the question is written, kept and given out again.
 *
 * Input: type, flags, an octet that splits the rest, the name asked for, and two answer bodies (counts, then records):
 * the second is the answer to the name that the first leads to. What rq_chain_select writes is walked and held against
 * the chain; writing it again changes nothing; and so it comes out of the cache. SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "lookup/rq_cache.h"
#include "lookup/rq_chain.h"

#define TYPE_CNAME 5
#define TYPE_SOA 6
#define TYPE_DNAME 39
#define TYPE_RRSIG 46
#define TYPE_NSEC 47
#define TYPE_NSEC3 50
#define TYPE_ANY 255

/* A message on a block of its own size: the header's flags, this question, and what the input gives. */
static uint8_t *answer_draw(fuzz_in *in, size_t size, const rq_question *asked, size_t *len) {
  rq_out out;
  uint16_t flags = (uint16_t)(fuzz_u16(in) | RQ_FLAG_QR), answers = fuzz_u16(in) % 64, authority = fuzz_u16(in) % 8;
  size_t got = 0;
  uint8_t *body = fuzz_take(in, size, &got), head[RQ_HEADER_SIZE + RQ_NAME_MAX + 4];
  rq_out_init(&out, head, sizeof head);
  const uint16_t words[] = {77, flags, 1, answers, authority, 0};
  for (int n = 0; n < 6; n++) rq_out_u16(&out, words[n]);
  rq_name_write(&asked->name, &out);
  rq_out_u16(&out, asked->rrtype);
  rq_out_u16(&out, asked->rrclass);
  *len = rq_out_stored(&out) + got;
  uint8_t *wire = malloc(*len);
  CHECK(wire != NULL);
  memcpy(wire, head, rq_out_stored(&out));
  if (got > 0) memcpy(wire + rq_out_stored(&out), body, got);
  free(body);
  return wire;
}

static uint16_t covered(const rq_record *rrsig) {
  rq_cur rdata = rrsig->rdata;
  return rq_cur_u16(&rdata);
}

/* Each record of the answer section is at the name where the chain stands, or a DNAME above it; CNAMEs move it on. */
static void check_answer(const rq_record *record, const rq_question *asked, rq_name *at, rq_name *left) {
  uint16_t rrtype = record->rrtype == TYPE_RRSIG && asked->rrtype != TYPE_RRSIG && asked->rrtype != TYPE_ANY
                        ? covered(record)
                        : record->rrtype;
  CHECK(record->rrclass == asked->rrclass && rq_rdata_fits(record->rrtype, &record->rdata));
  if (rrtype == TYPE_DNAME && asked->rrtype != TYPE_DNAME && asked->rrtype != TYPE_ANY) {
    CHECK(rq_name_below(at, &record->owner) > 0);
    return;
  }
  int is_it = rrtype == asked->rrtype || asked->rrtype == TYPE_ANY;
  CHECK(is_it || rrtype == TYPE_CNAME);
  if (rq_name_equal(&record->owner, left) && !is_it && record->rrtype == TYPE_RRSIG) return;
  CHECK(rq_name_equal(&record->owner, at));
  if (is_it || record->rrtype != TYPE_CNAME) return;
  rq_cur rdata = record->rdata;
  *left = *at;
  rq_name_read(&rdata, at);
  CHECK(rq_cur_done(&rdata));
}

static void check_message(const uint8_t *wire, size_t len, const rq_name *asked_name, rq_chain_end how,
                          const rq_name *end) {
  rq_walk walk;
  rq_question asked;
  rq_record record;
  int got, denials = 0;
  CHECK(rq_walk_begin(&walk, wire, len) == RQ_OK && rq_walk_question(&walk, &asked) == 1);
  CHECK(rq_name_identical(&asked.name, asked_name) && walk.header.counts[RQ_ADDITIONAL] == 0);
  rq_name at = asked.name, left = asked.name;
  while ((got = rq_walk_record(&walk, &record)) == 1) {
    if (walk.section == RQ_ANSWER) {
      check_answer(&record, &asked, &at, &left);
      continue;
    }
    uint16_t rrtype = record.rrtype == TYPE_RRSIG ? covered(&record) : record.rrtype;
    CHECK(walk.section == RQ_AUTHORITY);
    CHECK(rrtype == TYPE_SOA || rrtype == TYPE_NSEC || rrtype == TYPE_NSEC3);
    if (record.rrtype == TYPE_SOA) CHECK(rq_name_below(&at, &record.owner) >= 0);
    denials++;
  }
  CHECK(got == 0 && rq_walk_pos(&walk) == len);
  CHECK(rq_name_equal(&at, end));
  CHECK(how != RQ_CHAIN_DENIES || denials > 0);
  CHECK((how == RQ_CHAIN_ANSWERS) <= rq_chain_answers(wire, len) || walk.header.counts[RQ_ANSWER] > 8);
}

/* Selecting from what was selected gives the same octets. */
static void check_again(const uint8_t *wire, size_t len, const rq_name *asked, rq_chain_end how) {
  static uint8_t again[RQ_MESSAGE_MAX];
  rq_name end;
  rq_out out;
  uint8_t *copy = fuzz_copy(wire, len);
  rq_out_init(&out, again, sizeof again);
  CHECK(rq_chain_select(asked, NULL, 0, copy, len, &end, &out) == how);
  CHECK(rq_out_stored(&out) == len && memcmp(again, wire, len) == 0);
  free(copy);
}

/* In and out of a cache: the same message but for ID, AA and TTLs, which are no larger, and the case of its question.
 */
static void check_cache(const uint8_t *wire, size_t len, const rq_name *asked, uint16_t rrtype) {
  static rq_entry entries[2];
  static uint32_t heads[2], links[2048];
  static uint8_t octets[2048 * RQ_CACHE_BLOCK], found[RQ_MESSAGE_MAX];
  static const rq_cache_conf conf = {2, sizeof octets, 0, 1u << 31, 900, 0};
  rq_shard shard;
  rq_walk before, after;
  rq_record one, other;
  rq_cache_key key = {1, asked, rrtype, 1, 0};
  int was_stale;
  memset(heads, 0, sizeof heads);
  rq_shard_init(&shard, &conf, entries, heads, links, octets);
  uint32_t life_s = rq_cache_life(&conf, wire, len);
  if (!rq_shard_put(&shard, &key, wire, (uint32_t)len, life_s, 0)) return;
  CHECK(life_s > 0);
  int64_t age_s = life_s / 2;
  CHECK(rq_shard_find(&shard, &key, age_s * 1000000, RQ_FIND, &was_stale, found, sizeof found) == len && !was_stale);
  CHECK(rq_walk_begin(&before, wire, len) == RQ_OK && rq_walk_begin(&after, found, len) == RQ_OK);
  while (rq_walk_record(&before, &one) == 1) {
    CHECK(rq_walk_record(&after, &other) == 1 && rq_name_equal(&one.owner, &other.owner));
    CHECK(one.rrtype == other.rrtype && rq_cur_left(&one.rdata) == rq_cur_left(&other.rdata));
    CHECK(other.ttl <= one.ttl - (uint32_t)age_s && other.ttl > 0);
  }
  CHECK(rq_walk_record(&after, &other) == 0);
  CHECK(rq_shard_find(&shard, &key, (int64_t)life_s * 1000000, RQ_FIND, &was_stale, found, sizeof found) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static uint8_t first[RQ_MESSAGE_MAX], second[RQ_MESSAGE_MAX];
  fuzz_in in = {data, size};
  rq_question asked = {.rrtype = fuzz_u16(&in), .rrclass = 1}, next;
  uint16_t split = fuzz_u16(&in);
  size_t len = 0;
  rq_name end;
  rq_out out;
  rq_cur cur;
  rq_cur_init(&cur, in.at, in.left);
  rq_name_read(&cur, &asked.name);
  size_t used = rq_cur_good(&cur) ? rq_cur_pos(&cur) : 0;
  in.at += used;
  in.left -= used;
  uint8_t *wire = answer_draw(&in, split % (in.left + 1), &asked, &len);
  rq_out_init(&out, first, sizeof first);
  rq_chain_end how = rq_chain_select(&asked.name, NULL, 0, wire, len, &end, &out);
  free(wire);
  size_t before_len = rq_out_stored(&out);
  if (how == RQ_CHAIN_ANSWERS || how == RQ_CHAIN_DENIES || how == RQ_CHAIN_LEADS) {
    check_message(first, before_len, &asked.name, how, &end);
    check_again(first, before_len, &asked.name, how);
    check_cache(first, before_len, &asked.name, asked.rrtype);
  }
  if (how != RQ_CHAIN_LEADS) return 0;
  next = (rq_question){.name = end, .rrtype = asked.rrtype, .rrclass = 1};
  wire = answer_draw(&in, in.left, &next, &len);
  uint8_t *before = fuzz_copy(first, before_len);
  rq_out_init(&out, second, sizeof second);
  how = rq_chain_select(&asked.name, before, before_len, wire, len, &end, &out);
  free(wire);
  free(before);
  if (how == RQ_CHAIN_LOOPS || how == RQ_CHAIN_STOPS) return 0;
  check_message(second, rq_out_stored(&out), &asked.name, how, &end);
  check_again(second, rq_out_stored(&out), &asked.name, how);
  return 0;
}
