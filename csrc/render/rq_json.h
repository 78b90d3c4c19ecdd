/* rq_json.h: records and messages as JSON (RFC 8259) in three shapes, table-driven, always valid UTF-8.
 * Pure, all through rq_out. SPDX-License-Identifier: MIT */
#ifndef RQ_JSON_H
#define RQ_JSON_H

#include "../wire/rq_msg.h"
#include "rq_encode.h"

/* --- messages, one function for each shape; without a header there is nothing to show in them --- */

/* The `data` object of a zdns result: answers, authorities, additionals, flags. */
void rq_json_zdns(const uint8_t *wire, size_t len, rq_out *out);

/* The message object of RFC 8427, section 2.1, with the names in RDATAHEX uncompressed. */
void rq_json_8427(const uint8_t *wire, size_t len, rq_out *out);

/* What massdns prints for an answer, without when and from where it came. */
void rq_json_massdns(const uint8_t *wire, size_t len, rq_out *out);

/* --- values, in the forms of zdns --- */

/* The fields of RDATA, an EDNS option or a service parameter as members of an object that has some already. Returns 1,
 * or 0 when the octets do not fit the layout; what was written then counts for nothing. */
int rq_json_fields(const rq_type *type, const rq_cur *octets, rq_out *out);

/* EDNS options as an array of objects: code, name, and fields; or the octets in hexadecimal. */
void rq_json_options(const rq_cur *options, rq_out *out);

/* A name without its final dot, a string; what stands between the quotes of it. */
void rq_json_bare_name(const rq_name *name, rq_out *out);
void rq_json_bare_escaped(const rq_name *name, rq_out *out);

/* --- strings --- */

/* Appends a JSON string. Octets that are not valid UTF-8 are written as \DDD, the DNS escape. */
void rq_json_string(const uint8_t *octets, size_t len, rq_out *out);

/* The same for what is left of a cursor. */
void rq_json_octets(rq_cur *octets, rq_out *out);

/* What stands between the quotes of such a string. */
void rq_json_escaped(rq_cur *octets, rq_out *out);

/* --- members of an object, each with the comma that goes before it --- */

/* ,"name": */
void rq_json_key(const char *name, rq_out *out);

void rq_json_number(const char *name, uint64_t number, rq_out *out);
void rq_json_text(const char *name, const char *text, rq_out *out);     /* a constant of ours; NULL for no member */
void rq_json_name(const char *name, const rq_name *value, rq_out *out); /* with its final dot */
void rq_json_type(const char *name, uint16_t rrtype, rq_out *out);
void rq_json_class(const char *name, uint16_t rrclass, rq_out *out);

/* A record's RDATA as presentation text, a string. */
void rq_json_rdata(const rq_record *record, rq_out *out);

#endif
