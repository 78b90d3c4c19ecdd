/* rq_clock.h: the clocks: a monotonic one for deadlines, one for the age of answers, the wall clock for rows.
 * Microseconds; no system call on kernels with a vDSO. SPDX-License-Identifier: MIT */
#ifndef RQ_CLOCK_H
#define RQ_CLOCK_H

#include <stdint.h>

#include "rq_sys.h"

static inline int64_t rq_clock_read_us(const rq_sys *sys, clockid_t clock) {
  struct timespec now = {0, 0};
  sys->clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Never goes back; its zero means nothing. */
static inline int64_t rq_clock_us(const rq_sys *sys) {
  return rq_clock_read_us(sys, CLOCK_MONOTONIC);
}

/* The same, but it goes on while the machine sleeps: for what is to grow old all the same. */
static inline int64_t rq_clock_age_us(const rq_sys *sys) {
  return rq_clock_read_us(sys, CLOCK_BOOTTIME);
}

/* Since 1970 UTC. */
static inline int64_t rq_clock_wall_us(const rq_sys *sys) {
  return rq_clock_read_us(sys, CLOCK_REALTIME);
}

#endif
