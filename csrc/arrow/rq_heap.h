/* rq_heap.h: the memory of everything that leaves as Arrow: taken and given back here alone, and counted.
 *
 * Consumers release what they were given in any thread, at any time, after the Python objects are gone: the counts, the
 * library's only variables, show that nothing stays behind. SPDX-License-Identifier: MIT */
#ifndef RQ_HEAP_H
#define RQ_HEAP_H

#include "../resquery.h"

/* `size` octets, aligned to 64, or NULL. They are not initialised. */
void *rq_heap_take(size_t size);

/* Gives them back. NULL is allowed. */
void rq_heap_give(void *memory);

#endif
