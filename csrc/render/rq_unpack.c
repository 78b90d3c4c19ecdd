/* rq_unpack.c: values as MessagePack back into octets; see rq_unpack.h.
 *
 * Rows of the three tables, and records. Each reader is complete; all the same, what was written is read once more by
 * the interpreter of layouts before it counts. Never allocates, never follows a length past the end of its input.
 * Serves the MessagePack specification and RFC 3597. SPDX-License-Identifier: MIT */
#include "rq_unpack.h"

#include "../wire/rq_addr.h"

/* --- MessagePack itself --- */

enum { NIL = 0xc0, FALSE = 0xc2, TRUE, BIN8, BIN16, BIN32, UINT8 = 0xcc, UINT16, UINT32, UINT64 };
enum { STR8 = 0xd9, STR16, STR32, ARRAY16, ARRAY32, MINUS_ONE = 0xff };
enum { FIXARRAY = 0x90, FIXARRAY_END = 0xa0, FIXSTR = 0xa0, FIXSTR_END = 0xc0 };

static void refuse(rq_cur *pack) {
  rq_cur_fail(pack, RQ_CUR_BROKEN);
}

uint64_t rq_unpack_uint(rq_cur *pack, uint64_t max) {
  uint8_t tag = rq_cur_u8(pack);
  uint64_t number = tag;
  if (tag >= 128 && (tag < UINT8 || tag > UINT64)) refuse(pack);
  if (tag == UINT8) number = rq_cur_u8(pack);
  if (tag == UINT16) number = rq_cur_u16(pack);
  if (tag >= UINT32) number = rq_cur_u32(pack);
  if (tag == UINT64) number = number << 32 | rq_cur_u32(pack);
  if (number > max) refuse(pack);
  return rq_cur_good(pack) ? number : 0;
}

uint32_t rq_unpack_bool(rq_cur *pack) {
  uint8_t tag = rq_cur_u8(pack);
  if (tag != FALSE && tag != TRUE) refuse(pack);
  return tag == TRUE;
}

int rq_unpack_nil(rq_cur *pack) {
  return rq_octet_match(pack, NIL);
}

uint32_t rq_unpack_array(rq_cur *pack) {
  uint8_t tag = rq_cur_u8(pack);
  uint32_t count = 0;
  if (tag >= FIXARRAY && tag < FIXARRAY_END)
    count = tag - (uint32_t)FIXARRAY;
  else if (tag == ARRAY16)
    count = rq_cur_u16(pack);
  else if (tag == ARRAY32)
    count = rq_cur_u32(pack);
  else
    refuse(pack);
  return rq_cur_good(pack) ? count : 0;
}

/* The length that follows a tag of a str or bin, whose three long forms have adjoining tags. */
static uint32_t length_read(rq_cur *pack, uint8_t tag, uint8_t tag8) {
  if (tag == tag8) return rq_cur_u8(pack);
  if (tag == tag8 + 1) return rq_cur_u16(pack);
  if (tag == tag8 + 2) return rq_cur_u32(pack);
  refuse(pack);
  return 0;
}

void rq_unpack_str(rq_cur *pack, rq_cur *text) {
  uint8_t tag = rq_cur_u8(pack);
  int is_short = tag >= FIXSTR && tag < FIXSTR_END;
  uint32_t len = is_short ? tag - (uint32_t)FIXSTR : length_read(pack, tag, STR8);
  rq_cur_take(pack, len, text);
}

void rq_unpack_bin(rq_cur *pack, size_t max, rq_cur *octets) {
  uint32_t len = length_read(pack, rq_cur_u8(pack), BIN8);
  if (len > max) refuse(pack);
  rq_cur_take(pack, rq_cur_good(pack) ? len : 0, octets);
}

void rq_unpack_name(rq_cur *pack, rq_name *name) {
  uint8_t text[RQ_TEXT_MAX];
  rq_cur octets;
  rq_out o;
  rq_unpack_str(pack, &octets);
  if (rq_cur_left(&octets) > sizeof text) refuse(pack);
  rq_out_init(&o, text, sizeof text);
  rq_out_take(&o, &octets, rq_cur_left(&octets));
  if (rq_name_parse(text, rq_out_stored(&o), name) != RQ_FLAW_NONE) refuse(pack);
}

/* --- rows of the tables --- */

static const rq_type *(*const finders[])(uint16_t) = {
    [RQ_TABLE_TYPES] = rq_type_find, [RQ_TABLE_OPTIONS] = rq_option_find, [RQ_TABLE_PARAMS] = rq_param_find};

enum { TABLES = sizeof finders / sizeof finders[0] };

/* A row as it was written. */
typedef struct row {
  const rq_type *type; /* whose layout the octets from `begun` on have; NULL for raw ones */
  uint32_t number;
  size_t begun;
  uint32_t place; /* of the field at which the cursor failed, from 1; 0 for none of them */
} row;

static void row_unpack(int table, rq_cur *pack, rq_out *out, row *row);

/* EDNS options or service parameters, one after another; the keys of the latter ascend (RFC 9460, 2.2). */
static void pairs_unpack(int table, rq_cur *pack, rq_out *out) {
  uint32_t least = 0;
  for (uint32_t count = rq_unpack_array(pack); count > 0 && rq_cur_good(pack); count--) {
    row row;
    row_unpack(table, pack, out, &row);
    if (table != RQ_TABLE_PARAMS) continue;
    if (row.number < least) refuse(pack);
    least = row.number + 1;
  }
}

static void field_unpack(rq_filler *filler, uint8_t kind, rq_cur *pack, rq_out *out) {
  if (kind == RQ_K_OPTIONS)
    pairs_unpack(RQ_TABLE_OPTIONS, pack, out);
  else if (kind == RQ_K_PARAMS)
    pairs_unpack(RQ_TABLE_PARAMS, pack, out);
  else
    rq_unpack_value(filler, kind, pack, out);
}

/* 1 if no field is there, and none needs to be. */
static int is_empty(const rq_type *type, rq_cur ahead) {
  return type->shape == RQ_SHAPE_OR_EMPTY && rq_unpack_nil(&ahead);
}

static void fields_unpack(row *row, rq_cur *pack, rq_out *out) {
  rq_filler filler = {{0}, 0, 0};
  int empty = is_empty(row->type, *pack);
  for (uint32_t i = 0; i < row->type->count && rq_cur_good(pack); i++) {
    if (!empty)
      field_unpack(&filler, row->type->fields[i].kind, pack, out);
    else if (!rq_unpack_nil(pack))
      refuse(pack);
    if (!rq_cur_good(pack)) row->place = i + 1;
  }
}

/* Octets as they stand. Those of a service parameter must fit its key, or the whole record would not (RFC 9460, 2.2).
 */
static void raw_unpack(int table, row *row, rq_cur *pack, rq_out *out) {
  const rq_type *type = table == RQ_TABLE_PARAMS ? rq_param_find((uint16_t)row->number) : NULL;
  rq_cur octets;
  row->place = rq_cur_good(pack) ? 2 : 1;
  rq_unpack_bin(pack, RQ_MESSAGE_MAX, &octets);
  if (type != NULL && !rq_layout_fits(type, &octets)) refuse(pack);
  rq_out_take(out, &octets, rq_cur_left(&octets));
  if (rq_cur_good(pack)) row->place = 0;
}

/* [number, field, ...] or [-1, number, octets]; an option or parameter gets its number and length before it. */
static void row_unpack(int table, rq_cur *pack, rq_out *out, row *row) {
  uint32_t count = rq_unpack_array(pack);
  int is_raw = rq_octet_match(pack, MINUS_ONE);
  row->place = 0;
  row->number = (uint32_t)rq_unpack_uint(pack, UINT16_MAX);
  row->type = is_raw ? NULL : finders[table]((uint16_t)row->number);
  if (table != RQ_TABLE_TYPES) {
    rq_out_u16(out, (uint16_t)row->number);
    rq_out_u16(out, 0);
  }
  row->begun = rq_out_wanted(out);
  if (!is_raw && row->type == NULL) refuse(pack);
  if (count != (row->type != NULL ? row->type->count + 1u : 3u)) refuse(pack);
  if (is_raw)
    raw_unpack(table, row, pack, out);
  else if (row->type != NULL)
    fields_unpack(row, pack, out);
  size_t size = rq_out_wanted(out) - row->begun;
  if (size > RQ_MESSAGE_MAX) refuse(pack);
  if (table != RQ_TABLE_TYPES) rq_out_patch16(out, row->begun - 2, (uint16_t)size);
}

/* --- records --- */

/* The owner, the type, the class and the TTL; returns the type. `place` counts the fields that are right. */
static uint32_t head_unpack(rq_cur *pack, rq_out *out, uint32_t *place) {
  rq_name owner;
  if (rq_unpack_array(pack) != 5) refuse(pack);
  rq_unpack_name(pack, &owner);
  *place += (uint32_t)rq_cur_good(pack);
  uint32_t type = (uint32_t)rq_unpack_uint(pack, UINT16_MAX);
  *place += (uint32_t)rq_cur_good(pack);
  uint16_t rrclass = (uint16_t)rq_unpack_uint(pack, UINT16_MAX);
  *place += (uint32_t)rq_cur_good(pack);
  uint32_t ttl = (uint32_t)rq_unpack_uint(pack, UINT32_MAX);
  *place += (uint32_t)rq_cur_good(pack);
  rq_name_write(&owner, out);
  rq_out_u16(out, (uint16_t)type);
  rq_out_u16(out, rrclass);
  rq_out_u32(out, ttl);
  rq_out_u16(out, 0);
  return type;
}

/* [name, type, class, ttl, RDATA] */
static void record_unpack(int table, rq_cur *pack, rq_out *out, row *row) {
  uint32_t place = 0, type = head_unpack(pack, out, &place);
  row_unpack(table, pack, out, row);
  if (rq_cur_good(pack) && row->number != type) {
    refuse(pack);
    place = 1; /* the type is not that of the RDATA */
  }
  rq_out_patch16(out, row->begun - 2, (uint16_t)(rq_out_wanted(out) - row->begun));
  row->place = place + 1;
}

/* --- for Python, see rq_api.h --- */

/* 1 if what was written fits its layout. Of what was clipped, and is asked for again, nothing is read. */
static int reads_back(const row *row, const uint8_t *octets, const rq_out *out) {
  rq_cur written;
  if (row->type == NULL || rq_out_stored(out) < rq_out_wanted(out)) return 1;
  rq_cur_init(&written, octets, rq_out_stored(out));
  rq_cur_skip(&written, row->begun);
  return rq_layout_fits(row->type, &written);
}

/* Twice: first to judge, so that what is refused leaves the buffer as it was. */
static int32_t unpack(void (*write)(int, rq_cur *, rq_out *, row *), int table, rq_cur pack, uint8_t *octets,
                      uint32_t cap, uint32_t *actual) {
  rq_cur first = pack;
  rq_out out;
  row row;
  rq_out_init(&out, NULL, 0);
  write(table, &first, &out, &row);
  *actual = row.place;
  if (!rq_cur_done(&first)) return RQ_ILLEGAL_INPUT;
  rq_out_init(&out, octets, cap);
  write(table, &pack, &out, &row);
  int fits = reads_back(&row, octets, &out);
  *actual = fits ? (uint32_t)rq_out_wanted(&out) : 0;
  return fits ? (int32_t)rq_out_stored(&out) : RQ_ILLEGAL_INPUT;
}

int32_t rq_value_unpack(int32_t table, const uint8_t *pack, uint32_t len, uint8_t *out, uint32_t cap,
                        uint32_t *actual) {
  rq_cur items;
  *actual = 0;
  if (table < 0 || table >= TABLES) return RQ_BAD_ARGUMENT;
  rq_cur_init(&items, pack, len);
  return unpack(row_unpack, table, items, out, cap, actual);
}

int32_t rq_record_unpack(const uint8_t *pack, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  rq_cur items;
  rq_cur_init(&items, pack, len);
  return unpack(record_unpack, RQ_TABLE_TYPES, items, out, cap, actual);
}
