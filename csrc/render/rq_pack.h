/* rq_pack.h: records and messages as MessagePack, in the shapes that msgspec decodes into the Structs of types.py.
 * Pure, table-driven, all through rq_out. SPDX-License-Identifier: MIT */
#ifndef RQ_PACK_H
#define RQ_PACK_H

#include "../wire/rq_msg.h"

void rq_pack_nil(rq_out *out);
void rq_pack_bool(int is, rq_out *out); /* 0 or 1 */
void rq_pack_uint(uint64_t v, rq_out *out);
void rq_pack_int(int64_t v, rq_out *out);
void rq_pack_double(double v, rq_out *out);
void rq_pack_array(uint32_t count, rq_out *out);
void rq_pack_str(const uint8_t *octets, size_t len, rq_out *out); /* must be valid UTF-8 */
void rq_pack_text(const char *text, rq_out *out);                 /* a NUL-terminated constant of ours */
void rq_pack_utf8(rq_cur *octets, rq_out *out);                   /* any octets; those that are not UTF-8 as \DDD */
void rq_pack_bin(rq_cur *octets, rq_out *out);
void rq_pack_name(const rq_name *name, rq_out *out); /* as text */

/* An array whose length is known only at its end. */
size_t rq_pack_array_begin(rq_out *out);
void rq_pack_array_end(size_t begun, uint32_t count, rq_out *out);

/* [name, type, class, ttl, [type, field, ...]]; RDATA that is unknown or ill-fitting is [-1, type, octets], and so are
 * EDNS options and service parameters in it. An absent field is nil. */
void rq_pack_record(const rq_record *record, rq_out *out);

/* An array of the records of the answer section, those that are whole; OPT left out. The walk has begun. Returns the
 * upper bits of the rcode, which stand behind them: 0, 16, 32, ... */
unsigned rq_pack_answer(const rq_walk *walk, rq_out *out);

#endif
