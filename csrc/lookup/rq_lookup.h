/* rq_lookup.h: one lookup as a state machine: (event, now) -> action and deadline.
 *
 * Pure: no sockets, no clock, no heap; time is an argument in microseconds on any monotonic scale. What is sent, to whom, and
 * when to give up is decided here alone. Serves RFC 1035 section 4.2, RFC 5452 (acceptance), RFC 6891 section 7 (servers
 * without EDNS), RFC 7766 (TCP after TC). SPDX-License-Identifier: MIT */
#ifndef RQ_LOOKUP_H
#define RQ_LOOKUP_H

#include "../wire/rq_msg.h"

/* What happened. */
typedef enum rq_event {
  RQ_EV_START,
  RQ_EV_TIMER,   /* `deadline_us` has come */
  RQ_EV_REPLY,   /* an accepted reply; rcode and TC are passed along */
  RQ_EV_FAILED   /* this try cannot be sent or was refused by the network; errno is passed along */
} rq_event;

/* What to do now. */
typedef enum rq_action {
  RQ_DO_WAIT,  /* nothing before deadline_us */
  RQ_DO_SEND,  /* send the query to `server` over `transport`, with a fresh ID; timer at deadline_us */
  RQ_DO_FINISH, /* over: `status` says how; with RQ_OK the reply just passed in is the answer */
  RQ_DO_KEEP   /* as RQ_DO_SEND, and keep the reply just passed in: it is the answer if nothing better comes (then RQ_DO_FINISH has
                  `status` RQ_OK and `kept` set) */
} rq_action;

/* Shared by all lookups of an engine. */
typedef struct rq_policy {
  int64_t timeout_us, try_us; /* per lookup, per try */
  uint32_t tries;             /* queries at the most */
  uint32_t servers;           /* how many there are; asked in turn from the one that start names */
  uint8_t transport, edns;    /* enum rq_transport to begin with; send OPT to begin with */
} rq_policy;

typedef struct rq_reply {
  uint16_t rcode; /* with the upper bits of OPT */
  uint8_t truncated;
} rq_reply;

typedef struct rq_lookup {
  int64_t end_us;      /* nothing happens after this */
  int64_t deadline_us; /* when RQ_EV_TIMER is due */
  uint32_t server;     /* index of the server to ask, or that was asked last */
  uint32_t first;      /* where the turn began */
  int32_t status;      /* once finished: RQ_OK, RQ_TIMEOUT, RQ_TRUNCATED, RQ_NETWORK */
  int32_t error;       /* errno of the last failure, 0 for none */
  uint16_t tries;      /* queries sent */
  uint8_t transport, edns;
  uint8_t kept;        /* a reply is kept */
  uint8_t plain;       /* the one retry without EDNS was used */
} rq_lookup;

/* Begins a lookup at server `first`. */
rq_action rq_lookup_start(rq_lookup *lookup, const rq_policy *policy, uint32_t first, int64_t now_us);

/* RQ_EV_TIMER. */
rq_action rq_lookup_timer(rq_lookup *lookup, const rq_policy *policy, int64_t now_us);

/* RQ_EV_REPLY:
 *   - TC over UDP: the same server over TCP, at once, inside the same deadlines; TC over TCP: RQ_TRUNCATED;
 *   - FORMERR, NOTIMP or BADVERS to a query with OPT: the same server, once, without it;
 *   - SERVFAIL, REFUSED or NOTIMP: a server not asked yet, if there is one and tries remain, keeping this reply; else it is the answer;
 *   - anything else is the answer. */
rq_action rq_lookup_reply(rq_lookup *lookup, const rq_policy *policy, const rq_reply *reply, int64_t now_us);

/* RQ_EV_FAILED: the next server, while tries remain; then RQ_NETWORK with `error`. */
rq_action rq_lookup_failed(rq_lookup *lookup, const rq_policy *policy, int32_t error, int64_t now_us);

/* Whether a message from the right socket, address and ID answers this question; *reply is filled on RQ_ACCEPT.
 * Returns enum rq_verdict (RFC 5452, section 9.1). */
int rq_lookup_judge(const uint8_t *wire, size_t len, const rq_question *asked, rq_reply *reply);

#endif
