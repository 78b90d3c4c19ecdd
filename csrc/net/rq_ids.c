/* rq_ids.c: the table of what is in flight, see rq_ids.h.
 * Pure. Never more than half full, so a probe always meets a free place. SPDX-License-Identifier: MIT */
#include "rq_ids.h"

#include <stdlib.h>

int rq_ids_init(rq_ids *ids, uint32_t slots) {
  uint32_t bits = 6;
  while (((uint32_t)1 << bits) / 4 < slots) bits++;
  ids->mask = ((uint32_t)1 << bits) - 1;
  ids->shift = 32 - bits;
  ids->places = malloc(((size_t)ids->mask + 1) * sizeof *ids->places);
  if (!ids->places) return -1;
  rq_ids_clear(ids);
  return 0;
}

void rq_ids_drop(rq_ids *ids) {
  free(ids->places);
  ids->places = NULL;
}

/* Where a probe for the key begins (Knuth's multiplicative hash). */
static uint32_t home(const rq_ids *ids, uint32_t key) {
  return (key * 2654435769u) >> ids->shift;
}

/* The place that holds the key, or the free one where it would go. */
static uint32_t place_of(const rq_ids *ids, uint32_t key) {
  uint32_t at = home(ids, key);
  while (ids->places[at].slot != RQ_NONE && ids->places[at].key != key) at = (at + 1) & ids->mask;
  return at;
}

int rq_ids_add(rq_ids *ids, uint32_t key, uint32_t slot) {
  rq_id *place = &ids->places[place_of(ids, key)];
  if (place->slot != RQ_NONE) return 0;
  place->key = key;
  place->slot = slot;
  return 1;
}

uint32_t rq_ids_find(const rq_ids *ids, uint32_t key) {
  return ids->places[place_of(ids, key)].slot;
}

/* Entries behind the gap move up unless they would pass their home, so no marks for deleted entries are needed. */
void rq_ids_remove(rq_ids *ids, uint32_t key) {
  uint32_t gap = place_of(ids, key);
  if (ids->places[gap].slot == RQ_NONE) return;
  for (uint32_t at = (gap + 1) & ids->mask; ids->places[at].slot != RQ_NONE; at = (at + 1) & ids->mask) {
    uint32_t from_home = (at - home(ids, ids->places[at].key)) & ids->mask;
    if (from_home >= ((at - gap) & ids->mask)) {
      ids->places[gap] = ids->places[at];
      gap = at;
    }
  }
  ids->places[gap].slot = RQ_NONE;
}

void rq_ids_clear(rq_ids *ids) {
  for (uint32_t at = 0; at <= ids->mask; at++) ids->places[at].slot = RQ_NONE;
}
