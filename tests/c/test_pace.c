/* test_pace.c: the engine's pace, on virtual time (lane.h): what is sent when, and to whom.
 *
 * SPDX-License-Identifier: MIT */
#include "lane.h"

#define SECOND 1000000
#define ROWS_MAX 60000u
#define STEPS_MAX 3000000

static const rq_engine_conf standard = {.slots = 2000,
                                        .max_in_flight = 500,
                                        .timeout_ms = 3000,
                                        .try_ms = 1000,
                                        .tries = 3,
                                        .edns = 1,
                                        .recurse = 1,
                                        .rotate = 1,
                                        .sockets = 4};

/* What became of a run: when each row was drained, and what it says. */
static struct {
  uint32_t rows, noerror, servfail, timeout;
  int64_t drained_us[ROWS_MAX];
  rq_stats stats;
} got;

static void drain(rq_engine *engine) {
  static uint8_t out[1 << 20];
  uint32_t rows, wanted;
  int32_t len = rq_engine_drain(engine, RQ_NDJSON, out, sizeof out, &rows, &wanted);
  for (char *at = (char *)out, *end; at < (char *)out + len; at = end + 1) {
    end = memchr(at, '\n', (size_t)((char *)out + len - at));
    *end = 0;
    got.rows++;
    got.noerror += strstr(at, "\"status\":\"NOERROR\"") != NULL;
    got.servfail += strstr(at, "\"status\":\"SERVFAIL\"") != NULL;
    got.timeout += strstr(at, "\"status\":\"TIMEOUT\"") != NULL;
    got.drained_us[strtoul(at + 10, NULL, 10) % ROWS_MAX] = lane.now_us; /* {"name":"n12.example" */
  }
}

static int32_t submit(rq_engine *engine, uint32_t n) {
  char name[40];
  uint16_t type = 1;
  int32_t offsets[2] = {0, snprintf(name, sizeof name, "n%u.example", n)};
  return rq_engine_submit(engine, (const uint8_t *)name, offsets, 1, &type, 1, n);
}

/* Looks up names number `from` to `to` - 1. */
static void run(unit *u, rq_engine *engine, uint32_t from, uint32_t to) {
  uint32_t asked = from, steps = 0;
  memset(&got, 0, sizeof got);
  while (got.rows < to - from && ++steps < STEPS_MAX) {
    while (asked < to && submit(engine, asked) == 1) asked++;
    EXPECT(u, rq_engine_step(engine, 1000) >= 0);
    drain(engine);
  }
  rq_engine_stats(engine, &got.stats);
  EXPECT_NUMBER(u, got.rows, to - from);
  EXPECT_NUMBER(u, got.stats.in_flight, 0);
  EXPECT_NUMBER(u, engine->queued, 0);
  for (uint32_t s = 0; engine->healths && s < engine->server_count; s++)
    EXPECT(u, engine->healths[s].flight == 0 && engine->healths[s].queued == 0);
}

/* Of what was sent to a server (or to all, for UINT32_MAX), in no stretch of t seconds more than rate * t + burst. */
static int within(uint32_t server, double rate) {
  double count = 0, least = 0;
  for (uint32_t n = 0; n < lane.sent_count; n++) {
    if (server != UINT32_MAX && lane.sent[n].server != server) continue;
    double line = rate * (double)(lane.sent[n].at_us - 5 * SECOND) / SECOND;
    if (count - line < least) least = count - line;
    count++;
    if (count - line - least > 1 + rate / 100 + 1e-6) return 0;
  }
  return 1;
}

static double passed_s(void) {
  return (double)(lane.now_us - 5 * SECOND) / SECOND;
}

/* --- rates --- */

/* To the letter, and used up; whoever waits for a token sleeps until it is there. */
static void test_the_rate_in_all_holds(unit *u) {
  static const double rates[] = {20, 500, 20000};
  for (size_t r = 0; r < 3; r++)
    for (uint32_t servers = 1; servers <= 20; servers += 19) {
      rq_engine_conf conf = standard;
      uint32_t names = r == 0 ? 200 : 10000;
      conf.rate = rates[r];
      u->about = "rate in all";
      rq_engine *engine = lane_engine(u, &conf, servers, 3000, r + 1);
      run(u, engine, 0, names);
      EXPECT_NUMBER(u, got.noerror, names);
      EXPECT(u, within(UINT32_MAX, rates[r]));
      EXPECT(u, passed_s() < 1.04 * names / rates[r] + 0.1);
      EXPECT(u, lane.waits < 3 * names + 1500 * passed_s());
      if (r == 0) EXPECT(u, lane.waits < 10 * names);
      rq_engine_free(engine);
    }
}

/* Retries and repeats count as well: with a third lost, no more leaves than allowed. */
static void test_the_rate_in_all_holds_with_losses(unit *u) {
  rq_engine_conf conf = standard;
  u->about = "rate in all, losses";
  conf.rate = 400;
  conf.adapt = 1;
  rq_engine *engine = lane_engine(u, &conf, 3, 3000, 7);
  for (int s = 0; s < 3; s++) lane.servers[s].loss = 330;
  run(u, engine, 0, 3000);
  EXPECT(u, within(UINT32_MAX, 400));
  EXPECT(u, got.noerror > 2850 && got.stats.repeats > 10);
  for (int s = 0; s < 3; s++) EXPECT(u, engine->healths[s].learned == 0); /* a loss that was there from the beginning */
  EXPECT_NUMBER(u, got.stats.queries[RQ_UDP], lane.sent_count);
  rq_engine_free(engine);
}

static void test_the_rate_per_server_holds(unit *u) {
  static const uint32_t servers[] = {1, 5, 20, 1000};
  for (size_t k = 0; k < 4; k++) {
    rq_engine_conf conf = standard;
    uint32_t count = servers[k], names = count * 40;
    double rate = 20;
    u->about = "rate per server";
    conf.server_rate = rate;
    conf.spread = 1;
    rq_engine *engine = lane_engine(u, &conf, count, 20000, k + 3);
    run(u, engine, 0, names);
    EXPECT_NUMBER(u, got.noerror, names);
    for (uint32_t s = 0; s < count; s++) EXPECT(u, within(s, rate));
    EXPECT(u, passed_s() < 1.1 * names / rate / count + 0.2);
    rq_engine_free(engine);
  }
}

/* Lookups that wait for a token have not begun: each is answered within its time, however long all of them take. */
static void test_waiting_to_begin_is_no_part_of_the_time_of_a_lookup(unit *u) {
  rq_engine_conf conf = standard;
  u->about = "beginning";
  conf.timeout_ms = 200;
  conf.try_ms = 100;
  conf.server_rate = 50;
  rq_engine *engine = lane_engine(u, &conf, 1, 5000, 11);
  run(u, engine, 0, 500);
  EXPECT_NUMBER(u, got.noerror, 500);
  EXPECT_NUMBER(u, got.stats.tries, 500);
  EXPECT(u, passed_s() > 9.5);
  rq_engine_free(engine);
}

/* What is in the cache needs no token, so it waits for none, nor behind others that do. */
static void test_a_hit_waits_for_nobody(unit *u) {
  static const rq_cache_conf limits = {.entries = 1000, .octets = 1 << 20, .ttl_max_s = 86400};
  int32_t status;
  for (int k = 0; k < 6; k++) {
    rq_engine_conf conf = standard;
    rq_cache *cache = rq_cache_new(&limits, &status);
    u->about = "hits do not wait";
    rq_engine *engine = lane_engine(u, &conf, 2, 5000, 13);
    EXPECT_NUMBER(u, rq_engine_use_cache(engine, cache), RQ_OK);
    run(u, engine, 100, 200);
    rq_engine_free(engine);
    if (k % 3 < 2) *(k % 3 ? &conf.rate : &conf.server_rate) = 10;
    conf.server_flight = k % 3 == 2;
    conf.spread = k > 2;
    conf.share = 1;
    engine = lane_engine(u, &conf, 2, 5000, 14);
    EXPECT_NUMBER(u, rq_engine_use_cache(engine, cache), RQ_OK);
    run(u, engine, 0, 300);
    EXPECT_NUMBER(u, got.noerror, 300);
    EXPECT_NUMBER(u, lane.sent_count, 200);
    EXPECT_NUMBER(u, got.stats.cached, 100);
    uint32_t late = 0;
    for (uint32_t n = 100; n < 200; n++) late += got.drained_us[n] > 5 * SECOND + 1000;
    EXPECT_NUMBER(u, late, 0);
    for (uint32_t s = 0; s < 2; s++) EXPECT(u, k % 3 == 2 || within(k % 3 ? UINT32_MAX : s, 10));
    rq_engine_free(engine);
    rq_cache_free(cache);
  }
}

/* Whoever polls is told at once of a lookup that may begin, also after one was held back until it found another. */
static void test_a_lookup_that_may_begin_is_due(unit *u) {
  rq_engine_conf conf = standard;
  u->about = "due";
  conf.rate = 10;
  conf.share = 1;
  rq_engine *engine = lane_engine(u, &conf, 1, 500000, 16);
  for (int n = 0; n < 2; n++) EXPECT_NUMBER(u, submit(engine, 0), 1);
  EXPECT_NUMBER(u, rq_engine_step(engine, 200), 0);
  EXPECT(u, engine->stats.in_flight == 1 && rq_engine_wait_ms(engine) > 100);
  EXPECT_NUMBER(u, submit(engine, 1), 1);
  EXPECT_NUMBER(u, rq_engine_wait_ms(engine), 0);
  rq_engine_free(engine);
}

/* Once it has begun, its row is out by its timeout, whatever its retries wait for. */
static void test_a_lookup_that_has_begun_ends_in_time(unit *u) {
  static int64_t begun[ROWS_MAX];
  rq_engine_conf conf = standard;
  u->about = "deadline";
  conf.timeout_ms = 2000;
  conf.try_ms = 300;
  conf.tries = 5;
  conf.server_rate = 30;
  conf.rate = 100;
  conf.adapt = 1;
  rq_engine *engine = lane_engine(u, &conf, 4, 5000, 12);
  for (int s = 0; s < 4; s++) lane.servers[s].loss = s * 300;
  run(u, engine, 0, 1500);
  memset(begun, 0, sizeof begun);
  for (uint32_t n = 0; n < lane.sent_count; n++)
    if (begun[lane.sent[n].name] == 0) begun[lane.sent[n].name] = lane.sent[n].at_us;
  for (uint32_t n = 0; n < 1500; n++) EXPECT(u, got.drained_us[n] - begun[n] <= 2 * SECOND + 10000);
  EXPECT(u, got.noerror > 1200);
  rq_engine_free(engine);
}

/* One that finds no ID for its query draws again soon, not when something else happens. */
static void test_a_query_without_an_id_is_sent_soon(unit *u) {
  rq_engine_conf conf = standard;
  u->about = "no ID";
  conf.sockets = 1;
  rq_engine *engine = lane_engine(u, &conf, 1, 500000, 15);
  memset(engine->random.pool, 0, sizeof engine->random.pool); /* for a hundred times to come it is the ID 0 */
  run(u, engine, 0, 2);
  EXPECT_NUMBER(u, got.noerror, 2);
  EXPECT(u, lane.sent[0].at_us == 5 * SECOND && lane.sent[1].at_us > 5 * SECOND + 20000);
  EXPECT(u, lane.sent[1].at_us < 5 * SECOND + 250000);
  rq_engine_free(engine);
}

/* --- lookups at one server --- */

/* At any moment at most so many queries of a server are without an answer and not given up. */
static void test_the_limit_of_lookups_at_one_server_holds(unit *u) {
  static const uint32_t servers[] = {1, 20};
  for (size_t k = 0; k < 2; k++) {
    rq_engine_conf conf = standard;
    uint32_t most[20] = {0}, steps = 0, asked = 0;
    u->about = "flight";
    conf.server_flight = 7;
    rq_engine *engine = lane_engine(u, &conf, servers[k], 10000, 5);
    lane.servers[0].silent = 1;
    memset(&got, 0, sizeof got);
    while (got.rows < 400 && ++steps < STEPS_MAX) {
      while (asked < 400 && submit(engine, asked) == 1) asked++;
      rq_engine_step(engine, 5);
      for (uint32_t s = 0; s < servers[k]; s++) {
        uint32_t flight = 0;
        for (uint32_t i = 0; i < conf.slots; i++)
          flight += engine->slots[i].state == RQ_SLOT_UDP && engine->slots[i].lookup.server == s;
        EXPECT(u, flight == engine->healths[s].flight && flight <= 7);
        if (flight > most[s]) most[s] = flight;
      }
      drain(engine);
    }
    EXPECT_NUMBER(u, got.rows, 400);
    EXPECT_NUMBER(u, most[0], 7);
    EXPECT(u, servers[k] == 1 ? got.timeout == 400 : got.noerror == 400 && passed_s() < 8);
    rq_engine_free(engine);
  }
}

/* One server of many that must wait, with lookups in its list, keeps nothing from the others. */
static void test_a_server_that_waits_holds_up_no_other(unit *u) {
  rq_engine_conf conf = standard;
  u->about = "no other";
  conf.server_flight = 1;
  conf.max_in_flight = 100;
  rq_engine *engine = lane_engine(u, &conf, 30, 1000, 5);
  lane.servers[4].silent = 1;
  run(u, engine, 0, 5000);
  uint32_t early = 0;
  for (uint32_t n = 0; n < lane.sent_count; n++) early += lane.sent[n].at_us < 6 * SECOND - 100000;
  EXPECT_NUMBER(u, got.noerror, 5000);
  EXPECT(u, early >= 4990);
  rq_engine_free(engine);
}

/* --- what is learned --- */

/* Within the try the same packet again, up to three times, from the same socket, each time after twice as long; the
 * answer to any counts; it is no try. */
static void test_a_query_is_repeated_as_it_was(unit *u) {
  static uint32_t last[ROWS_MAX];
  static uint8_t times[ROWS_MAX];
  rq_engine_conf conf = standard;
  uint32_t repeats = 0;
  u->about = "repeats";
  conf.adapt = 1;
  conf.tries = 1;
  conf.timeout_ms = 1000;
  rq_engine *engine = lane_engine(u, &conf, 1, 20000, 21);
  lane.servers[0].loss = 300;
  run(u, engine, 0, 20000);
  memset(last, 0xff, sizeof last);
  memset(times, 0, sizeof times);
  for (uint32_t n = 0; n < lane.sent_count; n++) {
    const lane_sent *one = &lane.sent[n];
    const uint32_t before_n = last[one->name];
    last[one->name] = n;
    if (before_n == UINT32_MAX) continue;
    const lane_sent *before = &lane.sent[before_n];
    repeats++;
    EXPECT(u, ++times[one->name] <= RQ_REPEATS_MOST);
    EXPECT(u, one->id == before->id && one->fd == before->fd && one->sum == before->sum);
    EXPECT(u, one->at_us - before->at_us >= RQ_RTO_LEAST_US << (times[one->name] - 1));
    EXPECT(u, times[one->name] > 1 || one->at_us - before->at_us <= SECOND / 2 + 10000);
  }
  EXPECT_NUMBER(u, repeats, got.stats.repeats);
  EXPECT_NUMBER(u, got.stats.tries, 20000);
  EXPECT(u, repeats > 7800 && repeats < 8900 && got.noerror > 19700);
  EXPECT_NUMBER(u, got.noerror + got.timeout, 20000);
  rq_engine_free(engine);
}

/* Without `adapt` a query is sent once a try. */
static void test_nothing_is_repeated_unasked(unit *u) {
  rq_engine_conf conf = standard;
  u->about = "no repeats";
  rq_engine *engine = lane_engine(u, &conf, 1, 600000, 22);
  run(u, engine, 0, 300);
  EXPECT(u, lane.sent_count == 300 && got.stats.repeats == 0 && got.noerror == 300);
  rq_engine_free(engine);
}

/* A dead server among living ones is found out once, then gets a probe now and then; alive, it is asked again. */
static void test_a_silent_server_is_left_out(unit *u) {
  static const uint32_t servers[] = {3, 20};
  for (size_t k = 0; k < 2; k++) {
    rq_engine_conf conf = standard;
    u->about = "silent";
    conf.adapt = 1;
    conf.rate = 1000;
    rq_engine *engine = lane_engine(u, &conf, servers[k], 2000, 31);
    lane.servers[1].silent = 1;
    run(u, engine, 0, 4000);
    EXPECT_NUMBER(u, got.noerror, 4000);
    EXPECT_NUMBER(u, got.stats.benched, 1);
    uint32_t mark = lane.sent_count, asked = 0;
    run(u, engine, 4000, 24000);
    for (uint32_t n = mark; n < lane.sent_count; n++) asked += lane.sent[n].server == 1;
    EXPECT(u, asked >= 2 && asked <= 8);
    EXPECT_NUMBER(u, got.noerror, 20000);
    lane.servers[1].silent = 0;
    run(u, engine, 24000, 59000);
    mark = lane.sent_count - 1000, asked = 0;
    for (uint32_t n = mark; n < lane.sent_count; n++) asked += lane.sent[n].server == 1;
    EXPECT(u, asked >= 900 / servers[k] && asked <= 1100 / servers[k]);
    rq_engine_free(engine);
  }
}

/* The last tries of a lookup go to servers that answer, and are no probes: with 19 of 20 silent every name is found,
 * once these are left out. */
static void test_a_retry_is_no_probe(unit *u) {
  rq_engine_conf conf = standard;
  u->about = "retries and probes";
  conf.adapt = 1;
  conf.rate = 1000;
  rq_engine *engine = lane_engine(u, &conf, 20, 2000, 36);
  for (int s = 1; s < 20; s++) lane.servers[s].silent = 1;
  run(u, engine, 0, 5000);
  EXPECT_NUMBER(u, got.stats.benched, 19);
  run(u, engine, 5000, 45000);
  EXPECT_NUMBER(u, got.noerror, 40000);
  rq_engine_free(engine);
}

/* REFUSED to all is no better than silence, and known at once; it is probed in the same way. */
static void test_a_server_that_refuses_all_is_left_out(unit *u) {
  rq_engine_conf conf = standard;
  u->about = "refuses all";
  conf.adapt = 1;
  rq_engine *engine = lane_engine(u, &conf, 10, 2000, 37);
  for (int s = 1; s < 10; s++) lane.servers[s].rcode = RQ_RCODE_REFUSED;
  run(u, engine, 0, 20000);
  EXPECT_NUMBER(u, got.stats.benched, 9);
  EXPECT(u, got.noerror >= 19000); /* 500 are in flight when it is found out, for three tries */
  run(u, engine, 20000, 50000);
  EXPECT_NUMBER(u, got.noerror, 30000);
  uint32_t mark = lane.sent_count, asked = 0;
  for (int s = 1; s < 10; s++) lane.servers[s].rcode = 0;
  lane.now_us += 31 * (int64_t)SECOND;
  run(u, engine, 0, 20000);
  for (uint32_t n = mark; n < lane.sent_count; n++) asked += lane.sent[n].server != 0;
  EXPECT(u, asked > 15000); /* all are back */
  rq_engine_free(engine);
}

/* SERVFAIL goes on to a server that was not asked yet, and with none that may be asked it is the answer: nobody is
 * asked for a name twice. */
static void test_a_failure_is_not_asked_for_again(unit *u) {
  rq_engine_conf conf = standard;
  u->about = "SERVFAIL beside servers that are left out";
  conf.adapt = 1;
  rq_engine *engine = lane_engine(u, &conf, 3, 2000, 40);
  lane.servers[0].rcode = RQ_RCODE_SERVFAIL;
  for (int s = 1; s < 3; s++) lane.servers[s].rcode = RQ_RCODE_REFUSED;
  run(u, engine, 0, 2000);
  EXPECT_NUMBER(u, got.stats.benched, 2);
  uint32_t mark = lane.sent_count;
  run(u, engine, 2000, 2200);
  EXPECT_NUMBER(u, got.servfail, 200);
  EXPECT_NUMBER(u, lane.sent_count - mark, 200);
  rq_engine_free(engine);
}

/* A caller who is away for longer than a lookup may take: what was not sent by then has its time before it still, and
 * how long the others' answers waited tells nothing of the server. */
static void test_a_callers_absence_is_no_part_of_the_time_of_what_waits(unit *u) {
  rq_engine_conf conf = standard;
  u->about = "absence";
  conf.adapt = 1;
  rq_engine *engine = lane_engine(u, &conf, 1, 2000, 38);
  run(u, engine, 0, 1000); /* the round trip is known */
  for (uint32_t n = 1000; n < 1500; n++) EXPECT_NUMBER(u, submit(engine, n), 1);
  EXPECT(u, rq_engine_step(engine, 0) >= 0);
  uint32_t sent = lane.sent_count;
  EXPECT(u, sent > 1000 && sent < 1500); /* bursts are limited */
  for (int turn = 0; turn < 3; turn++) {
    lane.now_us += 6 * (int64_t)SECOND;
    EXPECT(u, rq_engine_step(engine, 0) >= 0);
  }
  memset(&got, 0, sizeof got);
  for (int steps = 0; got.rows < 500 && steps < 10000; steps++) {
    drain(engine);
    EXPECT(u, rq_engine_step(engine, 1000) >= 0);
  }
  EXPECT_NUMBER(u, got.noerror, 500);
  rq_engine_stats(engine, &got.stats);
  EXPECT_NUMBER(u, got.stats.tries, 1500);
  EXPECT_NUMBER(u, lane.sent_count, 1500);
  EXPECT(u, engine->healths[0].srtt_us < 10000);
  rq_engine_free(engine);
}

/* A dead server beside one that has a rate: lookups wait for that one before they begin, not in vain after it. */
static void test_a_server_that_is_left_out_is_not_waited_for(unit *u) {
  rq_engine_conf conf = standard;
  u->about = "left out, rate per server";
  conf.adapt = 1;
  conf.server_rate = 50;
  rq_engine *engine = lane_engine(u, &conf, 2, 2000, 34);
  lane.servers[1].silent = 1;
  run(u, engine, 0, 300);
  EXPECT_NUMBER(u, got.stats.benched, 1);
  run(u, engine, 300, 1300);
  EXPECT_NUMBER(u, got.noerror, 1000);
  EXPECT(u, within(0, 50));
  rq_engine_free(engine);
}

/* When every server is silent each lookup is asked all the same, as often as it may be. */
static void test_lookups_at_dead_servers_are_asked(unit *u) {
  rq_engine_conf conf = standard;
  u->about = "all dead";
  conf.adapt = 1;
  rq_engine *engine = lane_engine(u, &conf, 3, 2000, 33);
  for (int s = 0; s < 3; s++) lane.servers[s].silent = 1;
  run(u, engine, 0, 3000);
  EXPECT_NUMBER(u, got.timeout, 3000);
  EXPECT_NUMBER(u, got.stats.tries, 9000);
  EXPECT_NUMBER(u, got.stats.queries[RQ_UDP], 9000 + got.stats.repeats);
  EXPECT(u, passed_s() < 6 * 3.1);
  rq_engine_free(engine);
}

/* A server that begins to refuse a good share gets half of what it got, and all of it again when that is over. */
static void test_refusals_slow_the_pace(unit *u) {
  rq_engine_conf conf = standard;
  u->about = "refusals";
  conf.adapt = 1;
  conf.max_in_flight = 20;
  rq_engine *engine = lane_engine(u, &conf, 1, 10000, 41);
  run(u, engine, 0, 20000);
  EXPECT_NUMBER(u, got.noerror, 20000);
  EXPECT(u, engine->healths[0].learned == 0 && passed_s() < 11);
  for (uint32_t n = 20000; n < 28000 && engine->healths[0].learned == 0; n += 40) {
    lane.servers[0].rcode = n % 80 == 0 ? 2 : 0;
    run(u, engine, n, n + 40);
  }
  EXPECT(u, engine->healths[0].learned > 900 && engine->healths[0].learned < 1100);
  uint32_t mark = lane.sent_count;
  double began = passed_s();
  lane.servers[0].rcode = 0;
  run(u, engine, 28000, 29500);
  EXPECT(u, (lane.sent_count - mark) / (passed_s() - began) < 1150);
  run(u, engine, 29500, 58000);
  EXPECT(u, engine->healths[0].learned == 0);
  rq_engine_free(engine);
}

/* --- order and settings --- */

static void test_spread_begins_in_no_order(unit *u) {
  static uint8_t seen[ROWS_MAX];
  rq_engine_conf conf = standard;
  uint32_t follows = 0, far = 0;
  u->about = "spread";
  conf.spread = 1;
  conf.max_in_flight = 50;
  rq_engine *engine = lane_engine(u, &conf, 1, 1000, 51);
  run(u, engine, 0, 10000);
  memset(seen, 0, sizeof seen);
  for (uint32_t n = 0; n < lane.sent_count; n++) {
    seen[lane.sent[n].name]++;
    if (n > 0 && lane.sent[n].name == lane.sent[n - 1].name + 1) follows++;
    if (n > 0 && abs((int)lane.sent[n].name - (int)lane.sent[n - 1].name) > 100) far++;
  }
  for (uint32_t n = 0; n < 10000; n++) EXPECT_NUMBER(u, seen[n], 1);
  EXPECT(u, follows < 50 && far > 8000);
  rq_engine_free(engine);
  conf.spread = 0;
  engine = lane_engine(u, &conf, 1, 1000, 52);
  run(u, engine, 0, 1000);
  for (uint32_t n = 0; n < 1000; n++) EXPECT_NUMBER(u, lane.sent[n].name, n);
  rq_engine_free(engine);
}

/* Cancelled while some wait to begin, some in a server's list, some on the network: each is a row. */
static void test_cancelling_what_waits(unit *u) {
  rq_engine_conf conf = standard;
  u->about = "cancel";
  conf.spread = 1;
  conf.server_rate = 10;
  conf.tries = 2;
  conf.try_ms = 100;
  rq_engine *engine = lane_engine(u, &conf, 2, 1000, 61);
  lane.servers[0].silent = 1;
  memset(&got, 0, sizeof got);
  for (uint32_t n = 0; n < 1500; n++) EXPECT_NUMBER(u, submit(engine, n), 1);
  for (int n = 0; n < 50; n++) rq_engine_step(engine, 10);
  int32_t wait = rq_engine_wait_ms(engine);
  EXPECT(u, engine->stats.finished > 0 ? wait == 0 : wait > 0);
  rq_engine_cancel(engine);
  drain(engine);
  EXPECT_NUMBER(u, got.rows, 1500);
  EXPECT_NUMBER(u, engine->queued, 0);
  EXPECT(u, engine->healths[0].flight == 0 && engine->healths[0].queued == 0);
  rq_engine_free(engine);
}

static void test_settings_out_of_range_are_refused(unit *u) {
  static const double rates[] = {-1, -1e-9, 0.0 / 0.0, 1.0 / 0.0, -1.0 / 0.0, 1.1e9};
  rq_addr addr = {.family = 4, .octets = {127, 0, 0, 1}, .port = 53};
  int32_t status, error;
  u->about = "settings";
  memset(&lane, 0, sizeof lane);
  for (size_t r = 0; r < 12; r++) {
    rq_engine_conf conf = standard;
    *(r % 2 ? &conf.rate : &conf.server_rate) = rates[r / 2];
    EXPECT(u, rq_engine_make(&conf, &addr, 1, &lane_sys, &status, &error) == NULL);
    EXPECT(u, status == RQ_BAD_ARGUMENT && error == 0);
  }
  for (int k = 0; k < 4; k++) {
    rq_engine_conf conf = standard;
    if (k == 0) conf.hops = 17;
    if (k == 1) conf.server_flight = conf.slots + 1;
    if (k == 2) conf.options_len = RQ_OPTIONS_MAX + 1;
    if (k == 3) conf.options_len = 4; /* and no options */
    EXPECT(u, rq_engine_make(&conf, &addr, 1, &lane_sys, &status, &error) == NULL);
    EXPECT(u, status == RQ_BAD_ARGUMENT && error == 0);
  }
  EXPECT_NUMBER(u, lane.sent_count, 0);
}

/* Names in, rows out, all in one call: it ends when the names are taken, when the next row does not fit, or in time. */
static void test_work_is_done_in_one_call(unit *u) {
  static char text[2000 * 16], out[(1 << 16) + 1];
  static int32_t offsets[2001];
  const uint16_t type = 1;
  rq_engine_conf conf = standard;
  rq_work work;
  uint32_t taken = 0, rows = 0;
  u->about = "work";
  rq_engine *engine = lane_engine(u, &conf, 1, 2000, 39);
  for (int n = 0; n < 2000; n++) offsets[n + 1] = offsets[n] + sprintf(text + offsets[n], "n%d.example", n);
  for (int turn = 0; rows < 2000 && turn < 1000; turn++) {
    uint32_t cap = turn % 3 == 0 ? 100 : sizeof out - 1, left = 2000 - taken;
    int64_t before_us = lane.now_us;
    memset(out, 'x', sizeof out);
    int32_t finished = rq_engine_work(engine, (const uint8_t *)text, offsets + taken, left, &type, 1, taken, 50,
                                      RQ_NDJSON, (uint8_t *)out, cap, &work);
    EXPECT(u, finished >= 0 && work.octets <= cap && work.taken <= left && lane.now_us - before_us <= 60000);
    EXPECT(u, cap > 100 || (work.rows == 0 && work.octets == 0 && (finished == 0) == (work.wanted == 0)));
    EXPECT(u, cap == 100 || work.wanted == 0);
    for (uint32_t at = cap; at < sizeof out; at++) EXPECT(u, out[at] == 'x');
    for (uint32_t at = 0, r = 0; at < work.octets; r++) {
      const char *end = memchr(out + at, '\n', work.octets - at);
      EXPECT(u, end != NULL && r < work.rows && strncmp(out + at, "{\"name\":\"n", 10) == 0);
      at = (uint32_t)(end + 1 - out);
    }
    taken += work.taken;
    rows += work.rows;
  }
  EXPECT(u, taken == 2000 && rows == 2000);
  int64_t idle_us = lane.now_us;
  EXPECT_NUMBER(u, rq_engine_work(engine, NULL, offsets, 0, &type, 1, 0, 50, RQ_NDJSON, (uint8_t *)out, 9, &work), 0);
  EXPECT(u, lane.now_us == idle_us && work.taken == 0 && work.rows == 0 && work.wanted == 0);
  EXPECT_NUMBER(u, rq_engine_work(engine, NULL, offsets, 0, &type, 1, 0, 50, 99, (uint8_t *)out, 9, &work),
                RQ_BAD_ARGUMENT);
  rq_engine_free(engine);
}

int main(void) {
  unit u = {0};
  test_work_is_done_in_one_call(&u);
  test_the_rate_in_all_holds(&u);
  test_the_rate_in_all_holds_with_losses(&u);
  test_the_rate_per_server_holds(&u);
  test_waiting_to_begin_is_no_part_of_the_time_of_a_lookup(&u);
  test_a_hit_waits_for_nobody(&u);
  test_a_query_without_an_id_is_sent_soon(&u);
  test_a_lookup_that_may_begin_is_due(&u);
  test_a_lookup_that_has_begun_ends_in_time(&u);
  test_the_limit_of_lookups_at_one_server_holds(&u);
  test_a_server_that_waits_holds_up_no_other(&u);
  test_a_query_is_repeated_as_it_was(&u);
  test_nothing_is_repeated_unasked(&u);
  test_a_silent_server_is_left_out(&u);
  test_a_retry_is_no_probe(&u);
  test_a_server_that_refuses_all_is_left_out(&u);
  test_a_failure_is_not_asked_for_again(&u);
  test_a_callers_absence_is_no_part_of_the_time_of_what_waits(&u);
  test_a_server_that_is_left_out_is_not_waited_for(&u);
  test_lookups_at_dead_servers_are_asked(&u);
  test_refusals_slow_the_pace(&u);
  test_spread_begins_in_no_order(&u);
  test_cancelling_what_waits(&u);
  test_settings_out_of_range_are_refused(&u);
  return unit_report(&u, "test_pace");
}
