/* rq_dig_option.c: EDNS options as dig 9.18 prints them; see rq_dig.h.
 *
 * A table by code of what dig has words for; options that it shows as octets are shown so here too, though the table of
 * layouts knows them. Never writes a control character, whatever octets a server sends. Serves RFC 5001, RFC 7871, RFC
 * 7314, RFC 7873, RFC 7828, RFC 7830, RFC 8145, RFC 8914. SPDX-License-Identifier: MIT */
#include "rq_dig.h"

#include "../wire/rq_utf8.h"
#include "rq_fold.h"
#include "rq_text.h"

#define NEXT_LINE 0xC2 /* begins U+0080 to U+009F in UTF-8, control characters, and U+00A0 to U+00BF */

/* --- octets --- */

static int is_printable(uint8_t octet) {
  return octet >= ' ' && octet <= '~';
}

static void hex_text(const rq_cur *value, rq_out *out) {
  rq_cur octets = *value, octet;
  while (rq_cur_left(&octets) > 0) {
    rq_cur_take(&octets, 1, &octet);
    rq_lower_to_text(&octet, 0, out);
    rq_out_u8(out, ' ');
  }
}

/* The first octets as hexadecimal, all of them as text. */
static void dump_text(const rq_cur *value, rq_out *out) {
  rq_cur octets = *value;
  if (rq_cur_left(value) == 0) return;
  rq_out_u8(out, ' ');
  hex_text(value, out);
  rq_text_put(out, "(\"");
  while (rq_cur_left(&octets) > 0) {
    uint8_t octet = rq_cur_u8(&octets);
    rq_out_u8(out, is_printable(octet) ? octet : '.');
  }
  rq_text_put(out, "\")");
}

/* --- one writer for each option that dig has words for: 1, or 0 when the octets are none --- */

/* An address with zeros for what is not told, and how many bits count (RFC 7871, 6). */
static int subnet_text(const rq_cur *value, rq_out *out) {
  uint8_t address[RQ_IPV6_SIZE] = {0};
  rq_cur c = *value, octets;
  uint16_t family = rq_cur_u16(&c);
  uint8_t source = rq_cur_u8(&c), scope = rq_cur_u8(&c);
  uint32_t most = family == 1 ? 32 : family == 2 ? 128 : 0;
  if (family > 2 || source > most || scope > most || rq_cur_left(&c) < (source + 7u) / 8u) return 0;
  rq_cur_copy(&c, address, (source + 7u) / 8u);
  if (!rq_cur_good(&c)) return 0;
  rq_cur_init(&octets, address, sizeof address);
  rq_out_u8(out, ' ');
  if (family == 0) rq_out_u8(out, '0');
  if (family == 1) rq_ipv4_text(&octets, out);
  if (family == 2) rq_ipv6_text(&octets, out);
  rq_out_u8(out, '/');
  rq_decimal_text(source, out);
  rq_out_u8(out, '/');
  rq_decimal_text(scope, out);
  return 1;
}

/* Octets that are no such option stand without their text. */
static int subnet_or_hex_text(const rq_cur *value, rq_out *out) {
  if (subnet_text(value, out) || rq_cur_left(value) == 0) return 1;
  rq_out_u8(out, ' ');
  hex_text(value, out);
  return 1;
}

static int expire_text(const rq_cur *value, rq_out *out) {
  rq_cur c = *value;
  uint32_t seconds = rq_cur_u32(&c);
  if (!rq_cur_done(&c)) return 0;
  rq_out_u8(out, ' ');
  rq_decimal_text(seconds, out);
  rq_text_put(out, " (");
  rq_span_to_text(seconds, out);
  rq_out_u8(out, ')');
  return 1;
}

static int cookie_text(const rq_cur *value, rq_out *out) {
  rq_cur octets = *value;
  if (rq_cur_left(value) > 0) rq_out_u8(out, ' ');
  rq_lower_to_text(&octets, 0, out);
  return 1;
}

/* Tenths of a second (RFC 7828, 3.1). */
static int keepalive_text(const rq_cur *value, rq_out *out) {
  rq_cur c = *value;
  uint16_t tenths = rq_cur_u16(&c);
  if (!rq_cur_done(&c)) return 0;
  rq_out_u8(out, ' ');
  rq_decimal_text(tenths / 10u, out);
  rq_out_u8(out, '.');
  rq_decimal_text(tenths % 10u, out);
  rq_text_put(out, " secs");
  return 1;
}

static int padding_text(const rq_cur *value, rq_out *out) {
  if (rq_cur_left(value) == 0) return 1;
  rq_text_put(out, " (");
  rq_decimal_text(rq_cur_left(value), out);
  rq_text_put(out, " bytes)");
  return 1;
}

static int tags_text(const rq_cur *value, rq_out *out) {
  rq_cur octets = *value;
  const char *before = " ";
  if (rq_cur_left(value) % 2u != 0) return 0;
  while (rq_cur_left(&octets) > 0) {
    rq_text_put(out, before);
    before = ", ";
    rq_decimal_text(rq_cur_u16(&octets), out);
  }
  return 1;
}

/* One number (draft-bellis-dnsop-edns-tags). */
static int tag_text(const rq_cur *value, rq_out *out) {
  return rq_cur_left(value) == 2 && tags_text(value, out);
}

static int is_utf8(rq_cur text) {
  while (rq_cur_left(&text) > 0) {
    uint8_t first;
    size_t len = rq_utf8_next(&text, &first);
    if (len == 0) return 0;
    rq_cur_skip(&text, len);
  }
  return 1;
}

/* One character of valid UTF-8; a dot for each octet of a control character. */
static void character_text(rq_cur *text, rq_out *out) {
  rq_cur ahead = *text;
  uint8_t first;
  size_t len = rq_utf8_next(text, &first);
  rq_cur_skip(&ahead, 1);
  int is_control = len == 1 ? !is_printable(first) : first == NEXT_LINE && rq_cur_u8(&ahead) < 0xA0;
  if (!is_control) {
    rq_out_take(out, text, len);
    return;
  }
  rq_cur_skip(text, len);
  for (size_t i = 0; i < len; i++) rq_out_u8(out, '.');
}

/* A code, its name, then text for people, which is UTF-8 (RFC 8914, 2). */
static int error_text(const rq_cur *value, rq_out *out) {
  rq_cur c = *value;
  uint16_t code = rq_cur_u16(&c);
  if (!rq_cur_good(&c)) return 0;
  const char *name = rq_extended_error_name(code);
  rq_out_u8(out, ' ');
  rq_decimal_text(code, out);
  if (name != NULL) {
    rq_text_put(out, " (");
    rq_text_put(out, name);
    rq_out_u8(out, ')');
  }
  if (rq_cur_left(&c) == 0) return 1;
  rq_text_put(out, ": ");
  int valid = is_utf8(c);
  if (!valid) hex_text(&c, out);
  rq_out_u8(out, '(');
  while (rq_cur_left(&c) > 0) {
    if (valid) {
      character_text(&c, out);
    } else {
      uint8_t octet = rq_cur_u8(&c);
      rq_out_u8(out, is_printable(octet) ? octet : '.');
    }
  }
  rq_out_u8(out, ')');
  return 1;
}

void rq_dig_option_text(uint16_t code, const rq_cur *value, rq_out *out) {
  static const struct {
    uint16_t code;
    const char *title;
    int (*write)(const rq_cur *, rq_out *); /* NULL for octets */
  } known[] = {{1, "LLQ", NULL},
               {3, "NSID", NULL},
               {8, "CLIENT-SUBNET", subnet_or_hex_text},
               {9, "EXPIRE", expire_text},
               {10, "COOKIE", cookie_text},
               {11, "TCP KEEPALIVE", keepalive_text},
               {12, "PAD", padding_text},
               {14, "KEY-TAG", tags_text},
               {15, "EDE", error_text},
               {16, "CLIENT-TAG", tag_text},
               {17, "SERVER-TAG", tag_text}};
  size_t i = 0, count = sizeof known / sizeof known[0];
  while (i < count && known[i].code != code) i++;
  rq_text_put(out, "; ");
  if (i < count) {
    rq_text_put(out, known[i].title);
  } else {
    rq_text_put(out, "OPT=");
    rq_decimal_text(code, out);
  }
  rq_out_u8(out, ':');
  if (i == count || known[i].write == NULL || !known[i].write(value, out)) dump_text(value, out);
  rq_out_u8(out, '\n');
}
