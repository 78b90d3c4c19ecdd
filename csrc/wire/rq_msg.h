/* rq_msg.h: whole messages: header, question, walking records, EDNS, building queries, TCP framing.
 *
 * Pure: no I/O, no clock, no heap. Serves RFC 1035 section 4, RFC 6891 (EDNS), RFC 7766 section 8 (framing).
 * SPDX-License-Identifier: MIT */
#ifndef RQ_MSG_H
#define RQ_MSG_H

#include "rq_rr.h"

#define RQ_HEADER_SIZE 12
#define RQ_QUERY_MAX 288 /* header, one question and an OPT record without options, and to spare */

/* Bits of the flags word (RFC 1035, 4.1.1; RFC 4035, 3). */
#define RQ_FLAG_QR 0x8000u
#define RQ_FLAG_AA 0x0400u
#define RQ_FLAG_TC 0x0200u
#define RQ_FLAG_RD 0x0100u
#define RQ_FLAG_RA 0x0080u
#define RQ_FLAG_AD 0x0020u
#define RQ_FLAG_CD 0x0010u
#define RQ_OPCODE(flags) (((flags) / 2048u) % 16u)
#define RQ_RCODE(flags) ((flags) % 16u)

#define RQ_TYPE_OPT 41
#define RQ_CLASS_IN 1

enum rq_section { RQ_QUESTION = 0, RQ_ANSWER = 1, RQ_AUTHORITY = 2, RQ_ADDITIONAL = 3 };

typedef struct rq_header {
  uint16_t id, flags;
  uint16_t counts[4]; /* by rq_section */
} rq_header;

typedef struct rq_question {
  rq_name name;
  uint16_t rrtype, rrclass;
} rq_question;

typedef struct rq_record {
  rq_name owner;
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

/* Reads the header; returns RQ_OK or RQ_TRUNCATED (fewer than 12 octets). */
int rq_walk_begin(rq_walk *walk, const uint8_t *wire, size_t len);

/* Reads the next question; 1, or 0 when there is none left, or RQ_TRUNCATED or RQ_MALFORMED. */
int rq_walk_question(rq_walk *walk, rq_question *question);

/* Reads the next record, skipping questions not yet read; walk->section tells which section it is of. 1, or 0 after the last, or
 * RQ_TRUNCATED (the message ends inside it) or RQ_MALFORMED. *record is meaningful after 1 only. */
int rq_walk_record(rq_walk *walk, rq_record *record);

/* 1 if the record just read tells the message's EDNS: an OPT record in the additional section whose options can be walked. */
int rq_walk_is_edns(const rq_walk *walk, const rq_record *record);

/* Octets up to where the walk stands. */
size_t rq_walk_pos(const rq_walk *walk);

/* What the OPT record says. */
void rq_edns_read(const rq_record *opt, rq_edns *edns);

/* The whole rcode: its upper bits stand in the OPT record, its lower four in the header. */
uint16_t rq_edns_rcode(const rq_edns *edns, uint16_t flags);

typedef struct rq_query_spec {
  uint16_t rrtype, rrclass, id, flags, payload; /* payload 0: no OPT record */
  uint8_t dnssec_ok;
} rq_query_spec;

/* Appends a query. At most RQ_QUERY_MAX octets. */
void rq_query_write(const rq_name *name, const rq_query_spec *spec, rq_out *out);

/* Takes the next whole message off a TCP byte stream: 1 and `message` spans it, or 0 while it is incomplete (the stream cursor has
 * not moved). Two octets of length come first (RFC 1035, 4.2.2). */
int rq_frame_next(rq_cur *stream, rq_cur *message);

#endif
