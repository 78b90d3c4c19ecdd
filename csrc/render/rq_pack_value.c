/* rq_pack_value.c: one MessagePack writer for each kind of field that few types have; see rq_pack_value.h.
 *
 * The kinds of which most answers are made stand in rq_pack.c, where they cost the least. Fields come checked, so
 * nothing here can fail. Serves RFC 2874, RFC 3123, RFC 4025, RFC 7871, RFC 9460. SPDX-License-Identifier: MIT */
#include "rq_pack_value.h"

#include "../wire/rq_addr.h"
#include "rq_pack.h"

#define FAMILY_IPV4 1 /* also a gateway's type (RFC 4025, 2.3) */

enum { ADDRESS_TEXT = 48 }; /* octets that hold any address as text */

/* The next address of the cursor, as str. */
static void pack_address(int is_ipv4, rq_cur *octets, rq_out *out) {
  uint8_t text[ADDRESS_TEXT];
  rq_out o;
  rq_out_init(&o, text, sizeof text);
  if (is_ipv4)
    rq_ipv4_text(octets, &o);
  else
    rq_ipv6_text(octets, &o);
  rq_pack_str(text, rq_out_stored(&o), out);
}

/* An address of which some octets are there, `before` zeros on their left and the rest on their right. */
static void pack_padded(int is_ipv4, size_t before, const rq_cur *octets, rq_out *out) {
  uint8_t address[RQ_IPV6_SIZE];
  rq_cur some = *octets, whole;
  rq_out o;
  rq_out_init(&o, address, sizeof address);
  for (; before > 0; before--) rq_out_u8(&o, 0);
  rq_out_take(&o, &some, rq_cur_left(&some));
  while (rq_out_wanted(&o) < sizeof address) rq_out_u8(&o, 0);
  rq_cur_init(&whole, address, sizeof address);
  pack_address(is_ipv4, &whole, out);
}

static void bit_pack(const rq_value *value, rq_out *out) {
  rq_pack_bool(value->number != 0, out);
}

static void suffix_pack(const rq_value *value, rq_out *out) {
  pack_padded(0, RQ_IPV6_SIZE - rq_cur_left(&value->octets), &value->octets, out);
}

static void subnet_pack(const rq_value *value, rq_out *out) {
  pack_padded(value->told == FAMILY_IPV4, 0, &value->octets, out);
}

static void name_pack(const rq_value *value, rq_out *out) {
  rq_pack_name(&value->name, out);
}

static void gateway_pack(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  if (value->told == RQ_GATEWAY_NAME)
    name_pack(value, out);
  else
    pack_address(value->told == FAMILY_IPV4, &octets, out);
}

static void maybe_string_pack(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets, string;
  if (rq_strings_next(&octets, &string)) rq_pack_bin(&string, out);
}

static void octets_pack(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  rq_pack_bin(&octets, out);
}

static void utf8_pack(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  rq_pack_utf8(&octets, out);
}

/* --- lists --- */

static void names_pack(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  rq_name name;
  uint32_t count = 0;
  size_t begun = rq_pack_array_begin(out);
  for (; rq_names_next(&octets, &name); count++) rq_pack_name(&name, out);
  rq_pack_array_end(begun, count, out);
}

static void bits_pack(const rq_value *value, rq_out *out) {
  rq_bits it;
  uint16_t number;
  uint32_t count = 0;
  size_t begun = rq_pack_array_begin(out);
  rq_bits_begin(&it, &value->octets);
  for (; rq_bits_next(&it, &number); count++) rq_pack_uint(number, out);
  rq_pack_array_end(begun, count, out);
}

static void prefixes_pack(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  rq_prefix prefix;
  uint32_t count = 0;
  size_t begun = rq_pack_array_begin(out);
  for (; rq_prefixes_next(&octets, &prefix); count++) {
    rq_pack_array(4, out);
    rq_pack_uint(prefix.family, out);
    rq_pack_uint(prefix.bits, out);
    rq_pack_bool(prefix.negated, out);
    pack_padded(prefix.family == FAMILY_IPV4, 0, &prefix.address, out);
  }
  rq_pack_array_end(begun, count, out);
}

static void u8s_pack(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  rq_pack_array((uint32_t)rq_cur_left(&octets), out);
  while (rq_cur_left(&octets) > 0) rq_pack_uint(rq_cur_u8(&octets), out);
}

static void u16s_pack(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  rq_pack_array((uint32_t)(rq_cur_left(&octets) / 2), out);
  while (rq_cur_left(&octets) > 0) rq_pack_uint(rq_cur_u16(&octets), out);
}

static void ids_pack(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets, string;
  uint32_t count = 0;
  size_t begun = rq_pack_array_begin(out);
  for (; rq_strings_next(&octets, &string); count++) rq_pack_bin(&string, out);
  rq_pack_array_end(begun, count, out);
}

static void ipv4s_pack(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  rq_pack_array((uint32_t)(rq_cur_left(&octets) / RQ_IPV4_SIZE), out);
  while (rq_cur_left(&octets) > 0) pack_address(1, &octets, out);
}

static void ipv6s_pack(const rq_value *value, rq_out *out) {
  rq_cur octets = value->octets;
  rq_pack_array((uint32_t)(rq_cur_left(&octets) / RQ_IPV6_SIZE), out);
  while (rq_cur_left(&octets) > 0) pack_address(0, &octets, out);
}

int rq_pack_value(const rq_value *value, rq_out *out) {
  static void (*const writers[RQ_KINDS])(const rq_value *, rq_out *) = {
      [RQ_K_BIT] = bit_pack,         [RQ_K_SUFFIX] = suffix_pack,     [RQ_K_SUBNET] = subnet_pack,
      [RQ_K_GATEWAY] = gateway_pack, [RQ_K_PREFIX_NAME] = name_pack,  [RQ_K_MAYBE_STRING] = maybe_string_pack,
      [RQ_K_UTF8] = utf8_pack,       [RQ_K_NAMES] = names_pack,       [RQ_K_LOW_TYPES] = bits_pack,
      [RQ_K_PORTS] = bits_pack,      [RQ_K_PREFIXES] = prefixes_pack, [RQ_K_U8S] = u8s_pack,
      [RQ_K_U16S] = u16s_pack,       [RQ_K_KEYS] = u16s_pack,         [RQ_K_IDS] = ids_pack,
      [RQ_K_AS] = ipv4s_pack,        [RQ_K_AAAAS] = ipv6s_pack,       [RQ_K_SERVER_COOKIE] = octets_pack};
  uint8_t kind = value->field->kind;
  if (writers[kind] == NULL) return 0;
  writers[kind](value, out);
  return 1;
}
