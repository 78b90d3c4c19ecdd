/* exhaustive.c: every string of up to six octets over twelve hostile ones, as text, as a name and inside messages.
 *
 * Each lies against a page that cannot be read, once with its end and once with its beginning, so that a single octet
 * read outside ends the program. What comes back is held against the contracts of rq_name.h, rq_rr.h and rq_msg.h. An
 * argument shortens the longest string. Serves RFC 1035 sections 3.1 and 4.1, RFC 9267. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "wire/rq_msg.h"

#define LONGEST 6
#define LETTERS 12
#define FIELDS_LONGEST 5 /* RDATA of every type up to here, of three types beyond */
#define CHECK(condition) check((condition) != 0, #condition, __LINE__)

/* A page between two that cannot be touched. */
typedef struct page {
  uint8_t *begin, *end;
} page;

/* What stands before the string, and what is done with both. */
typedef struct shape {
  const char *what;
  const char *head;
  size_t head_len;
  void (*run)(const uint8_t *octets, size_t len);
} shape;

static void run_name(const uint8_t *octets, size_t len);
static void run_text(const uint8_t *octets, size_t len);
static void run_message(const uint8_t *octets, size_t len);
static void run_rdata(const uint8_t *octets, size_t len);
static unsigned long enumerate(const shape *s, const uint8_t letters[LETTERS], size_t longest);
static unsigned long enumerate_rdata(const uint8_t letters[LETTERS], size_t longest);

static const uint8_t hostile[LETTERS] = {0, 1, 2, 3, 0x3f, 0x40, 0x80, 0xbf, 0xc0, 0xc1, 0xff, 'a'};
static const uint8_t hostile_text[LETTERS] = {'.', '\\', '0', '2', '5', '6', 'a', ' ', 0, '-', 0x7f, 0xc3};

/* Headers that promise one entry; as labels their own octets read "a", and three octets from the third on. */
#define HEAD(questions, answers) "\1a\0\3\0" questions "\0" answers "\0\0\0\0"
#define SHAPE(what, head, run) \
  { what, head, sizeof(head) - 1, run }

int main(int argc, char **argv) {
  static const shape shapes[] = {
      SHAPE("names", "", run_name),
      SHAPE("names behind a header", HEAD("\1", "\0"), run_name),
      SHAPE("questions", HEAD("\1", "\0"), run_message),
      SHAPE("records", HEAD("\0", "\1"), run_message),
      SHAPE("RDLENGTH and RDATA", HEAD("\0", "\1") "\0\0\2\0\1\0\0\0\0", run_message),
  };
  size_t longest = argc > 1 ? strtoul(argv[1], NULL, 10) : LONGEST;
  unsigned long calls = 0;
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) calls += enumerate(&shapes[i], hostile, longest);
  const shape text = SHAPE("texts", "", run_text);
  calls += enumerate(&text, hostile_text, longest);
  calls += enumerate_rdata(hostile, longest);
  printf("exhaustive: %lu strings of up to %zu octets, each against both guard pages, nothing read outside\n", calls,
         longest);
  return EXIT_SUCCESS;
}

static void check(int holds, const char *what, int line) {
  if (holds) return;
  fprintf(stderr, "exhaustive.c:%d: does not hold: %s\n", line, what);
  abort();
}

static page page_new(void) {
  size_t size = (size_t)sysconf(_SC_PAGESIZE);
  uint8_t *area = mmap(NULL, 3 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(area != MAP_FAILED);
  CHECK(mprotect(area + size, size, PROT_READ | PROT_WRITE) == 0);
  return (page){area + size, area + 2 * size};
}

static void page_free(page p) {
  size_t size = (size_t)(p.end - p.begin);
  CHECK(munmap(p.begin - size, 3 * size) == 0);
}

/* Counts up: the next string of `len` letters, 0 after the last. */
static int next_string(uint8_t *string, uint8_t digits[LONGEST], size_t len, const uint8_t letters[LETTERS]) {
  for (size_t i = 0; i < len; i++) {
    digits[i] = (uint8_t)((digits[i] + 1) % LETTERS);
    string[i] = letters[digits[i]];
    if (digits[i] != 0) return 1;
  }
  return 0;
}

/* All strings of one length behind the head: flush with the page's end, then with its beginning. */
static unsigned long enumerate_length(const shape *s, const uint8_t letters[LETTERS], size_t len, page p) {
  size_t size = s->head_len + len;
  uint8_t *places[] = {p.end - size, p.begin};
  unsigned long calls = 0;
  for (size_t i = 0; i < 2; i++) {
    uint8_t digits[LONGEST] = {0}, *string = places[i] + s->head_len;
    if (s->head_len > 0) memcpy(places[i], s->head, s->head_len);
    memset(string, letters[0], len);
    do {
      s->run(places[i], size);
      calls++;
    } while (next_string(string, digits, len, letters));
  }
  return calls / 2;
}

static unsigned long enumerate(const shape *s, const uint8_t letters[LETTERS], size_t longest) {
  unsigned long calls = 0;
  page p = page_new();
  for (size_t len = 0; len <= longest && len <= LONGEST; len++) calls += enumerate_length(s, letters, len, p);
  page_free(p);
  return calls;
}

/* RDATA of every type in the table, in a record whose RDLENGTH is right. */
static unsigned long enumerate_rdata(const uint8_t letters[LETTERS], size_t longest) {
  unsigned long calls = 0;
  page p = page_new();
  const rq_type *type;
  for (uint32_t row = 0; (type = rq_type_row(row)) != NULL; row++) {
    int deep = type->number == 2 || type->number == 16 || type->number == 47; /* NS, TXT, NSEC: all loops there are */
    for (size_t len = 0; len <= longest && len <= (deep ? LONGEST : FIELDS_LONGEST); len++) {
      char head[] = HEAD("\0", "\1") "\0\0\0\0\1\0\0\0\0\0\0";
      head[13] = (char)(type->number / 256);
      head[14] = (char)(type->number % 256);
      head[22] = (char)len;
      const shape s = {type->mnemonic, head, sizeof head - 1, run_rdata};
      calls += enumerate_length(&s, letters, len, p);
    }
  }
  page_free(p);
  return calls;
}

/* --- what is done with a string --- */

static int is_valid(const rq_name *name) {
  size_t at = 0;
  while (at < name->len && name->octets[at] != 0) {
    if (name->octets[at] > 63) return 0;
    at += name->octets[at] + 1u;
  }
  return at + 1 == name->len;
}

/* Read at the last six octets or fewer; a name that reads also skips, to the same end. */
static void run_name(const uint8_t *octets, size_t len) {
  rq_cur c, skipped;
  rq_name name;
  rq_cur_init(&c, octets, len);
  rq_cur_skip(&c, len > RQ_HEADER_SIZE ? RQ_HEADER_SIZE : 0);
  size_t begin = rq_cur_pos(&c);
  skipped = c;
  rq_name_read(&c, &name);
  rq_name_skip(&skipped);
  CHECK(is_valid(&name) && rq_cur_pos(&c) <= len && rq_cur_pos(&skipped) <= len);
  if (rq_cur_good(&c)) {
    CHECK(rq_cur_pos(&c) > begin && rq_cur_good(&skipped) && rq_cur_pos(&skipped) == rq_cur_pos(&c));
  } else {
    CHECK(name.len == 1 && rq_cur_left(&c) == 0);
  }
}

/* A name that parses shows as a text that parses to the same name. */
static void run_text(const uint8_t *octets, size_t len) {
  rq_name name, again;
  uint8_t text[RQ_TEXT_MAX];
  rq_out out;
  int flaw = rq_name_parse(octets, len, &name);
  CHECK(flaw >= RQ_FLAW_NONE && flaw <= RQ_FLAW_OCTET && is_valid(&name));
  if (flaw != RQ_FLAW_NONE) return;
  rq_out_init(&out, text, sizeof text);
  rq_name_text(&name, &out);
  CHECK(rq_name_parse(text, rq_out_stored(&out), &again) == RQ_FLAW_NONE && rq_name_identical(&name, &again));
}

/* The message promises one question or one record: it is there, or it is truncated or malformed. */
static void run_message(const uint8_t *octets, size_t len) {
  rq_summary summary;
  int32_t status = rq_msg_open(octets, (uint32_t)len, &summary);
  unsigned whole = summary.counts[RQ_QUESTION] + summary.counts[RQ_ANSWER];
  CHECK(status == RQ_OK || status == RQ_TRUNCATED || status == RQ_MALFORMED);
  CHECK(summary.length <= len && whole == (status == RQ_OK));
  CHECK(summary.length >= RQ_HEADER_SIZE && (status == RQ_OK || summary.length == RQ_HEADER_SIZE));
}

/* Walks what a checked value holds; each walk ends, inside the value. */
static void run_value(const rq_value *value) {
  rq_cur rest = value->octets, part;
  rq_types types;
  uint16_t number;
  switch (value->field->kind) {
    case RQ_K_STRINGS:
      while (rq_strings_next(&rest, &part)) {
      }
      CHECK(rq_cur_done(&rest));
      break;
    case RQ_K_PARAMS:
    case RQ_K_OPTIONS:
      while (rq_pairs_next(&rest, &number, &part)) {
      }
      CHECK(rq_cur_done(&rest));
      break;
    case RQ_K_TYPES:
      rq_types_begin(&types, &rest);
      for (uint32_t last = 0; rq_types_next(&types, &number); last = number) CHECK(last == 0 || number > last);
      break;
    default:
      break;
  }
}

/* The record is there whatever its RDATA; what fits fits uncompressed too, and reads the same. */
static void run_rdata(const uint8_t *octets, size_t len) {
  uint8_t block[2 * RQ_NAME_MAX];
  rq_walk walk;
  rq_record record;
  rq_rdata it;
  rq_value value;
  rq_out out;
  rq_cur expanded;
  CHECK(rq_walk_begin(&walk, octets, len) == RQ_OK && rq_walk_record(&walk, &record) == 1);
  int more = 1;
  rq_rdata_begin(&it, rq_type_find(record.rrtype), &record.rdata);
  while ((more = rq_rdata_next(&it, &value)) == 1) run_value(&value);
  CHECK((more == 0) == rq_rdata_fits(record.rrtype, &record.rdata));
  rq_out_init(&out, block, sizeof block);
  rq_rdata_expand(record.rrtype, &record.rdata, &out);
  rq_cur_init(&expanded, block, rq_out_stored(&out));
  CHECK(more != 0 || rq_rdata_fits(record.rrtype, &expanded));
}
