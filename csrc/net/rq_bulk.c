/* rq_bulk.c: finished lookups as Arrow columns: drained into a batch, or as a stream that runs its own engine.
 *
 * The stream owns all it needs, touches nothing of Python, and may be pulled from any thread, one at a time; its
 * contracts stand in rq_api.h. Serves the Arrow C stream interface. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "../arrow/rq_export.h"
#include "../arrow/rq_heap.h"
#include "rq_clock.h"
#include "rq_engine_impl.h"

#define SLICE_MS 100 /* the longest wait in one step */

int32_t rq_engine_drain_columns(rq_engine *engine, rq_columns *columns, uint32_t max) {
  if (!engine || !columns || columns->sealed || columns->kind != RQ_COLUMNS_LOOKUPS) return RQ_BAD_ARGUMENT;
  int32_t rows = 0, status = RQ_OK;
  if (!columns->block) status = rq_chunk_expect_lookups(columns);
  while (status == RQ_OK && rows < INT32_MAX && (uint32_t)rows < max && engine->done.head != RQ_NONE) {
    uint32_t i = engine->done.head;
    rq_row row;
    rq_engine_row(engine, i, &row);
    status = rq_chunk_lookup(columns, &row);
    if (status < 0) break;
    rq_slot_release(engine, i);
    rows++;
  }
  return rows == 0 ? status : rows;
}

/* --- the stream --- */

typedef struct bulk {
  rq_engine *engine;
  const uint8_t *octets; /* of the names; they and the offsets stand behind this struct */
  const int32_t *offsets;
  uint16_t *types;
  uint32_t left, type_count; /* names not yet taken */
  int64_t index;             /* of the next of these */
  uint32_t with, batch_rows, limit;
  int64_t batch_us;
  const char *error;
} bulk;

static int failed(bulk *state, int32_t status) {
  static const struct {
    int32_t status;
    int error;
    const char *text;
  } failures[] = {{RQ_NO_MEMORY, ENOMEM, "resquery: no memory"},
                  {RQ_TOO_LARGE, EOVERFLOW, "resquery: a column would exceed 2^31-1 octets or records with one row"},
                  {RQ_NETWORK, EIO, "resquery: a system call failed that is not one server's"}};
  size_t n = 0;
  while (n < 2 && failures[n].status != status) n++;
  state->error = failures[n].text;
  return failures[n].error;
}

/* Takes names while slots are free. */
static int32_t feed(bulk *state) {
  int32_t taken = rq_engine_submit(state->engine, state->octets, state->offsets, state->left, state->types,
                                   state->type_count, state->index);
  if (taken <= 0) return taken;
  state->offsets += taken;
  state->left -= (uint32_t)taken;
  state->index += taken;
  return RQ_OK;
}

/* Lookups until the batch is full, has waited long enough, or there are no more. */
static int32_t fill(bulk *state, rq_columns *columns) {
  int64_t until_us = rq_clock_us(state->engine->sys) + state->batch_us;
  for (;;) {
    int32_t status = feed(state);
    if (status < 0) return status;
    if (state->left == 0 && state->engine->stats.held == 0) return RQ_OK;
    int32_t finished = rq_engine_step(state->engine, SLICE_MS);
    if (finished < 0) return finished;
    int32_t rows = rq_engine_drain_columns(state->engine, columns, state->batch_rows - columns->sheet.rows);
    int is_full = columns->sheet.rows == state->batch_rows || (rows < finished && columns->sheet.rows > 0);
    if (is_full) return RQ_OK;
    if (rows < 0) return rows;
    if (columns->sheet.rows > 0 && rq_clock_us(state->engine->sys) >= until_us) return RQ_OK;
  }
}

static int bulk_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
  bulk *state = stream->private_data;
  int32_t status = rq_export_schema(RQ_COLUMNS_LOOKUPS, state->with, out);
  return status < 0 ? failed(state, status) : 0;
}

/* Rows that were drained before a failure are handed out; the failure comes again. */
static int bulk_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
  bulk *state = stream->private_data;
  out->release = NULL;
  rq_columns *columns = rq_columns_new(RQ_COLUMNS_LOOKUPS, state->with, state->batch_rows, state->limit);
  int32_t status = columns ? fill(state, columns) : RQ_NO_MEMORY;
  if (columns && columns->sheet.rows > 0) status = rq_export_array(columns, out);
  rq_columns_free(columns);
  return status < 0 ? failed(state, status) : 0;
}

static const char *bulk_error(struct ArrowArrayStream *stream) {
  const bulk *state = stream->private_data;
  return state->error;
}

static void bulk_release(struct ArrowArrayStream *stream) {
  bulk *state = stream->private_data;
  stream->release = NULL;
  rq_engine_free(state->engine);
  rq_heap_give(state);
}

static size_t padded(size_t size) {
  return (size + sizeof(int64_t) - 1) / sizeof(int64_t) * sizeof(int64_t);
}

/* The state with its copies of names and types behind it, in one block. */
static bulk *bulk_new(const uint8_t *octets, const int32_t *offsets, uint32_t count, const uint16_t *types,
                      uint32_t type_count) {
  size_t len = (size_t)(offsets[count] - offsets[0]), offsets_size = padded((count + (size_t)1) * sizeof *offsets);
  size_t types_size = padded(type_count * sizeof *types);
  uint8_t *block = rq_heap_take(padded(sizeof(bulk)) + offsets_size + types_size + len);
  if (!block) return NULL;
  bulk *state = (bulk *)(void *)block;
  int32_t *kept = (int32_t *)(void *)(block + padded(sizeof(bulk)));
  uint8_t *text = block + padded(sizeof(bulk)) + offsets_size + types_size;
  *state = (bulk){.octets = text, .offsets = kept, .left = count, .type_count = type_count};
  state->types = (uint16_t *)(void *)(block + padded(sizeof(bulk)) + offsets_size);
  for (uint32_t t = 0; t < type_count; t++) state->types[t] = types[t];
  for (uint32_t n = 0; n <= count; n++) kept[n] = offsets[n] - offsets[0];
  rq_octets_copy(text, octets + offsets[0], len);
  return state;
}

struct ArrowArrayStream *rq_engine_stream(rq_engine *engine, const uint8_t *octets, const int32_t *offsets,
                                          uint32_t count, const uint16_t *types, uint32_t type_count, uint32_t with,
                                          uint32_t batch_rows, uint32_t batch_ms, uint32_t limit, int32_t *status) {
  *status = RQ_BAD_ARGUMENT;
  if (!engine || type_count < 1 || type_count > engine->conf.slots || batch_rows < 1 || offsets[count] < offsets[0])
    return NULL;
  *status = RQ_NO_MEMORY;
  struct ArrowArrayStream *stream = rq_heap_take(sizeof *stream);
  bulk *state = bulk_new(octets, offsets, count, types, type_count);
  if (!stream || !state) {
    rq_heap_give(stream);
    rq_heap_give(state);
    return NULL;
  }
  state->engine = engine;
  state->with = with;
  state->batch_rows = batch_rows;
  state->batch_us = (int64_t)batch_ms * 1000;
  state->limit = limit;
  *stream = (struct ArrowArrayStream){bulk_schema, bulk_next, bulk_error, bulk_release, state};
  *status = RQ_OK;
  return stream;
}
