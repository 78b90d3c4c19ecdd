/* rq_ids.h: (socket, query ID) -> slot, for everything in flight.
 *
 * Open addressing, linear probing, at least 4 places for each slot, which has an ID over UDP and one over TCP at the
 * most: so the table is never more than half full.
 * Allocates once. Keys are ours and random: a peer cannot choose colliding ones. SPDX-License-Identifier: MIT */
#ifndef RQ_IDS_H
#define RQ_IDS_H

#include <stdint.h>

#include "rq_wheel.h"

typedef struct rq_id {
  uint32_t key, slot; /* slot RQ_NONE: the place is free */
} rq_id;

typedef struct rq_ids {
  rq_id *places;
  uint32_t mask, shift;
} rq_ids;

static inline uint32_t rq_ids_key(uint32_t sock, uint16_t id) {
  return sock * 65536u + id;
}

/* Room for two entries of each of `slots`; 0, or -1 when there is no memory. */
int rq_ids_init(rq_ids *ids, uint32_t slots);
void rq_ids_drop(rq_ids *ids);

/* Enters key -> slot; 0 and no change when the key is there already. */
int rq_ids_add(rq_ids *ids, uint32_t key, uint32_t slot);

/* The slot, or RQ_NONE. */
uint32_t rq_ids_find(const rq_ids *ids, uint32_t key);

/* Removes a key, if it is there. */
void rq_ids_remove(rq_ids *ids, uint32_t key);

/* Removes all. */
void rq_ids_clear(rq_ids *ids);

#endif
