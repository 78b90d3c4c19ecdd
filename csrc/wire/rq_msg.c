/* rq_msg.c: whole messages; see rq_msg.h. SPDX-License-Identifier: MIT */
#include "rq_msg.h"

int rq_walk_begin(rq_walk *walk, const uint8_t *wire, size_t len) {
  rq_cur_init(&walk->cur, wire, len);
  walk->header.id = rq_cur_u16(&walk->cur);
  walk->header.flags = rq_cur_u16(&walk->cur);
  /*@ loop invariant 0 <= i <= 4 && rq_cur_ok(&walk->cur) && walk->cur.base == wire && walk->cur.end == len;
      loop invariant walk->cur.state == RQ_CUR_GOOD ? walk->cur.pos == 4 + 2 * i : len < RQ_HEADER_SIZE;
      loop assigns i, walk->cur.pos, walk->cur.state, walk->header.counts[0 .. 3];
      loop variant 4 - i; */
  for (unsigned i = 0; i < 4; i++) walk->header.counts[i] = rq_cur_u16(&walk->cur);
  walk->section = RQ_QUESTION;
  walk->left = walk->header.counts[RQ_QUESTION];
  return rq_cur_good(&walk->cur) ? RQ_OK : RQ_TRUNCATED;
}

/*@ requires rq_cur_ok(c);
    terminates \true;
    assigns \nothing;
    ensures \result == RQ_MALFORMED || \result == RQ_TRUNCATED; */
static int cur_status(const rq_cur *c) {
  return rq_cur_state(c) == RQ_CUR_BROKEN ? RQ_MALFORMED : RQ_TRUNCATED;
}

int rq_walk_question(rq_walk *walk, rq_question *question) {
  if (walk->section != RQ_QUESTION || walk->left == 0) return 0;
  question->place = rq_name_place(&walk->cur);
  rq_name_read(&walk->cur, &question->name);
  question->rrtype = rq_cur_u16(&walk->cur);
  question->rrclass = rq_cur_u16(&walk->cur);
  if (!rq_cur_good(&walk->cur)) return cur_status(&walk->cur);
  walk->left--;
  return 1;
}

int rq_walk_asks(rq_walk *walk, const rq_question *asked) {
  rq_cur at;
  at = walk->cur;
  if (walk->section != RQ_QUESTION || walk->left == 0) return 0;
  if (!rq_cur_match(&at, asked->name.octets, asked->name.len)) return 0;
  uint16_t rrtype = rq_cur_u16(&at), rrclass = rq_cur_u16(&at);
  if (rrtype != asked->rrtype || rrclass != asked->rrclass || !rq_cur_good(&at)) return 0;
  walk->cur = at;
  walk->left--;
  return 1;
}

/* Moves on to the next section that has entries left; 0 when there is none. */
/*@ requires rq_walk_ok(walk);
    terminates \true;
    assigns walk->section, walk->left;
    ensures rq_walk_ok(walk) && (\result == 0 || \result == 1);
    ensures \result == 1 ==> walk->left > 0 && (\old(walk->left) == 0 ==> walk->section > RQ_QUESTION);
    ensures walk->section >= \old(walk->section); */
static int section_next(rq_walk *walk) {
  /*@ loop invariant rq_walk_ok(walk) && walk->section >= \at(walk->section, Pre);
      loop invariant walk->section == \at(walk->section, Pre) ==> walk->left == \at(walk->left, Pre);
      loop assigns walk->section, walk->left;
      loop variant RQ_ADDITIONAL - walk->section; */
  while (walk->left == 0) {
    if (walk->section == RQ_ADDITIONAL) return 0;
    walk->section++;
    walk->left = walk->header.counts[walk->section];
  }
  return 1;
}

/*@ requires rq_walk_ok(walk);
    terminates \true;
    assigns walk->cur, walk->left;
    ensures rq_walk_ok(walk) && rq_walk_same{Pre, Here}(walk);
    ensures \result == 0 || \result == RQ_TRUNCATED || \result == RQ_MALFORMED;
    ensures \result == 0 ==> walk->cur.pos >= \old(walk->cur.pos);
    ensures \result == 0 ==> walk->section != RQ_QUESTION || walk->left == 0; */
static int questions_skip(rq_walk *walk) {
  rq_question question;
  int got = 1;
  /*@ loop invariant rq_walk_ok(walk) && rq_walk_same{Pre, Here}(walk);
      loop invariant got == 1 || got == 0 || got == RQ_TRUNCATED || got == RQ_MALFORMED;
      loop invariant got >= 0 ==> walk->cur.pos >= \at(walk->cur.pos, Pre);
      loop invariant got == 0 ==> walk->section != RQ_QUESTION || walk->left == 0;
      loop assigns walk->cur, walk->left, question, got;
      loop variant walk->left + (got == 1 ? 1 : 0); */
  while (got == 1) got = rq_walk_question(walk, &question);
  return got;
}

/* The owner, unless the record holds it already: a pointer to where that name begins. */
/*@ requires rq_cur_ok(at) && \valid(record) && \separated(record, at, at->base + (0 .. at->end - 1));
    requires record->place == RQ_NOWHERE || rq_name_ok(&record->owner);
    terminates \true;
    assigns *at, record->owner, record->place;
    ensures rq_cur_ok(at) && rq_cur_same{Pre, Here}(at) && rq_name_ok(&record->owner);
    ensures at->state == RQ_CUR_GOOD ==> at->pos >= \old(at->pos) + 1; */
static void owner_read(rq_cur *at, rq_record *record) {
  size_t place = rq_name_place(at);
  if (place == record->place && place < rq_cur_pos(at)) {
    rq_cur_skip(at, 2);
  } else {
    record->place = place;
    rq_name_read(at, &record->owner);
  }
}

/*@ requires rq_cur_ok(at) && \valid(record) && \separated(record, at, at->base + (0 .. at->end - 1));
    requires record->place == RQ_NOWHERE || rq_name_ok(&record->owner);
    terminates \true;
    assigns *at, *record;
    ensures rq_cur_ok(at) && rq_cur_same{Pre, Here}(at);
    ensures at->state == RQ_CUR_GOOD ==> at->pos >= \old(at->pos) + 11;
    ensures rq_cur_ok(&record->rdata) && rq_name_ok(&record->owner) && record->rdata.state == at->state;
    ensures record->rdata.base == at->base && record->rdata.end == at->pos; */
static void record_read(rq_cur *at, rq_record *record) {
  owner_read(at, record);
  record->rrtype = rq_cur_u16(at);
  record->rrclass = rq_cur_u16(at);
  record->ttl = rq_cur_u32(at);
  uint16_t len = rq_cur_u16(at);
  rq_cur_take(at, len, &record->rdata);
}

int rq_walk_record(rq_walk *walk, rq_record *record) {
  record->place = RQ_NOWHERE;
  return rq_walk_next(walk, record);
}

int rq_walk_next(rq_walk *walk, rq_record *record) {
  rq_cur at;
  int skipped = walk->section == RQ_QUESTION && walk->left > 0 ? questions_skip(walk) : 0;
  if (skipped < 0) return skipped;
  if (!section_next(walk)) return 0;
  at = walk->cur;
  record_read(&at, record);
  /*@ assert rq_walk_ok(walk) && rq_walk_same{Pre, Here}(walk); */
  if (!rq_cur_good(&at)) return cur_status(&at);
  rq_cur_skip(&walk->cur, rq_cur_pos(&at) - rq_cur_pos(&walk->cur));
  walk->left--;
  return 1;
}

int rq_walk_is_edns(const rq_walk *walk, const rq_record *record) {
  if (walk->section != RQ_ADDITIONAL || record->rrtype != RQ_TYPE_OPT) return 0;
  return rq_cur_left(&record->rdata) == 0 || rq_rdata_fits(RQ_TYPE_OPT, &record->rdata); /* most have no options */
}

size_t rq_walk_pos(const rq_walk *walk) {
  return rq_cur_pos(&walk->cur);
}

void rq_edns_read(const rq_record *opt, rq_edns *edns) {
  edns->payload = opt->rrclass;
  edns->rcode_high = (uint8_t)(opt->ttl / 16777216u);
  edns->version = (uint8_t)(opt->ttl / 65536u % 256u);
  edns->flags = (uint16_t)(opt->ttl % 65536u);
  edns->options = opt->rdata;
}

uint16_t rq_edns_rcode(const rq_edns *edns, uint16_t flags) {
  return (uint16_t)(edns->rcode_high * 16u + RQ_RCODE(flags));
}

/*@ requires rq_out_ok(out) && \valid_read(octets + (0 .. len - 1));
    requires \separated(out, out->base + (0 .. out->cap - 1), octets + (0 .. len - 1));
    terminates \true;
    assigns out->len, out->base[out->len .. out->cap - 1];
    ensures rq_out_ok(out) && rq_out_grown{Pre, Here}(out, 4 + len); */
static void option_write(uint16_t code, const uint8_t *octets, uint8_t len, rq_out *out) {
  rq_out_u16(out, code);
  rq_out_u16(out, len);
  rq_out_octets(out, octets, len);
}

/*@ requires rq_out_ok(out) && rq_query_spec_ok(spec) && rq_query_spec_apart(spec, out);
    terminates \true;
    assigns out->len, out->base[out->len .. out->cap - 1];
    ensures rq_out_ok(out) && rq_out_grown{Pre, Here}(out, rq_query_options(spec)); */
static void options_write(const rq_query_spec *spec, rq_out *out) {
  rq_out_octets(out, spec->options, spec->options_len);
  if (spec->cookie_len > 0) option_write(RQ_OPTION_COOKIE, spec->cookie, spec->cookie_len, out);
  if (spec->keepalive != 0) option_write(RQ_OPTION_KEEPALIVE, spec->cookie, 0, out);
}

#define HIGH(number) ((uint8_t)((number) / 256u))
#define LOW(number) ((uint8_t)((number) % 256u))

/*@ requires rq_out_ok(out) && \valid_read(spec);
    requires \separated(out, spec, out->base + (0 .. out->cap - 1));
    terminates \true;
    assigns out->len, out->base[out->len .. \min(out->len + RQ_HEADER_SIZE, out->cap) - 1];
    ensures rq_out_ok(out) && rq_out_grown{Pre, Here}(out, RQ_HEADER_SIZE); */
static void header_write(const rq_query_spec *spec, rq_out *out) {
  const uint8_t opts = spec->payload > 0 ? 1 : 0;
  const uint8_t octets[RQ_HEADER_SIZE] = {
      HIGH(spec->id), LOW(spec->id), HIGH(spec->flags), LOW(spec->flags), 0, 1, 0, 0, 0, 0, 0, opts};
  rq_out_octets(out, octets, sizeof octets);
}

/* What follows the name: type and class, and an OPT record up to its options (RFC 6891, 6.1.2). */
/*@ requires rq_out_ok(out) && rq_query_spec_ok(spec) && \separated(out, spec, out->base + (0 .. out->cap - 1));
    terminates \true;
    assigns out->len, out->base[out->len .. out->cap - 1];
    ensures rq_out_ok(out) && rq_out_grown{Pre, Here}(out, 4 + (spec->payload > 0 ? 11 : 0)); */
static void fields_write(const rq_query_spec *spec, rq_out *out) {
  const unsigned cookie = spec->cookie_len > 0 ? 4u + spec->cookie_len : 0, keepalive = spec->keepalive != 0 ? 4 : 0;
  const unsigned size = spec->options_len + cookie + keepalive;
  const uint8_t octets[15] = {HIGH(spec->rrtype),
                              LOW(spec->rrtype),
                              HIGH(spec->rrclass),
                              LOW(spec->rrclass),
                              0,
                              HIGH(RQ_TYPE_OPT),
                              LOW(RQ_TYPE_OPT),
                              HIGH(spec->payload),
                              LOW(spec->payload),
                              0,
                              0,
                              spec->dnssec_ok ? 0x80 : 0,
                              0,
                              HIGH(size),
                              LOW(size)};
  if (spec->payload > 0)
    rq_out_octets(out, octets, sizeof octets);
  else
    rq_out_octets(out, octets, 4);
}

void rq_query_write(const rq_name *name, const rq_query_spec *spec, rq_out *out) {
  header_write(spec, out);
  rq_name_write(name, out);
  fields_write(spec, out);
  /*@ assert rq_query_options(spec) == \at(rq_query_options(spec), Pre); */
  /*@ assert rq_out_grown{Pre, Here}(out, RQ_HEADER_SIZE + name->len + 4 + (spec->payload > 0 ? 11 : 0)); */
  if (spec->payload > 0) options_write(spec, out);
}

int rq_frame_next(rq_cur *stream, rq_cur *message) {
  rq_cur at;
  at = *stream;
  uint16_t len = rq_cur_u16(&at);
  rq_cur_take(&at, len, message);
  if (!rq_cur_good(&at)) return 0;
  rq_cur_skip(stream, 2u + len);
  return 1;
}

/* --- for Python, see rq_api.h --- */

int32_t rq_make_query(const char *name, uint32_t len, uint16_t rrtype, uint16_t rrclass, uint16_t id, uint16_t flags,
                      uint16_t payload, uint8_t dnssec_ok, const uint8_t *options, uint16_t options_len, uint8_t *out,
                      uint32_t cap, uint32_t *actual) {
  rq_query_spec spec = {rrtype, rrclass, id, flags, payload, dnssec_ok, options_len, options, NULL, 0, 0};
  rq_name parsed;
  rq_out o;
  rq_out_init(&o, out, cap);
  if (rq_name_parse((const uint8_t *)name, len, &parsed) != RQ_FLAW_NONE) return RQ_ILLEGAL_INPUT;
  rq_query_write(&parsed, &spec, &o);
  *actual = (uint32_t)rq_out_wanted(&o);
  return (int32_t)rq_out_stored(&o);
}

/* Counts one whole record. The first that is EDNS gives the upper bits of the rcode. */
/*@ requires \valid(summary) && rq_walk_ok(walk);
    requires \valid_read(record) && rq_cur_ok(&record->rdata) && \valid(has_edns);
    requires \separated(summary, has_edns, walk, record);
    terminates \true;
    assigns summary->counts[0 .. 3], summary->length, summary->rcode, *has_edns; */
static void summary_add(rq_summary *summary, const rq_walk *walk, const rq_record *record, int *has_edns) {
  rq_edns edns;
  summary->counts[walk->section]++;
  summary->length = (uint32_t)rq_walk_pos(walk);
  if (*has_edns || !rq_walk_is_edns(walk, record)) return;
  *has_edns = 1;
  rq_edns_read(record, &edns);
  summary->rcode = rq_edns_rcode(&edns, summary->flags);
}

/*@ requires rq_name_ok(&question->name) && \valid_read(question) && \valid(record) && \separated(record, question);
    terminates \true;
    assigns record->owner.len, record->owner.octets[0 .. RQ_NAME_MAX - 1], record->place;
    ensures rq_name_ok(&record->owner); */
static void owner_set(rq_record *record, const rq_question *question) {
  record->place = question->place;
  record->owner.len = question->name.len;
  rq_octets_copy(record->owner.octets, question->name.octets, question->name.len);
}

/* Counts the questions; *record gets the name of the last, which is the owner of most records. */
/*@ requires rq_walk_ok(walk) && \valid(summary) && \valid(record);
    requires \separated(summary, record, walk, walk->cur.base + (0 .. walk->cur.end - 1));
    terminates \true;
    assigns walk->cur, walk->left, summary->counts[0 .. 3], summary->length, record->owner, record->place;
    ensures rq_walk_ok(walk) && rq_walk_same{Pre, Here}(walk);
    ensures record->place == RQ_NOWHERE || rq_name_ok(&record->owner);
    ensures \result == 0 || \result == RQ_TRUNCATED || \result == RQ_MALFORMED; */
static int questions_count(rq_walk *walk, rq_summary *summary, rq_record *record) {
  rq_question question;
  int got;
  record->place = RQ_NOWHERE;
  /*@ loop invariant rq_walk_ok(walk) && rq_walk_same{Pre, Here}(walk);
      loop invariant record->place == RQ_NOWHERE || rq_name_ok(&record->owner);
      loop assigns walk->cur, walk->left, question, got, summary->counts[0 .. 3], summary->length;
      loop assigns record->owner, record->place;
      loop variant walk->left; */
  while ((got = rq_walk_question(walk, &question)) == 1) {
    summary->counts[RQ_QUESTION]++;
    summary->length = (uint32_t)rq_walk_pos(walk);
    owner_set(record, &question);
  }
  return got;
}

/*@ requires \valid_read(wire + (0 .. len - 1)) && \valid(summary) && \separated(summary, wire + (0 .. len - 1));
    terminates \true;
    assigns *summary;
    ensures \result == RQ_OK || \result == RQ_TRUNCATED || \result == RQ_MALFORMED;
    ensures summary->status == \result; */
int32_t rq_msg_open(const uint8_t *wire, uint32_t len, rq_summary *summary) {
  static const rq_summary nothing;
  rq_walk walk;
  rq_record record;
  *summary = nothing;
  if (rq_walk_begin(&walk, wire, len) != RQ_OK) return summary->status = RQ_MALFORMED;
  summary->id = walk.header.id;
  summary->flags = walk.header.flags;
  summary->rcode = RQ_RCODE(walk.header.flags);
  summary->length = RQ_HEADER_SIZE;
  int has_edns = 0, got = questions_count(&walk, summary, &record);
  if (got == 0)
    /*@ loop invariant rq_walk_ok(&walk) && walk.cur.base == wire && walk.cur.end == len;
        loop invariant record.place == RQ_NOWHERE || rq_name_ok(&record.owner);
        loop assigns walk.cur, walk.section, walk.left, record, got, has_edns;
        loop assigns summary->counts[0 .. 3], summary->length, summary->rcode;
        loop variant walk.cur.end - walk.cur.pos; */
    while ((got = rq_walk_next(&walk, &record)) == 1) summary_add(summary, &walk, &record, &has_edns);
  return summary->status = got;
}

/*@ requires \valid_read(wire + (0 .. len - 1));
    terminates \true;
    assigns \nothing; */
int32_t rq_msg_check(const uint8_t *wire, uint32_t len) {
  rq_summary summary;
  int32_t status = rq_msg_open(wire, len, &summary);
  if (status == RQ_MALFORMED) return status;
  return summary.rcode + (status == RQ_OK ? 0 : RQ_CUT);
}
