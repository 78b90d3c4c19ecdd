/* renderers.h: every function of the core that renders into a caller's buffer, in one list.
 *
 * `make exhaust` takes each through all capacities, tests/c/steps.c counts the steps of those that take a message. A
 * new style or shape is a line here; test_exhaust.py fails while a function of rq_api.h is missing. What `octets` are
 * depends on the kind: 'm' a message, 'r' a type's number and RDATA, 'i' a number, 'n' a name in wire format, 't' a
 * name as text, 'a' an rq_addr, 'v' a table's number and a value of it as MessagePack, 'e' a record as MessagePack.
 * SPDX-License-Identifier: MIT */
#ifndef RENDERERS_H
#define RENDERERS_H

#include <string.h>

#include "render/rq_row.h"

typedef int32_t (*render)(const uint8_t *octets, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual);

typedef struct renderer {
  char kind;
  uint8_t basic;  /* the first of its sort: the others walk as it does, and are tried on fewer strings */
  uint8_t drafts; /* takes back what did not fit its layout, and may leave that behind its output, below the capacity */
  const char *name;
  render run;
} renderer;

static inline int32_t render_text(const uint8_t *wire, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  return rq_msg_text(wire, len, 0, (char *)out, cap, actual);
}

static inline int32_t render_short(const uint8_t *wire, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  return rq_msg_text(wire, len, RQ_TEXT_SHORT, (char *)out, cap, actual);
}

static inline int32_t render_lines(const uint8_t *wire, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  return rq_msg_text(wire, len, RQ_TEXT_MULTILINE, (char *)out, cap, actual);
}

static inline int32_t render_zdns(const uint8_t *wire, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  return rq_msg_json(wire, len, RQ_JSON_ZDNS, (char *)out, cap, actual);
}

static inline int32_t render_8427(const uint8_t *wire, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  return rq_msg_json(wire, len, RQ_JSON_RFC8427, (char *)out, cap, actual);
}

static inline int32_t render_massdns(const uint8_t *wire, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  return rq_msg_json(wire, len, RQ_JSON_MASSDNS, (char *)out, cap, actual);
}

/* A finished lookup with this message as its answer. */
static inline int32_t render_row(void (*write)(const rq_row *, rq_out *), const uint8_t *wire, uint32_t len,
                                 uint8_t *out, uint32_t cap, uint32_t *actual) {
  const rq_row row = {.name = (const uint8_t *)"a.example",
                      .name_len = 9,
                      .rrtype = 15,
                      .server = "[2001:db8::1]:53",
                      .tries = 1,
                      .rtt_us = 1500,
                      .time_us = 1700000000000000,
                      .wire = wire,
                      .size = len};
  rq_out o;
  rq_out_init(&o, out, cap);
  write(&row, &o);
  *actual = (uint32_t)rq_out_wanted(&o);
  return (int32_t)rq_out_stored(&o);
}

static inline int32_t render_row_json(const uint8_t *wire, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  return render_row(rq_row_json, wire, len, out, cap, actual);
}

static inline int32_t render_row_8427(const uint8_t *wire, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  return render_row(rq_row_8427, wire, len, out, cap, actual);
}

static inline int32_t render_row_massdns(const uint8_t *wire, uint32_t len, uint8_t *out, uint32_t cap,
                                         uint32_t *actual) {
  return render_row(rq_row_massdns, wire, len, out, cap, actual);
}

static inline int32_t render_row_msgpack(const uint8_t *wire, uint32_t len, uint8_t *out, uint32_t cap,
                                         uint32_t *actual) {
  return render_row(rq_row_msgpack, wire, len, out, cap, actual);
}

/* The first two octets as a number; 0 where there are none. */
static inline uint16_t render_number(const uint8_t *octets, uint32_t len) {
  return len < 2 ? 0 : (uint16_t)(octets[0] * 256u + octets[1]);
}

static inline int32_t render_rdata_text(const uint8_t *octets, uint32_t len, uint8_t *out, uint32_t cap,
                                        uint32_t *actual) {
  return rq_rdata_text(render_number(octets, len), octets + 2, len - 2, (char *)out, cap, actual);
}

static inline int32_t render_rdata_expanded(const uint8_t *octets, uint32_t len, uint8_t *out, uint32_t cap,
                                            uint32_t *actual) {
  rq_cur rdata;
  rq_out o;
  rq_cur_init(&rdata, octets + 2, len - 2);
  rq_out_init(&o, out, cap);
  rq_rdata_expand(render_number(octets, len), &rdata, &o);
  *actual = (uint32_t)rq_out_wanted(&o);
  return (int32_t)rq_out_stored(&o);
}

static inline int32_t render_type(const uint8_t *octets, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  return rq_type_name(render_number(octets, len), (char *)out, cap, actual);
}

static inline int32_t render_row_of_table(const uint8_t *octets, uint32_t len, uint8_t *out, uint32_t cap,
                                          uint32_t *actual) {
  return rq_table_row(RQ_TABLE_TYPES, render_number(octets, len), (char *)out, cap, actual);
}

static inline int32_t render_code(const uint8_t *octets, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  return rq_code_name(RQ_CODES_EXTENDED_ERROR, render_number(octets, len), (char *)out, cap, actual);
}

static inline int32_t render_name(const uint8_t *wire, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  return rq_name_to_text(wire, len, (char *)out, cap, actual);
}

static inline int32_t render_wire(const uint8_t *text, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  return rq_name_to_wire((const char *)text, len, out, cap, actual);
}

static inline int32_t render_query(const uint8_t *text, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  return rq_make_query((const char *)text, len, 15, 1, 4242, 0x0100, RQ_UDP_PAYLOAD, 1, text, (uint16_t)(len % 32), out,
                       cap, actual);
}

static inline int32_t render_addr(const uint8_t *octets, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  rq_addr addr = {0};
  memcpy(&addr, octets, len < sizeof addr ? len : sizeof addr);
  return rq_addr_text(&addr, (char *)out, cap, actual);
}

static inline int32_t render_value(const uint8_t *octets, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  return rq_value_unpack(len < 1 ? 0 : octets[0], octets + 1, len < 1 ? 0 : len - 1, out, cap, actual);
}

/* The one copy into a caller's buffer that res_query makes. */
static inline int32_t render_clip(const uint8_t *wire, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  *actual = len;
  return (int32_t)rq_clip(out, cap, wire, len);
}

static const renderer renderers[] = {
    {'m', 1, 1, "text", render_text},
    {'m', 0, 1, "text, short", render_short},
    {'m', 0, 1, "text, multiline", render_lines},
    {'m', 1, 1, "json", render_zdns},
    {'m', 0, 1, "json of RFC 8427", render_8427},
    {'m', 0, 1, "json of massdns", render_massdns},
    {'m', 1, 1, "msgpack", rq_msg_pack},
    {'m', 0, 1, "row as json", render_row_json},
    {'m', 0, 1, "row as json of RFC 8427", render_row_8427},
    {'m', 0, 1, "row as json of massdns", render_row_massdns},
    {'m', 0, 1, "row as msgpack", render_row_msgpack},
    {'m', 0, 0, "clip", render_clip},
    {'r', 1, 1, "rdata as text", render_rdata_text},
    {'r', 1, 1, "rdata expanded", render_rdata_expanded},
    {'r', 1, 0, "type", render_type},
    {'i', 1, 0, "row of the table", render_row_of_table},
    {'i', 1, 0, "name of a code", render_code},
    {'n', 1, 0, "name as text", render_name},
    {'t', 1, 0, "name as wire", render_wire},
    {'t', 1, 0, "query", render_query},
    {'a', 1, 0, "address", render_addr},
    {'v', 1, 0, "value", render_value},
    {'e', 1, 0, "record", rq_record_unpack},
};

#define RENDERERS (sizeof renderers / sizeof renderers[0])

#endif
