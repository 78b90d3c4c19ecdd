/* rq_json_massdns.c: messages and rows as JSON in the shape of massdns' ndjson output; see rq_json.h and rq_row.h.
 *
 * All RDATA is presentation text, names have their final dot. A failure has the members of an answer too, where
 * massdns has fewer, and "error" beside them. SPDX-License-Identifier: MIT */
#include "rq_json.h"
#include "rq_row.h"

/* --- records --- */

static void record_json(const rq_record *record, rq_out *out) {
  rq_text_put(out, "{\"ttl\":");
  rq_decimal_text(record->ttl, out);
  rq_json_type("type", record->rrtype, out);
  rq_json_class("class", record->rrclass, out);
  rq_json_name("name", &record->owner, out);
  rq_json_key("data", out);
  rq_json_rdata(record, out);
  rq_out_u8(out, '}');
}

/* The sections that have a record. */
static void data_member(const uint8_t *wire, size_t len, rq_out *out) {
  static const char *const titles[] = {"{", "\"answers\":[", "\"authorities\":[", "\"additionals\":["};
  rq_walk walk;
  rq_record record;
  int section = RQ_QUESTION;
  rq_json_key("data", out);
  rq_text_put(out, titles[RQ_QUESTION]);
  if (rq_walk_begin(&walk, wire, len) == RQ_OK) {
    while (rq_walk_record(&walk, &record) == 1) {
      if (section != RQ_QUESTION) rq_text_put(out, walk.section == section ? "," : "],");
      if (walk.section != section) rq_text_put(out, titles[walk.section]);
      section = walk.section;
      record_json(&record, out);
    }
  }
  rq_text_put(out, section == RQ_QUESTION ? "}" : "]}");
}

static void flags_member(uint16_t flags, rq_out *out) {
  static const struct {
    uint16_t bit;
    const char *name;
  } names[] = {{RQ_FLAG_AA, "\"aa\""}, {RQ_FLAG_TC, "\"tc\""}, {RQ_FLAG_RD, "\"rd\""},
               {RQ_FLAG_RA, "\"ra\""}, {RQ_FLAG_AD, "\"ad\""}, {RQ_FLAG_CD, "\"cd\""}};
  const char *before = "";
  rq_json_key("flags", out);
  rq_out_u8(out, '[');
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if ((flags & names[i].bit) == 0) continue;
    rq_text_put(out, before);
    before = ",";
    rq_text_put(out, names[i].name);
  }
  rq_out_u8(out, ']');
}

/* --- messages --- */

void rq_json_massdns(const uint8_t *wire, size_t len, rq_out *out) {
  rq_summary summary;
  rq_walk walk;
  rq_question question;
  rq_msg_open(wire, (uint32_t)len, &summary);
  rq_walk_begin(&walk, wire, len);
  rq_text_put(out, "{\"status\":\"");
  rq_rcode_to_text(summary.rcode, out);
  rq_out_u8(out, '"');
  if (rq_walk_question(&walk, &question) == 1) {
    rq_json_name("name", &question.name, out);
    rq_json_type("type", question.rrtype, out);
    rq_json_class("class", question.rrclass, out);
  }
  data_member(wire, len, out);
  flags_member(summary.flags, out);
  rq_out_u8(out, '}');
}

/* --- rows --- */

/* The name that was asked, with its final dot; a text that is no name as it was given. */
static void name_member(const rq_row *row, rq_out *out) {
  rq_name name;
  rq_text_put(out, "{\"name\":");
  if (rq_name_parse(row->name, row->name_len, &name) != RQ_FLAW_NONE) {
    rq_json_string(row->name, row->name_len, out);
    return;
  }
  rq_out_u8(out, '"');
  rq_styled_name_to_text(&name, RQ_STYLE_JSON, out);
  rq_out_u8(out, '"');
}

static void status_members(const rq_row *row, const rq_summary *summary, rq_out *out) {
  const char *error = rq_error_text(row->status, row->error);
  rq_json_key("status", out);
  rq_out_u8(out, '"');
  rq_row_status_text(row, summary->rcode, out);
  rq_out_u8(out, '"');
  if (row->status != RQ_OK) rq_json_text("error", error != NULL ? error : rq_status_name(row->status), out);
  rq_json_number("rx_ts", row->time_us > 0 ? (uint64_t)row->time_us * 1000u : 0, out); /* nanoseconds */
}

void rq_row_massdns(const rq_row *row, rq_out *out) {
  rq_summary summary;
  rq_msg_open(row->wire, row->size, &summary);
  name_member(row, out);
  rq_json_type("type", row->rrtype, out);
  rq_json_class("class", RQ_CLASS_IN, out);
  status_members(row, &summary, out);
  data_member(row->wire, row->size, out);
  flags_member(summary.flags, out);
  if (row->server != NULL) {
    rq_json_text("resolver", row->server, out);
    rq_json_text("proto", row->transport == RQ_TCP ? "TCP" : "UDP", out);
  }
  rq_text_put(out, "}\n");
}
