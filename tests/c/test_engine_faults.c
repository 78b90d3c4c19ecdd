/* test_engine_faults.c: the engine where the kernel, the allocator or a fork does what nobody hopes for: each input
 * becomes one row all the same.
 *
 * SPDX-License-Identifier: MIT */
#include <sys/wait.h>

#include "runs.h"

/* --- fork, lack of resources, failing system calls --- */

static void test_a_forked_child_has_sockets_of_its_own(unit *u) {
  responder *r = responder_new();
  rq_engine *engine = engine_for(u, &standard, r, 1);
  outcome o;
  u->about = "fork";
  memset(&o, 0, sizeof o);
  for (uint32_t n = 0; n < 50; n++) submit(engine, n % 2 ? "a%u.example" : "t%u.example", n);
  rq_engine_step(engine, 0);
  responder_pump(r);
  rq_engine_step(engine, 0); /* some finished, some in flight over TCP */
  pid_t child = fork();
  if (child == 0) {
    int32_t rows = 0;
    for (int n = 0; n < STEPS_MAX && rows < 50; n++) rows = rq_engine_step(engine, 1);
    drain(engine, &o);
    rq_engine_free(engine);
    responder_free(r);
    _exit(o.noerror == 50 ? 0 : 1);
  }
  int status = -1;
  while (waitpid(child, &status, WNOHANG) == 0) responder_pump(r);
  EXPECT(u, WIFEXITED(status) && WEXITSTATUS(status) == 0);
  for (int n = 0; n < STEPS_MAX && rq_engine_step(engine, 1) < 50; n++) responder_pump(r);
  drain(engine, &o);
  EXPECT_NUMBER(u, o.noerror, 50); /* the parent's are unharmed */
  rq_engine_free(engine);
  responder_free(r);
}

/* A thousand queries are more than a receive buffer holds: the responder reads them as they come, so that none is lost
 * and no lookup waits for the end of a try. The child has it answer them, to the parent's sockets, then its own. */
static void test_a_fork_with_a_thousand_lookups_in_flight(unit *u) {
  responder *r = responder_new();
  rq_engine_conf conf = standard;
  outcome o;
  u->about = "fork with 1,000 in flight";
  memset(&o, 0, sizeof o);
  conf.slots = conf.max_in_flight = 1000;
  conf.sockets = 16;
  conf.timeout_ms = 2 * conf.timeout_ms;
  conf.try_ms = conf.timeout_ms / 2;
  rq_engine *engine = engine_for(u, &conf, r, 1);
  r->listens = 1;
  for (uint32_t n = 0, steps = 0; r->heard_count < 1000 && steps < STEPS_MAX; steps++) {
    for (; n < r->heard_count + 100 && n < 1000; n++) submit(engine, "a%u.example", n);
    rq_engine_step(engine, 1);
    responder_pump(r);
  }
  pid_t child = fork();
  if (child == 0) {
    responder_answer(r);
    for (int n = 0; n < STEPS_MAX && rq_engine_step(engine, 1) < 1000; n++) responder_pump(r);
    rq_engine_stats(engine, &o.stats);
    int whole = o.stats.finished == 1000 && o.stats.rcodes[0] == 1000 && o.stats.queries[RQ_UDP] >= 2000 &&
                o.stats.dropped[RQ_DROP_ID] == 0;
    rq_engine_free(engine);
    responder_free(r);
    _exit(whole ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT(u, WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_NUMBER(u, rq_engine_step(engine, 0), 1000); /* they wait in its sockets */
  rq_engine_stats(engine, &o.stats);
  EXPECT_NUMBER(u, o.stats.rcodes[0], 1000);
  EXPECT_NUMBER(u, o.stats.queries[RQ_UDP], 1000);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_a_forked_child_that_frees_the_engine_harms_no_lookup(unit *u) {
  responder *r = responder_new();
  rq_engine *engine = engine_for(u, &standard, r, 1);
  outcome o;
  u->about = "fork and free";
  memset(&o, 0, sizeof o);
  for (uint32_t n = 0; n < 50; n++) submit(engine, "t%u.example", n);
  for (int n = 0; n < STEPS_MAX && r->tcp_queries == 0; n++) {
    rq_engine_step(engine, 0);
    responder_pump(r);
  }
  pid_t child = fork();
  if (child == 0) {
    rq_engine_free(engine);
    _exit(0);
  }
  waitpid(child, NULL, 0);
  for (int n = 0; n < STEPS_MAX && rq_engine_step(engine, 1) < 50; n++) responder_pump(r);
  drain(engine, &o);
  rq_engine_stats(engine, &o.stats);
  EXPECT_NUMBER(u, o.noerror, 50);
  EXPECT_NUMBER(u, o.stats.tries, 100);
  EXPECT_NUMBER(u, o.stats.tcp_connects, 1);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_lack_of_descriptors_is_told(unit *u) {
  int32_t status, error;
  rq_addr addr = {.family = 4, .octets = {127, 0, 0, 1}, .port = 53};
  unsigned before = count_descriptors();
  u->about = "descriptors";
  for (unsigned long k = 1; k <= standard.sockets; k++) {
    fault_set(F_SOCKET, EMFILE, k, k);
    EXPECT(u, rq_engine_new(&standard, &addr, 1, &status, &error) == NULL);
    EXPECT(u, status == RQ_NETWORK && error == EMFILE);
    fault_set(F_NONE, 0, 0, 0);
    EXPECT_NUMBER(u, count_descriptors(), before);
  }
}

static void test_lack_of_memory_is_told(unit *u) {
  int32_t status = RQ_NO_MEMORY, error;
  rq_addr addr = {.family = 4, .octets = {127, 0, 0, 1}, .port = 53};
  unsigned before = count_descriptors();
  unsigned long k = 0;
  outcome o;
  u->about = "memory";
  while (status == RQ_NO_MEMORY && ++k < 100) {
    fault_set(F_MALLOC, ENOMEM, k, k);
    rq_engine *engine = rq_engine_new(&standard, &addr, 1, &status, &error);
    EXPECT(u, (engine == NULL) == (status == RQ_NO_MEMORY));
    rq_engine_free(engine);
  }
  EXPECT(u, k > 8 && k < 100);
  EXPECT_NUMBER(u, count_descriptors(), before);
  fault_set(F_NONE, 0, 0, 0);
  responder *r = responder_new();
  rq_engine *engine = engine_for(u, &standard, r, 1);
  fault_set(F_MALLOC, ENOMEM, 2, 4); /* the connection's buffers first, then replies that do not fit a slot */
  run(u, engine, r, "b%u.example", 10, &o);
  fault_set(F_NONE, 0, 0, 0);
  EXPECT_NUMBER(u, o.no_memory, 3);
  EXPECT_NUMBER(u, o.noerror, 7);
  rq_engine_free(engine);
  responder_free(r);
}

/* An engine and a cache, from their beginning to their end, with all that allocates: connections, replies too large for
 * a slot, answers on the way along a chain. The faults that are set come from the first allocation on, or from the
 * first lookup on. Returns how many allocations there were. */
static unsigned long use_up_memory(unit *u, int engine_too, unsigned long from, unsigned long until,
                                   unsigned long every) {
  static const char *const patterns[] = {"b%u.example", "e%u.example", "t%u.example"};
  static const rq_cache_conf cached = {.entries = 100, .octets = 1 << 20, .ttl_max_s = 60, .negative_max_s = 60};
  rq_engine_conf conf = standard;
  int32_t status, error;
  outcome o;
  conf.share = conf.adapt = conf.spread = 1;
  conf.hops = 3;
  responder *r = responder_new();
  rq_addr addr = {.family = 4, .octets = {127, 0, 0, 1}, .port = r->port};
  if (engine_too) fault_set(F_MALLOC, ENOMEM, from, until);
  rq_cache *cache = rq_cache_new(&cached, &status);
  EXPECT(u, (cache == NULL) == (status == RQ_NO_MEMORY));
  rq_engine *engine = rq_engine_new(&conf, &addr, 1, &status, &error);
  EXPECT(u, (engine == NULL) == (status == RQ_NO_MEMORY));
  if (cache && engine) EXPECT(u, rq_engine_use_cache(engine, cache) == RQ_OK || engine_too);
  if (!engine_too) fault_set(F_MALLOC, ENOMEM, from, until);
  faults.every = every;
  for (int k = 0; engine && k < 3; k++) {
    run(u, engine, r, patterns[k], 30, &o);
    EXPECT_NUMBER(u, o.noerror + o.no_memory + o.network, 30); /* network: no connection can be made, for this reason */
    EXPECT(u, k == 0 || o.addressed == o.noerror);             /* the whole chain, or none of it */
    EXPECT(u, o.network == 0 || (every == 1 && strstr(o.last, "no memory")));
  }
  rq_engine_free(engine);
  rq_cache_free(cache);
  unsigned long allocations = faults.calls;
  fault_set(F_NONE, 0, 0, 0);
  responder_free(r);
  return allocations;
}

static void test_any_allocation_may_fail_and_none_is_lost(unit *u) {
  unsigned long k = 0, allocations, before = faults.blocks;
  char about[60];
  u->about = about;
  do {
    snprintf(about, sizeof about, "allocation %lu", ++k);
    allocations = use_up_memory(u, 1, k, k, 1);
    EXPECT_NUMBER(u, faults.blocks, before);
  } while (allocations >= k); /* the last one was not reached */
  EXPECT(u, k > 60);
  for (unsigned long every = 1; every <= 12; every++) {
    snprintf(about, sizeof about, "each allocation number %lu", every);
    use_up_memory(u, 0, 1, 100000, every);
    EXPECT_NUMBER(u, faults.blocks, before);
  }
}

static void test_failing_system_calls_cost_no_row(unit *u) {
  static const int errors[] = {EINTR, EAGAIN, ENOBUFS, EMFILE, ENETUNREACH, ECONNREFUSED, EIO};
  unsigned before = count_descriptors();
  char about[40];
  for (int call = F_SENDMMSG; call <= F_GETRANDOM; call++) {
    for (size_t e = 0; e < sizeof errors / sizeof *errors; e++) {
      for (unsigned long until = 1; until <= 21; until += 5) {
        rq_engine_conf conf = standard;
        outcome o;
        int32_t status, error;
        responder *r = responder_new();
        rq_addr addr = {.family = 4, .octets = {127, 0, 0, 1}, .port = r->port};
        snprintf(about, sizeof about, "call %d errno %d until %lu", call, errors[e], until);
        u->about = about;
        conf.try_ms = 20;
        fault_set((enum fault)call, errors[e], 1, until);
        rq_engine *engine = rq_engine_new(&conf, &addr, 1, &status, &error);
        EXPECT(u, engine != NULL || (status == RQ_NETWORK && error == errors[e]));
        if (engine) run(u, engine, r, "a%u.example", 200, &o); /* runs of packets, once the first are answered */
        if (engine) run(u, engine, r, "t%u.example", 30, &o);
        fault_set(F_NONE, 0, 0, 0);
        rq_engine_free(engine);
        conf.transport = RQ_TCP; /* no call for UDP comes before */
        engine = engine_for(u, &conf, r, 1);
        fault_set((enum fault)call, errors[e], 1, until);
        run(u, engine, r, "a%u.example", 30, &o);
        fault_set(F_NONE, 0, 0, 0);
        rq_engine_free(engine);
        responder_free(r);
      }
    }
  }
  EXPECT_NUMBER(u, count_descriptors(), before);
}

int main(void) {
  static void (*const cases[])(unit *) = {
      test_a_forked_child_has_sockets_of_its_own,
      test_a_fork_with_a_thousand_lookups_in_flight,
      test_a_forked_child_that_frees_the_engine_harms_no_lookup,
      test_lack_of_descriptors_is_told,
      test_lack_of_memory_is_told,
      test_any_allocation_may_fail_and_none_is_lost,
      test_failing_system_calls_cost_no_row,
  };
  return run_cases(cases, sizeof cases / sizeof *cases, "test_engine_faults");
}
