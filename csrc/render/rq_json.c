/* rq_json.c: strings and members that all shapes of JSON share, and the choice between the shapes; see rq_json.h.
 *
 * Never writes invalid UTF-8, whatever octets a server sends. Serves RFC 8259. SPDX-License-Identifier: MIT */
#include "rq_json.h"

#include "rq_text.h"

/* --- strings --- */

static void control_escape(uint8_t octet, rq_out *out) {
  static const char hex[] = "0123456789abcdef";
  if (octet == '\n') {
    rq_text_put(out, "\\n");
    return;
  }
  rq_text_put(out, "\\u00");
  rq_out_u8(out, (uint8_t)hex[octet / 16]);
  rq_out_u8(out, (uint8_t)hex[octet % 16]);
}

static void special_escape(rq_cur *octets, rq_out *out) {
  uint8_t first;
  size_t len = rq_utf8_next(octets, &first);
  if (len == 0) {
    rq_text_put(out, "\\\\");
    rq_padded_to_text(rq_cur_u8(octets), 3, out);
  } else if (first < ' ') {
    control_escape(rq_cur_u8(octets), out);
  } else {
    if (first == '"' || first == '\\') rq_out_u8(out, '\\');
    rq_out_take(out, octets, len);
  }
}

void rq_json_escaped(rq_cur *octets, rq_out *out) {
  for (;;) {
    rq_out_unmarked(out, octets, rq_beyond_plain);
    if (rq_cur_left(octets) == 0) return;
    special_escape(octets, out);
  }
}

void rq_json_octets(rq_cur *octets, rq_out *out) {
  rq_out_u8(out, '"');
  rq_json_escaped(octets, out);
  rq_out_u8(out, '"');
}

void rq_json_string(const uint8_t *octets, size_t len, rq_out *out) {
  rq_cur c;
  rq_cur_init(&c, octets, len);
  rq_json_octets(&c, out);
}

/* --- members --- */

void rq_json_key(const char *name, rq_out *out) {
  rq_text_put(out, ",\"");
  rq_text_put(out, name);
  rq_text_put(out, "\":");
}

void rq_json_number(const char *name, uint64_t number, rq_out *out) {
  rq_json_key(name, out);
  rq_decimal_text(number, out);
}

void rq_json_text(const char *name, const char *text, rq_out *out) {
  if (text == NULL) return;
  rq_json_key(name, out);
  rq_out_u8(out, '"');
  rq_text_put(out, text);
  rq_out_u8(out, '"');
}

void rq_json_name(const char *name, const rq_name *value, rq_out *out) {
  rq_json_key(name, out);
  rq_out_u8(out, '"');
  rq_styled_name_to_text(value, RQ_STYLE_JSON, out);
  rq_out_u8(out, '"');
}

void rq_json_type(const char *name, uint16_t rrtype, rq_out *out) {
  rq_json_key(name, out);
  rq_out_u8(out, '"');
  rq_type_text(rrtype, out);
  rq_out_u8(out, '"');
}

void rq_json_class(const char *name, uint16_t rrclass, rq_out *out) {
  rq_json_key(name, out);
  rq_out_u8(out, '"');
  rq_class_to_text(rrclass, out);
  rq_out_u8(out, '"');
}

void rq_json_rdata(const rq_record *record, rq_out *out) {
  rq_out_u8(out, '"');
  rq_rdata_to_text(record->rrtype, &record->rdata, RQ_STYLE_JSON, out);
  rq_out_u8(out, '"');
}

/* --- for Python, see rq_api.h --- */

int32_t rq_msg_json(const uint8_t *wire, uint32_t len, int32_t shape, char *out, uint32_t cap, uint32_t *actual) {
  static void (*const shapes[])(const uint8_t *, size_t, rq_out *) = {
      [RQ_JSON_ZDNS] = rq_json_zdns, [RQ_JSON_RFC8427] = rq_json_8427, [RQ_JSON_MASSDNS] = rq_json_massdns};
  rq_walk walk;
  rq_out o;
  *actual = 0;
  if (shape < RQ_JSON_ZDNS || shape > RQ_JSON_MASSDNS) return RQ_BAD_ARGUMENT;
  if (rq_walk_begin(&walk, wire, len) != RQ_OK) return RQ_MALFORMED;
  rq_out_init(&o, (uint8_t *)out, cap);
  shapes[shape](wire, len, &o);
  *actual = (uint32_t)rq_out_wanted(&o);
  return (int32_t)rq_out_stored(&o);
}
