/* rq_json_zdns.c: records, messages and rows as JSON in the shape of zdns output; see rq_json.h and rq_row.h.
 *
 * One writer for each kind of field, none for a type. Never drops a record: what is unknown or does not fit its layout
 * is shown as \# under "answer" (RFC 3597, 5). Serves RFC 8259. SPDX-License-Identifier: MIT */
#include "rq_json.h"
#include "rq_loc.h"
#include "rq_param.h"
#include "rq_row.h"
#include "rq_text.h"

/* zdns leaves out the final dot. A name's text has backslashes and quotes of its own. */
static void json_name(const rq_name *name, rq_out *out) {
  uint8_t text[RQ_TEXT_MAX];
  rq_out o;
  rq_out_init(&o, text, sizeof text);
  rq_bare_name_to_text(name, &o);
  rq_json_string(text, rq_out_stored(&o), out);
}

/* --- one writer for each kind: 1, or 0 when the value has no form --- */

static int number_json(const rq_value *value, rq_out *out) {
  rq_decimal_text(value->number, out);
  return 1;
}

/* Text that needs no escapes. No octets at all, which presentation text refuses, are an empty string here. */
static int text_json(const rq_value *value, rq_out *out) {
  rq_out_u8(out, '"');
  (void)rq_value_to_text(value, RQ_STYLE_JSON, out);
  rq_out_u8(out, '"');
  return 1;
}

static int name_json(const rq_value *value, rq_out *out) {
  json_name(&value->name, out);
  return 1;
}

static int octets_json(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  rq_json_octets(&octets, out);
  return 1;
}

/* zdns joins the strings of a TXT record with newlines. */
static int strings_json(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets, string;
  int first = 1;
  rq_out_u8(out, '"');
  while (rq_strings_next(&octets, &string)) {
    if (!first) rq_out_text(out, "\\n");
    first = 0;
    rq_json_escaped(&string, out);
  }
  rq_out_u8(out, '"');
  return 1;
}

/* An array of the strings of ALPN, or of keys or addresses. */
static int param_items(rq_form form, rq_cur *value, rq_out *out) {
  rq_cur string;
  const char *before = "[";
  if (rq_cur_left(value) == 0) return 0;
  while (rq_cur_left(value) > 0) {
    rq_out_text(out, before);
    before = ",";
    if (form == RQ_F_NAMES) {
      uint8_t len = rq_cur_u8(value);
      rq_cur_take(value, len, &string);
      rq_json_octets(&string, out);
    } else {
      rq_out_u8(out, '"');
      rq_param_item_to_text(form, value, out);
      rq_out_u8(out, '"');
    }
  }
  rq_out_u8(out, ']');
  return rq_cur_good(value);
}

static int param_json(rq_form form, rq_cur *value, rq_out *out) {
  switch (form) {
    case RQ_F_NAMES:
    case RQ_F_KEYS:
    case RQ_F_IPV4:
    case RQ_F_IPV6:
      return param_items(form, value, out);
    case RQ_F_FLAG:
      rq_out_text(out, "true");
      return rq_cur_done(value);
    case RQ_F_PORT:
      rq_decimal_text(rq_cur_u16(value), out);
      return rq_cur_done(value);
    case RQ_F_TEXT:
      rq_json_octets(value, out);
      return 1;
    case RQ_F_BASE64:
      rq_out_u8(out, '"');
      rq_base64_to_text(value, out);
      rq_out_u8(out, '"');
      return 1;
  }
  return 0;
}

static int params_json(const rq_value *value, rq_out *out) {
  rq_cur rest = value->octets, octets;
  uint16_t key;
  const char *before = "{\"";
  int fits = 1, any = 0;
  while (fits && rq_pairs_next(&rest, &key, &octets)) {
    any = 1;
    rq_out_text(out, before);
    before = ",\"";
    rq_param_key_to_text(key, out);
    rq_out_text(out, "\":");
    fits = param_json(rq_param_form(key), &octets, out);
  }
  rq_out_text(out, any ? "}" : "{}");
  return fits;
}

static void json_options(const rq_cur *options, rq_out *out) {
  rq_cur rest = *options, value;
  uint16_t code;
  const char *before = "";
  rq_out_u8(out, '[');
  while (rq_pairs_next(&rest, &code, &value)) {
    rq_out_text(out, before);
    before = ",";
    rq_out_text(out, "{\"code\":");
    rq_decimal_text(code, out);
    rq_out_text(out, ",\"data\":\"");
    rq_hex_to_text(&value, out);
    rq_out_text(out, "\"}");
  }
  rq_out_u8(out, ']');
}

static int options_json(const rq_value *value, rq_out *out) {
  json_options(&value->octets, out);
  return 1;
}

static int (*const writers[RQ_KINDS])(const rq_value *, rq_out *) = {
    [RQ_K_U8] = number_json,     [RQ_K_U16] = number_json,      [RQ_K_U32] = number_json,
    [RQ_K_TIME] = text_json,     [RQ_K_TYPE] = number_json,     [RQ_K_A] = text_json,
    [RQ_K_AAAA] = text_json,     [RQ_K_NAME] = name_json,       [RQ_K_WHOLE_NAME] = name_json,
    [RQ_K_STRING] = octets_json, [RQ_K_STRINGS] = strings_json, [RQ_K_TAG] = octets_json,
    [RQ_K_TEXT] = octets_json,   [RQ_K_HEX] = text_json,        [RQ_K_BASE64] = text_json,
    [RQ_K_SALT] = text_json,     [RQ_K_BASE32] = text_json,     [RQ_K_TYPES] = text_json,
    [RQ_K_PARAMS] = params_json, [RQ_K_OPTIONS] = options_json};

/* --- records --- */

static int fields_json(const rq_type *type, const rq_cur *rdata, rq_out *out) {
  rq_rdata it;
  rq_value value;
  int more;
  rq_rdata_begin(&it, type, rdata);
  while ((more = rq_rdata_next(&it, &value)) == 1) {
    rq_json_key(value.field->zdns != NULL ? value.field->zdns : value.field->name, out);
    if (writers[value.field->kind] == NULL || !writers[value.field->kind](&value, out)) return 0;
  }
  return more == 0;
}

/* LOC's numbers mean little to people. */
static void coordinates_json(const rq_type *type, const rq_cur *rdata, rq_out *out) {
  size_t mark = rq_out_wanted(out);
  rq_rdata it;
  rq_rdata_begin(&it, type, rdata);
  rq_json_key("coordinates", out);
  rq_out_u8(out, '"');
  if (rq_loc_to_text(&it, out))
    rq_out_u8(out, '"');
  else
    rq_out_rewind(out, mark);
}

static void rdata_json(uint16_t rrtype, const rq_cur *rdata, rq_out *out) {
  const rq_type *type = rq_type_find(rrtype);
  size_t mark = rq_out_wanted(out);
  if (type != NULL && fields_json(type, rdata, out)) {
    if (type->shape == RQ_SHAPE_LOC) coordinates_json(type, rdata, out);
    return;
  }
  rq_out_rewind(out, mark);
  rq_json_key("answer", out);
  rq_out_u8(out, '"');
  rq_generic_to_text(rdata, RQ_STYLE_JSON, out);
  rq_out_u8(out, '"');
}

static void record_json(const rq_record *record, rq_out *out) {
  rq_out_text(out, "{\"name\":");
  json_name(&record->owner, out);
  rq_out_text(out, ",\"type\":\"");
  rq_type_text(record->rrtype, out);
  rq_out_text(out, "\",\"class\":\"");
  rq_class_to_text(record->rrclass, out);
  rq_out_text(out, "\",\"ttl\":");
  rq_decimal_text(record->ttl, out);
  rdata_json(record->rrtype, &record->rdata, out);
  rq_out_u8(out, '}');
}

static void edns_json(const rq_record *opt, rq_out *out) {
  rq_edns edns;
  rq_edns_read(opt, &edns);
  rq_out_text(out, "{\"type\":\"EDNS");
  rq_decimal_text(edns.version, out);
  rq_out_text(out, "\",\"version\":");
  rq_decimal_text(edns.version, out);
  rq_out_text(out, edns.flags >= 0x8000u ? ",\"flags\":\"do\"" : ",\"flags\":\"\"");
  rq_json_key("udpsize", out);
  rq_decimal_text(edns.payload, out);
  if (rq_cur_left(&edns.options) > 0) {
    rq_json_key("options", out);
    json_options(&edns.options, out);
  }
  rq_out_u8(out, '}');
}

/* --- messages --- */

/* Every section that has a record, each with a comma after it. */
static void sections_json(rq_walk *walk, rq_out *out) {
  static const char *const titles[] = {"", "\"answers\":[", "\"authorities\":[", "\"additionals\":["};
  rq_record record;
  int section = RQ_QUESTION;
  while (rq_walk_record(walk, &record) == 1) {
    if (walk->section == section) {
      rq_out_u8(out, ',');
    } else {
      if (section != RQ_QUESTION) rq_out_text(out, "],");
      section = walk->section;
      rq_out_text(out, titles[section]);
    }
    if (rq_walk_is_edns(walk, &record))
      edns_json(&record, out);
    else
      record_json(&record, out);
  }
  if (section != RQ_QUESTION) rq_out_text(out, "],");
}

static void flags_json(const rq_summary *summary, rq_out *out) {
  static const struct {
    uint16_t bit;
    const char *name;
  } flags[] = {{RQ_FLAG_QR, "response"},          {RQ_FLAG_AA, "authoritative"},       {RQ_FLAG_TC, "truncated"},
               {RQ_FLAG_RD, "recursion_desired"}, {RQ_FLAG_RA, "recursion_available"}, {RQ_FLAG_AD, "authenticated"},
               {RQ_FLAG_CD, "checking_disabled"}};
  rq_out_text(out, "\"flags\":{\"opcode\":");
  rq_decimal_text(RQ_OPCODE(summary->flags), out);
  for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
    rq_json_key(flags[i].name, out);
    rq_out_text(out, (summary->flags & flags[i].bit) != 0 ? "true" : "false");
  }
  rq_json_key("error_code", out);
  rq_decimal_text(summary->rcode, out);
  rq_out_u8(out, '}');
}

static void constant(const char *name, const char *text, rq_out *out) {
  if (text == NULL) return;
  rq_out_text(out, name);
  rq_out_text(out, text);
  rq_out_text(out, "\",");
}

/* `protocol` and `resolver` are NULL where they are not known. */
static void data_json(const uint8_t *wire, size_t len, const char *protocol, const char *resolver, rq_out *out) {
  rq_summary summary;
  rq_walk walk;
  rq_msg_open(wire, (uint32_t)len, &summary);
  rq_out_u8(out, '{');
  if (rq_walk_begin(&walk, wire, len) == RQ_OK) sections_json(&walk, out);
  constant("\"protocol\":\"", protocol, out);
  constant("\"resolver\":\"", resolver, out);
  flags_json(&summary, out);
  rq_out_u8(out, '}');
}

void rq_json_zdns(const uint8_t *wire, size_t len, rq_out *out) {
  data_json(wire, len, NULL, NULL, out);
}

/* --- rows --- */

/* What is known without an answer: who was asked, and how. */
static void asked_json(const rq_row *row, rq_out *out) {
  rq_out_u8(out, '{');
  if (row->server != NULL) {
    rq_out_text(out, "\"protocol\":\"");
    rq_out_text(out, rq_transport_name(row->transport));
    rq_out_text(out, "\",\"resolver\":\"");
    rq_out_text(out, row->server);
    rq_out_u8(out, '"');
  }
  rq_out_u8(out, '}');
}

static void result_json(const rq_row *row, rq_out *out) {
  const char *error = rq_error_text(row->status, row->error);
  rq_summary summary;
  rq_msg_open(row->wire, row->size, &summary);
  rq_out_text(out, "{\"status\":\"");
  rq_row_status_text(row, &summary, out);
  if (error != NULL) {
    rq_out_text(out, "\",\"error\":\"");
    rq_out_text(out, error);
  }
  rq_out_text(out, "\",\"timestamp\":\"");
  rq_timestamp_text(row->time_us, out);
  rq_out_u8(out, '"');
  if (row->rtt_us >= 0) {
    rq_out_text(out, ",\"duration\":");
    rq_seconds_text(row->rtt_us, out);
  }
  rq_out_text(out, ",\"data\":");
  if (row->size > 0)
    data_json(row->wire, row->size, rq_transport_name(row->transport), row->server, out);
  else
    asked_json(row, out);
  rq_out_u8(out, '}');
}

void rq_row_json(const rq_row *row, rq_out *out) {
  rq_out_text(out, "{\"name\":");
  rq_json_string(row->name, row->name_len, out);
  rq_out_text(out, ",\"results\":{\"");
  rq_type_text(row->rrtype, out);
  rq_out_text(out, "\":");
  result_json(row, out);
  rq_out_text(out, "}}\n");
}
