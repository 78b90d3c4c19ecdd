/* steps.c: counts the steps that the costliest messages take, at up to 64 KiB: twice the octets, twice the steps.
 *
 * The core is compiled with -fsanitize-coverage=trace-pc, so every branch taken adds one, and without turning copies
 * into calls of memcpy, so every octet copied adds one too. No clock is read: the figures are the same on any machine.
 * Each family of messages has a bound k for opening it and one for rendering it, in steps an octet; a new worst case is
 * a line in `families`. Serves RFC 9267, CVE-2024-8508, CVE-2026-41292. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "lookup/rq_chain.h"
#include "renderers.h"

#define LARGEST 65535u
#define OUT_MAX (64u << 20)
#define PASSES 8   /* of rq_chain_answers */
#define GROWTH 2.1 /* times the steps for twice the octets, at the most: the first few hundred octets are cheap */

/* A message in the making: records are added while whole ones fit. */
typedef struct message {
  uint8_t octets[LARGEST];
  size_t len, size;
  uint16_t counts[4];
} message;

typedef struct family {
  const char *what;
  void (*fill)(message *m);
  uint32_t open, render; /* steps an octet, at the most */
} family;

static uint64_t steps;
void __sanitizer_cov_trace_pc(void);

/* Called by the instrumented core at every branch taken. */
void __sanitizer_cov_trace_pc(void) {
  steps++;
}

/* --- building --- */

enum {
  NS = 2,
  CNAME = 5,
  WKS = 11,
  MINFO = 14,
  TXT = 16,
  OPT = 41,
  APL = 42,
  DS = 43,
  NSEC = 47,
  DNSKEY = 48,
  HIP = 55
};
enum { HTTPS = 65, NONE = 65280 };

static void put(message *m, const void *octets, size_t n) {
  memcpy(m->octets + m->len, octets, n);
  m->len += n;
}

static void put16(message *m, unsigned v) {
  const uint8_t octets[] = {(uint8_t)(v / 256u), (uint8_t)v};
  put(m, octets, sizeof octets);
}

static int fits(const message *m, size_t n) {
  return m->size - m->len >= n && m->counts[RQ_ANSWER] < 65535 && m->counts[RQ_ADDITIONAL] < 65535;
}

static void record(message *m, int section, const void *owner, size_t owner_len, unsigned type, const void *rdata,
                   size_t len) {
  put(m, owner, owner_len);
  put16(m, type);
  put16(m, 1);
  put16(m, 0);
  put16(m, 300);
  put16(m, (unsigned)len);
  put(m, rdata, len);
  m->counts[section]++;
}

/* A record of the root whose RDATA is `head`, then `unit` as often as it goes. */
static void filled(message *m, int section, unsigned type, const void *head, size_t head_len, const void *unit,
                   size_t unit_len) {
  static uint8_t rdata[LARGEST];
  size_t room = m->size - m->len - 11, len = head_len;
  memcpy(rdata, head, head_len);
  for (; room - len >= unit_len; len += unit_len) memcpy(rdata + len, unit, unit_len);
  record(m, section, "", 1, type, rdata, len);
}

#define OCTETS(text) text, sizeof(text) - 1

/* 127 labels of one octet, each with a pointer to the one before: the longest chain, and the name of most labels. The
 * octet is one that text shows as four. Returns where the whole name begins. */
static unsigned chain_put(message *m) {
  uint8_t chain[2 + 1 + 126 * 4] = {1, 0xff, 0};
  unsigned at = (unsigned)m->len + 11, last = at;
  size_t len = 3;
  for (; len < sizeof chain - 1; len += 4) {
    const uint8_t link[] = {1, 0xff, (uint8_t)(0xc0 + last / 256), (uint8_t)last};
    memcpy(chain + len, link, sizeof link);
    last = at + (unsigned)len;
  }
  record(m, RQ_ANSWER, "", 1, NONE, chain, len);
  return last;
}

/* --- families --- */

/* Each of the first questions is one label and a pointer to the one before. */
static void questions_of_chains(message *m) {
  unsigned last = (unsigned)m->len;
  put(m, OCTETS("\1\xff\0\0\1\0\1"));
  for (m->counts[RQ_QUESTION] = 1; m->counts[RQ_QUESTION] < 127; m->counts[RQ_QUESTION]++) {
    const uint8_t question[] = {1, 0xff, (uint8_t)(0xc0 + last / 256), (uint8_t)last, 0, 1, 0, 1};
    last = (unsigned)m->len;
    put(m, question, sizeof question);
  }
  const uint8_t question[] = {(uint8_t)(0xc0 + last / 256), (uint8_t)last, 0, 1, 0, 1};
  for (; fits(m, 6); m->counts[RQ_QUESTION]++) put(m, question, sizeof question);
}

static void owners_and_targets_of_chains(message *m) {
  unsigned at = chain_put(m);
  const uint8_t pointer[] = {(uint8_t)(0xc0 + at / 256), (uint8_t)at};
  while (fits(m, 14)) record(m, RQ_ANSWER, pointer, 2, NS, pointer, 2);
}

static void many_names_of_chains(message *m) {
  unsigned at = chain_put(m);
  const uint8_t pointers[] = {(uint8_t)(0xc0 + at / 256), (uint8_t)at, (uint8_t)(0xc0 + at / 256), (uint8_t)at};
  while (fits(m, 16)) record(m, RQ_ANSWER, pointers, 2, MINFO, pointers, 4);
}

static void pointers_to_a_long_name(message *m) {
  uint8_t name[255];
  unsigned at = (unsigned)m->len + 11;
  for (size_t i = 0; i < 192; i += 64) memset(name + i, 0xff, 64), name[i] = 63;
  memset(name + 192, 0xff, 62), name[192] = 61, name[254] = 0;
  record(m, RQ_ANSWER, "", 1, NS, name, sizeof name);
  const uint8_t pointer[] = {0xc0, (uint8_t)at};
  while (fits(m, 14)) record(m, RQ_ANSWER, pointer, 2, NS, pointer, 2);
}

/* Names that fail, at the end of the longest way: the record is there, its RDATA does not fit. */
static void targets_beyond_the_longest_chain(message *m) {
  unsigned at = chain_put(m);
  const uint8_t rdata[] = {1, 'a', (uint8_t)(0xc0 + at / 256), (uint8_t)at};
  while (fits(m, 15)) record(m, RQ_ANSWER, "", 1, NS, rdata, sizeof rdata);
}

static void empty_records(message *m) {
  while (fits(m, 11)) record(m, RQ_ANSWER, "", 1, NONE, "", 0);
}

static void empty_options(message *m) {
  filled(m, RQ_ADDITIONAL, OPT, OCTETS(""), OCTETS("\0\x0a\0\0"));
}

static void unknown_options(message *m) {
  filled(m, RQ_ADDITIONAL, OPT, OCTETS(""), OCTETS("\xff\xff\0\1\xff"));
}

static void extended_errors(message *m) {
  filled(m, RQ_ADDITIONAL, OPT, OCTETS(""), OCTETS("\0\x0f\0\3\0\1\xff"));
}

static void many_opt_records(message *m) {
  while (fits(m, 19)) record(m, RQ_ADDITIONAL, "", 1, OPT, OCTETS("\0\x0a\0\0\0\3\0\0"));
}

static void many_ill_fitting_opt_records(message *m) {
  while (fits(m, 16)) record(m, RQ_ADDITIONAL, "", 1, OPT, OCTETS("\0\x0a\0\0\0"));
}

/* Long ones, the last octet of each is one too many: every scan for EDNS goes through all of them. */
static void long_ill_fitting_opt_records(message *m) {
  uint8_t rdata[1001];
  for (size_t i = 0; i < 1000; i += 4) memcpy(rdata + i, "\0\x0a\0\0", 4);
  rdata[1000] = 0;
  while (fits(m, 11 + sizeof rdata)) record(m, RQ_ADDITIONAL, "", 1, OPT, rdata, sizeof rdata);
}

static void full_bitmaps(message *m) {
  uint8_t rdata[1 + 7 * 34] = {0};
  for (size_t i = 0; i < 7; i++) {
    memset(rdata + 1 + 34 * i, 0xff, 34);
    rdata[1 + 34 * i] = (uint8_t)(200 + i);
    rdata[2 + 34 * i] = 32;
  }
  while (fits(m, 11 + sizeof rdata)) record(m, RQ_ANSWER, "", 1, NSEC, rdata, sizeof rdata);
}

static void bitmaps_of_one_type(message *m) {
  uint8_t rdata[1 + 256 * 3] = {0};
  for (size_t i = 0; i < 256; i++) {
    const uint8_t window[] = {(uint8_t)i, 1, 1};
    memcpy(rdata + 1 + 3 * i, window, 3);
  }
  while (fits(m, 11 + sizeof rdata)) record(m, RQ_ANSWER, "", 1, NSEC, rdata, sizeof rdata);
}

static void empty_strings(message *m) {
  filled(m, RQ_ANSWER, TXT, OCTETS(""), OCTETS("\0"));
}

static void strings_of_one_octet(message *m) {
  filled(m, RQ_ANSWER, TXT, OCTETS(""), OCTETS("\1\xff"));
}

/* UTF-8 that goes wrong at its last octet. */
static void strings_of_almost_utf8(message *m) {
  filled(m, RQ_ANSWER, TXT, OCTETS(""), OCTETS("\x10\xf0\x90\x80\xff\xf0\x90\x80\xff\xf0\x90\x80\xff\xf0\x90\x80\xff"));
}

static void address_prefixes(message *m) {
  filled(m, RQ_ANSWER, APL, OCTETS(""), OCTETS("\0\1\0\0"));
}

/* A parameter for each key from 7 on, none of which has a value. */
static void service_keys(message *m) {
  static uint8_t rdata[LARGEST];
  size_t room = m->size - m->len - 11, len = 3;
  memcpy(rdata, "\0\1\0", 3);
  for (unsigned key = 7; room - len >= 4; key++, len += 4) {
    const uint8_t pair[] = {(uint8_t)(key / 256u), (uint8_t)key, 0, 0};
    memcpy(rdata + len, pair, sizeof pair);
  }
  record(m, RQ_ANSWER, "", 1, HTTPS, rdata, len);
}

/* One parameter fills a record: `key` with a value of `unit`s. */
static void service_values(message *m, unsigned key, const void *unit, size_t unit_len) {
  static uint8_t head[7];
  size_t room = m->size - m->len - 11 - sizeof head, len = room - room % unit_len;
  const uint8_t octets[] = {0, 1, 0, 0, (uint8_t)key, (uint8_t)(len / 256u), (uint8_t)len};
  memcpy(head, octets, sizeof head);
  filled(m, RQ_ANSWER, HTTPS, head, sizeof head, unit, unit_len);
}

/* Every key is mandatory, and every key is there: half of the octets each. */
static void mandatory_keys(message *m) {
  static uint8_t rdata[LARGEST];
  size_t room = m->size - m->len - 11 - 7, keys = room / 6, len = 7;
  const uint8_t head[] = {0, 1, 0, 0, 0, (uint8_t)(2 * keys / 256u), (uint8_t)(2 * keys)};
  memcpy(rdata, head, sizeof head);
  for (unsigned key = 7; key < 7 + keys; key++, len += 2)
    rdata[len] = (uint8_t)(key / 256u), rdata[len + 1] = (uint8_t)key;
  for (unsigned key = 7; key < 7 + keys; key++, len += 4) {
    const uint8_t pair[] = {(uint8_t)(key / 256u), (uint8_t)key, 0, 0};
    memcpy(rdata + len, pair, sizeof pair);
  }
  record(m, RQ_ANSWER, "", 1, HTTPS, rdata, len);
}

static void protocols(message *m) {
  service_values(m, 1, OCTETS("\1,"));
}

static void hints(message *m) {
  service_values(m, 4, OCTETS("\xff\xff\xff\xff"));
}

/* All 65,536 ports. */
static void ports(message *m) {
  static uint8_t rdata[5 + 8192];
  memset(rdata, 0xff, sizeof rdata);
  while (fits(m, 11 + sizeof rdata)) record(m, RQ_ANSWER, "", 1, WKS, rdata, sizeof rdata);
  filled(m, RQ_ANSWER, WKS, OCTETS("\1\2\3\4\6"), OCTETS("\xff"));
}

static void lists_of_names(message *m) {
  filled(m, RQ_ANSWER, HIP, OCTETS("\0\2\0\0"), OCTETS("\0"));
}

static void lists_of_long_names(message *m) {
  filled(m, RQ_ANSWER, HIP, OCTETS("\0\2\0\0"), OCTETS("\1\xff\1.\1\\\0"));
}

static void whole_addresses(message *m) {
  filled(m, RQ_ANSWER, APL, OCTETS(""), OCTETS("\0\2\200\x10\1\0\0\1\0\0\1\0\0\1\0\0\1\0\0\1"));
}

static void subnets(message *m) {
  filled(m, RQ_ADDITIONAL, OPT, OCTETS(""), OCTETS("\0\x08\0\4\0\1\0\0"));
}

static void trust_points(message *m) {
  filled(m, RQ_ADDITIONAL, OPT, OCTETS(""), OCTETS("\0\x0d\0\3\1\xff\0"));
}

/* One option fills the record: `code` with a value of `unit`s. */
static void option_values(message *m, unsigned code, const void *unit, size_t unit_len) {
  size_t room = m->size - m->len - 11 - 4, len = room - room % unit_len;
  const uint8_t head[] = {0, (uint8_t)code, (uint8_t)(len / 256u), (uint8_t)len};
  filled(m, RQ_ADDITIONAL, OPT, head, sizeof head, unit, unit_len);
}

static void algorithms(message *m) {
  option_values(m, 5, OCTETS("\xff"));
}

static void key_tags(message *m) {
  option_values(m, 14, OCTETS("\xff\xff"));
}

static void padding(message *m) {
  option_values(m, 12, OCTETS("\0"));
}

static void keys(message *m) {
  filled(m, RQ_ANSWER, DNSKEY, OCTETS("\1\0\3\x0d"), OCTETS("\xff"));
}

static void digests(message *m) {
  filled(m, RQ_ANSWER, DS, OCTETS("\1\0\x0d\2"), OCTETS("\xff"));
}

static void paths(message *m) {
  service_values(m, 7, OCTETS("\""));
}

/* A chain of CNAME records behind many others, the first of it last: each pass finds one more. */
static void aliases_in_reverse(message *m) {
  put(m, OCTETS("\1z\0\0\1\0\1"));
  m->counts[RQ_QUESTION] = 1;
  while (fits(m, 17 * 26)) record(m, RQ_ANSWER, "\1-", 3, CNAME, "\1-", 3);
  for (uint8_t octet = 'b'; octet <= 'z'; octet++) {
    const uint8_t owner[] = {1, octet, 0}, target[] = {1, (uint8_t)(octet - 1), 0};
    record(m, RQ_ANSWER, owner, 3, CNAME, target, 3);
  }
}

static const family families[] = {
    {"questions of chains", questions_of_chains, 700, 3600},
    {"owners and targets of chains", owners_and_targets_of_chains, 300, 3600},
    {"many names of chains", many_names_of_chains, 300, 3600},
    {"pointers to a long name", pointers_to_a_long_name, 40, 4200},
    {"targets beyond the longest chain", targets_beyond_the_longest_chain, 10, 900},
    {"empty records", empty_records, 10, 125},
    {"empty options", empty_options, 10, 80},
    {"unknown options", unknown_options, 10, 80},
    {"extended errors", extended_errors, 10, 80},
    {"many OPT records", many_opt_records, 10, 80},
    {"many ill-fitting OPT records", many_ill_fitting_opt_records, 10, 90},
    {"long ill-fitting OPT records", long_ill_fitting_opt_records, 10, 80},
    {"full bitmaps", full_bitmaps, 1, 900},
    {"bitmaps of one type", bitmaps_of_one_type, 1, 80},
    {"empty strings", empty_strings, 1, 80},
    {"strings of one octet", strings_of_one_octet, 1, 80},
    {"strings of almost UTF-8", strings_of_almost_utf8, 1, 80},
    {"address prefixes", address_prefixes, 1, 80},
    {"service keys", service_keys, 1, 80},
    {"mandatory keys", mandatory_keys, 1, 80},
    {"protocols", protocols, 1, 80},
    {"hints", hints, 1, 80},
    {"ports", ports, 10, 600},
    {"lists of names", lists_of_names, 10, 90},
    {"lists of long names", lists_of_long_names, 10, 90},
    {"whole addresses", whole_addresses, 10, 90},
    {"subnets", subnets, 10, 90},
    {"trust points", trust_points, 10, 90},
    {"algorithms", algorithms, 10, 90},
    {"key tags", key_tags, 10, 90},
    {"padding", padding, 10, 90},
    {"keys", keys, 10, 90},
    {"digests", digests, 10, 90},
    {"paths", paths, 10, 90},
    {"aliases in reverse", aliases_in_reverse, 10, 100},
};

/* --- counting --- */

/* The message of about `size` octets; their exact number is m->len. */
static void message_make(message *m, const family *f, size_t size) {
  *m = (message){.size = size, .len = RQ_HEADER_SIZE};
  f->fill(m);
  for (size_t i = 0; i < 4; i++) {
    m->octets[4 + 2 * i] = (uint8_t)(m->counts[i] / 256u);
    m->octets[5 + 2 * i] = (uint8_t)m->counts[i];
  }
}

static int32_t open_message(const uint8_t *wire, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  rq_summary summary;
  (void)out, (void)cap;
  *actual = 0;
  return rq_msg_open(wire, len, &summary);
}

static int32_t judge_message(const uint8_t *wire, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  (void)out, (void)cap;
  *actual = 0;
  return rq_chain_answers(wire, len);
}

static int32_t columns_of_message(const uint8_t *wire, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  const int32_t length = (int32_t)len;
  rq_columns *columns = rq_columns_new(RQ_COLUMNS_MESSAGES, RQ_WITH_AUTHORITY | RQ_WITH_ADDITIONAL, 0, OUT_MAX);
  (void)out, (void)cap;
  int32_t status = columns == NULL ? RQ_NO_MEMORY : rq_columns_joined(columns, wire, len, &length, 1);
  *actual = columns == NULL ? 0 : (uint32_t)rq_columns_octets(columns);
  rq_columns_free(columns);
  return status;
}

static uint64_t steps_of(render run, const message *m, uint32_t *actual) {
  static uint8_t out[OUT_MAX];
  steps = 0;
  int32_t stored = run(m->octets, (uint32_t)m->len, out, OUT_MAX, actual);
  if (stored < 0) fprintf(stderr, "refused: %d\n", stored), exit(EXIT_FAILURE);
  return steps;
}

static double growth(uint64_t less, uint64_t more) {
  return more == 0 ? 1 : (double)more / (double)(less > 0 ? less : 1);
}

/* What the bounds are there to notice: a message that is opened again for each 16 octets. */
static int32_t open_again_and_again(const uint8_t *wire, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  for (uint32_t cut = RQ_HEADER_SIZE; cut < len; cut += 16) open_message(wire, cut, out, cap, actual);
  return 0;
}

/* Prints the line of one family and one call, at a quarter, half and all of `largest`; 1 if it is within its bounds. */
static int within(const family *f, const char *what, render run, uint32_t k, size_t largest) {
  static message m;
  uint64_t took[3];
  uint32_t actual = 0;
  for (size_t i = 0; i < 3; i++) {
    message_make(&m, f, (largest + 1) / 4 * (1u << i) - 1);
    took[i] = steps_of(run, &m, &actual);
  }
  double each = (double)took[2] / (double)m.len, first = growth(took[0], took[1]), second = growth(took[1], took[2]);
  int good = each <= k && first <= GROWTH && second <= GROWTH;
  printf("%-33s %-24s %9llu steps %7.1f/octet (k %4u) x%.2f x%.2f %9u octets out%s\n", f->what, what,
         (unsigned long long)took[2], each, k, first, second, actual, good ? "" : "  TOO MANY");
  return good;
}

int main(void) {
  static const family quadratic = {"a bound that is broken", empty_records, 1u << 30, 1u << 30};
  int good = 1;
  size_t count = sizeof families / sizeof families[0];
  for (size_t i = 0; i < count; i++) {
    const family *f = &families[i];
    good &= within(f, "open", open_message, f->open, LARGEST);
    good &= within(f, "columns", columns_of_message, f->render, LARGEST);
    good &= within(f, "judge", judge_message, PASSES * f->open, LARGEST);
    for (size_t r = 0; r < RENDERERS && renderers[r].kind == 'm'; r++)
      good &= within(f, renderers[r].name, renderers[r].run, f->render, renderers[r].basic ? LARGEST : LARGEST / 2);
  }
  good &= !within(&quadratic, "open again and again", open_again_and_again, 1u << 30, LARGEST);
  printf("steps: %zu families, %s\n", count, good ? "all linear" : "NOT all linear");
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
