/* rq_addr.c: IP addresses: octets <-> text; see rq_addr.h.
 *
 * Own code and not inet_pton: that wants a NUL behind the text, which input does not have. SPDX-License-Identifier: MIT
 */
#include "rq_addr.h"

#define DIGITS_MAX 20 /* of 2^64 - 1 */
#define GROUPS 8      /* of 16 bits in an IPv6 address */

/* An IPv6 address while it is read. */
typedef struct groups {
  uint16_t at[GROUPS];
  unsigned count; /* groups read */
  unsigned gap;   /* groups before "::", GROUPS while there is none */
  int dotted;     /* the last two groups stood there as an IPv4 address */
} groups;

int rq_octet_match(rq_cur *text, uint8_t wanted) {
  rq_cur at = *text;
  if (rq_cur_u8(&at) != wanted || !rq_cur_good(&at)) return 0;
  *text = at;
  return 1;
}

/* The value of the next digit, which is then taken, or -1. */
static int digit_next(rq_cur *text, int base) {
  rq_cur at = *text;
  uint8_t octet = rq_cur_u8(&at);
  int digit = -1;
  if (octet >= '0' && octet <= '9') digit = octet - '0';
  if (octet >= 'a' && octet <= 'f') digit = octet - 'a' + 10;
  if (octet >= 'A' && octet <= 'F') digit = octet - 'A' + 10;
  if (digit >= base) digit = -1;
  if (digit >= 0) *text = at;
  return digit;
}

/* --- text -> octets --- */

uint32_t rq_decimal_parse(rq_cur *text, uint32_t max) {
  uint32_t value = 0;
  unsigned digits = 0;
  for (int digit = digit_next(text, 10); digit >= 0; digit = digit_next(text, 10)) {
    uint32_t unit = (uint32_t)digit;
    if (unit > max || value > (max - unit) / 10u || (digits > 0 && value == 0)) rq_cur_fail(text, RQ_CUR_BROKEN);
    if (!rq_cur_good(text)) return 0;
    value = value * 10u + unit;
    digits++;
  }
  if (digits == 0) rq_cur_fail(text, RQ_CUR_BROKEN);
  return value;
}

void rq_ipv4_parse(rq_cur *text, rq_out *octets) {
  uint32_t value = 0;
  for (unsigned i = 0; i < RQ_IPV4_SIZE; i++) {
    if (i > 0 && !rq_octet_match(text, '.')) rq_cur_fail(text, RQ_CUR_BROKEN);
    value = value * 256u + rq_decimal_parse(text, 255);
  }
  if (rq_cur_good(text)) rq_out_u32(octets, value);
}

static unsigned colons_next(rq_cur *text);
static int group_next(rq_cur *text, groups *groups);
static int dotted_next(rq_cur *text, groups *groups);
static void groups_write(const groups *groups, rq_out *octets);
static void zeros_write(unsigned count, rq_out *octets);

void rq_ipv6_parse(rq_cur *text, rq_out *octets) {
  groups groups = {.gap = GROUPS};
  while (!groups.dotted) {
    rq_cur at = *text;
    unsigned colons = colons_next(&at);
    if (colons == 2) {
      /* a second "::", or one that stands for no group, is left to the caller */
      if (groups.gap < GROUPS || groups.count == GROUPS) break;
      groups.gap = groups.count;
      *text = at; /* "::" may end the address, ":" may not */
    } else if (colons != (groups.count > 0 ? 1u : 0u)) {
      break;
    }
    if (!group_next(&at, &groups)) break;
    *text = at;
  }
  int whole = groups.gap < GROUPS ? groups.count < GROUPS : groups.count == GROUPS;
  if (!whole) rq_cur_fail(text, RQ_CUR_BROKEN);
  if (rq_cur_good(text)) groups_write(&groups, octets);
}

/* Takes up to two colons; how many. */
static unsigned colons_next(rq_cur *text) {
  if (!rq_octet_match(text, ':')) return 0;
  return rq_octet_match(text, ':') ? 2 : 1;
}

/* Takes 1 to 4 hexadecimal digits, or an IPv4 address in place of the last two groups (RFC 4291, 2.2). */
static int group_next(rq_cur *text, groups *groups) {
  uint32_t value = 0;
  unsigned digits = 0;
  if (groups->count == GROUPS) return 0;
  if (dotted_next(text, groups)) return 1;
  for (int digit = digit_next(text, 16); digit >= 0; digit = digits < 4 ? digit_next(text, 16) : -1) {
    value = value * 16u + (uint32_t)digit;
    digits++;
  }
  if (digits == 0) return 0;
  groups->at[groups->count] = (uint16_t)value;
  groups->count++;
  return 1;
}

static int dotted_next(rq_cur *text, groups *groups) {
  rq_cur at = *text, read;
  uint8_t four[RQ_IPV4_SIZE];
  rq_out out;
  if (groups->count > GROUPS - 2) return 0;
  rq_out_init(&out, four, sizeof four);
  rq_ipv4_parse(&at, &out);
  if (!rq_cur_good(&at)) return 0;
  rq_cur_init(&read, four, sizeof four);
  groups->at[groups->count] = rq_cur_u16(&read);
  groups->at[groups->count + 1] = rq_cur_u16(&read);
  groups->count += 2;
  groups->dotted = 1;
  *text = at;
  return 1;
}

static void groups_write(const groups *groups, rq_out *octets) {
  unsigned zeros = GROUPS - groups->count;
  for (unsigned i = 0; i < groups->count; i++) {
    if (i == groups->gap) zeros_write(zeros, octets);
    rq_out_u16(octets, groups->at[i]);
  }
  if (groups->gap == groups->count) zeros_write(zeros, octets);
}

static void zeros_write(unsigned count, rq_out *octets) {
  for (; count > 0; count--) rq_out_u16(octets, 0);
}

/* --- octets -> text --- */

static unsigned zeros_find(const uint16_t at[GROUPS], unsigned *run);
static void hex_text(uint16_t group, rq_out *out);

/* Digits in straight steps: each is written, and counts if it is no leading zero. */
void rq_ipv4_text(rq_cur *octets, rq_out *out) {
  uint8_t text[RQ_IPV4_SIZE * 4];
  size_t len = 0;
  rq_cur four;
  rq_cur_take(octets, RQ_IPV4_SIZE, &four);
  if (!rq_cur_good(octets)) return;
  for (unsigned i = 0; i < RQ_IPV4_SIZE; i++) {
    uint32_t octet = rq_cur_u8(&four), tens = octet / 10u, hundreds = octet / 100u;
    text[len] = (uint8_t)('0' + hundreds);
    len += octet >= 100u;
    text[len] = (uint8_t)('0' + (tens - hundreds * 10u));
    len += octet >= 10u;
    text[len] = (uint8_t)('0' + (octet - tens * 10u));
    text[len + 1] = '.';
    len += 2;
  }
  rq_out_octets(out, text, len - 1);
}

void rq_ipv6_text(rq_cur *octets, rq_out *out) {
  uint16_t at[GROUPS];
  rq_cur tail;
  unsigned run, gap;
  rq_cur_take(octets, RQ_IPV6_SIZE, &tail);
  if (!rq_cur_good(octets)) return;
  rq_cur read = tail;
  for (unsigned i = 0; i < GROUPS; i++) at[i] = rq_cur_u16(&read);
  gap = zeros_find(at, &run);
  /* ::ffff:0:0/96 and ::/96 end in an IPv4 address (RFC 5952, 5): as inet_ntop prints them. */
  int dotted = gap == 0 && (run == 6 || (run == 5 && at[5] == 0xffffu));
  unsigned end = dotted ? GROUPS - 2 : GROUPS, i = 0;
  while (i < end) {
    if (i == gap) {
      rq_out_text(out, "::");
      i += run;
      continue;
    }
    hex_text(at[i], out);
    i++;
    if (i < GROUPS && i != gap) rq_out_u8(out, ':');
  }
  rq_cur_skip(&tail, RQ_IPV6_SIZE - RQ_IPV4_SIZE);
  if (dotted) rq_ipv4_text(&tail, out);
}

/* The first of the longest runs of zero groups (RFC 5952, 4.2); 2 groups at the least (4.2.2), else GROUPS and *run 0.
 */
static unsigned zeros_find(const uint16_t at[GROUPS], unsigned *run) {
  unsigned best = GROUPS, here = 0;
  *run = 0;
  for (unsigned i = 0; i < GROUPS; i++) {
    here = at[i] == 0 ? here + 1 : 0;
    if (here > 1 && here > *run) {
      *run = here;
      best = i + 1 - here;
    }
  }
  return best;
}

static void hex_text(uint16_t group, rq_out *out) {
  static const char digits[] = "0123456789abcdef";
  if (group >= 0x1000u) rq_out_u8(out, (uint8_t)digits[group / 4096u]);
  if (group >= 0x100u) rq_out_u8(out, (uint8_t)digits[group / 256u % 16u]);
  if (group >= 0x10u) rq_out_u8(out, (uint8_t)digits[group / 16u % 16u]);
  rq_out_u8(out, (uint8_t)digits[group % 16u]);
}

void rq_decimal_text(uint64_t number, rq_out *out) {
  uint8_t digits[DIGITS_MAX];
  unsigned at = DIGITS_MAX;
  if (number < 10u) {
    rq_out_u8(out, (uint8_t)('0' + number)); /* as most are */
    return;
  }
  for (; number > 0; number /= 10u) {
    at--;
    digits[at] = (uint8_t)('0' + number % 10u);
  }
  rq_out_octets(out, digits + at, DIGITS_MAX - at);
}
