/* rq_conf.c: servers and resolv.conf(5) as text -> structs; see rq_conf.h.
 *
 * Exists so that names are looked up where the operating system would. Reads no file and asks no interface: a zone is a
 * number here. What glibc would skip or cap is skipped and capped. SPDX-License-Identifier: MIT */
#include "rq_conf.h"

#include "../wire/rq_addr.h"
#include "../wire/rq_name.h"
#include "rq_lines.h"

#define DNS_PORT 53

/* --- addresses --- */

static int addr_read(rq_cur *text, rq_addr *addr);
static void addr6_read(rq_cur *text, rq_addr *addr);
static void port_read(rq_cur *text, rq_addr *addr);

int32_t rq_addr_parse(const char *text, uint32_t len, rq_addr *addr) {
  rq_cur at;
  rq_cur_init(&at, (const uint8_t *)text, len);
  return addr_read(&at, addr) ? RQ_OK : RQ_ILLEGAL_INPUT;
}

/* 1 and *addr, or 0 and *addr as it was. */
static int addr_read(rq_cur *text, rq_addr *addr) {
  rq_addr got = {.family = 4, .port = DNS_PORT};
  rq_cur four = *text;
  rq_out octets;
  rq_out_init(&octets, got.octets, RQ_IPV4_SIZE);
  rq_ipv4_parse(&four, &octets);
  if (rq_cur_good(&four)) {
    *text = four;
    port_read(text, &got);
  } else if (rq_octet_match(text, '[')) {
    addr6_read(text, &got);
    if (!rq_octet_match(text, ']')) return 0;
    port_read(text, &got);
  } else {
    addr6_read(text, &got);
  }
  if (!rq_cur_done(text)) return 0;
  *addr = got;
  return 1;
}

/* An address with its zone, if there is one (RFC 4007, 11). */
static void addr6_read(rq_cur *text, rq_addr *addr) {
  rq_out octets;
  rq_out_init(&octets, addr->octets, RQ_IPV6_SIZE);
  addr->family = 6;
  rq_ipv6_parse(text, &octets);
  if (rq_octet_match(text, '%')) addr->scope = rq_decimal_parse(text, UINT32_MAX);
}

static void port_read(rq_cur *text, rq_addr *addr) {
  if (!rq_octet_match(text, ':')) return;
  addr->port = (uint16_t)rq_decimal_parse(text, UINT16_MAX);
  if (addr->port == 0) rq_cur_fail(text, RQ_CUR_BROKEN);
}

int32_t rq_addr_text(const rq_addr *addr, char *out, uint32_t cap, uint32_t *actual) {
  rq_out o;
  rq_out_init(&o, (uint8_t *)out, cap);
  rq_addr_write(addr, &o);
  *actual = (uint32_t)rq_out_wanted(&o);
  return (int32_t)rq_out_stored(&o);
}

void rq_addr_write(const rq_addr *addr, rq_out *out) {
  rq_cur octets;
  rq_cur_init(&octets, addr->octets, sizeof addr->octets);
  if (addr->family == 4) {
    rq_ipv4_text(&octets, out);
  } else {
    rq_out_u8(out, '[');
    rq_ipv6_text(&octets, out);
    if (addr->scope > 0) {
      rq_out_u8(out, '%');
      rq_decimal_text(addr->scope, out);
    }
    rq_out_u8(out, ']');
  }
  rq_out_u8(out, ':');
  rq_decimal_text(addr->port, out);
}

/* --- resolv.conf --- */

static void line_read(rq_cur *line, rq_conf *conf);
static void server_read(rq_cur *line, rq_conf *conf);
static void search_read(rq_cur *line, unsigned words, rq_conf *conf);
static void option_read(rq_cur *word, rq_conf *conf);
static void number_read(rq_cur *word, const char *option, uint32_t min, uint32_t max, uint32_t *number);
static int word_next(rq_cur *line, rq_cur *word);
static int ends_word(uint8_t octet);
static int word_match(rq_cur *word, const char *text);
static int word_is(const rq_cur *word, const char *text);
static int word_is_name(const rq_cur *word);

void rq_conf_parse(const char *text, uint32_t len, rq_conf *conf) {
  rq_cur at, line;
  rq_cur_init(&at, (const uint8_t *)text, len);
  *conf = (rq_conf){.ndots = 1, .timeout_s = 5, .attempts = 2};
  while (rq_line_next(&at, 1, &line)) line_read(&line, conf);
}

/* A keyword counts only where its line begins. */
static void line_read(rq_cur *line, rq_conf *conf) {
  rq_cur ahead = *line, word;
  if (rq_is_blank(rq_cur_u8(&ahead)) || !word_next(line, &word)) return;
  if (word_is(&word, "nameserver")) server_read(line, conf);
  if (word_is(&word, "search")) search_read(line, RQ_CONF_SEARCH, conf);
  if (word_is(&word, "domain")) search_read(line, 1, conf);
  if (word_is(&word, "options"))
    while (word_next(line, &word)) option_read(&word, conf);
}

static void server_read(rq_cur *line, rq_conf *conf) {
  rq_cur word;
  if (conf->server_count == RQ_CONF_SERVERS || !word_next(line, &word)) return;
  if (addr_read(&word, &conf->servers[conf->server_count])) conf->server_count++;
}

/* Up to `words` names replace the list (the last line of search or domain wins); a line without any leaves it alone. */
static void search_read(rq_cur *line, unsigned words, rq_conf *conf) {
  rq_cur word;
  rq_out list;
  rq_out_init(&list, (uint8_t *)conf->search, RQ_CONF_SEARCH);
  while (words > 0 && word_next(line, &word)) {
    size_t mark = rq_out_wanted(&list);
    if (!word_is_name(&word)) continue;
    if (mark > 0) rq_out_u8(&list, ' ');
    rq_out_take(&list, &word, rq_cur_left(&word));
    words--;
    if (rq_out_wanted(&list) < RQ_CONF_SEARCH) continue;
    rq_out_rewind(&list, mark); /* no room for it and the NUL */
    break;
  }
  if (rq_out_wanted(&list) > 0) rq_out_u8(&list, 0);
}

/* Limits as in resolv.conf(5); the lower ones keep a lookup possible. */
static void option_read(rq_cur *word, rq_conf *conf) {
  number_read(word, "ndots:", 0, 15, &conf->ndots);
  number_read(word, "timeout:", 1, 30, &conf->timeout_s);
  number_read(word, "attempts:", 1, 5, &conf->attempts);
  if (word_is(word, "rotate")) conf->rotate = 1;
  if (word_is(word, "use-vc")) conf->use_vc = 1;
  if (word_is(word, "edns0")) conf->edns0 = 1;
  if (word_is(word, "trust-ad")) conf->trust_ad = 1;
}

static void number_read(rq_cur *word, const char *option, uint32_t min, uint32_t max, uint32_t *number) {
  rq_cur at = *word;
  if (!word_match(&at, option)) return;
  uint32_t value = rq_decimal_parse(&at, UINT32_MAX);
  if (rq_cur_done(&at)) *number = value < min ? min : value > max ? max : value;
}

/* The next word of a line: 1, or 0 when only blanks or a comment are left. */
static int word_next(rq_cur *line, rq_cur *word) {
  rq_cur ahead;
  size_t len = 0;
  do {
    ahead = *line;
  } while (rq_cur_left(line) > 0 && rq_is_blank(rq_cur_u8(line)));
  *line = ahead;
  while (rq_cur_left(&ahead) > 0 && !ends_word(rq_cur_u8(&ahead))) len++;
  rq_cur_take(line, len, word);
  return len > 0;
}

static int ends_word(uint8_t octet) {
  return rq_is_blank(octet) || octet == '#' || octet == ';';
}

/* Takes `text`; on 0 the cursor stands anywhere. */
static int word_match(rq_cur *word, const char *text) {
  for (size_t i = 0; text[i] != 0; i++)
    if (!rq_octet_match(word, (uint8_t)text[i])) return 0;
  return 1;
}

static int word_is(const rq_cur *word, const char *text) {
  rq_cur at = *word;
  return word_match(&at, text) && rq_cur_done(&at);
}

static int word_is_name(const rq_cur *word) {
  uint8_t text[RQ_TEXT_MAX];
  rq_name name;
  rq_cur at = *word;
  size_t len = rq_cur_left(&at);
  if (len > sizeof text) return 0;
  rq_cur_copy(&at, text, len);
  return rq_name_parse(text, len, &name) == RQ_FLAW_NONE;
}
