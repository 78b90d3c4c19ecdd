/* test_engine_answers.c: the engine against a server in the same thread (responder.h): which packets count, and what a
 * lookup survives.
 *
 * SPDX-License-Identifier: MIT */
#include "runs.h"

/* --- answers --- */

static void test_plain_answers(unit *u) {
  outcome o;
  run_once(u, &standard, 1, "a%u.example", 500, &o);
  EXPECT_NUMBER(u, o.noerror, 500);
  EXPECT_NUMBER(u, o.stats.queries[RQ_UDP], 500);
  EXPECT_NUMBER(u, o.stats.received[RQ_UDP], 500);
  EXPECT_NUMBER(u, o.stats.rcodes[0], 500);
  EXPECT_NUMBER(u, o.stats.tries, 500);
  EXPECT(u, strstr(o.last, "127.0.0.1") != NULL);
}

static void test_truncated_answers_are_asked_for_over_tcp(unit *u) {
  outcome o;
  run_once(u, &standard, 1, "t%u.example", 500, &o);
  EXPECT_NUMBER(u, o.noerror, 500);
  EXPECT_NUMBER(u, o.tcp, 500);
  EXPECT_NUMBER(u, o.stats.queries[RQ_UDP], 500);
  EXPECT_NUMBER(u, o.stats.queries[RQ_TCP], 500);
  EXPECT(u, o.stats.tcp_connects <= 4);
}

static void test_truncation_over_tcp_is_told(unit *u) {
  rq_engine_conf conf = standard;
  outcome o;
  conf.transport = RQ_TCP;
  run_once(u, &conf, 1, "c%u.example", 50, &o);
  EXPECT_NUMBER(u, o.truncated, 50);
}

static void test_tcp_alone(unit *u) {
  rq_engine_conf conf = standard;
  outcome o;
  conf.transport = RQ_TCP;
  run_once(u, &conf, 1, "a%u.example", 500, &o);
  EXPECT_NUMBER(u, o.noerror, 500);
  EXPECT_NUMBER(u, o.stats.queries[RQ_UDP], 0);
}

static void test_tcp_framing_faults_are_survived(unit *u) {
  static const char *const patterns[] = {"s%u.example", "z%u.example", "i%u.example", "h%u.example"};
  outcome o;
  for (int k = 0; k < 4; k++) {
    run_once(u, &standard, 1, patterns[k], 100, &o);
    EXPECT_NUMBER(u, o.noerror, 100);
    EXPECT_NUMBER(u, o.stats.dropped[RQ_DROP_SHORT], k == 1 ? 200 : 0);
    /* a wrong ID may be another lookup's by chance: then the question gives it away */
    EXPECT_NUMBER(u, o.stats.dropped[RQ_DROP_ID] + o.stats.dropped[RQ_DROP_QUESTION], k == 2 ? 100 : 0);
  }
}

static void test_the_largest_message_arrives_whole(unit *u) {
  rq_engine_conf conf = standard;
  outcome o;
  run_once(u, &conf, 1, "b%u.example", 20, &o);
  EXPECT_NUMBER(u, o.noerror, 20);
}

static void test_many_servers_share_sockets(unit *u) {
  outcome o;
  rq_engine_conf conf = standard;
  conf.rotate = 1;
  run_once(u, &conf, 20, "a%u.example", 500, &o);
  EXPECT_NUMBER(u, o.noerror, 500);
  run_once(u, &conf, 20, "t%u.example", 500, &o);
  EXPECT_NUMBER(u, o.noerror, 500);
}

/* --- what is dropped --- */

/* Before the right one come as many as the name says: none for the first, 1,000 for the last. One try is enough. */
static void test_wrong_packets_do_not_end_a_lookup(unit *u) {
  static const int kinds[] = {RQ_DROP_ID,    RQ_DROP_QUESTION, RQ_DROP_NOT_REPLY,
                              RQ_DROP_SHORT, RQ_DROP_OPCODE,   RQ_DROP_MALFORMED};
  rq_engine_conf conf = standard;
  uint64_t dropped = 0;
  outcome o;
  conf.max_in_flight = conf.tries = 1; /* one in flight: no wrong ID is another's */
  run_once(u, &conf, 1, "x%u.example", 1001, &o);
  EXPECT_NUMBER(u, o.noerror, 1001);
  EXPECT_NUMBER(u, o.stats.tries, 1001);
  EXPECT_NUMBER(u, o.stats.queries[RQ_UDP], 1001);
  for (int k = 0; k < 6; k++) {
    EXPECT(u, o.stats.dropped[kinds[k]] > 500500 / 6 - 1000);
    dropped += o.stats.dropped[kinds[k]];
  }
  EXPECT_NUMBER(u, dropped, 500500);
}

static void test_answers_from_a_wrong_port_are_dropped(unit *u) {
  outcome o;
  run_once(u, &standard, 20, "w%u.example", 50, &o); /* one socket for many servers: the engine compares */
  EXPECT_NUMBER(u, o.noerror, 50);
  EXPECT_NUMBER(u, o.stats.dropped[RQ_DROP_SOURCE], 50);
  run_once(u, &standard, 1, "w%u.example", 50, &o); /* connected: the kernel does */
  EXPECT_NUMBER(u, o.noerror, 50);
  EXPECT_NUMBER(u, o.stats.dropped[RQ_DROP_SOURCE], 0);
}

static void test_answers_too_large_for_udp_are_asked_for_over_tcp(unit *u) {
  outcome o;
  run_once(u, &standard, 1, "l%u.example", 10, &o);
  EXPECT_NUMBER(u, o.noerror, 10);
  EXPECT_NUMBER(u, o.tcp, 10);
  EXPECT_NUMBER(u, o.stats.dropped[RQ_DROP_LARGE], 0);
  EXPECT_NUMBER(u, o.stats.tries, 20);
}

/* --- failures --- */

static void test_silence_times_out_after_all_tries(unit *u) {
  rq_engine_conf conf = standard;
  outcome o;
  conf.try_ms = 10;
  run_once(u, &conf, 1, "n%u.example", 50, &o);
  EXPECT_NUMBER(u, o.timeout, 50);
  EXPECT_NUMBER(u, o.stats.queries[RQ_UDP], 150);
  EXPECT_NUMBER(u, o.stats.tries, 150);
  conf.transport = RQ_TCP;
  run_once(u, &conf, 1, "n%u.example", 50, &o);
  EXPECT_NUMBER(u, o.timeout, 50);
  conf.try_ms = conf.timeout_ms = 30; /* the lookup's deadline cuts the last try short */
  conf.tries = 100;
  run_once(u, &conf, 1, "n%u.example", 50, &o);
  EXPECT_NUMBER(u, o.timeout, 50);
}

static void test_a_lost_query_is_sent_again(unit *u) {
  rq_engine_conf conf = standard;
  outcome o;
  conf.try_ms = 20;
  run_once(u, &conf, 1, "d%u.example", 200, &o);
  EXPECT_NUMBER(u, o.noerror, 200);
  EXPECT_NUMBER(u, o.stats.queries[RQ_UDP], 400);
}

static void test_servfail_of_all_servers_is_the_answer(unit *u) {
  outcome o;
  run_once(u, &standard, 2, "v%u.example", 50, &o);
  EXPECT_NUMBER(u, o.servfail, 50);
  EXPECT_NUMBER(u, o.stats.tries, 100);
  EXPECT_NUMBER(u, o.stats.rcodes[2], 50);
}

static void test_a_dead_port_fails_at_once(unit *u) {
  responder *dead = responder_new(), *r = responder_new();
  outcome o;
  for (int transport = RQ_UDP; transport <= RQ_TCP; transport++) {
    rq_engine_conf conf = standard;
    conf.transport = (uint8_t)transport;
    u->about = "dead port";
    rq_engine *engine = engine_for(u, &conf, dead, transport == RQ_UDP ? 1 : 20);
    if (transport == RQ_UDP) {
      close(dead->udp);
      close(dead->tcp);
    }
    run(u, engine, r, "a%u.example", 100, &o);
    EXPECT_NUMBER(u, o.network, 100);
    EXPECT_NUMBER(u, o.stats.tries, 300);
    EXPECT(u, strstr(o.last, "refused") != NULL);
    rq_engine_free(engine);
  }
  dead->udp = responder_bound(SOCK_DGRAM, 0);
  dead->tcp = responder_bound(SOCK_STREAM, 0);
  responder_free(dead);
  responder_free(r);
}

static void test_connections_that_close_early(unit *u) {
  outcome o;
  run_once(u, &standard, 1, "f%u.example", 100, &o); /* at every query */
  EXPECT_NUMBER(u, o.network, 100);
  run_once(u, &standard, 1, "o%u.example", 300, &o); /* after one answer each */
  EXPECT_NUMBER(u, o.noerror, 300);
  EXPECT(u, o.stats.tcp_connects >= 300);
}

int main(void) {
  static void (*const cases[])(unit *) = {
      test_plain_answers,
      test_truncated_answers_are_asked_for_over_tcp,
      test_truncation_over_tcp_is_told,
      test_tcp_alone,
      test_tcp_framing_faults_are_survived,
      test_the_largest_message_arrives_whole,
      test_many_servers_share_sockets,
      test_wrong_packets_do_not_end_a_lookup,
      test_answers_from_a_wrong_port_are_dropped,
      test_answers_too_large_for_udp_are_asked_for_over_tcp,
      test_silence_times_out_after_all_tries,
      test_a_lost_query_is_sent_again,
      test_servfail_of_all_servers_is_the_answer,
      test_a_dead_port_fails_at_once,
      test_connections_that_close_early,
  };
  return run_cases(cases, sizeof cases / sizeof *cases, "test_engine_answers");
}
