/* rq_pack_value.h: fields of the kinds that few types have, as MessagePack. Pure, all through rq_out.
 * SPDX-License-Identifier: MIT */
#ifndef RQ_PACK_VALUE_H
#define RQ_PACK_VALUE_H

#include "../wire/rq_rdata.h"

/* Appends a checked field that is not absent: an address or a name as str, lists as arrays, a prefix as
 * [family, bits, negated, address]. Returns 0, and nothing is written, for a kind that rq_pack.c writes. */
int rq_pack_value(const rq_value *value, rq_out *out);

#endif
