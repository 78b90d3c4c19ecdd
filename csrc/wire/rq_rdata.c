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

typedef struct kind_row {
  uint8_t layout, size, slot;
} kind_row;

static const kind_row kinds[] = {
#define RQ_KIND(kind, layout, size, slot) [RQ_K_##kind] = {layout, size, slot},
#include "rq_kind.def"
#undef RQ_KIND
};

/*@ // What the rest relies on in a row of that table: the slots are there, each layout fills what the kind comes as.
    predicate rq_kind_ok(integer kind, integer layout, integer size, integer slot) =
      0 <= slot <= 2 && NUMBER <= layout <= HIP && (layout == SIZED ==> 0 <= size <= 2) &&
      (rq_kind_octets(kind) ==> layout == FIXED || layout == COUNT8 || layout == COUNT16 || layout == REST ||
        layout == SIZED || layout == SUFFIX) &&
      (rq_kind_checked(kind) ==> layout == REST) &&
      (kind == RQ_K_NAME ==> layout == NAME) && (kind == RQ_K_WHOLE_NAME ==> layout == WHOLE) &&
      (kind == RQ_K_PREFIX_NAME ==> layout == PREFIX_NAME) && (kind == RQ_K_GATEWAY ==> layout == GATEWAY);
*/

/*@ requires kind < RQ_KINDS;
    terminates \true;
    assigns \nothing;
    ensures rq_kind_ok(kind, \result.layout, \result.size, \result.slot); */
static kind_row kind_find(uint8_t kind) {
  /*@ admit table: rq_kind_ok(kind, kinds[kind].layout, kinds[kind].size, kinds[kind].slot); */
  return kinds[kind];
}

void rq_rdata_begin(rq_rdata *it, const rq_type *type, const rq_cur *rdata) {
  it->empty = type->shape == RQ_SHAPE_OR_EMPTY && rq_cur_left(rdata) == 0;
  it->told[0] = 0;
  it->told[1] = 0;
  it->told[2] = 0;
  it->at = 0;
  it->count = type->count;
  it->fields = type->fields;
  it->cur = *rdata;
}

/* --- what walks inside a field --- */

int rq_strings_next(rq_cur *octets, rq_cur *string) {
  if (rq_cur_left(octets) == 0) return 0;
  uint8_t len = rq_cur_u8(octets);
  rq_cur_take(octets, len, string);
  return rq_cur_good(octets);
}

/* A name in whose place no pointer stands: what was read is as long as what it gave. */
/*@ requires rq_cur_ok(c) && \valid(name) && rq_name_apart(name, c);
    terminates \true;
    assigns c->pos, c->state, *name;
    ensures rq_cur_moved{Pre, Here}(c) && rq_name_ok(name);
    ensures c->state == RQ_CUR_GOOD ==> c->pos == \old(c->pos) + name->len; */
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
  /*@ assert \at(octets->state == RQ_CUR_GOOD && rq_pairs_ok(octets->base, octets->pos, octets->end), Pre) &&
    \at(octets->pos < octets->end, Pre) ==>
    len <= \at(octets->end - octets->pos, Pre) - 4 &&
    rq_pairs_ok(\at(octets->base, Pre), \at(octets->pos, Pre) + 4 + len, \at(octets->end, Pre)); */
  rq_cur_take(octets, len, value);
  /*@ assert rq_cur_moved{Pre, Here}(octets) &&
    (\at(octets->state, Pre) == RQ_CUR_GOOD && \at(octets->end - octets->pos, Pre) >= 4 + len ==>
    octets->state == RQ_CUR_GOOD && octets->pos == \at(octets->pos, Pre) + 4 + len); */
  return rq_cur_good(octets);
}

int rq_prefixes_next(rq_cur *octets, rq_prefix *prefix) {
  if (rq_cur_left(octets) == 0) return 0;
  prefix->family = rq_cur_u16(octets);
  prefix->bits = rq_cur_u8(octets);
  uint8_t len = rq_cur_u8(octets);
  prefix->negated = len >= 128;
  size_t size = len >= 128 ? len - 128u : len;
  rq_cur_take(octets, size, &prefix->address);
  return rq_cur_good(octets);
}

/*@ requires \valid(it);
    terminates \true;
    assigns *it;
    ensures rq_bits_ok(it) && it->cur.state == RQ_CUR_GOOD && it->bitmap.state == RQ_CUR_GOOD;
    ensures it->cur.pos == it->cur.end && it->bitmap.pos == it->bitmap.end; */
static void bits_clear(rq_bits *it) {
  rq_cur_init(&it->cur, NULL, 0);
  rq_cur_init(&it->bitmap, NULL, 0);
  it->window = 0;
  it->octet = 0;
  it->at = 0;
  it->bit = 0;
}

void rq_windows_begin(rq_bits *it, const rq_cur *octets) {
  bits_clear(it);
  it->cur = *octets;
}

void rq_bits_begin(rq_bits *it, const rq_cur *octets) {
  bits_clear(it);
  it->bitmap = *octets;
}

/* Moves on to the next window; 0 when there is none. */
/*@ requires rq_bits_ok(it) && it->bitmap.pos == it->bitmap.end;
    terminates \true;
    assigns it->cur.pos, it->cur.state, it->bitmap, it->window, it->at;
    ensures rq_bits_ok(it) && (\result == 0 || \result == 1);
    ensures \result == 0 ==> it->cur.pos == it->cur.end && it->bitmap.pos == it->bitmap.end;
    ensures \result == 1 ==> it->cur.end == \old(it->cur.end) && it->cur.pos >= \old(it->cur.pos) + 2 &&
      it->bitmap.end - it->bitmap.pos == it->cur.pos - \old(it->cur.pos) - 2; */
static int window_next(rq_bits *it) {
  if (rq_cur_left(&it->cur) == 0) return 0;
  it->window = rq_cur_u8(&it->cur);
  uint8_t len = rq_cur_u8(&it->cur);
  rq_cur_take(&it->cur, len, &it->bitmap);
  it->at = 0;
  return rq_cur_good(&it->cur);
}

/* Loads the next octet of the bitmap that has a bit set; 0 at the end. */
/*@ requires rq_bits_ok(it);
    terminates \true;
    assigns *it;
    ensures rq_bits_ok(it) && (\result == 0 || \result == 1);
    ensures \result == 1 ==> it->octet > 0;
    ensures \result == 0 ==> it->cur.pos == it->cur.end && it->bitmap.pos == it->bitmap.end; */
static int bits_load(rq_bits *it) {
  /*@ loop invariant rq_bits_ok(it);
      loop assigns *it;
      loop variant 2 * (it->cur.end - it->cur.pos) + (it->bitmap.end - it->bitmap.pos) + (it->octet == 0 ? 1 : 0); */
  while (it->octet == 0) {
    if (rq_cur_left(&it->bitmap) > 0) {
      it->octet = rq_cur_u8(&it->bitmap);
      it->bit = it->at * 8u;
      it->at = (it->at + 1u) % 8192u;
    } else if (!window_next(it)) {
      return 0;
    }
  }
  return 1;
}

int rq_bits_next(rq_bits *it, uint16_t *number) {
  if (!bits_load(it)) return 0;
  /*@ loop invariant rq_bits_ok(it) && it->octet > 0;
      loop assigns it->octet, it->bit;
      loop variant 128 - it->octet; */
  while (it->octet < 128u) {
    it->octet *= 2u;
    it->bit = (it->bit + 1u) % 65536u;
  }
  *number = (uint16_t)((it->window * 256u + it->bit) % 65536u);
  it->octet = it->octet * 2u % 256u;
  it->bit = (it->bit + 1u) % 65536u;
  return 1;
}

/* --- checks of what reaches to the end: the cursor fails when it does not fit --- */

/*@ requires rq_cur_ok(rest);
    terminates \true;
    assigns rest->pos, rest->state;
    ensures rq_cur_moved{Pre, Here}(rest);
    ensures rest->state == RQ_CUR_GOOD ==> rq_strings_ok(rest->base, \old(rest->pos), rest->end); */
static void strings_check(rq_cur *rest, size_t least, size_t most) {
  rq_cur string;
  size_t count = 0;
  /*@ loop invariant rq_cur_moved{Pre, Here}(rest) && count <= rest->pos - \at(rest->pos, Pre);
      loop invariant rest->state == RQ_CUR_GOOD && rq_strings_ok(rest->base, rest->pos, rest->end) ==>
        rq_strings_ok(rest->base, \at(rest->pos, Pre), rest->end);
      loop assigns rest->pos, rest->state, string, count;
      loop variant rest->end - rest->pos; */
  while (rq_strings_next(rest, &string)) count++;
  if (count < least || count > most) rq_cur_fail(rest, RQ_CUR_BROKEN);
}

/* None is empty (RFC 7301, 3.1). */
/*@ requires rq_cur_ok(rest);
    terminates \true;
    assigns rest->pos, rest->state;
    ensures rq_cur_moved{Pre, Here}(rest);
    ensures rest->state == RQ_CUR_GOOD ==> rq_strings_ok(rest->base, \old(rest->pos), rest->end); */
static void ids_check(rq_cur *rest) {
  rq_cur string;
  if (rq_cur_left(rest) == 0) rq_cur_fail(rest, RQ_CUR_SHORT);
  /*@ loop invariant rq_cur_moved{Pre, Here}(rest);
      loop invariant rest->state == RQ_CUR_GOOD && rq_strings_ok(rest->base, rest->pos, rest->end) ==>
        rq_strings_ok(rest->base, \at(rest->pos, Pre), rest->end);
      loop assigns rest->pos, rest->state, string;
      loop variant rest->end - rest->pos; */
  while (rq_strings_next(rest, &string))
    if (rq_cur_left(&string) == 0) rq_cur_fail(rest, RQ_CUR_BROKEN);
}

/*@ requires rq_cur_ok(rest) && \separated(rest, rest->base + (0 .. rest->end - 1));
    terminates \true;
    assigns rest->pos, rest->state;
    ensures rq_cur_moved{Pre, Here}(rest); */
static void names_check(rq_cur *rest) {
  rq_name name;
  /*@ loop invariant rq_cur_moved{Pre, Here}(rest) && rq_name_apart(&name, rest);
      loop assigns rest->pos, rest->state, name;
      loop variant rest->end - rest->pos; */
  while (rq_names_next(rest, &name)) {
  }
}

/*@ requires rq_cur_ok(rest);
    terminates \true;
    assigns rest->pos, rest->state;
    ensures rq_cur_moved{Pre, Here}(rest);
    ensures rest->state == RQ_CUR_GOOD ==> rq_pairs_ok(rest->base, \old(rest->pos), rest->end); */
static void options_check(rq_cur *rest) {
  uint16_t code;
  rq_cur value;
  /*@ loop invariant rq_cur_moved{Pre, Here}(rest);
      loop invariant rest->state == RQ_CUR_GOOD && rq_pairs_ok(rest->base, rest->pos, rest->end) ==>
        rq_pairs_ok(rest->base, \at(rest->pos, Pre), rest->end);
      loop assigns rest->pos, rest->state, code, value;
      loop variant rest->end - rest->pos; */
  while (rq_pairs_next(rest, &code, &value)) {
  }
}

/* Keys strictly ascend (RFC 9460, 2.2). */
/*@ requires rq_cur_ok(rest);
    terminates \true;
    assigns rest->pos, rest->state;
    ensures rq_cur_moved{Pre, Here}(rest);
    ensures rest->state == RQ_CUR_GOOD ==> rq_pairs_ok(rest->base, \old(rest->pos), rest->end); */
static void params_check(rq_cur *rest) {
  uint16_t code;
  uint32_t least = 0;
  rq_cur value;
  /*@ loop invariant rq_cur_moved{Pre, Here}(rest) && least <= 65536;
      loop invariant rest->state == RQ_CUR_GOOD && rq_pairs_ok(rest->base, rest->pos, rest->end) ==>
        rq_pairs_ok(rest->base, \at(rest->pos, Pre), rest->end);
      loop assigns rest->pos, rest->state, code, value, least;
      loop variant rest->end - rest->pos; */
  while (rq_pairs_next(rest, &code, &value)) {
    if (code < least) rq_cur_fail(rest, RQ_CUR_BROKEN);
    least = code + 1u;
  }
}

/* Numbers of two octets that strictly ascend, one at least (RFC 9460, 8). */
/*@ requires rq_cur_ok(rest);
    terminates \true;
    assigns rest->pos, rest->state;
    ensures rq_cur_moved{Pre, Here}(rest); */
static void keys_check(rq_cur *rest) {
  uint32_t least = 0;
  if (rq_cur_left(rest) == 0) rq_cur_fail(rest, RQ_CUR_SHORT);
  /*@ loop invariant rq_cur_moved{Pre, Here}(rest) && least <= 65536;
      loop assigns rest->pos, rest->state, least;
      loop variant rest->end - rest->pos; */
  while (rq_cur_left(rest) > 0) {
    uint16_t key = rq_cur_u16(rest);
    if (key < least) rq_cur_fail(rest, RQ_CUR_BROKEN);
    least = key + 1u;
  }
}

/* Passes over `len` octets; the last of them has a bit set, as writers must see to (RFC 4034, 4.1.2; RFC 3123, 4). */
/*@ requires rq_cur_ok(c);
    terminates \true;
    assigns c->pos, c->state;
    ensures rq_cur_moved{Pre, Here}(c);
    ensures c->state == RQ_CUR_GOOD ==> c->pos == \old(c->pos) + len; */
static void tight_skip(rq_cur *c, size_t len) {
  if (len == 0) return;
  rq_cur_skip(c, len - 1);
  if (rq_cur_u8(c) == 0) rq_cur_fail(c, RQ_CUR_BROKEN);
}

/* Windows strictly ascend, each with 1 to 32 octets (RFC 4034, 4.1.2). */
/*@ requires rq_cur_ok(rest);
    terminates \true;
    assigns rest->pos, rest->state;
    ensures rq_cur_moved{Pre, Here}(rest);
    ensures rest->state == RQ_CUR_GOOD ==> rq_windows_ok(rest->base, \old(rest->pos), rest->end); */
static void types_check(rq_cur *rest) {
  uint32_t least = 0;
  /*@ loop invariant rq_cur_moved{Pre, Here}(rest) && least <= 256;
      loop invariant rest->state == RQ_CUR_GOOD && rq_windows_ok(rest->base, rest->pos, rest->end) ==>
        rq_windows_ok(rest->base, \at(rest->pos, Pre), rest->end);
      loop assigns rest->pos, rest->state, least;
      loop variant rest->end - rest->pos; */
  while (rq_cur_left(rest) > 0) {
    uint8_t window = rq_cur_u8(rest), len = rq_cur_u8(rest);
    tight_skip(rest, len);
    if (window < least || len < 1 || len > 32) rq_cur_fail(rest, RQ_CUR_BROKEN);
    least = window + 1u;
  }
}

/* At most 16 octets for types up to 127, of which type 0 is none (RFC 2535, 5.2). */
/*@ requires rq_cur_ok(rest);
    terminates \true;
    assigns rest->pos, rest->state;
    ensures rq_cur_moved{Pre, Here}(rest); */
static void low_types_check(rq_cur *rest) {
  rq_cur first;
  first = *rest;
  if (rq_cur_left(rest) > 16 || rq_cur_u8(&first) >= 128) rq_cur_fail(rest, RQ_CUR_BROKEN);
  tight_skip(rest, rq_cur_left(rest));
}

/*@ requires rq_cur_ok(rest);
    terminates \true;
    assigns rest->pos, rest->state;
    ensures rq_cur_moved{Pre, Here}(rest); */
static void ports_check(rq_cur *rest) {
  if (rq_cur_left(rest) > 8192) rq_cur_fail(rest, RQ_CUR_BROKEN);
  tight_skip(rest, rq_cur_left(rest));
}

/* Octets of an address of that family, 0 for a family that has none here. */
/*@ terminates \true;
    assigns \nothing;
    ensures \result == (family == 1 ? 4 : family == 2 ? 16 : 0); */
static size_t address_size(uint32_t family) {
  return family == 1 ? 4 : family == 2 ? 16 : 0;
}

/*@ requires rq_cur_ok(rest);
    terminates \true;
    assigns rest->pos, rest->state;
    ensures rq_cur_moved{Pre, Here}(rest);
    ensures rest->state == RQ_CUR_GOOD ==> rq_prefixes_ok(rest->base, \old(rest->pos), rest->end); */
static void prefixes_check(rq_cur *rest) {
  rq_prefix prefix;
  /*@ loop invariant rq_cur_moved{Pre, Here}(rest);
      loop invariant rest->state == RQ_CUR_GOOD && rq_prefixes_ok(rest->base, rest->pos, rest->end) ==>
        rq_prefixes_ok(rest->base, \at(rest->pos, Pre), rest->end);
      loop assigns rest->pos, rest->state, prefix;
      loop variant rest->end - rest->pos; */
  while (rq_prefixes_next(rest, &prefix)) {
    size_t size = address_size(prefix.family), len = rq_cur_left(&prefix.address);
    tight_skip(&prefix.address, len);
    if (size == 0 || len > size || prefix.bits > size * 8u || !rq_cur_good(&prefix.address))
      rq_cur_fail(rest, RQ_CUR_BROKEN);
  }
}

/* 1 if the `bits` bits on the right of an octet, fewer than 8, are zero. */
/*@ terminates \true;
    assigns \nothing;
    ensures \result == 0 || \result == 1; */
static int is_zero_padded(uint8_t octet, uint32_t bits) {
  /*@ loop assigns octet, bits;
      loop variant bits; */
  for (; bits > 0; bits--) {
    if (octet % 2u != 0) return 0;
    octet /= 2u;
  }
  return 1;
}

/* As many octets as hold the prefix, and zeros behind it (RFC 7871, 6). */
/*@ requires \valid_read(it) && rq_cur_ok(rest) && \separated(it, rest);
    terminates \true;
    assigns rest->pos, rest->state;
    ensures rq_cur_moved{Pre, Here}(rest); */
static void subnet_check(const rq_rdata *it, rq_cur *rest) {
  uint32_t family = it->told[1], bits = it->told[2], last = bits % 8u;
  size_t len = rq_cur_left(rest);
  if (address_size(family) == 0 || bits > address_size(family) * 8u || len != (bits + 7u) / 8u)
    rq_cur_fail(rest, RQ_CUR_BROKEN);
  if (last == 0 || !rq_cur_good(rest)) return;
  rq_cur_skip(rest, len - 1);
  if (!is_zero_padded(rq_cur_u8(rest), 8u - last)) rq_cur_fail(rest, RQ_CUR_BROKEN);
}

/*@ requires rq_cur_ok(rest);
    terminates \true;
    assigns rest->pos, rest->state;
    ensures rq_cur_moved{Pre, Here}(rest); */
static void utf8_check(rq_cur *rest) {
  /*@ loop invariant rq_cur_moved{Pre, Here}(rest);
      loop assigns rest->pos, rest->state;
      loop variant rest->end - rest->pos; */
  while (rq_cur_left(rest) > 0) {
    uint8_t first;
    size_t len = rq_utf8_next(rest, &first);
    rq_cur_skip(rest, len);
    if (len == 0) rq_cur_fail(rest, RQ_CUR_BROKEN);
  }
}

/* A multiple of `size` octets, `least` at the least. */
/*@ requires rq_cur_ok(rest) && size > 0;
    terminates \true;
    assigns rest->pos, rest->state;
    ensures rq_cur_moved{Pre, Here}(rest);
    ensures rest->state == RQ_CUR_GOOD ==> (rest->end - \old(rest->pos)) % size == 0; */
static void multiple_check(rq_cur *rest, size_t size, size_t least) {
  if (rq_cur_left(rest) % size != 0 || rq_cur_left(rest) < least) rq_cur_fail(rest, RQ_CUR_BROKEN);
}

/*@ requires rq_cur_ok(rest);
    terminates \true;
    assigns rest->pos, rest->state;
    ensures rq_cur_moved{Pre, Here}(rest); */
static void cookie_check(rq_cur *rest) {
  size_t len = rq_cur_left(rest);
  if (len != 0 && (len < 8 || len > 32)) rq_cur_fail(rest, RQ_CUR_BROKEN);
}

/* Checks the octets of a kind that reaches to the end; most have no inner structure. */
/*@ requires \valid_read(it) && rq_cur_ok(rest) && \separated(rest, it);
    requires \separated(rest, rest->base + (0 .. rest->end - 1));
    terminates \true;
    assigns rest->pos, rest->state;
    ensures rq_cur_moved{Pre, Here}(rest);
    ensures rest->state == RQ_CUR_GOOD ==> rq_checked(kind, rest->base, \old(rest->pos), rest->end); */
static void rest_check(const rq_rdata *it, uint8_t kind, rq_cur *rest) {
  switch (kind) {
    case RQ_K_STRINGS:
      strings_check(rest, 1, RQ_MESSAGE_MAX);
      break;
    case RQ_K_MAYBE_STRING:
      strings_check(rest, 0, 1);
      break;
    case RQ_K_IDS:
      ids_check(rest);
      break;
    case RQ_K_NAMES:
      names_check(rest);
      break;
    case RQ_K_OPTIONS:
      options_check(rest);
      break;
    case RQ_K_PARAMS:
      params_check(rest);
      break;
    case RQ_K_KEYS:
      keys_check(rest);
      break;
    case RQ_K_TYPES:
      types_check(rest);
      break;
    case RQ_K_LOW_TYPES:
      low_types_check(rest);
      break;
    case RQ_K_PORTS:
      ports_check(rest);
      break;
    case RQ_K_PREFIXES:
      prefixes_check(rest);
      break;
    case RQ_K_SUBNET:
      subnet_check(it, rest);
      break;
    case RQ_K_UTF8:
      utf8_check(rest);
      break;
    case RQ_K_U16S:
      multiple_check(rest, 2, 0);
      break;
    case RQ_K_AS:
      multiple_check(rest, 4, 4);
      break;
    case RQ_K_AAAAS:
      multiple_check(rest, 16, 16);
      break;
    case RQ_K_SERVER_COOKIE:
      cookie_check(rest);
      break;
    default:
      break;
  }
}

/* --- one field --- */

/*@ requires rq_cur_ok(c);
    terminates \true;
    assigns c->pos, c->state;
    ensures rq_cur_moved{Pre, Here}(c); */
static uint64_t number_read(rq_cur *c, uint8_t size) {
  if (size == 1) return rq_cur_u8(c);
  if (size == 2) return rq_cur_u16(c);
  if (size == 4) return rq_cur_u32(c);
  uint64_t high = size == 6 ? rq_cur_u16(c) : rq_cur_u32(c);
  return high * 4294967296u + rq_cur_u32(c);
}

/*@ // What readers of one field share: where they read and what they fill is apart from the message.
    predicate rq_field_apart(rq_rdata *it, rq_value *value) =
      \separated(it, value, it->cur.base + (0 .. it->cur.end - 1));
*/

/* Checks the inside of octets on a copy; RQ_CUR_GOOD or what is wrong. */
/*@ requires \valid_read(it) && rq_cur_ok(octets);
    terminates \true;
    assigns \nothing;
    ensures \result <= RQ_CUR_BROKEN;
    ensures \result == RQ_CUR_GOOD ==> rq_checked(kind, octets->base, octets->pos, octets->end); */
static uint32_t inside_check(const rq_rdata *it, uint8_t kind, const rq_cur *octets) {
  rq_cur inside;
  inside = *octets;
  rest_check(it, kind, &inside);
  return rq_cur_state(&inside);
}

/* All that is left, with its inside checked. */
/*@ requires \valid(it) && rq_cur_ok(&it->cur) && \valid(value) && rq_field_apart(it, value);
    terminates \true;
    assigns it->cur.pos, it->cur.state, value->told, value->absent, value->octets;
    ensures rq_cur_moved{Pre, Here}(&it->cur) && rq_cur_ok(&value->octets);
    ensures it->cur.state == RQ_CUR_GOOD ==> value->octets.state == RQ_CUR_GOOD &&
      rq_checked(kind, value->octets.base, value->octets.pos, value->octets.end); */
static void rest_read(rq_rdata *it, uint8_t kind, rq_value *value) {
  value->told = it->told[1];
  value->absent = kind == RQ_K_MAYBE_STRING && rq_cur_left(&it->cur) == 0;
  rq_cur_take(&it->cur, rq_cur_left(&it->cur), &value->octets);
  uint32_t state = inside_check(it, kind, &value->octets);
  if (state != RQ_CUR_GOOD) rq_cur_fail(&it->cur, state);
}

/*@ requires rq_cur_ok(c);
    terminates \true;
    assigns \nothing; */
static uint8_t octet_ahead(const rq_cur *c) {
  rq_cur ahead;
  ahead = *c;
  return rq_cur_u8(&ahead);
}

/* The bits that the prefix leaves, with zeros before them up to a whole octet (RFC 2874, 3.1). */
/*@ requires \valid(it) && rq_cur_ok(&it->cur) && \valid(value) && rq_field_apart(it, value);
    terminates \true;
    assigns it->cur.pos, it->cur.state, value->told, value->absent, value->octets;
    ensures rq_cur_moved{Pre, Here}(&it->cur);
    ensures it->cur.state == RQ_CUR_GOOD ==> value->told <= 128;
    ensures it->cur.state == RQ_CUR_GOOD ==> rq_cur_ok(&value->octets) && value->octets.state == RQ_CUR_GOOD; */
static void suffix_read(rq_rdata *it, rq_value *value) {
  uint32_t prefix = it->told[1], limit = 256;
  value->told = prefix;
  value->absent = prefix == 128;
  if (prefix > 128) {
    rq_cur_fail(&it->cur, RQ_CUR_BROKEN);
    return;
  }
  rq_cur_take(&it->cur, 16u - prefix / 8u, &value->octets);
  /*@ loop assigns bits, limit;
      loop variant bits; */
  for (uint32_t bits = prefix % 8u; bits > 0; bits--) limit /= 2u;
  if (octet_ahead(&value->octets) >= limit) rq_cur_fail(&it->cur, RQ_CUR_BROKEN);
}

/*@ requires \valid(it) && rq_cur_ok(&it->cur) && \valid(value) && rq_field_apart(it, value);
    terminates \true;
    assigns it->cur.pos, it->cur.state, value->told, value->absent, value->octets, value->name;
    ensures rq_cur_moved{Pre, Here}(&it->cur);
    ensures it->cur.state == RQ_CUR_GOOD ==> rq_gateway_ok(value); */
static void gateway_read(rq_rdata *it, rq_value *value) {
  value->told = it->told[1];
  value->absent = value->told == 0;
  if (value->told == RQ_GATEWAY_NAME)
    whole_name_read(&it->cur, &value->name);
  else if (value->told > RQ_GATEWAY_NAME)
    rq_cur_fail(&it->cur, RQ_CUR_BROKEN);
  else
    rq_cur_take(&it->cur, address_size(value->told), &value->octets);
}

/*@ requires \valid(it) && rq_cur_ok(&it->cur) && \valid(value) && rq_field_apart(it, value);
    terminates \true;
    assigns it->cur.pos, it->cur.state, it->told[1 .. 2], value->number;
    ensures rq_cur_moved{Pre, Here}(&it->cur); */
static void hip_read(rq_rdata *it, rq_value *value) {
  it->told[1] = rq_cur_u8(&it->cur);
  value->number = rq_cur_u8(&it->cur);
  it->told[2] = rq_cur_u16(&it->cur);
}

/*@ requires \valid(it) && rq_cur_ok(&it->cur) && \valid(value) && rq_field_apart(it, value);
    terminates \true;
    assigns it->cur.pos, it->cur.state, value->absent, value->name;
    ensures rq_cur_moved{Pre, Here}(&it->cur);
    ensures !value->absent ==> rq_name_ok(&value->name); */
static void prefix_name_read(rq_rdata *it, rq_value *value) {
  value->absent = it->told[1] == 0;
  if (!value->absent) whole_name_read(&it->cur, &value->name);
}

/*@ requires \valid(it) && rq_cur_ok(&it->cur) && \valid(value) && rq_field_apart(it, value) && kind < RQ_KINDS;
    terminates \true;
    assigns it->cur.pos, it->cur.state, it->told[0 .. 2];
    assigns value->number, value->told, value->absent, value->octets, value->name;
    ensures rq_cur_moved{Pre, Here}(&it->cur);
    ensures it->cur.state == RQ_CUR_GOOD ==> rq_content_ok(kind, value); */
static void field_read(rq_rdata *it, uint8_t kind, rq_value *value) {
  kind_row row = kind_find(kind);
  switch (row.layout) {
    case NUMBER:
      value->number = number_read(&it->cur, row.size);
      it->told[row.slot] = (uint32_t)value->number;
      break;
    case BIT:
      value->number = octet_ahead(&it->cur) / 128u;
      break;
    case LOW:
      value->number = rq_cur_u8(&it->cur) % 128u;
      it->told[row.slot] = (uint32_t)value->number;
      break;
    case FIXED:
      rq_cur_take(&it->cur, row.size, &value->octets);
      break;
    case COUNT8:
      rq_cur_take(&it->cur, rq_cur_u8(&it->cur), &value->octets);
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
    case SIZED:
      rq_cur_take(&it->cur, it->told[row.size], &value->octets);
      break;
    case SUFFIX:
      suffix_read(it, value);
      break;
    case PREFIX_NAME:
      prefix_name_read(it, value);
      break;
    case GATEWAY:
      gateway_read(it, value);
      break;
    case HIP:
      hip_read(it, value);
      break;
  }
}

/* Reads the next field, of which there is one. */
/*@ requires rq_rdata_ok(it) && it->at < it->count && \valid(value) && rq_field_apart(it, value);
    requires \separated(it->fields + (0 .. it->count - 1), it, value);
    terminates \true;
    assigns it->cur.pos, it->cur.state, it->at, it->told[0 .. 2], *value;
    ensures rq_rdata_ok(it);
    ensures rq_cur_moved{Pre, Here}(&it->cur);
    ensures it->at == \old(it->at) + 1 && value->field == it->fields + \old(it->at);
    ensures it->cur.state == RQ_CUR_GOOD && !it->empty ==> rq_value_ok(value);
    ensures it->empty ==> value->absent && it->cur.pos == \old(it->cur.pos); */
static void field_take(rq_rdata *it, rq_value *value) {
  value->field = &it->fields[it->at];
  value->absent = it->empty;
  if (!it->empty) field_read(it, value->field->kind, value);
  /*@ assert \forall integer i; 0 <= i < it->count ==> it->fields[i].kind == \at(it->fields[i].kind, Pre); */
  /*@ assert value->field == it->fields + it->at && value->field->kind == \at(it->fields[it->at].kind, Pre); */
  it->at++;
}

/* The next field, the values of service parameters not yet checked. */
/*@ requires rq_rdata_ok(it) && \valid(value) && rq_field_apart(it, value);
    requires \separated(it->fields + (0 .. it->count - 1), it, value);
    terminates \true;
    assigns it->cur.pos, it->cur.state, it->at, it->told[0 .. 2], *value;
    ensures rq_rdata_ok(it);
    ensures rq_cur_moved{Pre, Here}(&it->cur);
    ensures \result == 1 || \result == 0 || \result == -1;
    ensures \result == 0 <==>
      \old(it->at) == it->count && \old(it->cur.pos) == it->cur.end && it->cur.state == RQ_CUR_GOOD;
    ensures it->at == (\old(it->at) < it->count ? \old(it->at) + 1 : \old(it->at));
    ensures \old(it->at) < it->count ==> value->field == it->fields + \old(it->at);
    ensures \result == 1 <==> \old(it->at) < it->count && it->cur.state == RQ_CUR_GOOD;
    ensures \result == 1 && !it->empty ==> rq_value_ok(value);
    ensures \result == 1 && it->empty ==> value->absent && it->cur.pos == \old(it->cur.pos); */
static int field_next(rq_rdata *it, rq_value *value) {
  if (it->at == it->count) return rq_cur_done(&it->cur) ? 0 : -1;
  field_take(it, value);
  return rq_cur_good(&it->cur) ? 1 : -1;
}

/* --- whole layouts --- */

/*@ requires rq_type_ok(type) && rq_cur_ok(octets);
    terminates \true;
    assigns \nothing;
    ensures \result == 0 || \result == 1; */
static int fields_fit(const rq_type *type, const rq_cur *octets) {
  rq_rdata it;
  rq_value value;
  int more = 1;
  rq_rdata_begin(&it, type, octets);
  /*@ loop invariant rq_rdata_ok(&it);
      loop invariant it.cur.base == octets->base && it.cur.end == octets->end;
      loop invariant more == 1 || more == 0 || more == -1;
      loop invariant it.fields == type->fields && it.count == type->count;
      loop assigns more, it, value;
      loop variant it.count - it.at + (more == 1 ? 1 : 0); */
  while (more == 1) more = field_next(&it, &value);
  return more == 0;
}

/* A value that does not fit its key makes the whole record malformed (RFC 9460, 2.2). */
/*@ requires rq_cur_ok(params);
    terminates \true;
    assigns \nothing;
    ensures \result == 0 || \result == 1; */
static int params_fit(const rq_cur *params) {
  rq_cur rest, value;
  uint16_t key;
  rest = *params;
  /*@ loop invariant rq_cur_ok(&rest) && rest.base == params->base && rest.end == params->end;
      loop assigns rest, value, key;
      loop variant rest.end - rest.pos; */
  while (rq_pairs_next(&rest, &key, &value)) {
    const rq_type *param = rq_param_find(key);
    if (param != NULL && !fields_fit(param, &value)) return 0;
  }
  return 1;
}

int rq_rdata_next(rq_rdata *it, rq_value *value) {
  int more = field_next(it, value);
  if (more == 1 && !it->empty && value->field->kind == RQ_K_PARAMS && !params_fit(&value->octets)) return -1;
  return more;
}

int rq_layout_fits(const rq_type *type, const rq_cur *octets) {
  rq_rdata it;
  rq_value value;
  int more = 1;
  rq_rdata_begin(&it, type, octets);
  /*@ loop invariant rq_rdata_ok(&it);
      loop invariant it.cur.base == octets->base && it.cur.end == octets->end;
      loop invariant more == 1 || more == 0 || more == -1;
      loop invariant it.fields == type->fields && it.count == type->count;
      loop assigns more, it, value;
      loop variant it.count - it.at + (more == 1 ? 1 : 0); */
  while (more == 1) more = rq_rdata_next(&it, &value);
  return more == 0;
}

int rq_rdata_fits(uint16_t number, const rq_cur *rdata) {
  const rq_type *type = rq_type_find(number);
  return type == NULL || rq_layout_fits(type, rdata);
}

/*@ requires rq_cur_ok(octets) && rq_out_ok(out);
    requires \separated(out, octets, out->base + (0 .. out->cap - 1), octets->base + (0 .. octets->end - 1));
    terminates \true;
    assigns out->len, out->base[out->len .. out->cap - 1];
    ensures rq_out_grown{Pre, Here}(out, octets->end - octets->pos) && rq_out_ok(out); */
static void rest_write(const rq_cur *octets, rq_out *out) {
  rq_cur rest;
  rest = *octets;
  rq_out_take(out, &rest, rq_cur_left(&rest));
}

/*@ requires rq_type_ok(type);
    terminates \true;
    assigns \nothing;
    ensures \result == 0 || \result == 1; */
static int has_names(const rq_type *type) {
  /*@ loop invariant 0 <= i <= type->count;
      loop assigns i;
      loop variant type->count - i; */
  for (unsigned i = 0; i < type->count; i++)
    if (type->fields[i].kind == RQ_K_NAME) return 1;
  return 0;
}

/* Writes the fields; 0 when the RDATA does not fit its layout. */
static int fields_write(const rq_type *type, const rq_cur *rdata, rq_out *out) {
  rq_rdata it;
  rq_value value;
  rq_cur before;
  int more;
  rq_rdata_begin(&it, type, rdata);
  before = it.cur;
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
