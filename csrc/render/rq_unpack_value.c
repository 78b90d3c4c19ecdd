/* rq_unpack_value.c: one reader for each kind of field, from MessagePack to the octets of RDATA; see rq_unpack.h.
 *
 * The other way of rq_pack.c and rq_pack_value.c. Never writes what the interpreter of layouts would not read back as
 * the same value, but for the spelling of names and addresses and the order of what a bitmap holds. Serves the RFC of
 * each type. SPDX-License-Identifier: MIT */
#include "../wire/rq_addr.h"
#include "../wire/rq_utf8.h"
#include "rq_unpack.h"

enum { IPV4 = 1, IPV6 = 2 }; /* families, and types of a gateway (RFC 4025, 2.3) */
enum { PREFIX_MOST = 128 };  /* bits of an IPv6 address */
enum { LOW_TYPES = 128 };    /* types that NXT's bitmap has room for (RFC 2535, 5.2) */
enum { NUMBERS = 65536 };    /* numbers of 16 bits */
enum { WINDOW_SIZE = 32 };   /* octets of a type bitmap's window (RFC 4034, 4.1.2) */
enum { COOKIE_LEAST = 8, COOKIE_MOST = 32 };

/* What a reader works on. `size` and `slot` are the kind's in rq_kind.def: how many octets, or which slot tells that.
 */
typedef struct field {
  rq_filler *filler;
  rq_cur *pack;
  rq_out *out;
  uint8_t size, slot;
} field;

static void refuse(const field *f) {
  rq_cur_fail(f->pack, RQ_CUR_BROKEN);
}

/* --- numbers --- */

static void number_read(const field *f) {
  unsigned bits = 8u * f->size;
  uint64_t number = rq_unpack_uint(f->pack, UINT64_MAX >> (64u - bits));
  f->filler->told[f->slot] = (uint32_t)number;
  for (; bits > 0; bits -= 8) rq_out_u8(f->out, (uint8_t)(number >> (bits - 8) & 255u));
}

static void bit_read(const field *f) {
  f->filler->top = rq_unpack_bool(f->pack) * 128u;
}

static void low_read(const field *f) {
  uint32_t number = (uint32_t)rq_unpack_uint(f->pack, 127);
  f->filler->told[f->slot] = number;
  rq_out_u8(f->out, (uint8_t)(f->filler->top + number));
}

/* --- addresses and names --- */

/* An address in network order; the cursor fails when the item is no text of one. */
static void address_unpack(uint32_t family, rq_cur *pack, uint8_t address[RQ_IPV6_SIZE]) {
  rq_cur text;
  rq_out o;
  rq_out_init(&o, address, RQ_IPV6_SIZE);
  rq_unpack_str(pack, &text);
  if (family == IPV4) rq_ipv4_parse(&text, &o);
  if (family == IPV6) rq_ipv6_parse(&text, &o);
  if (rq_out_wanted(&o) == 0 || !rq_cur_done(&text)) rq_cur_fail(pack, RQ_CUR_BROKEN);
  while (rq_out_wanted(&o) < RQ_IPV6_SIZE) rq_out_u8(&o, 0);
}

static uint32_t address_size(uint32_t family) {
  return family == IPV4 ? RQ_IPV4_SIZE : RQ_IPV6_SIZE;
}

static void address_read(const field *f, uint32_t family) {
  uint8_t address[RQ_IPV6_SIZE];
  address_unpack(family, f->pack, address);
  rq_out_octets(f->out, address, address_size(family));
}

static void ipv4_read(const field *f) {
  address_read(f, IPV4);
}

static void ipv6_read(const field *f) {
  address_read(f, IPV6);
}

static int has_bit(const uint8_t *octets, uint32_t first, uint32_t end) {
  for (; first < end; first++)
    if (octets[first / 8] >> (7 - first % 8) & 1) return 1;
  return 0;
}

/* The bits behind the prefix (RFC 2874, 3.1); those before it are zero. */
static void suffix_read(const field *f) {
  uint8_t address[RQ_IPV6_SIZE];
  uint32_t prefix = f->filler->told[1];
  if (prefix >= PREFIX_MOST) {
    if (prefix > PREFIX_MOST || !rq_unpack_nil(f->pack)) refuse(f);
    return;
  }
  address_unpack(IPV6, f->pack, address);
  if (has_bit(address, 0, prefix)) refuse(f);
  rq_out_octets(f->out, address + prefix / 8, RQ_IPV6_SIZE - prefix / 8);
}

/* The bits of the prefix (RFC 7871, 6); those behind it are zero. */
static void subnet_read(const field *f) {
  uint8_t address[RQ_IPV6_SIZE];
  uint32_t family = f->filler->told[1], bits = f->filler->told[2];
  address_unpack(family, f->pack, address);
  if (bits > address_size(family) * 8 || has_bit(address, bits, PREFIX_MOST)) refuse(f);
  if (rq_cur_good(f->pack)) rq_out_octets(f->out, address, (bits + 7) / 8);
}

static void name_read(const field *f) {
  rq_name name;
  rq_unpack_name(f->pack, &name);
  rq_name_write(&name, f->out);
}

static void prefix_name_read(const field *f) {
  if (f->filler->told[1] > 0)
    name_read(f);
  else if (!rq_unpack_nil(f->pack))
    refuse(f);
}

static void gateway_read(const field *f) {
  uint32_t type = f->filler->told[1];
  if (type == RQ_GATEWAY_NAME)
    name_read(f);
  else if (type == IPV4 || type == IPV6)
    address_read(f, type);
  else if (type != 0 || !rq_unpack_nil(f->pack))
    refuse(f);
}

/* --- octets --- */

static void fixed_read(const field *f) {
  rq_cur octets;
  rq_unpack_bin(f->pack, f->size, &octets);
  if (rq_cur_left(&octets) != f->size) refuse(f);
  rq_out_take(f->out, &octets, rq_cur_left(&octets));
}

static void string_read(const field *f) {
  rq_cur octets;
  rq_unpack_bin(f->pack, UINT8_MAX, &octets);
  rq_out_u8(f->out, (uint8_t)rq_cur_left(&octets));
  rq_out_take(f->out, &octets, rq_cur_left(&octets));
}

static void maybe_string_read(const field *f) {
  if (!rq_unpack_nil(f->pack)) string_read(f);
}

static void counted_read(const field *f) {
  rq_cur octets;
  rq_unpack_bin(f->pack, UINT16_MAX, &octets);
  rq_out_u16(f->out, (uint16_t)rq_cur_left(&octets));
  rq_out_take(f->out, &octets, rq_cur_left(&octets));
}

static void rest_read(const field *f) {
  rq_cur octets;
  rq_unpack_bin(f->pack, RQ_MESSAGE_MAX, &octets);
  rq_out_take(f->out, &octets, rq_cur_left(&octets));
}

static void cookie_read(const field *f) {
  rq_cur octets;
  rq_unpack_bin(f->pack, COOKIE_MOST, &octets);
  if (rq_cur_left(&octets) != 0 && rq_cur_left(&octets) < COOKIE_LEAST) refuse(f);
  rq_out_take(f->out, &octets, rq_cur_left(&octets));
}

static void utf8_read(const field *f) {
  rq_cur text, ahead;
  rq_unpack_str(f->pack, &text);
  ahead = text;
  while (rq_cur_left(&ahead) > 0) {
    uint8_t first;
    size_t len = rq_utf8_next(&ahead, &first);
    rq_cur_skip(&ahead, len);
    if (len > 0) continue;
    refuse(f);
    return;
  }
  rq_out_take(f->out, &text, rq_cur_left(&text));
}

/* HIP tells the sizes of its fields around the algorithm, before them (RFC 8005, 5). */
static void hip_read(const field *f) {
  f->filler->told[1] = (uint32_t)rq_unpack_uint(f->pack, UINT8_MAX);
  f->filler->sizes = rq_out_wanted(f->out);
  rq_out_u32(f->out, 0);
}

static void hit_read(const field *f) {
  rq_cur octets;
  rq_unpack_bin(f->pack, UINT8_MAX, &octets);
  rq_out_patch16(f->out, f->filler->sizes, (uint16_t)(rq_cur_left(&octets) * 256 + f->filler->told[1]));
  rq_out_take(f->out, &octets, rq_cur_left(&octets));
}

static void hip_key_read(const field *f) {
  rq_cur octets;
  rq_unpack_bin(f->pack, UINT16_MAX, &octets);
  rq_out_patch16(f->out, f->filler->sizes + 2, (uint16_t)rq_cur_left(&octets));
  rq_out_take(f->out, &octets, rq_cur_left(&octets));
}

/* --- lists: a failed cursor ends them, whatever their head said --- */

static void each(const field *f, uint32_t least, void (*item_read)(const field *)) {
  uint32_t count = rq_unpack_array(f->pack);
  if (count < least) refuse(f);
  for (; count > 0 && rq_cur_good(f->pack); count--) item_read(f);
}

static void strings_read(const field *f) {
  each(f, 1, string_read);
}

static void id_read(const field *f) {
  size_t before = rq_out_wanted(f->out);
  string_read(f);
  if (rq_out_wanted(f->out) - before < 2) refuse(f); /* an empty one */
}

static void ids_read(const field *f) {
  each(f, 1, id_read);
}

static void names_read(const field *f) {
  each(f, 0, name_read);
}

static void ipv4s_read(const field *f) {
  each(f, 1, ipv4_read);
}

static void ipv6s_read(const field *f) {
  each(f, 1, ipv6_read);
}

static void u8_read(const field *f) {
  rq_out_u8(f->out, (uint8_t)rq_unpack_uint(f->pack, UINT8_MAX));
}

static void u8s_read(const field *f) {
  each(f, 0, u8_read);
}

static void u16_read(const field *f) {
  rq_out_u16(f->out, (uint16_t)rq_unpack_uint(f->pack, UINT16_MAX));
}

static void u16s_read(const field *f) {
  each(f, 0, u16_read);
}

/* The least key that may come next is told in slot 1. */
static void key_read(const field *f) {
  uint32_t key = (uint32_t)rq_unpack_uint(f->pack, UINT16_MAX);
  if (key < f->filler->told[1]) refuse(f);
  f->filler->told[1] = key + 1;
  rq_out_u16(f->out, (uint16_t)key);
}

static void keys_read(const field *f) {
  f->filler->told[1] = 0;
  each(f, 1, key_read);
}

/* [family, bits, negated, address]; zeros at the end of the address are left out (RFC 3123, 4). */
static void prefix_read(const field *f) {
  uint8_t address[RQ_IPV6_SIZE];
  if (rq_unpack_array(f->pack) != 4) refuse(f);
  uint32_t family = (uint32_t)rq_unpack_uint(f->pack, IPV6);
  uint32_t bits = (uint32_t)rq_unpack_uint(f->pack, PREFIX_MOST);
  uint32_t negated = rq_unpack_bool(f->pack), size = address_size(family);
  address_unpack(family, f->pack, address);
  if (bits > size * 8) refuse(f);
  while (size > 0 && address[size - 1] == 0) size--;
  rq_out_u16(f->out, (uint16_t)family);
  rq_out_u8(f->out, (uint8_t)bits);
  rq_out_u8(f->out, (uint8_t)(negated * 128 + size));
  rq_out_octets(f->out, address, size);
}

static void prefixes_read(const field *f) {
  each(f, 0, prefix_read);
}

/* --- bitmaps: the numbers may come in any order --- */

typedef struct bitmap {
  uint8_t octets[NUMBERS / 8];
} bitmap;

static void bitmap_unpack(rq_cur *pack, uint32_t least, uint32_t end, bitmap *map) {
  for (uint32_t count = rq_unpack_array(pack); count > 0 && rq_cur_good(pack); count--) {
    uint32_t number = (uint32_t)rq_unpack_uint(pack, end - 1);
    if (number < least) rq_cur_fail(pack, RQ_CUR_BROKEN);
    if (rq_cur_good(pack)) map->octets[number / 8] = (uint8_t)(map->octets[number / 8] | 128u >> number % 8);
  }
}

/* Octets up to the last that has a bit set. */
static uint32_t used(const uint8_t *octets, uint32_t size) {
  while (size > 0 && octets[size - 1] == 0) size--;
  return size;
}

static void types_read(const field *f) {
  bitmap map = {{0}};
  bitmap_unpack(f->pack, 0, NUMBERS, &map);
  for (uint32_t window = 0; window < NUMBERS / 8 / WINDOW_SIZE; window++) {
    const uint8_t *octets = &map.octets[window * WINDOW_SIZE];
    uint32_t size = used(octets, WINDOW_SIZE);
    if (size == 0) continue;
    rq_out_u8(f->out, (uint8_t)window);
    rq_out_u8(f->out, (uint8_t)size);
    rq_out_octets(f->out, octets, size);
  }
}

static void bits_read(const field *f, uint32_t least, uint32_t end) {
  bitmap map = {{0}};
  bitmap_unpack(f->pack, least, end, &map);
  rq_out_octets(f->out, map.octets, used(map.octets, sizeof map.octets));
}

static void low_types_read(const field *f) {
  bits_read(f, 1, LOW_TYPES); /* type 0 is none */
}

static void ports_read(const field *f) {
  bits_read(f, 0, NUMBERS);
}

/* --- all of them --- */

static void (*const readers[RQ_KINDS])(const field *) = {[RQ_K_U8] = number_read,
                                                         [RQ_K_U16] = number_read,
                                                         [RQ_K_U32] = number_read,
                                                         [RQ_K_U48] = number_read,
                                                         [RQ_K_U64] = number_read,
                                                         [RQ_K_TIME] = number_read,
                                                         [RQ_K_TYPE] = number_read,
                                                         [RQ_K_ERROR] = number_read,
                                                         [RQ_K_CERT_TYPE] = number_read,
                                                         [RQ_K_ALGORITHM] = number_read,
                                                         [RQ_K_SCHEME] = number_read,
                                                         [RQ_K_BIT] = bit_read,
                                                         [RQ_K_GATEWAY_TYPE] = number_read,
                                                         [RQ_K_RELAY_TYPE] = low_read,
                                                         [RQ_K_PREFIX] = number_read,
                                                         [RQ_K_FORMAT] = number_read,
                                                         [RQ_K_FAMILY] = number_read,
                                                         [RQ_K_SOURCE] = number_read,
                                                         [RQ_K_HIP_ALGORITHM] = hip_read,
                                                         [RQ_K_A] = ipv4_read,
                                                         [RQ_K_AAAA] = ipv6_read,
                                                         [RQ_K_EUI48] = fixed_read,
                                                         [RQ_K_EUI64] = fixed_read,
                                                         [RQ_K_LOCATOR] = fixed_read,
                                                         [RQ_K_COOKIE] = fixed_read,
                                                         [RQ_K_SUFFIX] = suffix_read,
                                                         [RQ_K_SUBNET] = subnet_read,
                                                         [RQ_K_GATEWAY] = gateway_read,
                                                         [RQ_K_NAME] = name_read,
                                                         [RQ_K_WHOLE_NAME] = name_read,
                                                         [RQ_K_PREFIX_NAME] = prefix_name_read,
                                                         [RQ_K_NAMES] = names_read,
                                                         [RQ_K_STRING] = string_read,
                                                         [RQ_K_TAG] = string_read,
                                                         [RQ_K_SALT] = string_read,
                                                         [RQ_K_BASE32] = string_read,
                                                         [RQ_K_COUNTED] = counted_read,
                                                         [RQ_K_HIT] = hit_read,
                                                         [RQ_K_HIP_KEY] = hip_key_read,
                                                         [RQ_K_TEXT] = rest_read,
                                                         [RQ_K_UTF8] = utf8_read,
                                                         [RQ_K_HEX] = rest_read,
                                                         [RQ_K_NSAP] = rest_read,
                                                         [RQ_K_ATM] = rest_read,
                                                         [RQ_K_BASE64] = rest_read,
                                                         [RQ_K_DATA64] = rest_read,
                                                         [RQ_K_OCTETS] = rest_read,
                                                         [RQ_K_STRINGS] = strings_read,
                                                         [RQ_K_MAYBE_STRING] = maybe_string_read,
                                                         [RQ_K_TYPES] = types_read,
                                                         [RQ_K_LOW_TYPES] = low_types_read,
                                                         [RQ_K_PORTS] = ports_read,
                                                         [RQ_K_PREFIXES] = prefixes_read,
                                                         [RQ_K_U8S] = u8s_read,
                                                         [RQ_K_U16S] = u16s_read,
                                                         [RQ_K_KEYS] = keys_read,
                                                         [RQ_K_IDS] = ids_read,
                                                         [RQ_K_AS] = ipv4s_read,
                                                         [RQ_K_AAAAS] = ipv6s_read,
                                                         [RQ_K_SERVER_COOKIE] = cookie_read};

void rq_unpack_value(rq_filler *filler, uint8_t kind, rq_cur *pack, rq_out *out) {
  static const struct {
    uint8_t size, slot;
  } kinds[] = {
#define RQ_KIND(kind, layout, size, slot) [RQ_K_##kind] = {size, slot},
#include "../wire/rq_kind.def"
#undef RQ_KIND
  };
  field f = {filler, pack, out, kinds[kind].size, kinds[kind].slot};
  if (readers[kind] != NULL)
    readers[kind](&f);
  else
    refuse(&f);
}
