/* rq_columns.c: one writer for each kind of row; see rq_columns.h.
 *
 * Text is that of rq_text.h. A record goes to its section's columns as the walk finds it, so a message is read once.
 * SPDX-License-Identifier: MIT */
#include "rq_columns.h"

#include "rq_known.h"

/* What the walk over a message found beside its records. */
typedef struct facts {
  int32_t status;
  uint16_t rcode;
} facts;

/* What a walk met last: a record, and a name as text. */
typedef struct met {
  rq_record record;
  rq_known name;
} met;

static void met_nothing(met *met) {
  met->record.place = met->name.place = RQ_NOWHERE;
}

/* --- records --- */

/* A TTL with its top bit set is 0 (RFC 2181, 8). */
static int32_t ttl_value(uint32_t ttl) {
  return ttl > INT32_MAX ? 0 : (int32_t)ttl;
}

static void record_write(rq_sheet *sheet, rq_column *list, met *met) {
  const rq_record *record = &met->record;
  rq_column *name = list + 1, *type = list + 2, *ttl = list + 3, *data = list + 4;
  rq_known_text(&met->name, record->place, &record->owner, &name->octets);
  rq_column_text_end(sheet, name);
  rq_type_text(record->rrtype, &type->octets);
  rq_column_text_end(sheet, type);
  rq_column_i32(sheet, ttl, ttl_value(record->ttl));
  rq_rdata_to_text(record->rrtype, &record->rdata, RQ_STYLE_ZONE, &data->octets);
  rq_column_text_end(sheet, data);
}

/* The records of all sections. `lists` is the column of answers: the other sections stand behind it. */
static void records_write(rq_sheet *sheet, rq_column *lists, rq_walk *walk, met *met, facts *found) {
  rq_record *record = &met->record;
  rq_edns edns;
  int has_edns = 0;
  found->status = rq_known_pass(walk, record);
  while (found->status >= 0) {
    found->status = rq_walk_next(walk, record);
    if (found->status != 1) return;
    rq_column *list = lists + (size_t)(walk->section - RQ_ANSWER) * (1 + RQ_SHEET_CHILDREN);
    if (!has_edns && rq_walk_is_edns(walk, record)) {
      has_edns = 1;
      rq_edns_read(record, &edns);
      found->rcode = rq_edns_rcode(&edns, walk->header.flags);
    } else if (list->present) {
      record_write(sheet, list, met);
    }
  }
}

static void lists_end(rq_sheet *sheet, rq_column *lists) {
  for (size_t section = 0; section < 3; section++) {
    rq_column *list = lists + section * (1 + RQ_SHEET_CHILDREN);
    if (list->present) rq_column_list_end(sheet, list);
  }
}

/* --- values --- */

static void put_text(rq_sheet *sheet, rq_column *column, const char *text) {
  if (text == NULL) {
    rq_column_null(sheet, column);
    return;
  }
  rq_text_put(&column->octets, text);
  rq_column_text_end(sheet, column);
}

static void put_optional(rq_sheet *sheet, rq_column *column, int known, int32_t v) {
  if (known)
    rq_column_i32(sheet, column, v);
  else
    rq_column_null(sheet, column);
}

static void put_status(rq_sheet *sheet, rq_column *column, const facts *found) {
  if (found->status == RQ_OK)
    rq_rcode_to_text(found->rcode, &column->octets);
  else
    rq_text_put(&column->octets, rq_status_name(found->status));
  rq_column_text_end(sheet, column);
}

static void put_wire(rq_sheet *sheet, rq_column *column, const uint8_t *wire, size_t len) {
  if (!column->present) return;
  if (wire == NULL) {
    rq_column_null(sheet, column);
    return;
  }
  rq_out_octets(&column->octets, wire, len);
  rq_column_text_end(sheet, column);
}

/* --- messages --- */

static void put_question(rq_sheet *sheet, const rq_question *question, met *met) {
  rq_column *name = &sheet->columns[RQ_MC_NAME], *type = name + 1, *rrclass = name + 2;
  rq_known_asked(question, &met->record);
  rq_known_text(&met->name, question->place, &question->name, &name->octets);
  rq_column_text_end(sheet, name);
  rq_type_text(question->rrtype, &type->octets);
  rq_column_text_end(sheet, type);
  rq_class_to_text(question->rrclass, &rrclass->octets);
  rq_column_text_end(sheet, rrclass);
}

static void put_no_question(rq_sheet *sheet) {
  rq_column_null(sheet, &sheet->columns[RQ_MC_NAME]);
  rq_column_null(sheet, &sheet->columns[RQ_MC_TYPE]);
  rq_column_null(sheet, &sheet->columns[RQ_MC_CLASS]);
}

/* A message that begins with a whole header. */
static void put_sections(rq_sheet *sheet, rq_walk *walk, facts *found) {
  rq_question question;
  met met;
  met_nothing(&met);
  found->rcode = RQ_RCODE(walk->header.flags);
  found->status = rq_walk_question(walk, &question);
  if (found->status == 1)
    put_question(sheet, &question, &met);
  else
    put_no_question(sheet);
  if (found->status >= 0) records_write(sheet, &sheet->columns[RQ_MC_ANSWER], walk, &met, found);
}

int rq_columns_message(rq_sheet *sheet, int64_t index, const uint8_t *wire, size_t len) {
  rq_column *columns = sheet->columns;
  facts found = {wire != NULL ? RQ_MALFORMED : RQ_ILLEGAL_INPUT, 0};
  rq_walk walk;
  rq_sheet_begin(sheet);
  int has_header = rq_walk_begin(&walk, wire, len) == RQ_OK;
  if (has_header)
    put_sections(sheet, &walk, &found);
  else
    put_no_question(sheet);
  lists_end(sheet, &columns[RQ_MC_ANSWER]);
  rq_column_i64(sheet, &columns[RQ_MC_INDEX], index);
  put_status(sheet, &columns[RQ_MC_STATUS], &found);
  put_optional(sheet, &columns[RQ_MC_ID], has_header, walk.header.id);
  put_optional(sheet, &columns[RQ_MC_FLAGS], has_header, walk.header.flags);
  put_optional(sheet, &columns[RQ_MC_RCODE], has_header, found.rcode);
  put_wire(sheet, &columns[RQ_MC_WIRE], wire, len);
  return rq_sheet_end(sheet);
}

/* --- lookups --- */

/* The input as given; octets that are not UTF-8 as \DDD. */
static void put_input(rq_sheet *sheet, rq_column *column, const rq_row *row) {
  rq_cur octets;
  rq_cur_init(&octets, row->name, row->name_len);
  rq_utf8_to_text(&octets, &column->octets);
  rq_column_text_end(sheet, column);
}

static void put_rtt(rq_sheet *sheet, rq_column *column, int64_t rtt_us) {
  if (rtt_us >= 0)
    rq_column_i64(sheet, column, rtt_us);
  else
    rq_column_null(sheet, column);
}

/* What the answer says; an answer was accepted, so it has a header. */
static void put_answer(rq_sheet *sheet, const rq_row *row) {
  rq_column *columns = sheet->columns;
  facts found = {row->status, 0};
  met met;
  uint16_t flags = 0;
  rq_walk walk;
  met_nothing(&met);
  int answered = row->size > 0 && rq_walk_begin(&walk, row->wire, row->size) == RQ_OK;
  if (answered) {
    flags = walk.header.flags;
    found.rcode = RQ_RCODE(flags);
    records_write(sheet, &columns[RQ_LC_ANSWER], &walk, &met, &found);
    found.status = row->status; /* an answer cut short counts as one that a server gave */
  }
  put_status(sheet, &columns[RQ_LC_STATUS], &found);
  put_optional(sheet, &columns[RQ_LC_RCODE], answered, found.rcode);
  put_optional(sheet, &columns[RQ_LC_FLAGS], answered, flags);
  put_optional(sheet, &columns[RQ_LC_SIZE], answered, (int32_t)row->size);
  put_wire(sheet, &columns[RQ_LC_WIRE], answered ? row->wire : NULL, row->size);
  lists_end(sheet, &columns[RQ_LC_ANSWER]);
}

int rq_columns_lookup(rq_sheet *sheet, const rq_row *row) {
  rq_column *columns = sheet->columns;
  rq_sheet_begin(sheet);
  rq_column_i64(sheet, &columns[RQ_LC_INDEX], row->index);
  put_input(sheet, &columns[RQ_LC_NAME], row);
  rq_type_text(row->rrtype, &columns[RQ_LC_TYPE].octets);
  rq_column_text_end(sheet, &columns[RQ_LC_TYPE]);
  put_text(sheet, &columns[RQ_LC_SERVER], row->server);
  put_text(sheet, &columns[RQ_LC_TRANSPORT], row->server ? rq_transport_name(row->transport) : NULL);
  rq_column_i32(sheet, &columns[RQ_LC_TRIES], row->tries);
  put_rtt(sheet, &columns[RQ_LC_RTT], row->rtt_us);
  rq_column_i64(sheet, &columns[RQ_LC_TIME], row->time_us);
  put_text(sheet, &columns[RQ_LC_ERROR], rq_error_text(row->status, row->error));
  put_answer(sheet, row);
  return rq_sheet_end(sheet);
}
