/* rq_chunk.h: a sheet with memory of its own: what rq_columns stands for.
 *
 * All its rows stand in one block, which is replaced by a larger one when a row does not fit. It is held by whoever
 * made it and by everything that was exported from it; the last to let go frees it. SPDX-License-Identifier: MIT */
#ifndef RQ_CHUNK_H
#define RQ_CHUNK_H

#include <stdatomic.h>

#include "../render/rq_columns.h"

struct rq_columns {
  _Atomic uint32_t holders;
  int32_t kind; /* enum rq_columns_kind */
  uint32_t with, limit;
  uint32_t expected;      /* rows in the end, as far as is known */
  _Atomic uint8_t sealed; /* exported, by any thread: takes no more rows */
  uint8_t *block;         /* NULL before the first row is expected */
  rq_sheet sheet;
};

/* `rows` more rows are to come, of messages of `octets` octets in all. RQ_OK, RQ_NO_MEMORY, or RQ_BAD_ARGUMENT when the
 * columns were exported. */
int32_t rq_chunk_expect(rq_columns *columns, uint64_t rows, uint64_t octets);

/* The lookups are to come that rq_columns_new was told of. Likewise. */
int32_t rq_chunk_expect_lookups(rq_columns *columns);

/* Add a row, see rq_columns.h. RQ_OK, RQ_NO_MEMORY or RQ_TOO_LARGE; then the rows before it are there as they were. */
int32_t rq_chunk_message(rq_columns *columns, const uint8_t *wire, size_t len);
int32_t rq_chunk_lookup(rq_columns *columns, const rq_row *row);

/* Holds them once more; rq_columns_free lets go. */
void rq_chunk_hold(rq_columns *columns);

#endif
