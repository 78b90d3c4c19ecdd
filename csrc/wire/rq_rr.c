/* rq_rr.c: the three tables of layouts; see rq_rr.h. SPDX-License-Identifier: MIT */
#include "rq_rr.h"

#include "rq_addr.h"

/* --- the tables, sorted by number --- */

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* a field without a zdns name ends after its second */

#define RQ_RR(mnemonic, ...) RQ_RR_AS(#mnemonic, mnemonic, __VA_ARGS__)

#define RQ_BARE(mnemonic, number)
#define RQ_RR_AS(mnemonic, identifier, number, shape, ...) static const rq_field type_##identifier[] = {__VA_ARGS__};
#include "rq_rr.def"
#undef RQ_BARE
#undef RQ_RR_AS

#define RQ_OPTION(mnemonic, identifier, code, shape, ...) static const rq_field option_##identifier[] = {__VA_ARGS__};
#include "rq_option.def"
#undef RQ_OPTION

#define RQ_FLAG_PARAM(name, identifier, key)
#define RQ_PARAM(name, identifier, key, ...) static const rq_field param_##identifier[] = {__VA_ARGS__};
#include "rq_param.def"
#undef RQ_FLAG_PARAM
#undef RQ_PARAM

#pragma GCC diagnostic pop

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const rq_type types[] = {
#define RQ_BARE(mnemonic, number) {number, RQ_SHAPE_NONE, 0, #mnemonic, NULL},
#define RQ_RR_AS(mnemonic, identifier, number, shape, ...) \
  {number, RQ_SHAPE_##shape, COUNT(type_##identifier), mnemonic, type_##identifier},
#include "rq_rr.def"
#undef RQ_BARE
#undef RQ_RR_AS
};

static const rq_type options[] = {
#define RQ_OPTION(mnemonic, identifier, code, shape, ...) \
  {code, RQ_SHAPE_##shape, COUNT(option_##identifier), mnemonic, option_##identifier},
#include "rq_option.def"
#undef RQ_OPTION
};

static const rq_type params[] = {
#define RQ_FLAG_PARAM(name, identifier, key) {key, RQ_SHAPE_FIELDS, 0, name, NULL},
#define RQ_PARAM(name, identifier, key, ...) \
  {key, RQ_SHAPE_FIELDS, COUNT(param_##identifier), name, param_##identifier},
#include "rq_param.def"
#undef RQ_FLAG_PARAM
#undef RQ_PARAM
};

/* Where each type's row is, plus one: most numbers are small. */
#define RQ_BARE(mnemonic, number) ROW_##mnemonic,
#define RQ_RR_AS(mnemonic, identifier, number, shape, ...) ROW_##identifier,
enum {
  ROW_NONE,
#include "rq_rr.def"
  ROWS
};
#undef RQ_BARE
#undef RQ_RR_AS

#define RQ_BARE(mnemonic, number) [number] = ROW_##mnemonic,
#define RQ_RR_AS(mnemonic, identifier, number, shape, ...) [number] = ROW_##identifier,
static const uint8_t rows[] = {
#include "rq_rr.def"
};
#undef RQ_BARE
#undef RQ_RR_AS

_Static_assert(ROWS <= 256, "rows are counted in one octet");

/* Where a type's row is, plus one; ROW_NONE for a type that has none. */
/*@ terminates \true;
    assigns \nothing;
    ensures \result <= COUNT(types); */
static unsigned row_of(uint16_t number) {
  /*@ admit table: \forall integer i; 0 <= i < COUNT(rows) ==> rows[i] <= COUNT(types); */
  return number < COUNT(rows) ? rows[number] : ROW_NONE;
}

/* The row of a type, or NULL. */
/*@ terminates \true;
    assigns \result \from number;
    ensures \result == \null || rq_type_ok(\result); */
static const rq_type *type_row(uint16_t number) {
  /*@ admit table: \forall integer i; 0 <= i < COUNT(types) ==> rq_type_ok(&types[i]); */
  unsigned row = row_of(number);
  return row != ROW_NONE ? &types[row - 1] : NULL;
}

const rq_type *rq_type_find(uint16_t number) {
  const rq_type *type = type_row(number);
  return type != NULL && type->shape != RQ_SHAPE_NONE ? type : NULL;
}

/*@ requires \valid_read(table + (0 .. count - 1)) && (\forall integer i; 0 <= i < count ==> rq_type_ok(&table[i]));
    terminates \true;
    assigns \result \from table, table[0 .. count - 1], number;
    ensures \result == \null || rq_type_ok(\result); */
static const rq_type *row_find(const rq_type *table, size_t count, uint16_t number) {
  /*@ loop invariant 0 <= i <= count;
      loop assigns i;
      loop variant count - i; */
  for (size_t i = 0; i < count; i++)
    if (table[i].number == number) return &table[i];
  return NULL;
}

const rq_type *rq_option_find(uint16_t code) {
  /*@ admit table: \forall integer i; 0 <= i < COUNT(options) ==> rq_type_ok(&options[i]); */
  return row_find(options, COUNT(options), code);
}

const rq_type *rq_param_find(uint16_t key) {
  /*@ admit table: \forall integer i; 0 <= i < COUNT(params) ==> rq_type_ok(&params[i]); */
  return row_find(params, COUNT(params), key);
}

const rq_type *rq_table_find(int table, uint32_t row) {
  static const struct {
    const rq_type *rows;
    size_t count;
  } tables[] = {
      [RQ_TABLE_TYPES] = {types, COUNT(types)},
      [RQ_TABLE_OPTIONS] = {options, COUNT(options)},
      [RQ_TABLE_PARAMS] = {params, COUNT(params)},
  };
  if (table < 0 || (size_t)table >= COUNT(tables) || row >= tables[table].count) return NULL;
  return &tables[table].rows[row];
}

/* --- mnemonics --- */

static uint8_t upper(uint8_t octet) {
  return octet >= 'a' && octet <= 'z' ? (uint8_t)(octet - 32) : octet;
}

static int is_mnemonic(rq_cur text, const char *mnemonic) {
  size_t i = 0;
  while (mnemonic[i] != 0 && rq_cur_left(&text) > 0 && upper(rq_cur_u8(&text)) == (uint8_t)mnemonic[i]) i++;
  return mnemonic[i] == 0 && rq_cur_done(&text);
}

/* TYPE<number> (RFC 3597, section 5), or -1. */
static int32_t generic_parse(rq_cur text) {
  static const char prefix[] = "TYPE";
  int32_t number = 0;
  for (unsigned i = 0; i < 4; i++)
    if (upper(rq_cur_u8(&text)) != (uint8_t)prefix[i]) return -1;
  if (rq_cur_left(&text) < 1 || rq_cur_left(&text) > 5) return -1;
  while (rq_cur_left(&text) > 0) {
    uint8_t octet = rq_cur_u8(&text);
    if (octet < '0' || octet > '9') return -1;
    number = number * 10 + (octet - '0');
  }
  return number <= 65535 ? number : -1;
}

int32_t rq_type_parse(const uint8_t *text, size_t len) {
  rq_cur c;
  rq_cur_init(&c, text, len);
  for (size_t i = 0; i < COUNT(types); i++)
    if (is_mnemonic(c, types[i].mnemonic)) return types[i].number;
  return generic_parse(c);
}

void rq_type_text(uint16_t number, rq_out *out) {
  const rq_type *type = type_row(number);
  if (type != NULL) {
    rq_out_text(out, type->mnemonic);
    return;
  }
  rq_out_text(out, "TYPE");
  rq_decimal_text(number, out);
}

/* --- for Python, see rq_api.h --- */

int32_t rq_type_number(const char *text, uint32_t len) {
  int32_t number = rq_type_parse((const uint8_t *)text, len);
  return number < 0 ? RQ_ILLEGAL_INPUT : number;
}

int32_t rq_type_name(uint16_t number, char *out, uint32_t cap, uint32_t *actual) {
  rq_out o;
  rq_out_init(&o, (uint8_t *)out, cap);
  rq_type_text(number, &o);
  *actual = (uint32_t)rq_out_wanted(&o);
  return (int32_t)rq_out_stored(&o);
}

/* A line "KIND name", and the name in zdns JSON if it has another there. */
static void field_text(const rq_field *field, rq_out *out) {
  static const char *const kinds[] = {
#define RQ_KIND(kind, layout, size, slot) #kind,
#include "rq_kind.def"
#undef RQ_KIND
  };
  rq_out_text(out, "\n");
  rq_out_text(out, kinds[field->kind]);
  rq_out_text(out, " ");
  rq_out_text(out, field->name);
  if (field->zdns == NULL) return;
  rq_out_text(out, " ");
  rq_out_text(out, field->zdns);
}

int32_t rq_table_row(int32_t table, uint32_t row, char *out, uint32_t cap, uint32_t *actual) {
  static const char *const shapes[] = {"FIELDS", "LOC", "OR_EMPTY", "NONE"};
  const rq_type *type = rq_table_find(table, row);
  rq_out o;
  rq_out_init(&o, (uint8_t *)out, cap);
  if (type == NULL) return RQ_BAD_ARGUMENT;
  rq_decimal_text(type->number, &o);
  rq_out_text(&o, " ");
  rq_out_text(&o, shapes[type->shape]);
  rq_out_text(&o, " ");
  rq_out_text(&o, type->mnemonic);
  for (unsigned i = 0; i < type->count; i++) field_text(&type->fields[i], &o);
  *actual = (uint32_t)rq_out_wanted(&o);
  return (int32_t)rq_out_stored(&o);
}
