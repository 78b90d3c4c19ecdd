/* rq_json_zdns.c: records, messages and rows as JSON in the shape of zdns output; see rq_json.h and rq_row.h.
 *
 * Never drops a record: what is unknown or does not fit its layout is shown as \# under "answer" (RFC 3597, 5). Serves
 * RFC 8259. SPDX-License-Identifier: MIT */
#include "rq_json.h"
#include "rq_loc.h"
#include "rq_row.h"

/* --- records --- */

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
  if (type != NULL && rq_json_fields(type, rdata, out)) {
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
  rq_text_put(out, "{\"name\":");
  rq_json_bare_name(&record->owner, out);
  rq_text_put(out, ",\"type\":\"");
  rq_type_text(record->rrtype, out);
  rq_text_put(out, "\",\"class\":\"");
  rq_class_to_text(record->rrclass, out);
  rq_text_put(out, "\",\"ttl\":");
  rq_decimal_text(record->ttl, out);
  rdata_json(record->rrtype, &record->rdata, out);
  rq_out_u8(out, '}');
}

static void edns_json(const rq_record *opt, rq_out *out) {
  rq_edns edns;
  rq_edns_read(opt, &edns);
  rq_text_put(out, "{\"type\":\"EDNS");
  rq_decimal_text(edns.version, out);
  rq_text_put(out, "\",\"version\":");
  rq_decimal_text(edns.version, out);
  rq_text_put(out, edns.flags >= 0x8000u ? ",\"flags\":\"do\"" : ",\"flags\":\"\"");
  rq_json_key("udpsize", out);
  rq_decimal_text(edns.payload, out);
  if (rq_cur_left(&edns.options) > 0) {
    rq_json_key("options", out);
    rq_json_options(&edns.options, out);
  }
  rq_out_u8(out, '}');
}

/* --- messages --- */

/* Every section that has a record, each with a comma after it. */
static void sections_json(rq_walk *walk, rq_out *out) {
  static const char *const titles[] = {"", "\"answers\":[", "\"authorities\":[", "\"additionals\":["};
  rq_record record;
  int section = RQ_QUESTION;
  record.place = RQ_NOWHERE;
  while (rq_walk_next(walk, &record) == 1) {
    if (walk->section == section) {
      rq_out_u8(out, ',');
    } else {
      if (section != RQ_QUESTION) rq_text_put(out, "],");
      section = walk->section;
      rq_text_put(out, titles[section]);
    }
    if (rq_walk_is_edns(walk, &record))
      edns_json(&record, out);
    else
      record_json(&record, out);
  }
  if (section != RQ_QUESTION) rq_text_put(out, "],");
}

static void flag_json(const rq_summary *summary, uint16_t bit, const char *key, rq_out *out) {
  rq_text_put(out, key);
  rq_text_put(out, (summary->flags & bit) != 0 ? "true" : "false");
}

static void flags_json(const rq_summary *summary, rq_out *out) {
  rq_text_put(out, "\"flags\":{\"opcode\":");
  rq_decimal_text(RQ_OPCODE(summary->flags), out);
  flag_json(summary, RQ_FLAG_QR, ",\"response\":", out);
  flag_json(summary, RQ_FLAG_AA, ",\"authoritative\":", out);
  flag_json(summary, RQ_FLAG_TC, ",\"truncated\":", out);
  flag_json(summary, RQ_FLAG_RD, ",\"recursion_desired\":", out);
  flag_json(summary, RQ_FLAG_RA, ",\"recursion_available\":", out);
  flag_json(summary, RQ_FLAG_AD, ",\"authenticated\":", out);
  flag_json(summary, RQ_FLAG_CD, ",\"checking_disabled\":", out);
  rq_text_put(out, ",\"error_code\":");
  rq_decimal_text(summary->rcode, out);
  rq_out_u8(out, '}');
}

static void constant(const char *name, const char *text, rq_out *out) {
  if (text == NULL) return;
  rq_text_put(out, name);
  rq_text_put(out, text);
  rq_text_put(out, "\",");
}

/* `protocol` and `resolver` are NULL where they are not known. */
static void data_json(const uint8_t *wire, size_t len, const rq_summary *summary, const char *protocol,
                      const char *resolver, rq_out *out) {
  rq_walk walk;
  rq_out_u8(out, '{');
  if (rq_walk_begin(&walk, wire, len) == RQ_OK) sections_json(&walk, out);
  constant("\"protocol\":\"", protocol, out);
  constant("\"resolver\":\"", resolver, out);
  flags_json(summary, out);
  rq_out_u8(out, '}');
}

void rq_json_zdns(const uint8_t *wire, size_t len, rq_out *out) {
  rq_summary summary;
  rq_msg_open(wire, (uint32_t)len, &summary);
  data_json(wire, len, &summary, NULL, NULL, out);
}

/* --- rows --- */

/* What is known without an answer: who was asked, and how. */
static void asked_json(const rq_row *row, rq_out *out) {
  rq_out_u8(out, '{');
  if (row->server != NULL) {
    rq_text_put(out, "\"protocol\":\"");
    rq_text_put(out, rq_transport_name(row->transport));
    rq_text_put(out, "\",\"resolver\":\"");
    rq_text_put(out, row->server);
    rq_out_u8(out, '"');
  }
  rq_out_u8(out, '}');
}

static void result_json(const rq_row *row, rq_out *out) {
  const char *error = rq_error_text(row->status, row->error);
  rq_summary summary;
  rq_msg_open(row->wire, row->size, &summary);
  rq_text_put(out, "{\"status\":\"");
  rq_row_status_text(row, &summary, out);
  if (error != NULL) {
    rq_text_put(out, "\",\"error\":\"");
    rq_text_put(out, error);
  }
  rq_text_put(out, "\",\"timestamp\":\"");
  rq_timestamp_text(row->time_us, out);
  rq_out_u8(out, '"');
  if (row->rtt_us >= 0) {
    rq_text_put(out, ",\"duration\":");
    rq_seconds_text(row->rtt_us, out);
  }
  rq_text_put(out, ",\"data\":");
  if (row->size > 0)
    data_json(row->wire, row->size, &summary, rq_transport_name(row->transport), row->server, out);
  else
    asked_json(row, out);
  rq_out_u8(out, '}');
}

void rq_row_json(const rq_row *row, rq_out *out) {
  rq_text_put(out, "{\"name\":");
  rq_json_string(row->name, row->name_len, out);
  rq_text_put(out, ",\"results\":{\"");
  rq_type_text(row->rrtype, out);
  rq_text_put(out, "\":");
  result_json(row, out);
  rq_text_put(out, "}}\n");
}
