/* rq_pack.c: records and messages as MessagePack; see rq_pack.h.
 *
 * One writer for each kind of field, none for a type. Lengths that are known only afterwards are patched in, so
 * everything is written once. Never drops a record: what does not fit its layout is given as octets.
 * Serves the MessagePack specification and RFC 3597. SPDX-License-Identifier: MIT */
#include "rq_pack.h"

#include "rq_known.h"
#include "rq_pack_value.h"
#include "rq_text.h"

/* --- MessagePack itself --- */

enum { NIL = 0xc0, BIN8 = 0xc4, BIN16, BIN32, DOUBLE = 0xcb, UINT8, UINT16, UINT32, UINT64, INT64 = 0xd3 };
enum { STR8 = 0xd9, STR16, STR32, ARRAY16, ARRAY32 };
enum { FIXARRAY = 0x90, FIXSTR = 0xa0, FALSE = 0xc2, NEGATIVE = 0x100 };

void rq_pack_nil(rq_out *out) {
  rq_out_u8(out, NIL);
}

void rq_pack_bool(int is, rq_out *out) {
  rq_out_u8(out, (uint8_t)(FALSE + is));
}

void rq_pack_uint(uint64_t v, rq_out *out) {
  if (v < 128) {
    rq_out_u8(out, (uint8_t)v);
  } else if (v < 256) {
    rq_out_u8(out, UINT8);
    rq_out_u8(out, (uint8_t)v);
  } else if (v < 65536) {
    rq_out_u8(out, UINT16);
    rq_out_u16(out, (uint16_t)v);
  } else if (v < 4294967296) {
    rq_out_u8(out, UINT32);
    rq_out_u32(out, (uint32_t)v);
  } else {
    rq_out_u8(out, UINT64);
    rq_out_u64(out, v);
  }
}

void rq_pack_int(int64_t v, rq_out *out) {
  if (v >= 0) {
    rq_pack_uint((uint64_t)v, out);
  } else if (v >= -32) {
    rq_out_u8(out, (uint8_t)(NEGATIVE + v));
  } else {
    rq_out_u8(out, INT64);
    rq_out_u64(out, (uint64_t)v);
  }
}

void rq_pack_double(double v, rq_out *out) {
  union {
    double number;
    uint64_t bits;
  } both = {v};
  rq_out_u8(out, DOUBLE);
  rq_out_u64(out, both.bits);
}

void rq_pack_array(uint32_t count, rq_out *out) {
  if (count < 16) {
    rq_out_u8(out, (uint8_t)(FIXARRAY + count));
  } else if (count < 65536) {
    rq_out_u8(out, ARRAY16);
    rq_out_u16(out, (uint16_t)count);
  } else {
    rq_out_u8(out, ARRAY32);
    rq_out_u32(out, count);
  }
}

/* The head of a str or bin, whose three long forms have adjoining tags. */
static void head(uint8_t tag8, size_t len, rq_out *out) {
  if (len < 256) {
    rq_out_u8(out, tag8);
    rq_out_u8(out, (uint8_t)len);
  } else if (len < 65536) {
    rq_out_u8(out, (uint8_t)(tag8 + 1));
    rq_out_u16(out, (uint16_t)len);
  } else {
    rq_out_u8(out, (uint8_t)(tag8 + 2));
    rq_out_u32(out, (uint32_t)len);
  }
}

void rq_pack_str(const uint8_t *octets, size_t len, rq_out *out) {
  if (len < 32)
    rq_out_u8(out, (uint8_t)(FIXSTR + len));
  else
    head(STR8, len, out);
  rq_out_octets(out, octets, len);
}

void rq_pack_text(const char *text, rq_out *out) {
  rq_pack_str((const uint8_t *)text, __builtin_strlen(text), out);
}

void rq_pack_bin(rq_cur *octets, rq_out *out) {
  head(BIN8, rq_cur_left(octets), out);
  rq_out_take(out, octets, rq_cur_left(octets));
}

/* A value whose 32-bit or 16-bit length (of octets or entries) is filled in by its end. */
static size_t begin16(uint8_t tag, rq_out *out) {
  rq_out_u8(out, tag);
  rq_out_u16(out, 0);
  return rq_out_wanted(out);
}

static void end16(size_t begun, size_t length, rq_out *out) {
  rq_out_patch16(out, begun - 2, (uint16_t)length);
}

static size_t begin32(uint8_t tag, rq_out *out) {
  rq_out_u8(out, tag);
  rq_out_u32(out, 0);
  return rq_out_wanted(out);
}

static void end32(size_t begun, size_t length, rq_out *out) {
  rq_out_patch16(out, begun - 4, (uint16_t)(length / 65536));
  rq_out_patch16(out, begun - 2, (uint16_t)(length % 65536));
}

void rq_pack_utf8(rq_cur *octets, rq_out *out) {
  size_t begun = begin32(STR32, out);
  rq_utf8_to_text(octets, out);
  end32(begun, rq_out_wanted(out) - begun, out);
}

size_t rq_pack_array_begin(rq_out *out) {
  return begin32(ARRAY32, out);
}

void rq_pack_array_end(size_t begun, uint32_t count, rq_out *out) {
  end32(begun, count, out);
}

static void pack_escaped(const rq_name *name, rq_out *out) {
  size_t begun = begin16(STR16, out);
  rq_name_text(name, out);
  end16(begun, rq_out_wanted(out) - begun, out);
}

void rq_pack_name(const rq_name *name, rq_out *out) {
  uint8_t text[RQ_NAME_MAX];
  unsigned len = rq_name_plain(name, text);
  if (len > 0)
    rq_pack_str(text, len, out);
  else
    pack_escaped(name, out);
}

/* --- one writer for each kind --- */

static void number_pack(const rq_value *value, rq_out *out) {
  rq_pack_uint(value->number, out);
}

static void name_pack(const rq_value *value, rq_out *out) {
  rq_pack_name(&value->name, out);
}

static void address_pack(const rq_value *value, rq_out *out) {
  uint8_t text[RQ_ADDR_TEXT];
  rq_cur octets = value->octets;
  rq_out o;
  rq_out_init(&o, text, sizeof text);
  if (rq_cur_left(&octets) == RQ_IPV4_SIZE)
    rq_ipv4_text(&octets, &o);
  else
    rq_ipv6_text(&octets, &o);
  rq_pack_str(text, rq_out_stored(&o), out);
}

static void octets_pack(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  rq_pack_bin(&octets, out);
}

static void strings_pack(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets, string;
  uint32_t count = 0;
  size_t begun = begin16(ARRAY16, out);
  for (; rq_strings_next(&octets, &string); count++) rq_pack_bin(&string, out);
  end16(begun, count, out);
}

static void types_pack(const rq_value *value, rq_out *out) {
  rq_bits it;
  uint16_t type;
  uint32_t count = 0; /* up to 65,536 */
  size_t begun = begin32(ARRAY32, out);
  rq_windows_begin(&it, &value->octets);
  for (; rq_bits_next(&it, &type); count++) rq_pack_uint(type, out);
  end32(begun, count, out);
}

static void pack_pairs(const rq_cur *pairs, const rq_type *(*find)(uint16_t), rq_out *out);

static void options_pack(const rq_value *value, rq_out *out) {
  pack_pairs(&value->octets, rq_option_find, out);
}

static void params_pack(const rq_value *value, rq_out *out) {
  pack_pairs(&value->octets, rq_param_find, out);
}

/* The other kinds are in rq_pack_value.c. */
static void (*const writers[RQ_KINDS])(const rq_value *, rq_out *) = {
    [RQ_K_U8] = number_pack,         [RQ_K_U16] = number_pack,      [RQ_K_U32] = number_pack,
    [RQ_K_U48] = number_pack,        [RQ_K_U64] = number_pack,      [RQ_K_TIME] = number_pack,
    [RQ_K_TYPE] = number_pack,       [RQ_K_ERROR] = number_pack,    [RQ_K_CERT_TYPE] = number_pack,
    [RQ_K_ALGORITHM] = number_pack,  [RQ_K_SCHEME] = number_pack,   [RQ_K_GATEWAY_TYPE] = number_pack,
    [RQ_K_RELAY_TYPE] = number_pack, [RQ_K_PREFIX] = number_pack,   [RQ_K_FORMAT] = number_pack,
    [RQ_K_FAMILY] = number_pack,     [RQ_K_SOURCE] = number_pack,   [RQ_K_HIP_ALGORITHM] = number_pack,
    [RQ_K_A] = address_pack,         [RQ_K_AAAA] = address_pack,    [RQ_K_EUI48] = octets_pack,
    [RQ_K_EUI64] = octets_pack,      [RQ_K_LOCATOR] = octets_pack,  [RQ_K_COOKIE] = octets_pack,
    [RQ_K_NAME] = name_pack,         [RQ_K_WHOLE_NAME] = name_pack, [RQ_K_STRING] = octets_pack,
    [RQ_K_TAG] = octets_pack,        [RQ_K_SALT] = octets_pack,     [RQ_K_BASE32] = octets_pack,
    [RQ_K_COUNTED] = octets_pack,    [RQ_K_HIT] = octets_pack,      [RQ_K_HIP_KEY] = octets_pack,
    [RQ_K_TEXT] = octets_pack,       [RQ_K_HEX] = octets_pack,      [RQ_K_NSAP] = octets_pack,
    [RQ_K_ATM] = octets_pack,        [RQ_K_BASE64] = octets_pack,   [RQ_K_DATA64] = octets_pack,
    [RQ_K_OCTETS] = octets_pack,     [RQ_K_STRINGS] = strings_pack, [RQ_K_TYPES] = types_pack,
    [RQ_K_OPTIONS] = options_pack,   [RQ_K_PARAMS] = params_pack};

/* --- rows of the tables --- */

/* [number, field, ...]; 0 when the octets do not fit the layout. */
static int pack_fields(const rq_type *type, const rq_cur *octets, rq_out *out) {
  rq_rdata it;
  rq_value value;
  int more;
  rq_pack_array(type->count + 1u, out);
  rq_pack_uint(type->number, out);
  rq_rdata_begin(&it, type, octets);
  while ((more = rq_rdata_next(&it, &value)) == 1) {
    uint8_t kind = value.field->kind;
    if (value.absent)
      rq_pack_nil(out);
    else if (writers[kind] != NULL)
      writers[kind](&value, out);
    else if (!rq_pack_value(&value, out))
      return 0;
  }
  return more == 0;
}

/* By its layout, or [-1, number, octets] when it has none (NULL) or the octets do not fit it. */
static void pack_row(const rq_type *type, uint16_t number, const rq_cur *octets, rq_out *out) {
  size_t mark = rq_out_wanted(out);
  rq_cur raw = *octets;
  if (type != NULL && pack_fields(type, octets, out)) return;
  rq_out_rewind(out, mark);
  rq_pack_array(3, out);
  rq_pack_int(-1, out);
  rq_pack_uint(number, out);
  rq_pack_bin(&raw, out);
}

/* EDNS options or service parameters, whose layouts `find` knows: none of them holds such a list in turn. */
static void pack_pairs(const rq_cur *pairs, const rq_type *(*find)(uint16_t), rq_out *out) {
  rq_cur rest = *pairs, value;
  uint16_t code;
  uint32_t count = 0;
  size_t begun = begin16(ARRAY16, out);
  for (; rq_pairs_next(&rest, &code, &value); count++) pack_row(find(code), code, &value, out);
  end16(begun, count, out);
}

/* --- records --- */

static void pack_known(rq_known *last, size_t place, const rq_name *name, rq_out *out) {
  unsigned len = rq_known_set(last, place, name);
  if (len > 0)
    rq_pack_str(last->text, len, out);
  else
    pack_escaped(name, out);
}

/* What follows the owner. */
static void pack_rest(const rq_record *record, rq_out *out) {
  rq_pack_uint(record->rrtype, out);
  rq_pack_uint(record->rrclass, out);
  rq_pack_uint(record->ttl, out);
  pack_row(rq_type_find(record->rrtype), record->rrtype, &record->rdata, out);
}

void rq_pack_record(const rq_record *record, rq_out *out) {
  rq_pack_array(5, out);
  rq_pack_name(&record->owner, out);
  pack_rest(record, out);
}

static void pack_record(const rq_record *record, rq_known *last, rq_out *out) {
  rq_pack_array(5, out);
  pack_known(last, record->place, &record->owner, out);
  pack_rest(record, out);
}

/* --- messages --- */

/* Where a walk over a message stands: the record just read, if `got` is 1, and EDNS once it was met. */
typedef struct reader {
  rq_walk walk;
  rq_record record;
  rq_edns edns;
  rq_known last;
  int got, has_edns;
} reader;

/* `walk` has begun: it stands before the questions. */
static void reader_begin(reader *r, const rq_walk *walk) {
  r->walk = *walk;
  r->got = 0;
  r->has_edns = 0;
  r->last.place = r->record.place = RQ_NOWHERE;
}

static void reader_next(reader *r) {
  r->got = rq_walk_next(&r->walk, &r->record);
  if (r->got != 1 || r->has_edns || !rq_walk_is_edns(&r->walk, &r->record)) return;
  r->has_edns = 1;
  rq_edns_read(&r->record, &r->edns);
  r->got = rq_walk_next(&r->walk, &r->record);
}

/* [[name, type, class], ...]; the reader then stands at the first record. */
static void pack_questions(reader *r, rq_out *out) {
  rq_question question;
  size_t begun = begin16(ARRAY16, out);
  uint16_t count = 0;
  while ((r->got = rq_walk_question(&r->walk, &question)) == 1) {
    rq_known_asked(&question, &r->record);
    rq_pack_array(3, out);
    pack_known(&r->last, question.place, &question.name, out);
    rq_pack_uint(question.rrtype, out);
    rq_pack_uint(question.rrclass, out);
    count++;
  }
  end16(begun, count, out);
  if (r->got == 0) reader_next(r);
}

/* The records of `section`, from where the reader stands. */
static void pack_records(reader *r, int section, rq_out *out) {
  if (r->got != 1 || r->walk.section != section) {
    rq_pack_array(0, out);
    return;
  }
  size_t begun = begin16(ARRAY16, out);
  uint16_t count = 0;
  for (; r->got == 1 && r->walk.section == section; reader_next(r)) {
    pack_record(&r->record, &r->last, out);
    count++;
  }
  end16(begun, count, out);
}

/* [payload, version, flags, [option, ...]] */
static void pack_edns(const rq_edns *edns, rq_out *out) {
  rq_pack_array(4, out);
  rq_pack_uint(edns->payload, out);
  rq_pack_uint(edns->version, out);
  rq_pack_uint(edns->flags, out);
  pack_pairs(&edns->options, rq_option_find, out);
}

unsigned rq_pack_answer(const rq_walk *walk, rq_out *out) {
  reader r;
  reader_begin(&r, walk);
  rq_known_pass(&r.walk, &r.record);
  reader_next(&r);
  pack_records(&r, RQ_ANSWER, out);
  while (r.got == 1 && !r.has_edns) reader_next(&r);
  return r.has_edns ? r.edns.rcode_high * 16u : 0;
}

/* An array that has `spare` items more than those of rq_msg_pack, and these. Returns the status of the message. */
static int32_t pack_message(const uint8_t *wire, size_t len, uint32_t spare, rq_out *out) {
  rq_walk walk;
  reader r;
  if (rq_walk_begin(&walk, wire, len) != RQ_OK) return RQ_MALFORMED;
  uint16_t flags = walk.header.flags;
  reader_begin(&r, &walk);
  rq_pack_array(6 + spare, out);
  pack_questions(&r, out);
  for (int section = RQ_ANSWER; section <= RQ_ADDITIONAL; section++) pack_records(&r, section, out);
  if (r.has_edns)
    pack_edns(&r.edns, out);
  else
    rq_pack_nil(out);
  rq_pack_uint(r.has_edns ? rq_edns_rcode(&r.edns, flags) : RQ_RCODE(flags), out);
  return r.got;
}

int32_t rq_msg_pack(const uint8_t *wire, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  rq_out o;
  rq_out_init(&o, out, cap);
  pack_message(wire, len, 0, &o);
  *actual = (uint32_t)rq_out_wanted(&o);
  return *actual == 0 ? RQ_MALFORMED : (int32_t)rq_out_stored(&o);
}

int32_t rq_msg_fill(const uint8_t *wire, uint32_t len, uint8_t *out, uint32_t cap) {
  rq_out o;
  rq_out_init(&o, out, cap);
  int32_t status = pack_message(wire, len, 1, &o);
  if (status != RQ_OK) return status;
  size_t begun = begin32(BIN32, &o);
  if (begun > cap) return (int32_t)begun;
  end32(begun, cap - begun, &o);
  return RQ_OK;
}
