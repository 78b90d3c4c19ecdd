/* rq_encode.h: octets and numbers as text: padded decimal, hexadecimal, base64, base32hex, UTF-8, times.
 *
 * Pure, all through rq_cur and rq_out; a cursor is used up to its end. Serves RFC 4648, RFC 3629
 * (UTF-8) and RFC 4034 section 3.2 (times). SPDX-License-Identifier: MIT */
#ifndef RQ_ENCODE_H
#define RQ_ENCODE_H

#include "../wire/rq_addr.h"
#include "../wire/rq_utf8.h"

#define RQ_DIGITS_MAX 20 /* of a number of 64 bits */

/* Appends a NUL-terminated constant of ours in one piece; where it is known to the compiler, so is its length, and it
 * is stored without a call. */
__attribute__((always_inline)) static inline void rq_text_put(rq_out *out, const char *text) {
  size_t len = __builtin_strlen(text);
  if (__builtin_constant_p(len))
    rq_out_piece(out, (const uint8_t *)text, len);
  else
    rq_out_octets(out, (const uint8_t *)text, len);
}

/* For rq_out_unmarked: 1 for octets that are not ASCII; for those too that want an escape between quotes, which are
 * control characters, quotes and backslashes. */
extern const uint8_t rq_beyond_ascii[256], rq_beyond_plain[256];

/* Appends a number in decimal with leading zeros, `digits` digits wide, up to RQ_DIGITS_MAX; digits beyond that are cut
 * off on the left. */
void rq_padded_to_text(uint64_t number, unsigned digits, rq_out *out);

/* Appends hexadecimal, upper case as BIND prints it. */
void rq_hex_to_text(rq_cur *octets, rq_out *out);

/* Appends hexadecimal, lower case, with `between` before each octet but the first; 0 for nothing between them. */
void rq_lower_to_text(rq_cur *octets, uint8_t between, rq_out *out);

/* Appends 16 bits in hexadecimal, lower case, without leading zeros. */
void rq_group_to_text(uint16_t group, rq_out *out);

/* Appends base64 with padding, unbroken. */
void rq_base64_to_text(rq_cur *octets, rq_out *out);

/* Appends base32hex without padding (RFC 4648, section 7), upper case. */
void rq_base32_to_text(rq_cur *octets, rq_out *out);

/* Appends octets as valid UTF-8: those that are not stand as \DDD, the DNS escape. */
void rq_utf8_to_text(rq_cur *octets, rq_out *out);

/* A moment in UTC, split into what a calendar shows. */
typedef struct rq_moment {
  uint32_t year, month, day, hour, minute, second;
} rq_moment;

/* Seconds since 1970 -> calendar (proleptic Gregorian, UTC). */
void rq_moment_split(uint64_t seconds, rq_moment *moment);

#endif
