/* rq_heap.c: counted memory; see rq_heap.h. SPDX-License-Identifier: MIT */
#include "rq_heap.h"

#include <stdatomic.h>
#include <stdlib.h>

#define ALIGN 64

/* Before every block stands its size. */
typedef union head {
  size_t size;
  uint8_t space[ALIGN];
} head;

static _Atomic int64_t live_blocks, live_octets;

void *rq_heap_take(size_t size) {
  if (size > SIZE_MAX / 2) return NULL;
  size_t whole = sizeof(head) + (size + ALIGN - 1) / ALIGN * ALIGN;
  head *block = aligned_alloc(ALIGN, whole);
  if (block == NULL) return NULL;
  block->size = whole;
  atomic_fetch_add(&live_blocks, 1);
  atomic_fetch_add(&live_octets, (int64_t)whole);
  return block + 1;
}

void rq_heap_give(void *memory) {
  if (memory == NULL) return;
  head *block = (head *)memory - 1;
  atomic_fetch_sub(&live_blocks, 1);
  atomic_fetch_sub(&live_octets, (int64_t)block->size);
  free(block);
}

void rq_columns_live(int64_t *blocks, int64_t *octets) {
  *blocks = atomic_load(&live_blocks);
  *octets = atomic_load(&live_octets);
}
