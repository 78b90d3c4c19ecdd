/* rq_sheet.h: rows laid out as columns, in the memory layout of the Arrow format.
 *
 * Knows which columns there are and how each grows by a row; never allocates: its owner places it into a block, and
 * into a larger one when a row did not fit. Like rq_out, a column counts what is wanted and stores what fits. Follows
 * "Arrow Columnar Format", physical layouts. SPDX-License-Identifier: MIT */
#ifndef RQ_SHEET_H
#define RQ_SHEET_H

#include "../wire/rq_rr.h"

#define RQ_SHEET_ALIGN 64   /* octets: where a buffer begins, as Arrow recommends */
#define RQ_SHEET_COLUMNS 29 /* at the most */
#define RQ_SHEET_CHILDREN 4 /* columns of a list of records, right behind it */

/* How a column is laid out. All may have a bitmap of those that are not null; numbers are offsets for the last three.
 */
typedef enum rq_form {
  RQ_F_INT32,
  RQ_F_INT64,
  RQ_F_TIME,   /* int64: microseconds since 1970 UTC */
  RQ_F_UTF8,   /* offsets, octets */
  RQ_F_BINARY, /* offsets, octets */
  RQ_F_RECORDS /* offsets into four columns of their own: name, type, ttl, data */
} rq_form;

typedef struct rq_column_spec {
  const char *name;
  uint8_t form;     /* rq_form */
  uint8_t nullable; /* 1 if values may be null */
  uint8_t with;     /* the bit of enum rq_with that asks for it, 0 for always */
  uint8_t depth;    /* 1 inside a list of records */
  uint8_t octets;   /* that a value is expected to have, where it has any */
} rq_column_spec;

typedef struct rq_column {
  const rq_column_spec *spec;
  uint8_t present;   /* 0 when it was not asked for */
  uint32_t len, cap; /* values wanted; room for values */
  uint32_t nulls;
  size_t room;       /* for octets */
  uint8_t *validity; /* one bit for each value, NULL when it cannot be null */
  int32_t *i32;      /* values or offsets: one offset more than values */
  int64_t *i64;      /* values of RQ_F_INT64 and RQ_F_TIME */
  uint8_t *text;     /* where the octets are */
  rq_out octets;     /* writes them there */
} rq_column;

typedef struct rq_sheet {
  uint32_t rows;
  uint8_t full;                            /* something did not fit since the last rq_sheet_begin */
  rq_column columns[RQ_SHEET_COLUMNS + 1]; /* `spec` NULL ends them */
} rq_sheet;

/* An empty sheet without room, to be placed before its first row, with the columns of `kind` (enum rq_columns_kind)
 * that are always there and those that `with` asks for. */
void rq_sheet_init(rq_sheet *sheet, int32_t kind, uint32_t with);

/* The columns of a kind, in order, `name` NULL after the last; columns of a list stand right behind it. */
const rq_column_spec *rq_sheet_specs(int32_t kind);

/* Octets of a block that holds the sheet with its present caps and rooms. */
size_t rq_sheet_size(const rq_sheet *sheet);

/* Moves the whole rows of the sheet into `block`, of rq_sheet_size(sheet) octets, aligned to RQ_SHEET_ALIGN. What it
 * pointed to before is read for the last time. */
void rq_sheet_place(rq_sheet *sheet, uint8_t *block);

/* Drops what was written of a row that is not whole. */
void rq_sheet_rewind(rq_sheet *sheet);

/* --- one row: begin, then one value for each column that is present, then end --- */

static inline void rq_sheet_begin(rq_sheet *sheet) {
  sheet->full = 0;
}

/* 1: the row is whole. 0: it did not fit; the columns tell what it wanted until rq_sheet_rewind. */
static inline int rq_sheet_end(rq_sheet *sheet) {
  if (sheet->full) return 0;
  sheet->rows++;
  return 1;
}

static inline int rq_column_has_room(rq_sheet *sheet, rq_column *column) {
  uint32_t at = column->len++;
  if (at < column->cap) return 1;
  sheet->full = 1;
  return 0;
}

static inline void rq_column_i32(rq_sheet *sheet, rq_column *column, int32_t v) {
  if (rq_column_has_room(sheet, column)) column->i32[column->len - 1] = v;
}

static inline void rq_column_i64(rq_sheet *sheet, rq_column *column, int64_t v) {
  if (rq_column_has_room(sheet, column)) column->i64[column->len - 1] = v;
}

/* The octets appended to column->octets since the last end make up a value. */
static inline void rq_column_text_end(rq_sheet *sheet, rq_column *column) {
  size_t end = rq_out_wanted(&column->octets);
  if (end > rq_out_stored(&column->octets)) sheet->full = 1;
  if (rq_column_has_room(sheet, column)) column->i32[column->len] = (int32_t)end;
}

/* The records appended to the columns behind a list since the last end make up a value. */
static inline void rq_column_list_end(rq_sheet *sheet, rq_column *list) {
  if (rq_column_has_room(sheet, list)) list->i32[list->len] = (int32_t)list[1].len;
}

/* A null of any form but RQ_F_RECORDS, in a column that may have them. */
void rq_column_null(rq_sheet *sheet, rq_column *column);

#endif
