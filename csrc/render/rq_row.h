/* rq_row.h: a finished lookup as one row: MessagePack for Python, NDJSON for files.
 *
 * Pure. The MessagePack shapes are the ones that message.py and bulk.py decode.
 * SPDX-License-Identifier: MIT */
#ifndef RQ_ROW_H
#define RQ_ROW_H

#include "../wire/rq_msg.h"
#include "rq_text.h" /* rq_rcode_name */

typedef struct rq_row {
  int64_t index;       /* of the input */
  const uint8_t *name; /* the input as given, `name_len` octets, any octets */
  uint32_t name_len;
  uint16_t rrtype;
  int32_t status;     /* RQ_OK: there is an answer in `wire` */
  int32_t error;      /* errno with RQ_NETWORK, rq_flaw with RQ_ILLEGAL_INPUT */
  const char *server; /* "127.0.0.1:5301", NULL for none */
  uint8_t transport, tries;
  int64_t rtt_us;  /* -1 for none */
  int64_t time_us; /* when it finished, microseconds since 1970 UTC */
  const uint8_t *wire;
  uint32_t size; /* 0 when there is no answer */
} rq_row;

/* [index, name, type, status, rcode|nil, flags|nil, server|nil, transport|nil, tries, rtt_seconds|nil, size|nil,
 *  error|nil, time_seconds, [record, ...]] with the answer section's records; the times are doubles. Numbers but for
 *  name, type ("MX"), status (as rq_status_name or the rcode's name), server, transport ("udp", "tcp") and error, which
 *  are str; octets of the name that are not UTF-8 stand as \DDD. */
void rq_row_msgpack(const rq_row *row, rq_out *out);

/* The row in a format, which is one of enum rq_format. */
void rq_row_write(const rq_row *row, int32_t format, rq_out *out);

/* As zdns prints it: {"name":..., "results":{TYPE:{"status":..., "error":..., "timestamp":..., "duration":...,
 * "data":{...}}}} and a newline. */
void rq_row_json(const rq_row *row, rq_out *out);

/* The message object of RFC 8427 on a line, with members of ours before its own: "name" as given, "status", "error",
 * "protocol", "resolver", and the RFC's dateString and dateSeconds. Without an answer, what was asked alone follows. */
void rq_row_8427(const rq_row *row, rq_out *out);

/* As massdns prints it: {"name":..., "type":..., "class":..., "status":..., "rx_ts":..., "data":{...}, "flags":[...],
 * "resolver":..., "proto":...} and a newline; a failure has "error" and empty data. */
void rq_row_massdns(const rq_row *row, rq_out *out);

/* --- for the shapes of JSON --- */

/* Appends the name of the answer's rcode, or that of the failure. */
void rq_row_status_text(const rq_row *row, uint16_t rcode, rq_out *out);

/* "udp" or "tcp". */
const char *rq_transport_name(uint8_t transport);

/* Appends a time as in RFC 3339, UTC, with microseconds; seconds with six decimals. */
void rq_timestamp_text(int64_t time_us, rq_out *out);
void rq_seconds_text(int64_t us, rq_out *out);

/* "TIMEOUT", "ILLEGAL_INPUT", ... as zdns prints them; RQ_OK is "NOERROR", though an answer goes by its rcode. */
const char *rq_status_name(int32_t status);

/* One sentence on a failure: the errno's or the flaw's; NULL when there is nothing to say. */
const char *rq_error_text(int32_t status, int32_t error);

#endif
