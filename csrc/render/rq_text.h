/* rq_text.h: records and messages as presentation text (RFC 1035 section 5.1, RFC 3597 section 5, and as dig prints).
 * Pure, table-driven, all through rq_out. SPDX-License-Identifier: MIT */
#ifndef RQ_TEXT_H
#define RQ_TEXT_H

#include "../wire/rq_msg.h"

/* Appends RDATA as text; \# when the type is unknown or the octets do not fit its layout. */
void rq_rdata_to_text(uint16_t rrtype, const rq_cur *rdata, rq_out *out);

/* Appends one checked field value as text (also what JSON shows for kinds that have no form of their own there). */
void rq_value_to_text(const rq_value *value, rq_out *out);

/* Appends an unsigned number in decimal. */
void rq_number_to_text(uint64_t number, rq_out *out);

#endif
