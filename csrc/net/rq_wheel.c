/* rq_wheel.c: a timer wheel, see rq_wheel.h.
 * Pure: time is an argument. Lists are linked by slot number, so nothing is allocated after init.
 * SPDX-License-Identifier: MIT */
#include "rq_wheel.h"

#include <stdlib.h>

int rq_wheel_init(rq_wheel *wheel, uint32_t count, int64_t now_us) {
  wheel->timers = calloc(count, sizeof *wheel->timers);
  if (!wheel->timers) return -1;
  for (uint32_t i = 0; i < count; i++) wheel->timers[i].bucket = RQ_NONE;
  for (uint32_t b = 0; b < RQ_WHEEL_BUCKETS; b++) wheel->heads[b] = RQ_NONE;
  for (uint32_t w = 0; w < RQ_WHEEL_BUCKETS / 64; w++) wheel->used[w] = 0;
  wheel->tick = now_us / RQ_WHEEL_TICK_US;
  wheel->set = 0;
  return 0;
}

void rq_wheel_drop(rq_wheel *wheel) {
  free(wheel->timers);
  wheel->timers = NULL;
}

/* The bucket is the one after the deadline's, so that a timer in it is surely due once its time has come. */
void rq_wheel_set(rq_wheel *wheel, uint32_t i, int64_t due_us) {
  rq_timer *timer = &wheel->timers[i];
  rq_wheel_clear(wheel, i);
  int64_t tick = due_us / RQ_WHEEL_TICK_US + 1;
  if (tick < wheel->tick) tick = wheel->tick;
  if (tick - wheel->tick >= RQ_WHEEL_BUCKETS) tick = wheel->tick + RQ_WHEEL_BUCKETS - 1;
  uint32_t b = (uint32_t)(tick % RQ_WHEEL_BUCKETS);
  timer->due_us = due_us;
  timer->bucket = b;
  timer->prev = RQ_NONE;
  timer->next = wheel->heads[b];
  if (timer->next != RQ_NONE) wheel->timers[timer->next].prev = i;
  wheel->heads[b] = i;
  wheel->used[b / 64] |= (uint64_t)1 << (b % 64);
  wheel->set++;
}

void rq_wheel_clear(rq_wheel *wheel, uint32_t i) {
  rq_timer *timer = &wheel->timers[i];
  uint32_t b = timer->bucket;
  if (b == RQ_NONE) return;
  if (timer->next != RQ_NONE) wheel->timers[timer->next].prev = timer->prev;
  if (timer->prev != RQ_NONE)
    wheel->timers[timer->prev].next = timer->next;
  else
    wheel->heads[b] = timer->next;
  if (wheel->heads[b] == RQ_NONE) wheel->used[b / 64] &= ~((uint64_t)1 << (b % 64));
  timer->bucket = RQ_NONE;
  wheel->set--;
}

/* Buckets from the present one to the first that is not empty; some timer must be set. */
static uint32_t distance(const rq_wheel *wheel) {
  uint32_t from = (uint32_t)(wheel->tick % RQ_WHEEL_BUCKETS);
  uint32_t words = RQ_WHEEL_BUCKETS / 64, at = from / 64;
  uint64_t bits = wheel->used[at] & (~(uint64_t)0 << (from % 64));
  for (uint32_t n = 0; bits == 0 && n < words; n++) {
    at = (at + 1) % words;
    bits = wheel->used[at];
  }
  uint32_t b = at * 64 + (uint32_t)__builtin_ctzll(bits);
  return (b - from) % RQ_WHEEL_BUCKETS;
}

uint32_t rq_wheel_pop(rq_wheel *wheel, int64_t now_us) {
  int64_t now = now_us / RQ_WHEEL_TICK_US;
  while (wheel->set > 0) {
    int64_t tick = wheel->tick + distance(wheel);
    if (tick > now) break;
    wheel->tick = tick;
    uint32_t i = wheel->heads[tick % RQ_WHEEL_BUCKETS];
    if (wheel->timers[i].due_us <= now_us) {
      rq_wheel_clear(wheel, i);
      return i;
    }
    /* it was beyond the horizon when it was set; now + 1 at the least, so this ends */
    rq_wheel_set(wheel, i, wheel->timers[i].due_us);
  }
  if (now > wheel->tick) wheel->tick = now;
  return RQ_NONE;
}

int64_t rq_wheel_next_us(const rq_wheel *wheel) {
  if (wheel->set == 0) return -1;
  return (wheel->tick + distance(wheel)) * RQ_WHEEL_TICK_US;
}
