/* rq_text.h: records and messages as presentation text (RFC 1035 section 5.1, RFC 3597 section 5, and as dig prints).
 * Pure, table-driven, all through rq_out. SPDX-License-Identifier: MIT */
#ifndef RQ_TEXT_H
#define RQ_TEXT_H

#include "../wire/rq_msg.h"
#include "rq_encode.h"
#include "rq_mnemonic.h"

/* Bits of how text is laid out. Without any, it is what stands in a zone file, on one line. */
enum rq_style {
  RQ_STYLE_ZONE = 0,
  RQ_STYLE_WORDS = 1,  /* hexadecimal and base64 to the end of the RDATA in words, as dig breaks them */
  RQ_STYLE_FOLDED = 2, /* in lines within parentheses, with comments, as dig +multiline does */
  RQ_STYLE_JSON = 4    /* between the quotes of a JSON string: " and \ have one more \ before them */
};

/* Appends RDATA as text; \# when the type is unknown, or the octets do not fit its layout or have no text that reads
 * back. */
void rq_rdata_to_text(uint16_t rrtype, const rq_cur *rdata, unsigned style, rq_out *out);

/* Appends any RDATA as \# and hexadecimal (RFC 3597, section 5). */
void rq_generic_to_text(const rq_cur *rdata, unsigned style, rq_out *out);

/* Appends one checked field value as text (also what JSON shows for kinds that have no form of their own there).
 * Returns 1, or 0 when the value has no text that reads back; what was written then counts for nothing. */
int rq_value_to_text(const rq_value *value, unsigned style, rq_out *out);

/* Appends octets as one quoted string, up to the cursor's end; " and \ escaped, non-printable octets as \DDD. */
void rq_quoted_to_text(rq_cur *octets, unsigned style, rq_out *out);

/* Appends one octet of such a string. */
void rq_quoted_octet(uint8_t octet, unsigned style, rq_out *out);

/* Appends " or \ as it stands in the style. */
void rq_special_to_text(uint8_t octet, unsigned style, rq_out *out);

/* Appends a name with its final dot: rq_name_text in any style. */
void rq_styled_name_to_text(const rq_name *name, unsigned style, rq_out *out);

/* Appends hexadecimal or base64, in words if the style has them. */
void rq_hex_words_to_text(const rq_cur *octets, unsigned style, rq_out *out);
void rq_base64_words_to_text(const rq_cur *octets, unsigned style, rq_out *out);

/* Appends "192.0.2.0/24". */
void rq_prefix_to_text(const rq_prefix *prefix, rq_out *out);

/* Appends a name without its final dot, as zdns prints names; the root stays ".". */
void rq_bare_name_to_text(const rq_name *name, rq_out *out);

#endif
