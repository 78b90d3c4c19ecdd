/* rq_json.h: records and messages as JSON (RFC 8259), table-driven, always valid UTF-8.
 * Pure, all through rq_out. SPDX-License-Identifier: MIT */
#ifndef RQ_JSON_H
#define RQ_JSON_H

#include "../wire/rq_msg.h"

/* Appends a JSON string. Octets that are not valid UTF-8 are written as \DDD, the DNS escape. */
void rq_json_string(const uint8_t *octets, size_t len, rq_out *out);

/* The same for what is left of a cursor. */
void rq_json_octets(rq_cur *octets, rq_out *out);

/* Appends zdns's `data` object: answers, authorities, additionals, flags; `protocol` and `resolver` when not NULL. */
void rq_json_data(const uint8_t *wire, size_t len, const char *protocol, const char *resolver, rq_out *out);

#endif
