/* test_health.c: how a server is asked, on virtual time: never more than allowed, less when it loses more than usual,
 * not at all while it is silent and another is not.
 *
 * SPDX-License-Identifier: MIT */
#include "lookup/rq_health.h"
#include "unit.h"

#define SECOND 1000000
#define TIMES 20000u

static uint32_t next_random(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33);
}

/* --- the bucket --- */

/* No stretch of time holds more than the rate allows, and the burst: the property of the bucket, for every pair of
 * moments of a random history, whoever takes, gives back, or waits how long. */
static void bucket_history(unit *u, double rate, uint64_t seed) {
  static int64_t at[TIMES];
  static double taken[TIMES];
  rq_bucket bucket;
  int64_t now = 0;
  double total = 0, least = 0, burst = 1 + rate / 100;
  rq_bucket_init(&bucket, rate, now);
  for (uint32_t n = 0; n < TIMES; n++) {
    now += next_random(&seed) % 5 == 0 ? next_random(&seed) % 200000 : next_random(&seed) % 300;
    uint32_t count = rq_bucket_ready(&bucket, next_random(&seed) % 20, now);
    rq_bucket_take(&bucket, count);
    if (count > 2) rq_bucket_give(&bucket, 1), count--;
    total += count;
    at[n] = now;
    taken[n] = total;
  }
  /* total(b) - total(a) <= rate * (b - a) + burst, for all a < b: total - rate * t never rises by more than burst */
  int held = 1;
  for (uint32_t n = 0; n < TIMES; n++) {
    double over = taken[n] - rate * (double)at[n] / SECOND;
    if (over - least > burst + 1e-6) held = 0;
    if (over < least) least = over;
  }
  EXPECT(u, held);
}

static void test_a_bucket_never_gives_more_than_its_rate(unit *u) {
  static const double rates[] = {0.5, 1, 7, 10, 99.9, 1000, 33333.3, 1e6};
  u->about = "bucket, never more";
  for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++)
    for (uint64_t seed = 1; seed <= 5; seed++) bucket_history(u, rates[r], seed);
}

/* Whoever wakes when told, even 10 ms late, gets all of the rate. */
static void test_a_bucket_gives_all_of_its_rate(unit *u) {
  static const double rates[] = {0.5, 1, 50, 100, 1000, 50000};
  u->about = "bucket, all of it";
  for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++) {
    rq_bucket bucket;
    int64_t now = 0;
    uint64_t seed = 3;
    double total = 0;
    rq_bucket_init(&bucket, rates[r], now);
    while (now < 100 * (int64_t)SECOND) {
      int64_t due = rq_bucket_due_us(&bucket, 1, now);
      EXPECT(u, due >= now);
      now = due + next_random(&seed) % 9000;
      uint32_t count = rq_bucket_ready(&bucket, UINT32_MAX, now);
      EXPECT(u, count >= 1);
      rq_bucket_take(&bucket, count);
      total += count;
    }
    double all = rates[r] * (double)now / SECOND;
    EXPECT(u, total >= all * 0.98 - 1 && total <= all + 1 + rates[r] / 100);
  }
}

static void test_a_bucket_without_a_rate_gives_all(unit *u) {
  rq_bucket bucket;
  u->about = "bucket, no limit";
  rq_bucket_init(&bucket, 0, 5);
  EXPECT_NUMBER(u, rq_bucket_ready(&bucket, 123456, 5), 123456);
  rq_bucket_take(&bucket, 123456);
  rq_bucket_give(&bucket, 6);
  EXPECT_NUMBER(u, rq_bucket_ready(&bucket, 7, 5), 7);
  EXPECT_NUMBER(u, rq_bucket_due_us(&bucket, 1, 5), 5);
  rq_bucket_change(&bucket, 10, 5);
  EXPECT_NUMBER(u, rq_bucket_ready(&bucket, 7, 5), 1);
}

/* Time that goes back, as between threads' clocks, hands out nothing. */
static void test_a_bucket_does_not_fill_backwards(unit *u) {
  rq_bucket bucket;
  u->about = "bucket, backwards";
  rq_bucket_init(&bucket, 100, SECOND);
  rq_bucket_take(&bucket, rq_bucket_ready(&bucket, 2, SECOND));
  EXPECT_NUMBER(u, rq_bucket_ready(&bucket, 9, 0), 0);
  EXPECT_NUMBER(u, rq_bucket_ready(&bucket, 9, SECOND), 0);
  EXPECT_NUMBER(u, rq_bucket_ready(&bucket, 9, SECOND + 10000), 1);
  EXPECT_NUMBER(u, rq_bucket_due_us(&bucket, 501, SECOND + 10000), 6 * SECOND + 10002);
}

/* --- when a query is repeated --- */

static void test_rto_follows_the_times_of_answers(unit *u) {
  rq_health h;
  u->about = "rto";
  rq_health_init(&h, 0, 0, SECOND, 0);
  EXPECT_NUMBER(u, rq_health_rto_us(&h), RQ_RTO_FIRST_US);
  rq_health_answer(&h, 100000, 0, 0, 0);
  EXPECT_NUMBER(u, rq_health_rto_us(&h), 100000 + 4 * 50000); /* RFC 6298, 2.2 */
  rq_health_answer(&h, 180000, 0, 0, 0);
  EXPECT_NUMBER(u, rq_health_rto_us(&h), 110000 + 4 * 57500); /* 2.3 */
  for (int n = 0; n < 100; n++) rq_health_answer(&h, 300, 0, 0, 0);
  EXPECT_NUMBER(u, rq_health_rto_us(&h), RQ_RTO_LEAST_US);
}

/* Karn: the time of a query that was sent twice tells nothing; until one that was sent once is answered, the RTO is
 * doubled with each repeat. */
static void test_rto_takes_nothing_from_repeats(unit *u) {
  rq_health h;
  u->about = "karn";
  rq_health_init(&h, 0, 0, SECOND, 0);
  for (int n = 0; n < 50; n++) rq_health_answer(&h, 20000, 0, 0, 0);
  EXPECT_NUMBER(u, rq_health_rto_us(&h), RQ_RTO_LEAST_US);
  EXPECT(u, rq_health_repeat(&h, 0, 0));
  rq_health_answer(&h, 900000, 0, 1, 0);
  EXPECT_NUMBER(u, rq_health_rto_us(&h), 2 * RQ_RTO_LEAST_US);
  for (int n = 0; n < 1000; n++) rq_health_repeat(&h, 0, 0); /* all of one time */
  EXPECT_NUMBER(u, rq_health_rto_us(&h), 2 * RQ_RTO_LEAST_US);
  for (int n = 0; n < 1000; n++) rq_health_repeat(&h, 0, n * SECOND);
  EXPECT_NUMBER(u, rq_health_rto_us(&h), 64 * RQ_RTO_LEAST_US);
  rq_health_answer(&h, 20000, 0, 0, 0);
  EXPECT_NUMBER(u, rq_health_rto_us(&h), RQ_RTO_LEAST_US);
}

/* A first repeat is sent on suspicion; more of them only to a server that is seen to answer others. */
static void test_a_silent_server_gets_one_repeat(unit *u) {
  rq_health h;
  u->about = "silent";
  rq_health_init(&h, 0, 0, SECOND, 0);
  rq_health_answer(&h, 20000, 0, 0, SECOND);
  EXPECT(u, rq_health_repeat(&h, 0, 3 * SECOND));
  EXPECT(u, !rq_health_repeat(&h, 1, 3 * SECOND));
  rq_health_answer(&h, 20000, 0, 1, 3 * SECOND); /* of two packets: it lives, but how soon it answers is not told */
  int64_t rto_us = rq_health_rto_us(&h);
  EXPECT(u, !rq_health_repeat(&h, 1, 3 * SECOND + 4 * rto_us + 1));
  EXPECT(u, !rq_health_repeat(&h, 2, 3 * SECOND + 8 * rto_us + 1));
  EXPECT(u, rq_health_repeat(&h, 1, 3 * SECOND + 4 * rto_us));
}

/* --- what is learned --- */

/* Asks `rate` queries a second (or as many as are allowed) for `seconds`; `loss` of them, of 1,000, are lost. Returns
 * how many were sent. */
static uint32_t ask(rq_health *h, int64_t *now, uint32_t rate, uint32_t seconds, uint32_t loss, uint64_t *seed) {
  uint32_t sent = 0;
  for (int64_t until = *now + seconds * (int64_t)SECOND; *now < until; *now += 1000) {
    uint32_t most = rate / 1000 + (next_random(seed) % 1000 < rate % 1000);
    uint32_t count = rq_health_room(h, most, *now);
    for (uint32_t n = 0; n < count; n++) rq_health_queue(h, *now);
    rq_health_sent(h, count);
    for (uint32_t n = 0; n < count; n++) {
      rq_health_left(h);
      if (next_random(seed) % 1000 < loss)
        rq_health_loss(h, *now - 500, *now);
      else
        rq_health_answer(h, 500, 0, 0, *now);
    }
    sent += count;
  }
  return sent;
}

static void test_steady_loss_slows_nothing(unit *u) {
  static const uint32_t losses[] = {0, 10, 50, 100, 200, 300};
  u->about = "steady loss";
  for (size_t l = 0; l < sizeof losses / sizeof losses[0]; l++)
    for (uint64_t seed = 1; seed <= 20; seed++) {
      rq_health h;
      int64_t now = 0;
      uint64_t state = seed;
      rq_health_init(&h, 0, 0, SECOND, now);
      ask(&h, &now, seed % 2 ? 80 : 3000, 60, losses[l], &state);
      EXPECT(u, h.learned == 0);
    }
}

static void test_a_sudden_rise_halves_and_calm_brings_all_back(unit *u) {
  rq_health h;
  int64_t now = 0;
  uint64_t seed = 9;
  u->about = "sudden rise";
  rq_health_init(&h, 0, 0, SECOND, now);
  ask(&h, &now, 4000, 30, 10, &seed);
  EXPECT(u, h.learned == 0);
  ask(&h, &now, 4000, 3, 500, &seed);
  EXPECT(u, h.learned > 0 && h.learned <= 2100);
  EXPECT(u, ask(&h, &now, 4000, 1, 500, &seed) <= 2150);
  ask(&h, &now, 4000, 40, 10, &seed);
  EXPECT(u, h.learned == 0);
  EXPECT(u, ask(&h, &now, 4000, 1, 10, &seed) > 3900);
}

/* A loss that stays is taken for usual in the end, and not before some halvings; the floor holds whatever comes. */
static void test_the_floor_holds(unit *u) {
  rq_health h;
  int64_t now = 0;
  uint64_t seed = 4;
  u->about = "floor";
  rq_health_init(&h, 0, 0, SECOND, now);
  ask(&h, &now, 100, 30, 0, &seed);
  for (int round = 0; round < 20; round++) {
    uint32_t sent = ask(&h, &now, 100, 10, 900, &seed);
    EXPECT(u, sent >= 90 && (h.learned == 0 || h.learned >= RQ_RATE_LEAST));
  }
  EXPECT(u, h.usual > 0.5f);
}

static void test_refusals_count_as_losses(unit *u) {
  rq_health h;
  u->about = "refusals";
  rq_health_init(&h, 0, 0, SECOND, 0);
  for (int64_t n = 0; n < 2000 && h.learned == 0; n++) {
    rq_health_queue(&h, n * 2000);
    rq_health_sent(&h, 1);
    rq_health_answer(&h, 500, n % 2, 0, n * 2000 + 500);
  }
  EXPECT(u, h.learned > 0);
  EXPECT_NUMBER(u, h.silent, 0);
}

/* What was sent before the rate was cut says nothing about the rate after it: one cut for one mishap. */
static void test_one_mishap_cuts_once(unit *u) {
  rq_health h;
  int64_t now = 0;
  uint64_t seed = 5;
  u->about = "one cut";
  rq_health_init(&h, 0, 0, SECOND, now);
  ask(&h, &now, 1000, 20, 0, &seed);
  ask(&h, &now, 1000, 3, 600, &seed);
  double learned = h.learned;
  EXPECT(u, learned > 0);
  for (int n = 0; n < 5000; n++) rq_health_loss(&h, h.now.since_us - 1, now + n);
  EXPECT(u, h.learned == learned);
}

/* The caller's limit is never exceeded, whatever is learned, and less than the floor if the caller says so. */
static void test_the_callers_limit_holds(unit *u) {
  static const uint32_t limits[] = {1, 5, 100, 2000};
  u->about = "limit";
  for (size_t l = 0; l < 4; l++) {
    rq_health h;
    int64_t now = 0;
    uint64_t seed = l + 1;
    rq_health_init(&h, limits[l], 0, SECOND, now);
    for (int round = 0; round < 12; round++) {
      uint32_t sent = ask(&h, &now, 5000, 5, round % 3 == 1 ? 700 : 20, &seed);
      EXPECT(u, sent <= 5 * limits[l] + 1 + limits[l] / 100 + 1);
      EXPECT(u, limits[l] > 10 || sent + 2 >= 5 * limits[l]);
    }
  }
}

/* --- silence --- */

static int lose(rq_health *h, uint32_t count, int64_t sent, int64_t now) {
  int benched = 0;
  for (uint32_t n = 0; n < count; n++) benched += rq_health_loss(h, sent, now);
  return benched;
}

static void test_a_silent_server_is_left_out_and_probed(unit *u) {
  static const int64_t pauses[] = {1, 2, 4, 8, 16, 30, 30, 30};
  rq_health hs[3];
  u->about = "silence";
  for (int s = 0; s < 3; s++) rq_health_init(&hs[s], 0, 0, SECOND, 0);
  EXPECT_NUMBER(u, lose(&hs[1], 7, 0, 2 * SECOND), 0); /* not in eight */
  EXPECT_NUMBER(u, rq_health_choose(hs, 3, 1, 1, 2 * SECOND), 1);
  rq_health_answer(&hs[1], 10, 0, 0, 2 * SECOND);
  EXPECT_NUMBER(u, lose(&hs[1], 100, 2 * SECOND, 2 * SECOND + 999999), 0); /* not in a second */
  EXPECT_NUMBER(u, lose(&hs[1], 2, 2 * SECOND + 1, 3 * SECOND), 1);        /* told once */
  int64_t now = 3 * SECOND;
  for (size_t p = 0; p < sizeof pauses / sizeof pauses[0]; p++) {
    EXPECT_NUMBER(u, rq_health_choose(hs, 3, 1, 1, now + pauses[p] * SECOND - 1), 2);
    now += pauses[p] * SECOND;
    EXPECT_NUMBER(u, rq_health_choose(hs, 3, 1, 1, now), 1);
    rq_health_queue(&hs[1], now); /* the probe: one is enough */
    EXPECT_NUMBER(u, rq_health_choose(hs, 3, 1, 1, now), 2);
    rq_health_unqueue(&hs[1]);
    EXPECT_NUMBER(u, lose(&hs[1], 1, now, now + 1), 0);
  }
  rq_health_answer(&hs[1], 10, 0, 1, now); /* any answer brings it back */
  EXPECT_NUMBER(u, rq_health_choose(hs, 3, 1, 1, now), 1);
}

/* Eight refusals in a row are enough, at any time; what is no refusal comes between, or brings it back. */
static void test_a_server_that_refuses_is_left_out(unit *u) {
  rq_health hs[2];
  u->about = "refuses";
  for (int s = 0; s < 2; s++) rq_health_init(&hs[s], 0, 0, SECOND, 0);
  for (int n = 0; n < 7; n++) EXPECT_NUMBER(u, rq_health_answer(&hs[0], 10, RQ_REPLY_REFUSED, 0, 20), 0);
  EXPECT_NUMBER(u, rq_health_answer(&hs[0], 10, RQ_REPLY_FAILED, 0, 20), 0);
  for (int n = 0; n < 7; n++) EXPECT_NUMBER(u, rq_health_refuse(&hs[0], 20), 0);
  EXPECT_NUMBER(u, rq_health_choose(hs, 2, 0, 1, 20), 0);
  EXPECT_NUMBER(u, rq_health_answer(&hs[0], 10, RQ_REPLY_REFUSED, 0, 20), 1); /* told once */
  EXPECT_NUMBER(u, rq_health_refuse(&hs[0], 21), 0);
  EXPECT_NUMBER(u, rq_health_choose(hs, 2, 0, 1, 21), 1);
  EXPECT_NUMBER(u, rq_health_choose(hs, 2, 0, 0, 2 * SECOND), 1); /* no probe */
  EXPECT_NUMBER(u, rq_health_choose(hs, 2, 0, 1, 2 * SECOND), 0);
  rq_health_queue(&hs[0], 2 * SECOND);
  EXPECT_NUMBER(u, rq_health_answer(&hs[0], 10, RQ_REPLY_REFUSED, 0, 2 * SECOND + 10), 0); /* it refuses still */
  EXPECT_NUMBER(u, rq_health_choose(hs, 2, 0, 1, 3 * SECOND), 1);
  EXPECT_NUMBER(u, rq_health_choose(hs, 2, 0, 1, 4 * SECOND), 0);
  EXPECT_NUMBER(u, rq_health_answer(&hs[0], 10, RQ_REPLY_FAILED, 0, 4 * SECOND), 0);
  EXPECT_NUMBER(u, rq_health_choose(hs, 2, 0, 0, 4 * SECOND), 0);
}

static void test_when_all_are_silent_they_take_turns(unit *u) {
  rq_health hs[4];
  uint32_t asked[4] = {0};
  u->about = "all silent";
  for (int s = 0; s < 4; s++) {
    rq_health_init(&hs[s], 0, 0, SECOND, 0);
    lose(&hs[s], 9, 0, 2 * SECOND + s);
  }
  for (int n = 0; n < 400; n++) {
    uint32_t s = rq_health_choose(hs, 4, 0, 1, 2 * SECOND + 10 + n);
    rq_health_queue(&hs[s], 2 * SECOND + 10 + n);
    asked[s]++;
  }
  for (int s = 0; s < 4; s++) EXPECT_NUMBER(u, asked[s], 100);
  EXPECT_NUMBER(u, rq_health_choose(hs, 1, 7, 1, 3 * SECOND), 0); /* alone, it is asked all the same */
  EXPECT_NUMBER(u, rq_health_choose(NULL, 4, 7, 1, 0), 3);
}

/* One choice looks at so many servers at the most, and finds one even when all of these are left out. */
static void test_a_choice_is_bounded(unit *u) {
  static rq_health hs[1000];
  u->about = "bounded choice";
  for (int s = 0; s < 1000; s++) {
    rq_health_init(&hs[s], 0, 0, SECOND, 0);
    if (s < 500) lose(&hs[s], 9, 0, 2 * SECOND + (s + 77) % 500);
  }
  EXPECT_NUMBER(u, rq_health_choose(hs, 1000, 450, 1, 2 * SECOND + 500), 500);
  EXPECT_NUMBER(u, rq_health_choose(hs, 1000, 400, 1, 2 * SECOND + 500), 423);
  EXPECT_NUMBER(u, rq_health_choose(hs, 1000, 999, 1, 2 * SECOND + 500), 999);
}

/* --- limits --- */

static void test_a_server_without_room_is_passed_over(unit *u) {
  rq_health hs[3];
  u->about = "room";
  rq_health_init(&hs[0], 10, 0, 0, 0);
  rq_health_init(&hs[1], 0, 2, 0, 0);
  rq_health_init(&hs[2], 10, 0, 0, 0);
  EXPECT_NUMBER(u, rq_health_choose(hs, 3, 0, 1, 0), 0);
  rq_health_queue(&hs[0], 0); /* the only token is spoken for */
  EXPECT_NUMBER(u, rq_health_choose(hs, 3, 0, 1, 0), 1);
  for (int n = 0; n < 3; n++) rq_health_queue(&hs[1], 0);
  rq_health_sent(&hs[1], 2);
  rq_health_unsent(&hs[1], 1);
  EXPECT(u, !rq_health_open(&hs[1], 0));
  EXPECT_NUMBER(u, rq_health_room(&hs[1], 9, 0), 1);
  EXPECT_NUMBER(u, rq_health_choose(hs, 3, 0, 1, 0), 2);
  rq_health_queue(&hs[2], 0);
  EXPECT_NUMBER(u, rq_health_choose(hs, 3, 0, 1, 0), 0); /* none has room: in turn */
  for (int n = 0; n < 2; n++) rq_health_unqueue(&hs[1]);
  EXPECT_NUMBER(u, rq_health_choose(hs, 3, 0, 1, 0), 1);
  EXPECT_NUMBER(u, rq_health_open_us(hs, 3, 0, 0), 0);
  rq_health_queue(&hs[1], 0);
  rq_health_sent(&hs[1], 1);
  EXPECT_NUMBER(u, rq_health_room(&hs[1], 9, 0), 0);
  EXPECT_NUMBER(u, rq_health_open_us(&hs[1], 1, 0, 0), INT64_MAX); /* until an answer comes */
  rq_health_left(&hs[1]);
  EXPECT(u, rq_health_open(&hs[1], 0));
  EXPECT_NUMBER(u, rq_health_open_us(hs, 1, 0, 0), 90001); /* it has 1.1 tokens: the second one */
}

/* One that is left out is asked when its probe is due, unless all are. */
static void test_waiting_is_not_for_what_is_left_out(unit *u) {
  rq_health hs[2];
  u->about = "left out, waiting";
  for (int s = 0; s < 2; s++) rq_health_init(&hs[s], 10, 0, SECOND, 0);
  lose(&hs[1], 9, 0, 2 * SECOND);
  rq_health_queue(&hs[0], 2 * SECOND);
  EXPECT_NUMBER(u, rq_health_choose(hs, 2, 0, 1, 2 * SECOND), 0);
  EXPECT_NUMBER(u, rq_health_open_us(hs, 2, 0, 2 * SECOND), 2 * SECOND + 90001);
  rq_health_queue(&hs[0], 2 * SECOND);
  for (int n = 0; n < 20; n++) rq_health_queue(&hs[0], 2 * SECOND);
  EXPECT_NUMBER(u, rq_health_open_us(hs, 2, 0, 2 * SECOND), 3 * SECOND);
  EXPECT_NUMBER(u, rq_health_choose(hs, 2, 0, 1, 3 * SECOND), 1);
  lose(&hs[0], 9, 0, 2 * SECOND);
  EXPECT_NUMBER(u, rq_health_open_us(hs, 2, 0, 2 * SECOND), 2 * SECOND);
  for (uint32_t from = 0; from < 2; from++) EXPECT_NUMBER(u, rq_health_choose(hs, 2, from, 1, 2 * SECOND), 1);
  rq_health_queue(&hs[1], 2 * SECOND + 1);
  for (uint32_t from = 0; from < 2; from++) EXPECT_NUMBER(u, rq_health_choose(hs, 2, from, 1, 2 * SECOND + 1), 0);
}

/* A repeat is a query like another: it takes a token, and without one it is not sent. */
static void test_a_repeat_takes_a_token(unit *u) {
  rq_health h;
  u->about = "repeat";
  rq_health_init(&h, 10, 1, SECOND, 0);
  EXPECT(u, rq_health_repeat(&h, 0, 0));
  EXPECT(u, !rq_health_repeat(&h, 0, 0));
  EXPECT_NUMBER(u, rq_health_room(&h, 1, 0), 0);
  EXPECT_NUMBER(u, rq_health_rto_us(&h), 2 * RQ_RTO_FIRST_US);
}

/* A rate of next to nothing is no number of microseconds that overflows. */
static void test_tiny_rates_wait_and_wait(unit *u) {
  static const double rates[] = {1e-300, 1e-9, 1e-3};
  u->about = "tiny rates";
  for (size_t r = 0; r < 3; r++) {
    rq_bucket bucket;
    rq_bucket_init(&bucket, rates[r], 0);
    rq_bucket_take(&bucket, rq_bucket_ready(&bucket, 9, 0));
    int64_t due = rq_bucket_due_us(&bucket, 1, 0);
    EXPECT(u, due > 900 * (int64_t)SECOND && due <= 3600 * (int64_t)SECOND);
  }
}

/* Without `adapts` nothing is learned, whatever happens. */
static void test_limits_alone_learn_nothing(unit *u) {
  rq_health h;
  u->about = "no adapting";
  rq_health_init(&h, 100, 5, 0, 0);
  EXPECT_NUMBER(u, lose(&h, 1000, 0, 90 * (int64_t)SECOND), 0);
  for (int n = 0; n < 1000; n++) rq_health_answer(&h, 5, n % 2, 0, 100 * (int64_t)SECOND + n * SECOND);
  EXPECT(u, h.learned == 0 && !h.benched && !h.measured);
}

int main(void) {
  unit u = {0};
  test_a_bucket_never_gives_more_than_its_rate(&u);
  test_a_bucket_gives_all_of_its_rate(&u);
  test_a_bucket_without_a_rate_gives_all(&u);
  test_a_bucket_does_not_fill_backwards(&u);
  test_rto_follows_the_times_of_answers(&u);
  test_rto_takes_nothing_from_repeats(&u);
  test_a_silent_server_gets_one_repeat(&u);
  test_steady_loss_slows_nothing(&u);
  test_a_sudden_rise_halves_and_calm_brings_all_back(&u);
  test_the_floor_holds(&u);
  test_refusals_count_as_losses(&u);
  test_one_mishap_cuts_once(&u);
  test_the_callers_limit_holds(&u);
  test_a_silent_server_is_left_out_and_probed(&u);
  test_a_server_that_refuses_is_left_out(&u);
  test_when_all_are_silent_they_take_turns(&u);
  test_a_choice_is_bounded(&u);
  test_a_server_without_room_is_passed_over(&u);
  test_waiting_is_not_for_what_is_left_out(&u);
  test_a_repeat_takes_a_token(&u);
  test_tiny_rates_wait_and_wait(&u);
  test_limits_alone_learn_nothing(&u);
  return unit_report(&u, "test_health");
}
