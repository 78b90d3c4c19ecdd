/* rq_rdata.c: the interpreter of layouts; see rq_rdata.h.
 *
 * A kind's octets are found by its layout in rq_kind.def; what reaches to the end of the RDATA is then checked inside.
 * Never guesses: octets that do not fit are the caller's to show as they are (RFC 3597). SPDX-License-Identifier: MIT
 */
#include "rq_rdata.h"

#include "rq_utf8.h"

/* How the octets of a field are found. */
enum rq_layout {
  NUMBER,      /* a number of `size` octets */
  BIT,         /* the top bit of the next octet, which stays */
  LOW,         /* the lower seven bits of an octet */
  FIXED,       /* `size` octets */
  COUNT8,      /* an octet that tells how many follow */
  COUNT16,     /* two octets that tell how many follow */
  NAME,        /* a name, perhaps compressed */
  WHOLE,       /* a name that is not */
  REST,        /* all that is left */
  SIZED,       /* as many as slot `size` tells */
  SUFFIX,      /* as many as hold the bits that a prefix leaves of an IPv6 address */
  PREFIX_NAME, /* a name, unless the prefix is empty */
  GATEWAY,     /* by the type of the gateway */
  HIP          /* the size of HIT, an algorithm, the size of HIP_KEY */
};

static const struct {
  uint8_t layout, size, slot;
} kinds[] = {
#define RQ_KIND(kind, layout, size, slot) [RQ_K_##kind] = {layout, size, slot},
#include "rq_kind.def"
#undef RQ_KIND
};

void rq_rdata_begin(rq_rdata *it, const rq_type *type, const rq_cur *rdata) {
  it->cur = *rdata;
  it->next = type->fields;
  it->left = type->count;
  it->told[0] = it->told[1] = it->told[2] = 0;
  it->empty = type->shape == RQ_SHAPE_OR_EMPTY && rq_cur_left(rdata) == 0;
}

/* --- what walks inside a field --- */

int rq_strings_next(rq_cur *octets, rq_cur *string) {
  if (rq_cur_left(octets) == 0) return 0;
  uint8_t len = rq_cur_u8(octets);
  rq_cur_take(octets, len, string);
  return rq_cur_good(octets);
}

/* A name in whose place no pointer stands: what was read is as long as what it gave. */
static void whole_name_read(rq_cur *c, rq_name *name) {
  size_t before = rq_cur_pos(c);
  rq_name_read(c, name);
  if (rq_cur_good(c) && rq_cur_pos(c) - before != name->len) rq_cur_fail(c, RQ_CUR_BROKEN);
}

int rq_names_next(rq_cur *octets, rq_name *name) {
  if (rq_cur_left(octets) == 0) return 0;
  whole_name_read(octets, name);
  return rq_cur_good(octets);
}

int rq_pairs_next(rq_cur *octets, uint16_t *code, rq_cur *value) {
  if (rq_cur_left(octets) == 0) return 0;
  *code = rq_cur_u16(octets);
  uint16_t len = rq_cur_u16(octets);
  rq_cur_take(octets, len, value);
  return rq_cur_good(octets);
}

int rq_prefixes_next(rq_cur *octets, rq_prefix *prefix) {
  if (rq_cur_left(octets) == 0) return 0;
  prefix->family = rq_cur_u16(octets);
  prefix->bits = rq_cur_u8(octets);
  uint8_t len = rq_cur_u8(octets);
  prefix->negated = len >= 128;
  rq_cur_take(octets, len % 128u, &prefix->address);
  return rq_cur_good(octets);
}

void rq_windows_begin(rq_bits *it, const rq_cur *octets) {
  it->cur = *octets;
  rq_cur_init(&it->bitmap, NULL, 0);
  it->window = it->octet = it->at = it->bit = 0;
}

void rq_bits_begin(rq_bits *it, const rq_cur *octets) {
  rq_windows_begin(it, octets);
  it->bitmap = *octets;
  rq_cur_init(&it->cur, NULL, 0);
}

/* Loads the next octet of the bitmap that has a bit set; 0 at the end. */
static int bits_load(rq_bits *it) {
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

int rq_bits_next(rq_bits *it, uint16_t *number) {
  if (!bits_load(it)) return 0;
  while (it->octet < 128u) {
    it->octet *= 2u;
    it->bit++;
  }
  *number = (uint16_t)((it->window * 256u + it->bit) % 65536u);
  it->octet = it->octet * 2u % 256u;
  it->bit++;
  return 1;
}

/* --- checks of what reaches to the end: the cursor fails when it does not fit --- */

static void strings_check(rq_cur *rest, size_t least, size_t most) {
  rq_cur string;
  size_t count = 0;
  while (rq_strings_next(rest, &string)) count++;
  if (count < least || count > most) rq_cur_fail(rest, RQ_CUR_BROKEN);
}

/* None is empty (RFC 7301, 3.1). */
static void ids_check(rq_cur *rest) {
  rq_cur string;
  if (rq_cur_left(rest) == 0) rq_cur_fail(rest, RQ_CUR_SHORT);
  while (rq_strings_next(rest, &string))
    if (rq_cur_left(&string) == 0) rq_cur_fail(rest, RQ_CUR_BROKEN);
}

static void names_check(rq_cur *rest) {
  rq_name name;
  while (rq_names_next(rest, &name)) {
  }
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

/* Numbers of two octets that strictly ascend, one at least (RFC 9460, 8). */
static void keys_check(rq_cur *rest) {
  uint32_t least = 0;
  if (rq_cur_left(rest) == 0) rq_cur_fail(rest, RQ_CUR_SHORT);
  while (rq_cur_left(rest) > 0) {
    uint16_t key = rq_cur_u16(rest);
    if (key < least) rq_cur_fail(rest, RQ_CUR_BROKEN);
    least = key + 1u;
  }
}

/* Passes over `len` octets; the last of them has a bit set, as writers must see to (RFC 4034, 4.1.2; RFC 3123, 4). */
static void tight_skip(rq_cur *c, size_t len) {
  if (len == 0) return;
  rq_cur_skip(c, len - 1);
  if (rq_cur_u8(c) == 0) rq_cur_fail(c, RQ_CUR_BROKEN);
}

/* Windows strictly ascend, each with 1 to 32 octets (RFC 4034, 4.1.2). */
static void types_check(rq_cur *rest) {
  uint32_t least = 0;
  while (rq_cur_left(rest) > 0) {
    uint8_t window = rq_cur_u8(rest), len = rq_cur_u8(rest);
    tight_skip(rest, len);
    if (window < least || len < 1 || len > 32) rq_cur_fail(rest, RQ_CUR_BROKEN);
    least = window + 1u;
  }
}

/* At most 16 octets for types up to 127, of which type 0 is none (RFC 2535, 5.2). */
static void low_types_check(rq_cur *rest) {
  rq_cur first = *rest;
  if (rq_cur_left(rest) > 16 || rq_cur_u8(&first) >= 128) rq_cur_fail(rest, RQ_CUR_BROKEN);
  tight_skip(rest, rq_cur_left(rest));
}

static void ports_check(rq_cur *rest) {
  if (rq_cur_left(rest) > 8192) rq_cur_fail(rest, RQ_CUR_BROKEN);
  tight_skip(rest, rq_cur_left(rest));
}

/* Octets of an address of that family, 0 for a family that has none here. */
static size_t address_size(uint32_t family) {
  return family == 1 ? 4 : family == 2 ? 16 : 0;
}

static void prefixes_check(rq_cur *rest) {
  rq_prefix prefix;
  while (rq_prefixes_next(rest, &prefix)) {
    size_t size = address_size(prefix.family), len = rq_cur_left(&prefix.address);
    tight_skip(&prefix.address, len);
    if (size == 0 || len > size || prefix.bits > size * 8u || !rq_cur_good(&prefix.address))
      rq_cur_fail(rest, RQ_CUR_BROKEN);
  }
}

/* 1 if the `bits` bits on the right of an octet, fewer than 8, are zero. */
static int is_zero_padded(uint8_t octet, uint32_t bits) {
  uint32_t scale = 1;
  for (; bits > 0; bits--) scale *= 2u;
  return octet % scale == 0;
}

/* As many octets as hold the prefix, and zeros behind it (RFC 7871, 6). */
static void subnet_check(const rq_rdata *it, rq_cur *rest) {
  uint32_t family = it->told[1], bits = it->told[2], last = bits % 8u;
  size_t len = rq_cur_left(rest);
  if (address_size(family) == 0 || bits > address_size(family) * 8u || len != (bits + 7u) / 8u)
    rq_cur_fail(rest, RQ_CUR_BROKEN);
  if (last == 0 || !rq_cur_good(rest)) return;
  rq_cur_skip(rest, len - 1);
  if (!is_zero_padded(rq_cur_u8(rest), 8u - last)) rq_cur_fail(rest, RQ_CUR_BROKEN);
}

static void utf8_check(rq_cur *rest) {
  while (rq_cur_left(rest) > 0) {
    uint8_t first;
    size_t len = rq_utf8_next(*rest, &first);
    rq_cur_skip(rest, len);
    if (len == 0) rq_cur_fail(rest, RQ_CUR_BROKEN);
  }
}

/* A multiple of `size` octets, `least` at the least. */
static void multiple_check(rq_cur *rest, size_t size, size_t least) {
  if (rq_cur_left(rest) % size != 0 || rq_cur_left(rest) < least) rq_cur_fail(rest, RQ_CUR_BROKEN);
}

static void cookie_check(rq_cur *rest) {
  size_t len = rq_cur_left(rest);
  if (len != 0 && (len < 8 || len > 32)) rq_cur_fail(rest, RQ_CUR_BROKEN);
}

static void rest_check(const rq_rdata *it, uint8_t kind, rq_cur *rest) {
  if (kind == RQ_K_STRINGS) strings_check(rest, 1, RQ_MESSAGE_MAX);
  if (kind == RQ_K_MAYBE_STRING) strings_check(rest, 0, 1);
  if (kind == RQ_K_IDS) ids_check(rest);
  if (kind == RQ_K_NAMES) names_check(rest);
  if (kind == RQ_K_OPTIONS) options_check(rest);
  if (kind == RQ_K_PARAMS) params_check(rest);
  if (kind == RQ_K_KEYS) keys_check(rest);
  if (kind == RQ_K_TYPES) types_check(rest);
  if (kind == RQ_K_LOW_TYPES) low_types_check(rest);
  if (kind == RQ_K_PORTS) ports_check(rest);
  if (kind == RQ_K_PREFIXES) prefixes_check(rest);
  if (kind == RQ_K_SUBNET) subnet_check(it, rest);
  if (kind == RQ_K_UTF8) utf8_check(rest);
  if (kind == RQ_K_U16S) multiple_check(rest, 2, 0);
  if (kind == RQ_K_AS) multiple_check(rest, 4, 4);
  if (kind == RQ_K_AAAAS) multiple_check(rest, 16, 16);
  if (kind == RQ_K_SERVER_COOKIE) cookie_check(rest);
}

/* --- one field --- */

static uint64_t number_read(rq_cur *c, uint8_t size) {
  if (size == 1) return rq_cur_u8(c);
  if (size == 2) return rq_cur_u16(c);
  if (size == 4) return rq_cur_u32(c);
  uint64_t high = size == 6 ? rq_cur_u16(c) : rq_cur_u32(c);
  return high * 4294967296u + rq_cur_u32(c);
}

/* All that is left; its inside is checked on a copy. */
static void rest_read(rq_rdata *it, uint8_t kind, rq_value *value) {
  rq_cur inside;
  value->told = it->told[1];
  value->absent = kind == RQ_K_MAYBE_STRING && rq_cur_left(&it->cur) == 0;
  rq_cur_take(&it->cur, rq_cur_left(&it->cur), &value->octets);
  inside = value->octets;
  rest_check(it, kind, &inside);
  if (!rq_cur_good(&inside)) rq_cur_fail(&it->cur, rq_cur_state(&inside));
}

/* The bits that the prefix leaves, with zeros before them up to a whole octet (RFC 2874, 3.1). */
static void suffix_read(rq_rdata *it, rq_value *value) {
  uint32_t prefix = it->told[1];
  value->told = prefix;
  value->absent = prefix == 128;
  if (prefix > 128) {
    rq_cur_fail(&it->cur, RQ_CUR_BROKEN);
    return;
  }
  rq_cur_take(&it->cur, 16u - prefix / 8u, &value->octets);
  rq_cur first = value->octets;
  uint32_t limit = 256;
  for (uint32_t bits = prefix % 8u; bits > 0; bits--) limit /= 2u;
  if (rq_cur_u8(&first) >= limit) rq_cur_fail(&it->cur, RQ_CUR_BROKEN);
}

static void gateway_read(rq_rdata *it, rq_value *value) {
  static const uint8_t sizes[] = {0, 4, 16};
  value->told = it->told[1];
  value->absent = value->told == 0;
  if (value->told < sizeof sizes)
    rq_cur_take(&it->cur, sizes[value->told], &value->octets);
  else if (value->told == RQ_GATEWAY_NAME)
    whole_name_read(&it->cur, &value->name);
  else
    rq_cur_fail(&it->cur, RQ_CUR_BROKEN);
}

static void hip_read(rq_rdata *it, rq_value *value) {
  it->told[1] = rq_cur_u8(&it->cur);
  value->number = rq_cur_u8(&it->cur);
  it->told[2] = rq_cur_u16(&it->cur);
}

static void dependent_read(rq_rdata *it, uint8_t layout, uint8_t slot, rq_value *value) {
  if (layout == SIZED) rq_cur_take(&it->cur, it->told[slot], &value->octets);
  if (layout == SUFFIX) suffix_read(it, value);
  if (layout == GATEWAY) gateway_read(it, value);
  if (layout == HIP) hip_read(it, value);
  if (layout == PREFIX_NAME) {
    value->absent = it->told[1] == 0;
    if (!value->absent) whole_name_read(&it->cur, &value->name);
  }
}

static uint8_t octet_ahead(const rq_cur *c) {
  rq_cur ahead;
  ahead = *c;
  return rq_cur_u8(&ahead);
}

static void field_read(rq_rdata *it, uint8_t kind, rq_value *value) {
  uint8_t size = kinds[kind].size;
  switch (kinds[kind].layout) {
    case NUMBER:
      value->number = number_read(&it->cur, size);
      it->told[kinds[kind].slot] = (uint32_t)value->number;
      break;
    case BIT:
      value->number = octet_ahead(&it->cur) / 128u;
      break;
    case LOW:
      value->number = rq_cur_u8(&it->cur) % 128u;
      it->told[kinds[kind].slot] = (uint32_t)value->number;
      break;
    case FIXED:
      rq_cur_take(&it->cur, size, &value->octets);
      break;
    case COUNT8:
      size = rq_cur_u8(&it->cur);
      rq_cur_take(&it->cur, size, &value->octets);
      break;
    case COUNT16:
      value->number = rq_cur_u16(&it->cur);
      rq_cur_take(&it->cur, (size_t)value->number, &value->octets);
      break;
    case NAME:
      rq_name_read(&it->cur, &value->name);
      break;
    case WHOLE:
      whole_name_read(&it->cur, &value->name);
      break;
    case REST:
      rest_read(it, kind, value);
      break;
    default:
      dependent_read(it, kinds[kind].layout, size, value);
  }
}

/* The next field, the values of service parameters not yet checked. */
static int field_next(rq_rdata *it, rq_value *value) {
  if (it->left == 0) return rq_cur_done(&it->cur) ? 0 : -1;
  value->field = it->next;
  value->absent = it->empty;
  if (!it->empty) field_read(it, value->field->kind, value);
  it->next++;
  it->left--;
  return rq_cur_good(&it->cur) ? 1 : -1;
}

/* --- whole layouts --- */

static int fields_fit(const rq_type *type, const rq_cur *octets) {
  rq_rdata it;
  rq_value value;
  int more = 1;
  rq_rdata_begin(&it, type, octets);
  while (more == 1) more = field_next(&it, &value);
  return more == 0;
}

/* A value that does not fit its key makes the whole record malformed (RFC 9460, 2.2). */
static int params_fit(const rq_cur *params) {
  rq_cur rest = *params, value;
  uint16_t key;
  while (rq_pairs_next(&rest, &key, &value)) {
    const rq_type *param = rq_param_find(key);
    if (param != NULL && !fields_fit(param, &value)) return 0;
  }
  return 1;
}

int rq_rdata_next(rq_rdata *it, rq_value *value) {
  int more = field_next(it, value);
  if (more == 1 && value->field->kind == RQ_K_PARAMS && !params_fit(&value->octets)) return -1;
  return more;
}

int rq_layout_fits(const rq_type *type, const rq_cur *octets) {
  rq_rdata it;
  rq_value value;
  int more = 1;
  rq_rdata_begin(&it, type, octets);
  while (more == 1) more = rq_rdata_next(&it, &value);
  return more == 0;
}

int rq_rdata_fits(uint16_t number, const rq_cur *rdata) {
  const rq_type *type = rq_type_find(number);
  return type == NULL || rq_layout_fits(type, rdata);
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
