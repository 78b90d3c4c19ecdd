/* rq_wheel.h: timers, numbered: one for each slot, and what else waits, set and cleared in constant time.
 *
 * A wheel of 4,096 buckets of 4.096 ms; a deadline beyond its 16.7 s waits in the last bucket and is filed again from
 * there. A timer never fires early, and at most one bucket late. Allocates once. SPDX-License-Identifier: MIT */
#ifndef RQ_WHEEL_H
#define RQ_WHEEL_H

#include <stdint.h>

#define RQ_NONE 0xffffffffu /* no slot, no timer, no bucket, no server */

#define RQ_WHEEL_BUCKETS 4096u
#define RQ_WHEEL_TICK_US 4096

typedef struct rq_timer {
  int64_t due_us;
  uint32_t next, prev, bucket; /* bucket RQ_NONE: not set */
} rq_timer;

typedef struct rq_wheel {
  rq_timer *timers;
  int64_t tick;                         /* all buckets before this one are empty */
  uint32_t set;                         /* how many timers are */
  uint64_t used[RQ_WHEEL_BUCKETS / 64]; /* one bit for each bucket that is not empty */
  uint32_t heads[RQ_WHEEL_BUCKETS];
} rq_wheel;

/* Room for `count` timers; 0, or -1 when there is no memory. */
int rq_wheel_init(rq_wheel *wheel, uint32_t count, int64_t now_us);
void rq_wheel_drop(rq_wheel *wheel);

/* Sets or moves timer `i`. */
void rq_wheel_set(rq_wheel *wheel, uint32_t i, int64_t due_us);

/* Clears timer `i`, if it is set. */
void rq_wheel_clear(rq_wheel *wheel, uint32_t i);

/* When timer `i` is due, INT64_MAX when it is not set. */
static inline int64_t rq_wheel_due_us(const rq_wheel *wheel, uint32_t i) {
  return wheel->timers[i].bucket == RQ_NONE ? INT64_MAX : wheel->timers[i].due_us;
}

/* A timer that has come due, cleared; RQ_NONE when there is none. */
uint32_t rq_wheel_pop(rq_wheel *wheel, int64_t now_us);

/* When to call pop next, -1 when no timer is set. */
int64_t rq_wheel_next_us(const rq_wheel *wheel);

#endif
