/* rq_check.c: checks of what reaches to the end of the octets; see rq_check.h.
 *
 * Each finds all that could stop a walk of rq_inside.c, and what the type's RFC forbids beside; where octets do not
 * fit, the cursor fails. Never changes what is read: the caller may show it as it is (RFC 3597).
 * SPDX-License-Identifier: MIT
 */
#include "rq_check.h"

#include "rq_utf8.h"

void rq_whole_name_read(rq_cur *c, rq_name *name) {
  size_t before = rq_cur_pos(c);
  rq_name_read(c, name);
  if (rq_cur_good(c) && rq_cur_pos(c) - before != name->len) rq_cur_fail(c, RQ_CUR_BROKEN);
}

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

size_t rq_address_size(uint32_t family) {
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
    size_t size = rq_address_size(prefix.family), len = rq_cur_left(&prefix.address);
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
  if (rq_address_size(family) == 0 || bits > rq_address_size(family) * 8u || len != (bits + 7u) / 8u)
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

/* What no walk relies on. Most kinds have no inner structure. */
/*@ requires \valid_read(it) && rq_cur_ok(rest) && \separated(rest, it);
    requires \separated(rest, rest->base + (0 .. rest->end - 1));
    terminates \true;
    assigns rest->pos, rest->state;
    ensures rq_cur_moved{Pre, Here}(rest); */
static void other_check(const rq_rdata *it, uint8_t kind, rq_cur *rest) {
  switch (kind) {
    case RQ_K_NAMES:
      names_check(rest);
      break;
    case RQ_K_KEYS:
      keys_check(rest);
      break;
    case RQ_K_LOW_TYPES:
      low_types_check(rest);
      break;
    case RQ_K_PORTS:
      ports_check(rest);
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

/* Checks the octets of a kind that reaches to the end, first of all what walks rely on. */
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
    case RQ_K_OPTIONS:
      options_check(rest);
      break;
    case RQ_K_PARAMS:
      params_check(rest);
      break;
    case RQ_K_TYPES:
      types_check(rest);
      break;
    case RQ_K_PREFIXES:
      prefixes_check(rest);
      break;
    default:
      other_check(it, kind, rest);
      break;
  }
}

uint32_t rq_inside_check(const rq_rdata *it, uint8_t kind, const rq_cur *octets) {
  rq_cur inside;
  inside = *octets;
  rest_check(it, kind, &inside);
  return rq_cur_state(&inside);
}
