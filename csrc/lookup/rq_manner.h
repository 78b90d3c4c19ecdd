/* rq_manner.h: what a server was seen to do, so that the next query to it can be asked in a manner that it answers.
 *
 * One for each server of an engine. Learns from accepted replies alone, never from what was dropped. Pure: no sockets,
 * no clock, no heap. Serves RFC 7873 (cookies), RFC 7828 (idle connections), RFC 6891 section 6.2.2.
 * SPDX-License-Identifier: MIT */
#ifndef RQ_MANNER_H
#define RQ_MANNER_H

#include "rq_judge.h"

#define RQ_DISTRUST_US 600000000 /* for so long a server that breaks case or cookies is asked over TCP */

/* All zero: nothing is known. */
typedef struct rq_manner {
  int64_t distrust_us; /* until then it is asked over TCP */
  uint16_t idle;       /* an idle connection to it stays open so long, in 100 ms, if it told */
  uint8_t idle_told;
  uint8_t edns_seen;             /* a reply had an OPT record */
  uint8_t cookie_due;            /* a reply had a server cookie: over UDP every reply must have our cookie */
  uint8_t cookie_len;            /* octets of `cookie`: 0 until our part is drawn, RQ_COOKIE_CLIENT, or both parts */
  uint8_t cookie[RQ_COOKIE_MAX]; /* ours, then the server's */
} rq_manner;

/* Our part of the cookie, from random bits. */
void rq_manner_draw(rq_manner *manner, uint64_t random);

/* Forgets both parts: the process forked, and what the parent sends is not ours. That a cookie is due stays. */
void rq_manner_forget(rq_manner *manner);

/* Takes in an accepted reply; `cookie_sent`: to a query with our cookie. Over TCP a reply with EDNS but without a
 * cookie says that the server has no cookies any more, which nobody off the path can forge. */
void rq_manner_learn(rq_manner *manner, const rq_reply *reply, int cookie_sent);

/* A query over TCP got this reply, after an answer over UDP failed the check that `verdict` names (RQ_DROP_CASE or
 * RQ_DROP_COOKIE) and none passed: UDP is left alone for RQ_DISTRUST_US. Not if a cookie was missed, and the reply
 * shows that the server has none. */
void rq_manner_distrust(rq_manner *manner, int verdict, const rq_reply *reply, int64_t now_us);

/* It could not be reached over TCP: UDP has its chance again. */
void rq_manner_trust(rq_manner *manner);

/* Whether it has to be asked over TCP. */
static inline int rq_manner_distrusted(const rq_manner *manner, int64_t now_us) {
  return now_us < manner->distrust_us;
}

#endif
