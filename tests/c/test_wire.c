/* test_wire.c: units of csrc/wire, as tables of cases: reader, writer, names, record table, messages, framing.
 *
 * SPDX-License-Identifier: MIT */
#include "unit.h"
#include "wire/rq_msg.h"

#define OCTETS(text) \
  (const uint8_t *)(text), sizeof(text) - 1 /* a literal with what may be NULs in it, and its length */

static void test_cur(unit *u);
static void test_cur_match(unit *u);
static void test_cur_children(unit *u);
static void test_out_clips(unit *u);
static void test_out_patch(unit *u);
static void test_clip(unit *u);
static void test_names_read(unit *u);
static void test_names_skipped(unit *u);
static void test_names_chained(unit *u);
static void test_names_parsed(unit *u);
static void test_names_limits(unit *u);
static void test_names_shown(unit *u);
static void test_names_compared(unit *u);
static void test_names_hashed(unit *u);
static void test_names_flipped(unit *u);
static void test_every_letter_has_a_bit(unit *u);
static void test_types(unit *u);
static void test_rdata(unit *u);
static void test_rdata_expanded(unit *u);
static void test_bitmap(unit *u);
static void test_asked(unit *u);
static void test_owners(unit *u);
static void test_walk(unit *u);
static void test_open(unit *u);
static void test_query(unit *u);
static void test_query_options(unit *u);
static void test_largest_query(unit *u);
static void test_frames(unit *u);

int main(void) {
  static const struct {
    const char *name;
    void (*run)(unit *u);
  } tests[] = {{"reader", test_cur},
               {"octets matched", test_cur_match},
               {"child readers", test_cur_children},
               {"writer clips", test_out_clips},
               {"writer patches", test_out_patch},
               {"clip", test_clip},
               {"names read", test_names_read},
               {"names skipped", test_names_skipped},
               {"names of many pointers", test_names_chained},
               {"names parsed", test_names_parsed},
               {"limits of names", test_names_limits},
               {"names shown", test_names_shown},
               {"names compared", test_names_compared},
               {"names hashed", test_names_hashed},
               {"names flipped", test_names_flipped},
               {"every letter has a bit", test_every_letter_has_a_bit},
               {"types", test_types},
               {"RDATA fits", test_rdata},
               {"RDATA expanded", test_rdata_expanded},
               {"type bitmaps", test_bitmap},
               {"walk", test_walk},
               {"the question that was asked", test_asked},
               {"owners", test_owners},
               {"open", test_open},
               {"query", test_query},
               {"options of a query", test_query_options},
               {"the largest query", test_largest_query},
               {"frames", test_frames}};
  unit u = {0, 0, NULL};
  for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
    u.about = tests[i].name;
    tests[i].run(&u);
  }
  return unit_report(&u, "test_wire");
}

/* --- rq_bytes.h --- */

/* Reads in network order; after a read past the end everything is zero and the state stays. */
static void test_cur(unit *u) {
  rq_cur c;
  uint8_t to[4] = {9, 9, 9, 9};
  rq_cur_init(&c, OCTETS("\x01\x02\x03\x04\x05\x06\x07\xff\xfe"));
  EXPECT_NUMBER(u, rq_cur_u8(&c), 1);
  EXPECT_NUMBER(u, rq_cur_u16(&c), 0x0203);
  EXPECT_NUMBER(u, rq_cur_u32(&c), 0x04050607);
  EXPECT_NUMBER(u, rq_cur_left(&c), 2);
  EXPECT(u, rq_cur_good(&c) && !rq_cur_done(&c));
  rq_cur full = c;
  EXPECT_NUMBER(u, rq_cur_u16(&full), 0xfffe);
  EXPECT(u, rq_cur_done(&full));
  rq_cur_copy(&c, to, 3);
  EXPECT_NUMBER(u, rq_cur_state(&c), RQ_CUR_SHORT);
  EXPECT_OCTETS(u, to, 4, "\x09\x09\x09\x09", 4);
  EXPECT_NUMBER(u, rq_cur_u8(&c), 0);
  EXPECT_NUMBER(u, rq_cur_left(&c), 0);
  rq_cur_fail(&c, RQ_CUR_BROKEN);
  EXPECT_NUMBER(u, rq_cur_state(&c), RQ_CUR_SHORT);
  rq_cur_init(&c, NULL, 0);
  EXPECT(u, rq_cur_done(&c));
  EXPECT_NUMBER(u, rq_cur_u32(&c), 0);
  EXPECT(u, !rq_cur_done(&c));
}

/* Of any length and at any place: one octet that differs, wherever it stands, and the cursor stays; so it does where
 * one octet too few is left. */
static void test_cur_match(unit *u) {
  uint8_t octets[40], other[40];
  for (unsigned i = 0; i < sizeof octets; i++) octets[i] = (uint8_t)(7 * i);
  for (unsigned n = 0; n <= 36; n++) {
    rq_cur c;
    rq_cur_init(&c, octets, n + 3);
    rq_cur_skip(&c, 3);
    EXPECT(u, rq_cur_match(&c, octets + 3, n) && rq_cur_done(&c));
    rq_cur_init(&c, octets, n + 3);
    rq_cur_skip(&c, 3);
    EXPECT(u, !rq_cur_match(&c, octets + 3, n + 1) && rq_cur_good(&c) && rq_cur_pos(&c) == 3);
    for (unsigned at = 0; at < n; at++) {
      rq_octets_copy(other, octets + 3, n);
      other[at] ^= 0x20;
      EXPECT(u, !rq_cur_match(&c, other, n) && rq_cur_good(&c) && rq_cur_pos(&c) == 3);
    }
  }
}

/* A child spans what was taken, keeps the base, and only goes back. */
static void test_cur_children(unit *u) {
  rq_cur c, child;
  rq_cur_init(&c, OCTETS("abcdef"));
  rq_cur_skip(&c, 2);
  rq_cur_take(&c, 3, &child);
  EXPECT_NUMBER(u, rq_cur_pos(&child), 2);
  EXPECT_NUMBER(u, rq_cur_left(&child), 3);
  EXPECT_NUMBER(u, rq_cur_u8(&child), 'c');
  rq_cur_back(&child, 0, 2);
  EXPECT_NUMBER(u, rq_cur_u8(&child), 'a');
  EXPECT_NUMBER(u, rq_cur_left(&child), 1);
  rq_cur same = child, ahead = child;
  rq_cur_back(&same, 1, 1);
  EXPECT_NUMBER(u, rq_cur_state(&same), RQ_CUR_BROKEN);
  rq_cur_back(&ahead, 0, 2);
  EXPECT_NUMBER(u, rq_cur_state(&ahead), RQ_CUR_BROKEN);
  rq_cur_back(&ahead, 0, 1);
  EXPECT(u, rq_cur_state(&ahead) == RQ_CUR_BROKEN && rq_cur_left(&ahead) == 0);
  rq_cur_take(&c, 2, &child);
  EXPECT_NUMBER(u, rq_cur_state(&c), RQ_CUR_SHORT);
  EXPECT(u, rq_cur_state(&child) == RQ_CUR_SHORT && rq_cur_left(&child) == 0);
  rq_cur_init(&c, OCTETS("ab"));
  rq_cur_take(&c, 0, &child);
  EXPECT(u, rq_cur_done(&child) && rq_cur_left(&c) == 2);
  rq_cur_skip(&c, (size_t)-1);
  EXPECT_NUMBER(u, rq_cur_state(&c), RQ_CUR_SHORT);
}

/* Every kind of write, so that each is cut at each of its octets by some capacity. */
static void write_all(rq_out *out) {
  rq_cur from;
  rq_cur_init(&from, OCTETS("xyz"));
  rq_out_u8(out, 0x01);
  rq_out_u16(out, 0x0203);
  rq_out_u32(out, 0x04050607);
  rq_out_u64(out, 0x08090a0b0c0d0e0fu);
  rq_out_octets(out, OCTETS("abc"));
  rq_out_take(out, &from, 2);
  rq_out_take(out, &from, 2); /* one is left: nothing is written */
  rq_out_text(out, "end");
}

/* Counts what was wanted, stores a prefix of it, and leaves what lies past the capacity alone. */
static void test_out_clips(unit *u) {
  static const char wanted[] =
      "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
      "abcxyend";
  uint8_t block[32], untouched[32];
  memset(untouched, 0xee, sizeof untouched);
  for (size_t cap = 0; cap <= sizeof block; cap++) {
    rq_out out;
    memset(block, 0xee, sizeof block);
    rq_out_init(&out, cap == 0 ? NULL : block, cap);
    write_all(&out);
    size_t stored = cap < sizeof wanted - 1 ? cap : sizeof wanted - 1;
    EXPECT_NUMBER(u, rq_out_wanted(&out), sizeof wanted - 1);
    EXPECT_OCTETS(u, block, rq_out_stored(&out), wanted, stored);
    EXPECT_OCTETS(u, block + stored, sizeof block - stored, untouched, sizeof block - stored);
  }
}

/* A patch lands where it was written, as far as that was stored; a rewind only goes back. */
static void test_out_patch(unit *u) {
  for (size_t cap = 0; cap <= 5; cap++) {
    uint8_t block[6] = {0xee, 0xee, 0xee, 0xee, 0xee, 0xee}, wanted[6] = {1, 0xaa, 0xbb, 4, 0xee, 0xee};
    rq_out out;
    rq_out_init(&out, block, cap);
    rq_out_u32(&out, 0x01020304);
    rq_out_patch16(&out, 1, 0xaabb);
    for (size_t i = cap; i < sizeof wanted; i++) wanted[i] = 0xee;
    EXPECT_OCTETS(u, block, sizeof block, wanted, sizeof wanted);
    rq_out_rewind(&out, 9);
    EXPECT_NUMBER(u, rq_out_wanted(&out), 4);
    rq_out_rewind(&out, 2);
    EXPECT_NUMBER(u, rq_out_wanted(&out), 2);
    EXPECT_NUMBER(u, rq_out_stored(&out), cap < 2 ? cap : 2);
  }
}

/* min(actual, cap) octets are copied and no other is touched. */
static void test_clip(unit *u) {
  static const uint8_t from[6] = {1, 2, 3, 4, 5, 6};
  for (uint32_t actual = 0; actual <= 6; actual++) {
    for (uint32_t cap = 0; cap <= 8; cap++) {
      uint8_t to[8] = {0}, wanted[8] = {0};
      uint32_t least = actual < cap ? actual : cap;
      memcpy(wanted, from, least);
      EXPECT_NUMBER(u, rq_clip(to, cap, from, actual), least);
      EXPECT_OCTETS(u, to, sizeof to, wanted, sizeof wanted);
    }
  }
}

/* --- rq_name --- */

static void text_of(const rq_name *name, char *text, size_t size) {
  rq_out out;
  rq_out_init(&out, (uint8_t *)text, size - 1);
  rq_name_text(name, &out);
  text[rq_out_stored(&out)] = 0;
}

/* Text is the result; without one, `state` is how the read fails. `end` is where the cursor stands. */
static void test_names_read(unit *u) {
  static const struct {
    const char *about, *wire;
    size_t size, at;
    const char *text;
    uint8_t state;
    size_t end;
  } cases[] = {
      {"root", "\0", 1, 0, ".", RQ_CUR_GOOD, 1},
      {"two labels", "\x03www\x01x\0z", 8, 0, "www.x.", RQ_CUR_GOOD, 7},
      {"pointer alone", "\x01x\0\xc0\0", 5, 3, "x.", RQ_CUR_GOOD, 5},
      {"label and pointer", "\x01x\0\x01y\xc0\0", 7, 3, "y.x.", RQ_CUR_GOOD, 7},
      {"two pointers", "\x01x\0\x01y\xc0\0\x01z\xc0\x03q", 12, 7, "z.y.x.", RQ_CUR_GOOD, 11},
      {"pointer into a label", "\x02\x01x\0\xc0\x01", 6, 4, "x.", RQ_CUR_GOOD, 6},
      {"nothing", "", 0, 0, NULL, RQ_CUR_SHORT, 0},
      {"no root label", "\x03www", 4, 0, NULL, RQ_CUR_SHORT, 4},
      {"label past the end", "\x03ww", 3, 0, NULL, RQ_CUR_SHORT, 3},
      {"half a pointer", "\0\xc0", 2, 1, NULL, RQ_CUR_SHORT, 2},
      {"pointer to itself", "\0\xc0\x01", 3, 1, NULL, RQ_CUR_BROKEN, 3},
      {"pointer to its own name", "\0\x01x\xc0\x01", 5, 1, NULL, RQ_CUR_BROKEN, 5},
      {"pointer forward", "\xc0\x02\0", 3, 0, NULL, RQ_CUR_BROKEN, 3},
      {"pointer past the end", "\xff\xff\0", 3, 0, NULL, RQ_CUR_BROKEN, 3},
      {"two names in a loop", "\x01x\xc0\x04\x01y\xc0\0", 8, 4, NULL, RQ_CUR_BROKEN, 8},
      {"labels that run over the pointer", "\x03\x61\x62\xc0\0\0", 6, 3, NULL, RQ_CUR_BROKEN, 6},
      {"labels that run up to the pointer", "\x02\x61\x62\xc0\0\0", 6, 3, NULL, RQ_CUR_BROKEN, 6},
      {"reserved 0x40", "\x40\0", 2, 0, NULL, RQ_CUR_BROKEN, 2},
      {"reserved 0x80", "\x80\0", 2, 0, NULL, RQ_CUR_BROKEN, 2},
      {"reserved 0xbf", "\xbf\0", 2, 0, NULL, RQ_CUR_BROKEN, 2},
      {"reserved behind a pointer", "\x40\xc0\0", 3, 1, NULL, RQ_CUR_BROKEN, 3},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[RQ_TEXT_MAX];
    rq_cur c, skipped;
    rq_name name;
    u->about = cases[i].about;
    rq_cur_init(&c, (const uint8_t *)cases[i].wire, cases[i].size);
    rq_cur_skip(&c, cases[i].at);
    skipped = c;
    rq_name_read(&c, &name);
    EXPECT_NUMBER(u, rq_cur_state(&c), cases[i].state);
    EXPECT_NUMBER(u, rq_cur_pos(&c), cases[i].end);
    text_of(&name, text, sizeof text);
    EXPECT_OCTETS(u, text, strlen(text), cases[i].text ? cases[i].text : ".",
                  cases[i].text ? strlen(cases[i].text) : 1);
    rq_name_skip(&skipped);
    if (cases[i].text != NULL) EXPECT_NUMBER(u, rq_cur_pos(&skipped), cases[i].end);
  }
}

/* A name is passed without being followed; what cannot begin a label fails, as does what is cut short. */
static void test_names_skipped(unit *u) {
  static const struct {
    const char *wire;
    size_t size;
    uint8_t state;
    size_t end;
  } cases[] = {{"\1x\0y", 4, RQ_CUR_GOOD, 3},        {"\1x\xff\xffy", 5, RQ_CUR_GOOD, 4}, {"\0", 1, RQ_CUR_GOOD, 1},
               {"\1x\x40\0\0", 5, RQ_CUR_BROKEN, 5}, {"\xbf\0\0", 3, RQ_CUR_BROKEN, 3},   {"", 0, RQ_CUR_SHORT, 0},
               {"\1x\xc0", 3, RQ_CUR_SHORT, 3},      {"\2x", 2, RQ_CUR_SHORT, 2},         {"\1x", 2, RQ_CUR_SHORT, 2}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    rq_cur c;
    rq_cur_init(&c, (const uint8_t *)cases[i].wire, cases[i].size);
    rq_name_skip(&c);
    EXPECT_NUMBER(u, rq_cur_state(&c), cases[i].state);
    EXPECT_NUMBER(u, rq_cur_pos(&c), cases[i].end);
  }
}

/* A root label and `links` pointers, each to the one before: only so many are followed. */
static void test_names_chained(unit *u) {
  uint8_t wire[1 + 2 * 200] = {0};
  for (unsigned i = 0; i < 200; i++) {
    unsigned target = i == 0 ? 0 : 2 * i - 1;
    wire[2 * i + 1] = (uint8_t)(0xc0 + target / 256);
    wire[2 * i + 2] = (uint8_t)(target % 256);
  }
  for (unsigned links = 1; links <= 200; links++) {
    rq_cur c;
    rq_name name;
    rq_cur_init(&c, wire, sizeof wire);
    rq_cur_skip(&c, 2 * links - 1);
    rq_name_read(&c, &name);
    EXPECT_NUMBER(u, rq_cur_state(&c), links <= 127 ? RQ_CUR_GOOD : RQ_CUR_BROKEN);
    EXPECT_NUMBER(u, name.len, 1);
  }
}

static void test_names_parsed(unit *u) {
  static const struct {
    const char *text;
    size_t text_len;
    int flaw;
    const char *wire;
    size_t len;
  } cases[] = {
      {".", 1, RQ_FLAW_NONE, "\0", 1},
      {"a", 1, RQ_FLAW_NONE,
       "\x01"
       "a\0",
       3},
      {"a.", 2, RQ_FLAW_NONE,
       "\x01"
       "a\0",
       3},
      {"a.bc", 4, RQ_FLAW_NONE,
       "\x01"
       "a\x02"
       "bc\0",
       6},
      {"a\\.b", 4, RQ_FLAW_NONE,
       "\x03"
       "a.b\0",
       5},
      {"\\000\\255", 8, RQ_FLAW_NONE, "\x02\0\xff\0", 4},
      {"\\\\", 2, RQ_FLAW_NONE, "\x01\\\0", 3},
      {"\\a", 2, RQ_FLAW_NONE,
       "\x01"
       "a\0",
       3},
      {"\\032", 4, RQ_FLAW_NONE, "\x01 \0", 3},
      {"\\.", 2, RQ_FLAW_NONE, "\x01.\0", 3},
      {"", 0, RQ_FLAW_EMPTY, NULL, 0},
      {"..", 2, RQ_FLAW_EMPTY_LABEL, NULL, 0},
      {".a", 2, RQ_FLAW_EMPTY_LABEL, NULL, 0},
      {"a..b", 4, RQ_FLAW_EMPTY_LABEL, NULL, 0},
      {"a..", 3, RQ_FLAW_EMPTY_LABEL, NULL, 0},
      {"\\", 1, RQ_FLAW_ESCAPE, NULL, 0},
      {"a\\", 2, RQ_FLAW_ESCAPE, NULL, 0},
      {"\\25", 3, RQ_FLAW_ESCAPE, NULL, 0},
      {"\\2", 2, RQ_FLAW_ESCAPE, NULL, 0},
      {"\\25x", 4, RQ_FLAW_ESCAPE, NULL, 0},
      {"\\2x5", 4, RQ_FLAW_ESCAPE, NULL, 0},
      {"\\256", 4, RQ_FLAW_ESCAPE, NULL, 0},
      {"\\999", 4, RQ_FLAW_ESCAPE, NULL, 0},
      {"a b", 3, RQ_FLAW_OCTET, NULL, 0},
      {"a\0b", 3, RQ_FLAW_OCTET, NULL, 0},
      {"\x7f", 1, RQ_FLAW_OCTET, NULL, 0},
      {"b\xc3\xbc"
       "cher",
       7, RQ_FLAW_OCTET, NULL, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    rq_name name;
    u->about = cases[i].text;
    int flaw = rq_name_parse((const uint8_t *)cases[i].text, cases[i].text_len, &name);
    EXPECT_NUMBER(u, flaw, cases[i].flaw);
    EXPECT_NUMBER(u, rq_name_flaw(cases[i].text, (uint32_t)cases[i].text_len), cases[i].flaw);
    EXPECT_OCTETS(u, name.octets, name.len, cases[i].wire ? cases[i].wire : "\0", cases[i].wire ? cases[i].len : 1);
  }
}

/* Labels of 63 octets pass and of 64 do not; names of 255 octets pass and of 256 do not, as text and as wire. */
static void test_names_limits(unit *u) {
  for (unsigned last = 60; last <= 64; last++) {
    uint8_t text[3 * 64 + 64], wire[3 * 64 + 66];
    rq_cur c;
    rq_name name;
    memset(text, 'a', sizeof text);
    memset(wire, 'a', sizeof wire);
    for (unsigned i = 0; i < 3; i++) {
      text[64 * i + 63] = '.';
      wire[64 * i] = 63;
    }
    wire[192] = (uint8_t)last;
    wire[193 + last] = 0;
    int flaw = last == 64 ? RQ_FLAW_LONG_LABEL : last > 61 ? RQ_FLAW_LONG_NAME : RQ_FLAW_NONE;
    EXPECT_NUMBER(u, rq_name_parse(text, 192 + last, &name), flaw);
    EXPECT_NUMBER(u, name.len, flaw == RQ_FLAW_NONE ? 194 + last : 1);
    rq_cur_init(&c, wire, 194 + last);
    rq_name_read(&c, &name);
    EXPECT_NUMBER(u, rq_cur_state(&c), flaw == RQ_FLAW_NONE ? RQ_CUR_GOOD : RQ_CUR_BROKEN);
    EXPECT_NUMBER(u, name.len, flaw == RQ_FLAW_NONE ? 194 + last : 1);
  }
}

/* All that has a meaning in master files is escaped, and all that cannot be printed. */
static void test_names_shown(unit *u) {
  static const struct {
    const char *wire;
    size_t size;
    const char *text;
  } cases[] = {{"\x04"
                "a.b\\\0",
                6, "a\\.b\\\\."},
               {"\x06\"$();@\0", 8, "\\\"\\$\\(\\)\\;\\@."},
               {"\x05\0 \x7f\xff\t\0", 7, "\\000\\032\\127\\255\\009."},
               {"\x04*_-~\0", 6, "*_-~."}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[64];
    uint32_t actual = 0;
    u->about = cases[i].text;
    int32_t stored =
        rq_name_to_text((const uint8_t *)cases[i].wire, (uint32_t)cases[i].size, text, sizeof text, &actual);
    EXPECT_OCTETS(u, text, (size_t)stored, cases[i].text, strlen(cases[i].text));
    EXPECT_NUMBER(u, actual, stored);
  }
}

static void test_names_compared(unit *u) {
  static const struct {
    const char *a, *b;
    int equal, identical;
  } cases[] = {{"a.b", "a.b.", 1, 1},    {"A.b", "a.B", 1, 0},   {"a.b", "a.c", 0, 0}, {"a.b", "ab", 0, 0},
               {".", ".", 1, 1},         {"a\\.b", "a.b", 0, 0}, {"[", "{", 0, 0},     {"@", "`", 0, 0},
               {"\\193", "\\225", 0, 0}, {"Z", "z", 1, 0}};
  static const uint8_t key[16] = {1};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    rq_name a, b;
    u->about = cases[i].a;
    EXPECT_NUMBER(u, rq_name_parse((const uint8_t *)cases[i].a, strlen(cases[i].a), &a), RQ_FLAW_NONE);
    EXPECT_NUMBER(u, rq_name_parse((const uint8_t *)cases[i].b, strlen(cases[i].b), &b), RQ_FLAW_NONE);
    EXPECT_NUMBER(u, rq_name_equal(&a, &b), cases[i].equal);
    EXPECT_NUMBER(u, rq_name_identical(&a, &b), cases[i].identical);
    EXPECT_NUMBER(u, rq_name_hash(&a, key) == rq_name_hash(&b, key), cases[i].equal);
  }
}

/* The test vectors that SipHash's authors publish: key 00..0f, input 00, 01, ... */
static void test_names_hashed(unit *u) {
  static const struct {
    uint8_t len;
    uint64_t hash;
  } cases[] = {{0, 0x726fdb47dd0e0e31u}, {1, 0x74f839c593dc67fdu}, {8, 0x93f5f5799a932462u}, {15, 0xa129ca6149be45e5u}};
  uint8_t key[16];
  rq_name name;
  for (uint8_t i = 0; i < 16; i++) key[i] = name.octets[i] = i;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    name.len = cases[i].len;
    EXPECT_NUMBER(u, rq_name_hash(&name, key), cases[i].hash);
  }
}

/* --- rq_rr --- */

static void test_types(unit *u) {
  static const struct {
    const char *text;
    int32_t number;
  } cases[] = {{"A", 1},
               {"a", 1},
               {"Mx", 15},
               {"NSEC3", 50},
               {"nsec3param", 51},
               {"TYPE1", 1},
               {"type65535", 65535},
               {"TYPE0", 0},
               {"TYPE65536", -1},
               {"TYPE99999", -1},
               {"TYPE", -1},
               {"TYPE1x", -1},
               {"TYPE000001", -1},
               {"", -1},
               {"M", -1},
               {"MXX", -1},
               {"NSEC3PARAMS", -1},
               {"TYP1", -1}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    u->about = cases[i].text;
    EXPECT_NUMBER(u, rq_type_parse((const uint8_t *)cases[i].text, strlen(cases[i].text)), cases[i].number);
    int32_t number = rq_type_number(cases[i].text, (uint32_t)strlen(cases[i].text));
    EXPECT_NUMBER(u, number, cases[i].number < 0 ? RQ_ILLEGAL_INPUT : cases[i].number);
  }
  for (uint32_t number = 0; number <= 65535; number++) {
    char text[16];
    rq_out out;
    rq_out_init(&out, (uint8_t *)text, sizeof text);
    rq_type_text((uint16_t)number, &out);
    EXPECT_NUMBER(u, rq_type_parse((const uint8_t *)text, rq_out_stored(&out)), number);
  }
  for (int table = RQ_TABLE_TYPES; table <= RQ_TABLE_PARAMS; table++) {
    const rq_type *(*const find[])(uint16_t) = {rq_type_find, rq_option_find, rq_param_find};
    const rq_type *type;
    for (uint32_t row = 0; (type = rq_table_find(table, row)) != NULL; row++) {
      u->about = type->mnemonic;
      EXPECT(u, find[table](type->number) == (type->shape == RQ_SHAPE_NONE ? NULL : type));
      EXPECT(u, row == 0 || rq_table_find(table, row - 1)->number < type->number);
    }
  }
  EXPECT(u, rq_table_find(-1, 0) == NULL && rq_table_find(RQ_TABLE_PARAMS + 1, 0) == NULL);
}

/* What the layout of each type takes and refuses. */
static void test_rdata(unit *u) {
  static const struct {
    const char *about;
    uint16_t number;
    const char *rdata;
    size_t len;
    int fits;
  } cases[] = {
      {"A", 1, "\1\2\3\4", 4, 1},
      {"A short", 1, "\1\2\3", 3, 0},
      {"A long", 1, "\1\2\3\4\5", 5, 0},
      {"AAAA", 28, "0123456789abcdef", 16, 1},
      {"AAAA short", 28, "0123456789abcde", 15, 0},
      {"MX", 15, "\0\x0a\1x\0", 5, 1},
      {"MX without exchange", 15, "\0\x0a", 2, 0},
      {"MX with more", 15, "\0\x0a\1x\0y", 6, 0},
      {"TXT", 16, "\1a\0\2bc", 6, 1},
      {"TXT of one empty string", 16, "\0", 1, 1},
      {"TXT of none", 16, "", 0, 0},
      {"TXT past the end", 16, "\1a\3bc", 5, 0},
      {"HINFO", 13, "\1a\0", 3, 1},
      {"HINFO of one", 13, "\1a", 2, 0},
      {"LOC short", 29, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15, 0},
      {"NSEC without types", 47, "\0", 1, 1},
      {"NSEC", 47, "\0\0\1\x40\1\1\1", 7, 1},
      {"NSEC window of none", 47, "\0\0\0", 3, 0},
      {"NSEC window of 33", 47,
       "\0\0\x21"
       "012345678901234567890123456789012",
       36, 0},
      {"NSEC windows out of order", 47, "\0\1\1\1\0\1\1", 7, 0},
      {"NSEC window twice", 47, "\0\1\1\1\1\1\1", 7, 0},
      {"NSEC window past the end", 47, "\0\0\2\1", 4, 0},
      {"NSEC3", 50, "\1\0\0\1\1\xaa\2\xbb\xcc\0\1\x40", 12, 1},
      {"NSEC3 salt past the end", 50, "\1\0\0\1\x20\xaa", 6, 0},
      {"SVCB alias", 64, "\0\0\0", 3, 1},
      {"SVCB", 64, "\0\1\0\0\1\0\3\2h2\0\3\0\2\1\xbb", 16, 1},
      {"SVCB keys out of order", 64, "\0\1\0\0\3\0\0\0\1\0\0", 11, 0},
      {"SVCB key twice", 64, "\0\1\0\0\3\0\0\0\3\0\0", 11, 0},
      {"SVCB last key twice", 64, "\0\1\0\xff\xff\0\0\xff\xff\0\0", 11, 0},
      {"SVCB value past the end", 64, "\0\1\0\0\3\0\3\1\1", 9, 0},
      {"HTTPS half a key", 65, "\0\1\0\0", 4, 0},
      {"OPT empty", 41, "", 0, 1},
      {"OPT twice the same", 41, "\0\x0a\0\0\0\x0a\0\0", 8, 1},
      {"OPT past the end", 41, "\0\x0a\0\1", 4, 0},
      {"CAA", 257, "\0\5issuex", 8, 1},
      {"CAA tag past the end", 257, "\0\5issu", 6, 0},
      {"DS without digest", 43, "\0\1\2\3", 4, 1},
      {"unknown type", 65280, "\xc0\xff", 2, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    rq_cur rdata;
    u->about = cases[i].about;
    rq_cur_init(&rdata, (const uint8_t *)cases[i].rdata, cases[i].len);
    EXPECT_NUMBER(u, rq_rdata_fits(cases[i].number, &rdata), cases[i].fits);
  }
}

/* Names are written out, all else stays; what does not fit its layout stays as it stands. */
static void test_rdata_expanded(unit *u) {
  static const uint8_t wire[] = "\1x\0\0\x0a\1y\xc0\0";
  static const struct {
    uint16_t number;
    const char *expanded;
    size_t len;
  } cases[] = {{15, "\0\x0a\1y\1x\0", 7}, {65280, "\0\x0a\1y\xc0\0", 6}, {1, "\0\x0a\1y\xc0\0", 6}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    for (size_t cap = 0; cap <= 8; cap++) {
      uint8_t block[9];
      rq_cur c, rdata;
      rq_out out;
      rq_cur_init(&c, wire, 9);
      rq_cur_skip(&c, 3);
      rq_cur_take(&c, 6, &rdata);
      rq_out_init(&out, block, cap);
      rq_rdata_expand(cases[i].number, &rdata, &out);
      EXPECT_NUMBER(u, rq_out_wanted(&out), cases[i].len);
      EXPECT_OCTETS(u, block, rq_out_stored(&out), cases[i].expanded, cap < cases[i].len ? cap : cases[i].len);
    }
  }
}

static void test_bitmap(unit *u) {
  static const uint16_t wanted[] = {1, 15, 46, 255, 256, 1234, 65535};
  static const uint8_t bits[] =
      "\0\x20\x40\x01\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"
      "\1\1\x80\4\x1b\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x20"
      "\xff\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1";
  rq_cur octets;
  rq_bits it;
  uint16_t type = 0;
  rq_cur_init(&octets, bits, sizeof bits - 1);
  rq_windows_begin(&it, &octets);
  for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
    EXPECT_NUMBER(u, rq_bits_next(&it, &type), 1);
    EXPECT_NUMBER(u, type, wanted[i]);
  }
  EXPECT_NUMBER(u, rq_bits_next(&it, &type), 0);
  EXPECT_NUMBER(u, rq_bits_next(&it, &type), 0);
}

/* --- rq_msg --- */

/* A question and three records, one a section: x A 192.0.2.1, x NS y., . OPT with version 0, DO and the upper rcode 1.
 */
#define ANSWER                                 \
  "\x12\x34\x81\x80\0\1\0\1\0\1\0\1"           \
  "\1x\0\0\1\0\1"                              \
  "\xc0\x0c\0\1\0\1\0\0\x0e\x10\0\4\xc0\0\2\1" \
  "\xc0\x0c\0\2\0\1\0\0\x0e\x10\0\3\1y\0"      \
  "\0\0\x29\x04\xd0\1\0\x80\0\0\0"

/* Where the question and each record end. */
static const uint32_t ends[] = {19, 35, 50, 61};

/* Name, letter case, type and class have to be there, and whole; only then the walk goes on. */
static void test_asked(unit *u) {
  static const uint8_t wire[] = "\0\0\x80\0\0\1\0\0\0\0\0\0\3www\7eXample\0\0\1\0\1";
  static const struct {
    const char *name;
    uint16_t rrtype, rrclass;
    size_t cut;
    int asks;
  } cases[] = {{"www.eXample", 1, 1, 0, 1}, {"www.example", 1, 1, 0, 0},  {"www.eXample", 2, 1, 0, 0},
               {"www.eXample", 1, 3, 0, 0}, {"www.eXample", 1, 1, 1, 0},  {"www.eXample.com", 1, 1, 0, 0},
               {"www", 1, 1, 0, 0},         {"www.eXample", 1, 1, 10, 0}, {".", 1, 1, 0, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    rq_walk walk;
    rq_question asked = {.rrtype = cases[i].rrtype, .rrclass = cases[i].rrclass};
    rq_name_parse((const uint8_t *)cases[i].name, strlen(cases[i].name), &asked.name);
    EXPECT_NUMBER(u, rq_walk_begin(&walk, wire, sizeof wire - 1 - cases[i].cut), RQ_OK);
    EXPECT_NUMBER(u, rq_walk_asks(&walk, &asked), cases[i].asks);
    EXPECT_NUMBER(u, rq_walk_pos(&walk), cases[i].asks ? sizeof wire - 1 : RQ_HEADER_SIZE);
    EXPECT_NUMBER(u, rq_walk_asks(&walk, &asked), 0);
  }
}

/* Owners that are one pointer, another pointer, the name itself, and again that pointer. */
static void test_owners(unit *u) {
  static const uint8_t wire[] =
      "\0\0\x80\0\0\0\0\5\0\0\0\0"
      "\1a\1b\0\0\1\0\1\0\0\0\0\0\0"
      "\xc0\x0c\0\1\0\1\0\0\0\0\0\0"
      "\xc0\x0c\0\1\0\1\0\0\0\0\0\0"
      "\xc0\x0e\0\1\0\1\0\0\0\0\0\0"
      "\xc0\x0c\0\1\0\1\0\0\0\0\0\0";
  rq_walk walk, again;
  rq_record kept = {.place = RQ_NOWHERE}, fresh;
  EXPECT_NUMBER(u, rq_walk_begin(&walk, OCTETS(wire)), RQ_OK);
  again = walk;
  for (int n = 0; n < 5; n++) {
    EXPECT_NUMBER(u, rq_walk_next(&walk, &kept), 1);
    EXPECT_NUMBER(u, rq_walk_record(&again, &fresh), 1);
    EXPECT(u, rq_name_identical(&kept.owner, &fresh.owner) && kept.owner.len == (n == 3 ? 3 : 5));
    EXPECT_NUMBER(u, rq_walk_pos(&walk), rq_walk_pos(&again));
  }
  EXPECT_NUMBER(u, rq_walk_next(&walk, &kept), 0);
}

static void test_walk(unit *u) {
  rq_walk walk;
  rq_question question;
  rq_record record;
  rq_edns edns;
  EXPECT_NUMBER(u, rq_walk_begin(&walk, OCTETS(ANSWER)), RQ_OK);
  EXPECT(u, walk.header.id == 0x1234 && walk.header.flags == 0x8180);
  rq_walk records = walk;
  EXPECT_NUMBER(u, rq_walk_question(&walk, &question), 1);
  EXPECT(u, question.rrtype == 1 && question.rrclass == 1 && question.name.len == 3);
  EXPECT_NUMBER(u, rq_walk_question(&walk, &question), 0);
  EXPECT_NUMBER(u, rq_walk_pos(&walk), 19);
  for (int section = RQ_ANSWER; section <= RQ_ADDITIONAL; section++) {
    EXPECT_NUMBER(u, rq_walk_record(&records, &record), 1);
    EXPECT_NUMBER(u, records.section, section);
    EXPECT_NUMBER(u, rq_walk_pos(&records), ends[section]);
  }
  EXPECT_NUMBER(u, record.rrtype, RQ_TYPE_OPT);
  rq_edns_read(&record, &edns);
  EXPECT(u, edns.payload == 1232 && edns.flags == 0x8000 && edns.version == 0 && edns.rcode_high == 1);
  EXPECT_NUMBER(u, rq_cur_left(&edns.options), 0);
  EXPECT_NUMBER(u, rq_walk_record(&records, &record), 0);
  EXPECT_NUMBER(u, rq_walk_record(&records, &record), 0);
  EXPECT_NUMBER(u, rq_walk_begin(&walk, OCTETS("\0\0\0\0\0\0\0\0\0\0\0")), RQ_TRUNCATED);
  EXPECT_NUMBER(u, rq_walk_begin(&walk, OCTETS("\0\0\x80\0\0\1\0\1\0\0\0\0\x40\0\1\0\1")), RQ_OK);
  EXPECT_NUMBER(u, rq_walk_record(&walk, &record), RQ_MALFORMED);
  EXPECT_NUMBER(u, rq_walk_begin(&walk, OCTETS("\0\0\x80\0\0\2\0\1\0\0\0\0\0\0\1\0\1\0")), RQ_OK);
  EXPECT_NUMBER(u, rq_walk_record(&walk, &record), RQ_TRUNCATED);
}

/* Cut anywhere, the message tells how many of its entries are whole and where the last of them ends. */
static void test_open(unit *u) {
  const uint8_t *wire = (const uint8_t *)ANSWER;
  for (uint32_t cut = 0; cut < sizeof ANSWER - 1; cut++) {
    uint8_t *block = calloc(1, cut);
    rq_summary summary;
    if (cut > 0) memcpy(block, wire, cut);
    int32_t status = rq_msg_open(block, cut, &summary);
    unsigned entries = 0, counted = 0;
    while (entries < 4 && ends[entries] <= cut) entries++;
    for (unsigned i = 0; i < 4; i++) counted += summary.counts[i];
    EXPECT_NUMBER(u, status, cut < 12 ? RQ_MALFORMED : RQ_TRUNCATED);
    EXPECT_NUMBER(u, summary.status, status);
    EXPECT_NUMBER(u, counted, entries);
    EXPECT_NUMBER(u, summary.length, entries > 0 ? ends[entries - 1] : cut < 12 ? 0 : 12);
    free(block);
  }
  rq_summary whole;
  EXPECT_NUMBER(u, rq_msg_open(OCTETS(ANSWER "trailing"), &whole), RQ_OK);
  EXPECT(u, whole.id == 0x1234 && whole.flags == 0x8180 && whole.rcode == 16 && whole.length == sizeof ANSWER - 1);
  EXPECT_NUMBER(u, rq_msg_open(OCTETS("\0\0\x80\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1"), &whole), RQ_MALFORMED);
  EXPECT_NUMBER(u, whole.length, 12);
  /* EDNS is told in the additional section alone (RFC 6891, 6.1.1) */
  EXPECT_NUMBER(u, rq_msg_open(OCTETS("\0\0\x80\3\0\0\0\1\0\0\0\0\0\0\x29\4\xd0\1\0\0\0\0\0"), &whole), RQ_OK);
  EXPECT_NUMBER(u, whole.rcode, 3);
}

static void test_query(unit *u) {
  static const char plain[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0\1x\0\0\x0f\0\1";
  static const char edns[] = "\x12\x34\1\0\0\1\0\0\0\0\0\1\1x\0\0\x0f\0\1\0\0\x29\x04\xd0\0\0\x80\0\0\0";
  static const char edns_nsid[] = "\x12\x34\1\0\0\1\0\0\0\0\0\1\1x\0\0\x0f\0\1\0\0\x29\x04\xd0\0\0\x80\0\0\4\0\3\0\0";
  uint8_t block[64];
  uint32_t actual = 0;
  int32_t stored = rq_make_query("x", 1, 15, 1, 0x1234, RQ_FLAG_RD, 0, 1, NULL, 0, block, sizeof block, &actual);
  EXPECT_OCTETS(u, block, (size_t)stored, plain, sizeof plain - 1);
  stored = rq_make_query("x.", 2, 15, 1, 0x1234, RQ_FLAG_RD, 1232, 1, NULL, 0, block, sizeof block, &actual);
  EXPECT_OCTETS(u, block, (size_t)stored, edns, sizeof edns - 1);
  EXPECT_NUMBER(u, actual, sizeof edns - 1);
  stored = rq_make_query("x", 1, 15, 1, 0x1234, RQ_FLAG_RD, 1232, 1, (const uint8_t *)"\0\3\0", 4, block, sizeof block,
                         &actual);
  EXPECT_OCTETS(u, block, (size_t)stored, edns_nsid, sizeof edns_nsid - 1);
  EXPECT_NUMBER(u, rq_make_query("x", 1, 15, 1, 1, 0, 1232, 0, NULL, 0, block, 5, &actual), 5);
  EXPECT_NUMBER(u, actual, sizeof edns - 1);
  EXPECT_NUMBER(u, rq_make_query("x..y", 4, 15, 1, 1, 0, 0, 0, NULL, 0, block, 5, &actual), RQ_ILLEGAL_INPUT);
}

/* What is no letter stays, whatever its bits. */
static void test_names_flipped(unit *u) {
  static const uint64_t none[RQ_NAME_FLIPS], all[] = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
  static const struct {
    const char *text, *flipped;
  } cases[] = {{".", "."},
               {"a.", "A."},
               {"aBc.De.", "AbC.dE."},
               {"abc.def.", "ABC.DEF."},
               {"1a-2B_.z9.", "1A-2b_.Z9."},
               {"@[`{a.AZaz\\192\\225.", "@[`{A.azAZ\\192\\225."},
               {"abcdefghijklmnopqrstuvwxyzabcdefgh.", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGH."}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    rq_name name, same, flipped;
    u->about = cases[i].text;
    rq_name_parse((const uint8_t *)cases[i].text, strlen(cases[i].text), &name);
    rq_name_parse((const uint8_t *)cases[i].flipped, strlen(cases[i].flipped), &flipped);
    same = name;
    rq_name_flip(&name, none);
    EXPECT(u, rq_name_identical(&name, &same));
    rq_name_flip(&name, all);
    EXPECT(u, rq_name_identical(&name, &flipped) && rq_name_equal(&name, &same));
    rq_name_flip(&name, all);
    EXPECT(u, rq_name_identical(&name, &same));
  }
}

/* In a name of any length each letter has a bit of its own: one bit changes one letter, no two the same, and all of
 * them have one among the bits of the n-th 64 octets. */
static void test_every_letter_has_a_bit(unit *u) {
  for (unsigned len = 1; len <= RQ_NAME_MAX; len++) {
    rq_name name = {.len = (uint8_t)len};
    unsigned changed = 0;
    uint8_t seen[RQ_NAME_MAX] = {0};
    for (unsigned at = 0; at < len - 1; at++)
      name.octets[at] = at % 64 == 0 ? (len - 2 - at < 63 ? len - 2 - at : 63) : 'x';
    for (unsigned bit = 0; bit < 64 * RQ_NAME_FLIPS; bit++) {
      rq_name flipped = name;
      uint64_t bits[RQ_NAME_FLIPS] = {0};
      bits[bit / 64] = (uint64_t)1 << bit % 64;
      rq_name_flip(&flipped, bits);
      for (unsigned at = 0; at < len; at++) {
        if (flipped.octets[at] == name.octets[at]) continue;
        EXPECT(u, flipped.octets[at] == 'X' && bit / 64 == at / 64 && !seen[at]);
        seen[at] = 1;
        changed++;
      }
    }
    unsigned letters = 0;
    for (unsigned at = 0; at < len; at++) letters += name.octets[at] == 'x';
    EXPECT_NUMBER(u, changed, letters);
  }
}

/* One OPT record holds what is given, the cookie and the keepalive, in this order; each may be missing. */
static void test_query_options(unit *u) {
  static const uint8_t given[] = {0, 3, 0, 0}, cookie[] = "clientCKserver01";
  static const struct {
    uint16_t given, cookie;
    uint8_t keepalive;
    const char *wanted;
    size_t len;
  } cases[] = {{0, 0, 0, "", 0},
               {4, 0, 0, "\0\3\0\0", 4},
               {0, 8, 0, "\0\12\0\10clientCK", 12},
               {0, 0, 1, "\0\13\0\0", 4},
               {4, 16, 1, "\0\3\0\0\0\12\0\20clientCKserver01\0\13\0\0", 28}};
  rq_name name;
  rq_name_parse((const uint8_t *)"a.", 2, &name);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint8_t octets[RQ_QUERY_MAX];
    rq_out out;
    rq_query_spec spec = {.rrtype = 1,
                          .rrclass = 1,
                          .payload = 1232,
                          .options_len = cases[i].given,
                          .options = given,
                          .cookie = cookie,
                          .cookie_len = (uint8_t)cases[i].cookie,
                          .keepalive = cases[i].keepalive};
    rq_out_init(&out, octets, sizeof octets);
    rq_query_write(&name, &spec, &out);
    EXPECT_NUMBER(u, octets[28] * 256 + octets[29], cases[i].len);
    EXPECT_OCTETS(u, octets + 30, rq_out_stored(&out) - 30, cases[i].wanted, cases[i].len);
    spec.payload = 0;
    rq_out_init(&out, octets, sizeof octets);
    rq_query_write(&name, &spec, &out);
    EXPECT_NUMBER(u, rq_out_wanted(&out), 19);
  }
}

/* What an engine sends at the most fits where it is written. */
static void test_largest_query(unit *u) {
  static const uint8_t options[RQ_OPTIONS_MAX], cookie[RQ_COOKIE_MAX];
  static uint8_t octets[2 * RQ_QUERY_MAX];
  rq_query_spec spec = {.payload = 1232, .options_len = sizeof options, .options = options, .cookie = cookie};
  rq_name name = {.len = RQ_NAME_MAX};
  rq_out out;
  rq_out_init(&out, octets, sizeof octets);
  spec.cookie_len = sizeof cookie;
  spec.keepalive = 1;
  rq_query_write(&name, &spec, &out);
  EXPECT(u, rq_out_wanted(&out) <= RQ_QUERY_MAX && rq_out_wanted(&out) > RQ_QUERY_MAX - 8);
}

/* Whole messages come off a stream cut anywhere; an incomplete one leaves the stream where it was. */
static void test_frames(unit *u) {
  static const uint8_t stream[] = "\0\3abc\0\0\1\0";
  static const struct {
    size_t len, frames, used;
  } cases[] = {{0, 0, 0}, {1, 0, 0}, {2, 0, 0}, {4, 0, 0}, {5, 1, 5}, {6, 1, 5}, {7, 2, 7}, {8, 2, 7}, {9, 2, 7}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    rq_cur c, message;
    size_t frames = 0;
    rq_cur_init(&c, stream, cases[i].len);
    while (rq_frame_next(&c, &message) == 1) {
      EXPECT_NUMBER(u, rq_cur_left(&message), frames == 0 ? 3 : 0);
      if (frames == 0) EXPECT_NUMBER(u, rq_cur_u8(&message), 'a');
      frames++;
    }
    EXPECT_NUMBER(u, frames, cases[i].frames);
    EXPECT(u, rq_cur_good(&c) && rq_cur_pos(&c) == cases[i].used);
  }
}
