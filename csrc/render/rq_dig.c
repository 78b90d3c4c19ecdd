/* rq_dig.c: a whole message as dig prints it, columns included: rq_msg_text of rq_api.h.
 *
 * Shows all records that are whole and then says so if the message ends or breaks before its last. Never allocates.
 * Serves RFC 1035 section 4, RFC 6891 section 6.1, RFC 8914 section 2. SPDX-License-Identifier: MIT */
#include "rq_text.h"

#define TAB 8
#define DO_FLAG 0x8000u

/* The columns in which dig begins a record's TTL, class, type and RDATA. */
enum { TTL_COLUMN = 24, CLASS_COLUMN = 32, TYPE_COLUMN = 40, RDATA_COLUMN = 48 };

/* A line being written: `column` is where it stood when `mark` octets were wanted. */
typedef struct line {
  size_t mark, column;
} line;

static line line_begin(const rq_out *out) {
  return (line){rq_out_wanted(out), 0};
}

/* Blank space up to column `to`, at least one: tabs as far as they go, then blanks. */
static void pad(line *line, size_t to, rq_out *out) {
  size_t at = line->column + (rq_out_wanted(out) - line->mark);
  if (at >= to) to = at + 1;
  line->column = to;
  for (; at / TAB < to / TAB; at += TAB - at % TAB) rq_out_u8(out, '\t');
  for (; at < to; at++) rq_out_u8(out, ' ');
  line->mark = rq_out_wanted(out);
}

/* --- header --- */

static void opcode_text(uint16_t opcode, rq_out *out) {
  static const char *const names[] = {"QUERY", "IQUERY", "STATUS", "RESERVED3", "NOTIFY", "UPDATE", "DSO"};
  if (opcode < sizeof names / sizeof names[0]) {
    rq_out_text(out, names[opcode]);
  } else {
    rq_out_text(out, "RESERVED");
    rq_decimal_text(opcode, out);
  }
}

static void flags_text(uint16_t flags, rq_out *out) {
  static const struct {
    uint16_t bit;
    const char *text;
  } names[] = {{RQ_FLAG_QR, " qr"}, {RQ_FLAG_AA, " aa"}, {RQ_FLAG_TC, " tc"}, {RQ_FLAG_RD, " rd"},
               {RQ_FLAG_RA, " ra"}, {RQ_FLAG_AD, " ad"}, {RQ_FLAG_CD, " cd"}};
  rq_out_text(out, ";; flags:");
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if ((flags & names[i].bit) != 0) rq_out_text(out, names[i].text);
}

static void header_text(const rq_header *header, uint16_t rcode, rq_out *out) {
  static const char *const sections[] = {"; QUERY: ", ", ANSWER: ", ", AUTHORITY: ", ", ADDITIONAL: "};
  rq_out_text(out, ";; ->>HEADER<<- opcode: ");
  opcode_text(RQ_OPCODE(header->flags), out);
  rq_out_text(out, ", status: ");
  rq_rcode_to_text(rcode, out);
  rq_out_text(out, ", id: ");
  rq_decimal_text(header->id, out);
  rq_out_u8(out, '\n');
  flags_text(header->flags, out);
  for (int i = 0; i < 4; i++) {
    rq_out_text(out, sections[i]);
    rq_decimal_text(header->counts[i], out);
  }
  rq_out_u8(out, '\n');
}

/* --- OPT PSEUDOSECTION --- */

/* Octets in hexadecimal with a blank between them, then as text in quotes. */
static void dump_text(const rq_cur *value, rq_out *out) {
  rq_cur hex = *value, octet, text = *value;
  while (rq_cur_left(&hex) > 0) {
    rq_cur_take(&hex, 1, &octet);
    rq_hex_to_text(&octet, out);
    rq_out_u8(out, ' ');
  }
  rq_out_u8(out, '(');
  rq_quoted_to_text(&text, RQ_STYLE_ZONE, out);
  rq_out_u8(out, ')');
}

static void hex_text(const rq_cur *value, rq_out *out) {
  rq_cur octets = *value;
  rq_hex_to_text(&octets, out);
}

/* An extended error: u16 code, then UTF-8 text for people. */
static void error_text(const rq_cur *value, rq_out *out) {
  rq_cur at = *value;
  uint16_t code = rq_cur_u16(&at);
  if (!rq_cur_good(&at)) {
    hex_text(value, out);
    return;
  }
  rq_decimal_text(code, out);
  if (rq_cur_left(&at) == 0) return;
  rq_out_text(out, ": ");
  rq_quoted_to_text(&at, RQ_STYLE_ZONE, out);
}

static void option_text(uint16_t code, const rq_cur *value, rq_out *out) {
  static const struct {
    uint16_t code;
    const char *name;
    void (*write)(const rq_cur *, rq_out *);
  } known[] = {{3, "NSID", dump_text},   {8, "CLIENT-SUBNET", hex_text},  {9, "EXPIRE", hex_text},
               {10, "COOKIE", hex_text}, {11, "TCP-KEEPALIVE", hex_text}, {12, "PAD", hex_text},
               {15, "EDE", error_text}};
  void (*write)(const rq_cur *, rq_out *) = dump_text;
  size_t i = 0;
  while (i < sizeof known / sizeof known[0] && known[i].code != code) i++;
  rq_out_text(out, "; ");
  if (i < sizeof known / sizeof known[0]) {
    write = known[i].write;
    rq_out_text(out, known[i].name);
  } else {
    rq_out_text(out, "OPT=");
    rq_decimal_text(code, out);
  }
  rq_out_text(out, ": ");
  write(value, out);
  rq_out_u8(out, '\n');
}

static void edns_text(const rq_record *opt, rq_out *out) {
  rq_edns edns;
  rq_cur value;
  uint16_t code;
  rq_edns_read(opt, &edns);
  rq_out_text(out, "\n;; OPT PSEUDOSECTION:\n; EDNS: version: ");
  rq_decimal_text(edns.version, out);
  rq_out_text(out, (edns.flags & DO_FLAG) != 0 ? ", flags: do; " : ", flags:; ");
  if (edns.flags % DO_FLAG != 0) {
    rq_cur octets;
    uint8_t rest[2] = {(uint8_t)(edns.flags % DO_FLAG / 256u), (uint8_t)(edns.flags % 256u)};
    rq_cur_init(&octets, rest, sizeof rest);
    rq_out_text(out, "MBZ: 0x");
    rq_hex_to_text(&octets, out);
    rq_out_text(out, ", ");
  }
  rq_out_text(out, "udp: ");
  rq_decimal_text(edns.payload, out);
  rq_out_u8(out, '\n');
  while (rq_pairs_next(&edns.options, &code, &value)) option_text(code, &value, out);
}

/* --- sections --- */

/* `gap` is what stands before the section's title: dig leaves no line blank below the OPT PSEUDOSECTION. */
static int questions_text(rq_walk *walk, const char *gap, rq_out *out) {
  rq_question question;
  int got = rq_walk_question(walk, &question);
  if (got == 1) {
    rq_out_text(out, gap);
    rq_out_text(out, ";; QUESTION SECTION:\n");
  }
  while (got == 1) {
    line line = line_begin(out);
    rq_out_u8(out, ';');
    rq_name_text(&question.name, out);
    pad(&line, CLASS_COLUMN, out);
    rq_class_to_text(question.rrclass, out);
    pad(&line, TYPE_COLUMN, out);
    rq_type_text(question.rrtype, out);
    rq_out_u8(out, '\n');
    got = rq_walk_question(walk, &question);
  }
  return got;
}

static void record_text(const rq_record *record, rq_out *out) {
  line line = line_begin(out);
  rq_name_text(&record->owner, out);
  pad(&line, TTL_COLUMN, out);
  rq_decimal_text(record->ttl, out);
  pad(&line, CLASS_COLUMN, out);
  rq_class_to_text(record->rrclass, out);
  pad(&line, TYPE_COLUMN, out);
  rq_type_text(record->rrtype, out);
  pad(&line, RDATA_COLUMN, out);
  rq_rdata_to_text(record->rrtype, &record->rdata, RQ_STYLE_ZONE, out);
  rq_out_u8(out, '\n');
}

/* All records but the one that is shown as the OPT PSEUDOSECTION. */
static void records_text(rq_walk *walk, rq_out *out) {
  static const char *const titles[] = {"", "ANSWER", "AUTHORITY", "ADDITIONAL"};
  rq_record record;
  int titled = RQ_QUESTION, skipped = 0;
  while (rq_walk_record(walk, &record) == 1) {
    if (!skipped && rq_walk_is_edns(walk, &record)) {
      skipped = 1;
      continue;
    }
    if (titled != walk->section) {
      titled = walk->section;
      rq_out_text(out, "\n;; ");
      rq_out_text(out, titles[titled]);
      rq_out_text(out, " SECTION:\n");
    }
    record_text(&record, out);
  }
}

/* The OPT PSEUDOSECTION, if the message has EDNS: it stands before the sections. 1 if it does. */
static int pseudosection_text(rq_walk walk, rq_out *out) {
  rq_record record;
  while (rq_walk_record(&walk, &record) == 1) {
    if (!rq_walk_is_edns(&walk, &record)) continue;
    edns_text(&record, out);
    return 1;
  }
  return 0;
}

static void ending_text(const rq_summary *summary, rq_out *out) {
  if (summary->status == RQ_OK) return;
  rq_out_text(out, summary->status == RQ_TRUNCATED ? "\n;; WARNING: the message ends inside the entry at octet "
                                                   : "\n;; WARNING: the message is malformed from octet ");
  rq_decimal_text(summary->length, out);
  rq_out_u8(out, '\n');
}

int32_t rq_msg_text(const uint8_t *wire, uint32_t len, char *out, uint32_t cap, uint32_t *actual) {
  rq_summary summary;
  rq_walk walk;
  rq_out o;
  rq_out_init(&o, (uint8_t *)out, cap);
  *actual = 0;
  rq_msg_open(wire, len, &summary);
  if (rq_walk_begin(&walk, wire, len) != RQ_OK) return RQ_MALFORMED;
  header_text(&walk.header, summary.rcode, &o);
  int has_edns = pseudosection_text(walk, &o);
  if (questions_text(&walk, has_edns ? "" : "\n", &o) == 0) records_text(&walk, &o);
  ending_text(&summary, &o);
  *actual = (uint32_t)rq_out_wanted(&o);
  return (int32_t)rq_out_stored(&o);
}
