/* rq_heap.c: counted memory; see rq_heap.h. SPDX-License-Identifier: MIT */
#include "rq_heap.h"

#include <stdatomic.h>
#include <stdlib.h>

#define ALIGN 64

/* Before every block stands where its memory begins, and how much that is. */
typedef union head {
  struct {
    void *memory;
    size_t size;
  } of;
  uint8_t space[ALIGN];
} head;

static _Atomic int64_t live_blocks, live_octets;

/* Aligned here and not by aligned_alloc(): of glibc, that maps and unmaps a large block each time, at a page fault for
 * every 4 KiB, where malloc() learns from the first one that is freed to keep such blocks. */
void *rq_heap_take(size_t size) {
  if (size > SIZE_MAX / 2) return NULL;
  size_t whole = sizeof(head) + ALIGN + size;
  uint8_t *memory = malloc(whole);
  if (memory == NULL) return NULL;
  head *block = (head *)(memory + (ALIGN - (uintptr_t)memory % ALIGN) % ALIGN);
  block->of.memory = memory;
  block->of.size = whole;
  atomic_fetch_add(&live_blocks, 1);
  atomic_fetch_add(&live_octets, (int64_t)whole);
  return block + 1;
}

void rq_heap_give(void *memory) {
  if (memory == NULL) return;
  head *block = (head *)memory - 1;
  atomic_fetch_sub(&live_blocks, 1);
  atomic_fetch_sub(&live_octets, (int64_t)block->of.size);
  free(block->of.memory);
}

void rq_columns_live(int64_t *blocks, int64_t *octets) {
  *blocks = atomic_load(&live_blocks);
  *octets = atomic_load(&live_octets);
}
