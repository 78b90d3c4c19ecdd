/* test_threads.c: engines in threads, each its own, with one cache for all: under ThreadSanitizer.
 *
 * SPDX-License-Identifier: MIT */
#include <pthread.h>

#include "responder.h"
#include "resquery.h"

#define THREADS 4
#define LOOKUPS 300
#define STEPS_MOST 2000000

typedef struct worker {
  pthread_t thread;
  rq_cache *cache;
  uint32_t rows;
  uint64_t noerror, cached;
} worker;

/* A fifth of the names are those of all threads: they meet in the cache. */
static int32_t submit(rq_engine *engine, uint32_t n) {
  char name[40];
  uint16_t type = 1;
  int32_t offsets[2] = {0, snprintf(name, sizeof name, "%c%u.example", n % 7 == 0 ? 't' : 'a', n % 60)};
  return rq_engine_submit(engine, (const uint8_t *)name, offsets, 1, &type, 1, n);
}

/* A life: an engine, its lookups, and the cache asked about and flushed in between. */
static void *work(void *argument) {
  static _Thread_local uint8_t out[1 << 20];
  worker *w = argument;
  responder *r = responder_new();
  rq_engine_conf conf = {.slots = 64, .max_in_flight = 40, .timeout_ms = 20000, .try_ms = 2000, .tries = 5};
  conf.edns = conf.mixed_case = conf.cookies = conf.share = conf.adapt = 1;
  conf.sockets = 2;
  rq_addr addr = {.family = 4, .octets = {127, 0, 0, 1}, .port = r->port};
  int32_t status, error;
  rq_engine *engine = rq_engine_new(&conf, &addr, 1, &status, &error);
  uint32_t asked = 0;
  rq_stats stats;
  rq_cache_stats totals;
  if (!engine || rq_engine_use_cache(engine, w->cache) != RQ_OK) return NULL;
  for (uint32_t n = 0; n < STEPS_MOST && w->rows < LOOKUPS; n++) {
    uint32_t rows, wanted;
    while (asked < LOOKUPS && submit(engine, asked) == 1) asked++;
    rq_engine_step(engine, 1);
    responder_pump(r);
    rq_engine_drain(engine, RQ_NDJSON, out, sizeof out, &rows, &wanted);
    w->rows += rows;
    rq_cache_tell(w->cache, &totals);
    if (n % 50 == 10) rq_cache_flush(w->cache, "a3.example", 10);
    if (n % 500 == 100) rq_cache_flush(w->cache, NULL, 0);
  }
  rq_engine_stats(engine, &stats);
  w->noerror = stats.rcodes[0];
  w->cached = stats.cached;
  rq_engine_free(engine);
  responder_free(r);
  return NULL;
}

static void test_engines_in_threads_share_nothing_but_the_cache(unit *u) {
  static worker workers[THREADS];
  rq_cache_conf conf = {.entries = 100, .octets = 1 << 20, .ttl_max_s = 60, .negative_max_s = 60};
  int32_t status;
  uint64_t cached = 0;
  u->about = "threads";
  rq_cache *cache = rq_cache_new(&conf, &status);
  EXPECT(u, cache != NULL);
  for (int n = 0; n < THREADS; n++) {
    workers[n].cache = cache;
    EXPECT_NUMBER(u, pthread_create(&workers[n].thread, NULL, work, &workers[n]), 0);
  }
  for (int n = 0; n < THREADS; n++) pthread_join(workers[n].thread, NULL);
  rq_cache_free(cache);
  for (int n = 0; n < THREADS; n++) {
    EXPECT_NUMBER(u, workers[n].rows, LOOKUPS);
    EXPECT_NUMBER(u, workers[n].noerror, LOOKUPS);
    cached += workers[n].cached;
  }
  EXPECT(u, cached > 0);
}

int main(void) {
  static unit u;
  test_engines_in_threads_share_nothing_but_the_cache(&u);
  return unit_report(&u, "test_threads");
}
