/* rq_ts_table.h: the test server's answers, made before they are asked for.
 *
 * A hash table with open addressing from (name, type) to what follows the question in the answer. It grows and never
 * shrinks; it does no I/O. Names compare without regard to ASCII case (RFC 4343). SPDX-License-Identifier: MIT */
#ifndef RQ_TS_TABLE_H
#define RQ_TS_TABLE_H

#include "../wire/rq_name.h"
#include "rq_testserver.h"

typedef struct rq_ts_entry {
  uint64_t hash;
  size_t at; /* where the name stands in the arena, and after it the body */
  uint32_t body_len;
  rq_ts_head head;
  uint8_t name_len; /* 0: a free slot */
} rq_ts_entry;

typedef struct rq_ts_table {
  rq_ts_entry *slots;
  size_t slot_count, used; /* a power of two; at most three quarters of it */
  uint8_t *arena;
  size_t arena_cap, arena_len;
  uint8_t key[16];
} rq_ts_table;

/* An empty table. RQ_OK or RQ_NO_MEMORY. */
int rq_ts_table_init(rq_ts_table *table);

/* Gives its memory back. */
void rq_ts_table_free(rq_ts_table *table);

/* Adds or replaces an entry. RQ_OK or RQ_NO_MEMORY. */
int rq_ts_table_put(rq_ts_table *table, const rq_name *name, const rq_ts_head *head, const uint8_t *body,
                    uint32_t body_len);

/* The entry, or NULL. It may be changed (head) and stands until the next put. */
rq_ts_entry *rq_ts_table_find(const rq_ts_table *table, const rq_name *name, uint16_t rrtype);

/* The entry's body. */
const uint8_t *rq_ts_table_body(const rq_ts_table *table, const rq_ts_entry *entry);

#endif
