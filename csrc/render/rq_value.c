/* rq_value.c: field values as presentation text, one writer for each kind of rq_kind.def: rq_value_to_text of
 * rq_text.h.
 *
 * Text is BIND's. Never writes what does not read back as the same octets, unless it says so. Serves RFC 1035 section
 * 5.1 and the RFC of each type. SPDX-License-Identifier: MIT */
#include "rq_fold.h"
#include "rq_param.h"
#include "rq_text.h"

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

static int error_text(const rq_value *value, rq_out *out) {
  rq_tsig_error_to_text((uint16_t)value->number, out);
  return 1;
}

static int cert_type_text(const rq_value *value, rq_out *out) {
  rq_cert_type_to_text((uint16_t)value->number, out);
  return 1;
}

static int algorithm_text(const rq_value *value, rq_out *out) {
  rq_algorithm_to_text((uint8_t)value->number, out);
  return 1;
}

static int scheme_text(const rq_value *value, rq_out *out) {
  rq_scheme_to_text((uint8_t)value->number, out);
  return 1;
}

/* What the address that follows tells (ATMA). */
static int no_text(const rq_value *value, rq_out *out) {
  (void)value;
  (void)out;
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

static int hex_text(const rq_value *value, unsigned style, rq_out *out) {
  rq_hex_words_to_text(&value->octets, style, out);
  return rq_cur_left(&value->octets) > 0;
}

static int base64_text(const rq_value *value, unsigned style, rq_out *out) {
  rq_base64_words_to_text(&value->octets, style, out);
  return rq_cur_left(&value->octets) > 0;
}

static int base32_text(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  rq_base32_to_text(&octets, out);
  return rq_cur_left(&value->octets) > 0;
}

static int salt_text(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  if (rq_cur_left(&octets) == 0) rq_out_u8(out, '-');
  rq_hex_to_text(&octets, out);
  return 1;
}

/* Folded, the types of each window have a line of their own. */
static int types_text(const rq_value *value, unsigned style, rq_out *out) {
  rq_bits it;
  uint16_t type;
  int last = -1;
  rq_windows_begin(&it, &value->octets);
  while (rq_bits_next(&it, &type)) {
    if (last >= 0) rq_text_put(out, (style & RQ_STYLE_FOLDED) != 0 && type / 256 > last / 256 ? RQ_BREAK : " ");
    rq_type_text(type, out);
    last = type;
  }
  return 1;
}

static int params_text(const rq_value *value, unsigned style, rq_out *out) {
  return rq_params_to_text(&value->octets, style, out);
}

static int lower_text(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  rq_lower_to_text(&octets, 0, out);
  return 1;
}

static int eui_text(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  rq_lower_to_text(&octets, '-', out);
  return 1;
}

static int locator_text(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  for (unsigned i = 0; i < 4; i++) {
    if (i > 0) rq_out_u8(out, ':');
    rq_group_to_text(rq_cur_u16(&octets), out);
  }
  return 1;
}

/* An address of which some octets are told, `before` others in front of them; the rest is zero. */
static void address_text(const rq_cur *told, size_t before, int is_ipv6, rq_out *out) {
  uint8_t whole[RQ_IPV6_SIZE] = {0};
  rq_cur octets = *told;
  rq_out o;
  rq_out_init(&o, whole + before, sizeof whole - before); /* clips: a length is read again after its check */
  rq_out_take(&o, &octets, rq_cur_left(&octets));
  rq_cur_init(&octets, whole, sizeof whole);
  if (is_ipv6)
    rq_ipv6_text(&octets, out);
  else
    rq_ipv4_text(&octets, out);
}

static int suffix_text(const rq_value *value, rq_out *out) {
  if (!value->absent) address_text(&value->octets, RQ_IPV6_SIZE - rq_cur_left(&value->octets), 1, out);
  return 1;
}

static int subnet_text(const rq_value *value, rq_out *out) {
  address_text(&value->octets, 0, value->told == 2, out);
  return 1;
}

void rq_prefix_to_text(const rq_prefix *prefix, rq_out *out) {
  address_text(&prefix->address, 0, prefix->family == 2, out);
  rq_out_u8(out, '/');
  rq_decimal_text(prefix->bits, out);
}

static int prefixes_text(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  rq_prefix prefix;
  const char *before = "";
  while (rq_prefixes_next(&octets, &prefix)) {
    rq_text_put(out, before);
    before = " ";
    if (prefix.negated) rq_out_u8(out, '!');
    rq_decimal_text(prefix.family, out);
    rq_out_u8(out, ':');
    rq_prefix_to_text(&prefix, out);
  }
  return 1;
}

static int gateway_text(const rq_value *value, unsigned style, rq_out *out) {
  rq_cur octets = value->octets;
  if (value->told == RQ_GATEWAY_NAME)
    rq_styled_name_to_text(&value->name, style, out);
  else if (value->absent)
    rq_out_u8(out, '.');
  else if (rq_cur_left(&octets) == RQ_IPV4_SIZE)
    rq_ipv4_text(&octets, out);
  else
    rq_ipv6_text(&octets, out);
  return 1;
}

static int prefix_name_text(const rq_value *value, unsigned style, rq_out *out) {
  return value->absent || name_text(value, style, out);
}

static int names_text(const rq_value *value, unsigned style, rq_out *out) {
  rq_cur octets = value->octets;
  rq_name name;
  const char *before = "";
  while (rq_names_next(&octets, &name)) {
    rq_text_put(out, before);
    before = (style & RQ_STYLE_FOLDED) != 0 ? RQ_BREAK : " ";
    rq_styled_name_to_text(&name, style, out);
  }
  return 1;
}

static int maybe_string_text(const rq_value *value, unsigned style, rq_out *out) {
  return value->absent || strings_text(value, style, out);
}

/* How many octets, and these in base64, which may fold. */
static int counted_text(const rq_value *value, unsigned style, rq_out *out) {
  int folded = (style & RQ_STYLE_FOLDED) != 0;
  rq_decimal_text(value->number, out);
  if (value->number == 0) return 1;
  rq_text_put(out, folded ? " (" RQ_BREAK : " ");
  base64_text(value, style, out);
  if (folded) rq_text_put(out, " )");
  return 1;
}

/* In one word, however long. */
static int key_text(const rq_value *value, rq_out *out) {
  return base64_text(value, RQ_STYLE_ZONE, out);
}

static int hit_text(const rq_value *value, rq_out *out) {
  return hex_text(value, RQ_STYLE_ZONE, out);
}

static int data64_text(const rq_value *value, rq_out *out) {
  if (!key_text(value, out)) rq_out_u8(out, '-');
  return 1;
}

static int nsap_text(const rq_value *value, rq_out *out) {
  rq_text_put(out, "0x");
  return lower_text(value, out) && rq_cur_left(&value->octets) > 0;
}

/* Digits of an international number after a plus sign; octets of any other address (af-dans-0152). */
static int atm_text(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  if (rq_cur_left(&octets) == 0 || value->told > 1) return 0;
  if (value->told == 0) return lower_text(value, out);
  rq_out_u8(out, '+');
  while (rq_cur_left(&octets) > 0) {
    uint8_t octet = rq_cur_u8(&octets);
    if (octet < '0' || octet > '9') return 0;
    rq_out_u8(out, octet);
  }
  return 1;
}

/* The numbers of a bitmap that has no windows; each is written behind a blank, if there is one before it. */
static int bits_text(const rq_value *value, void (*write)(uint16_t, rq_out *), rq_out *out) {
  rq_bits it;
  uint16_t number;
  const char *before = "";
  rq_bits_begin(&it, &value->octets);
  while (rq_bits_next(&it, &number)) {
    rq_text_put(out, before);
    before = " ";
    write(number, out);
  }
  return 1;
}

static void port_write(uint16_t port, rq_out *out) {
  rq_decimal_text(port, out);
}

static int low_types_text(const rq_value *value, rq_out *out) {
  return bits_text(value, rq_type_text, out);
}

static int ports_text(const rq_value *value, rq_out *out) {
  return bits_text(value, port_write, out);
}

/* --- lists of service parameters and options: commas, no blanks --- */

/* One item of a list: takes it from the cursor and writes it. */
static void item_to_text(uint8_t kind, rq_cur *octets, rq_out *out) {
  if (kind == RQ_K_AS) rq_ipv4_text(octets, out);
  if (kind == RQ_K_AAAAS) rq_ipv6_text(octets, out);
  if (kind == RQ_K_KEYS) rq_param_key_to_text(rq_cur_u16(octets), out);
  if (kind == RQ_K_U16S) rq_decimal_text(rq_cur_u16(octets), out);
  if (kind == RQ_K_U8S) rq_decimal_text(rq_cur_u8(octets), out);
}

static int list_text(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  const char *before = "";
  while (rq_cur_left(&octets) > 0) {
    rq_text_put(out, before);
    before = ",";
    item_to_text(value->field->kind, &octets, out);
  }
  return 1;
}

/* An octet of a string that is listed between commas within quotes: both want escapes (RFC 9460, appendix A.1). */
static void listed_octet(uint8_t octet, unsigned style, rq_out *out) {
  if (octet == ',' || octet == '\\') rq_quoted_octet('\\', style, out);
  rq_quoted_octet(octet, style, out);
}

static int ids_text(const rq_value *value, unsigned style, rq_out *out) {
  rq_cur octets = value->octets, id;
  const char *before = "";
  rq_special_to_text('"', style, out);
  while (rq_strings_next(&octets, &id)) {
    rq_text_put(out, before);
    before = ",";
    while (rq_cur_left(&id) > 0) listed_octet(rq_cur_u8(&id), style, out);
  }
  rq_special_to_text('"', style, out);
  return 1;
}

/* --- the table of them: what every style shows alike is written plainly; what has no row has no text --- */

static const struct {
  int (*plain)(const rq_value *, rq_out *);
  int (*styled)(const rq_value *, unsigned, rq_out *);
} writers[RQ_KINDS] = {
    [RQ_K_U8] = {.plain = number_text},
    [RQ_K_U16] = {.plain = number_text},
    [RQ_K_U32] = {.plain = number_text},
    [RQ_K_U48] = {.plain = number_text},
    [RQ_K_U64] = {.plain = number_text},
    [RQ_K_TIME] = {.plain = time_text},
    [RQ_K_TYPE] = {.plain = type_text},
    [RQ_K_ERROR] = {.plain = error_text},
    [RQ_K_CERT_TYPE] = {.plain = cert_type_text},
    [RQ_K_ALGORITHM] = {.plain = algorithm_text},
    [RQ_K_SCHEME] = {.plain = scheme_text},
    [RQ_K_BIT] = {.plain = number_text},
    [RQ_K_GATEWAY_TYPE] = {.plain = number_text},
    [RQ_K_RELAY_TYPE] = {.plain = number_text},
    [RQ_K_PREFIX] = {.plain = number_text},
    [RQ_K_FORMAT] = {.plain = no_text},
    [RQ_K_FAMILY] = {.plain = number_text},
    [RQ_K_SOURCE] = {.plain = number_text},
    [RQ_K_HIP_ALGORITHM] = {.plain = number_text},
    [RQ_K_A] = {.plain = a_text},
    [RQ_K_AAAA] = {.plain = aaaa_text},
    [RQ_K_EUI48] = {.plain = eui_text},
    [RQ_K_EUI64] = {.plain = eui_text},
    [RQ_K_LOCATOR] = {.plain = locator_text},
    [RQ_K_COOKIE] = {.plain = lower_text},
    [RQ_K_SUFFIX] = {.plain = suffix_text},
    [RQ_K_SUBNET] = {.plain = subnet_text},
    [RQ_K_GATEWAY] = {.styled = gateway_text},
    [RQ_K_NAME] = {.styled = name_text},
    [RQ_K_WHOLE_NAME] = {.styled = name_text},
    [RQ_K_PREFIX_NAME] = {.styled = prefix_name_text},
    [RQ_K_NAMES] = {.styled = names_text},
    [RQ_K_STRING] = {.styled = quoted_text},
    [RQ_K_TAG] = {.plain = tag_text},
    [RQ_K_SALT] = {.plain = salt_text},
    [RQ_K_BASE32] = {.plain = base32_text},
    [RQ_K_COUNTED] = {.styled = counted_text},
    [RQ_K_HIT] = {.plain = hit_text},
    [RQ_K_HIP_KEY] = {.plain = key_text},
    [RQ_K_TEXT] = {.styled = quoted_text},
    [RQ_K_UTF8] = {.styled = quoted_text},
    [RQ_K_HEX] = {.styled = hex_text},
    [RQ_K_NSAP] = {.plain = nsap_text},
    [RQ_K_ATM] = {.plain = atm_text},
    [RQ_K_BASE64] = {.styled = base64_text},
    [RQ_K_DATA64] = {.plain = data64_text},
    [RQ_K_STRINGS] = {.styled = strings_text},
    [RQ_K_MAYBE_STRING] = {.styled = maybe_string_text},
    [RQ_K_TYPES] = {.styled = types_text},
    [RQ_K_LOW_TYPES] = {.plain = low_types_text},
    [RQ_K_PORTS] = {.plain = ports_text},
    [RQ_K_PREFIXES] = {.plain = prefixes_text},
    [RQ_K_PARAMS] = {.styled = params_text},
    [RQ_K_U8S] = {.plain = list_text},
    [RQ_K_U16S] = {.plain = list_text},
    [RQ_K_KEYS] = {.plain = list_text},
    [RQ_K_IDS] = {.styled = ids_text},
    [RQ_K_AS] = {.plain = list_text},
    [RQ_K_AAAAS] = {.plain = list_text},
    [RQ_K_SERVER_COOKIE] = {.plain = lower_text},
};

int rq_value_to_text(const rq_value *value, unsigned style, rq_out *out) {
  uint8_t kind = value->field->kind;
  if (writers[kind].styled != NULL) return writers[kind].styled(value, style, out);
  return writers[kind].plain != NULL && writers[kind].plain(value, out);
}
