/* short.c: every string of up to seven octets over twelve hostile ones, as a message, inside messages, as a name, as
 * text and as RDATA of every type.
 *
 * Each lies against a page that cannot be read: with its end at any length, with its beginning up to five octets. What
 * comes back is held against the contracts of rq_name.h, rq_rr.h, rq_msg.h and rq_api.h; a renderer writes into a
 * buffer between canaries and such a page. `short NAME [LONGEST]` does one job, `short` lists them. Serves RFC 1035
 * sections 3.1 and 4.1, RFC 9267. SPDX-License-Identifier: MIT */
#include "c/renderers.h"
#include "guard.h"

#define LONGEST 7
#define LETTERS 12
#define BOTH_SIDES 5    /* nothing counts back from the beginning: up to here has to do */
#define NEW_LAYOUT 5    /* octets of RDATA, for each sequence of kinds of fields */
#define KNOWN_LAYOUT 3  /* for a type that shares its layout with one before it */
#define PARTS 4         /* jobs that share the types */
#define ALL_RENDERERS 6 /* octets; beyond, one renderer of each sort */
#define ROOM 320        /* capacities of the renderers' buffer: 0 to here, in turn */

/* What stands before and after the string, what is done with all three, and with strings up to which length. */
typedef struct job {
  const char *what;
  const uint8_t *letters;
  const char *head;
  size_t head_len;
  const char *tail;
  size_t tail_len;
  void (*run)(const uint8_t *octets, size_t len, int all);
  size_t longest;
} job;

static void run_none(const uint8_t *octets, size_t len, int all);
static void run_name(const uint8_t *octets, size_t len, int all);
static void run_text(const uint8_t *octets, size_t len, int all);
static void run_walk(const uint8_t *octets, size_t len, int all);
static void run_message(const uint8_t *octets, size_t len, int all);
static void run_stream(const uint8_t *octets, size_t len, int all);
static void run_rdata(const uint8_t *octets, size_t len, int all);
static unsigned long strings_try(const job *j, size_t longest);
static unsigned long types_try(uint32_t part, size_t longest);
static unsigned long options_try(size_t longest);
static unsigned long params_try(size_t longest);

/* Why these twelve: 0 is the root, a count of none and a length of none; 1, 2 and 3 are lengths that the string itself
 * can satisfy or just miss; 0x0c points, behind 0xc0, to the first octet after the header; 0x3f is the
 * longest label, 0x40 and 0x80 begin the two reserved kinds, 0xbf ends them and 0xc0 is the first pointer; 0xff points
 * beyond any message, is the last window of a bitmap, and no UTF-8; 'a' is what an octet of a name usually is. */
static const uint8_t hostile[LETTERS] = {0, 1, 2, 3, 0x0c, 0x3f, 0x40, 0x80, 0xbf, 0xc0, 0xff, 'a'};
/* Dots, escapes, digits on both sides of \256, what must be escaped, and what is no ASCII. */
static const uint8_t hostile_text[LETTERS] = {'.', '\\', '0', '2', '5', '6', 'a', ' ', 0, '-', 0x7f, 0xc3};

/* Headers that promise these entries; as labels their own octets read "a", and three octets from the third on. */
#define HEAD(questions, answers, additionals) "\1a\0\3\0" questions "\0" answers "\0\0\0" additionals
#define OCTETS(text) text, sizeof(text) - 1
#define QUESTION "\0\0\2\0\1"
#define RECORD "\0\2\0\1\0\0\0\0\0\1\0" /* after the owner: NS of the root */

static const job jobs[] = {
    {"octets", hostile, OCTETS(""), OCTETS(""), run_none, 7},
    {"names", hostile, OCTETS(""), OCTETS(""), run_name, 7},
    {"names-behind-a-header", hostile, OCTETS(HEAD("\1", "\0", "\0")), OCTETS(""), run_name, 7},
    {"questions", hostile, OCTETS(HEAD("\1", "\0", "\0")), OCTETS(""), run_message, 7},
    {"questions-then-a-record", hostile, OCTETS(HEAD("\1", "\1", "\0")), OCTETS(RECORD), run_message, 6},
    {"answers", hostile, OCTETS(HEAD("\0", "\1", "\0")), OCTETS(""), run_message, 7},
    {"additionals", hostile, OCTETS(HEAD("\0", "\0", "\1")), OCTETS(""), run_message, 6},
    {"owners", hostile, OCTETS(HEAD("\1", "\1", "\0") QUESTION), OCTETS(RECORD), run_message, 6},
    {"lengths-and-rdata", hostile, OCTETS(HEAD("\0", "\1", "\0") "\0\0\2\0\1\0\0\0\0"), OCTETS(""), run_message, 7},
    {"lengths-and-options", hostile, OCTETS(HEAD("\0", "\0", "\1") "\0\0\51\0\1\0\0\0\0"), OCTETS(""), run_message, 7},
    {"counts", hostile, OCTETS("\1a\0\3"), OCTETS("\0" QUESTION "\0" RECORD), run_walk, 7},
    {"streams", hostile, OCTETS(""), OCTETS(""), run_stream, 7},
    {"texts", hostile_text, OCTETS(""), OCTETS(""), run_text, 7},
};

int main(int argc, char **argv) {
  size_t longest = argc > 2 ? strtoul(argv[2], NULL, 10) : LONGEST;
  unsigned long cases = 0;
  guard_begin();
  for (size_t i = 0; i < sizeof jobs / sizeof jobs[0]; i++) {
    if (argc < 2) puts(jobs[i].what);
    if (argc > 1 && strcmp(argv[1], jobs[i].what) == 0) cases = strings_try(&jobs[i], longest);
  }
  for (uint32_t part = 0; part < PARTS; part++) {
    if (argc < 2) printf("rdata-%u\n", part);
    if (argc > 1 && strncmp(argv[1], "rdata-", 6) == 0 && argv[1][6] == (char)('0' + part))
      cases = types_try(part, longest);
  }
  if (argc < 2) puts("options\nparameters");
  if (argc > 1 && strcmp(argv[1], "options") == 0) cases = options_try(longest);
  if (argc > 1 && strcmp(argv[1], "parameters") == 0) cases = params_try(longest);
  if (argc > 1) printf("%lu strings of up to %zu octets\n", cases, longest);
  return argc < 2 || cases > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Counts up: the next string of `len` letters, 0 after the last. */
static int string_next(uint8_t *string, uint8_t digits[LONGEST], size_t len, const uint8_t letters[LETTERS]) {
  for (size_t i = len; i-- > 0;) {
    digits[i] = (uint8_t)((digits[i] + 1) % LETTERS);
    string[i] = letters[digits[i]];
    if (digits[i] != 0) return 1;
  }
  return 0;
}

/* All strings of one length between head and tail; the whole begins at `place`. */
static unsigned long length_try(const job *j, size_t len, uint8_t *place) {
  size_t size = j->head_len + len + j->tail_len;
  uint8_t digits[LONGEST] = {0}, *string = place + j->head_len;
  unsigned long cases = 0;
  memcpy(place, j->head, j->head_len);
  memset(string, j->letters[0], len);
  memcpy(string + len, j->tail, j->tail_len);
  do {
    trying_set(j->what, place, size, 0);
    j->run(place, size, len <= ALL_RENDERERS);
    cases++;
  } while (string_next(string, digits, len, j->letters));
  return cases;
}

static unsigned long strings_try(const job *j, size_t longest) {
  unsigned long cases = 0;
  page p = page_new(1);
  for (size_t len = 0; len <= longest && len <= j->longest; len++) {
    cases += length_try(j, len, p.end - j->head_len - len - j->tail_len);
    if (len <= BOTH_SIDES) length_try(j, len, p.begin);
  }
  page_free(p);
  return cases;
}

/* Whether an earlier row has the same kinds of fields: then it was tried in full, for the reader knows nothing else. */
static int is_known(int table, uint32_t row) {
  const rq_type *type = rq_table_find(table, row), *earlier;
  for (uint32_t i = 0; i < row; i++) {
    earlier = rq_table_find(table, i);
    unsigned k = 0;
    if (earlier->shape != type->shape || earlier->count != type->count) continue;
    while (k < type->count && earlier->fields[k].kind == type->fields[k].kind) k++;
    if (k == type->count) return 1;
  }
  return 0;
}

/* All strings for one row of a table behind a head, `lengths` of whose octets have to be raised by how long they are.
 */
static unsigned long row_try(int table, uint32_t row, char *head, size_t head_len, const uint8_t *length_at,
                             size_t lengths, size_t longest) {
  job j = {rq_table_find(table, row)->mnemonic, hostile, head, head_len, OCTETS(""), run_rdata, NEW_LAYOUT};
  unsigned long cases = 0;
  page p = page_new(1);
  if (is_known(table, row)) j.longest = KNOWN_LAYOUT;
  for (size_t len = 0; len <= longest && len <= j.longest; len++) {
    cases += length_try(&j, len, p.end - head_len - len);
    for (size_t i = 0; i < lengths; i++) head[length_at[i]]++;
  }
  page_free(p);
  return cases;
}

/* RDATA of every type, in a record whose RDLENGTH is right; every `PARTS`th type. */
static unsigned long types_try(uint32_t part, size_t longest) {
  static const uint8_t length_at[] = {22};
  unsigned long cases = 0;
  const rq_type *type;
  for (uint32_t row = part; (type = rq_table_find(RQ_TABLE_TYPES, row)) != NULL; row += PARTS) {
    char head[] = HEAD("\0", "\0", "\1") "\0\0\0\0\1\0\0\0\0\0\0";
    head[13] = (char)(type->number / 256);
    head[14] = (char)(type->number % 256);
    if (type->shape == RQ_SHAPE_NONE) continue;
    cases += row_try(RQ_TABLE_TYPES, row, head, sizeof head - 1, length_at, 1, longest);
  }
  return cases;
}

/* Every EDNS option, alone in its record. */
static unsigned long options_try(size_t longest) {
  static const uint8_t length_at[] = {22, 26};
  unsigned long cases = 0;
  const rq_type *option;
  for (uint32_t row = 0; (option = rq_table_find(RQ_TABLE_OPTIONS, row)) != NULL; row++) {
    char head[] = HEAD("\0", "\0", "\1") "\0\0\51\4\xd0\0\0\0\0\0\4" "\0\0\0\0";
    head[24] = (char)option->number;
    cases += row_try(RQ_TABLE_OPTIONS, row, head, sizeof head - 1, length_at, 2, longest);
  }
  return cases;
}

/* Every service parameter, alone in its record. */
static unsigned long params_try(size_t longest) {
  static const uint8_t length_at[] = {22, 29};
  unsigned long cases = 0;
  const rq_type *param;
  for (uint32_t row = 0; (param = rq_table_find(RQ_TABLE_PARAMS, row)) != NULL; row++) {
    char head[] = HEAD("\0", "\0", "\1") "\0\0\101\0\1\0\0\0\0\0\7" "\0\1\0" "\0\0\0\0";
    head[27] = (char)param->number;
    cases += row_try(RQ_TABLE_PARAMS, row, head, sizeof head - 1, length_at, 2, longest);
  }
  return cases;
}

/* --- what is done with a string --- */

/* One renderer, into a buffer of some capacity that nothing is written outside of. */
static void renderer_try(const renderer *r, const uint8_t *octets, size_t len) {
  static page room;
  static size_t turn;
  if (room.begin == NULL) room = page_new(ROOM + CANARIES);
  size_t cap = turn++ % (ROOM + 1);
  uint8_t *out = room.end - cap;
  uint32_t actual = 0;
  trying_set(r->name, octets, len, cap);
  memset(out - CANARIES, CANARY, CANARIES);
  int32_t stored = r->run(octets, (uint32_t)len, out, (uint32_t)cap, &actual);
  CHECK(stored == RQ_MALFORMED || (size_t)stored == (actual < cap ? actual : cap));
  CHECK(is_canary(out - CANARIES, CANARIES));
}

/* All renderers; of the longest strings, one of each sort: the others of a sort walk as it does. */
static void renderers_try(const uint8_t *octets, size_t len, int all) {
  for (size_t i = 0; i < RENDERERS && renderers[i].kind == 'm'; i++)
    if (all || renderers[i].basic) renderer_try(&renderers[i], octets, len);
}

/* No message: fewer octets than a header. */
static void run_none(const uint8_t *octets, size_t len, int all) {
  rq_summary summary;
  CHECK(rq_msg_open(octets, (uint32_t)len, &summary) == RQ_MALFORMED && summary.length == 0);
  CHECK(rq_msg_check(octets, (uint32_t)len) == RQ_MALFORMED);
  renderers_try(octets, len, all);
}

static int is_valid(const rq_name *name) {
  size_t at = 0;
  while (at < name->len && name->octets[at] != 0) {
    if (name->octets[at] > 63) return 0;
    at += name->octets[at] + 1u;
  }
  return at + 1 == name->len;
}

/* A name that reads also skips, to the same end. */
static void run_name(const uint8_t *octets, size_t len, int all) {
  (void)all;
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
static void run_text(const uint8_t *octets, size_t len, int all) {
  (void)all;
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

/* What the walk gives, the summary counts: each entry lies behind the one before, and all there are means RQ_OK. */
static void run_walk(const uint8_t *octets, size_t len, int all) {
  (void)all;
  rq_summary summary;
  rq_walk walk;
  rq_question question;
  rq_record record;
  size_t at = RQ_HEADER_SIZE;
  uint16_t counts[4] = {0};
  int got = 0;
  int32_t status = rq_msg_open(octets, (uint32_t)len, &summary);
  CHECK(rq_walk_begin(&walk, octets, len) == RQ_OK && summary.status == status);
  while ((got = rq_walk_question(&walk, &question)) == 1) {
    CHECK(is_valid(&question.name) && rq_walk_pos(&walk) >= at + 5 && rq_walk_pos(&walk) <= len);
    at = rq_walk_pos(&walk);
    counts[RQ_QUESTION]++;
  }
  while (got >= 0 && (got = rq_walk_record(&walk, &record)) == 1) {
    CHECK(is_valid(&record.owner) && rq_walk_pos(&walk) >= at + 11 && rq_walk_pos(&walk) <= len);
    at = rq_walk_pos(&walk);
    counts[walk.section]++;
  }
  CHECK(got == RQ_OK || got == RQ_TRUNCATED || got == RQ_MALFORMED);
  int32_t checked = rq_msg_check(octets, (uint32_t)len);
  CHECK(checked == (status == RQ_MALFORMED ? status : summary.rcode + (status == RQ_OK ? 0 : RQ_CUT)));
  CHECK(status == got && summary.length == at && memcmp(counts, summary.counts, sizeof counts) == 0);
  CHECK((status == RQ_OK) == (memcmp(counts, walk.header.counts, sizeof counts) == 0));
}

static void run_message(const uint8_t *octets, size_t len, int all) {
  run_walk(octets, len, all);
  renderers_try(octets, len, all);
}

/* Frames of a TCP stream lie behind each other and use it up to where one is incomplete. */
static void run_stream(const uint8_t *octets, size_t len, int all) {
  rq_cur stream, message;
  size_t at = 0;
  (void)all;
  rq_cur_init(&stream, octets, len);
  while (rq_frame_next(&stream, &message)) {
    CHECK(rq_cur_pos(&message) == at + 2);
    at += 2 + rq_cur_left(&message);
    CHECK(rq_cur_pos(&stream) == at && at <= len);
    for (size_t i = rq_cur_left(&message); i > 0; i--) rq_cur_u8(&message);
    CHECK(rq_cur_done(&message));
  }
  CHECK(rq_cur_good(&stream) && rq_cur_pos(&stream) == at);
  CHECK(len - at < 2 || len - at - 2 < octets[at] * 256u + octets[at + 1]);
}

/* The numbers of a bitmap rise. */
static void run_bits(const rq_value *value) {
  rq_bits bits;
  uint16_t number;
  if (value->field->kind == RQ_K_TYPES)
    rq_windows_begin(&bits, &value->octets);
  else
    rq_bits_begin(&bits, &value->octets);
  for (int32_t last = -1; rq_bits_next(&bits, &number); last = number) CHECK(number > last);
}

/* Walks what a checked value holds; each walk ends, inside the value. */
static void run_value(const rq_value *value) {
  rq_cur rest = value->octets, part;
  rq_name name;
  rq_prefix prefix;
  uint16_t number;
  switch (value->field->kind) {
    case RQ_K_STRINGS:
    case RQ_K_MAYBE_STRING:
    case RQ_K_IDS:
      while (rq_strings_next(&rest, &part)) {
      }
      CHECK(rq_cur_done(&rest));
      break;
    case RQ_K_NAMES:
      while (rq_names_next(&rest, &name)) CHECK(is_valid(&name));
      CHECK(rq_cur_done(&rest));
      break;
    case RQ_K_PREFIXES:
      while (rq_prefixes_next(&rest, &prefix)) {
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
    case RQ_K_LOW_TYPES:
    case RQ_K_PORTS:
      run_bits(value);
      break;
    default:
      break;
  }
}

/* The record is there whatever its RDATA; what fits fits uncompressed too. */
static void run_rdata(const uint8_t *octets, size_t len, int all) {
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
  renderers_try(octets, len, all && rq_cur_left(&record.rdata) < NEW_LAYOUT);
}
