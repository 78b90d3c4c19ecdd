/* rq_inside.c: the walks inside the fields of RDATA that rq_rdata.h declares at its end.
 *
 * Never guesses where an item ends: over octets that were not checked a walk stops before the first that does not fit.
 * Serves RFC 1035 (3.3), RFC 3123, RFC 4034 (4.1.2), RFC 6891 (6.1.2), RFC 9460 (2.2). SPDX-License-Identifier: MIT
 */
#include "rq_check.h"

int rq_strings_next(rq_cur *octets, rq_cur *string) {
  if (rq_cur_left(octets) == 0) return 0;
  uint8_t len = rq_cur_u8(octets);
  rq_cur_take(octets, len, string);
  return rq_cur_good(octets);
}

int rq_names_next(rq_cur *octets, rq_name *name) {
  if (rq_cur_left(octets) == 0) return 0;
  rq_whole_name_read(octets, name);
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
