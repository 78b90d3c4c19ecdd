/* rq_utf8.c: what is valid UTF-8; see rq_utf8.h. SPDX-License-Identifier: MIT */
#include "rq_utf8.h"

/* Octets that follow `first` in UTF-8, -1 when none can; *low and *high bound the first of them (RFC 3629, 4). */
/*@ requires \valid(low) && \valid(high) && \separated(low, high);
    terminates \true;
    assigns *low, *high;
    ensures -1 <= \result <= 3 && *low > 0; */
static int utf8_tail(uint8_t first, uint8_t *low, uint8_t *high) {
  *low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  *high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (first < 0x80) return 0;
  if (first >= 0xC2 && first <= 0xDF) return 1;
  if (first >= 0xE0 && first <= 0xEF) return 2;
  if (first >= 0xF0 && first <= 0xF4) return 3;
  return -1;
}

size_t rq_utf8_next(const rq_cur *octets, uint8_t *first) {
  rq_cur ahead;
  uint8_t low, high;
  ahead = *octets;
  *first = rq_cur_u8(&ahead);
  int tail = utf8_tail(*first, &low, &high);
  /*@ loop invariant tail < 0 || 0 <= i <= tail;
      loop invariant rq_cur_ok(&ahead) && ahead.end == octets->end && low > 0;
      loop invariant tail >= 0 && ahead.state == RQ_CUR_GOOD ==> ahead.pos == octets->pos + 1 + i;
      loop invariant i > 0 ==> ahead.state == RQ_CUR_GOOD;
      loop assigns i, low, high, ahead.pos, ahead.state;
      loop variant tail - i; */
  for (int i = 0; i < tail; i++) {
    uint8_t octet = rq_cur_u8(&ahead);
    if (octet < low || octet > high) return 0;
    low = 0x80;
    high = 0xBF;
  }
  return (size_t)(tail + 1);
}
