/* rq_random.c: unpredictable numbers from getrandom(2), see rq_random.h.
 * Never falls back to a weaker source, never hands a number out twice. SPDX-License-Identifier: MIT */
#include "rq_random.h"

#include <errno.h>
/* Octets above 256 may arrive in parts when a signal comes. */
static int refill(rq_random *random) {
  size_t have = 0;
  while (have < sizeof random->pool) {
    ssize_t got = random->sys->getrandom((char *)random->pool + have, sizeof random->pool - have, 0);
    if (got < 0 && errno != EINTR) return -1;
    if (got > 0) have += (size_t)got;
  }
  random->left = RQ_RANDOM_POOL;
  return 0;
}

int32_t rq_random_u16(rq_random *random) {
  if (random->left == 0 && refill(random) < 0) return -1;
  random->left--;
  return random->pool[random->left];
}

/* Up to three numbers that are left in the pool are passed over. */
int rq_random_u64(rq_random *random, uint64_t *bits) {
  if (random->left < 4 && refill(random) < 0) return 0;
  random->left -= 4;
  const uint16_t *from = random->pool + random->left;
  *bits = (uint64_t)from[0] | (uint64_t)from[1] << 16 | (uint64_t)from[2] << 32 | (uint64_t)from[3] << 48;
  return 1;
}

int32_t rq_random_below(rq_random *random, uint32_t n) {
  int32_t drawn = rq_random_u16(random);
  /* n is small beside 65536: the bias is below 0.4 % */
  return drawn < 0 ? -1 : (int32_t)((uint32_t)drawn * n / 65536u);
}
