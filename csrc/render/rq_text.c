/* rq_text.c: field values and RDATA as presentation text, in BIND's style (RFC 1035, 5.1); see rq_text.h.
 *
 * One writer for each kind of field, none for a type; LOC, whose text is not its fields in order, goes by its shape.
 * Never drops data: what has no text that reads back is shown as \# (RFC 3597, 5). SPDX-License-Identifier: MIT */
#include "rq_text.h"

#include "rq_loc.h"
#include "rq_param.h"

void rq_special_to_text(uint8_t octet, unsigned style, rq_out *out) {
  if ((style & RQ_STYLE_JSON) != 0) rq_out_u8(out, '\\');
  rq_out_u8(out, octet);
}

void rq_quoted_octet(uint8_t octet, unsigned style, rq_out *out) {
  if (octet < ' ' || octet > '~') {
    rq_special_to_text('\\', style, out);
    rq_padded_to_text(octet, 3, out);
  } else if (octet == '"' || octet == '\\') {
    rq_special_to_text('\\', style, out);
    rq_special_to_text(octet, style, out);
  } else {
    rq_out_u8(out, octet);
  }
}

/* How many octets that stand for themselves come next. */
static size_t plain_run(rq_cur ahead) {
  size_t begun = rq_cur_pos(&ahead), run = 0;
  while (rq_cur_left(&ahead) > 0) {
    uint8_t octet = rq_cur_u8(&ahead);
    if (octet < ' ' || octet > '~' || octet == '"' || octet == '\\') return run;
    run = rq_cur_pos(&ahead) - begun;
  }
  return run;
}

/* Nearly all octets of nearly all strings are plain: these are copied in runs. */
void rq_quoted_to_text(rq_cur *octets, unsigned style, rq_out *out) {
  rq_special_to_text('"', style, out);
  while (rq_cur_left(octets) > 0) {
    size_t run = plain_run(*octets);
    if (run > 0)
      rq_out_take(out, octets, run);
    else
      rq_quoted_octet(rq_cur_u8(octets), style, out);
  }
  rq_special_to_text('"', style, out);
}

void rq_styled_name_to_text(const rq_name *name, unsigned style, rq_out *out) {
  uint8_t text[RQ_TEXT_MAX];
  rq_out whole;
  rq_cur octets;
  if ((style & RQ_STYLE_JSON) == 0) {
    rq_name_text(name, out);
    return;
  }
  rq_out_init(&whole, text, sizeof text);
  rq_name_text(name, &whole);
  rq_cur_init(&octets, text, rq_out_stored(&whole));
  while (rq_cur_left(&octets) > 0) {
    uint8_t octet = rq_cur_u8(&octets);
    if (octet == '"' || octet == '\\')
      rq_special_to_text(octet, style, out);
    else
      rq_out_u8(out, octet);
  }
}

void rq_bare_name_to_text(const rq_name *name, rq_out *out) {
  size_t mark = rq_out_wanted(out);
  rq_name_text(name, out);
  if (rq_out_wanted(out) - mark > 1) rq_out_rewind(out, rq_out_wanted(out) - 1);
}

/* --- one writer for each kind: 1, or 0 when the value has no text that reads back --- */

static int number_text(const rq_value *value, rq_out *out) {
  rq_decimal_text(value->number, out);
  return 1;
}

/* The 32 bits are taken as they stand, from 1970 to 2106: what they mean by serial arithmetic depends on today. */
static int time_text(const rq_value *value, rq_out *out) {
  rq_moment moment;
  rq_moment_split((uint32_t)value->number, &moment);
  rq_padded_to_text(moment.year, 4, out);
  rq_padded_to_text(moment.month, 2, out);
  rq_padded_to_text(moment.day, 2, out);
  rq_padded_to_text(moment.hour, 2, out);
  rq_padded_to_text(moment.minute, 2, out);
  rq_padded_to_text(moment.second, 2, out);
  return 1;
}

static int type_text(const rq_value *value, rq_out *out) {
  rq_type_text((uint16_t)value->number, out);
  return 1;
}

static int a_text(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  rq_ipv4_text(&octets, out);
  return 1;
}

static int aaaa_text(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  rq_ipv6_text(&octets, out);
  return 1;
}

static int name_text(const rq_value *value, unsigned style, rq_out *out) {
  rq_styled_name_to_text(&value->name, style, out);
  return 1;
}

static int quoted_text(const rq_value *value, unsigned style, rq_out *out) {
  rq_cur octets = value->octets;
  rq_quoted_to_text(&octets, style, out);
  return 1;
}

static int strings_text(const rq_value *value, unsigned style, rq_out *out) {
  rq_cur octets = value->octets, string;
  size_t mark = rq_out_wanted(out);
  while (rq_strings_next(&octets, &string)) {
    if (rq_out_wanted(out) > mark) rq_out_u8(out, ' ');
    rq_quoted_to_text(&string, style, out);
  }
  return 1;
}

static int is_alphanumeric(uint8_t octet) {
  return (octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'Z') || (octet >= 'a' && octet <= 'z');
}

/* Letters and digits only (RFC 8659, 4.1.1). */
static int tag_text(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  if (rq_cur_left(&octets) == 0) return 0;
  while (rq_cur_left(&octets) > 0) {
    uint8_t octet = rq_cur_u8(&octets);
    if (!is_alphanumeric(octet)) return 0;
    rq_out_u8(out, octet);
  }
  return 1;
}

static int hex_text(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  rq_hex_to_text(&octets, out);
  return rq_cur_left(&value->octets) > 0;
}

static int base64_text(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  rq_base64_to_text(&octets, out);
  return rq_cur_left(&value->octets) > 0;
}

static int base32_text(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  rq_base32_to_text(&octets, out);
  return rq_cur_left(&value->octets) > 0;
}

static int salt_text(const rq_value *value, rq_out *out) {
  if (!hex_text(value, out)) rq_out_u8(out, '-');
  return 1;
}

static int types_text(const rq_value *value, rq_out *out) {
  rq_bits it;
  uint16_t type;
  size_t mark = rq_out_wanted(out);
  rq_windows_begin(&it, &value->octets);
  while (rq_bits_next(&it, &type)) {
    if (rq_out_wanted(out) > mark) rq_out_u8(out, ' ');
    rq_type_text(type, out);
  }
  return 1;
}

static int params_text(const rq_value *value, unsigned style, rq_out *out) {
  return rq_params_to_text(&value->octets, style, out);
}

/* An OPT record has no master file form (RFC 6891, 6.1.2). */
static int options_text(const rq_value *value, rq_out *out) {
  (void)value;
  (void)out;
  return 0;
}

/* What every style shows alike is written plainly. */
static const struct {
  int (*plain)(const rq_value *, rq_out *);
  int (*styled)(const rq_value *, unsigned, rq_out *);
} writers[RQ_KINDS] = {[RQ_K_U8] = {.plain = number_text},        [RQ_K_U16] = {.plain = number_text},
                       [RQ_K_U32] = {.plain = number_text},       [RQ_K_TIME] = {.plain = time_text},
                       [RQ_K_TYPE] = {.plain = type_text},        [RQ_K_A] = {.plain = a_text},
                       [RQ_K_AAAA] = {.plain = aaaa_text},        [RQ_K_NAME] = {.styled = name_text},
                       [RQ_K_WHOLE_NAME] = {.styled = name_text}, [RQ_K_STRING] = {.styled = quoted_text},
                       [RQ_K_STRINGS] = {.styled = strings_text}, [RQ_K_TAG] = {.plain = tag_text},
                       [RQ_K_TEXT] = {.styled = quoted_text},     [RQ_K_HEX] = {.plain = hex_text},
                       [RQ_K_BASE64] = {.plain = base64_text},    [RQ_K_SALT] = {.plain = salt_text},
                       [RQ_K_BASE32] = {.plain = base32_text},    [RQ_K_TYPES] = {.plain = types_text},
                       [RQ_K_PARAMS] = {.styled = params_text},   [RQ_K_OPTIONS] = {.plain = options_text}};

int rq_value_to_text(const rq_value *value, unsigned style, rq_out *out) {
  uint8_t kind = value->field->kind;
  if (writers[kind].styled != NULL) return writers[kind].styled(value, style, out);
  return writers[kind].plain != NULL && writers[kind].plain(value, out);
}

/* --- whole RDATA --- */

/* The fields with a blank between them; a field that writes nothing (an empty type bitmap) gets none. */
static int fields_to_text(rq_rdata *it, unsigned style, rq_out *out) {
  rq_value value;
  size_t start = rq_out_wanted(out);
  int more;
  while ((more = rq_rdata_next(it, &value)) == 1) {
    size_t mark = rq_out_wanted(out);
    if (mark > start) rq_out_u8(out, ' ');
    size_t begun = rq_out_wanted(out);
    if (!rq_value_to_text(&value, style, out)) return 0;
    if (rq_out_wanted(out) == begun) rq_out_rewind(out, mark);
  }
  return more == 0;
}

void rq_generic_to_text(const rq_cur *rdata, unsigned style, rq_out *out) {
  rq_cur octets = *rdata;
  rq_special_to_text('\\', style, out);
  rq_out_text(out, "# ");
  rq_decimal_text(rq_cur_left(&octets), out);
  if (rq_cur_left(&octets) > 0) rq_out_u8(out, ' ');
  rq_hex_to_text(&octets, out);
}

void rq_rdata_to_text(uint16_t rrtype, const rq_cur *rdata, unsigned style, rq_out *out) {
  const rq_type *type = rq_type_find(rrtype);
  size_t mark = rq_out_wanted(out);
  int written = 0;
  if (type != NULL) {
    rq_rdata it;
    rq_rdata_begin(&it, type, rdata);
    written = type->shape == RQ_SHAPE_LOC ? rq_loc_to_text(&it, out) : fields_to_text(&it, style, out);
  }
  if (written) return;
  rq_out_rewind(out, mark);
  rq_generic_to_text(rdata, style, out);
}

/* --- names of numbers --- */

void rq_class_to_text(uint16_t number, rq_out *out) {
  static const char *const names[] = {[1] = "IN", [3] = "CH", [4] = "HS", [254] = "NONE", [255] = "ANY"};
  if (number < sizeof names / sizeof names[0] && names[number] != NULL) {
    rq_out_text(out, names[number]);
  } else {
    rq_out_text(out, "CLASS");
    rq_decimal_text(number, out);
  }
}

const char *rq_rcode_name(uint16_t rcode) {
  static const char *const names[] = {
      [0] = "NOERROR",  [1] = "FORMERR",    [2] = "SERVFAIL", [3] = "NXDOMAIN",  [4] = "NOTIMP",
      [5] = "REFUSED",  [6] = "YXDOMAIN",   [7] = "YXRRSET",  [8] = "NXRRSET",   [9] = "NOTAUTH",
      [10] = "NOTZONE", [11] = "DSOTYPENI", [16] = "BADVERS", [17] = "BADKEY",   [18] = "BADTIME",
      [19] = "BADMODE", [20] = "BADNAME",   [21] = "BADALG",  [22] = "BADTRUNC", [23] = "BADCOOKIE"};
  return rcode < sizeof names / sizeof names[0] ? names[rcode] : NULL;
}

void rq_rcode_to_text(uint16_t rcode, rq_out *out) {
  const char *name = rq_rcode_name(rcode);
  if (name != NULL) {
    rq_out_text(out, name);
  } else {
    rq_out_text(out, "RCODE");
    rq_decimal_text(rcode, out);
  }
}

/* --- for Python, see rq_api.h --- */

int32_t rq_rdata_text(uint16_t rrtype, const uint8_t *rdata, uint32_t len, char *out, uint32_t cap, uint32_t *actual) {
  rq_cur octets;
  rq_out o;
  rq_cur_init(&octets, rdata, len);
  rq_out_init(&o, (uint8_t *)out, cap);
  rq_rdata_to_text(rrtype, &octets, RQ_STYLE_ZONE, &o);
  *actual = (uint32_t)rq_out_wanted(&o);
  return (int32_t)rq_out_stored(&o);
}
