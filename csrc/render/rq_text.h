/* rq_text.h: records and messages as presentation text (RFC 1035 section 5.1, RFC 3597 section 5, and as dig prints).
 * Pure, table-driven, all through rq_out. SPDX-License-Identifier: MIT */
#ifndef RQ_TEXT_H
#define RQ_TEXT_H

#include "../wire/rq_msg.h"
#include "rq_encode.h"

/* Appends RDATA as text; \# when the type is unknown, or the octets do not fit its layout or have no text that reads
 * back. */
void rq_rdata_to_text(uint16_t rrtype, const rq_cur *rdata, rq_out *out);

/* Appends any RDATA as \# and hexadecimal (RFC 3597, section 5). */
void rq_generic_to_text(const rq_cur *rdata, rq_out *out);

/* Appends one checked field value as text (also what JSON shows for kinds that have no form of their own there).
 * Returns 1, or 0 when the value has no text that reads back; what was written then counts for nothing. */
int rq_value_to_text(const rq_value *value, rq_out *out);

/* Appends octets as one quoted string, up to the cursor's end; " and \ escaped, non-printable octets as \DDD. */
void rq_quoted_to_text(rq_cur *octets, rq_out *out);

/* Appends one octet of such a string. */
void rq_quoted_octet(uint8_t octet, rq_out *out);

/* Appends a name without its final dot, as zdns prints names; the root stays ".". */
void rq_bare_name_to_text(const rq_name *name, rq_out *out);

/* Appends "IN", or CLASS<number> (RFC 3597, section 5). */
void rq_class_to_text(uint16_t number, rq_out *out);

/* Appends "NOERROR", or RCODE<number>. */
void rq_rcode_to_text(uint16_t rcode, rq_out *out);

/* "NOERROR", ...; NULL when it has no name. */
const char *rq_rcode_name(uint16_t rcode);

#endif
