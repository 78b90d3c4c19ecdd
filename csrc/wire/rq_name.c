/* rq_name.c: domain names; see rq_name.h. SPDX-License-Identifier: MIT */
#include "rq_name.h"

#define LABEL_MAX 63
#define JUMPS_MAX 127 /* no name of 255 octets has more labels: a chain of more pointers only costs time */

/* Moves over the labels that come next and copies them, in one piece, behind the `len` octets of the name; one octet at
 * least stays free for the root label. Returns the new length; *octet is what follows: 0, or the first octet of a
 * pointer, or no length at all. */
/*@ requires rq_cur_ok(at) && \valid(name) && \valid(octet) && rq_name_apart(name, at) && len < RQ_NAME_MAX;
    requires \separated(octet, name, at, at->base + (0 .. at->end - 1));
    terminates \true;
    assigns at->pos, at->state, *octet, name->octets[0 .. RQ_NAME_MAX - 1];
    ensures rq_cur_ok(at) && rq_cur_same{Pre, Here}(at) && at->pos >= \old(at->pos);
    ensures at->state == RQ_CUR_GOOD ==> at->pos > \old(at->pos) && \old(at->state) == RQ_CUR_GOOD;
    ensures at->state == RQ_CUR_GOOD ==> *octet == 0 || *octet > LABEL_MAX;
    ensures at->state != RQ_CUR_GOOD ==> *octet == 0;
    ensures len <= \result < RQ_NAME_MAX; */
static unsigned run_read(rq_cur *at, rq_name *name, unsigned len, uint8_t *octet) {
  rq_cur run;
  run = *at;
  unsigned end = len;
  uint8_t next = rq_cur_u8(at);
  /*@ loop invariant rq_cur_ok(at) && rq_cur_same{Pre, Here}(at) && at->pos >= \at(at->pos, Pre);
      loop invariant len <= end < RQ_NAME_MAX;
      loop invariant at->state == RQ_CUR_GOOD ==> at->pos == \at(at->pos, Pre) + (end - len) + 1;
      loop invariant at->state == RQ_CUR_GOOD ==> \at(at->state, Pre) == RQ_CUR_GOOD;
      loop invariant at->state != RQ_CUR_GOOD ==> next == 0;
      loop assigns at->pos, at->state, end, next;
      loop variant RQ_NAME_MAX - end + (next == 0 ? 0 : 1); */
  while (next != 0 && next <= LABEL_MAX) {
    if (RQ_NAME_MAX - 1 - end <= next)
      rq_cur_fail(at, RQ_CUR_BROKEN);
    else
      end += 1u + next;
    rq_cur_skip(at, next);
    next = rq_cur_u8(at);
  }
  *octet = next;
  if (!rq_cur_good(at)) return len;
  rq_cur_copy(&run, name->octets + len, end - len);
  return end;
}

/* Puts the root label behind the `len` octets of a name. */
/*@ requires \valid(name) && len < RQ_NAME_MAX;
    terminates \true;
    assigns name->len, name->octets[len];
    ensures rq_name_ok(name) && name->len == len + 1; */
static void name_end(rq_name *name, unsigned len) {
  name->octets[len] = 0;
  name->len = (uint8_t)(len + 1);
}

/* Gathers the labels of a name; returns the octets they take. *after is the position behind the name as it stands, 0
 * while its end or first pointer was not reached. Each jump reads on from its target up to where the part before it
 * began: so this ends, and no octet after a name has a say in it, nor does a cut there change it. */
/*@ requires rq_cur_ok(at) && \valid(name) && \valid(after) && rq_name_apart(name, at) && \separated(after, at, name);
    terminates \true;
    assigns at->pos, at->end, at->state, *after, name->octets[0 .. RQ_NAME_MAX - 1];
    ensures rq_cur_ok(at) && \result < RQ_NAME_MAX && (*after == 0 || \old(at->pos) < *after <= \old(at->end));
    ensures at->state == RQ_CUR_GOOD ==> *after > 0 && \old(at->state) == RQ_CUR_GOOD; */
static unsigned labels_read(rq_cur *at, rq_name *name, size_t *after) {
  size_t limit = rq_cur_pos(at);
  uint8_t octet;
  unsigned len = run_read(at, name, 0, &octet), jumps = 0;
  *after = rq_cur_good(at) && octet == 0 ? rq_cur_pos(at) : 0;
  /*@ loop invariant rq_cur_ok(at) && at->base == \at(at->base, Pre) && at->end <= \at(at->end, Pre);
      loop invariant len < RQ_NAME_MAX && jumps <= JUMPS_MAX;
      loop invariant *after == 0 ==> at->end == \at(at->end, Pre) && \at(at->pos, Pre) <= at->pos;
      loop invariant *after == 0 || \at(at->pos, Pre) < *after <= \at(at->end, Pre);
      loop invariant at->state == RQ_CUR_GOOD ==> \at(at->state, Pre) == RQ_CUR_GOOD && limit < at->pos;
      loop invariant at->state == RQ_CUR_GOOD && octet == 0 ==> *after > 0;
      loop invariant at->state != RQ_CUR_GOOD ==> octet == 0;
      loop invariant octet == 0 || octet > LABEL_MAX;
      loop assigns at->pos, at->end, at->state, *after, limit, jumps, len, octet, name->octets[0 .. RQ_NAME_MAX - 1];
      loop variant JUMPS_MAX - jumps + (octet == 0 ? 0 : 1); */
  while (octet != 0) {
    if (octet >= 0xC0u && jumps < JUMPS_MAX)
      jumps++;
    else
      rq_cur_fail(at, RQ_CUR_BROKEN);
    size_t target = octet % 64u * 256u + rq_cur_u8(at);
    if (*after == 0 && rq_cur_good(at)) *after = rq_cur_pos(at);
    rq_cur_back(at, target, limit);
    limit = target;
    len = run_read(at, name, len, &octet);
  }
  return len;
}

void rq_name_read(rq_cur *c, rq_name *name) {
  rq_cur at;
  size_t after;
  at = *c;
  unsigned len = labels_read(&at, name, &after);
  if (rq_cur_good(&at)) {
    rq_cur_skip(c, after - rq_cur_pos(c));
  } else {
    rq_cur_fail(c, after == 0 ? rq_cur_state(&at) : RQ_CUR_BROKEN); /* what follows cannot mend what is behind */
    len = 0;
  }
  name_end(name, len);
}

size_t rq_name_place(const rq_cur *c) {
  rq_cur at;
  at = *c;
  uint16_t first = rq_cur_u16(&at); /* 0 where a single octet is left, which is no pointer */
  return first < 0xC000u ? rq_cur_pos(c) : first - 0xC000u;
}

void rq_name_skip(rq_cur *c) {
  /*@ loop invariant rq_cur_ok(c) && rq_cur_same{Pre, Here}(c) && c->pos >= \at(c->pos, Pre);
      loop invariant c->state == RQ_CUR_GOOD ==> \at(c->state, Pre) == RQ_CUR_GOOD;
      loop assigns c->pos, c->state;
      loop variant c->end - c->pos; */
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
/*@ requires rq_cur_ok(text) && \valid(octet) && \separated(text, octet, text->base + (0 .. text->end - 1));
    terminates \true;
    assigns text->pos, text->state, *octet;
    ensures rq_cur_ok(text) && rq_cur_same{Pre, Here}(text) && text->pos >= \old(text->pos);
    ensures \result == RQ_FLAW_NONE || \result == RQ_FLAW_ESCAPE; */
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
/*@ requires rq_cur_ok(text) && \valid(label + (0 .. LABEL_MAX - 1)) && \valid(len) && \valid(dot);
    requires \separated(text, label + (0 .. LABEL_MAX - 1), len, dot, text->base + (0 .. text->end - 1));
    terminates \true;
    assigns text->pos, text->state, label[0 .. LABEL_MAX - 1], *len, *dot;
    ensures rq_cur_ok(text) && rq_cur_same{Pre, Here}(text) && text->pos >= \old(text->pos);
    ensures \result == RQ_FLAW_NONE ==> 1 <= *len <= LABEL_MAX && text->pos > \old(text->pos);
    ensures RQ_FLAW_NONE <= \result <= RQ_FLAW_OCTET; */
static int label_parse(rq_cur *text, uint8_t label[LABEL_MAX], uint8_t *len, int *dot) {
  unsigned n = 0;
  *dot = 0;
  /*@ loop invariant rq_cur_ok(text) && rq_cur_same{Pre, Here}(text) && text->pos >= \at(text->pos, Pre) + n;
      loop invariant n <= LABEL_MAX;
      loop assigns text->pos, text->state, n, *dot, label[0 .. LABEL_MAX - 1];
      loop variant text->end - text->pos; */
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

/* All labels of text; *len is what they take in `name`. */
/*@ requires rq_cur_ok(text) && \valid(name) && \valid(len) && rq_name_apart(name, text) && \separated(len, text, name);
    terminates \true;
    assigns text->pos, text->state, *len, name->octets[0 .. RQ_NAME_MAX - 1];
    ensures *len < RQ_NAME_MAX && RQ_FLAW_NONE <= \result <= RQ_FLAW_OCTET; */
static int labels_parse(rq_cur *text, rq_name *name, unsigned *len) {
  uint8_t label[LABEL_MAX], size;
  int dot = 1;
  *len = 0;
  /*@ loop invariant rq_cur_ok(text) && rq_cur_same{Pre, Here}(text) && *len < RQ_NAME_MAX;
      loop assigns text->pos, text->state, *len, size, dot;
      loop assigns name->octets[0 .. RQ_NAME_MAX - 1], label[0 .. LABEL_MAX - 1];
      loop variant text->end - text->pos; */
  while (dot && rq_cur_left(text) > 0) {
    int flaw = label_parse(text, label, &size, &dot);
    if (flaw != RQ_FLAW_NONE) return flaw;
    if (RQ_NAME_MAX - 1 - *len <= size) return RQ_FLAW_LONG_NAME;
    name->octets[*len] = size;
    rq_octets_copy(name->octets + *len + 1, label, size);
    *len += 1u + size;
  }
  return RQ_FLAW_NONE;
}

/* Whether octets 1 to n of a name may all stand in its text as they are, or be dots of it. One step for each octet and
 * none is the last, so that the compiler takes many at once. */
/*@ requires \valid_read(name) && n < RQ_NAME_MAX;
    terminates \true;
    assigns \nothing; */
static int is_plain(const rq_name *name, unsigned n) {
  uint8_t plain = 1;
  /*@ loop invariant 1 <= i <= n + 1 && plain <= 1;
      loop assigns i, plain;
      loop variant n + 1 - i; */
  for (unsigned i = 1; i <= n; i++) {
    uint8_t octet = name->octets[i];
    plain = octet > ' ' && octet <= '~' && octet != '\\' ? plain : 0;
  }
  return plain;
}

/* The labels of a text that has no escapes and no flaw; what they take in `name`, 0 for any other text. The text goes
 * in whole, one octet in; a length takes the place of each dot, once it is known. */
/*@ requires rq_cur_ok(text) && \valid(name) && rq_name_apart(name, text);
    terminates \true;
    assigns text->pos, text->state, name->octets[0 .. RQ_NAME_MAX - 1];
    ensures \result < RQ_NAME_MAX; */
static unsigned plain_parse(rq_cur *text, rq_name *name) {
  size_t left = rq_cur_left(text);
  if (left == 0 || left > RQ_NAME_MAX - 2) return 0;
  unsigned n = (unsigned)left, place = 0; /* of the length of the label that is being read */
  rq_cur_copy(text, name->octets + 1, n);
  if (!is_plain(name, n)) return 0;
  /*@ loop invariant 1 <= i <= n + 1 && place < i;
      loop assigns i, place, name->octets[0 .. RQ_NAME_MAX - 1];
      loop variant n + 1 - i; */
  for (unsigned i = 1; i <= n; i++) {
    if (name->octets[i] != '.') continue;
    unsigned size = i - 1 - place;
    if (size == 0 || size > LABEL_MAX) return 0;
    name->octets[place] = (uint8_t)size;
    place = i;
  }
  if (place == n) return n; /* a dot ended it */
  if (n - place > LABEL_MAX) return 0;
  name->octets[place] = (uint8_t)(n - place);
  return n + 1;
}

/*@ requires \valid_read(text + (0 .. len - 1));
    terminates \true;
    assigns \nothing; */
static int is_dot(const uint8_t *text, size_t len) {
  rq_cur at;
  rq_cur_init(&at, text, len);
  return rq_cur_u8(&at) == '.' && rq_cur_done(&at);
}

int rq_name_parse(const uint8_t *text, size_t len, rq_name *name) {
  rq_cur at;
  int flaw = RQ_FLAW_NONE;
  rq_cur_init(&at, text, len);
  unsigned used = plain_parse(&at, name);
  if (used == 0 && !is_dot(text, len)) {
    rq_cur_init(&at, text, len);
    flaw = len > 0 ? labels_parse(&at, name, &used) : RQ_FLAW_EMPTY;
  }
  name_end(name, flaw == RQ_FLAW_NONE ? used : 0);
  return flaw;
}

/* How an octet is written in a name's text: '0' as itself; '1' behind a backslash, for it is a special of master files,
 * " $ ( ) . ; @ \ (RFC 1035, 5.1); '2' as \DDD. */
/*@ terminates \true;
    assigns \nothing; */
static uint8_t form_of(uint8_t octet) {
  const char *forms =
      "2222222222222222222222222222222220101000110000100000000000010000"
      "1000000000000000000000000000100000000000000000000000000000000002"
      "2222222222222222222222222222222222222222222222222222222222222222"
      "2222222222222222222222222222222222222222222222222222222222222222";
  return (uint8_t)forms[octet];
}

/*@ requires rq_out_ok(out);
    terminates \true;
    assigns out->len, out->base[out->len .. \min(out->len + 4, out->cap) - 1];
    ensures rq_out_ok(out) && out->base == \old(out->base) && out->cap == \old(out->cap);
    ensures \old(out->len) <= out->len; */
static void octet_text(uint8_t octet, rq_out *out) {
  if (form_of(octet) == '2') {
    rq_out_u8(out, '\\');
    rq_out_u8(out, (uint8_t)('0' + octet / 100u));
    rq_out_u8(out, (uint8_t)('0' + octet / 10u % 10u));
    rq_out_u8(out, (uint8_t)('0' + octet % 10u));
  } else {
    if (form_of(octet) == '1') rq_out_u8(out, '\\');
    rq_out_u8(out, octet);
  }
}

/* The octets behind the first length, with dots over the other lengths: that is the text, if these dots are the only
 * specials in it. */
unsigned rq_name_plain(const rq_name *name, uint8_t text[RQ_NAME_MAX]) {
  unsigned end = name->len - 1u, at = 0, dots = 0, specials = 0;
  text[0] = '.';
  if (end == 0) return 1;
  rq_octets_copy(text, name->octets + 1, end);
  /*@ loop invariant at <= end && dots <= at;
      loop assigns at, dots, text[0 .. RQ_NAME_MAX - 1];
      loop variant end - at; */
  while (at < end) {
    at += 1u + name->octets[at];
    if (at > end) return 0;
    text[at - 1] = '.';
    dots++;
  }
  /*@ loop invariant 0 <= i <= end && specials <= i;
      loop assigns i, specials;
      loop variant end - i; */
  for (unsigned i = 0; i < end; i++) specials += form_of(text[i]) != '0';
  return specials == dots ? end : 0;
}

/* The text of any name that is not the root. */
/*@ requires rq_name_ok(name) && rq_out_ok(out) && \separated(out, name, out->base + (0 .. out->cap - 1));
    terminates \true;
    assigns out->len, out->base[out->len .. out->cap - 1];
    ensures rq_out_ok(out) && out->base == \old(out->base) && out->cap == \old(out->cap);
    ensures \old(out->len) <= out->len; */
static void labels_text(const rq_name *name, rq_out *out) {
  rq_cur at;
  rq_cur_init(&at, name->octets, name->len);
  uint8_t left = rq_cur_u8(&at);
  /*@ loop invariant rq_cur_ok(&at) && at.base == &name->octets[0] && at.end == name->len;
      loop invariant rq_out_ok(out) && out->base == \at(out->base, Pre) && out->cap == \at(out->cap, Pre);
      loop invariant \at(out->len, Pre) <= out->len;
      loop assigns at.pos, at.state, left, out->len, out->base[\at(out->len, Pre) .. out->cap - 1];
      loop variant at.end - at.pos + (left == 0 ? 0 : 1); */
  while (left != 0) {
    /*@ loop invariant rq_cur_ok(&at) && at.base == &name->octets[0] && at.end == name->len;
        loop invariant at.pos >= \at(at.pos, LoopEntry);
        loop invariant rq_out_ok(out) && out->base == \at(out->base, Pre) && out->cap == \at(out->cap, Pre);
        loop invariant \at(out->len, Pre) <= out->len;
        loop assigns at.pos, at.state, left, out->len, out->base[\at(out->len, Pre) .. out->cap - 1];
        loop variant left; */
    for (; left != 0; left--) octet_text(rq_cur_u8(&at), out);
    rq_out_u8(out, '.');
    left = rq_cur_u8(&at);
  }
}

void rq_name_text(const rq_name *name, rq_out *out) {
  uint8_t text[RQ_NAME_MAX];
  unsigned len = rq_name_plain(name, text);
  if (len > 0)
    rq_out_octets(out, text, len);
  else
    labels_text(name, out);
}

void rq_name_write(const rq_name *name, rq_out *out) {
  rq_out_octets(out, name->octets, name->len);
}

/*@ terminates \true;
    assigns \nothing; */
static uint8_t lower(uint8_t octet) {
  return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet + 32) : octet;
}

int rq_name_equal(const rq_name *a, const rq_name *b) {
  if (a->len != b->len) return 0;
  /*@ loop invariant 0 <= i <= a->len;
      loop assigns i;
      loop variant a->len - i; */
  for (unsigned i = 0; i < a->len; i++)
    if (lower(a->octets[i]) != lower(b->octets[i])) return 0;
  return 1;
}

int rq_name_identical(const rq_name *a, const rq_name *b) {
  return a->len == b->len && rq_octets_same(a->octets, b->octets, a->len);
}

int rq_name_below(const rq_name *name, const rq_name *above) {
  unsigned before, at = 0;
  if (name->len < above->len || above->len == 0) return -1;
  before = (unsigned)name->len - above->len;
  /*@ loop invariant 0 <= at <= 510 && before < RQ_NAME_MAX;
      loop assigns at;
      loop variant before - at; */
  while (at < before) at += 1u + name->octets[at];
  if (at != before) return -1;
  /*@ loop invariant 0 <= i <= above->len;
      loop assigns i;
      loop variant above->len - i; */
  for (unsigned i = 0; i < above->len; i++)
    if (lower(name->octets[before + i]) != lower(above->octets[i])) return -1;
  return (int)before;
}

/* Of eight octets the top bit is set where one lies within `first` to `last`, which are ASCII. */
/*@ terminates \true;
    assigns \nothing; */
static uint64_t within(uint64_t word, uint64_t first, uint64_t last) {
  const uint64_t each = 0x0101010101010101u;
  uint64_t low = word & 0x7f * each;
  return (low + (0x80 - first) * each) & ~(low + (0x7f - last) * each) & ~word & 0x80 * each;
}

/*@ terminates \true;
    assigns \nothing; */
static uint64_t lower_word(uint64_t word) {
  return word | within(word, 'A', 'Z') >> 2;
}

/* The letters among eight octets, but for the first `skip`, change their case where bits say so: the k-th row of eight
 * octets takes the k-th bit from the top of each octet of `bits`. */
/*@ requires skip < 8;
    terminates \true;
    assigns \nothing; */
static uint64_t flip_word(uint64_t word, uint64_t bits, unsigned row, unsigned skip) {
  uint64_t letters = within(word | 0x2020202020202020u, 'a', 'z') & UINT64_MAX << 8 * skip;
  return word ^ (letters & bits << row % 8) >> 2;
}

/*@ requires \valid(octets + (0 .. 7)) && skip < 8;
    terminates \true;
    assigns octets[0 .. 7]; */
static void flip_row(uint8_t *octets, uint64_t bits, unsigned row, unsigned skip) {
  rq_octets_store(octets, flip_word(rq_octets_load(octets), bits, row, skip));
}

/* The last eight octets of the name are its last row; in a shorter name there are some behind it, which are nobody's.
 * No branch on a bit: they are random, so half of the guesses would be wrong. */
void rq_name_flip(rq_name *name, const uint64_t bits[RQ_NAME_FLIPS]) {
  const unsigned len = name->len, last = len > 8 ? len - 8u : 0;
  unsigned at = 0;
  /*@ loop invariant 0 <= at < len && (at > 0 ==> at <= last + 7);
      loop assigns at, name->octets[0 .. RQ_NAME_MAX - 1];
      loop variant len - at; */
  for (; len - at > 8; at += 8) flip_row(name->octets + at, bits[at / 64], at / 8, 0);
  flip_row(name->octets + last, bits[at / 64], at / 8, at - last);
  name->octets[len - 1] = 0; /* as before: the prover cannot see that it is no letter */
}

static uint64_t rotate(uint64_t x, unsigned bits) {
  return (x << bits) | (x >> (64 - bits));
}

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

/* The octets behind the last whole eight, in lower case, and the length of the name on top. */
static uint64_t tail_word(const rq_name *name) {
  const unsigned rest = name->len % 8u, at = name->len - rest;
  uint64_t word = 0;
  if (at > 0)
    word = rq_octets_load(name->octets + name->len - 8) >> 8 * (7 - rest) >> 8;
  else
    for (unsigned i = rest; i > 0; i--) word = word << 8 | name->octets[i - 1];
  return lower_word(word) | (uint64_t)name->len << 56;
}

/* SipHash-2-4 (Aumasson and Bernstein, 2012) over the name in lower case, which is made of eight octets at a time. */
uint64_t rq_name_hash(const rq_name *name, const uint8_t key[16]) {
  uint64_t k0 = rq_octets_load(key), k1 = rq_octets_load(key + 8);
  uint64_t v[4] = {k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du, k0 ^ 0x6c7967656e657261u,
                   k1 ^ 0x7465646279746573u};
  for (unsigned at = 0; at <= name->len; at += 8) {
    uint64_t word = name->len - at >= 8 ? lower_word(rq_octets_load(name->octets + at)) : tail_word(name);
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
  }
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
  rq_out_init(&o, (uint8_t *)out, cap);
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
