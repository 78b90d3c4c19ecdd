/* rq_health.c: what a server is seen to take, see rq_health.h.
 *
 * Never does I/O, reads a clock or allocates. Loss alone says little: resolvers lose some per cent of real names
 * however few are asked, and a path may lose a third of everything. So each server has its own usual share, and only a
 * rise above that is taken for "too much". SPDX-License-Identifier: MIT */
#include "rq_health.h"

#define SECOND_US 1000000
#define WAIT_MOST_US 3600000000 /* then it is reckoned again */
#define RTO_MOST_US 60000000    /* RFC 6298, 2.5 */
#define DOUBLED_MOST 6          /* times that an RTO is doubled */
#define INTERVAL_US SECOND_US   /* the rate changes once in so long at the most, */
#define COHORT_LEAST 50u        /* and after so many queries */
#define USUAL_FIRST 0.2f        /* nobody loses more than a fifth as a rule, until it is seen to */
#define USUAL_WEIGHT 0.125f     /* of a new share in the usual one */
#define RISE 1.5f               /* a share is a rise above this many times the usual one, */
#define RISE_LEAST 0.1f         /* and this */
#define STEPS 5.0               /* from half of a rate back to it */
#define FREE_STEPS 20.0         /* at so many steps, twice what was too much, there is no limit any more */
#define SILENT_LEAST 8u         /* queries in a row without an answer, */
#define SILENT_US SECOND_US     /* in so long a time: it is silent */
#define REFUSED_LEAST 8u        /* queries in a row that were refused: it is as good as silent */
#define PROBES_MOST 5           /* probes from which on there are always */
#define PROBE_MOST_S 30         /* so many seconds between two; before that 1, 2, 4 .. */

static double burst_of(const rq_bucket *bucket) {
  return 1.0 + bucket->rate / 100.0;
}

/* --- the bucket --- */

void rq_bucket_init(rq_bucket *bucket, double rate, int64_t now_us) {
  *bucket = (rq_bucket){.rate = rate, .at_us = now_us};
  bucket->tokens = burst_of(bucket);
}

/* What is in it at this time, fractions included. */
static double level(const rq_bucket *bucket, int64_t now_us) {
  double most = burst_of(bucket), tokens = bucket->tokens;
  if (now_us > bucket->at_us) tokens += bucket->rate * (double)(now_us - bucket->at_us) / SECOND_US;
  return tokens < most ? tokens : most;
}

static void fill(rq_bucket *bucket, int64_t now_us) {
  bucket->tokens = level(bucket, now_us);
  if (now_us > bucket->at_us) bucket->at_us = now_us;
}

/* A bucket that had no limit was full. */
void rq_bucket_change(rq_bucket *bucket, double rate, int64_t now_us) {
  if (bucket->rate <= 0) {
    rq_bucket_init(bucket, rate, now_us);
    return;
  }
  fill(bucket, now_us);
  bucket->rate = rate;
  fill(bucket, now_us);
}

uint32_t rq_bucket_ready(rq_bucket *bucket, uint32_t most, int64_t now_us) {
  if (bucket->rate <= 0) return most;
  fill(bucket, now_us);
  return bucket->tokens < (double)most ? (uint32_t)bucket->tokens : most;
}

void rq_bucket_take(rq_bucket *bucket, uint32_t count) {
  if (bucket->rate > 0) bucket->tokens -= (double)count;
}

void rq_bucket_give(rq_bucket *bucket, uint32_t count) {
  if (bucket->rate > 0) bucket->tokens += (double)count;
}

/* Rounded up, so that they are there then. */
int64_t rq_bucket_due_us(rq_bucket *bucket, uint32_t count, int64_t now_us) {
  if (bucket->rate <= 0) return now_us;
  fill(bucket, now_us);
  double lack = (double)count - bucket->tokens;
  if (lack <= 0) return now_us;
  double wait = lack * SECOND_US / bucket->rate;
  return wait < WAIT_MOST_US ? now_us + (int64_t)wait + 2 : now_us + WAIT_MOST_US;
}

/* --- which server, and when --- */

void rq_health_init(rq_health *health, double limit, uint32_t flight_most, int64_t try_us, int64_t now_us) {
  *health = (rq_health){.limit = limit,
                        .flight_most = flight_most,
                        .usual = USUAL_FIRST,
                        .now = {.since_us = now_us},
                        .before = {.since_us = now_us},
                        .interval_us = try_us > INTERVAL_US ? try_us : INTERVAL_US,
                        .adapts = try_us > 0};
  rq_bucket_init(&health->bucket, limit, now_us);
}

static int left_out(const rq_health *health, int may_probe, int64_t now_us) {
  return health->benched && !(may_probe && now_us >= health->probe_us);
}

uint32_t rq_health_choose(const rq_health *healths, uint32_t count, uint32_t from, int may_probe, int64_t now_us) {
  const uint32_t first = from % count;
  if (!healths || count == 1) return first;
  uint32_t shut = count, benched = count, s = first;
  int benched_open = 0;
  for (uint32_t n = 0; n < count && n < RQ_CHOICE; n++) {
    const rq_health *health = &healths[s];
    const int is_open = rq_health_open(health, now_us);
    if (left_out(health, may_probe, now_us)) {
      const int sooner = benched == count || health->asked_us < healths[benched].asked_us;
      if (is_open == benched_open ? sooner : is_open) {
        benched = s;
        benched_open = is_open;
      }
    } else if (is_open) {
      return s;
    } else if (shut == count) {
      shut = s;
    }
    s = s + 1 < count ? s + 1 : 0;
  }
  return shut < count ? shut : benched;
}

/* Queries that may be in flight beyond those that are. */
static uint32_t flight_left(const rq_health *health) {
  if (health->flight_most == 0) return UINT32_MAX;
  return health->flight < health->flight_most ? health->flight_most - health->flight : 0;
}

int rq_health_open(const rq_health *health, int64_t now_us) {
  if (health->queued >= flight_left(health)) return 0;
  return health->bucket.rate <= 0 || level(&health->bucket, now_us) >= (double)health->queued + 1;
}

/* Of a server that is left out its next probe tells, as long as there is another to wait for. */
int64_t rq_health_open_us(rq_health *healths, uint32_t count, uint32_t from, int64_t now_us) {
  int64_t soonest = INT64_MAX, benched = INT64_MAX;
  uint32_t s = from % count, others = 0;
  for (uint32_t n = 0; n < count && n < RQ_CHOICE; n++) {
    rq_health *health = &healths[s];
    const int is_out = left_out(health, 1, now_us);
    others += !is_out;
    if (health->queued < flight_left(health)) {
      int64_t due = rq_bucket_due_us(&health->bucket, health->queued + 1, now_us);
      if (is_out && due < benched) benched = due;
      if (is_out && due < health->probe_us) due = health->probe_us;
      if (due < soonest) soonest = due;
    }
    s = s + 1 < count ? s + 1 : 0;
  }
  return others > 0 ? soonest : benched;
}

void rq_health_queue(rq_health *health, int64_t now_us) {
  health->queued++;
  if (!health->benched) return;
  health->asked_us = now_us;
  if (now_us < health->probe_us) return;
  if (health->probes < PROBES_MOST) health->probes++;
  int64_t pause_s = health->probes < PROBES_MOST ? (int64_t)1 << health->probes : PROBE_MOST_S;
  health->probe_us = now_us + pause_s * SECOND_US;
}

void rq_health_unqueue(rq_health *health) {
  health->queued--;
}

uint32_t rq_health_room(rq_health *health, uint32_t most, int64_t now_us) {
  uint32_t left = flight_left(health);
  return rq_bucket_ready(&health->bucket, left < most ? left : most, now_us);
}

void rq_health_sent(rq_health *health, uint32_t count) {
  rq_bucket_take(&health->bucket, count);
  health->queued -= count;
  health->flight += count;
  health->now.sent += count;
}

void rq_health_unsent(rq_health *health, uint32_t count) {
  rq_bucket_give(&health->bucket, count);
  health->queued += count;
  health->flight -= count;
  health->now.sent -= count < health->now.sent ? count : health->now.sent;
}

void rq_health_left(rq_health *health) {
  health->flight--;
}

void rq_health_back(rq_health *health) {
  health->flight++;
}

/* --- what it is seen to take --- */

static void rate_set(rq_health *health, double learned, int64_t now_us) {
  double rate = learned;
  if (rate <= 0 || (health->limit > 0 && health->limit < rate)) rate = health->limit;
  health->learned = learned;
  if (rate != health->bucket.rate) rq_bucket_change(&health->bucket, rate, now_us);
}

/* Half of what was too much. What was sent until now says nothing of it. */
static void slow(rq_health *health, double rate, int64_t now_us) {
  double half = rate / 2 > RQ_RATE_LEAST ? rate / 2 : RQ_RATE_LEAST;
  health->step = half / STEPS;
  health->now = health->before = (rq_cohort){.since_us = now_us};
  rate_set(health, half, now_us);
}

/* Another step, until it is twice what was too much. */
static void grow(rq_health *health, int64_t now_us) {
  double more = health->learned + health->step;
  rate_set(health, more < health->step * FREE_STEPS ? more : 0, now_us);
}

/* What came of a cohort. One without any answer is silence, which is not told from too much by sending less: it is the
 * business of benching. */
static void judge(rq_health *health, const rq_cohort *cohort, int64_t until_us, int64_t now_us) {
  const uint32_t outcomes = cohort->good + cohort->bad;
  if (cohort->good == 0 || outcomes < COHORT_LEAST) return;
  const float share = (float)cohort->bad / (float)outcomes;
  const int risen = share > health->usual * RISE + RISE_LEAST;
  health->usual += (share - health->usual) * USUAL_WEIGHT;
  if (risen)
    slow(health, (double)cohort->sent * SECOND_US / (double)(until_us - cohort->since_us), now_us);
  else if (health->learned > 0)
    grow(health, now_us);
}

/* An answer comes sooner than it is known that none comes: so what came of queries is not counted by when it came, but
 * by when they were sent, and once all of it is known. */
static void count(rq_health *health, int is_bad, int64_t sent_us, int64_t now_us) {
  rq_cohort *cohort = sent_us >= health->now.since_us ? &health->now : &health->before;
  if (sent_us >= cohort->since_us) {
    cohort->good += !is_bad;
    cohort->bad += is_bad;
  }
  if (health->now.sent < COHORT_LEAST || now_us - health->now.since_us < health->interval_us) return;
  const rq_cohort over = health->before;
  health->before = health->now;
  health->now = (rq_cohort){.since_us = now_us};
  judge(health, &over, health->before.since_us, now_us);
}

/* RFC 6298, 2.2 and 2.3. */
static void measure(rq_health *health, int64_t rtt_us) {
  if (!health->measured) {
    health->measured = 1;
    health->srtt_us = rtt_us;
    health->rttvar_us = rtt_us / 2;
  } else {
    const int64_t off = rtt_us > health->srtt_us ? rtt_us - health->srtt_us : health->srtt_us - rtt_us;
    health->rttvar_us += (off - health->rttvar_us) / 4;
    health->srtt_us += (rtt_us - health->srtt_us) / 8;
  }
  health->doubled = 0;
}

static int bench(rq_health *health, int64_t now_us) {
  health->benched = 1;
  health->asked_us = now_us;
  health->probe_us = now_us + SECOND_US;
  return 1;
}

int rq_health_answer(rq_health *health, int64_t rtt_us, enum rq_health_reply reply, int repeated, int64_t now_us) {
  if (!health->adapts) return 0;
  health->silent = 0;
  health->answered_us = now_us;
  if (!repeated) measure(health, rtt_us);
  count(health, reply != RQ_REPLY_GOOD, now_us - rtt_us, now_us);
  if (reply == RQ_REPLY_REFUSED) return rq_health_refuse(health, now_us);
  health->refused = 0;
  health->benched = health->probes = 0;
  return 0;
}

int rq_health_refuse(rq_health *health, int64_t now_us) {
  if (!health->adapts) return 0;
  if (health->refused < REFUSED_LEAST) health->refused++;
  return health->benched || health->refused < REFUSED_LEAST ? 0 : bench(health, now_us);
}

int rq_health_loss(rq_health *health, int64_t sent_us, int64_t now_us) {
  if (!health->adapts) return 0;
  if (health->silent == 0 || sent_us < health->silent_us) health->silent_us = sent_us;
  if (health->silent < SILENT_LEAST) health->silent++;
  count(health, 1, sent_us, now_us);
  if (health->benched || health->silent < SILENT_LEAST || now_us - health->silent_us < SILENT_US) return 0;
  return bench(health, now_us);
}

int rq_health_repeat(rq_health *health, uint32_t done, int64_t now_us) {
  if (!health->adapts || rq_bucket_ready(&health->bucket, 1, now_us) == 0) return 0;
  const int64_t rto_us = rq_health_rto_us(health);
  if (done > 0 && now_us - health->answered_us > rto_us << (done + 1)) return 0;
  rq_bucket_take(&health->bucket, 1);
  health->now.sent++;
  if (health->doubled == 0 || now_us - health->doubled_us >= rto_us) {
    if (health->doubled < DOUBLED_MOST) health->doubled++;
    health->doubled_us = now_us;
  }
  return 1;
}

int64_t rq_health_rto_us(const rq_health *health) {
  int64_t rto = health->measured ? health->srtt_us + 4 * health->rttvar_us : RQ_RTO_FIRST_US;
  if (rto < RQ_RTO_LEAST_US) rto = RQ_RTO_LEAST_US;
  rto = rto < RTO_MOST_US ? rto : RTO_MOST_US;
  return rto << health->doubled;
}
