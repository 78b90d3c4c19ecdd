/* rq_bytes.h: the only code that touches raw octets: rq_cur reads a message, rq_out writes and clips.
 *
 * Neither allocates, recurses or asserts. Their fields are touched here alone. Bounds are compared by subtraction from
 * what remains. Serves RFC 1035 section 4.1 (layout, network order). SPDX-License-Identifier: MIT */
#ifndef RQ_BYTES_H
#define RQ_BYTES_H

#include <stddef.h>
#include <stdint.h>

#define RQ_CUR_MAX 0x7fffffffu /* octets that a cursor can span */
#define RQ_OUT_MAX 0x7fffffffu /* where the count of wanted octets stops growing */

enum rq_cur_state {
  RQ_CUR_GOOD = 0,
  RQ_CUR_SHORT = 1, /* a read wanted more than was left */
  RQ_CUR_BROKEN = 2 /* what was read cannot be right, however much follows */
};

/* Reader. `pos` and `end` count from `base`, the start of the message, so a child cursor can follow compression pointers.
 * After a failure every read gives zero and `state` stays. */
typedef struct rq_cur {
  const uint8_t *base;
  size_t end, pos;
  uint8_t state;
} rq_cur;

/* Writer over the caller's buffer. `len` counts what was wanted; only octets below `cap` land. */
typedef struct rq_out {
  uint8_t *base;
  size_t cap, len;
} rq_out;

static inline void rq_cur_init(rq_cur *c, const uint8_t *base, size_t len) {
  c->base = base;
  c->end = len;
  c->pos = 0;
  c->state = RQ_CUR_GOOD;
}

/* Marks the cursor as failed and leaves nothing to read; the first reason stays. */
static inline void rq_cur_fail(rq_cur *c, uint8_t why) {
  if (c->state == RQ_CUR_GOOD) c->state = why;
  c->pos = c->end;
}

static inline int rq_cur_good(const rq_cur *c) { return c->state == RQ_CUR_GOOD; }
static inline uint8_t rq_cur_state(const rq_cur *c) { return c->state; }
static inline size_t rq_cur_left(const rq_cur *c) { return c->end - c->pos; }
static inline size_t rq_cur_pos(const rq_cur *c) { return c->pos; }

/* Good, and nothing is left. */
static inline int rq_cur_done(const rq_cur *c) { return c->state == RQ_CUR_GOOD && c->pos == c->end; }

static inline uint8_t rq_cur_u8(rq_cur *c) {
  if (c->end - c->pos < 1) {
    rq_cur_fail(c, RQ_CUR_SHORT);
    return 0;
  }
  return c->base[c->pos++];
}

static inline uint16_t rq_cur_u16(rq_cur *c) {
  if (c->end - c->pos < 2) {
    rq_cur_fail(c, RQ_CUR_SHORT);
    return 0;
  }
  c->pos += 2;
  return (uint16_t)(c->base[c->pos - 2] * 256u + c->base[c->pos - 1]);
}

static inline uint32_t rq_cur_u32(rq_cur *c) {
  uint32_t high = rq_cur_u16(c);
  return high * 65536u + rq_cur_u16(c);
}

static inline void rq_cur_skip(rq_cur *c, size_t n) {
  if (c->end - c->pos < n)
    rq_cur_fail(c, RQ_CUR_SHORT);
  else
    c->pos += n;
}

/* The next `n` octets as a cursor of their own, which still knows the message base. On failure the child is empty and failed too. */
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

/* Moves to `pos` of the message, which must lie before the present one: compression pointers only go backward. */
static inline void rq_cur_back(rq_cur *c, size_t pos) {
  if (pos >= c->pos)
    rq_cur_fail(c, RQ_CUR_BROKEN);
  else
    c->pos = pos;
}

/* Copies the next `n` octets to `to`. On failure `to` is untouched. */
static inline void rq_cur_copy(rq_cur *c, uint8_t *to, size_t n) {
  if (c->end - c->pos < n) {
    rq_cur_fail(c, RQ_CUR_SHORT);
    return;
  }
  for (size_t i = 0; i < n; i++) to[i] = c->base[c->pos + i];
  c->pos += n;
}

static inline void rq_out_init(rq_out *o, void *base, size_t cap) {
  o->base = base;
  o->cap = cap;
  o->len = 0;
}

static inline size_t rq_out_wanted(const rq_out *o) { return o->len; }
static inline size_t rq_out_stored(const rq_out *o) { return o->len < o->cap ? o->len : o->cap; }

/* Forgets what was written since rq_out_wanted() gave `mark`. */
static inline void rq_out_rewind(rq_out *o, size_t mark) {
  if (mark < o->len) o->len = mark;
}

static inline void rq_out_u8(rq_out *o, uint8_t v) {
  if (o->len < o->cap) o->base[o->len] = v;
  if (o->len < RQ_OUT_MAX) o->len++;
}

static inline void rq_out_u16(rq_out *o, uint16_t v) {
  rq_out_u8(o, (uint8_t)(v / 256u));
  rq_out_u8(o, (uint8_t)(v % 256u));
}

static inline void rq_out_u32(rq_out *o, uint32_t v) {
  rq_out_u16(o, (uint16_t)(v / 65536u));
  rq_out_u16(o, (uint16_t)(v % 65536u));
}

static inline void rq_out_u64(rq_out *o, uint64_t v) {
  rq_out_u32(o, (uint32_t)(v / 4294967296u));
  rq_out_u32(o, (uint32_t)(v % 4294967296u));
}

/* Overwrites two octets written before, at `pos`; what was clipped stays clipped. */
static inline void rq_out_patch16(rq_out *o, size_t pos, uint16_t v) {
  size_t stored = rq_out_stored(o);
  if (pos < stored) o->base[pos] = (uint8_t)(v / 256u);
  if (stored > 1 && pos < stored - 1) o->base[pos + 1] = (uint8_t)(v % 256u);
}

/* Appends `n` octets, as many as fit. */
static inline void rq_out_octets(rq_out *o, const uint8_t *from, size_t n) {
  size_t room = o->len < o->cap ? o->cap - o->len : 0;
  size_t fit = n < room ? n : room;
  for (size_t i = 0; i < fit; i++) o->base[o->len + i] = from[i];
  o->len = n < RQ_OUT_MAX - o->len ? o->len + n : RQ_OUT_MAX;
}

/* Appends the next `n` octets of a cursor. Nothing is written when fewer are left. */
static inline void rq_out_take(rq_out *o, rq_cur *c, size_t n) {
  if (c->end - c->pos < n) {
    rq_cur_fail(c, RQ_CUR_SHORT);
    return;
  }
  rq_out_octets(o, c->base + c->pos, n);
  c->pos += n;
}

/* Appends a NUL-terminated constant of ours. */
static inline void rq_out_text(rq_out *o, const char *text) {
  for (size_t i = 0; text[i] != 0; i++) rq_out_u8(o, (uint8_t)text[i]);
}

/* The res_query contract: copies min(actual, cap) octets, returns how many. Octets of `to` past that are untouched. */
static inline uint32_t rq_clip(uint8_t *to, uint32_t cap, const uint8_t *from, uint32_t actual) {
  uint32_t n = actual < cap ? actual : cap;
  for (uint32_t i = 0; i < n; i++) to[i] = from[i];
  return n;
}

#endif
