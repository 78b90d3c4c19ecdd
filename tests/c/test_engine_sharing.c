/* test_engine_sharing.c: the engine where questions are shared, followed and cached: each input becomes one row, also
 * when memory is short, lookups are cancelled or the process forks.
 *
 * SPDX-License-Identifier: MIT */
#include <sys/wait.h>
#include <time.h>

#include "runs.h"

static const rq_engine_conf sharing = {.slots = 300,
                                       .max_in_flight = 100,
                                       .timeout_ms = 3000,
                                       .try_ms = 1000,
                                       .tries = 3,
                                       .recurse = 1,
                                       .share = 1,
                                       .hops = 4,
                                       .sockets = 4};

static void test_lack_of_memory_for_a_chain_is_told(unit *u) {
  responder *r = responder_new();
  rq_engine *engine = engine_for(u, &sharing, r, 1);
  outcome o;
  u->about = "memory for chains";
  fault_set(F_MALLOC, ENOMEM, 2, 4);
  run(u, engine, r, "e%u.example", 10, &o);
  fault_set(F_NONE, 0, 0, 0);
  EXPECT_NUMBER(u, o.no_memory, 3);
  EXPECT_NUMBER(u, o.noerror, 7);
  EXPECT_NUMBER(u, o.stats.queries[RQ_UDP], 17);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_lack_of_memory_for_sharing_and_for_a_cache_is_told(unit *u) {
  static const rq_cache_conf conf = {.entries = 2000, .octets = 1u << 22, .ttl_max_s = 60};
  rq_addr addr = {.family = 4, .octets = {127, 0, 0, 1}, .port = 53};
  int32_t status = RQ_NO_MEMORY, error;
  unsigned long k = 0;
  u->about = "memory for sharing, and for a cache";
  while (status == RQ_NO_MEMORY && ++k < 100) {
    fault_set(F_MALLOC, ENOMEM, k, k);
    rq_engine *engine = rq_engine_new(&sharing, &addr, 1, &status, &error);
    EXPECT(u, (engine == NULL) == (status == RQ_NO_MEMORY));
    rq_engine_free(engine);
  }
  EXPECT(u, k > 10 && k < 100);
  status = RQ_NO_MEMORY;
  for (k = 0; status == RQ_NO_MEMORY && ++k < 200;) {
    fault_set(F_MALLOC, ENOMEM, k, k);
    rq_cache *cache = rq_cache_new(&conf, &status);
    EXPECT(u, (cache == NULL) == (status == RQ_NO_MEMORY));
    rq_cache_free(cache);
  }
  EXPECT_NUMBER(u, k, 1 + 4 * 16 + 1); /* itself, and each of its parts */
  fault_set(F_GETRANDOM, ENOSYS, 1, 1);
  EXPECT(u, rq_engine_new(&sharing, &addr, 1, &status, &error) == NULL && status == RQ_NETWORK && error == ENOSYS);
  fault_set(F_GETRANDOM, ENOSYS, 1, 1);
  EXPECT(u, rq_cache_new(&conf, &status) == NULL && status == RQ_NETWORK);
  fault_set(F_NONE, 0, 0, 0);
}

/* Leaders, those that follow them, and lookups between two hops, of names that repeat after `names`. */
static rq_engine *half_way(unit *u, responder *r, const char *pattern, uint32_t names) {
  rq_engine *engine = engine_for(u, &sharing, r, 1);
  rq_stats stats;
  for (uint32_t n = 0; n < 200; n++) EXPECT_NUMBER(u, submit(engine, pattern, n % names), 1);
  rq_engine_step(engine, 0);
  rq_engine_stats(engine, &stats);
  EXPECT_NUMBER(u, stats.in_flight, names);
  EXPECT_NUMBER(u, stats.queries[RQ_UDP], names);
  responder_pump(r);
  rq_engine_step(engine, 0); /* the next hops are in flight */
  return engine;
}

static void test_cancelled_followers_become_rows(unit *u) {
  static const char *const patterns[] = {"n%u.example", "e%u.example", "g%u.example"};
  for (int k = 0; k < 3; k++) {
    responder *r = responder_new();
    outcome o = {0};
    u->about = patterns[k];
    rq_engine *engine = half_way(u, r, patterns[k], 20);
    rq_engine_cancel(engine);
    EXPECT_NUMBER(u, rq_engine_step(engine, 1000), 200);
    drain(engine, &o);
    EXPECT(u, o.rows == 200 && o.cancelled == 200);
    run(u, engine, r, "e%u.example", 100, &o); /* and the engine goes on */
    EXPECT_NUMBER(u, o.noerror, 100);
    rq_engine_free(engine);
    responder_free(r);
  }
}

/* Each asks for itself in turn, and the others are not touched: else this took minutes. */
static void test_many_who_wait_for_failures_cost_no_more_than_their_rows(unit *u) {
  responder *r = responder_new();
  rq_engine_conf conf = sharing;
  outcome o = {0};
  conf.slots = conf.max_in_flight = 60000;
  conf.timeout_ms = 600000;
  u->about = "failures shared";
  rq_engine *engine = engine_for(u, &conf, r, 1);
  for (uint32_t n = 0; n < conf.slots; n++) EXPECT_NUMBER(u, submit(engine, "n%u.example", 1), 1);
  fault_set(F_SENDMMSG, ENETUNREACH, 1, UINT32_MAX);
  clock_t begun = clock();
  while (o.rows < conf.slots && clock() - begun < 20 * CLOCKS_PER_SEC) {
    rq_engine_step(engine, 1000);
    drain(engine, &o);
  }
  fault_set(F_NONE, 0, 0, 0);
  EXPECT_NUMBER(u, o.network, conf.slots);
  rq_engine_stats(engine, &o.stats);
  EXPECT_NUMBER(u, o.stats.tries, (uint64_t)conf.tries * conf.slots);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_a_forked_child_goes_on_with_its_followers(unit *u) {
  responder *r = responder_new();
  u->about = "fork, with followers";
  rq_engine *engine = half_way(u, r, "e%u.example", 20);
  pid_t child = fork();
  if (child == 0) {
    outcome o = {0};
    int32_t rows = 0;
    for (int n = 0; n < 20000 && rows < 200; n++) rows = rq_engine_step(engine, 1);
    drain(engine, &o);
    rq_engine_stats(engine, &o.stats);
    rq_engine_free(engine);
    responder_free(r);
    _exit(o.noerror == 200 && o.stats.shared == 180 ? 0 : 1); /* 20 ask for 180 others, at both hops */
  }
  int status = -1;
  while (waitpid(child, &status, WNOHANG) == 0) responder_pump(r);
  EXPECT(u, WIFEXITED(status) && WEXITSTATUS(status) == 0);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_misuse_of_a_cache_is_refused(unit *u) {
  static const rq_cache_conf conf = {.entries = 10, .octets = 10000, .ttl_max_s = 60};
  responder *r = responder_new();
  rq_engine *engine = engine_for(u, &standard, r, 1);
  int32_t status;
  rq_cache *cache = rq_cache_new(&conf, &status);
  u->about = "misuse of a cache";
  EXPECT_NUMBER(u, rq_engine_use_cache(NULL, cache), RQ_BAD_ARGUMENT);
  EXPECT_NUMBER(u, rq_engine_use_cache(engine, NULL), RQ_BAD_ARGUMENT);
  fault_set(F_MALLOC, ENOMEM, 1, 1);
  EXPECT_NUMBER(u, rq_engine_use_cache(engine, cache), RQ_NO_MEMORY);
  fault_set(F_NONE, 0, 0, 0);
  EXPECT_NUMBER(u, rq_engine_use_cache(engine, cache), RQ_OK);
  EXPECT_NUMBER(u, rq_engine_use_cache(engine, cache), RQ_BAD_ARGUMENT); /* it has one */
  rq_engine_free(engine);
  engine = engine_for(u, &standard, r, 1);
  submit(engine, "a%u.example", 1);
  EXPECT_NUMBER(u, rq_engine_use_cache(engine, cache), RQ_BAD_ARGUMENT); /* too late */
  rq_engine_free(engine);
  rq_cache_free(cache);
  responder_free(r);
}

int main(void) {
  static void (*const cases[])(unit *) = {
      test_lack_of_memory_for_a_chain_is_told,
      test_lack_of_memory_for_sharing_and_for_a_cache_is_told,
      test_cancelled_followers_become_rows,
      test_a_forked_child_goes_on_with_its_followers,
      test_many_who_wait_for_failures_cost_no_more_than_their_rows,
      test_misuse_of_a_cache_is_refused,
  };
  return run_cases(cases, sizeof cases / sizeof *cases, "test_engine_sharing");
}
