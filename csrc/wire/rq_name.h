/* rq_name.h: domain names: text <-> wire format, decompression, comparison, hashing.
 *
 * Pure: no I/O, no clock, no heap. Serves RFC 1035 sections 2.3, 3.1, 4.1.4 and 5.1, RFC 4343 (case), RFC 9267
 * (what goes wrong in decompression). SPDX-License-Identifier: MIT */
#ifndef RQ_NAME_H
#define RQ_NAME_H

#include "../resquery.h"
#include "rq_bytes.h"

/* A name in uncompressed wire format, root label included: 1 <= len <= 255 once a function below has filled it. */
typedef struct rq_name {
  uint8_t len;
  uint8_t octets[RQ_NAME_MAX];
} rq_name;

/*@ predicate rq_name_ok(rq_name *name) = \valid_read(name) && 1 <= name->len && name->octets[name->len - 1] == 0;

    predicate rq_name_root(rq_name *name) = name->len == 1 && name->octets[0] == 0;

    // Memory that a name read with the cursor must not share.
    predicate rq_name_apart(rq_name *name, rq_cur *c) = \separated(name, c, c->base + (0 .. c->end - 1));
*/

/* Reads a name, following compression pointers: each goes strictly backward to labels that end before the part they are
 * used in begins, at most 127 of them, the result at most 255 octets. The cursor ends after the name as it stands. On
 * failure the cursor has failed (RQ_CUR_SHORT or RQ_CUR_BROKEN) and *name is the root. */
/*@ requires rq_cur_ok(c) && \valid(name) && rq_name_apart(name, c);
    terminates \true;
    assigns c->pos, c->state, *name;
    ensures rq_cur_ok(c) && rq_cur_same{Pre, Here}(c) && rq_name_ok(name);
    ensures c->state == RQ_CUR_GOOD ==> c->pos > \old(c->pos) && \old(c->state) == RQ_CUR_GOOD;
    ensures c->state != RQ_CUR_GOOD ==> rq_name_root(name); */
void rq_name_read(rq_cur *c, rq_name *name);

/* Where the labels of the name that comes next begin: at the cursor, or where a pointer that stands there leads. Names
 * of one message that begin at the same place are the same. Means nothing unless rq_name_read succeeds there. */
/*@ requires rq_cur_ok(c);
    terminates \true;
    assigns \nothing; */
size_t rq_name_place(const rq_cur *c);

/* Moves the cursor past a name without following it; the name is not validated beyond its own octets. */
/*@ requires rq_cur_ok(c);
    terminates \true;
    assigns c->pos, c->state;
    ensures rq_cur_ok(c) && rq_cur_same{Pre, Here}(c);
    ensures c->state == RQ_CUR_GOOD ==> c->pos > \old(c->pos) && \old(c->state) == RQ_CUR_GOOD; */
void rq_name_skip(rq_cur *c);

/* Text -> name. Returns enum rq_flaw; on a flaw *name is the root. `text` need not be NUL-terminated. */
/*@ requires \valid_read(text + (0 .. len - 1)) && \valid(name) && \separated(name, text + (0 .. len - 1));
    terminates \true;
    assigns *name;
    ensures RQ_FLAW_NONE <= \result <= RQ_FLAW_OCTET && rq_name_ok(name);
    ensures \result != RQ_FLAW_NONE ==> rq_name_root(name); */
int rq_name_parse(const uint8_t *text, size_t len, rq_name *name);

/* Appends the name as text with its final dot, specials and non-printable octets escaped (RFC 1035, 5.1). */
/*@ requires rq_name_ok(name) && rq_out_ok(out) && \separated(out, name, out->base + (0 .. out->cap - 1));
    terminates \true;
    assigns out->len, out->base[out->len .. out->cap - 1];
    ensures rq_out_ok(out) && out->base == \old(out->base) && out->cap == \old(out->cap);
    ensures \old(out->len) <= out->len; */
void rq_name_text(const rq_name *name, rq_out *out);

/* Writes the name as text with its final dot to `text` and returns how many octets that takes; 0 when an octet of it
 * wants an escape, and then what was written is no text. */
/*@ requires rq_name_ok(name) && \valid(text + (0 .. RQ_NAME_MAX - 1));
    requires \separated(name, text + (0 .. RQ_NAME_MAX - 1));
    terminates \true;
    assigns text[0 .. RQ_NAME_MAX - 1];
    ensures \result < RQ_NAME_MAX; */
unsigned rq_name_plain(const rq_name *name, uint8_t text[RQ_NAME_MAX]);

/* Appends the name in wire format. */
/*@ requires rq_name_ok(name) && rq_out_ok(out) && \separated(out, name, out->base + (0 .. out->cap - 1));
    terminates \true;
    assigns out->len, out->base[out->len .. \min(out->len + name->len, out->cap) - 1];
    ensures rq_out_ok(out) && rq_out_grown{Pre, Here}(out, name->len);
    ensures rq_out_copied(out, \old(out->len), &name->octets[0], name->len); */
void rq_name_write(const rq_name *name, rq_out *out);

/* 1 if equal, ASCII case ignored (RFC 4343). */
/*@ requires \valid_read(a) && \valid_read(b);
    terminates \true;
    assigns \nothing;
    ensures \result == 0 || \result == 1; */
int rq_name_equal(const rq_name *a, const rq_name *b);

/* 1 if octet for octet the same; tests compare so. */
/*@ requires \valid_read(a) && \valid_read(b);
    terminates \true;
    assigns \nothing;
    ensures \result == 1 <==> a->len == b->len && (\forall integer i; 0 <= i < a->len ==> a->octets[i] == b->octets[i]);
    ensures \result == 0 || \result == 1; */
int rq_name_identical(const rq_name *a, const rq_name *b);

/* Octets of the labels that `name` has before those of `above`, 0 when they are equal, ASCII case ignored; -1 when it
 * is not below it. */
/*@ requires \valid_read(name) && \valid_read(above);
    terminates \true;
    assigns \nothing;
    ensures \result == -1 || \result == name->len - above->len;
    ensures \result != -1 ==> 0 <= \result; */
int rq_name_below(const rq_name *name, const rq_name *above);

#define RQ_NAME_FLIPS 4 /* numbers of 64 bits that have a bit for each octet of a name */

/* Each ASCII letter of the name changes its case where its bit is set: every octet has a bit of its own, the n-th in
 * bits[n / 64]; what lies behind those of the name is not read. Done twice with the same bits it leaves the name as it
 * was. */
/*@ requires rq_name_ok(name) && \valid(name) && \valid_read(bits + (0 .. RQ_NAME_FLIPS - 1));
    requires \separated(name, bits + (0 .. RQ_NAME_FLIPS - 1));
    terminates \true;
    assigns name->octets[0 .. RQ_NAME_MAX - 1];
    ensures rq_name_ok(name) && name->len == \old(name->len); */
void rq_name_flip(rq_name *name, const uint64_t bits[RQ_NAME_FLIPS]);

/* A keyed hash that ignores ASCII case, SipHash-2-4 under a 16-octet key: peers cannot choose colliding names. */
uint64_t rq_name_hash(const rq_name *name, const uint8_t key[16]);

#endif
