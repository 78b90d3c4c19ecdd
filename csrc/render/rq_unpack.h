/* rq_unpack.h: values as MessagePack back into octets, the other way of rq_pack.h.
 *
 * What is read is input like any other: every form that msgspec gives our Structs is taken, anything else fails the
 * cursor. Bounded, no heap, all through rq_cur and rq_out. SPDX-License-Identifier: MIT */
#ifndef RQ_UNPACK_H
#define RQ_UNPACK_H

#include "../wire/rq_msg.h"

/* Each reads one item; when that is another kind of item, or does not end within the input, the cursor fails and the
 * result is 0 or empty. */
uint64_t rq_unpack_uint(rq_cur *pack, uint64_t max);
uint32_t rq_unpack_bool(rq_cur *pack);
uint32_t rq_unpack_array(rq_cur *pack);                       /* how many items follow */
void rq_unpack_str(rq_cur *pack, rq_cur *text);               /* not yet known to be UTF-8 */
void rq_unpack_bin(rq_cur *pack, size_t max, rq_cur *octets); /* `max` octets at the most */
void rq_unpack_name(rq_cur *pack, rq_name *name);             /* from its text */
int rq_unpack_nil(rq_cur *pack);                              /* 1 if nil came and was taken, else 0; never fails */

/* What later fields of a row depend on, while the row is written. */
typedef struct rq_filler {
  uint32_t told[3]; /* by the slots of rq_kind.def; [0] is nobody's */
  uint32_t top;     /* the bit that the next octet begins with */
  size_t sizes;     /* where the sizes of HIP's fields stand */
} rq_filler;

/* Appends the octets of a field of that kind, but for lists of options and parameters. The cursor fails when the item
 * has none. */
void rq_unpack_value(rq_filler *filler, uint8_t kind, rq_cur *pack, rq_out *out);

#endif
