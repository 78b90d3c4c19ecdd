/* rq_json_value.c: field values as JSON in the forms of zdns, one writer for each kind of rq_kind.def; see rq_json.h.
 *
 * Numbers are numbers, lists arrays, octets hexadecimal or base64, what is not there null. Serves RFC 8259.
 * SPDX-License-Identifier: MIT */
#include "rq_json.h"
#include "rq_param.h"
#include "rq_text.h"

/* A name's text has backslashes and quotes of its own. */
void rq_json_bare_escaped(const rq_name *name, rq_out *out) {
  uint8_t text[RQ_TEXT_MAX];
  rq_out o;
  rq_cur octets;
  rq_out_init(&o, text, sizeof text);
  rq_bare_name_to_text(name, &o);
  rq_cur_init(&octets, text, rq_out_stored(&o));
  rq_json_escaped(&octets, out);
}

void rq_json_bare_name(const rq_name *name, rq_out *out) {
  uint8_t text[RQ_NAME_MAX];
  unsigned plain = rq_name_plain(name, text);
  rq_out_u8(out, '"');
  if (plain > 1)
    rq_out_octets(out, text, plain - 1);
  else
    rq_json_bare_escaped(name, out);
  rq_out_u8(out, '"');
}

/* --- one writer for each kind: 1, or 0 when the value has no form --- */

static int number_json(const rq_value *value, rq_out *out) {
  rq_decimal_text(value->number, out);
  return 1;
}

static int bit_json(const rq_value *value, rq_out *out) {
  rq_text_put(out, value->number != 0 ? "true" : "false");
  return 1;
}

/* Presentation text. No octets at all, which it may refuse, are an empty string here. */
static int text_json(const rq_value *value, rq_out *out) {
  rq_out_u8(out, '"');
  (void)rq_value_to_text(value, RQ_STYLE_JSON, out);
  rq_out_u8(out, '"');
  return 1;
}

static int hex_json(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  rq_out_u8(out, '"');
  rq_hex_to_text(&octets, out);
  rq_out_u8(out, '"');
  return 1;
}

static int base64_json(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  rq_out_u8(out, '"');
  rq_base64_to_text(&octets, out);
  rq_out_u8(out, '"');
  return 1;
}

static int name_json(const rq_value *value, rq_out *out) {
  rq_json_bare_name(&value->name, out);
  return 1;
}

static int gateway_json(const rq_value *value, rq_out *out) {
  return value->told == RQ_GATEWAY_NAME ? name_json(value, out) : text_json(value, out);
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
    if (!first) rq_text_put(out, "\\n");
    first = 0;
    rq_json_escaped(&string, out);
  }
  rq_out_u8(out, '"');
  return 1;
}

/* --- arrays: each item is taken from the cursor and written --- */

static void u8_item(rq_cur *octets, rq_out *out) {
  rq_decimal_text(rq_cur_u8(octets), out);
}

static void u16_item(rq_cur *octets, rq_out *out) {
  rq_decimal_text(rq_cur_u16(octets), out);
}

static void key_item(rq_cur *octets, rq_out *out) {
  rq_out_u8(out, '"');
  rq_param_key_to_text(rq_cur_u16(octets), out);
  rq_out_u8(out, '"');
}

static void a_item(rq_cur *octets, rq_out *out) {
  rq_out_u8(out, '"');
  rq_ipv4_text(octets, out);
  rq_out_u8(out, '"');
}

static void aaaa_item(rq_cur *octets, rq_out *out) {
  rq_out_u8(out, '"');
  rq_ipv6_text(octets, out);
  rq_out_u8(out, '"');
}

static void id_item(rq_cur *octets, rq_out *out) {
  rq_cur string;
  rq_strings_next(octets, &string);
  rq_json_octets(&string, out);
}

static void name_item(rq_cur *octets, rq_out *out) {
  rq_name name;
  rq_names_next(octets, &name);
  rq_json_bare_name(&name, out);
}

static void prefix_item(rq_cur *octets, rq_out *out) {
  rq_prefix prefix;
  rq_prefixes_next(octets, &prefix);
  rq_text_put(out, prefix.negated ? "{\"negation\":true" : "{\"negation\":false");
  rq_text_put(out, ",\"network\":\"");
  rq_prefix_to_text(&prefix, out);
  rq_text_put(out, "\"}");
}

static void (*const items[RQ_KINDS])(rq_cur *, rq_out *) = {
    [RQ_K_U8S] = u8_item, [RQ_K_U16S] = u16_item,   [RQ_K_KEYS] = key_item,   [RQ_K_AS] = a_item,
    [RQ_K_IDS] = id_item, [RQ_K_AAAAS] = aaaa_item, [RQ_K_NAMES] = name_item, [RQ_K_PREFIXES] = prefix_item};

static int items_json(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  const char *before = "";
  rq_out_u8(out, '[');
  while (rq_cur_left(&octets) > 0) {
    rq_text_put(out, before);
    before = ",";
    items[value->field->kind](&octets, out);
  }
  rq_out_u8(out, ']');
  return 1;
}

static int ports_json(const rq_value *value, rq_out *out) {
  rq_bits it;
  uint16_t port;
  const char *before = "";
  rq_bits_begin(&it, &value->octets);
  rq_out_u8(out, '[');
  while (rq_bits_next(&it, &port)) {
    rq_text_put(out, before);
    before = ",";
    rq_decimal_text(port, out);
  }
  rq_out_u8(out, ']');
  return 1;
}

/* --- objects within: service parameters by name, EDNS options in a list --- */

static int value_json(const rq_value *value, rq_out *out);

/* The value of a parameter is its only field, `true` when it has none. */
static int param_json(const rq_type *param, rq_cur *octets, rq_out *out) {
  rq_rdata it;
  rq_value value;
  if (param == NULL) {
    rq_json_octets(octets, out);
    return 1;
  }
  rq_rdata_begin(&it, param, octets);
  if (rq_rdata_next(&it, &value) == 1) return value_json(&value, out);
  rq_text_put(out, "true");
  return 1;
}

static int params_json(const rq_value *value, rq_out *out) {
  rq_cur rest = value->octets, octets;
  uint16_t key;
  const char *before = "\"";
  int fits = 1;
  rq_out_u8(out, '{');
  while (fits && rq_pairs_next(&rest, &key, &octets)) {
    rq_text_put(out, before);
    before = ",\"";
    rq_param_key_to_text(key, out);
    rq_text_put(out, "\":");
    fits = param_json(rq_param_find(key), &octets, out);
  }
  rq_out_u8(out, '}');
  return fits;
}

/* The fields of an option by their names; the octets of one that is unknown or does not fit. */
static void option_json(uint16_t code, rq_cur *octets, rq_out *out) {
  const rq_type *option = rq_option_find(code);
  rq_text_put(out, "{\"code\":");
  rq_decimal_text(code, out);
  if (option != NULL) rq_json_text("name", option->mnemonic, out);
  size_t mark = rq_out_wanted(out);
  if (option == NULL || !rq_json_fields(option, octets, out)) {
    rq_out_rewind(out, mark);
    rq_json_key("data", out);
    rq_out_u8(out, '"');
    rq_hex_to_text(octets, out);
    rq_out_u8(out, '"');
  }
  rq_out_u8(out, '}');
}

void rq_json_options(const rq_cur *options, rq_out *out) {
  rq_cur rest = *options, value;
  uint16_t code;
  const char *before = "";
  rq_out_u8(out, '[');
  while (rq_pairs_next(&rest, &code, &value)) {
    rq_text_put(out, before);
    before = ",";
    option_json(code, &value, out);
  }
  rq_out_u8(out, ']');
}

static int options_json(const rq_value *value, rq_out *out) {
  rq_json_options(&value->octets, out);
  return 1;
}

/* --- the table of them --- */

static int (*const writers[RQ_KINDS])(const rq_value *, rq_out *) = {
    [RQ_K_U8] = number_json,
    [RQ_K_U16] = number_json,
    [RQ_K_U32] = number_json,
    [RQ_K_U48] = number_json,
    [RQ_K_U64] = number_json,
    [RQ_K_TIME] = text_json,
    [RQ_K_TYPE] = number_json,
    [RQ_K_ERROR] = number_json,
    [RQ_K_CERT_TYPE] = text_json,
    [RQ_K_ALGORITHM] = text_json,
    [RQ_K_SCHEME] = number_json,
    [RQ_K_BIT] = bit_json,
    [RQ_K_GATEWAY_TYPE] = number_json,
    [RQ_K_RELAY_TYPE] = number_json,
    [RQ_K_PREFIX] = number_json,
    [RQ_K_FORMAT] = number_json,
    [RQ_K_FAMILY] = number_json,
    [RQ_K_SOURCE] = number_json,
    [RQ_K_HIP_ALGORITHM] = number_json,
    [RQ_K_A] = text_json,
    [RQ_K_AAAA] = text_json,
    [RQ_K_EUI48] = text_json,
    [RQ_K_EUI64] = text_json,
    [RQ_K_LOCATOR] = text_json,
    [RQ_K_COOKIE] = text_json,
    [RQ_K_SUFFIX] = text_json,
    [RQ_K_SUBNET] = text_json,
    [RQ_K_GATEWAY] = gateway_json,
    [RQ_K_NAME] = name_json,
    [RQ_K_WHOLE_NAME] = name_json,
    [RQ_K_PREFIX_NAME] = name_json,
    [RQ_K_NAMES] = items_json,
    [RQ_K_STRING] = octets_json,
    [RQ_K_TAG] = octets_json,
    [RQ_K_SALT] = text_json,
    [RQ_K_BASE32] = text_json,
    [RQ_K_COUNTED] = base64_json,
    [RQ_K_HIT] = hex_json,
    [RQ_K_HIP_KEY] = base64_json,
    [RQ_K_TEXT] = octets_json,
    [RQ_K_UTF8] = octets_json,
    [RQ_K_HEX] = hex_json,
    [RQ_K_NSAP] = text_json,
    [RQ_K_ATM] = hex_json,
    [RQ_K_BASE64] = base64_json,
    [RQ_K_DATA64] = base64_json,
    [RQ_K_OCTETS] = hex_json,
    [RQ_K_STRINGS] = strings_json,
    [RQ_K_MAYBE_STRING] = strings_json,
    [RQ_K_TYPES] = text_json,
    [RQ_K_LOW_TYPES] = text_json,
    [RQ_K_PORTS] = ports_json,
    [RQ_K_PREFIXES] = items_json,
    [RQ_K_OPTIONS] = options_json,
    [RQ_K_PARAMS] = params_json,
    [RQ_K_U8S] = items_json,
    [RQ_K_U16S] = items_json,
    [RQ_K_KEYS] = items_json,
    [RQ_K_IDS] = items_json,
    [RQ_K_AS] = items_json,
    [RQ_K_AAAAS] = items_json,
    [RQ_K_SERVER_COOKIE] = text_json,
};

/* A field that its layout leaves out is null. A kind without a writer makes the whole RDATA \#. */
static int value_json(const rq_value *value, rq_out *out) {
  int (*write)(const rq_value *, rq_out *) = writers[value->field->kind];
  if (!value->absent) return write != NULL && write(value, out);
  rq_text_put(out, "null");
  return 1;
}

int rq_json_fields(const rq_type *type, const rq_cur *octets, rq_out *out) {
  rq_rdata it;
  rq_value value;
  int more;
  rq_rdata_begin(&it, type, octets);
  while ((more = rq_rdata_next(&it, &value)) == 1) {
    rq_json_key(value.field->zdns != NULL ? value.field->zdns : value.field->name, out);
    if (!value_json(&value, out)) return 0;
  }
  return more == 0;
}
