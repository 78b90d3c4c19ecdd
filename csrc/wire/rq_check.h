/* rq_check.h: what the octets of a field have to hold; for those who read fields and walk inside them.
 *
 * Never reads outside the octets it is given, but for the names that they point back to. Serves the RFC of each type.
 * SPDX-License-Identifier: MIT */
#ifndef RQ_CHECK_H
#define RQ_CHECK_H

#include "rq_rdata.h"

/* Checks the inside of octets on a copy; RQ_CUR_GOOD or what is wrong. */
/*@ requires \valid_read(it) && rq_cur_ok(octets);
    terminates \true;
    assigns \nothing;
    ensures \result <= RQ_CUR_BROKEN;
    ensures \result == RQ_CUR_GOOD ==> rq_checked(kind, octets->base, octets->pos, octets->end); */
uint32_t rq_inside_check(const rq_rdata *it, uint8_t kind, const rq_cur *octets);

/* A name in whose place no pointer stands: what was read is as long as what it gave. */
/*@ requires rq_cur_ok(c) && \valid(name) && rq_name_apart(name, c);
    terminates \true;
    assigns c->pos, c->state, *name;
    ensures rq_cur_moved{Pre, Here}(c) && rq_name_ok(name);
    ensures c->state == RQ_CUR_GOOD ==> c->pos == \old(c->pos) + name->len; */
void rq_whole_name_read(rq_cur *c, rq_name *name);

/* Octets of an address of that family, 0 for a family that has none here. */
/*@ terminates \true;
    assigns \nothing;
    ensures \result == (family == 1 ? 4 : family == 2 ? 16 : 0); */
size_t rq_address_size(uint32_t family);

#endif
