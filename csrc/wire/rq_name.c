/* rq_name.c: domain names; see rq_name.h. SPDX-License-Identifier: MIT */
#include "rq_name.h"

#define LABEL_MAX 63
#define JUMPS_MAX 127 /* no name of 255 octets has more labels: a chain of more pointers only costs time */

/* Appends one label, its length octet included, to a name that ends before its root label. 0 if it does not fit. */
static int label_add(rq_cur *at, rq_name *name, uint8_t len) {
  if (RQ_NAME_MAX - 1 - name->len <= len) return 0;
  if (rq_cur_left(at) < len) return 0;
  name->octets[name->len] = len;
  rq_cur_copy(at, name->octets + name->len + 1, len);
  name->len = (uint8_t)(name->len + 1 + len);
  return 1;
}

static void name_root(rq_name *name) {
  name->len = 1;
  name->octets[0] = 0;
}

/* Follows the pointer whose first octet was `high`. Strictly backward: each target lies before *limit, so this ends; and
 * nothing from *limit on is read again, so that no octet after a name has a say in it and a cut there does not change it. */
static void jump(rq_cur *at, uint8_t high, size_t *limit) {
  size_t target = (high - 0xC0u) * 256u + rq_cur_u8(at);
  if (!rq_cur_good(at)) return;
  if (target >= *limit) {
    rq_cur_fail(at, RQ_CUR_BROKEN);
    return;
  }
  rq_cur from = *at;
  rq_cur_back(&from, target);
  rq_cur_take(&from, *limit - target, at);
  *limit = target;
}

void rq_name_read(rq_cur *c, rq_name *name) {
  rq_cur at = *c;
  size_t limit = rq_cur_pos(c);
  unsigned jumps = 0;
  name->len = 0;
  for (;;) {
    uint8_t octet = rq_cur_u8(&at);
    if (octet == 0) break;
    if (octet >= 0xC0u) {
      if (jumps == 0) rq_cur_skip(c, rq_cur_pos(&at) - rq_cur_pos(c) + 1);
      if (jumps == JUMPS_MAX) rq_cur_fail(&at, RQ_CUR_BROKEN);
      jumps++;
      jump(&at, octet, &limit);
    } else if (octet > LABEL_MAX) {
      rq_cur_fail(&at, RQ_CUR_BROKEN);
    } else if (rq_cur_left(&at) < octet) {
      rq_cur_fail(&at, RQ_CUR_SHORT);
    } else if (!label_add(&at, name, octet)) {
      rq_cur_fail(&at, RQ_CUR_BROKEN);
    }
    if (!rq_cur_good(&at)) break;
  }
  if (!rq_cur_good(&at)) {
    rq_cur_fail(c, jumps == 0 ? rq_cur_state(&at) : RQ_CUR_BROKEN); /* what follows cannot mend what is behind */
    name_root(name);
    return;
  }
  name->octets[name->len] = 0;
  name->len = (uint8_t)(name->len + 1);
  if (jumps == 0) *c = at;
}

void rq_name_skip(rq_cur *c) {
  for (;;) {
    uint8_t octet = rq_cur_u8(c);
    if (octet == 0) return;
    if (octet >= 0xC0u) {
      rq_cur_skip(c, 1);
      return;
    }
    if (octet > LABEL_MAX) rq_cur_fail(c, RQ_CUR_BROKEN);
    rq_cur_skip(c, octet);
    if (!rq_cur_good(c)) return;
  }
}

/* Reads \X or \DDD after its backslash (RFC 1035, 5.1). */
static int escape_read(rq_cur *text, uint8_t *octet) {
  uint8_t first = rq_cur_u8(text);
  if (!rq_cur_good(text)) return RQ_FLAW_ESCAPE;
  if (first < '0' || first > '9') {
    *octet = first;
    return RQ_FLAW_NONE;
  }
  uint8_t second = rq_cur_u8(text), third = rq_cur_u8(text);
  if (second < '0' || second > '9' || third < '0' || third > '9') return RQ_FLAW_ESCAPE;
  unsigned value = (first - '0') * 100u + (second - '0') * 10u + (third - '0');
  if (value > 255) return RQ_FLAW_ESCAPE;
  *octet = (uint8_t)value;
  return RQ_FLAW_NONE;
}

/* One label of text, up to a dot or the end, into octets[1..63]; *dot says which it was. */
static int label_parse(rq_cur *text, uint8_t label[LABEL_MAX], uint8_t *len, int *dot) {
  unsigned n = 0;
  *dot = 0;
  while (rq_cur_left(text) > 0) {
    uint8_t octet = rq_cur_u8(text);
    if (octet == '.') {
      *dot = 1;
      break;
    }
    if (octet == '\\') {
      int flaw = escape_read(text, &octet);
      if (flaw != RQ_FLAW_NONE) return flaw;
    } else if (octet <= ' ' || octet > '~') {
      return RQ_FLAW_OCTET;
    }
    if (n == LABEL_MAX) return RQ_FLAW_LONG_LABEL;
    label[n] = octet;
    n++;
  }
  *len = (uint8_t)n;
  return n == 0 ? RQ_FLAW_EMPTY_LABEL : RQ_FLAW_NONE;
}

static int labels_parse(rq_cur *text, rq_name *name) {
  uint8_t label[LABEL_MAX], len;
  int dot = 1;
  while (dot && rq_cur_left(text) > 0) {
    rq_cur octets;
    int flaw = label_parse(text, label, &len, &dot);
    if (flaw != RQ_FLAW_NONE) return flaw;
    rq_cur_init(&octets, label, len);
    if (!label_add(&octets, name, len)) return RQ_FLAW_LONG_NAME;
  }
  return RQ_FLAW_NONE;
}

int rq_name_parse(const uint8_t *text, size_t len, rq_name *name) {
  rq_cur at;
  rq_cur_init(&at, text, len);
  name_root(name);
  if (len == 0) return RQ_FLAW_EMPTY;
  if (len == 1 && rq_cur_u8(&at) == '.') return RQ_FLAW_NONE;
  rq_cur_init(&at, text, len);
  name->len = 0;
  int flaw = labels_parse(&at, name);
  if (flaw != RQ_FLAW_NONE) {
    name_root(name);
    return flaw;
  }
  name->octets[name->len] = 0;
  name->len = (uint8_t)(name->len + 1);
  return RQ_FLAW_NONE;
}

/* Specials of master files (RFC 1035, 5.1): " $ ( ) . ; @ \ */
static int is_special(uint8_t octet) {
  return octet == '"' || octet == '$' || octet == '(' || octet == ')' || octet == '.' || octet == ';' || octet == '@' ||
         octet == '\\';
}

static void octet_text(uint8_t octet, rq_out *out) {
  if (octet <= ' ' || octet > '~') {
    rq_out_u8(out, '\\');
    rq_out_u8(out, (uint8_t)('0' + octet / 100u));
    rq_out_u8(out, (uint8_t)('0' + octet / 10u % 10u));
    rq_out_u8(out, (uint8_t)('0' + octet % 10u));
  } else {
    if (is_special(octet)) rq_out_u8(out, '\\');
    rq_out_u8(out, octet);
  }
}

void rq_name_text(const rq_name *name, rq_out *out) {
  rq_cur at;
  rq_cur_init(&at, name->octets, name->len);
  uint8_t left = rq_cur_u8(&at);
  if (left == 0) rq_out_u8(out, '.');
  while (left != 0) {
    for (; left != 0; left--) octet_text(rq_cur_u8(&at), out);
    rq_out_u8(out, '.');
    left = rq_cur_u8(&at);
  }
}

void rq_name_write(const rq_name *name, rq_out *out) { rq_out_octets(out, name->octets, name->len); }

static uint8_t lower(uint8_t octet) { return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet + 32) : octet; }

int rq_name_equal(const rq_name *a, const rq_name *b) {
  if (a->len != b->len) return 0;
  for (unsigned i = 0; i < a->len; i++)
    if (lower(a->octets[i]) != lower(b->octets[i])) return 0;
  return 1;
}

int rq_name_identical(const rq_name *a, const rq_name *b) {
  if (a->len != b->len) return 0;
  for (unsigned i = 0; i < a->len; i++)
    if (a->octets[i] != b->octets[i]) return 0;
  return 1;
}

static uint64_t rotate(uint64_t x, unsigned bits) { return (x << bits) | (x >> (64 - bits)); }

static void sip_round(uint64_t v[4]) {
  v[0] += v[1];
  v[2] += v[3];
  v[1] = rotate(v[1], 13) ^ v[0];
  v[3] = rotate(v[3], 16) ^ v[2];
  v[0] = rotate(v[0], 32);
  v[2] += v[1];
  v[0] += v[3];
  v[1] = rotate(v[1], 17) ^ v[2];
  v[3] = rotate(v[3], 21) ^ v[0];
  v[2] = rotate(v[2], 32);
}

static uint64_t key_half(const uint8_t *octets) {
  uint64_t word = 0;
  for (unsigned i = 8; i > 0; i--) word = word * 256u + octets[i - 1];
  return word;
}

/* SipHash-2-4 (Aumasson and Bernstein, 2012) over the name in lower case. */
uint64_t rq_name_hash(const rq_name *name, const uint8_t key[16]) {
  uint64_t k0 = key_half(key), k1 = key_half(key + 8), word = 0;
  uint64_t v[4] = {k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du, k0 ^ 0x6c7967656e657261u,
                   k1 ^ 0x7465646279746573u};
  for (unsigned i = 0; i < name->len; i++) {
    word |= (uint64_t)lower(name->octets[i]) << (i % 8 * 8);
    if (i % 8 != 7) continue;
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
    word = 0;
  }
  word |= (uint64_t)name->len << 56;
  v[3] ^= word;
  sip_round(v);
  sip_round(v);
  v[0] ^= word;
  v[2] ^= 0xff;
  for (unsigned i = 0; i < 4; i++) sip_round(v);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* --- for Python, see rq_api.h --- */

int32_t rq_name_to_wire(const char *text, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  rq_name name;
  rq_out o;
  rq_out_init(&o, out, cap);
  if (rq_name_parse((const uint8_t *)text, len, &name) != RQ_FLAW_NONE) return RQ_ILLEGAL_INPUT;
  rq_name_write(&name, &o);
  *actual = (uint32_t)rq_out_wanted(&o);
  return (int32_t)rq_out_stored(&o);
}

int32_t rq_name_to_text(const uint8_t *wire, uint32_t len, char *out, uint32_t cap, uint32_t *actual) {
  rq_name name;
  rq_cur c;
  rq_out o;
  rq_cur_init(&c, wire, len);
  rq_out_init(&o, out, cap);
  rq_name_read(&c, &name);
  if (!rq_cur_done(&c)) return RQ_MALFORMED;
  rq_name_text(&name, &o);
  *actual = (uint32_t)rq_out_wanted(&o);
  return (int32_t)rq_out_stored(&o);
}

int32_t rq_name_flaw(const char *text, uint32_t len) {
  rq_name name;
  return rq_name_parse((const uint8_t *)text, len, &name);
}
