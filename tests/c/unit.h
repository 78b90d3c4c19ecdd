/* unit.h: a unit test harness of one header: checks that count, say what failed, and go on.
 *
 * SPDX-License-Identifier: MIT */
#ifndef UNIT_H
#define UNIT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct unit {
  unsigned long checks, failures;
  const char *about; /* the case at hand, shown with a failure */
} unit;

#define EXPECT(u, condition) unit_expect((u), (condition) != 0, #condition, __FILE__, __LINE__)
#define EXPECT_NUMBER(u, got, wanted) unit_number((u), (long long)(got), (long long)(wanted), #got, __FILE__, __LINE__)
#define EXPECT_OCTETS(u, got, len, wanted, wanted_len) \
  unit_octets((u), (got), (len), (wanted), (wanted_len), #got, __FILE__, __LINE__)

static inline void unit_fail(unit *u, const char *what, const char *file, int line) {
  u->failures++;
  printf("%s:%d: %s: %s\n", file, line, u->about == NULL ? "" : u->about, what);
}

static inline void unit_expect(unit *u, int holds, const char *what, const char *file, int line) {
  u->checks++;
  if (!holds) unit_fail(u, what, file, line);
}

static inline void unit_number(unit *u, long long got, long long wanted, const char *what, const char *file, int line) {
  u->checks++;
  if (got == wanted) return;
  unit_fail(u, what, file, line);
  printf("  got %lld, wanted %lld\n", got, wanted);
}

static inline void unit_show(const char *title, const uint8_t *octets, size_t len) {
  printf("  %s %zu octets:", title, len);
  for (size_t i = 0; i < len; i++) printf(octets[i] > 32 && octets[i] < 127 ? " %c" : " %02x", octets[i]);
  printf("\n");
}

static inline void unit_octets(unit *u, const void *got, size_t len, const void *wanted, size_t wanted_len,
                               const char *what, const char *file, int line) {
  u->checks++;
  if (len == wanted_len && (len == 0 || memcmp(got, wanted, len) == 0)) return;
  unit_fail(u, what, file, line);
  unit_show("got", got, len);
  unit_show("wanted", wanted, wanted_len);
}

/* The closing line; the exit status of the program. */
static inline int unit_report(const unit *u, const char *title) {
  printf("%s: %lu checks, %lu failures\n", title, u->checks, u->failures);
  return u->failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
