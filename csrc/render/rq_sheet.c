/* rq_sheet.c: the columns there are, and where each stands in memory; see rq_sheet.h.
 *
 * Two tables say all about the columns: the writers (rq_columns.c), the schema and the arrays (csrc/arrow) follow them.
 * Only types that every engine takes: no unsigned, dictionary, view or nanosecond ones. SPDX-License-Identifier: MIT */
#include "rq_sheet.h"

/* A column, one that may be null, and one inside a list of records; `octets` is what a text is expected to have. */
#define VALUE(name, form, octets) \
  { name, RQ_F_##form, 0, 0, 0, octets }
#define MAYBE(name, form, octets) \
  { name, RQ_F_##form, 1, 0, 0, octets }
#define FIELD(name, form, with, octets) \
  { name, RQ_F_##form, 0, with, 1, octets }
#define END \
  { NULL, 0, 0, 0, 0, 0 }

/* A section: a list, and what a record shows. */
#define SECTION(name, with)                                                                         \
  {name, RQ_F_RECORDS, 0, with, 0, 0}, FIELD("name", UTF8, with, 24), FIELD("type", UTF8, with, 6), \
      FIELD("ttl", INT32, with, 0), FIELD("data", UTF8, with, 24)

/* What every kind of row may end with. */
#define SECTIONS                                                                                            \
  SECTION("answer", 0), SECTION("authority", RQ_WITH_AUTHORITY), SECTION("additional", RQ_WITH_ADDITIONAL), \
      {"wire", RQ_F_BINARY, 1, RQ_WITH_WIRE, 0, 0}, END

/* In the order of enum rq_message_column. */
static const rq_column_spec messages[] = {VALUE("index", INT64, 0), VALUE("status", UTF8, 8), MAYBE("id", INT32, 0),
                                          MAYBE("flags", INT32, 0), MAYBE("rcode", INT32, 0), MAYBE("name", UTF8, 24),
                                          MAYBE("type", UTF8, 6),   MAYBE("class", UTF8, 4),  SECTIONS};

/* In the order of enum rq_lookup_column. */
static const rq_column_spec lookups[] = {VALUE("index", INT64, 0),
                                         VALUE("name", UTF8, 24),
                                         VALUE("type", UTF8, 6),
                                         VALUE("status", UTF8, 8),
                                         MAYBE("rcode", INT32, 0),
                                         MAYBE("flags", INT32, 0),
                                         MAYBE("server", UTF8, 16),
                                         MAYBE("transport", UTF8, 4),
                                         VALUE("tries", INT32, 0),
                                         MAYBE("rtt_us", INT64, 0),
                                         MAYBE("size", INT32, 0),
                                         VALUE("time", TIME, 0),
                                         MAYBE("error", UTF8, 1), /* most lookups have none */
                                         SECTIONS};

const rq_column_spec *rq_sheet_specs(int32_t kind) {
  return kind == RQ_COLUMNS_LOOKUPS ? lookups : messages;
}

void rq_sheet_init(rq_sheet *sheet, int32_t kind, uint32_t with) {
  static const rq_sheet empty;
  const rq_column_spec *spec = rq_sheet_specs(kind);
  *sheet = empty;
  for (rq_column *column = sheet->columns; spec->name != NULL; column++, spec++) {
    column->spec = spec;
    column->present = spec->with == 0 || (spec->with & with) != 0;
  }
}

/* --- where things stand in the block --- */

static int has_octets(const rq_column *column) {
  return column->spec->form == RQ_F_UTF8 || column->spec->form == RQ_F_BINARY;
}

static int is_wide(const rq_column *column) {
  return column->spec->form == RQ_F_INT64 || column->spec->form == RQ_F_TIME;
}

/* Octets of the bitmap, the numbers and the octets of a column, each a multiple of RQ_SHEET_ALIGN. */
typedef struct extents {
  size_t validity, numbers, octets;
} extents;

static size_t aligned(size_t size) {
  return (size + RQ_SHEET_ALIGN - 1) / RQ_SHEET_ALIGN * RQ_SHEET_ALIGN;
}

static extents measure(const rq_column *column) {
  extents e = {0, 0, 0};
  if (!column->present) return e;
  size_t numbers = (size_t)column->cap + (has_octets(column) || column->spec->form == RQ_F_RECORDS ? 1 : 0);
  if (column->spec->nullable) e.validity = aligned(((size_t)column->cap + 7) / 8);
  e.numbers = aligned(numbers * (is_wide(column) ? sizeof(int64_t) : sizeof(int32_t)));
  e.octets = has_octets(column) ? aligned(column->room) : 0;
  return e;
}

size_t rq_sheet_size(const rq_sheet *sheet) {
  size_t size = 0;
  for (const rq_column *column = sheet->columns; column->spec != NULL; column++) {
    extents e = measure(column);
    size += e.validity + e.numbers + e.octets;
  }
  return size;
}

/* All are valid but those that were not. */
static void move_validity(rq_column *column, uint8_t *to, size_t size) {
  size_t known = ((size_t)column->len + 7) / 8;
  for (size_t i = 0; i < size; i++) to[i] = i < known && column->validity != NULL ? column->validity[i] : 0xFF;
  column->validity = to;
}

static void move_i32(rq_column *column, int32_t *to) {
  for (size_t i = 0; i < column->len; i++) to[i] = column->i32[i];
  column->i32 = to;
}

/* Before there was a block, there was no first offset. */
static void move_offsets(rq_column *column, int32_t *to) {
  to[0] = 0;
  for (size_t i = 1; i <= column->len; i++) to[i] = column->i32[i];
  column->i32 = to;
}

static void move_i64(rq_column *column, int64_t *to) {
  for (size_t i = 0; i < column->len; i++) to[i] = column->i64[i];
  column->i64 = to;
}

static void move_octets(rq_column *column, uint8_t *to) {
  size_t stored = rq_out_stored(&column->octets);
  rq_out_init(&column->octets, to, column->room);
  rq_out_octets(&column->octets, column->text, stored);
  column->text = to;
}

static uint8_t *column_place(rq_column *column, uint8_t *block) {
  extents e = measure(column);
  if (e.validity > 0) move_validity(column, block, e.validity);
  block += e.validity;
  if (is_wide(column))
    move_i64(column, (int64_t *)(void *)block);
  else if (column->spec->form == RQ_F_INT32)
    move_i32(column, (int32_t *)(void *)block);
  else
    move_offsets(column, (int32_t *)(void *)block);
  block += e.numbers;
  if (has_octets(column)) move_octets(column, block);
  return block + e.octets;
}

void rq_sheet_place(rq_sheet *sheet, uint8_t *block) {
  for (rq_column *column = sheet->columns; column->spec != NULL; column++)
    if (column->present) block = column_place(column, block);
}

/* --- rows that are not whole --- */

/* A bit that was cleared for a value that goes again is set again. */
static void forget_nulls(rq_column *column, uint32_t rows) {
  for (uint32_t at = rows; at < column->len && at < column->cap; at++) {
    uint8_t bit = (uint8_t)(1u << at % 8);
    if ((column->validity[at / 8] & bit) == 0) column->nulls--;
    column->validity[at / 8] |= bit;
  }
}

static void column_rewind(rq_column *column, uint32_t rows) {
  if (column->validity != NULL) forget_nulls(column, rows);
  column->len = rows;
  if (has_octets(column)) rq_out_rewind(&column->octets, (size_t)column->i32[rows]);
}

void rq_sheet_rewind(rq_sheet *sheet) {
  uint32_t records = 0;
  for (rq_column *column = sheet->columns; column->spec != NULL; column++) {
    if (!column->present) continue;
    column_rewind(column, column->spec->depth > 0 ? records : sheet->rows);
    if (column->spec->form == RQ_F_RECORDS) records = (uint32_t)column->i32[sheet->rows];
  }
}

void rq_column_null(rq_sheet *sheet, rq_column *column) {
  int has_room = rq_column_has_room(sheet, column);
  if (!has_room) return;
  uint32_t at = column->len - 1;
  column->validity[at / 8] &= (uint8_t) ~(1u << at % 8);
  column->nulls++;
  if (column->spec->form == RQ_F_INT32)
    column->i32[at] = 0;
  else if (is_wide(column))
    column->i64[at] = 0;
  else
    column->i32[at + 1] = (int32_t)rq_out_wanted(&column->octets);
}
