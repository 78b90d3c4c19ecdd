/* rq_rr.c: the record table and its interpreter; see rq_rr.h. SPDX-License-Identifier: MIT */
#include "rq_rr.h"

#define RQ_RR(mnemonic, number, shape, ...) static const rq_field fields_##mnemonic[] = {__VA_ARGS__};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored \
    "-Wmissing-field-initializers" /* a field without a zdns name ends after its second item */
#include "rq_rr.def"
#pragma GCC diagnostic pop
#undef RQ_RR

/* Sorted by number. */
#define RQ_RR(mnemonic, number, shape, ...) \
  {number, RQ_SHAPE_##shape, sizeof fields_##mnemonic / sizeof fields_##mnemonic[0], #mnemonic, fields_##mnemonic},
static const rq_type types[] = {
#include "rq_rr.def"
};
#undef RQ_RR

#define TYPE_COUNT (sizeof types / sizeof types[0])

const rq_type *rq_type_find(uint16_t number) {
  size_t low = 0, high = TYPE_COUNT;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (types[middle].number == number) return &types[middle];
    if (types[middle].number < number)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

const rq_type *rq_type_row(uint32_t row) {
  return row < TYPE_COUNT ? &types[row] : NULL;
}

void rq_rdata_begin(rq_rdata *it, const rq_type *type, const rq_cur *rdata) {
  it->cur = *rdata;
  it->next = type->fields;
  it->left = type->count;
}

/* --- inner structure of the kinds that reach to the end of the RDATA --- */

int rq_strings_next(rq_cur *octets, rq_cur *string) {
  if (rq_cur_left(octets) == 0) return 0;
  uint8_t len = rq_cur_u8(octets);
  rq_cur_take(octets, len, string);
  return rq_cur_good(octets);
}

static void strings_check(rq_cur *rest) {
  rq_cur string;
  if (rq_cur_left(rest) == 0) rq_cur_fail(rest, RQ_CUR_SHORT);
  while (rq_strings_next(rest, &string)) {
  }
}

int rq_pairs_next(rq_cur *octets, uint16_t *code, rq_cur *value) {
  if (rq_cur_left(octets) == 0) return 0;
  *code = rq_cur_u16(octets);
  uint16_t len = rq_cur_u16(octets);
  rq_cur_take(octets, len, value);
  return rq_cur_good(octets);
}

static void options_check(rq_cur *rest) {
  uint16_t code;
  rq_cur value;
  while (rq_pairs_next(rest, &code, &value)) {
  }
}

/* Keys strictly ascend (RFC 9460, 2.2). */
static void params_check(rq_cur *rest) {
  uint16_t code;
  uint32_t least = 0;
  rq_cur value;
  while (rq_pairs_next(rest, &code, &value)) {
    if (code < least) rq_cur_fail(rest, RQ_CUR_BROKEN);
    least = code + 1u;
  }
}

/* Windows strictly ascend, each with 1 to 32 octets (RFC 4034, 4.1.2). */
static void types_check(rq_cur *rest) {
  uint32_t least = 0;
  while (rq_cur_left(rest) > 0) {
    uint8_t window = rq_cur_u8(rest), len = rq_cur_u8(rest);
    rq_cur_skip(rest, len);
    if (window < least || len < 1 || len > 32) rq_cur_fail(rest, RQ_CUR_BROKEN);
    least = window + 1u;
  }
}

void rq_types_begin(rq_types *it, const rq_cur *octets) {
  it->cur = *octets;
  rq_cur_init(&it->bitmap, NULL, 0);
  it->window = it->octet = it->at = it->bit = 0;
}

/* Loads the next octet of the bitmap that has a bit set; 0 at the end. */
static int bitmap_load(rq_types *it) {
  while (it->octet == 0) {
    if (rq_cur_left(&it->bitmap) == 0) {
      if (rq_cur_left(&it->cur) == 0) return 0;
      it->window = rq_cur_u8(&it->cur);
      uint8_t len = rq_cur_u8(&it->cur);
      rq_cur_take(&it->cur, len, &it->bitmap);
      it->at = 0;
      if (!rq_cur_good(&it->cur)) return 0;
    } else {
      it->octet = rq_cur_u8(&it->bitmap);
      it->bit = it->at * 8u;
      it->at++;
    }
  }
  return 1;
}

int rq_types_next(rq_types *it, uint16_t *type) {
  if (!bitmap_load(it)) return 0;
  while (it->octet < 128u) {
    it->octet *= 2u;
    it->bit++;
  }
  *type = (uint16_t)(it->window * 256u + it->bit % 256u);
  it->octet = it->octet * 2u % 256u;
  it->bit++;
  return 1;
}

/* --- one field --- */

static void rest_take(rq_cur *c, rq_value *value, void (*check)(rq_cur *)) {
  rq_cur_take(c, rq_cur_left(c), &value->octets);
  if (check == NULL) return;
  rq_cur probe = value->octets;
  check(&probe);
  if (!rq_cur_good(&probe)) rq_cur_fail(c, rq_cur_state(&probe));
}

static void counted_take(rq_cur *c, rq_value *value) {
  uint8_t len = rq_cur_u8(c);
  rq_cur_take(c, len, &value->octets);
}

static void field_read(rq_cur *c, uint8_t kind, rq_value *value) {
  switch ((rq_kind)kind) {
    case RQ_K_U8:
      value->number = rq_cur_u8(c);
      break;
    case RQ_K_U16:
    case RQ_K_TYPE:
      value->number = rq_cur_u16(c);
      break;
    case RQ_K_U32:
    case RQ_K_TIME:
      value->number = rq_cur_u32(c);
      break;
    case RQ_K_A:
      rq_cur_take(c, 4, &value->octets);
      break;
    case RQ_K_AAAA:
      rq_cur_take(c, 16, &value->octets);
      break;
    case RQ_K_NAME:
      rq_name_read(c, &value->name);
      break;
    case RQ_K_STRING:
    case RQ_K_TAG:
    case RQ_K_SALT:
    case RQ_K_BASE32:
      counted_take(c, value);
      break;
    case RQ_K_TEXT:
    case RQ_K_HEX:
    case RQ_K_BASE64:
      rest_take(c, value, NULL);
      break;
    case RQ_K_STRINGS:
      rest_take(c, value, strings_check);
      break;
    case RQ_K_TYPES:
      rest_take(c, value, types_check);
      break;
    case RQ_K_PARAMS:
      rest_take(c, value, params_check);
      break;
    case RQ_K_OPTIONS:
      rest_take(c, value, options_check);
      break;
  }
}

int rq_rdata_next(rq_rdata *it, rq_value *value) {
  if (it->left == 0) return rq_cur_done(&it->cur) ? 0 : -1;
  value->field = it->next;
  field_read(&it->cur, value->field->kind, value);
  it->next++;
  it->left--;
  return rq_cur_good(&it->cur) ? 1 : -1;
}

int rq_rdata_fits(uint16_t number, const rq_cur *rdata) {
  const rq_type *type = rq_type_find(number);
  rq_rdata it;
  rq_value value;
  int more = 1;
  if (type == NULL) return 1;
  rq_rdata_begin(&it, type, rdata);
  while (more == 1) more = rq_rdata_next(&it, &value);
  return more == 0;
}

static void rest_write(const rq_cur *octets, rq_out *out) {
  rq_cur rest = *octets;
  rq_out_take(out, &rest, rq_cur_left(&rest));
}

static int has_names(const rq_type *type) {
  for (unsigned i = 0; i < type->count; i++)
    if (type->fields[i].kind == RQ_K_NAME) return 1;
  return 0;
}

/* Writes the fields; 0 when the RDATA does not fit its layout. */
static int fields_write(const rq_type *type, const rq_cur *rdata, rq_out *out) {
  rq_rdata it;
  rq_value value;
  int more;
  rq_rdata_begin(&it, type, rdata);
  rq_cur before = it.cur;
  while ((more = rq_rdata_next(&it, &value)) == 1) {
    if (value.field->kind == RQ_K_NAME)
      rq_name_write(&value.name, out);
    else
      rq_out_take(out, &before, rq_cur_pos(&it.cur) - rq_cur_pos(&before));
    before = it.cur;
  }
  return more == 0;
}

void rq_rdata_expand(uint16_t number, const rq_cur *rdata, rq_out *out) {
  const rq_type *type = rq_type_find(number);
  size_t mark = rq_out_wanted(out);
  if (type != NULL && has_names(type) && fields_write(type, rdata, out)) return;
  rq_out_rewind(out, mark);
  rest_write(rdata, out);
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
  for (size_t i = 0; i < TYPE_COUNT; i++)
    if (is_mnemonic(c, types[i].mnemonic)) return types[i].number;
  return generic_parse(c);
}

void rq_type_text(uint16_t number, rq_out *out) {
  const rq_type *type = rq_type_find(number);
  if (type != NULL) {
    rq_out_text(out, type->mnemonic);
    return;
  }
  rq_out_text(out, "TYPE");
  uint32_t scale = 10000;
  while (scale > 1 && number / scale == 0) scale /= 10;
  for (; scale > 0; scale /= 10) rq_out_u8(out, (uint8_t)('0' + number / scale % 10));
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

static const char *const kind_names[] = {[RQ_K_U8] = "u8",           [RQ_K_U16] = "u16",       [RQ_K_U32] = "u32",
                                         [RQ_K_TIME] = "time",       [RQ_K_TYPE] = "type",     [RQ_K_A] = "a",
                                         [RQ_K_AAAA] = "aaaa",       [RQ_K_NAME] = "name",     [RQ_K_STRING] = "string",
                                         [RQ_K_STRINGS] = "strings", [RQ_K_TAG] = "tag",       [RQ_K_TEXT] = "text",
                                         [RQ_K_HEX] = "hex",         [RQ_K_BASE64] = "base64", [RQ_K_SALT] = "salt",
                                         [RQ_K_BASE32] = "base32",   [RQ_K_TYPES] = "types",   [RQ_K_PARAMS] = "params",
                                         [RQ_K_OPTIONS] = "options"};

int32_t rq_table_row(uint32_t row, char *out, uint32_t cap, uint32_t *actual) {
  const rq_type *type = rq_type_row(row);
  rq_out o;
  rq_out_init(&o, (uint8_t *)out, cap);
  if (type == NULL) return RQ_BAD_ARGUMENT;
  rq_out_text(&o, type->mnemonic);
  for (unsigned i = 0; i < type->count; i++) {
    rq_out_text(&o, "\n");
    rq_out_text(&o, kind_names[type->fields[i].kind]);
    rq_out_text(&o, " ");
    rq_out_text(&o, type->fields[i].name);
  }
  *actual = (uint32_t)rq_out_wanted(&o);
  return (int32_t)rq_out_stored(&o);
}
