/* rq_health.h: what a server is seen to take, and so how it is asked: how soon again, how often, and whether at all.
 *
 * Pure: time is an argument in microseconds on any monotonic scale. Kept for each server apart; the engine tells what
 * was sent and what came of it, and asks before it sends. Nothing here ends or shortens a lookup. Serves RFC 6298
 * (retransmission timers, Karn's algorithm) and RFC 8085 section 3.1 (restraint over UDP).
 * SPDX-License-Identifier: MIT */
#ifndef RQ_HEALTH_H
#define RQ_HEALTH_H

#include "../wire/rq_msg.h"

#define RQ_RTO_FIRST_US 1000000 /* before any answer (RFC 6298, 2.1) */
#define RQ_RTO_LEAST_US 50000   /* and never sooner than this */
#define RQ_RATE_LEAST 10.0      /* queries a second that a server gets whatever it does, unless the caller says less */
#define RQ_CHOICE 64u           /* servers looked at in one choice */

/* Tokens that come at a rate. In any stretch of t seconds at most rate * t + burst are handed out, where burst is 1 and
 * a hundredth of the rate: what comes in 10 ms, which is how late the engine may wake, so the rate is also reached. */
typedef struct rq_bucket {
  double rate; /* a second; 0: no limit */
  double tokens;
  int64_t at_us; /* when they were counted */
} rq_bucket;

/* A full bucket. */
void rq_bucket_init(rq_bucket *bucket, double rate, int64_t now_us);

/* Another rate from now on; what is in it stays, as far as it fits. */
void rq_bucket_change(rq_bucket *bucket, double rate, int64_t now_us);

/* How many may be taken now, `most` at the most. */
uint32_t rq_bucket_ready(rq_bucket *bucket, uint32_t most, int64_t now_us);

/* Takes as many as rq_bucket_ready allowed, or gives back what was taken and not used. */
void rq_bucket_take(rq_bucket *bucket, uint32_t count);
void rq_bucket_give(rq_bucket *bucket, uint32_t count);

/* When so many will have come, if nobody takes any: now_us if they are there, or if there is no limit. */
int64_t rq_bucket_due_us(rq_bucket *bucket, uint32_t count, int64_t now_us);

/* The queries of one stretch of time, and what came of them. */
typedef struct rq_cohort {
  int64_t since_us;
  uint32_t sent, good, bad; /* queries; answers; losses and refusals */
} rq_cohort;

typedef struct rq_health {
  rq_bucket bucket;
  double limit;            /* queries a second that the caller allows; 0: any number */
  double learned;          /* and that it was seen to take; 0: no sign of a limit */
  double step;             /* what `learned` grows by */
  float usual;             /* share of its queries that it usually loses or refuses */
  uint32_t flight_most;    /* queries without an answer at one time; 0: any number */
  uint32_t flight, queued; /* these; and those that wait to be sent to it */
  uint32_t silent;         /* queries lost since it last answered */
  uint32_t refused;        /* queries refused for certain since it last answered otherwise */
  int64_t srtt_us, rttvar_us;
  rq_cohort now, before;   /* what is sent now; what was sent before that, all of which is decided when `now` ends */
  int64_t interval_us;     /* how long one lasts at the least */
  int64_t answered_us;     /* when it last answered anything */
  int64_t doubled_us;      /* when its RTO was last doubled */
  int64_t silent_us;       /* when the first of the `silent` was sent */
  int64_t asked_us;        /* benched: when it was last asked all the same */
  int64_t probe_us;        /* benched: when it is asked again */
  uint8_t measured;        /* there is an srtt */
  uint8_t doubled;         /* times that its RTO is doubled */
  uint8_t benched, probes; /* left out; probes since then */
  uint8_t adapts;          /* all but `limit` and `flight_most` is in force */
} rq_health;

/* A server of which nothing is known. `limit` 0 and `flight_most` 0 are no limits. A query is lost after `try_us`; 0:
 * nothing is learned of this server. */
void rq_health_init(rq_health *health, double limit, uint32_t flight_most, int64_t try_us, int64_t now_us);

/* The next server to ask: of those from index `from` on, in circles, the first that is not left out and may be asked at
 * once; else the first that is not left out; else, of those that may be asked at once if there are any, the one that
 * was asked least recently. One whose probe is due counts as not left out, if the query may be that: only the first try
 * of a lookup may. Looks at RQ_CHOICE of them at the most, and always finds one. `healths` NULL: `from`
 * itself, modulo `count`. */
uint32_t rq_health_choose(const rq_health *healths, uint32_t count, uint32_t from, int may_probe, int64_t now_us);

/* Whether a query may be sent now, beside those that wait already. */
int rq_health_open(const rq_health *health, int64_t now_us);

/* When one of those servers that rq_health_choose looks at may be asked, at the earliest, one that is left out no
 * sooner than its probe while another is not; INT64_MAX when none may before a query in flight is answered. `from` as
 * there. */
int64_t rq_health_open_us(rq_health *healths, uint32_t count, uint32_t from, int64_t now_us);

/* A query waits to be sent to this server, or no longer does. For one that is left out this is the probe: the next
 * comes 1, 2, 4 .. 30 seconds later. */
void rq_health_queue(rq_health *health, int64_t now_us);
void rq_health_unqueue(rq_health *health);

/* How many queries may be sent now, `most` at the most. */
uint32_t rq_health_room(rq_health *health, uint32_t most, int64_t now_us);

/* So many of those that wait are sent, as rq_health_room allowed; or they were not sent after all, and wait again. */
void rq_health_sent(rq_health *health, uint32_t count);
void rq_health_unsent(rq_health *health, uint32_t count);

/* One of those in flight is so no longer. */
void rq_health_left(rq_health *health);

/* It is in flight again: it had only lent its place. */
void rq_health_back(rq_health *health);

/* What an answer says of its server. */
enum rq_health_reply {
  RQ_REPLY_GOOD = 0,
  RQ_REPLY_FAILED = 1, /* it could not answer: this time, or this question */
  RQ_REPLY_REFUSED = 2 /* it would not, and so it is with the next question, too */
};

/* An answer, to a query that was sent `rtt_us` ago. `repeated`: its time tells nothing, as the query was sent more than
 * once (Karn). Returns 1 when the server is left out from now on. */
int rq_health_answer(rq_health *health, int64_t rtt_us, enum rq_health_reply reply, int repeated, int64_t now_us);

/* The network says for certain that the server cannot be asked. The same. */
int rq_health_refuse(rq_health *health, int64_t now_us);

/* No answer came to a query that was sent at `sent_us`. The same. */
int rq_health_loss(rq_health *health, int64_t sent_us, int64_t now_us);

/* Whether a query in flight may be sent once more now, `done` (0 to 30) times after the first; then it counts as sent,
 * and until an answer tells better, repeats come twice as late, later still after another RTO (RFC 6298, 5.5). The
 * first repeat is a guess; more are sent only to a server that has answered others within the last RTO * 2^(done + 1),
 * and so seems to have lost this one. */
int rq_health_repeat(rq_health *health, uint32_t done, int64_t now_us);

/* How long after a query it is sent once more: srtt + 4 rttvar (RFC 6298, 2), within bounds. */
int64_t rq_health_rto_us(const rq_health *health);

#endif
