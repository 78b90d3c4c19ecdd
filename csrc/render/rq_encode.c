/* rq_encode.c: octets and numbers as text, one small writer each.
 *
 * Never looks at a message's structure; never allocates. Serves RFC 4648, RFC 3629, RFC 4034 section 3.2.
 * SPDX-License-Identifier: MIT */
#include "rq_encode.h"

static const char hex[] = "0123456789ABCDEF";
static const char lower[] = "0123456789abcdef";
static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base32hex[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";

const uint8_t rq_beyond_ascii[256] = {[0x80 ... 0xFF] = 1};
const uint8_t rq_beyond_plain[256] = {[0 ... ' ' - 1] = 1, ['"'] = 1, ['\\'] = 1, ['~' + 1 ... 0xFF] = 1};

void rq_padded_to_text(uint64_t number, unsigned digits, rq_out *out) {
  uint8_t text[RQ_DIGITS_MAX];
  if (digits > RQ_DIGITS_MAX) digits = RQ_DIGITS_MAX;
  for (unsigned i = digits; i > 0; i--, number /= 10) text[i - 1] = (uint8_t)('0' + number % 10);
  rq_out_octets(out, text, digits);
}

void rq_hex_to_text(rq_cur *octets, rq_out *out) {
  while (rq_cur_left(octets) > 0) {
    uint8_t octet = rq_cur_u8(octets);
    rq_out_u8(out, (uint8_t)hex[octet / 16]);
    rq_out_u8(out, (uint8_t)hex[octet % 16]);
  }
}

void rq_lower_to_text(rq_cur *octets, uint8_t between, rq_out *out) {
  int first = 1;
  for (; rq_cur_left(octets) > 0; first = 0) {
    uint8_t octet = rq_cur_u8(octets);
    if (!first && between != 0) rq_out_u8(out, between);
    rq_out_u8(out, (uint8_t)lower[octet / 16]);
    rq_out_u8(out, (uint8_t)lower[octet % 16]);
  }
}

void rq_group_to_text(uint16_t group, rq_out *out) {
  uint32_t unit = 4096;
  while (unit > 1 && group / unit == 0) unit /= 16u;
  for (; unit > 0; unit /= 16u) rq_out_u8(out, (uint8_t)lower[group / unit % 16u]);
}

/* The four characters for 24 bits, as they stand one after another. */
static uint32_t quad(uint32_t bits) {
  return (uint8_t)base64[bits / 262144u] * 16777216u + (uint8_t)base64[bits / 4096u % 64u] * 65536u +
         (uint8_t)base64[bits / 64u % 64u] * 256u + (uint8_t)base64[bits % 64u];
}

void rq_base64_to_text(rq_cur *octets, rq_out *out) {
  while (rq_cur_left(octets) > 2) {
    uint32_t bits = rq_cur_u16(octets) * 256u;
    rq_out_u32(out, quad(bits + rq_cur_u8(octets)));
  }
  if (rq_cur_left(octets) == 2)
    rq_out_u32(out, quad(rq_cur_u16(octets) * 256u) / 256u * 256u + '=');
  else if (rq_cur_left(octets) == 1)
    rq_out_u32(out, quad(rq_cur_u8(octets) * 65536u) / 65536u * 65536u + '=' * 257u);
}

void rq_base32_to_text(rq_cur *octets, rq_out *out) {
  uint32_t bits = 0, have = 0; /* `have` low bits of `bits` are not yet written; fewer than 13 */
  while (rq_cur_left(octets) > 0) {
    bits = (bits * 256u + rq_cur_u8(octets)) % 65536u;
    have += 8;
    for (; have >= 5; have -= 5) rq_out_u8(out, (uint8_t)base32hex[(bits >> (have - 5)) % 32u]);
  }
  if (have > 0) rq_out_u8(out, (uint8_t)base32hex[(bits << (5 - have)) % 32u]);
}

void rq_utf8_to_text(rq_cur *octets, rq_out *out) {
  for (;;) {
    uint8_t first;
    rq_out_unmarked(out, octets, rq_beyond_ascii);
    if (rq_cur_left(octets) == 0) return;
    size_t len = rq_utf8_next(octets, &first);
    if (len > 0) {
      rq_out_take(out, octets, len);
    } else {
      rq_out_u8(out, '\\');
      rq_padded_to_text(rq_cur_u8(octets), 3, out);
    }
  }
}

/* Counts years from 1 March, so that the leap day is a year's last and the months have a regular pattern. */
void rq_moment_split(uint64_t seconds, rq_moment *moment) {
  uint64_t days = seconds / 86400 + 719468; /* since 1 March of year 0 */
  uint32_t of_day = (uint32_t)(seconds % 86400);
  uint64_t era = days / 146097; /* of 400 years */
  uint32_t of_era = (uint32_t)(days % 146097);
  uint32_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  uint32_t of_year = of_era - (365 * year + year / 4 - year / 100);
  uint32_t month = (5 * of_year + 2) / 153; /* 0 is March */
  moment->day = of_year - (153 * month + 2) / 5 + 1;
  moment->month = month < 10 ? month + 3 : month - 9;
  moment->year = (uint32_t)(era * 400) + year + (moment->month < 3 ? 1 : 0);
  moment->hour = of_day / 3600;
  moment->minute = of_day / 60 % 60;
  moment->second = of_day % 60;
}
