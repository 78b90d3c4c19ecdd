/* rq_judge.h: which packets may reach a lookup.
 *
 * Decides on one message and what was asked; knows nothing of sockets (the caller checks address, port and ID), time or
 * what a lookup does next. Serves RFC 5452 section 9.1, RFC 6891, RFC 7873 section 5.3 (cookies), RFC 7828, and 0x20
 * (draft-vixie-dnsext-dns0x20). SPDX-License-Identifier: MIT */
#ifndef RQ_JUDGE_H
#define RQ_JUDGE_H

#include "../wire/rq_msg.h"

/* Rcodes that steer a lookup (RFC 1035, 4.1.1; RFC 6891, 9; RFC 7873, 8). */
#define RQ_RCODE_FORMERR 1
#define RQ_RCODE_SERVFAIL 2
#define RQ_RCODE_NOTIMP 4
#define RQ_RCODE_REFUSED 5
#define RQ_RCODE_BADVERS 16
#define RQ_RCODE_BADCOOKIE 23

/* A query that is on the network. */
typedef struct rq_expect {
  const rq_question *asked; /* as it was sent */
  const uint8_t *client;    /* the RQ_COOKIE_CLIENT octets of the client cookie that it carried, NULL for none */
  uint8_t transport;        /* enum rq_transport */
  uint8_t mixed_case;       /* its letter case is random: over UDP the reply must repeat it */
  uint8_t cookie_due; /* the server was known to send cookies when asked, or is now: over UDP a reply to `client` must
                         have it */
} rq_expect;

/* What an accepted reply says of the cookie that its query carried. */
enum rq_cookie { RQ_COOKIE_NONE = 0, RQ_COOKIE_OURS = 1, RQ_COOKIE_WRONG = 2 };

/* What an accepted reply tells. */
typedef struct rq_reply {
  uint16_t rcode; /* with the upper bits of OPT */
  uint8_t truncated;
  uint8_t transport;    /* as expected */
  uint8_t aliased;      /* its answer section has a CNAME */
  uint8_t named;        /* it repeats the question, whose name stands whole behind the header */
  uint8_t edns;         /* it has an OPT record whose options can be walked */
  uint8_t cookie;       /* enum rq_cookie; RQ_COOKIE_WRONG over TCP only */
  uint8_t idle_told;    /* over TCP: it tells */
  uint16_t idle;        /* how long an idle connection is left open, in 100 ms (RFC 7828) */
  rq_cur server_cookie; /* with RQ_COOKIE_OURS: the server's part, 8..32 octets of the message, or none */
} rq_reply;

/* Whether a message from the right socket, address and ID answers this question; *reply means something on RQ_ACCEPT,
 * and borrows from `wire`. Returns enum rq_verdict:
 *   - RQ_DROP_SHORT, RQ_DROP_NOT_REPLY, RQ_DROP_OPCODE: the header;
 *   - RQ_DROP_QUESTION: not exactly the question that was asked, ASCII case of the name ignored. No question at all
 *     passes with FORMERR, NOTIMP and BADVERS when no record but OPT follows;
 *   - RQ_DROP_MALFORMED: a question or an owner name does not parse, the question's name is compressed, the records end
 *     early although TC is clear, or OPT stands twice. RDATA is not held against its type, and octets after the last
 *     record are ignored;
 *   - RQ_DROP_CASE: all of that is right, but over UDP the name came back in other letter case than `mixed_case` wants;
 *   - RQ_DROP_COOKIE: all of that is right, but over UDP the cookie is not ours, or there is none although it is due.
 *     The first COOKIE option counts (RFC 7873, 4); one of our eight octets alone is ours too. */
int rq_lookup_judge(const uint8_t *wire, size_t len, const rq_expect *expect, rq_reply *reply);

/* "I do not understand this query": with OPT in it, that is likely why (RFC 6891, 7). */
static inline int rq_rcode_refuses_query(uint16_t rcode) {
  return rcode == RQ_RCODE_FORMERR || rcode == RQ_RCODE_NOTIMP || rcode == RQ_RCODE_BADVERS;
}

#endif
