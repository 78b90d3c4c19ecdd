/* rq_msg.h: whole messages: header, question, walking records, EDNS, building queries, TCP framing.
 *
 * Pure: no I/O, no clock, no heap. Serves RFC 1035 section 4, RFC 6891 (EDNS), RFC 7766 section 8 (framing).
 * SPDX-License-Identifier: MIT */
#ifndef RQ_MSG_H
#define RQ_MSG_H

#include "rq_rdata.h"

#define RQ_HEADER_SIZE 12
#define RQ_COOKIE_CLIENT 8 /* octets of a client cookie (RFC 7873, 4) */
#define RQ_COOKIE_MAX 40   /* octets of a cookie option: the client's, then the server's, 8..32 */
#define RQ_QUERY_BARE 288  /* octets that hold a query whose OPT record has no options */
/* the same with an engine's options, a cookie and edns-tcp-keepalive: the largest query of an engine */
#define RQ_QUERY_MAX (RQ_QUERY_BARE + RQ_OPTIONS_MAX + 4 + RQ_COOKIE_MAX + 4)

/* Bits of the flags word (RFC 1035, 4.1.1; RFC 4035, 3). */
#define RQ_FLAG_QR 0x8000u
#define RQ_FLAG_AA 0x0400u
#define RQ_FLAG_TC 0x0200u
#define RQ_FLAG_RD 0x0100u
#define RQ_FLAG_RA 0x0080u
#define RQ_FLAG_Z 0x0040u
#define RQ_FLAG_AD 0x0020u
#define RQ_FLAG_CD 0x0010u
#define RQ_OPCODE(flags) (((flags) / 2048u) % 16u)
#define RQ_RCODE(flags) ((flags) % 16u)

#define RQ_NOWHERE SIZE_MAX /* no place: a message may be longer than a pointer reaches */
#define RQ_TYPE_OPT 41
#define RQ_OPTION_COOKIE 10    /* RFC 7873 */
#define RQ_OPTION_KEEPALIVE 11 /* RFC 7828 */
#define RQ_CLASS_IN 1

enum rq_section { RQ_QUESTION = 0, RQ_ANSWER = 1, RQ_AUTHORITY = 2, RQ_ADDITIONAL = 3 };

typedef struct rq_header {
  uint16_t id, flags;
  uint16_t counts[4]; /* by rq_section */
} rq_header;

/* `place` is where the labels of the name begin in the message: two names with the same place are the same. */
typedef struct rq_question {
  rq_name name;
  size_t place;
  uint16_t rrtype, rrclass;
} rq_question;

typedef struct rq_record {
  rq_name owner;
  size_t place; /* of the owner, as above */
  uint16_t rrtype, rrclass;
  uint32_t ttl;
  rq_cur rdata; /* exactly the RDATA, names in it not yet followed */
} rq_record;

/* What an OPT record says (RFC 6891, 6.1.3). */
typedef struct rq_edns {
  uint16_t payload, flags; /* flags: DO is 0x8000 */
  uint8_t version, rcode_high;
  rq_cur options;
} rq_edns;

/* A walk over a message: questions first, then records. `section` and `left` say where it stands. */
typedef struct rq_walk {
  rq_cur cur;
  rq_header header;
  uint8_t section;
  uint16_t left; /* entries not yet read in the section */
} rq_walk;

/*@ // A walk between calls; it shares no memory with the message.
    predicate rq_walk_ok(rq_walk *walk) =
      \valid(walk) && rq_cur_ok(&walk->cur) && walk->section <= RQ_ADDITIONAL &&
      \separated(walk, walk->cur.base + (0 .. walk->cur.end - 1));

    predicate rq_walk_same{Old, New}(rq_walk *walk) =
      \at(walk->cur.base, New) == \at(walk->cur.base, Old) && \at(walk->cur.end, New) == \at(walk->cur.end, Old);
*/

/* Reads the header; returns RQ_OK or RQ_TRUNCATED (fewer than 12 octets). */
/*@ requires \valid(walk) && \valid_read(wire + (0 .. len - 1)) && \separated(walk, wire + (0 .. len - 1));
    terminates \true;
    assigns *walk;
    ensures rq_walk_ok(walk) && walk->cur.base == wire && walk->cur.end == len;
    ensures \result == (len < RQ_HEADER_SIZE ? RQ_TRUNCATED : RQ_OK);
    ensures len >= RQ_HEADER_SIZE ==> walk->cur.pos == RQ_HEADER_SIZE && walk->cur.state == RQ_CUR_GOOD;
    ensures walk->section == RQ_QUESTION && walk->left == walk->header.counts[RQ_QUESTION]; */
int rq_walk_begin(rq_walk *walk, const uint8_t *wire, size_t len);

/* Reads the next question; 1, or 0 when there is none left, or RQ_TRUNCATED or RQ_MALFORMED. */
/*@ requires rq_walk_ok(walk) && \valid(question);
    requires \separated(question, walk, walk->cur.base + (0 .. walk->cur.end - 1));
    terminates \true;
    assigns walk->cur, walk->left, *question;
    ensures rq_walk_ok(walk) && rq_walk_same{Pre, Here}(walk);
    ensures \result == 1 || \result == 0 || \result == RQ_TRUNCATED || \result == RQ_MALFORMED;
    ensures \result == 1 ==> walk->cur.pos >= \old(walk->cur.pos) + 5 && walk->left == \old(walk->left) - 1;
    ensures \result == 1 ==> rq_name_ok(&question->name);
    ensures \result == 0 ==> walk->cur.pos == \old(walk->cur.pos) && (walk->section != RQ_QUESTION || walk->left == 0);
    ensures \result != 1 ==> walk->left == \old(walk->left); */
int rq_walk_question(rq_walk *walk, rq_question *question);

/* Whether the next question is this one octet for octet, its name whole: then it was read, else the walk has not moved.
 * Quicker than reading it. */
/*@ requires rq_walk_ok(walk) && \valid_read(asked);
    terminates \true;
    assigns walk->cur, walk->left;
    ensures rq_walk_ok(walk) && rq_walk_same{Pre, Here}(walk);
    ensures \result == 0 || \result == 1;
    ensures \result == 1 ==> walk->cur.pos == \old(walk->cur.pos) + asked->name.len + 4;
    ensures \result == 1 ==> walk->section == RQ_QUESTION && walk->left == \old(walk->left) - 1;
    ensures \result == 1 ==> (\forall integer i; 0 <= i < asked->name.len ==>
      walk->cur.base[\old(walk->cur.pos) + i] == asked->name.octets[i]);
    ensures \result == 0 ==> walk->cur == \old(walk->cur) && walk->left == \old(walk->left); */
int rq_walk_asks(rq_walk *walk, const rq_question *asked);

/* Reads the next record, skipping questions not yet read; walk->section tells which section it is of. 1, or 0 after the
 * last, or RQ_TRUNCATED (the message ends inside it) or RQ_MALFORMED. *record is meaningful after 1 only. */
/*@ requires rq_walk_ok(walk) && \valid(record);
    requires \separated(record, walk, walk->cur.base + (0 .. walk->cur.end - 1));
    terminates \true;
    assigns walk->cur, walk->section, walk->left, *record;
    ensures rq_walk_ok(walk) && rq_walk_same{Pre, Here}(walk);
    ensures \result == 1 || \result == 0 || \result == RQ_TRUNCATED || \result == RQ_MALFORMED;
    ensures \result == 1 ==> walk->section > RQ_QUESTION && walk->cur.pos >= \old(walk->cur.pos) + 11;
    ensures \result == 1 ==> rq_name_ok(&record->owner);
    ensures \result == 1 ==> rq_cur_ok(&record->rdata) && record->rdata.state == RQ_CUR_GOOD;
    ensures \result == 1 ==> record->rdata.base == walk->cur.base && record->rdata.end == walk->cur.pos; */
int rq_walk_record(rq_walk *walk, rq_record *record);

/* The same for a caller that passes the record of the call before, untouched, or one that has the name of a question of
 * the message and its place, or whose place is RQ_NOWHERE: an owner that is a pointer to the name in there is not read
 * again, as most records belong to one name. */
/*@ requires rq_walk_ok(walk) && \valid(record);
    requires \separated(record, walk, walk->cur.base + (0 .. walk->cur.end - 1));
    requires record->place == RQ_NOWHERE || rq_name_ok(&record->owner);
    terminates \true;
    assigns walk->cur, walk->section, walk->left, *record;
    ensures rq_walk_ok(walk) && rq_walk_same{Pre, Here}(walk);
    ensures \result == 1 || \result == 0 || \result == RQ_TRUNCATED || \result == RQ_MALFORMED;
    ensures \result == 1 ==> walk->section > RQ_QUESTION && walk->cur.pos >= \old(walk->cur.pos) + 11;
    ensures \result == 1 ==> rq_name_ok(&record->owner);
    ensures \result == 1 ==> rq_cur_ok(&record->rdata) && record->rdata.state == RQ_CUR_GOOD;
    ensures \result == 1 ==> record->rdata.base == walk->cur.base && record->rdata.end == walk->cur.pos; */
int rq_walk_next(rq_walk *walk, rq_record *record);

/* 1 if the record just read tells the message's EDNS: an OPT record in the additional section whose options can be
 * walked. */
/*@ requires \valid_read(walk) && \valid_read(record) && rq_cur_ok(&record->rdata);
    terminates \true;
    assigns \nothing;
    ensures \result == 0 || \result == 1;
    ensures \result == 1 ==> walk->section == RQ_ADDITIONAL && record->rrtype == RQ_TYPE_OPT; */
int rq_walk_is_edns(const rq_walk *walk, const rq_record *record);

/* Octets up to where the walk stands. */
/*@ requires rq_walk_ok(walk);
    terminates \true;
    assigns \nothing;
    ensures \result == walk->cur.pos; */
size_t rq_walk_pos(const rq_walk *walk);

/* What the OPT record says. */
/*@ requires \valid_read(opt) && \valid(edns) && \separated(opt, edns);
    terminates \true;
    assigns *edns;
    ensures edns->payload == opt->rrclass && edns->flags == opt->ttl % 65536;
    ensures edns->rcode_high == opt->ttl / 16777216 && edns->version == opt->ttl / 65536 % 256; */
void rq_edns_read(const rq_record *opt, rq_edns *edns);

/* The whole rcode: its upper bits stand in the OPT record, its lower four in the header. */
/*@ requires \valid_read(edns);
    terminates \true;
    assigns \nothing;
    ensures \result == edns->rcode_high * 16 + flags % 16; */
uint16_t rq_edns_rcode(const rq_edns *edns, uint16_t flags);

typedef struct rq_query_spec {
  uint16_t rrtype, rrclass, id, flags, payload; /* payload 0: no OPT record */
  uint8_t dnssec_ok;
  uint16_t options_len;
  const uint8_t *options; /* EDNS options in wire format, for the OPT record */
  const uint8_t *cookie;  /* the octets of a cookie option, which follows them */
  uint8_t cookie_len;     /* 0: there is none */
  uint8_t keepalive;      /* an edns-tcp-keepalive option without a timeout comes last (RFC 7828, 3.2.1) */
} rq_query_spec;

/*@ // RDLENGTH of the OPT record.
    logic integer rq_query_options(rq_query_spec *spec) =
      spec->options_len + (spec->cookie_len > 0 ? 4 + spec->cookie_len : 0) + (spec->keepalive != 0 ? 4 : 0);

    predicate rq_query_spec_ok(rq_query_spec *spec) =
      \valid_read(spec) && \valid_read(spec->options + (0 .. spec->options_len - 1)) &&
      \valid_read(spec->cookie + (0 .. spec->cookie_len - 1)) && rq_query_options(spec) <= 65535;

    predicate rq_query_spec_apart(rq_query_spec *spec, rq_out *out) =
      \separated(out, spec, out->base + (0 .. out->cap - 1)) &&
      \separated(out, out->base + (0 .. out->cap - 1), spec->options + (0 .. spec->options_len - 1)) &&
      \separated(out, out->base + (0 .. out->cap - 1), spec->cookie + (0 .. spec->cookie_len - 1));
*/

/* Appends a query for the name, its letter case as given. At most RQ_QUERY_BARE octets and the options. */
/*@ requires rq_name_ok(name) && rq_out_ok(out) && rq_query_spec_ok(spec) && rq_query_spec_apart(spec, out);
    requires \separated(out, name, out->base + (0 .. out->cap - 1));
    terminates \true;
    assigns out->len, out->base[out->len .. out->cap - 1];
    ensures rq_out_ok(out);
    ensures rq_out_grown{Pre, Here}(out, RQ_HEADER_SIZE + name->len + 4 +
      (spec->payload > 0 ? 11 + rq_query_options(spec) : 0)); */
void rq_query_write(const rq_name *name, const rq_query_spec *spec, rq_out *out);

/* Takes the next whole message off a TCP byte stream: 1 and `message` spans it, or 0 while it is incomplete (the stream
 * cursor has not moved). Two octets of length come first (RFC 1035, 4.2.2). */
/*@ requires rq_cur_ok(stream) && \valid(message) && \separated(stream, message);
    terminates \true;
    assigns stream->pos, stream->state, *message;
    ensures rq_cur_ok(stream) && rq_cur_same{Pre, Here}(stream);
    ensures rq_cur_ok(message);
    ensures \result == 0 || \result == 1;
    ensures \result == 0 ==> stream->pos == \old(stream->pos) && stream->state == \old(stream->state);
    ensures \result == 0 ==> stream->state != RQ_CUR_GOOD || stream->end - stream->pos < 2 ||
      stream->end - stream->pos - 2 < stream->base[stream->pos] * 256 + stream->base[stream->pos + 1];
    ensures \result == 1 ==> stream->state == RQ_CUR_GOOD && message->state == RQ_CUR_GOOD;
    ensures \result == 1 ==> message->base == stream->base && message->end == stream->pos;
    ensures \result == 1 ==> message->pos == \old(stream->pos) + 2;
    ensures \result == 1 ==> message->end - message->pos ==
      stream->base[\old(stream->pos)] * 256 + stream->base[\old(stream->pos) + 1]; */
int rq_frame_next(rq_cur *stream, rq_cur *message);

#endif
