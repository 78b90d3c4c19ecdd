/* rq_ts_answer.c: see rq_ts_answer.h. An answer is the query's header and question, a body from the table and an OPT
 * record; bodies point at the question's name, which always stands at offset 12. SPDX-License-Identifier: MIT */
#include "rq_ts_answer.h"

#define NXDOMAIN 3u
#define OPT_SIZE 11u
#define A_SIZE 16u
#define TYPE_A 1
#define FIRST_META_TYPE 128 /* 128..255 are questions, not data (RFC 6895, 3.1) */
#define LAST_META_TYPE 255

/* What will follow the question. */
typedef struct found {
  uint16_t flags, counts[3];
  const uint8_t *body;
  size_t body_len;
  uint8_t synthesized[A_SIZE];
} found;

static int found_entry(const rq_ts_rules *rules, const rq_ts_entry *entry, uint16_t rcode, found *f) {
  f->flags = (uint16_t)(entry->head.flags | rcode);
  for (int i = 0; i < 3; i++) f->counts[i] = entry->head.counts[i];
  f->body = rq_ts_table_body(&rules->table, entry);
  f->body_len = entry->body_len;
  return 1;
}

/* Strips the first label; 0 when the name is the root. */
static int name_shorten(rq_name *name) {
  rq_cur cur;
  rq_cur_init(&cur, name->octets, name->len);
  uint8_t label = rq_cur_u8(&cur);
  if (label == 0) return 0;
  rq_cur_skip(&cur, label);
  name->len = (uint8_t)rq_cur_left(&cur);
  rq_cur_copy(&cur, name->octets, name->len);
  return 1;
}

static int name_below(const rq_name *name, const rq_name *suffix) {
  rq_name at = *name;
  while (at.len > suffix->len)
    if (!name_shorten(&at)) return 0;
  return rq_name_equal(&at, suffix);
}

/* One A record from the name's hash, or no data for another type. */
static int found_synthesized(const rq_ts_rules *rules, const rq_question *question, found *f) {
  uint64_t hash = rq_name_hash(&question->name, rules->table.key);
  rq_out out;
  *f = (found){.flags = RQ_FLAG_AA, .counts = {question->rrtype == TYPE_A ? 1 : 0, 0, 0}};
  if (question->rrtype != TYPE_A) return 1;
  rq_out_init(&out, f->synthesized, sizeof f->synthesized);
  rq_out_u16(&out, 0xc000u + RQ_HEADER_SIZE);
  rq_out_u16(&out, TYPE_A);
  rq_out_u16(&out, RQ_CLASS_IN);
  rq_out_u32(&out, rules->suffix_ttl);
  rq_out_u16(&out, 4);
  rq_out_u32(&out, 0xc6120000u + (uint32_t)(hash % 0x20000u));
  f->body = f->synthesized;
  f->body_len = rq_out_stored(&out);
  return 1;
}

/* The name does not exist: its closest existing ancestor knows what that means. */
static int found_missing(const rq_ts_rules *rules, const rq_question *question, found *f) {
  rq_name at = question->name;
  while (name_shorten(&at)) {
    const rq_ts_entry *entry = rq_ts_table_find(&rules->table, &at, RQ_TS_NODE);
    if (entry != NULL) return (entry->head.ask & RQ_TS_ASK_BELOW) == 0 && found_entry(rules, entry, NXDOMAIN, f);
  }
  return 0;
}

static int type_is_data(uint16_t rrtype) {
  return rrtype != RQ_TS_NODE && rrtype != RQ_TYPE_OPT && rrtype != RQ_TS_MARK &&
         (rrtype < FIRST_META_TYPE || rrtype > LAST_META_TYPE);
}

static int found_any(const rq_ts_rules *rules, const rq_question *question, found *f) {
  const rq_ts_entry *entry;
  if (question->rrclass != RQ_CLASS_IN || !type_is_data(question->rrtype)) return 0;
  entry = rq_ts_table_find(&rules->table, &question->name, question->rrtype);
  if (entry != NULL) return found_entry(rules, entry, 0, f);
  if (rules->suffix.len != 0 && name_below(&question->name, &rules->suffix))
    return found_synthesized(rules, question, f);
  entry = rq_ts_table_find(&rules->table, &question->name, RQ_TS_NODE);
  if (entry != NULL) return (entry->head.ask & RQ_TS_ASK_HERE) == 0 && found_entry(rules, entry, 0, f);
  return found_missing(rules, question, f);
}

/* The OPT record with our payload size and the query's DO (RFC 6891, 6.1; RFC 3225, 3). */
static void opt_write(const rq_ts_asked *asked, rq_out *out) {
  if (!asked->has_edns) return;
  rq_out_u8(out, 0);
  rq_out_u16(out, RQ_TYPE_OPT);
  rq_out_u16(out, RQ_UDP_PAYLOAD);
  rq_out_u16(out, 0);
  rq_out_u16(out, asked->edns.flags);
  rq_out_u16(out, 0);
}

static void head_write(const rq_ts_asked *asked, uint16_t flags, const uint16_t counts[3], rq_out *out) {
  uint16_t echoed = asked->header.flags & (RQ_FLAG_RD | RQ_FLAG_CD);
  rq_out_u16(out, asked->header.id);
  rq_out_u16(out, (uint16_t)(RQ_FLAG_QR | echoed | flags));
  rq_out_u16(out, 1);
  rq_out_u16(out, counts[0]);
  rq_out_u16(out, counts[1]);
  rq_out_u16(out, (uint16_t)(counts[2] + asked->has_edns));
  rq_name_write(&asked->question.name, out);
  rq_out_u16(out, asked->question.rrtype);
  rq_out_u16(out, asked->question.rrclass);
}

size_t rq_ts_answer(const rq_ts_rules *rules, const rq_ts_asked *asked, size_t limit, uint8_t *out, size_t cap) {
  static const uint16_t none[3] = {0, 0, 0};
  size_t room = limit < cap ? limit : cap, opt = asked->has_edns ? OPT_SIZE : 0;
  found f;
  rq_out o;
  if (!found_any(rules, &asked->question, &f)) return 0;
  rq_out_init(&o, out, room);
  head_write(asked, f.flags, f.counts, &o);
  if (f.body_len + opt > room - rq_out_stored(&o)) { /* RFC 2181, 9: nothing is better than a part */
    rq_out_rewind(&o, 0);
    head_write(asked, (uint16_t)(f.flags | RQ_FLAG_TC), none, &o);
  } else {
    rq_out_octets(&o, f.body, f.body_len);
  }
  opt_write(asked, &o);
  return rq_out_wanted(&o) > room ? 0 : rq_out_stored(&o);
}

int rq_ts_asked_marked(const rq_ts_rules *rules, const rq_ts_asked *asked) {
  if (rules->ask_all) return 1;
  if (rules->marks == 0) return 0;
  const rq_ts_entry *entry = rq_ts_table_find(&rules->table, &asked->question.name, RQ_TS_MARK);
  return entry != NULL && entry->head.ask != 0;
}

/* Finds the OPT record (RFC 6891, 6.1.1); 0 when something else stands there or octets follow. */
static int edns_read(rq_walk *walk, size_t len, rq_ts_asked *asked) {
  rq_record opt;
  if (asked->header.counts[RQ_ADDITIONAL] != 0) {
    if (rq_walk_record(walk, &opt) != 1 || opt.rrtype != RQ_TYPE_OPT || opt.owner.len != 1) return 0;
    rq_edns_read(&opt, &asked->edns);
    asked->has_edns = 1;
    if (asked->edns.version != 0) return 0;
  }
  return rq_walk_pos(walk) == len;
}

static int header_is_plain(const rq_header *header) {
  const uint16_t *counts = header->counts;
  return (header->flags & (RQ_FLAG_QR | RQ_FLAG_TC)) == 0 && RQ_OPCODE(header->flags) == 0 &&
         counts[RQ_QUESTION] == 1 && counts[RQ_ANSWER] == 0 && counts[RQ_AUTHORITY] == 0 && counts[RQ_ADDITIONAL] <= 1;
}

void rq_ts_asked_read(const uint8_t *wire, size_t len, rq_ts_asked *asked) {
  rq_walk walk;
  asked->header = (rq_header){0};
  asked->question_len = 0;
  asked->has_edns = asked->plain = 0;
  if (rq_walk_begin(&walk, wire, len) != RQ_OK) return;
  asked->header = walk.header;
  if (rq_walk_question(&walk, &asked->question) != 1) return;
  asked->question_len = (uint16_t)(rq_walk_pos(&walk) - RQ_HEADER_SIZE);
  asked->plain = header_is_plain(&asked->header) && edns_read(&walk, len, asked);
}
