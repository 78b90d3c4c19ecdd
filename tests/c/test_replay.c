/* test_replay.c: whole sessions of lookups on a simulated kernel, network and clock (replay.h), each from its seed.
 *
 * A session draws an engine, servers that lose, delay, double, corrupt, forge, cut and stall, system calls that fail,
 * and a caller that is slow, cancels or leaves early; then it holds the engine to what it promises, see `check_row` and
 * `check_end`. `test_replay FIRST COUNT` plays other seeds, `test_replay SEED` tells one at length.
 * SPDX-License-Identifier: MIT */
#include "replay.h"
#include "resquery.h"

#define ROOM (1024u * 1024)
#define LOOKUPS_MOST 120u
#define STEPS_MOST 100000
#define TICK_US (2 * RQ_WHEEL_TICK_US + 2000) /* a bucket, and the rounding of waits to milliseconds */

#define KIND_MS 8000     /* the time that a lookup has in a session where nothing is lost, */
#define KIND_END 4000000 /* and what it may need of that, in microseconds */

enum manner { M_STEP, M_POLL, M_QUERY, M_MANNERS };

/* One session. */
typedef struct session {
  world w;
  unit *u;
  rq_engine *engine;
  rq_engine_conf conf;
  uint32_t count, asked, rows; /* lookups to ask for, asked for, finished */
  uint32_t answered;           /* of those, with NOERROR */
  uint32_t numbers;            /* names are repeated after so many */
  int manner, leaves;
  int calm;        /* calm: the caller is never late and no call fails */
  int64_t away_us; /* since a step succeeded, the caller stayed away for so long; */
  int64_t late_us; /* and the longest of that */
  uint8_t letters[8], seen[LOOKUPS_MOST];
  uint64_t hash; /* of all rows */
  char about[60];
} session;

static uint8_t room[ROOM];

/* --- what is drawn --- */

static void draw_conf(session *s) {
  world *w = &s->w;
  rq_engine_conf *conf = &s->conf;
  conf->slots = 1 + draw(w, chance(w, 50) ? 8 : 40);
  conf->max_in_flight = 1 + draw(w, conf->slots);
  conf->try_ms = 1 + draw(w, chance(w, 20) ? 20 : 300);
  conf->timeout_ms = conf->try_ms + draw(w, 1500);
  conf->tries = 1 + draw(w, 5);
  conf->transport = chance(w, 15) ? RQ_TCP : RQ_UDP;
  conf->edns = (uint8_t)chance(w, 75);
  conf->dnssec_ok = (uint8_t)chance(w, 30);
  conf->recurse = (uint8_t)chance(w, 80);
  conf->rotate = (uint8_t)chance(w, 50);
  conf->sockets = (uint8_t)(1 + draw(w, 4));
  w->mixed_case = conf->mixed_case = (uint8_t)chance(w, 50);
  conf->cookies = (uint8_t)chance(w, 50);
  conf->share = (uint8_t)chance(w, 50);
  conf->spread = (uint8_t)chance(w, 30);
  conf->adapt = (uint8_t)chance(w, 50);
  conf->hops = (uint8_t)(chance(w, 50) ? draw(w, 5) : 0);
  conf->server_flight = chance(w, 30) ? 1 + draw(w, conf->slots) : 0;
  conf->rate = chance(w, 20) ? 20 + draw(w, 1000) : 0;
  conf->server_rate = chance(w, 20) ? 20 + draw(w, 1000) : 0;
}

static void draw_plan(session *s) {
  world *w = &s->w;
  w->plan.segments = (uint8_t)chance(w, 80);
  s->calm = w->kind || chance(w, 30);
  if (s->calm && chance(w, 50)) return;
  w->plan.harmless = (uint8_t)s->calm;
  for (int call = 0; call < C_CALLS; call++)
    if (chance(w, 25)) w->plan.percent[call] = (uint8_t)(1 + draw(w, chance(w, 20) ? 60 : 8));
}

static void draw_session(session *s) {
  world *w = &s->w;
  static const char kinds[] = "nnnnccbxdlk";
  w->kind = chance(w, 30);
  draw_conf(s);
  if (w->kind) s->conf.timeout_ms = s->conf.try_ms = KIND_MS;
  peers_draw(w, 1 + draw(w, chance(w, 15) ? 20 : 3));
  draw_plan(s);
  s->count = 1 + draw(w, LOOKUPS_MOST);
  s->numbers = chance(w, 30) ? 1 + draw(w, 6) : LOOKUPS_MOST;
  s->manner = (int)draw(w, M_MANNERS);
  s->leaves = chance(w, 15);
  for (int n = 0; n < 8; n++) s->letters[n] = (uint8_t)kinds[draw(w, sizeof kinds - 1)];
}

/* --- rows --- */

/* Finished lookups, before they are drained: in time, and where nothing was lost, soon. */
static void check_done(session *s) {
  const rq_engine *engine = s->engine;
  int64_t late_us = s->late_us + (s->calm ? TICK_US : 60000);
  for (uint32_t i = engine->done.head; i != RQ_NONE; i = engine->slots[i].next) {
    const rq_slot *slot = &engine->slots[i];
    int64_t ended_us = slot->time_us - 1700000000000000;
    EXPECT(s->u, engine->wheel.timers[i].bucket == RQ_NONE);
    if (slot->lookup.end_us == 0 || slot->lookup.status == RQ_CANCELLED) continue;
    EXPECT(s->u, ended_us <= slot->lookup.end_us + late_us && slot->sent_us <= slot->lookup.end_us + late_us);
    if (!s->w.kind) continue;
    EXPECT(s->u, slot->lookup.status == RQ_OK || slot->lookup.status == RQ_CNAME_LOOP);
    EXPECT(s->u, ended_us - slot->lookup.end_us <= KIND_END - KIND_MS * 1000);
  }
}

static int has(const char *row, size_t len, const char *text) {
  return memmem(row, len, text, strlen(text)) != NULL;
}

/* {"name":"n12.example", ...: what it says is no forgery, and right unless it was corrupted on its way. */
static void check_row(session *s, const char *row, size_t len) {
  char right[40];
  EXPECT(s->u, len > 20 && memcmp(row, "{\"name\":\"", 9) == 0);
  char letter = row[9];
  uint32_t number = (uint32_t)strtoul(row + 10, NULL, 10);
  for (size_t n = 0; n < len; n++) s->hash = (s->hash ^ (uint8_t)row[n]) * 0x100000001b3u;
  EXPECT(s->u, !has(row, len, FORGED));
  snprintf(right, sizeof right, "\"10.0.%u.%u\"", number / 256, number % 256);
  s->answered += (uint32_t)has(row, len, "\"status\":\"NOERROR\"");
  int told = strchr("nb", letter) || (letter == 'c' && s->conf.hops > 0);
  if (has(row, len, "\"status\":\"NOERROR\"") && told && !s->w.corrupted[number]) EXPECT(s->u, has(row, len, right));
  s->rows++;
  if (s->w.loud) printf("%.*s\n", (int)len, row);
}

/* Into little room at times: then only whole rows come. */
static void drain(session *s) {
  uint32_t rows, wanted, cap = chance(&s->w, 30) ? draw(&s->w, 3000) : ROOM;
  check_done(s);
  int32_t len = rq_engine_drain(s->engine, RQ_NDJSON, room, cap, &rows, &wanted);
  EXPECT(s->u, len >= 0 && (uint32_t)len <= cap && (rows > 0) == (len > 0) && wanted <= ROOM);
  for (const char *at = (const char *)room, *end = at + len; at < end; rows--) {
    const char *line = memchr(at, '\n', (size_t)(end - at));
    EXPECT(s->u, line != NULL && rows > 0);
    if (!line) return;
    check_row(s, at, (size_t)(line - at));
    at = line + 1;
  }
  EXPECT_NUMBER(s->u, rows, 0);
}

/* --- the caller --- */

static uint32_t name_of(const session *s, uint32_t n, char *name, size_t cap) {
  uint32_t number = n % s->numbers;
  return (uint32_t)snprintf(name, cap, "%c%u.Example", s->letters[number % 8], number);
}

static void submit(session *s) {
  while (s->asked < s->count) {
    char name[40];
    uint16_t type = 1;
    int32_t offsets[2] = {0, (int32_t)name_of(s, s->asked, name, sizeof name)};
    if (rq_engine_submit(s->engine, (const uint8_t *)name, offsets, 1, &type, 1, s->asked) != 1) return;
    s->asked++;
  }
}

/* Steps, or waits as an event loop would. */
static void step(session *s) {
  world *w = &s->w;
  if (s->manner == M_POLL) {
    int32_t ms = rq_engine_wait_ms(s->engine);
    EXPECT(s->u, ms >= 0 || s->engine->stats.held == 0);
    world_wait(w, rq_engine_fd(s->engine), ms < 0 ? 1000 : (int64_t)ms * 1000);
  }
  uint32_t wait_ms = chance(w, 50) ? draw(w, 2000) : 0;
  int32_t rows = rq_engine_step(s->engine, s->manner == M_POLL ? 0 : wait_ms);
  trace(w, "step", rows, s->engine->stats.held);
  EXPECT(s->u, rows == RQ_NETWORK || rows == (int32_t)s->engine->stats.finished);
  EXPECT(s->u, rows != RQ_NETWORK || !s->calm);
  if (rows != RQ_NETWORK) s->away_us = 0;
}

/* Whatever else a caller does between steps. */
static void meddle(session *s) {
  world *w = &s->w;
  if (s->calm) return;
  if (chance(w, 2)) {
    int64_t us = draw(w, 800000);
    world_wait(w, 0, us);
    s->away_us += us;
    if (s->away_us > s->late_us) s->late_us = s->away_us;
  }
  if (chance(w, 1)) {
    trace(w, "cancel", 0, 0);
    rq_engine_cancel(s->engine);
  }
  if (chance(w, 1)) w->unlike = ++w->pid; /* it is the child of a fork from here on */
}

static void check_totals(session *s) {
  rq_stats stats;
  uint64_t statuses = 0;
  rq_engine_stats(s->engine, &stats);
  for (int n = 0; n < RQ_STATUSES; n++) statuses += stats.statuses[n];
  EXPECT_NUMBER(s->u, stats.inputs, s->asked);
  EXPECT_NUMBER(s->u, stats.rows, s->rows);
  EXPECT_NUMBER(s->u, stats.inputs, stats.rows + stats.held);
  EXPECT_NUMBER(s->u, statuses, stats.rows + stats.finished);
  EXPECT_NUMBER(s->u, stats.queries[RQ_UDP], s->w.datagrams);
  EXPECT(s->u, stats.queries[RQ_TCP] >= s->w.frames);
  EXPECT(s->u, stats.in_flight <= s->conf.max_in_flight && stats.in_flight + stats.finished <= stats.held);
}

/* All rows are out: nothing is left to do, and nothing is done. */
static void check_end(session *s) {
  EXPECT_NUMBER(s->u, s->rows, s->count);
  check_totals(s);
  EXPECT_NUMBER(s->u, s->engine->stats.held, 0);
  EXPECT_NUMBER(s->u, s->engine->stats.in_flight, 0);
  EXPECT_NUMBER(s->u, rq_engine_wait_ms(s->engine), -1);
  s->w.quiet = 1;
  for (int n = 0; n < 3; n++) {
    world_wait(&s->w, 0, 100000);
    rq_engine_step(s->engine, 100);
  }
  EXPECT_NUMBER(s->u, s->engine->stats.queries[RQ_UDP], s->w.datagrams);
}

/* A lookup may cost tries + 3 queries at each hop; each over UDP is sent again if its answer is late, and one over TCP
 * beside if that is not to be trusted. */
static void check_costs(session *s) {
  uint32_t each = (s->conf.tries + 3) * (s->conf.hops + 1u) * (1 + RQ_REPEATS_MOST);
  for (uint32_t number = 0; number < s->numbers; number++) {
    uint32_t lookups = s->count / s->numbers + 1;
    if (s->w.pid == 1000) EXPECT(s->u, s->w.asked[RQ_UDP][number] <= lookups * each);
    if (s->w.pid == 1000) EXPECT(s->u, s->w.asked[RQ_TCP][number] <= lookups * each);
  }
}

static void play_bulk(session *s) {
  for (int n = 0; n < STEPS_MOST && s->rows < s->count; n++) {
    submit(s);
    step(s);
    meddle(s);
    if (s->leaves && chance(&s->w, 5)) return;
    if (!chance(&s->w, 20)) drain(s); /* a slow consumer */
    check_totals(s);
  }
  check_end(s);
  check_costs(s);
}

static void play_queries(session *s) {
  static uint8_t out[70000];
  for (; s->asked < s->count; s->rows++) {
    char name[40];
    rq_answer info;
    uint32_t len = name_of(s, s->asked++, name, sizeof name), cap = chance(&s->w, 50) ? 512 : 65535;
    EXPECT_NUMBER(s->u, rq_query_begin(s->engine, name, len, 1, 1, (uint8_t)chance(&s->w, 50)), RQ_OK);
    int32_t state = RQ_PENDING;
    for (int n = 0; n < STEPS_MOST && state == RQ_PENDING; n++) {
      state = rq_query_wait(s->engine, draw(&s->w, 300));
      meddle(s);
    }
    EXPECT(s->u, state == RQ_OK || (state == RQ_NETWORK && !s->calm));
    if (state < 0) rq_engine_cancel(s->engine);
    check_done(s);
    int32_t got = rq_query_finish(s->engine, out, cap, &info);
    EXPECT(s->u, got < 0 ? got == info.status : (uint32_t)got == (info.actual < cap ? info.actual : cap));
    trace(&s->w, "query", got, info.rcode);
    if (got > 0) trace_octets(&s->w, out, (uint32_t)got);
    if (s->leaves && chance(&s->w, 5)) return;
  }
  check_end(s);
}

/* --- sessions --- */

/* A cache that is too small, or forgets soon, or serves what is too old. */
static void use_cache(session *s, rq_engine *engine) {
  int32_t status;
  world *w = &s->w;
  rq_cache_conf conf = {.entries = 1 + draw(w, 50)};
  conf.octets = 1 + draw(w, 10000); /* one after the other: compilers draw in an order of their own within braces */
  conf.ttl_max_s = 1 + draw(w, 2);
  conf.negative_max_s = draw(w, 2);
  conf.stale_s = draw(w, 2) * 10;
  rq_cache *cache = rq_cache_new(&conf, &status);
  EXPECT(s->u, cache && status == RQ_OK);
  EXPECT_NUMBER(s->u, rq_engine_use_cache(engine, cache), RQ_OK);
  rq_cache_free(cache); /* the engine keeps it */
}

static rq_engine *make(session *s, int32_t *status) {
  rq_addr addrs[PEERS];
  int32_t error;
  for (uint32_t n = 0; n < s->w.peer_count; n++) {
    const rq_peer *peer = &s->w.peers[n].peer;
    int six = peer->any.sa_family == AF_INET6;
    addrs[n] = (rq_addr){.family = six ? 6 : 4, .port = six ? 5300 : 53};
    memcpy(addrs[n].octets, six ? (const void *)&peer->v6.sin6_addr : (const void *)&peer->v4.sin_addr, six ? 16 : 4);
  }
  rq_engine *engine = rq_engine_make(&s->conf, addrs, s->w.peer_count, &replay_sys, status, &error);
  if (engine && chance(&s->w, 30)) use_cache(s, engine);
  EXPECT(s->u, engine ? *status == RQ_OK : *status == RQ_NETWORK && error > 0 && !s->calm);
  return engine;
}

/* From its beginning to its end; what passed is in the hash that it returns. */
static uint64_t play(session *s) {
  int32_t status;
  s->engine = make(s, &status);
  if (s->engine && s->manner == M_QUERY)
    play_queries(s);
  else if (s->engine)
    play_bulk(s);
  rq_engine_free(s->engine);
  EXPECT_NUMBER(s->u, s->w.open, 0);
  uint64_t hash = s->w.trace ^ s->hash;
  world_end(&s->w);
  return hash;
}

static void tell(const session *s) {
  const rq_engine_conf *c = &s->conf;
  printf(
      "in flight %u of %u, %u ms of %u ms, tries %u, transport %u, edns %u, case %u, cookies %u, share %u, adapt %u,"
      " hops %u, flight %u, rate %.0f and %.0f\n",
      c->max_in_flight, c->slots, c->try_ms, c->timeout_ms, c->tries, c->transport, c->edns, c->mixed_case, c->cookies,
      c->share, c->adapt, c->hops, c->server_flight, c->rate, c->server_rate);
  for (uint32_t n = 0; n < s->w.peer_count; n++) {
    const nature *p = &s->w.peers[n];
    printf("server %u: %lld+%lld us, lose %u, TC %u, SERVFAIL %u, no EDNS %u %u, breaks case %u, cookies %u %u %u\n", n,
           (long long)p->delay_us, (long long)p->jitter_us, p->lose, p->truncate, p->servfail, p->silent_to_edns,
           p->formerr_to_edns, p->breaks_case, p->cookies, p->badcookie, p->strips);
  }
}

static uint64_t play_seed(unit *u, session *s, uint64_t seed, int loud) {
  memset(s, 0, sizeof *s);
  s->u = u;
  snprintf(s->about, sizeof s->about, "seed %llu", (unsigned long long)seed);
  u->about = s->about;
  world_begin(&s->w, u, seed);
  s->w.loud = loud;
  draw_session(s);
  if (loud) tell(s);
  return play(s);
}

static session now, again;

static void test_any_session_keeps_what_the_engine_promises(unit *u, uint64_t first, uint64_t count) {
  uint64_t lookups = 0, forgeries = 0, calls = 0;
  for (uint64_t seed = first; seed < first + count; seed++) {
    unsigned long failures = u->failures;
    play_seed(u, &now, seed, 0);
    lookups += now.rows;
    forgeries += now.w.forgeries;
    calls += now.w.total;
    if (u->failures > failures + 20) break; /* enough to look at */
  }
  printf("%llu sessions, %llu lookups, %llu forgeries, %llu system calls\n", (unsigned long long)count,
         (unsigned long long)lookups, (unsigned long long)forgeries, (unsigned long long)calls);
}

static void test_a_seed_gives_the_same_session_again(unit *u, uint64_t first, uint64_t count) {
  for (uint64_t seed = first; seed < first + count; seed++) {
    uint64_t hash = play_seed(u, &now, seed, 0);
    EXPECT(u, play_seed(u, &again, seed, 0) == hash);
    EXPECT(u, play_seed(u, &again, seed + 1, 0) != hash);
  }
}

/* A session without chance, at two servers that are well. */
static session *plain(unit *u, session *s, uint64_t seed, uint32_t count) {
  memset(s, 0, sizeof *s);
  s->u = u;
  u->about = s->about;
  world_begin(&s->w, u, seed);
  s->conf = (rq_engine_conf){.slots = 8, .max_in_flight = 8, .timeout_ms = 2000, .try_ms = 100, .tries = 3};
  s->conf.edns = 1;
  s->conf.sockets = 2;
  peers_draw(&s->w, 2);
  for (int n = 0; n < 2; n++) s->w.peers[n] = (nature){.peer = s->w.peers[n].peer, .delay_us = 500};
  memcpy(s->letters, "nbncnbnx", 8);
  s->count = s->numbers = count;
  return s;
}

/* Each of the first 20 calls of each system call fails once, in each way, in a session that is well otherwise. */
static void test_each_system_call_may_fail_once(unit *u) {
  static const int errors[] = {EINTR, EAGAIN, ENOBUFS, EMFILE, ENETUNREACH, ECONNREFUSED};
  for (int call = 0; call < C_CALLS; call++)
    for (int e = 0; e < 6; e++)
      for (unsigned long nth = 1; nth <= 20; nth++) {
        session *s = plain(u, &now, nth, 24);
        snprintf(s->about, sizeof s->about, "call %d, errno %d, number %lu", call, errors[e], nth);
        s->w.plan.call = call;
        s->w.plan.error = errors[e];
        s->w.plan.nth = nth;
        for (int n = 0; n < 2; n++) {
          nature *p = &s->w.peers[n];
          p->lose = p->refused = 10;
          p->truncate = 50;
          p->tcp_close = 30;
        }
        s->manner = (int)nth % 2;
        play(s);
      }
}

/* Every answer comes in two pieces, some time apart, whatever lies between them. */
static void test_every_split_of_a_tcp_frame(unit *u) {
  for (uint16_t split = 1; split <= 80; split++) {
    session *s = plain(u, &now, split, 16);
    snprintf(s->about, sizeof s->about, "split at %u", split);
    s->conf.transport = RQ_TCP;
    s->w.peers[0].split_at = s->w.peers[1].split_at = split;
    s->calm = s->w.kind = 1;
    s->conf.timeout_ms = s->conf.try_ms = KIND_MS;
    play(s);
    EXPECT_NUMBER(u, s->w.asked[RQ_TCP][0], 1);
  }
}

/* A server that sends an octet a second over TCP stretches no deadline (see check_done); who has the time gets the
 * answers. */
static void test_an_octet_a_second(unit *u) {
  static const uint32_t patience_ms[] = {1500, 30000, 3600000};
  for (int k = 0; k < 3; k++) {
    session *s = plain(u, &now, 1 + (uint64_t)k, 12);
    snprintf(s->about, sizeof s->about, "an octet a second, for %u ms", patience_ms[k]);
    memset(s->letters, 'n', sizeof s->letters);
    s->conf.transport = RQ_TCP;
    s->conf.timeout_ms = s->conf.try_ms = patience_ms[k];
    if (k == 1) s->conf.try_ms /= 3;
    s->w.peers[0].drip_us = s->w.peers[1].drip_us = 1000000;
    s->calm = 1;
    play(s);
    EXPECT_NUMBER(u, s->answered, k == 2 ? 12 : 0);
    EXPECT(u, s->w.now_us > (int64_t)patience_ms[k] * 1000 || k == 2);
  }
}

/* Queries that went out while a server sent cookies keep their protection, though an answer over TCP has none any more.
 */
static void test_cookies_given_up_let_no_forgery_in(unit *u) {
  for (uint64_t seed = 1; seed <= 100; seed++) {
    session *s = plain(u, &now, seed, LOOKUPS_MOST);
    snprintf(s->about, sizeof s->about, "cookies given up, %u", (unsigned)seed);
    s->conf.cookies = 1;
    for (int n = 0; n < 2; n++) {
      nature *p = &s->w.peers[n];
      p->jitter_us = 2000;
      p->cookies = 1;
      p->strips = p->truncate = 30;
      p->forge = 90;
    }
    play(s);
    EXPECT(u, s->w.forgeries > 20);
  }
}

int main(int argc, char **argv) {
  static unit u;
  uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1, count = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  if (argc == 2) {
    play_seed(&u, &now, first, 1);
    return unit_report(&u, "test_replay");
  }
  test_any_session_keeps_what_the_engine_promises(&u, first, count);
  test_a_seed_gives_the_same_session_again(&u, first, count < 50 ? count : 50);
  if (count >= 1000) test_each_system_call_may_fail_once(&u);
  test_every_split_of_a_tcp_frame(&u);
  test_an_octet_a_second(&u);
  test_cookies_given_up_let_no_forgery_in(&u);
  return unit_report(&u, "test_replay");
}
