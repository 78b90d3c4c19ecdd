/* rq_json_8427.c: messages and rows as JSON in the shape of RFC 8427; see rq_json.h and rq_row.h.
 *
 * RDATA stands twice, in hexadecimal and as presentation text under "rdata" and its type, for every type. Bits of the
 * header are 0 and 1, as in the examples of the RFC; names have their final dot. SPDX-License-Identifier: MIT */
#include "rq_json.h"
#include "rq_row.h"

/* --- records --- */

/* The two members for a number that has a name; `name` is the first one's name, `named` the second's. */
static void type_members(const char *name, const char *named, uint16_t rrtype, rq_out *out) {
  rq_json_number(name, rrtype, out);
  rq_json_type(named, rrtype, out);
}

static void class_members(const char *name, const char *named, uint16_t rrclass, rq_out *out) {
  rq_json_number(name, rrclass, out);
  rq_json_class(named, rrclass, out);
}

static void name_open(const rq_name *name, rq_out *out) {
  rq_text_put(out, "{\"NAME\":\"");
  rq_styled_name_to_text(name, RQ_STYLE_JSON, out);
  rq_out_u8(out, '"');
}

/* The fields in hexadecimal, names uncompressed; 0 when the RDATA does not fit its layout. */
static int fields_hex(const rq_type *type, const rq_cur *rdata, rq_out *out) {
  rq_rdata it;
  rq_value value;
  rq_cur at = *rdata, octets;
  int more;
  rq_rdata_begin(&it, type, rdata);
  while ((more = rq_rdata_next(&it, &value)) == 1) {
    rq_cur_take(&at, rq_cur_pos(&it.cur) - rq_cur_pos(&at), &octets);
    if (value.field->kind == RQ_K_NAME) rq_cur_init(&octets, value.name.octets, value.name.len);
    rq_hex_to_text(&octets, out);
  }
  return more == 0;
}

static void rdata_members(const rq_record *record, rq_out *out) {
  const rq_type *type = rq_type_find(record->rrtype);
  rq_cur octets = record->rdata;
  rq_out size;
  rq_out_init(&size, NULL, 0);
  rq_rdata_expand(record->rrtype, &record->rdata, &size);
  rq_json_number("RDLENGTH", rq_out_wanted(&size), out);
  rq_json_key("RDATAHEX", out);
  rq_out_u8(out, '"');
  size_t mark = rq_out_wanted(out);
  if (type == NULL || !fields_hex(type, &record->rdata, out)) {
    rq_out_rewind(out, mark);
    rq_hex_to_text(&octets, out);
  }
  rq_text_put(out, "\",\"rdata");
  rq_type_text(record->rrtype, out);
  rq_text_put(out, "\":");
  rq_json_rdata(record, out);
}

static void record_json(const rq_record *record, rq_out *out) {
  name_open(&record->owner, out);
  type_members("TYPE", "TYPEname", record->rrtype, out);
  class_members("CLASS", "CLASSname", record->rrclass, out);
  rq_json_number("TTL", record->ttl, out);
  rdata_members(record, out);
  rq_out_u8(out, '}');
}

/* --- messages --- */

/* The first member has no comma before it. */
static void header_members(const rq_header *header, rq_out *out) {
  static const struct {
    uint16_t bit;
    const char *name;
  } bits[] = {{RQ_FLAG_AA, "AA"}, {RQ_FLAG_TC, "TC"}, {RQ_FLAG_RD, "RD"},
              {RQ_FLAG_RA, "RA"}, {RQ_FLAG_AD, "AD"}, {RQ_FLAG_CD, "CD"}};
  static const char *const counts[] = {"QDCOUNT", "ANCOUNT", "NSCOUNT", "ARCOUNT"};
  rq_text_put(out, "\"ID\":");
  rq_decimal_text(header->id, out);
  rq_json_number("QR", (header->flags & RQ_FLAG_QR) != 0, out);
  rq_json_number("Opcode", RQ_OPCODE(header->flags), out);
  for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++)
    rq_json_number(bits[i].name, (header->flags & bits[i].bit) != 0, out);
  rq_json_number("RCODE", RQ_RCODE(header->flags), out);
  for (size_t i = 0; i < 4; i++) rq_json_number(counts[i], header->counts[i], out);
}

/* The first question has members of the message itself. */
static void question_members(rq_walk walk, rq_out *out) {
  rq_question question;
  if (rq_walk_question(&walk, &question) != 1) return;
  rq_json_name("QNAME", &question.name, out);
  type_members("QTYPE", "QTYPEname", question.rrtype, out);
  class_members("QCLASS", "QCLASSname", question.rrclass, out);
}

/* Moves the walk past the questions; returns what its last step gave. */
static int questions_json(rq_walk *walk, rq_out *out) {
  rq_question question;
  const char *before = "";
  int got;
  rq_json_key("questionRRs", out);
  rq_out_u8(out, '[');
  while ((got = rq_walk_question(walk, &question)) == 1) {
    rq_text_put(out, before);
    before = ",";
    name_open(&question.name, out);
    type_members("TYPE", "TYPEname", question.rrtype, out);
    class_members("CLASS", "CLASSname", question.rrclass, out);
    rq_out_u8(out, '}');
  }
  rq_out_u8(out, ']');
  return got;
}

/* All three sections, also those without a record. */
static void sections_json(rq_walk *walk, int got, rq_out *out) {
  static const char *const titles[] = {"", "answerRRs", "authorityRRs", "additionalRRs"};
  rq_record record;
  if (got == 0) got = rq_walk_record(walk, &record);
  for (int section = RQ_ANSWER; section <= RQ_ADDITIONAL; section++) {
    const char *before = "";
    rq_json_key(titles[section], out);
    rq_out_u8(out, '[');
    while (got == 1 && walk->section == section) {
      rq_text_put(out, before);
      before = ",";
      record_json(&record, out);
      got = rq_walk_record(walk, &record);
    }
    rq_out_u8(out, ']');
  }
}

static void message_members(const uint8_t *wire, size_t len, rq_out *out) {
  rq_walk walk;
  rq_walk_begin(&walk, wire, len);
  header_members(&walk.header, out);
  question_members(walk, out);
  int got = questions_json(&walk, out);
  sections_json(&walk, got, out);
}

void rq_json_8427(const uint8_t *wire, size_t len, rq_out *out) {
  rq_out_u8(out, '{');
  message_members(wire, len, out);
  rq_out_u8(out, '}');
}

/* --- rows --- */

/* Members that are not of a message: what became of the lookup, when, and who was asked. */
static void row_members(const rq_row *row, rq_out *out) {
  rq_summary summary;
  rq_msg_open(row->wire, row->size, &summary);
  rq_text_put(out, "\"name\":");
  rq_json_string(row->name, row->name_len, out);
  rq_text_put(out, ",\"status\":\"");
  rq_row_status_text(row, summary.rcode, out);
  rq_out_u8(out, '"');
  rq_json_text("error", rq_error_text(row->status, row->error), out);
  rq_text_put(out, ",\"dateString\":\"");
  rq_timestamp_text(row->time_us, out);
  rq_text_put(out, "\",\"dateSeconds\":");
  rq_seconds_text(row->time_us > 0 ? row->time_us : 0, out);
  if (row->server == NULL) return;
  rq_json_text("protocol", rq_transport_name(row->transport), out);
  rq_json_text("resolver", row->server, out);
}

void rq_row_8427(const rq_row *row, rq_out *out) {
  rq_out_u8(out, '{');
  row_members(row, out);
  if (row->size >= RQ_HEADER_SIZE) {
    rq_out_u8(out, ',');
    message_members(row->wire, row->size, out);
  } else {
    type_members("QTYPE", "QTYPEname", row->rrtype, out);
    class_members("QCLASS", "QCLASSname", RQ_CLASS_IN, out);
  }
  rq_text_put(out, "}\n");
}
