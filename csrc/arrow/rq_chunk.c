/* rq_chunk.c: rows into a block that grows; see rq_chunk.h.
 *
 * Never fails half-way: a row that finds no memory leaves the rows before it whole. SPDX-License-Identifier: MIT */
#include "rq_chunk.h"

#include "rq_heap.h"

#define RECORD_OCTETS 24 /* of a message for each of its records, as a first guess */
#define RECORDS_LEAST 16
#define LOOKUP_OCTETS 64 /* of the answer to a lookup, as a first guess */

/* --- life --- */

rq_columns *rq_columns_new(int32_t kind, uint32_t with, uint32_t rows, uint32_t limit) {
  rq_columns *columns = rq_heap_take(sizeof *columns);
  if (columns == NULL) return NULL;
  atomic_init(&columns->holders, 1);
  columns->kind = kind;
  columns->with = with;
  columns->limit = limit < RQ_OUT_MAX ? limit : RQ_OUT_MAX - 1; /* a full writer that counts no more looks whole */
  columns->expected = rows;
  atomic_init(&columns->sealed, 0);
  columns->block = NULL;
  rq_sheet_init(&columns->sheet, kind, with);
  return columns;
}

void rq_columns_free(rq_columns *columns) {
  if (columns == NULL || atomic_fetch_sub(&columns->holders, 1) != 1) return;
  rq_heap_give(columns->block);
  rq_heap_give(columns);
}

void rq_chunk_hold(rq_columns *columns) {
  atomic_fetch_add(&columns->holders, 1);
}

uint32_t rq_columns_rows(const rq_columns *columns) {
  return columns->sheet.rows;
}

uint64_t rq_columns_octets(const rq_columns *columns) {
  return columns->block == NULL ? 0 : rq_sheet_size(&columns->sheet);
}

/* --- room --- */

/* Gives a sheet a block for its present caps and takes the place of the one that there was. */
static int32_t replace(rq_columns *columns, rq_sheet *next) {
  uint8_t *block = rq_heap_take(rq_sheet_size(next));
  if (block == NULL) return RQ_NO_MEMORY;
  rq_sheet_place(next, block);
  rq_heap_give(columns->block);
  columns->block = block;
  columns->sheet = *next;
  return RQ_OK;
}

static uint32_t clipped(uint64_t n, uint32_t limit) {
  return n < limit ? (uint32_t)n : limit;
}

int32_t rq_chunk_expect(rq_columns *columns, uint64_t rows, uint64_t octets) {
  if (columns->sealed) return RQ_BAD_ARGUMENT;
  columns->expected = clipped(columns->sheet.rows + rows, columns->limit);
  if (columns->block != NULL) return RQ_OK; /* grows when it has to */
  rq_sheet next = columns->sheet;
  for (rq_column *column = next.columns; column->spec != NULL; column++) {
    int in_records = column->spec->depth > 0;
    uint64_t values = in_records ? octets / RECORD_OCTETS + RECORDS_LEAST : rows;
    uint64_t text = values * column->spec->octets, least = octets + octets / 4; /* few records may have long RDATA */
    if (in_records && text > 0 && text < least) text = least;
    column->cap = clipped(values, columns->limit);
    column->room = clipped(column->spec->form == RQ_F_BINARY ? octets : text, columns->limit);
  }
  return replace(columns, &next);
}

int32_t rq_chunk_expect_lookups(rq_columns *columns) {
  return rq_chunk_expect(columns, columns->expected, (uint64_t)columns->expected * LOOKUP_OCTETS);
}

/* A new size where `wanted` do not fit: what the rows to come will want if they are like those before, within bounds
 * that keep the number of times it grows small, and one large row from counting for all. 0 when the limit is reached.
 */
static uint32_t larger(const rq_columns *columns, uint64_t wanted) {
  uint64_t projected = wanted / (columns->sheet.rows + 1u) * columns->expected;
  uint64_t least = wanted + wanted / 2, most = wanted * 4;
  if (wanted > columns->limit) return 0;
  projected += projected / 8;
  return clipped(projected < least ? least : projected > most ? most : projected, columns->limit);
}

/* Makes room for the row that did not fit, which is dropped. */
static int32_t grow(rq_columns *columns) {
  rq_sheet wanted = columns->sheet;
  rq_sheet_rewind(&columns->sheet);
  rq_sheet next = columns->sheet;
  for (unsigned i = 0; next.columns[i].spec != NULL; i++) {
    rq_column *column = &next.columns[i];
    uint32_t values = wanted.columns[i].len;
    size_t octets = rq_out_wanted(&wanted.columns[i].octets);
    if (values > column->cap) column->cap = larger(columns, values);
    if (octets > column->room) column->room = larger(columns, octets);
    if (values > column->cap || octets > column->room) return RQ_TOO_LARGE;
  }
  return replace(columns, &next);
}

/* --- rows --- */

int32_t rq_chunk_message(rq_columns *columns, const uint8_t *wire, size_t len) {
  int32_t status = RQ_OK;
  while (status == RQ_OK && !rq_columns_message(&columns->sheet, columns->sheet.rows, wire, len))
    status = grow(columns);
  return status;
}

int32_t rq_chunk_lookup(rq_columns *columns, const rq_row *row) {
  int32_t status = RQ_OK;
  while (status == RQ_OK && !rq_columns_lookup(&columns->sheet, row)) status = grow(columns);
  return status;
}

/* --- messages from Python --- */

static int32_t lengths_valid(const int32_t *lengths, uint32_t count, uint64_t len) {
  uint64_t total = 0;
  for (uint32_t n = 0; n < count; n++) total += lengths[n] > 0 ? (uint32_t)lengths[n] : 0u;
  return total == len;
}

int32_t rq_columns_joined(rq_columns *columns, const uint8_t *octets, uint64_t len, const int32_t *lengths,
                          uint32_t count) {
  if (!lengths_valid(lengths, count, len)) return RQ_BAD_ARGUMENT;
  int32_t status = rq_chunk_expect(columns, count, len);
  for (uint32_t n = 0; n < count && status == RQ_OK; n++) {
    size_t size = lengths[n] > 0 ? (size_t)lengths[n] : 0;
    status = rq_chunk_message(columns, lengths[n] < 0 ? NULL : octets, size);
    octets += size;
  }
  return status;
}

static int offsets_valid(const int64_t *offsets, uint64_t count, uint64_t len) {
  if (offsets[0] < 0 || (uint64_t)offsets[count] > len) return 0;
  for (uint64_t n = 0; n < count; n++)
    if (offsets[n + 1] < offsets[n]) return 0;
  return 1;
}

int32_t rq_columns_split(rq_columns *columns, const uint8_t *octets, uint64_t len, const int64_t *offsets,
                         uint64_t count) {
  if (!offsets_valid(offsets, count, len)) return RQ_BAD_ARGUMENT;
  int32_t status = rq_chunk_expect(columns, count, (uint64_t)(offsets[count] - offsets[0]));
  for (uint64_t n = 0; n < count && status == RQ_OK; n++)
    status = rq_chunk_message(columns, octets + offsets[n], (size_t)(offsets[n + 1] - offsets[n]));
  return status;
}
