/* columns.c: rows of columns with every room from 0 to 1,024 octets, on each of the messages that come by stdin.
 *
 * The block ends at a page that cannot be written; what a column may not write behind its room are canaries. A row is
 * there whole or not at all, and what was there before stays. Serves the contract of rq_sheet.h.
 * SPDX-License-Identifier: MIT */
#include "guard.h"
#include "inputs.h"
#include "render/rq_columns.h"

#define CAPACITIES 1024
#define VALUES 34 /* room for values: as the octets, up to here */
#define LARGE (1u << 22)
#define ALL (RQ_WITH_AUTHORITY | RQ_WITH_ADDITIONAL | RQ_WITH_WIRE)

static unsigned long rooms_try(int32_t kind, const uint8_t *wire, size_t len, const page pages[3]);

int main(void) {
  static uint8_t octets[INPUT_MAX];
  unsigned long calls = 0, inputs = 0;
  char kind;
  guard_begin();
  page pages[3];
  for (size_t i = 0; i < 3; i++) pages[i] = page_new((RQ_SHEET_COLUMNS + 1) * (LARGE + LARGE / 8));
  for (size_t len; (len = input_read(&kind, octets)) > 0; inputs++) {
    if (kind != 'm') continue;
    page copy = page_new(len);
    uint8_t *wire = copy.end - len;
    memcpy(wire, octets, len);
    calls += rooms_try(RQ_COLUMNS_MESSAGES, wire, len, pages);
    calls += rooms_try(RQ_COLUMNS_LOOKUPS, wire, len, pages);
    page_free(copy);
  }
  printf("%lu calls\n", calls);
  CHECK(calls > 0);
  return EXIT_SUCCESS;
}

static int row_add(rq_sheet *sheet, int32_t kind, const uint8_t *wire, size_t len) {
  const rq_row row = {.name = (const uint8_t *)"a.example",
                      .name_len = 9,
                      .rrtype = 15,
                      .tries = 1,
                      .rtt_us = -1,
                      .wire = wire,
                      .size = (uint32_t)len};
  return kind == RQ_COLUMNS_LOOKUPS ? rq_columns_lookup(sheet, &row) : rq_columns_message(sheet, 0, wire, len);
}

/* A sheet with this much room in every column, at the end of a page. */
static void sheet_make(rq_sheet *sheet, int32_t kind, uint32_t values, size_t octets, page p) {
  rq_sheet_init(sheet, kind, ALL);
  for (rq_column *column = sheet->columns; column->spec != NULL; column++) {
    column->cap = values;
    column->room = octets;
  }
  size_t size = rq_sheet_size(sheet);
  CHECK(size <= (size_t)(p.end - p.begin));
  memset(p.end - size, CANARY, octets < LARGE ? size : 0);
  rq_sheet_place(sheet, p.end - size);
}

static int has_text(const rq_column *column) {
  return column->spec->form == RQ_F_UTF8 || column->spec->form == RQ_F_BINARY;
}

static size_t value_size(const rq_column *column) {
  return column->spec->form == RQ_F_INT64 || column->spec->form == RQ_F_TIME ? sizeof(int64_t) : sizeof(int32_t);
}

static const uint8_t *values_of(const rq_column *column) {
  return value_size(column) == sizeof(int64_t) ? (const uint8_t *)column->i64 : (const uint8_t *)column->i32;
}

/* The values that there may be: one offset more than texts and lists. */
static size_t values_size(const rq_column *column, uint32_t values) {
  int offsets = has_text(column) || column->spec->form == RQ_F_RECORDS;
  return (values + (offsets ? 1u : 0u)) * value_size(column);
}

static size_t padding(size_t size) {
  return (RQ_SHEET_ALIGN - size % RQ_SHEET_ALIGN) % RQ_SHEET_ALIGN;
}

/* Behind each column's room nothing was written. */
static void check_outside(const rq_sheet *sheet) {
  for (const rq_column *column = sheet->columns; column->spec != NULL; column++) {
    size_t size = values_size(column, column->cap);
    CHECK(is_canary(values_of(column) + size, padding(size)));
    if (has_text(column)) CHECK(is_canary(column->text + column->room, padding(column->room)));
    for (uint32_t i = column->cap; column->validity != NULL && i % 8 != 0; i++)
      CHECK((column->validity[i / 8] >> i % 8 & 1) == 1);
  }
}

/* The rows of one sheet are the first rows of the other. */
static void check_alike(const rq_sheet *sheet, const rq_sheet *whole) {
  for (size_t i = 0; sheet->columns[i].spec != NULL; i++) {
    const rq_column *ours = &sheet->columns[i], *theirs = &whole->columns[i];
    CHECK(ours->len <= theirs->len && ours->len <= ours->cap);
    CHECK(memcmp(values_of(ours), values_of(theirs), values_size(ours, ours->len)) == 0);
    if (has_text(ours)) CHECK(memcmp(ours->text, theirs->text, rq_out_stored(&ours->octets)) == 0);
    for (uint32_t at = 0; ours->validity != NULL && at < ours->len; at++)
      CHECK((ours->validity[at / 8] >> at % 8 & 1) == (theirs->validity[at / 8] >> at % 8 & 1));
  }
}

/* Whether what one sheet holds would fit into this much room. */
static int would_fit(const rq_sheet *sheet, uint32_t values, size_t octets) {
  for (const rq_column *column = sheet->columns; column->spec != NULL; column++)
    if (column->len > values || rq_out_wanted(&column->octets) > octets) return 0;
  return 1;
}

/* The same row twice, where the second may find no room, beside `whole` with both and `half` with one. */
static void room_try(int32_t kind, const uint8_t *wire, size_t len, const rq_sheet *half, const rq_sheet *whole,
                     size_t octets, page p) {
  rq_sheet sheet;
  uint32_t values = octets < VALUES ? (uint32_t)octets : VALUES;
  trying_set(kind == RQ_COLUMNS_LOOKUPS ? "columns of lookups" : "columns of messages", wire, len, octets);
  sheet_make(&sheet, kind, values, octets, p);
  for (uint32_t rows = 0; rows < 2; rows++) {
    int fits = row_add(&sheet, kind, wire, len);
    CHECK(fits == would_fit(rows == 0 ? half : whole, values, octets));
    check_outside(&sheet);
    if (!fits) rq_sheet_rewind(&sheet);
    check_alike(&sheet, whole);
    if (!fits) break;
    CHECK(sheet.rows == rows + 1);
  }
}

static unsigned long rooms_try(int32_t kind, const uint8_t *wire, size_t len, const page pages[3]) {
  rq_sheet half, whole;
  sheet_make(&half, kind, LARGE / 64, LARGE, pages[0]);
  sheet_make(&whole, kind, LARGE / 64, LARGE, pages[1]);
  CHECK(row_add(&half, kind, wire, len) && row_add(&whole, kind, wire, len) && row_add(&whole, kind, wire, len));
  for (size_t octets = 0; octets <= CAPACITIES; octets++) room_try(kind, wire, len, &half, &whole, octets, pages[2]);
  return CAPACITIES + 1;
}
