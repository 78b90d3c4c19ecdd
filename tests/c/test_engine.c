/* test_engine.c: the engine's contract, with a server in the same thread (responder.h): each input becomes one row,
 * limits hold, and misuse is refused.
 *
 * SPDX-License-Identifier: MIT */
#include <pthread.h>

#include "runs.h"

/* --- the contract of the engine --- */

static void test_a_lookup_that_moves_to_a_server_already_served_is_sent_soon(unit *u) {
  rq_addr addrs[2] = {{.family = 4, .octets = {127, 0, 0, 1}, .port = 1},
                      {.family = 4, .octets = {255, 255, 255, 255}, .port = 53}}; /* broadcast: EACCES at once */
  responder *r = responder_new();
  rq_engine_conf conf = standard;
  int32_t status, error;
  outcome o;
  u->about = "moves on";
  memset(&o, 0, sizeof o);
  conf.max_in_flight = conf.rotate = 1;
  addrs[0].port = r->port;
  rq_engine *engine = rq_engine_new(&conf, addrs, 2, &status, &error);
  EXPECT(u, engine != NULL);
  submit(engine, "a%u.example", 0);
  submit(engine, "a%u.example", 1);
  rq_engine_step(engine, 0);
  responder_pump(r);
  EXPECT_NUMBER(u, rq_engine_step(engine, 1000), 1); /* and the other begins, at the server that cannot be asked */
  drain(engine, &o);
  EXPECT(u, rq_engine_wait_ms(engine) <= 1);
  rq_engine_step(engine, 0);
  rq_engine_stats(engine, &o.stats);
  EXPECT_NUMBER(u, o.stats.queries[RQ_UDP], 2);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_answers_count_though_the_connection_cannot_be_written_to(unit *u) {
  responder *r = responder_new();
  rq_engine_conf conf = standard;
  outcome o;
  u->about = "unread answer";
  memset(&o, 0, sizeof o);
  conf.transport = RQ_TCP;
  conf.tries = 1;
  rq_engine *engine = engine_for(u, &conf, r, 1);
  submit(engine, "a%u.example", 0);
  for (int n = 0; n < STEPS_MAX && r->tcp_queries == 0; n++) {
    rq_engine_step(engine, 0);
    responder_pump(r);
  }
  submit(engine, "a%u.example", 1);
  fault_set(F_SEND, EPIPE, 1, 1);
  rq_engine_step(engine, 0);
  fault_set(F_NONE, 0, 0, 0);
  for (int n = 0; n < STEPS_MAX && rq_engine_step(engine, 1) < 2; n++) responder_pump(r);
  drain(engine, &o);
  EXPECT_NUMBER(u, o.noerror, 2);
  EXPECT_NUMBER(u, r->connections, 2);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_a_connection_that_only_trickles_is_given_up(unit *u) {
  rq_engine_conf conf = standard;
  outcome o;
  conf.transport = RQ_TCP;
  conf.try_ms = 200;
  run_once(u, &conf, 1, "p%u.example", 20, &o);
  EXPECT_NUMBER(u, o.noerror, 20);
  EXPECT_NUMBER(u, o.stats.tries, 40);
  EXPECT_NUMBER(u, o.stats.tcp_connects, 2);
}

static void test_answers_in_time_count_though_read_late(unit *u) {
  responder *r = responder_new();
  rq_engine_conf conf = standard;
  outcome o;
  u->about = "read late";
  memset(&o, 0, sizeof o);
  conf.try_ms = conf.timeout_ms = 1;
  rq_engine *engine = engine_for(u, &conf, r, 1);
  for (uint32_t n = 0; n < 50; n++) submit(engine, "a%u.example", n);
  rq_engine_step(engine, 0);
  responder_pump(r);
  while (rq_engine_wait_ms(engine) > 0) continue; /* the time is up, and nobody has looked */
  EXPECT_NUMBER(u, rq_engine_step(engine, 0), 50);
  drain(engine, &o);
  EXPECT_NUMBER(u, o.noerror, 50);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_ten_thousand_names_each_become_one_row(unit *u) {
  rq_engine_conf conf = standard;
  responder *r = responder_new();
  outcome o;
  u->about = "10,000 names";
  conf.try_ms = 50;
  rq_engine *engine = engine_for(u, &conf, r, 1);
  run(u, engine, r, "d%u.example", 5000, &o); /* the first query is lost each time */
  EXPECT_NUMBER(u, o.noerror, 5000);
  run(u, engine, r, "t%u.example", 5000, &o);
  EXPECT_NUMBER(u, o.noerror, 5000);
  EXPECT_NUMBER(u, o.stats.rows, 10000);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_ports_change(unit *u) {
  rq_engine_conf conf = standard;
  responder *r = responder_new();
  outcome o;
  static uint8_t used[65536];
  uint32_t ports = 0;
  u->about = "ports";
  conf.slots = conf.max_in_flight = conf.sockets = 1;
  rq_engine *engine = engine_for(u, &conf, r, 1);
  run(u, engine, r, "a%u.example", 1000, &o);
  for (uint32_t n = 0; n < 1000; n++) ports += used[r->last_ports[n]]++ == 0;
  EXPECT(u, ports >= 1000 / 24);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_the_limits_hold(unit *u) {
  responder *r = responder_new();
  rq_engine *engine = engine_for(u, &standard, r, 1);
  rq_stats stats;
  outcome o;
  uint32_t taken = 0;
  u->about = "limits";
  memset(&o, 0, sizeof o);
  EXPECT_NUMBER(u, rq_engine_wait_ms(engine), -1);
  while (submit(engine, "a%u.example", taken) == 1) taken++;
  EXPECT_NUMBER(u, taken, 300);
  EXPECT_NUMBER(u, rq_engine_wait_ms(engine), 0);
  EXPECT_NUMBER(u, rq_engine_step(engine, 0), 0);
  rq_engine_stats(engine, &stats);
  EXPECT_NUMBER(u, stats.in_flight, 100);
  EXPECT_NUMBER(u, stats.held, 300);
  EXPECT_NUMBER(u, stats.queries[RQ_UDP], 100);
  EXPECT(u, rq_engine_wait_ms(engine) > 4000 && rq_engine_wait_ms(engine) <= 5010);
  /* nobody drains, and the network is served all the same */
  for (int n = 0; n < 10000 && rq_engine_step(engine, 1) < 300; n++) responder_pump(r);
  EXPECT_NUMBER(u, rq_engine_wait_ms(engine), 0);
  EXPECT_NUMBER(u, submit(engine, "a%u.example", 300), 0);
  drain(engine, &o);
  EXPECT_NUMBER(u, o.noerror, 300);
  EXPECT_NUMBER(u, submit(engine, "a%u.example", 300), 1);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_one_server_gets_no_larger_burst_than_it_can_hold(unit *u) {
  rq_engine_conf conf = standard;
  responder *r = responder_new();
  rq_stats stats;
  u->about = "burst";
  conf.max_in_flight = conf.slots;
  rq_engine *engine = engine_for(u, &conf, r, 1);
  for (uint32_t n = 0; n < 300; n++) submit(engine, "n%u.example", n);
  rq_engine_step(engine, 0);
  rq_engine_stats(engine, &stats);
  EXPECT_NUMBER(u, stats.in_flight, 300);
  EXPECT_NUMBER(u, stats.queries[RQ_UDP], 128);
  EXPECT(u, rq_engine_wait_ms(engine) <= 1);
  /* the others follow when the first can no longer be in its buffer, answered or not */
  for (int n = 0; n < STEPS_MAX && stats.queries[RQ_UDP] < 300; n++) {
    rq_engine_step(engine, 1);
    rq_engine_stats(engine, &stats);
  }
  EXPECT_NUMBER(u, stats.queries[RQ_UDP], 300);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_a_drain_gives_whole_rows(unit *u) {
  responder *r = responder_new();
  rq_engine *engine = engine_for(u, &standard, r, 1);
  uint8_t out[5000];
  uint32_t rows, wanted, room;
  u->about = "drain";
  for (uint32_t n = 10; n < 12; n++) submit(engine, "a%u.example", n);
  for (int n = 0; n < 10000 && rq_engine_step(engine, 1) < 2; n++) responder_pump(r);
  EXPECT_NUMBER(u, rq_engine_drain(engine, RQ_NDJSON, NULL, 0, &rows, &room), 0);
  EXPECT(u, rows == 0 && room > 100);
  memset(out, 0xaa, sizeof out);
  EXPECT_NUMBER(u, rq_engine_drain(engine, RQ_NDJSON, out, room - 1, &rows, &wanted), 0);
  EXPECT(u, rows == 0 && wanted == room && out[room - 1] == 0xaa);
  EXPECT_NUMBER(u, rq_engine_drain(engine, RQ_NDJSON, out, room, &rows, &wanted), room);
  EXPECT(u, rows == 1 && wanted == 0 && out[room - 1] == '\n' && out[room] == 0xaa);
  EXPECT(u, rq_engine_drain(engine, RQ_MSGPACK, out, sizeof out, &rows, &wanted) > 50);
  EXPECT(u, rows == 1 && wanted == 0);
  EXPECT_NUMBER(u, rq_engine_drain(engine, RQ_NDJSON, out, sizeof out, &rows, &wanted), 0);
  EXPECT(u, rows == 0 && wanted == 0);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_cancelled_lookups_become_rows(unit *u) {
  static const char *const patterns[] = {"a%u.example", "n%u.example", "t%u.example", "v%u.example"};
  for (int k = 0; k < 4; k++) {
    responder *r = responder_new();
    rq_engine *engine = engine_for(u, &standard, r, 2);
    outcome o;
    u->about = patterns[k];
    memset(&o, 0, sizeof o);
    for (uint32_t n = 0; n < 200; n++) submit(engine, patterns[k], n); /* fresh, in flight, waiting for TCP */
    rq_engine_step(engine, 0);
    if (k > 1) responder_pump(r);
    rq_engine_step(engine, 0);
    rq_engine_cancel(engine);
    EXPECT_NUMBER(u, rq_engine_step(engine, 1000), 200);
    drain(engine, &o);
    EXPECT_NUMBER(u, o.rows, 200);
    EXPECT_NUMBER(u, o.cancelled, 200);
    run(u, engine, r, "a%u.example", 100, &o); /* and the engine goes on */
    EXPECT_NUMBER(u, o.noerror, 100);
    rq_engine_free(engine);
    responder_free(r);
  }
}

static void test_illegal_names_become_rows(unit *u) {
  responder *r = responder_new();
  rq_engine *engine = engine_for(u, &standard, r, 1);
  outcome o;
  static uint8_t text[5000];
  int32_t offsets[4] = {0, 2, 2, 5000};
  uint16_t types[2] = {1, 15};
  u->about = "illegal names";
  memset(&o, 0, sizeof o);
  memset(text, 'z', sizeof text);
  text[0] = text[1] = '.';
  EXPECT_NUMBER(u, rq_engine_submit(engine, text, offsets, 3, types, 2, 0), 3);
  EXPECT_NUMBER(u, rq_engine_step(engine, 1000), 6);
  drain(engine, &o);
  EXPECT_NUMBER(u, o.illegal, 6);
  EXPECT(u, strstr(o.last, "\"timestamp\":\"1970") == NULL); /* also before the first step */
  EXPECT(u, strspn(strchr(o.last, 'z'), "z") == RQ_TEXT_MAX);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_misuse_is_refused(unit *u) {
  responder *r = responder_new();
  rq_engine *engine = engine_for(u, &standard, r, 1);
  rq_addr addr = {.family = 4, .octets = {127, 0, 0, 1}, .port = 53};
  rq_engine_conf conf = standard;
  int32_t status, error, backward[3] = {0, 5, 3}, fine[2] = {0, 1};
  uint16_t types[301] = {0};
  rq_answer info;
  u->about = "misuse";
  conf.slots = 0;
  EXPECT(u, rq_engine_new(&conf, &addr, 1, &status, &error) == NULL && status == RQ_BAD_ARGUMENT);
  EXPECT(u, rq_engine_new(&standard, &addr, 0, &status, &error) == NULL && status == RQ_BAD_ARGUMENT);
  addr.family = 5;
  EXPECT(u, rq_engine_new(&standard, &addr, 1, &status, &error) == NULL && status == RQ_BAD_ARGUMENT);
  EXPECT_NUMBER(u, rq_engine_submit(engine, (const uint8_t *)"aaaaaa", backward, 2, types, 1, 0), RQ_BAD_ARGUMENT);
  EXPECT_NUMBER(u, rq_engine_submit(engine, (const uint8_t *)"a", fine, 1, types, 0, 0), RQ_BAD_ARGUMENT);
  EXPECT_NUMBER(u, rq_engine_submit(engine, (const uint8_t *)"a", fine, 1, types, 301, 0), RQ_BAD_ARGUMENT);
  EXPECT_NUMBER(u, rq_engine_submit(engine, (const uint8_t *)"a", fine, 1, types, 300, 0), 1);
  EXPECT_NUMBER(u, rq_query_begin(engine, "a", 1, 1, 1, 0), RQ_BAD_ARGUMENT); /* in use */
  EXPECT_NUMBER(u, rq_query(engine, "a", 1, 1, 1, 0, NULL, 0, &info), RQ_BAD_ARGUMENT);
  EXPECT_NUMBER(u, rq_query_finish(engine, NULL, 0, &info), RQ_PENDING);
  rq_engine_free(engine);
  rq_engine_free(NULL);
  responder_free(r);
}

/* --- the res_query-style call --- */

static int32_t query(rq_engine *engine, responder *r, const char *name, uint8_t *out, uint32_t cap, rq_answer *info) {
  int32_t state = rq_query_begin(engine, name, (uint32_t)strlen(name), 1, 1, 1);
  for (int n = 0; state >= 0 && n < STEPS_MAX; n++) {
    state = rq_query_wait(engine, 1);
    if (state == RQ_OK) return rq_query_finish(engine, out, cap, info);
    if (state == RQ_PENDING) state = RQ_OK;
    responder_pump(r);
  }
  return state;
}

static void test_a_query_stores_the_lesser_of_answer_and_buffer(unit *u) {
  static const uint32_t caps[] = {0, 1, 11, 12, 512, 1500, 8546, 65534, 65535, 70000};
  static uint8_t out[70000], wanted[65535], question[] = "\0\0\1\0\0\1\0\0\0\0\0\0\1b\7example\0\0\1\0";
  responder *r = responder_new();
  rq_engine_conf conf = standard;
  conf.slots = conf.max_in_flight = conf.sockets = 1;
  conf.edns = 0;
  rq_engine *engine = engine_for(u, &conf, r, 1);
  rq_answer info;
  u->about = "query";
  question[sizeof question - 1] = 1;
  reply_big(question, wanted);
  for (uint32_t k = 0; k < sizeof caps / sizeof *caps; k++) {
    uint32_t least = caps[k] < 65535 ? caps[k] : 65535;
    memset(out, 0xaa, sizeof out);
    EXPECT_NUMBER(u, query(engine, r, "b.example", out, caps[k], &info), least);
    EXPECT(u, info.actual == 65535 && info.status == RQ_OK && info.transport == RQ_TCP && info.tries == 2);
    EXPECT(u, info.server == 0 && info.rtt_us >= 0 && info.rcode == 0 && info.error == 0);
    for (uint32_t i = least; i < sizeof out; i++) EXPECT(u, out[i] == 0xaa);
    if (least > 2) EXPECT_OCTETS(u, out + 2, least - 2, wanted + 2, least - 2);
  }
  EXPECT_NUMBER(u, query(engine, r, "a..b", out, 100, &info), RQ_ILLEGAL_INPUT);
  EXPECT(u,
         info.status == RQ_ILLEGAL_INPUT && info.error == RQ_FLAW_EMPTY_LABEL && info.server == -1 && info.actual == 0);
  EXPECT_NUMBER(u, query(engine, r, "a1.example", out, 100, &info), 44);
  EXPECT(u, info.answered == 1);
  EXPECT_NUMBER(u, query(engine, r, "v1.example", out, 100, &info), 28);
  EXPECT(u, info.status == RQ_OK && info.rcode == 2 && info.answered == 0);
  rq_engine_free(engine);
  responder_free(r);
}

static int told; /* the thread is to end */

static void *pump_until_told(void *argument) {
  while (!__atomic_load_n(&told, __ATOMIC_SEQ_CST)) responder_pump(argument);
  return NULL;
}

static void test_the_blocking_query_waits(unit *u) {
  responder *r = responder_new();
  rq_engine_conf conf = standard;
  uint8_t out[100];
  rq_answer info;
  pthread_t thread;
  conf.slots = conf.max_in_flight = 1;
  rq_engine *engine = engine_for(u, &conf, r, 1);
  u->about = "blocking query";
  pthread_create(&thread, NULL, pump_until_told, r);
  EXPECT_NUMBER(u, rq_query(engine, "a1.example", 10, 1, 1, 1, out, sizeof out, &info), 44);
  __atomic_store_n(&told, 1, __ATOMIC_SEQ_CST);
  pthread_join(thread, NULL);
  rq_engine_free(engine);
  responder_free(r);
}

int main(void) {
  static void (*const cases[])(unit *) = {
      test_a_lookup_that_moves_to_a_server_already_served_is_sent_soon,
      test_answers_count_though_the_connection_cannot_be_written_to,
      test_a_connection_that_only_trickles_is_given_up,
      test_answers_in_time_count_though_read_late,
      test_ten_thousand_names_each_become_one_row,
      test_ports_change,
      test_the_limits_hold,
      test_one_server_gets_no_larger_burst_than_it_can_hold,
      test_a_drain_gives_whole_rows,
      test_cancelled_lookups_become_rows,
      test_illegal_names_become_rows,
      test_misuse_is_refused,
      test_a_query_stores_the_lesser_of_answer_and_buffer,
      test_the_blocking_query_waits,
  };
  return run_cases(cases, sizeof cases / sizeof *cases, "test_engine");
}
