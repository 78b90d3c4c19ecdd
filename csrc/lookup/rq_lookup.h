/* rq_lookup.h: one lookup as a state machine: (event, now) -> action and deadline.
 *
 * Pure: no sockets, no clock, no heap; time is an argument in microseconds on any monotonic scale. What is sent, to
 * whom, and when to give up is decided here alone. Serves RFC 1035 section 4.2, RFC 5452 (acceptance), RFC 6891 section
 * 7 (servers without EDNS), RFC 7766 (TCP after TC), RFC 7873 section 5.3. SPDX-License-Identifier: MIT */
#ifndef RQ_LOOKUP_H
#define RQ_LOOKUP_H

#include "rq_health.h"
#include "rq_manner.h"

#define RQ_SUSPECT_US 50000 /* how long a right answer is waited for beside a suspicious one, see rq_lookup_suspect */

/* What to do now. */
typedef enum rq_action {
  RQ_DO_WAIT,   /* nothing before deadline_us */
  RQ_DO_SEND,   /* send the query to `server` over `transport`, with OPT if `edns`, a fresh ID; timer at deadline_us */
  RQ_DO_FINISH, /* over: `status` says how. With RQ_OK the answer is the reply that was kept if `kept` is set, else the
                   one just passed in. No function is called for this lookup any more */
  RQ_DO_KEEP,   /* as RQ_DO_SEND, and keep the reply just passed in, in place of one kept before: it is the answer if
                   nothing better comes */
  RQ_DO_BESIDE  /* send the query over TCP to `server`, with OPT if `edns`, beside the one over UDP, whose answer still
                   counts; timer at deadline_us */
} rq_action;

/* Shared by all lookups of an engine. */
typedef struct rq_policy {
  int64_t timeout_us, try_us; /* per lookup, per query */
  uint32_t tries;             /* queries at the most, 1..100, beside free ones, see rq_lookup_reply and _suspect */
  uint32_t servers;           /* how many there are, at least 1; asked in turn from the one that start names */
  uint8_t transport, edns;    /* enum rq_transport to begin with at each server; send OPT to begin with */
  uint8_t dnssec_ok;          /* never go without OPT for silence alone: DO is in it */
  uint8_t cookies;            /* queries with OPT carry one */
  const rq_manner *manners;   /* of the servers; NULL: nothing is known of any */
  const rq_health *healths;   /* of the servers, for rq_health_choose; NULL: they are asked in plain turn */
} rq_policy;

typedef struct rq_lookup {
  int64_t end_us;         /* no query is sent from here on; fixed by start */
  int64_t try_end_us;     /* this try is over: min(when the query was sent + try_us, end_us) */
  int64_t deadline_us;    /* when rq_lookup_timer is due: try_end_us, or sooner while `suspect` is set */
  uint64_t silent;        /* bit server % 64: a query with OPT over UDP got no answer there */
  uint32_t server;        /* index of the server to ask, or that was asked last */
  uint32_t answer_server; /* who sent the answer or the reply that is kept */
  uint32_t turns;         /* servers asked, repeats counted */
  int32_t status; /* RQ_PENDING; once finished RQ_OK, RQ_TIMEOUT, RQ_TRUNCATED or RQ_NETWORK: how the last try ended */
  int32_t error;  /* errno with RQ_NETWORK, else 0 */
  uint16_t tries; /* queries sent, free ones included: at most 2 * (policy->tries + 3) */
  uint16_t left;  /* queries of policy->tries not used yet */
  uint8_t transport, edns;  /* of the query to send, or that was sent last */
  uint8_t answer_transport; /* how the answer or the reply that is kept came */
  uint8_t kept;             /* a reply is kept */
  uint8_t upgraded, plain;  /* the free query over TCP after TC, the free query without EDNS, was used */
  uint8_t renewed;          /* so was the free query after BADCOOKIE, */
  uint8_t doubted;          /* and the free query over TCP beside the present one over UDP */
  uint8_t suspect; /* enum rq_verdict: why a packet of this try was dropped, while a right one is waited for; else 0 */
  uint8_t beside;  /* the same, once the query over TCP goes beside */
  uint8_t distrusts; /* the present query goes over TCP because its server's answers over UDP are not to be trusted */
} rq_lookup;

/* Begins a lookup at server `first` modulo the number of servers. RQ_DO_SEND, or RQ_DO_FINISH if timeout_us is 0. */
rq_action rq_lookup_start(rq_lookup *lookup, const rq_policy *policy, uint32_t first, int64_t now_us);

/* Waits for what another lookup is told, or for its turn to ask a further question: no query is sent, and
 * rq_lookup_timer at end_us is RQ_DO_FINISH. `tries` stay. */
void rq_lookup_wait(rq_lookup *lookup, int64_t end_us);

/* After that, begins to ask at server `first` as rq_lookup_start does, with all tries of the policy, up to the same
 * end_us. `tries` are counted on. */
rq_action rq_lookup_resume(rq_lookup *lookup, const rq_policy *policy, uint32_t first, int64_t now_us);

/* deadline_us has come. While `suspect` is set and the try is not over: RQ_DO_BESIDE. Else the next server in turn, in
 * the manner that the policy begins with, while tries and time remain; then RQ_TIMEOUT. Called early it is RQ_DO_WAIT.
 *
 * What is known of a server (policy->manners) changes that manner: one that is distrusted is asked over TCP; one that
 * has never answered with OPT, and left a query of this lookup with OPT unanswered over UDP, is asked without it. */
rq_action rq_lookup_timer(rq_lookup *lookup, const rq_policy *policy, int64_t now_us);

/* A reply that rq_lookup_judge accepted; what it rejects never gets here, so it neither ends, shortens nor stretches
 * a try.
 *   - TC over UDP: the same server over TCP, at once; TC over TCP: RQ_TRUNCATED;
 *   - FORMERR, NOTIMP or BADVERS to a query with OPT: the same server without it, at once;
 *   - BADCOOKIE over UDP to a query with a cookie: the same server at once, with the cookie that the reply brought;
 * when it brought none, or the next time, over TCP as after TC;
 *   - SERVFAIL, REFUSED or NOTIMP: a server not asked yet, if there is one and tries and time remain, and
 *     this reply is kept; else it is the answer;
 *   - anything else is the answer.
 * The first query over TCP after these, the first without OPT and the first after BADCOOKIE are free, so they are
 * possible after the last try too; more over TCP or without OPT, at other servers, are paid for with tries. If they
 * cannot be paid, TC is RQ_TRUNCATED and the rcode stands as it is. A reply that is the answer is so even after end_us.
 * A reply that is kept takes the place of any failure. */
rq_action rq_lookup_reply(rq_lookup *lookup, const rq_policy *policy, const rq_reply *reply, int64_t now_us);

/* A packet over UDP was dropped with RQ_DROP_CASE or RQ_DROP_COOKIE: it is forged, or its server breaks case or
 * cookies. RQ_DO_WAIT, and deadline_us is now RQ_SUSPECT_US ahead, or half of what is left of the try if that is less:
 * if nothing has ended the try by then, the same server is asked over TCP beside, once for each query over UDP and for
 * free. The try, its query over UDP and all that follows stay as they would be without the packet. */
rq_action rq_lookup_suspect(rq_lookup *lookup, int verdict, int64_t now_us);

/* The query over TCP that goes beside, or was to, cannot be sent, or the network refused it: RQ_DO_WAIT for the one
 * over UDP. */
rq_action rq_lookup_alone(rq_lookup *lookup);

/* All its deadlines come so much later: that time is not its own. */
void rq_lookup_delay(rq_lookup *lookup, int64_t by_us);

/* This try cannot be sent, or the network refused it (`error` is the errno): the next server as after a timeout, at
 * once; then RQ_NETWORK with `error`. */
rq_action rq_lookup_failed(rq_lookup *lookup, const rq_policy *policy, int32_t error, int64_t now_us);

#endif
