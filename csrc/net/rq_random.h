/* rq_random.h: unpredictable numbers for query IDs and the choice of sockets (RFC 5452, section 9.2).
 *
 * From the kernel's CSPRNG alone, fetched 4 KiB at a time; there is no weaker fallback. SPDX-License-Identifier: MIT */
#ifndef RQ_RANDOM_H
#define RQ_RANDOM_H

#include <stdint.h>

#include "rq_sys.h"

#define RQ_RANDOM_POOL 2048 /* numbers of 16 bits */

typedef struct rq_random {
  const rq_sys *sys;
  uint16_t pool[RQ_RANDOM_POOL];
  uint32_t left; /* of the pool, not yet handed out */
} rq_random;

/* Begins empty. Also after fork(): what the parent holds must not be handed out twice. */
static inline void rq_random_init(rq_random *random, const rq_sys *sys) {
  random->sys = sys;
  random->left = 0;
}

/* 0..65535, or -1 when the kernel gives no random octets (errno is set): then nothing may be sent. */
int32_t rq_random_u16(rq_random *random);

/* 64 bits, and 1; or 0 as above, and *bits is untouched. */
int rq_random_u64(rq_random *random, uint64_t *bits);

/* 0..n-1, 1 <= n <= 256, or -1 as above. */
int32_t rq_random_below(rq_random *random, uint32_t n);

#endif
