/* guard.h: pages between pages that cannot be touched, and a check that ends the program.
 *
 * Octets that lie against such a page make a single access outside them fatal; canaries on the other side of a buffer
 * show what was written before it. Either breach tells the case that was being tried. SPDX-License-Identifier: MIT */
#ifndef GUARD_H
#define GUARD_H

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define CANARY 0xA5
#define CANARIES 16 /* octets before a buffer that are looked at after a call */
#define CHECK(condition) check((condition) != 0, #condition, __FILE__, __LINE__)

typedef struct page {
  uint8_t *begin, *end;
} page;

/* What is being tried. */
static struct {
  const char *what;
  const uint8_t *octets;
  size_t len, cap;
} trying;

static inline void trying_set(const char *what, const uint8_t *octets, size_t len, size_t cap) {
  trying.what = what;
  trying.octets = octets;
  trying.len = len;
  trying.cap = cap;
}

static inline _Noreturn void trying_failed(void) {
  fprintf(stderr, "in: %s, capacity %zu, octets ", trying.what, trying.cap);
  for (size_t i = 0; i < trying.len; i++) fprintf(stderr, "%02x", trying.octets[i]);
  fprintf(stderr, "\n");
  _exit(EXIT_FAILURE);
}

static inline void check(int holds, const char *what, const char *file, int line) {
  if (holds) return;
  fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
  trying_failed();
}

/* The fault is our own and synchronous, so printing is safe enough. */
static inline void on_fault(int signal) {
  fprintf(stderr, "%s\n", signal == SIGXCPU ? "does not end" : "touched a forbidden page");
  trying_failed();
}

/* Call it once, first. A case that does not end is a breach too; all together take less than these seconds of CPU. */
static inline void guard_begin(void) {
  const struct rlimit seconds = {300, 310};
  CHECK(setrlimit(RLIMIT_CPU, &seconds) == 0);
  signal(SIGSEGV, on_fault);
  signal(SIGBUS, on_fault);
  signal(SIGXCPU, on_fault);
}

/* Room for at least `size` octets between two forbidden pages. */
static inline page page_new(size_t size) {
  size_t unit = (size_t)sysconf(_SC_PAGESIZE), room = (size / unit + 1) * unit;
  uint8_t *area = mmap(NULL, room + 2 * unit, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(area != MAP_FAILED);
  CHECK(mprotect(area + unit, room, PROT_READ | PROT_WRITE) == 0);
  return (page){area + unit, area + unit + room};
}

static inline void page_free(page p) {
  size_t unit = (size_t)sysconf(_SC_PAGESIZE);
  CHECK(munmap(p.begin - unit, (size_t)(p.end - p.begin) + 2 * unit) == 0);
}

/* Whether `n` octets are canaries still. */
static inline int is_canary(const uint8_t *octets, size_t n) {
  return n == 0 || (octets[0] == CANARY && memcmp(octets, octets + 1, n - 1) == 0);
}

#endif
