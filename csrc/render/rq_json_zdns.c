/* rq_json_zdns.c: records, messages and rows as JSON in the shape of zdns output; see rq_json.h and rq_row.h.
 *
 * Never drops a record: what is unknown or does not fit its layout is shown as \# under "answer" (RFC 3597, 5). Serves
 * RFC 8259. SPDX-License-Identifier: MIT */
#include "rq_json.h"
#include "rq_known.h"
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

/* zdns leaves out the final dot. */
static void owner_json(const rq_record *record, rq_known *known, rq_out *out) {
  unsigned len = rq_known_set(known, record->place, &record->owner);
  if (len > 1)
    rq_out_octets(out, known->text, len - 1);
  else
    rq_json_bare_escaped(&record->owner, out);
}

static void record_json(const rq_record *record, rq_known *known, rq_out *out) {
  rq_text_put(out, "{\"name\":\"");
  owner_json(record, known, out);
  rq_text_put(out, "\",\"type\":\"");
  rq_type_text(record->rrtype, out);
  if (record->rrclass == RQ_CLASS_IN) {
    rq_text_put(out, "\",\"class\":\"IN\",\"ttl\":");
  } else {
    rq_text_put(out, "\",\"class\":\"");
    rq_class_to_text(record->rrclass, out);
    rq_text_put(out, "\",\"ttl\":");
  }
  rq_decimal_text(record->ttl, out);
  rdata_json(record->rrtype, &record->rdata, out);
  rq_out_u8(out, '}');
}

static void edns_json(const rq_edns *edns, rq_out *out) {
  rq_text_put(out, "{\"type\":\"EDNS");
  rq_decimal_text(edns->version, out);
  rq_text_put(out, "\",\"version\":");
  rq_decimal_text(edns->version, out);
  if (edns->flags >= 0x8000u)
    rq_text_put(out, ",\"flags\":\"do\",\"udpsize\":");
  else
    rq_text_put(out, ",\"flags\":\"\",\"udpsize\":");
  rq_decimal_text(edns->payload, out);
  if (rq_cur_left(&edns->options) > 0) {
    rq_text_put(out, ",\"options\":");
    rq_json_options(&edns->options, out);
  }
  rq_out_u8(out, '}');
}

/* --- messages --- */

/* What is told of a message after its records. */
typedef struct facts {
  uint16_t flags, rcode;
} facts;

static void section_begin(int section, rq_out *out) {
  if (section == RQ_ANSWER)
    rq_text_put(out, "\"answers\":[");
  else if (section == RQ_AUTHORITY)
    rq_text_put(out, "\"authorities\":[");
  else
    rq_text_put(out, "\"additionals\":[");
}

/* Every section that has a record, each with a comma after it. The first EDNS has the upper bits of the rcode. */
static void sections_json(rq_walk *walk, facts *found, rq_out *out) {
  rq_known known;
  rq_record record;
  rq_edns edns;
  int section = RQ_QUESTION, has_edns = 0;
  known.place = record.place = RQ_NOWHERE;
  rq_known_pass(walk, &record);
  while (rq_walk_next(walk, &record) == 1) {
    if (walk->section == section) {
      rq_out_u8(out, ',');
    } else {
      if (section != RQ_QUESTION) rq_text_put(out, "],");
      section = walk->section;
      section_begin(section, out);
    }
    if (rq_walk_is_edns(walk, &record)) {
      rq_edns_read(&record, &edns);
      edns_json(&edns, out);
      if (!has_edns) found->rcode = rq_edns_rcode(&edns, found->flags);
      has_edns = 1;
    } else {
      record_json(&record, &known, out);
    }
  }
  if (section != RQ_QUESTION) rq_text_put(out, "],");
}

/* Two constants, either of which is stored in one piece. */
#define FLAG(name, bit)                     \
  if ((found->flags & (bit)) != 0)          \
    rq_text_put(out, ",\"" name "\":true"); \
  else                                      \
    rq_text_put(out, ",\"" name "\":false")

static void flags_json(const facts *found, rq_out *out) {
  rq_text_put(out, "\"flags\":{\"opcode\":");
  rq_decimal_text(RQ_OPCODE(found->flags), out);
  FLAG("response", RQ_FLAG_QR);
  FLAG("authoritative", RQ_FLAG_AA);
  FLAG("truncated", RQ_FLAG_TC);
  FLAG("recursion_desired", RQ_FLAG_RD);
  FLAG("recursion_available", RQ_FLAG_RA);
  FLAG("authenticated", RQ_FLAG_AD);
  FLAG("checking_disabled", RQ_FLAG_CD);
  rq_text_put(out, ",\"error_code\":");
  rq_decimal_text(found->rcode, out);
  rq_out_u8(out, '}');
}

/* Reads the header; what is not there is zero. */
static int message_begin(rq_walk *walk, const uint8_t *wire, size_t len, facts *found) {
  int whole = rq_walk_begin(walk, wire, len) == RQ_OK;
  found->flags = whole ? walk->header.flags : 0;
  found->rcode = RQ_RCODE(found->flags);
  return whole;
}

void rq_json_zdns(const uint8_t *wire, size_t len, rq_out *out) {
  rq_walk walk;
  facts found;
  rq_out_u8(out, '{');
  if (message_begin(&walk, wire, len, &found)) sections_json(&walk, &found, out);
  flags_json(&found, out);
  rq_out_u8(out, '}');
}

/* --- rows --- */

/* Who was asked, and how. */
static void asked_json(const rq_row *row, rq_out *out) {
  if (row->transport == RQ_TCP)
    rq_text_put(out, "\"protocol\":\"tcp\"");
  else
    rq_text_put(out, "\"protocol\":\"udp\"");
  if (row->server == NULL) return;
  rq_text_put(out, ",\"resolver\":\"");
  rq_text_put(out, row->server);
  rq_out_u8(out, '"');
}

static void data_json(const rq_row *row, rq_walk *walk, int has_header, facts *found, rq_out *out) {
  rq_out_u8(out, '{');
  if (has_header) sections_json(walk, found, out);
  if (row->size > 0 || row->server != NULL) asked_json(row, out);
  if (row->size > 0) {
    rq_out_u8(out, ',');
    flags_json(found, out);
  }
  rq_out_u8(out, '}');
}

/* The status is that of an rcode whose upper bits are `upper`; returns what they are. */
static unsigned result_json(const rq_row *row, unsigned upper, rq_out *out) {
  const char *error = rq_error_text(row->status, row->error);
  rq_walk walk;
  facts found;
  int has_header = message_begin(&walk, row->wire, row->size, &found);
  rq_text_put(out, "{\"status\":\"");
  rq_row_status_text(row, (uint16_t)(found.rcode + upper), out);
  if (error != NULL) {
    rq_text_put(out, "\",\"error\":\"");
    rq_text_put(out, error);
  }
  rq_text_put(out, "\",\"timestamp\":\"");
  rq_timestamp_text(row->time_us, out);
  if (row->rtt_us >= 0) {
    rq_text_put(out, "\",\"duration\":");
    rq_seconds_text(row->rtt_us, out);
    rq_text_put(out, ",\"data\":");
  } else {
    rq_text_put(out, "\",\"data\":");
  }
  data_json(row, &walk, has_header, &found, out);
  rq_out_u8(out, '}');
  return found.rcode - RQ_RCODE(found.flags);
}

/* The rcode stands before the answer, its upper bits in the OPT record, behind it: a row is written as if they were
 * zero, and again where they are not. */
void rq_row_json(const rq_row *row, rq_out *out) {
  rq_text_put(out, "{\"name\":");
  rq_json_string(row->name, row->name_len, out);
  rq_text_put(out, ",\"results\":{\"");
  rq_type_text(row->rrtype, out);
  rq_text_put(out, "\":");
  size_t mark = rq_out_wanted(out);
  unsigned upper = result_json(row, 0, out);
  if (upper != 0) {
    rq_out_rewind(out, mark);
    result_json(row, upper, out);
  }
  rq_text_put(out, "}}\n");
}
