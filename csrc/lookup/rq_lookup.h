/* rq_lookup.h: one lookup as a state machine: (event, now) -> action and deadline.
 *
 * Pure: no sockets, no clock, no heap; time is an argument in microseconds on any monotonic scale. What is sent, to
 * whom, and when to give up is decided here alone. Serves RFC 1035 section 4.2, RFC 5452 (acceptance), RFC 6891 section
 * 7 (servers without EDNS), RFC 7766 (TCP after TC). SPDX-License-Identifier: MIT */
#ifndef RQ_LOOKUP_H
#define RQ_LOOKUP_H

#include "rq_health.h"

/* Rcodes that steer a lookup (RFC 1035, 4.1.1; RFC 6891, 9). */
#define RQ_RCODE_FORMERR 1
#define RQ_RCODE_SERVFAIL 2
#define RQ_RCODE_NOTIMP 4
#define RQ_RCODE_REFUSED 5
#define RQ_RCODE_BADVERS 16

/* What to do now. */
typedef enum rq_action {
  RQ_DO_WAIT,   /* nothing before deadline_us */
  RQ_DO_SEND,   /* send the query to `server` over `transport`, with OPT if `edns`, a fresh ID; timer at deadline_us */
  RQ_DO_FINISH, /* over: `status` says how. With RQ_OK the answer is the reply that was kept if `kept` is set, else the
                   one just passed in. No function is called for this lookup any more */
  RQ_DO_KEEP    /* as RQ_DO_SEND, and keep the reply just passed in, in place of one kept before: it is the answer if
                   nothing better comes */
} rq_action;

/* Shared by all lookups of an engine. */
typedef struct rq_policy {
  int64_t timeout_us, try_us; /* per lookup, per query */
  uint32_t tries;             /* queries at the most, 1..100, beside two free ones, see rq_lookup_reply */
  uint32_t servers;           /* how many there are, at least 1; asked in turn from the one that start names */
  uint8_t transport, edns;    /* enum rq_transport to begin with at each server; send OPT to begin with */
  const rq_health *healths;   /* of the servers, for rq_health_choose; NULL: they are asked in plain turn */
} rq_policy;

typedef struct rq_reply {
  uint16_t rcode; /* with the upper bits of OPT */
  uint8_t truncated;
  uint8_t aliased; /* its answer section has a CNAME */
} rq_reply;

typedef struct rq_lookup {
  int64_t end_us;         /* no query is sent from here on; fixed by start */
  int64_t deadline_us;    /* when rq_lookup_timer is due: min(when the query was sent + try_us, end_us) */
  uint32_t server;        /* index of the server to ask, or that was asked last */
  uint32_t answer_server; /* who sent the answer or the reply that is kept */
  uint32_t turns;         /* servers asked, repeats counted */
  int32_t status; /* RQ_PENDING; once finished RQ_OK, RQ_TIMEOUT, RQ_TRUNCATED or RQ_NETWORK: how the last try ended */
  int32_t error;  /* errno with RQ_NETWORK, else 0 */
  uint16_t tries; /* queries sent, free ones included: at most policy->tries + 2 */
  uint16_t left;  /* queries of policy->tries not used yet */
  uint8_t transport, edns;  /* of the query to send, or that was sent last */
  uint8_t answer_transport; /* how the answer or the reply that is kept came */
  uint8_t kept;             /* a reply is kept */
  uint8_t upgraded, plain;  /* the free query over TCP, the free query without EDNS, was used */
} rq_lookup;

/* Begins a lookup at server `first` modulo the number of servers. RQ_DO_SEND, or RQ_DO_FINISH if timeout_us is 0. */
rq_action rq_lookup_start(rq_lookup *lookup, const rq_policy *policy, uint32_t first, int64_t now_us);

/* Waits for what another lookup is told, or for its turn to ask a further question: no query is sent, and
 * rq_lookup_timer at end_us is RQ_DO_FINISH. `tries` stay. */
void rq_lookup_wait(rq_lookup *lookup, int64_t end_us);

/* After that, begins to ask at server `first` as rq_lookup_start does, with all tries of the policy, up to the same
 * end_us. `tries` are counted on. */
rq_action rq_lookup_resume(rq_lookup *lookup, const rq_policy *policy, uint32_t first, int64_t now_us);

/* deadline_us has come: the next server in turn, in the manner that the policy begins with, while tries and time
 * remain; then RQ_TIMEOUT. Called early it is RQ_DO_WAIT. */
rq_action rq_lookup_timer(rq_lookup *lookup, const rq_policy *policy, int64_t now_us);

/* A reply that rq_lookup_judge accepted; what it rejects never gets here, so it neither ends, shortens nor stretches
 * a try.
 *   - TC over UDP: the same server over TCP, at once; TC over TCP: RQ_TRUNCATED;
 *   - FORMERR, NOTIMP or BADVERS to a query with OPT: the same server without it, at once;
 *   - SERVFAIL, REFUSED or NOTIMP: a server not asked yet, if there is one and tries and time remain, and
 *     this reply is kept; else it is the answer;
 *   - anything else is the answer.
 * The first query over TCP and the first without OPT are free, so they are possible after the last try too; more of
 * them, at other servers, are paid for with tries. If they cannot be paid, TC is RQ_TRUNCATED and the rcode stands as
 * it is. A reply that is the answer is so even after end_us. A reply that is kept takes the place of any failure. */
rq_action rq_lookup_reply(rq_lookup *lookup, const rq_policy *policy, const rq_reply *reply, int64_t now_us);

/* This try cannot be sent, or the network refused it (`error` is the errno): the next server as after a timeout, at
 * once; then RQ_NETWORK with `error`. */
rq_action rq_lookup_failed(rq_lookup *lookup, const rq_policy *policy, int32_t error, int64_t now_us);

/* Whether a message from the right socket, address and ID answers this question (RFC 5452, section 9.1); *reply is
 * filled on RQ_ACCEPT. Returns enum rq_verdict:
 *   - RQ_DROP_SHORT, RQ_DROP_NOT_REPLY, RQ_DROP_OPCODE: the header;
 *   - RQ_DROP_QUESTION: not exactly the question that was asked, ASCII case of the name ignored. No question at all
 *     passes with FORMERR, NOTIMP and BADVERS when no record but OPT follows;
 *   - RQ_DROP_MALFORMED: a question or an owner name does not parse, the records end early although TC is clear, or OPT
 *     stands twice. RDATA is not held against its type, and octets after the last record are ignored. */
int rq_lookup_judge(const uint8_t *wire, size_t len, const rq_question *asked, rq_reply *reply);

#endif
