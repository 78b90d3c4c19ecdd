/* rq_ts_answer.h: one query in, the table's answer out.
 *
 * Pure but for the table it reads: no sockets, no clock. It answers only what is plain and sure; anything odd is left
 * to Python. Serves RFC 1034 section 4.3.2, RFC 2308 (negative answers), RFC 6891 (EDNS). SPDX-License-Identifier: MIT
 */
#ifndef RQ_TS_ANSWER_H
#define RQ_TS_ANSWER_H

#include "../wire/rq_msg.h"
#include "rq_ts_table.h"

#define RQ_TS_MARK 65535 /* the rrtype of an entry that marks a name; no query has it (RFC 6895, 3.1) */

typedef struct rq_ts_rules {
  rq_ts_table table;
  rq_name suffix; /* of synthesized answers; len 0: none */
  uint32_t suffix_ttl;
  uint32_t marks; /* entries of type RQ_TS_MARK, on or off */
  uint8_t ask_all;
} rq_ts_rules;

/* What a query asks. */
typedef struct rq_ts_asked {
  rq_header header;
  rq_question question;
  uint16_t question_len; /* octets as it stands; 0: no question could be read */
  rq_edns edns;
  uint8_t has_edns;
  uint8_t plain; /* one question, at most an EDNS version 0 record, nothing else */
} rq_ts_asked;

/* Reads a query, as far as it can be read. */
void rq_ts_asked_read(const uint8_t *wire, size_t len, rq_ts_asked *asked);

/* 1 when Python wants to see every question for the name. */
int rq_ts_asked_marked(const rq_ts_rules *rules, const rq_ts_asked *asked);

/* Writes the answer and returns its octets, at most min(limit, cap); 0 when the table is not sure. */
size_t rq_ts_answer(const rq_ts_rules *rules, const rq_ts_asked *asked, size_t limit, uint8_t *out, size_t cap);

#endif
