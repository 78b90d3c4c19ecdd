/* runs.h: an engine and the server of responder.h in one thread: looks names up to the end and counts what became of
 * them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef RUNS_H
#define RUNS_H

#include <dirent.h>

#include "faults.h"
#include "responder.h"
#include "resquery.h"

#define NAMES_MAX 20000
#define ROWS_CAP (4u * 1024 * 1024)
#define STEPS_MAX 2000000 /* far more than any case takes: a hang is a failure, not a hang */

static const rq_engine_conf standard = {.slots = 300,
                                        .max_in_flight = 100,
                                        .timeout_ms = 20000,
                                        .try_ms = 5000,
                                        .tries = 3,
                                        .edns = 1,
                                        .recurse = 1,
                                        .sockets = 4};

/* What became of a run, read from its rows. */
typedef struct outcome {
  uint32_t rows, doubled, noerror, timeout, network, truncated, cancelled, illegal, servfail, no_memory, other, tcp;
  uint32_t addressed; /* of the rows, with the address that the responder gives */
  uint8_t seen[NAMES_MAX];
  rq_stats stats;
  char last[2000]; /* the last row */
} outcome;

static inline rq_engine *engine_for(unit *u, const rq_engine_conf *conf, const responder *r, uint32_t servers) {
  int32_t status, error;
  rq_addr addrs[32];
  for (uint32_t s = 0; s < servers; s++) addrs[s] = (rq_addr){.family = 4, .octets = {127, 0, 0, 1}, .port = r->port};
  rq_engine *engine = rq_engine_new(conf, addrs, servers, &status, &error);
  EXPECT(u, engine != NULL && status == RQ_OK && error == 0);
  return engine;
}

static inline void count_row(outcome *o, const char *row, size_t len) {
  static const struct {
    const char *text;
    size_t at;
  } kinds[] = {
      {"\"status\":\"NOERROR\"", offsetof(outcome, noerror)},
      {"\"status\":\"TIMEOUT\"", offsetof(outcome, timeout)},
      {"\"status\":\"ERROR\"", offsetof(outcome, network)},
      {"\"status\":\"TRUNCATED\"", offsetof(outcome, truncated)},
      {"\"status\":\"CANCELLED\"", offsetof(outcome, cancelled)},
      {"\"status\":\"ILLEGAL_INPUT\"", offsetof(outcome, illegal)},
      {"\"status\":\"SERVFAIL\"", offsetof(outcome, servfail)},
      {"\"status\":\"NO_MEMORY\"", offsetof(outcome, no_memory)},
  };
  size_t at = offsetof(outcome, other);
  o->rows++;
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
    if (memmem(row, len, kinds[k].text, strlen(kinds[k].text))) at = kinds[k].at;
  ++*(uint32_t *)(void *)((char *)o + at);
  o->tcp += memmem(row, len, "\"protocol\":\"tcp\"", 16) != NULL;
  o->addressed += memmem(row, len, ":\"127.0.0.1\"", 12) != NULL;
  if (len > 16 && memcmp(row, "{\"name\":\"", 9) == 0)
    o->doubled += o->seen[strtoul(row + 10, NULL, 10) % NAMES_MAX]++ > 0;
  snprintf(o->last, sizeof o->last, "%.*s", (int)len, row);
}

static inline void drain(rq_engine *engine, outcome *o) {
  static char out[ROWS_CAP];
  uint32_t rows, wanted;
  int32_t len = rq_engine_drain(engine, RQ_NDJSON, (uint8_t *)out, ROWS_CAP, &rows, &wanted);
  for (char *at = out; at < out + len;) {
    char *end = memchr(at, '\n', (size_t)(out + len - at));
    count_row(o, at, (size_t)(end - at));
    at = end + 1;
  }
}

/* Submits name number `n` as `pattern` has it; 0 when no slot is free. */
static inline int32_t submit(rq_engine *engine, const char *pattern, uint32_t n) {
  char name[80];
  uint16_t type = 1;
  int32_t offsets[2] = {0, 0};
  offsets[1] = snprintf(name, sizeof name, pattern, n);
  return rq_engine_submit(engine, (const uint8_t *)name, offsets, 1, &type, 1, n);
}

/* Looks up `count` names, numbered from 0, to the end. */
static inline void run(unit *u, rq_engine *engine, responder *r, const char *pattern, uint32_t count, outcome *o) {
  uint32_t asked = 0, steps = 0;
  memset(o, 0, sizeof *o);
  memset(r->seen, 0, sizeof r->seen);
  while (o->rows < count && ++steps < STEPS_MAX) {
    while (asked < count && submit(engine, pattern, asked) == 1) asked++;
    int32_t rows = rq_engine_step(engine, 1);
    EXPECT(u, rows >= 0 || faults.call != F_NONE);
    responder_pump(r);
    drain(engine, o);
  }
  rq_engine_stats(engine, &o->stats);
  EXPECT_NUMBER(u, o->rows, count);
  EXPECT_NUMBER(u, o->doubled, 0);
  EXPECT_NUMBER(u, o->stats.held, 0);
  EXPECT_NUMBER(u, o->stats.in_flight, 0);
  EXPECT_NUMBER(u, o->stats.finished, 0);
  EXPECT_NUMBER(u, o->stats.inputs, o->stats.rows);
  uint64_t statuses = 0;
  for (int s = 0; s < RQ_STATUSES; s++) statuses += o->stats.statuses[s];
  EXPECT_NUMBER(u, statuses, o->stats.rows);
}

/* The same with an engine of its own. */
static inline void run_once(unit *u, const rq_engine_conf *conf, uint32_t servers, const char *pattern, uint32_t count,
                            outcome *o) {
  responder *r = responder_new();
  rq_engine *engine = engine_for(u, conf, r, servers);
  u->about = pattern;
  run(u, engine, r, pattern, count, o);
  rq_engine_free(engine);
  responder_free(r);
}

static inline unsigned count_descriptors(void) {
  unsigned count = (unsigned)-3; /* . and .. and the folder's own */
  DIR *folder = opendir("/proc/self/fd");
  while (readdir(folder)) count++;
  closedir(folder);
  return count;
}

/* Runs a program's tests, which leave no descriptor open and no memory allocated; the exit status. */
static inline int run_cases(void (*const *cases)(unit *), size_t count, const char *title) {
  static unit u;
  unsigned before = count_descriptors();
  for (size_t k = 0; k < count; k++) cases[k](&u);
  u.about = "all cases";
  EXPECT_NUMBER(&u, count_descriptors(), before);
  EXPECT_NUMBER(&u, faults.blocks, 0);
  return unit_report(&u, title);
}

#endif
