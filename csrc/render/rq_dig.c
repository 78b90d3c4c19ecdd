/* rq_dig.c: a whole message as dig prints it, columns included: rq_msg_text of rq_api.h.
 *
 * Shows all records that are whole and then says so if the message ends or breaks before its last. Never allocates.
 * Serves RFC 1035 section 4, RFC 6891 section 6.1, RFC 8914 section 2. SPDX-License-Identifier: MIT */
#include "rq_dig.h"
#include "rq_text.h"

#define TAB 8
#define DO_FLAG 0x8000u
#define CO_FLAG 0x4000u /* compact answers (RFC 9824, 5.1) */
#define TSIG 250

/* The columns in which dig begins a record's TTL, class, type and RDATA. */
typedef struct columns {
  uint8_t ttl, class, type, rdata;
} columns;

static columns columns_of(unsigned style) {
  if ((style & RQ_STYLE_FOLDED) != 0) return (columns){24, 24, 24, 32};
  return (columns){24, 32, 40, 48};
}

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

static void flags_text(uint16_t flags, rq_out *out) {
  static const struct {
    uint16_t bit;
    const char *text;
  } names[] = {{RQ_FLAG_QR, " qr"}, {RQ_FLAG_AA, " aa"}, {RQ_FLAG_TC, " tc"}, {RQ_FLAG_RD, " rd"},
               {RQ_FLAG_RA, " ra"}, {RQ_FLAG_AD, " ad"}, {RQ_FLAG_CD, " cd"}};
  rq_text_put(out, ";; flags:");
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if ((flags & names[i].bit) != 0) rq_text_put(out, names[i].text);
  if ((flags & RQ_FLAG_Z) != 0) rq_text_put(out, "; MBZ: 0x4"); /* must be zero (RFC 1035, 4.1.1) */
}

static void header_text(const rq_header *header, uint16_t rcode, rq_out *out) {
  static const char *const sections[] = {"; QUERY: ", ", ANSWER: ", ", AUTHORITY: ", ", ADDITIONAL: "};
  rq_text_put(out, ";; ->>HEADER<<- opcode: ");
  rq_opcode_to_text(RQ_OPCODE(header->flags), out);
  rq_text_put(out, ", status: ");
  rq_rcode_to_text(rcode, out);
  rq_text_put(out, ", id: ");
  rq_decimal_text(header->id, out);
  rq_out_u8(out, '\n');
  flags_text(header->flags, out);
  for (int i = 0; i < 4; i++) {
    rq_text_put(out, sections[i]);
    rq_decimal_text(header->counts[i], out);
  }
  rq_out_u8(out, '\n');
}

/* --- OPT PSEUDOSECTION --- */

static void edns_text(const rq_record *opt, rq_out *out) {
  rq_edns edns;
  rq_cur value;
  uint16_t code;
  rq_edns_read(opt, &edns);
  uint16_t rest = edns.flags % CO_FLAG;
  rq_text_put(out, "\n;; OPT PSEUDOSECTION:\n; EDNS: version: ");
  rq_decimal_text(edns.version, out);
  rq_text_put(out, edns.flags / DO_FLAG != 0 ? ", flags: do" : ", flags:");
  if (edns.flags / CO_FLAG % 2u != 0) rq_text_put(out, " co");
  if (rest != 0) {
    rq_cur octets;
    uint8_t both[2] = {(uint8_t)(rest / 256u), (uint8_t)(rest % 256u)};
    rq_cur_init(&octets, both, sizeof both);
    rq_text_put(out, "; MBZ: 0x");
    rq_lower_to_text(&octets, 0, out);
  }
  rq_text_put(out, rest != 0 ? ", udp: " : "; udp: ");
  rq_decimal_text(edns.payload, out);
  rq_out_u8(out, '\n');
  while (rq_pairs_next(&edns.options, &code, &value)) rq_dig_option_text(code, &value, out);
}

/* --- sections --- */

/* `gap` is what stands before the section's title: dig leaves no line blank below the OPT PSEUDOSECTION. */
static int questions_text(rq_walk *walk, const char *gap, unsigned style, rq_out *out) {
  columns at = columns_of(style);
  rq_question question;
  int got = rq_walk_question(walk, &question);
  if (got == 1) {
    rq_text_put(out, gap);
    rq_text_put(out, ";; QUESTION SECTION:\n");
  }
  while (got == 1) {
    line line = line_begin(out);
    rq_out_u8(out, ';');
    rq_name_text(&question.name, out);
    pad(&line, at.class, out);
    rq_class_to_text(question.rrclass, out);
    pad(&line, at.type, out);
    rq_type_text(question.rrtype, out);
    rq_out_u8(out, '\n');
    got = rq_walk_question(walk, &question);
  }
  return got;
}

static void record_text(const rq_record *record, unsigned style, rq_out *out) {
  columns at = columns_of(style);
  line line = line_begin(out);
  rq_name_text(&record->owner, out);
  pad(&line, at.ttl, out);
  rq_decimal_text(record->ttl, out);
  pad(&line, at.class, out);
  rq_class_to_text(record->rrclass, out);
  pad(&line, at.type, out);
  rq_type_text(record->rrtype, out);
  pad(&line, at.rdata, out);
  rq_rdata_to_text(record->rrtype, &record->rdata, style, out);
  rq_out_u8(out, '\n');
}

/* What stands above a record that is not of the section of the one before it; a TSIG record at the end is a section of
 * its own, as the server counts it (RFC 8945, 5.1). */
static void title_text(const rq_walk *walk, const rq_record *record, int *titled, rq_out *out) {
  static const char *const titles[] = {"", "ANSWER ", "AUTHORITY ", "ADDITIONAL ", "TSIG PSEUDO"};
  int is_tsig = record->rrtype == TSIG && walk->section == RQ_ADDITIONAL && walk->left == 0;
  int section = is_tsig ? RQ_ADDITIONAL + 1 : walk->section;
  if (*titled == section) return;
  *titled = section;
  rq_text_put(out, "\n;; ");
  rq_text_put(out, titles[section]);
  rq_text_put(out, "SECTION:\n");
}

/* All records but the one that is shown as the OPT PSEUDOSECTION. */
static void records_text(rq_walk *walk, unsigned style, rq_out *out) {
  rq_record record;
  int titled = RQ_QUESTION, skipped = 0;
  while (rq_walk_record(walk, &record) == 1) {
    if (!skipped && rq_walk_is_edns(walk, &record)) {
      skipped = 1;
    } else {
      title_text(walk, &record, &titled, out);
      record_text(&record, style, out);
    }
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
  rq_text_put(out, summary->status == RQ_TRUNCATED ? "\n;; WARNING: the message ends inside the entry at octet "
                                                   : "\n;; WARNING: the message is malformed from octet ");
  rq_decimal_text(summary->length, out);
  rq_out_u8(out, '\n');
}

static void whole_text(rq_walk *walk, const rq_summary *summary, unsigned style, rq_out *out) {
  header_text(&walk->header, summary->rcode, out);
  int has_edns = pseudosection_text(*walk, out);
  if (questions_text(walk, has_edns ? "" : "\n", style, out) == 0) records_text(walk, style, out);
  ending_text(summary, out);
}

/* The RDATA of the answer section alone, one record on a line, always in words: dig +short. */
static void short_text(rq_walk *walk, rq_out *out) {
  rq_record record;
  while (rq_walk_record(walk, &record) == 1 && walk->section == RQ_ANSWER) {
    rq_rdata_to_text(record.rrtype, &record.rdata, RQ_STYLE_WORDS, out);
    rq_out_u8(out, '\n');
  }
}

int32_t rq_msg_text(const uint8_t *wire, uint32_t len, uint32_t style, char *out, uint32_t cap, uint32_t *actual) {
  rq_summary summary;
  rq_walk walk;
  rq_out o;
  rq_out_init(&o, (uint8_t *)out, cap);
  *actual = 0;
  rq_msg_open(wire, len, &summary);
  if (rq_walk_begin(&walk, wire, len) != RQ_OK) return RQ_MALFORMED;
  if ((style & RQ_TEXT_SHORT) != 0)
    short_text(&walk, &o);
  else
    whole_text(&walk, &summary, (style & RQ_TEXT_MULTILINE) != 0 ? RQ_STYLE_FOLDED : RQ_STYLE_WORDS, &o);
  *actual = (uint32_t)rq_out_wanted(&o);
  return (int32_t)rq_out_stored(&o);
}
