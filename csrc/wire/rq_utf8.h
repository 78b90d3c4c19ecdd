/* rq_utf8.h: what is valid UTF-8 (RFC 3629, section 4). Pure. SPDX-License-Identifier: MIT */
#ifndef RQ_UTF8_H
#define RQ_UTF8_H

#include "rq_bytes.h"

/* Octets of the valid UTF-8 sequence that comes next, 0 when it is none; *first is its first octet. At least one
 * octet is left. */
/*@ requires rq_cur_ok(octets) && octets->pos < octets->end && \valid(first) && \separated(octets, first);
    terminates \true;
    assigns *first;
    ensures \result <= 4 && \result <= octets->end - octets->pos; */
size_t rq_utf8_next(const rq_cur *octets, uint8_t *first);

#endif
