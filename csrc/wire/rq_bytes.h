/* rq_bytes.h: the only code that touches raw octets: rq_cur reads a message, rq_out writes and clips.
 *
 * Neither allocates, recurses or asserts. Their fields are touched here alone. Bounds are compared by subtraction from
 * what remains. `make prove` holds every function to the contract above it, written in ACSL for Frama-C: \old and Pre
 * are the state before the call. Serves RFC 1035 section 4.1 (layout, network order). SPDX-License-Identifier: MIT */
#ifndef RQ_BYTES_H
#define RQ_BYTES_H

#include <stddef.h>
#include <stdint.h>

#define RQ_OUT_MAX 0x7fffffffu /* octets that a writer stores, and where the count of wanted octets stops growing */

enum rq_cur_state {
  RQ_CUR_GOOD = 0,
  RQ_CUR_SHORT = 1, /* a read wanted more than was left */
  RQ_CUR_BROKEN = 2 /* what was read cannot be right, however much follows */
};

/* Reader. `pos` and `end` count from `base`, the start of the message, so a child cursor can follow compression
 * pointers. After a failure every read gives zero and `state` stays. */
typedef struct rq_cur {
  const uint8_t *base;
  size_t end, pos;
  uint32_t state; /* rq_cur_state */
} rq_cur;

/* Writer over the caller's buffer. `len` counts what was wanted; only octets below `cap` land. */
typedef struct rq_out {
  uint8_t *base;
  size_t cap, len;
} rq_out;

/*@ // A cursor between calls. Once it has failed, nothing is left to read.
    predicate rq_cur_ok(rq_cur *c) =
      \valid(c) && c->pos <= c->end && \valid_read(c->base + (0 .. c->end - 1)) && c->state <= RQ_CUR_BROKEN &&
      (c->state != RQ_CUR_GOOD ==> c->pos == c->end);

    predicate rq_cur_same{Old, New}(rq_cur *c) =
      \at(c->base, New) == \at(c->base, Old) && \at(c->end, New) == \at(c->end, Old);

    // Failed: nothing is left, and the first reason stays.
    predicate rq_cur_failed{Old, New}(rq_cur *c, integer why) =
      \at(c->pos, New) == \at(c->end, New) && \at(c->state, New) != RQ_CUR_GOOD &&
      \at(c->state, New) == (\at(c->state, Old) == RQ_CUR_GOOD ? why : \at(c->state, Old));

    // A read of n octets: passed over whole if they were there, failed otherwise.
    predicate rq_cur_read{Old, New}(rq_cur *c, integer n) =
      rq_cur_same{Old, New}(c) &&
      (n <= \at(c->end - c->pos, Old) ==>
        \at(c->pos, New) == \at(c->pos, Old) + n && \at(c->state, New) == \at(c->state, Old)) &&
      (n > \at(c->end - c->pos, Old) ==> rq_cur_failed{Old, New}(c, RQ_CUR_SHORT));

    // Reads: never back, and what has failed stays so.
    predicate rq_cur_moved{Old, New}(rq_cur *c) =
      \at(rq_cur_ok(c), New) && rq_cur_same{Old, New}(c) && \at(c->pos, Old) <= \at(c->pos, New) &&
      (\at(c->state, New) == RQ_CUR_GOOD ==> \at(c->state, Old) == RQ_CUR_GOOD);

    // A writer between calls.
    predicate rq_out_ok(rq_out *o) =
      \valid(o) && o->len <= RQ_OUT_MAX && o->cap <= RQ_OUT_MAX && \valid(o->base + (0 .. o->cap - 1));

    // n more octets were wanted.
    predicate rq_out_grown{Old, New}(rq_out *o, integer n) =
      \at(o->base, New) == \at(o->base, Old) && \at(o->cap, New) == \at(o->cap, Old) &&
      \at(o->len, New) == \min(\at(o->len, Old) + n, RQ_OUT_MAX);

    // Something may have been added.
    predicate rq_out_moved{Old, New}(rq_out *o) =
      \at(rq_out_ok(o), New) && \at(o->base, New) == \at(o->base, Old) && \at(o->cap, New) == \at(o->cap, Old) &&
      \at(o->len, Old) <= \at(o->len, New);

    // Octet v is what was wanted at position i; it is stored if that lies below cap.
    predicate rq_out_holds(rq_out *o, integer i, integer v) = i < o->cap ==> o->base[i] == v;

    // So are n octets wanted from position `at` on.
    predicate rq_out_copied(rq_out *o, integer at, uint8_t *from, integer n) =
      \forall integer i; at <= i < \min(at + n, o->cap) ==> o->base[i] == from[i - at];
*/

/* The only copying there is. */
/*@ requires \valid(to + (0 .. n - 1)) && \valid_read(from + (0 .. n - 1));
    requires \separated(to + (0 .. n - 1), from + (0 .. n - 1));
    terminates \true;
    assigns to[0 .. n - 1];
    ensures \forall integer i; 0 <= i < n ==> to[i] == from[i]; */
static inline void rq_octets_copy(uint8_t *restrict to, const uint8_t *restrict from, size_t n) {
  /*@ loop invariant 0 <= i <= n && (\forall integer k; 0 <= k < i ==> to[k] == from[k]);
      loop assigns i, to[0 .. n - 1];
      loop variant n - i; */
  for (size_t i = 0; i < n; i++) to[i] = from[i];
}

/* The number with one more octet behind it. GCC reads octets at once that are put together by shifts, and the prover
 * knows no shift but one by one place. */
/*@ requires number < 72057594037927936;
    terminates \true;
    assigns \nothing;
    ensures \result == number * 256 + octet; */
static inline uint64_t rq_octets_up(uint64_t number, uint8_t octet) {
  return (number << 1 << 1 << 1 << 1 << 1 << 1 << 1 << 1) + octet;
}

/* GCC thinks it long, until it is one load. */
static inline uint64_t rq_octets_load(const uint8_t *from) __attribute__((always_inline));

/* Eight octets as one number, the first its lowest part; and back. */
/*@ requires \valid_read(from + (0 .. 7));
    terminates \true;
    assigns \nothing;
    ensures \result % 4294967296 == from[0] + from[1] * 256 + from[2] * 65536 + from[3] * 16777216;
    ensures \result / 4294967296 == from[4] + from[5] * 256 + from[6] * 65536 + from[7] * 16777216; */
static inline uint64_t rq_octets_load(const uint8_t *from) {
  uint64_t high = rq_octets_up(rq_octets_up(rq_octets_up(from[7], from[6]), from[5]), from[4]);
  return rq_octets_up(rq_octets_up(rq_octets_up(rq_octets_up(high, from[3]), from[2]), from[1]), from[0]);
}

/*@ requires \valid(to + (0 .. 7));
    terminates \true;
    assigns to[0 .. 7]; */
static inline void rq_octets_store(uint8_t *to, uint64_t word) {
  to[0] = (uint8_t)(word % 256u);
  to[1] = (uint8_t)(word / 256u % 256u);
  to[2] = (uint8_t)(word / 65536u % 256u);
  to[3] = (uint8_t)(word / 16777216u % 256u);
  to[4] = (uint8_t)(word / 4294967296u % 256u);
  to[5] = (uint8_t)(word / 1099511627776u % 256u);
  to[6] = (uint8_t)(word / 281474976710656u % 256u);
  to[7] = (uint8_t)(word / 72057594037927936u);
}

/*@ requires \valid_read(a + (0 .. 7)) && \valid_read(b + (0 .. 7));
    terminates \true;
    assigns \nothing;
    ensures \result == 0 || \result == 1;
    ensures \result == 1 ==> a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3];
    ensures \result == 1 ==> a[4] == b[4] && a[5] == b[5] && a[6] == b[6] && a[7] == b[7];
    ensures \result == 0 ==> (\exists integer i; 0 <= i < 8 && a[i] != b[i]); */
static inline int rq_octets_eight_same(const uint8_t *a, const uint8_t *b) {
  return rq_octets_load(a) == rq_octets_load(b);
}

/* 1 if they are the same: eight at a time, the last eight of them once more in part. */
/*@ requires \valid_read(a + (0 .. n - 1)) && \valid_read(b + (0 .. n - 1));
    terminates \true;
    assigns \nothing;
    ensures \result == 0 || \result == 1;
    ensures \result == 1 <==> (\forall integer i; 0 <= i < n ==> a[i] == b[i]); */
static inline int rq_octets_same(const uint8_t *a, const uint8_t *b, size_t n) {
  size_t at = 0;
  /*@ loop invariant 0 <= at <= n && (\forall integer k; 0 <= k < at ==> a[k] == b[k]);
      loop assigns at;
      loop variant n - at; */
  for (; n - at > 8; at += 8) {
    if (!rq_octets_eight_same(a + at, b + at)) return 0;
    /*@ assert a[at] == b[at] && a[at + 1] == b[at + 1] && a[at + 2] == b[at + 2] && a[at + 3] == b[at + 3]; */
    /*@ assert a[at + 4] == b[at + 4] && a[at + 5] == b[at + 5] && a[at + 6] == b[at + 6] && a[at + 7] == b[at + 7]; */
  }
  if (n >= 8) {
    if (!rq_octets_eight_same(a + (n - 8), b + (n - 8))) return 0;
    /*@ assert a[n - 8] == b[n - 8] && a[n - 7] == b[n - 7] && a[n - 6] == b[n - 6] && a[n - 5] == b[n - 5]; */
    /*@ assert a[n - 4] == b[n - 4] && a[n - 3] == b[n - 3] && a[n - 2] == b[n - 2] && a[n - 1] == b[n - 1]; */
    return 1;
  }
  /*@ loop invariant 0 <= at <= n && (\forall integer k; 0 <= k < at ==> a[k] == b[k]);
      loop assigns at;
      loop variant n - at; */
  for (; at < n; at++)
    if (a[at] != b[at]) return 0;
  return 1;
}

/* The res_query contract: copies min(actual, cap) octets, returns how many. Octets of `to` past that are untouched. */
/*@ requires \valid(to + (0 .. cap - 1)) && \valid_read(from + (0 .. actual - 1));
    requires \separated(to + (0 .. cap - 1), from + (0 .. actual - 1));
    terminates \true;
    assigns to[0 .. \min(actual, cap) - 1];
    ensures \result == \min(actual, cap);
    ensures \forall integer i; 0 <= i < \result ==> to[i] == from[i]; */
static inline uint32_t rq_clip(uint8_t *to, uint32_t cap, const uint8_t *from, uint32_t actual) {
  uint32_t n = actual < cap ? actual : cap;
  rq_octets_copy(to, from, n);
  return n;
}

/* --- reader --- */

/*@ requires \valid(c) && \valid_read(base + (0 .. len - 1));
    terminates \true;
    assigns *c;
    ensures rq_cur_ok(c) && c->base == base && c->end == len && c->pos == 0 && c->state == RQ_CUR_GOOD; */
static inline void rq_cur_init(rq_cur *c, const uint8_t *base, size_t len) {
  c->base = base;
  c->end = len;
  c->pos = 0;
  c->state = RQ_CUR_GOOD;
}

/* Marks the cursor as failed and leaves nothing to read; the first reason stays. */
/*@ requires rq_cur_ok(c) && (why == RQ_CUR_SHORT || why == RQ_CUR_BROKEN);
    terminates \true;
    assigns c->pos, c->state;
    ensures rq_cur_ok(c) && rq_cur_same{Pre, Here}(c) && rq_cur_failed{Pre, Here}(c, why); */
static inline void rq_cur_fail(rq_cur *c, uint32_t why) {
  if (c->state == RQ_CUR_GOOD) c->state = why;
  c->pos = c->end;
}

/*@ requires rq_cur_ok(c);
    terminates \true;
    assigns \nothing;
    ensures \result == (c->state == RQ_CUR_GOOD ? 1 : 0); */
static inline int rq_cur_good(const rq_cur *c) {
  return c->state == RQ_CUR_GOOD;
}

/*@ requires rq_cur_ok(c);
    terminates \true;
    assigns \nothing;
    ensures \result == c->state; */
static inline uint32_t rq_cur_state(const rq_cur *c) {
  return c->state;
}

/*@ requires rq_cur_ok(c);
    terminates \true;
    assigns \nothing;
    ensures \result == c->end - c->pos; */
static inline size_t rq_cur_left(const rq_cur *c) {
  return c->end - c->pos;
}

/*@ requires rq_cur_ok(c);
    terminates \true;
    assigns \nothing;
    ensures \result == c->pos; */
static inline size_t rq_cur_pos(const rq_cur *c) {
  return c->pos;
}

/* Good, and nothing is left. */
/*@ requires rq_cur_ok(c);
    terminates \true;
    assigns \nothing;
    ensures \result == (c->state == RQ_CUR_GOOD && c->pos == c->end ? 1 : 0); */
static inline int rq_cur_done(const rq_cur *c) {
  return c->state == RQ_CUR_GOOD && c->pos == c->end;
}

/* The octet `n` places ahead, which stays there; 0 when there is none. */
/*@ requires rq_cur_ok(c);
    terminates \true;
    assigns \nothing;
    ensures \result == (n < c->end - c->pos ? c->base[c->pos + n] : 0); */
static inline uint8_t rq_cur_peek(const rq_cur *c, size_t n) {
  return n < c->end - c->pos ? c->base[c->pos + n] : 0;
}

/* How many octets stand before the next one of this value; all that are left when there is none. */
/*@ requires rq_cur_ok(c);
    terminates \true;
    assigns \nothing;
    ensures \result <= c->end - c->pos;
    ensures \forall integer i; c->pos <= i < c->pos + \result ==> c->base[i] != octet;
    ensures \result < c->end - c->pos ==> c->base[c->pos + \result] == octet; */
static inline size_t rq_cur_before(const rq_cur *c, uint8_t octet) {
  size_t at = c->pos;
  /*@ loop invariant c->pos <= at <= c->end && (\forall integer i; c->pos <= i < at ==> c->base[i] != octet);
      loop assigns at;
      loop variant c->end - at; */
  while (at < c->end && c->base[at] != octet) at++;
  return at - c->pos;
}

/*@ requires rq_cur_ok(c);
    terminates \true;
    assigns c->pos, c->state;
    ensures rq_cur_ok(c) && rq_cur_read{Pre, Here}(c, 1);
    ensures \result == (\old(c->end - c->pos) < 1 ? 0 : c->base[\old(c->pos)]); */
static inline uint8_t rq_cur_u8(rq_cur *c) {
  if (c->end - c->pos < 1) {
    rq_cur_fail(c, RQ_CUR_SHORT);
    return 0;
  }
  return c->base[c->pos++];
}

/*@ requires rq_cur_ok(c);
    terminates \true;
    assigns c->pos, c->state;
    ensures rq_cur_ok(c) && rq_cur_read{Pre, Here}(c, 2);
    ensures \result == (\old(c->end - c->pos) < 2 ? 0 : c->base[\old(c->pos)] * 256 + c->base[\old(c->pos) + 1]); */
static inline uint16_t rq_cur_u16(rq_cur *c) {
  if (c->end - c->pos < 2) {
    rq_cur_fail(c, RQ_CUR_SHORT);
    return 0;
  }
  c->pos += 2;
  return (uint16_t)(c->base[c->pos - 2] * 256u + c->base[c->pos - 1]);
}

/*@ requires rq_cur_ok(c);
    terminates \true;
    assigns c->pos, c->state;
    ensures rq_cur_ok(c) && rq_cur_read{Pre, Here}(c, 4);
    ensures \result == (\old(c->end - c->pos) < 4 ? 0 :
      c->base[\old(c->pos)] * 16777216 + c->base[\old(c->pos) + 1] * 65536 +
      c->base[\old(c->pos) + 2] * 256 + c->base[\old(c->pos) + 3]); */
static inline uint32_t rq_cur_u32(rq_cur *c) {
  if (c->end - c->pos < 4) {
    rq_cur_fail(c, RQ_CUR_SHORT);
    return 0;
  }
  c->pos += 4;
  const uint8_t *from = c->base + (c->pos - 4);
  return (uint32_t)rq_octets_up(rq_octets_up(rq_octets_up(from[0], from[1]), from[2]), from[3]);
}

/*@ requires rq_cur_ok(c);
    terminates \true;
    assigns c->pos, c->state;
    ensures rq_cur_ok(c) && rq_cur_read{Pre, Here}(c, n); */
static inline void rq_cur_skip(rq_cur *c, size_t n) {
  if (c->end - c->pos < n)
    rq_cur_fail(c, RQ_CUR_SHORT);
  else
    c->pos += n;
}

/* The next `n` octets as a cursor of their own, which still knows the message base. On failure the child is empty and
 * failed too. */
/*@ requires rq_cur_ok(c) && \valid(child) && \separated(c, child);
    terminates \true;
    assigns c->pos, c->state, *child;
    ensures rq_cur_ok(c) && rq_cur_read{Pre, Here}(c, n);
    ensures rq_cur_ok(child) && child->base == c->base && child->end == c->pos && child->state == c->state;
    ensures n <= \old(c->end - c->pos) ==> child->pos == \old(c->pos); */
static inline void rq_cur_take(rq_cur *c, size_t n, rq_cur *child) {
  *child = *c;
  if (c->end - c->pos < n) {
    rq_cur_fail(c, RQ_CUR_SHORT);
    rq_cur_fail(child, RQ_CUR_SHORT);
  } else {
    c->pos += n;
    child->end = c->pos;
  }
}

/* Moves to the octets from `pos` up to `end` of the message, none of which lies ahead: compression pointers only go
 * backward. */
/*@ requires rq_cur_ok(c);
    terminates \true;
    assigns c->pos, c->end, c->state;
    ensures rq_cur_ok(c) && c->base == \old(c->base);
    ensures pos < end <= \old(c->pos) && \old(c->state) == RQ_CUR_GOOD ==>
      c->pos == pos && c->end == end && c->state == RQ_CUR_GOOD;
    ensures !(pos < end <= \old(c->pos)) || \old(c->state) != RQ_CUR_GOOD ==>
      rq_cur_same{Pre, Here}(c) && rq_cur_failed{Pre, Here}(c, RQ_CUR_BROKEN); */
static inline void rq_cur_back(rq_cur *c, size_t pos, size_t end) {
  if (pos >= end || end > c->pos || c->state != RQ_CUR_GOOD) {
    rq_cur_fail(c, RQ_CUR_BROKEN);
    return;
  }
  c->pos = pos;
  c->end = end;
}

/* Copies the next `n` octets to `to`. On failure `to` is untouched. */
/*@ requires rq_cur_ok(c) && \valid(to + (0 .. n - 1));
    requires \separated(to + (0 .. n - 1), c, c->base + (0 .. c->end - 1));
    terminates \true;
    assigns c->pos, c->state, to[0 .. n - 1];
    ensures rq_cur_ok(c) && rq_cur_read{Pre, Here}(c, n);
    ensures \forall integer i; 0 <= i < n ==>
      to[i] == (n <= \old(c->end - c->pos) ? c->base[\old(c->pos) + i] : \old(to[i])); */
static inline void rq_cur_copy(rq_cur *c, uint8_t *to, size_t n) {
  if (c->end - c->pos < n) {
    rq_cur_fail(c, RQ_CUR_SHORT);
    return;
  }
  rq_octets_copy(to, c->base + c->pos, n);
  c->pos += n;
}

/* Whether the next `n` octets are these: then the cursor is behind them, else it has not moved. */
/*@ requires rq_cur_ok(c) && \valid_read(octets + (0 .. n - 1));
    terminates \true;
    assigns c->pos;
    ensures rq_cur_ok(c) && rq_cur_same{Pre, Here}(c) && c->state == \old(c->state);
    ensures \result == 0 || \result == 1;
    ensures \result == 0 ==> c->pos == \old(c->pos);
    ensures \result == 1 ==> n <= \old(c->end - c->pos) && c->pos == \old(c->pos) + n;
    ensures \result == 1 <==> n <= \old(c->end - c->pos) &&
      (\forall integer i; 0 <= i < n ==> c->base[\old(c->pos) + i] == octets[i]); */
static inline int rq_cur_match(rq_cur *c, const uint8_t *octets, size_t n) {
  if (c->end - c->pos < n || !rq_octets_same(c->base + c->pos, octets, n)) return 0;
  c->pos += n;
  return 1;
}

/* --- writer --- */

/*@ requires \valid(o) && \valid(base + (0 .. cap - 1));
    terminates \true;
    assigns *o;
    ensures rq_out_ok(o) && o->base == base && o->cap == \min(cap, RQ_OUT_MAX) && o->len == 0; */
static inline void rq_out_init(rq_out *o, uint8_t *base, size_t cap) {
  o->base = base;
  o->cap = cap < RQ_OUT_MAX ? cap : RQ_OUT_MAX;
  o->len = 0;
}

/*@ requires rq_out_ok(o);
    terminates \true;
    assigns \nothing;
    ensures \result == o->len; */
static inline size_t rq_out_wanted(const rq_out *o) {
  return o->len;
}

/*@ requires rq_out_ok(o);
    terminates \true;
    assigns \nothing;
    ensures \result == \min(o->len, o->cap); */
static inline size_t rq_out_stored(const rq_out *o) {
  return o->len < o->cap ? o->len : o->cap;
}

/* Forgets what was written since rq_out_wanted() gave `mark`. */
/*@ requires rq_out_ok(o);
    terminates \true;
    assigns o->len;
    ensures rq_out_ok(o) && o->len == \min(mark, \old(o->len)); */
static inline void rq_out_rewind(rq_out *o, size_t mark) {
  if (mark < o->len) o->len = mark;
}

/*@ requires rq_out_ok(o);
    terminates \true;
    assigns o->len, o->base[o->len .. \min(o->len + 1, o->cap) - 1];
    ensures rq_out_ok(o) && rq_out_grown{Pre, Here}(o, 1);
    ensures rq_out_holds(o, \old(o->len), v); */
static inline void rq_out_u8(rq_out *o, uint8_t v) {
  size_t at = o->len; /* an octet that is stored may be any, for all the compiler knows: also those of `len` */
  if (at < o->cap) {
    o->base[at] = v;
    o->len = at + 1;
  } else if (at < RQ_OUT_MAX) {
    o->len = at + 1;
  }
}

/*@ requires rq_out_ok(o);
    terminates \true;
    assigns o->len, o->base[o->len .. \min(o->len + 2, o->cap) - 1];
    ensures rq_out_ok(o) && rq_out_grown{Pre, Here}(o, 2);
    ensures rq_out_holds(o, \old(o->len), v / 256);
    ensures rq_out_holds(o, \old(o->len) + 1, v % 256); */
static inline void rq_out_u16(rq_out *o, uint16_t v) {
  if (o->cap > 1 && o->len < o->cap - 1) {
    uint8_t *to = o->base + o->len;
    o->len += 2;
    to[0] = (uint8_t)(v / 256u);
    to[1] = (uint8_t)(v % 256u);
  } else {
    rq_out_u8(o, (uint8_t)(v / 256u));
    rq_out_u8(o, (uint8_t)(v % 256u));
  }
}

/*@ requires rq_out_ok(o);
    terminates \true;
    assigns o->len, o->base[o->len .. \min(o->len + 4, o->cap) - 1];
    ensures rq_out_ok(o) && rq_out_grown{Pre, Here}(o, 4);
    ensures rq_out_holds(o, \old(o->len), v / 16777216);
    ensures rq_out_holds(o, \old(o->len) + 1, v / 65536 % 256);
    ensures rq_out_holds(o, \old(o->len) + 2, v / 256 % 256);
    ensures rq_out_holds(o, \old(o->len) + 3, v % 256); */
static inline void rq_out_u32(rq_out *o, uint32_t v) {
  if (o->cap > 3 && o->len < o->cap - 3) {
    uint8_t *to = o->base + o->len;
    o->len += 4;
    to[0] = (uint8_t)(v / 16777216u);
    to[1] = (uint8_t)(v / 65536u % 256u);
    to[2] = (uint8_t)(v / 256u % 256u);
    to[3] = (uint8_t)(v % 256u);
  } else {
    rq_out_u16(o, (uint16_t)(v / 65536u));
    rq_out_u16(o, (uint16_t)(v % 65536u));
  }
}

/*@ requires rq_out_ok(o);
    terminates \true;
    assigns o->len, o->base[o->len .. \min(o->len + 8, o->cap) - 1];
    ensures rq_out_ok(o) && rq_out_grown{Pre, Here}(o, 8); */
static inline void rq_out_u64(rq_out *o, uint64_t v) {
  rq_out_u32(o, (uint32_t)(v / 4294967296u));
  rq_out_u32(o, (uint32_t)(v % 4294967296u));
}

/* Overwrites two octets written before, at `pos`; what was clipped stays clipped. */
/*@ requires rq_out_ok(o);
    terminates \true;
    assigns o->base[pos .. \min(pos + 2, \min(o->len, o->cap)) - 1];
    ensures pos < \min(o->len, o->cap) ==> o->base[pos] == v / 256;
    ensures pos + 1 < \min(o->len, o->cap) ==> o->base[pos + 1] == v % 256; */
static inline void rq_out_patch16(rq_out *o, size_t pos, uint16_t v) {
  size_t stored = rq_out_stored(o);
  if (pos < stored) o->base[pos] = (uint8_t)(v / 256u);
  if (stored > 1 && pos < stored - 1) o->base[pos + 1] = (uint8_t)(v % 256u);
}

/* Appends `n` octets, as many as fit. */
/*@ requires rq_out_ok(o) && \valid_read(from + (0 .. n - 1));
    requires \separated(o->base + (0 .. o->cap - 1), from + (0 .. n - 1));
    terminates \true;
    assigns o->len, o->base[o->len .. \min(o->len + n, o->cap) - 1];
    ensures rq_out_ok(o) && rq_out_grown{Pre, Here}(o, n);
    ensures rq_out_copied(o, \old(o->len), from, n); */
static inline void rq_out_octets(rq_out *o, const uint8_t *from, size_t n) {
  uint8_t *base = o->base;
  size_t at = o->len, cap = o->cap;
  o->len = n < RQ_OUT_MAX - at ? at + n : RQ_OUT_MAX; /* first: the copy is then all that is left to do */
  if (at < cap && n <= cap - at)
    rq_octets_copy(base + at, from, n);
  else if (at < cap)
    rq_octets_copy(base + at, from, cap - at);
}

/* Appends the next `n` octets of a cursor. Nothing is written when fewer are left. */
/*@ requires rq_out_ok(o) && rq_cur_ok(c) && \separated(o, c);
    requires \separated(o->base + (0 .. o->cap - 1), c->base + (0 .. c->end - 1));
    terminates \true;
    assigns c->pos, c->state, o->len, o->base[o->len .. \min(o->len + n, o->cap) - 1];
    ensures rq_out_ok(o) && rq_out_grown{Pre, Here}(o, n <= \old(c->end - c->pos) ? n : 0);
    ensures rq_cur_ok(c) && rq_cur_read{Pre, Here}(c, n);
    ensures n <= \old(c->end - c->pos) ==> rq_out_copied(o, \old(o->len), c->base + \old(c->pos), n); */
static inline void rq_out_take(rq_out *o, rq_cur *c, size_t n) {
  if (c->end - c->pos < n) {
    rq_cur_fail(c, RQ_CUR_SHORT);
    return;
  }
  rq_out_octets(o, c->base + c->pos, n);
  c->pos += n;
}

/*@ axiomatic rq_text {
      predicate rq_text_ends{L}(char *text, integer n) =
        0 <= n && text[n] == 0 && (\forall integer i; 0 <= i < n ==> text[i] != 0);
      logic integer rq_text_len{L}(char *text) reads text[0 ..];
      axiom rq_text_len_is{L}: \forall char *text, integer n; rq_text_ends(text, n) ==> rq_text_len(text) == n;
    }
*/

/* Appends a NUL-terminated constant of ours. */
/*@ requires rq_out_ok(o) && rq_text_ends(text, rq_text_len(text)) && \valid_read(text + (0 .. rq_text_len(text)));
    requires rq_text_len(text) < RQ_OUT_MAX;
    requires \separated(o->base + (0 .. o->cap - 1), text + (0 .. rq_text_len(text)));
    terminates \true;
    assigns o->len, o->base[o->len .. \min(o->len + rq_text_len(text), o->cap) - 1];
    ensures rq_out_ok(o) && rq_out_grown{Pre, Here}(o, rq_text_len(text)); */
static inline void rq_out_text(rq_out *o, const char *text) {
  /*@ loop invariant 0 <= i <= rq_text_len(text) && rq_out_ok(o) && rq_out_grown{Pre, Here}(o, i);
      loop assigns i, o->len, o->base[\at(o->len, Pre) .. \min(\at(o->len, Pre) + rq_text_len(text), o->cap) - 1];
      loop variant rq_text_len(text) - i; */
  for (size_t i = 0; text[i] != 0; i++) rq_out_u8(o, (uint8_t)text[i]);
}

/* The same as rq_out_octets, for few octets, of a number that the compiler knows: it stores them where this is called.
 */
/*@ requires rq_out_ok(o) && \valid_read(from + (0 .. n - 1));
    requires \separated(o->base + (0 .. o->cap - 1), from + (0 .. n - 1));
    terminates \true;
    assigns o->len, o->base[o->len .. \min(o->len + n, o->cap) - 1];
    ensures rq_out_ok(o) && rq_out_grown{Pre, Here}(o, n);
    ensures rq_out_copied(o, \old(o->len), from, n); */
__attribute__((always_inline)) static inline void rq_out_piece(rq_out *o, const uint8_t *from, size_t n) {
  size_t at = o->len;
  if (at < o->cap && n <= o->cap - at) {
    rq_octets_copy(o->base + at, from, n);
    o->len = at + n;
  } else {
    rq_out_octets(o, from, n);
  }
}

/* Appends the octets of a cursor up to the first that is marked, or its end. */
/*@ requires rq_out_ok(o) && rq_cur_ok(c) && \valid_read(marks + (0 .. 255)) && \separated(o, c);
    requires \separated(o->base + (0 .. o->cap - 1), c->base + (0 .. c->end - 1));
    requires \separated(o->base + (0 .. o->cap - 1), marks + (0 .. 255));
    terminates \true;
    assigns c->pos, o->len, o->base[o->len .. o->cap - 1];
    ensures rq_cur_ok(c) && \old(c->pos) <= c->pos && (c->pos < c->end ==> marks[c->base[c->pos]] != 0);
    ensures \forall integer i; \old(c->pos) <= i < c->pos ==> marks[c->base[i]] == 0;
    ensures rq_out_ok(o) && rq_out_grown{Pre, Here}(o, c->pos - \old(c->pos));
    ensures rq_out_copied(o, \old(o->len), c->base + \old(c->pos), c->pos - \old(c->pos)); */
static inline void rq_out_unmarked(rq_out *o, rq_cur *c, const uint8_t marks[256]) {
  const uint8_t *base = c->base;
  size_t begun = c->pos, at = begun, end = c->end;
  /*@ loop invariant begun <= at <= end;
      loop invariant \forall integer i; begun <= i < at ==> marks[base[i]] == 0;
      loop assigns at;
      loop variant end - at; */
  while (end - at >= 4 && marks[base[at]] + marks[base[at + 1]] + marks[base[at + 2]] + marks[base[at + 3]] == 0) {
    /*@ assert marks[base[at]] == 0 && marks[base[at + 1]] == 0; */
    /*@ assert marks[base[at + 2]] == 0 && marks[base[at + 3]] == 0; */
    at += 4;
  }
  /*@ loop invariant begun <= at <= end;
      loop invariant \forall integer i; begun <= i < at ==> marks[base[i]] == 0;
      loop assigns at;
      loop variant end - at; */
  while (at < end && marks[base[at]] == 0) at++;
  /*@ assert \forall integer i; \at(c->pos, Pre) <= i < at ==> marks[\at(c->base[i], Pre)] == 0; */
  if (at > begun) rq_out_octets(o, base + begun, at - begun);
  c->pos = at;
}

#endif
