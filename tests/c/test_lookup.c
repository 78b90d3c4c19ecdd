/* test_lookup.c: units of what reads and prints text below the lookups: numbers, addresses, lines; what is learned of
 * a server.
 *
 * What the state machine does is played in tests/scenario. SPDX-License-Identifier: MIT */
#include "lookup/rq_conf.h"
#include "lookup/rq_lines.h"
#include "lookup/rq_manner.h"
#include "unit.h"
#include "wire/rq_addr.h"

static void test_decimals_read(unit *u);
static void test_decimals_shown(unit *u);
static void test_ipv4(unit *u);
static void test_ipv6_read(unit *u);
static void test_ipv6_shown(unit *u);
static void test_line_next(unit *u);
static void test_manner_cookies(unit *u);
static void test_manner_tcp(unit *u);

int main(void) {
  static const struct {
    const char *name;
    void (*run)(unit *u);
  } tests[] = {
      {"decimals read", test_decimals_read}, {"decimals shown", test_decimals_shown}, {"IPv4", test_ipv4},
      {"IPv6 read", test_ipv6_read},         {"IPv6 shown", test_ipv6_shown},         {"lines", test_line_next},
      {"cookies", test_manner_cookies},      {"manner over TCP", test_manner_tcp}};
  unit u = {0, 0, NULL};
  for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
    u.about = tests[i].name;
    tests[i].run(&u);
  }
  return unit_report(&u, "test_lookup");
}

static void text_begin(rq_cur *c, const char *text) {
  rq_cur_init(c, (const uint8_t *)text, strlen(text));
}

/* A number up to its limit; what is not of it is left, and a failure leaves nothing and gives 0. */
static void test_decimals_read(unit *u) {
  static const struct {
    const char *text;
    uint32_t max, value;
    int left; /* octets left, -1 for a failure */
  } cases[] = {{"0", 0, 0, 0},
               {"9", 9, 9, 0},
               {"9", 5, 0, -1},
               {"10", 9, 0, -1},
               {"255x", 255, 255, 1},
               {"1a", 255, 1, 1},
               {"256", 255, 0, -1},
               {"00", 255, 0, -1},
               {"01", 255, 0, -1},
               {"0.", 255, 0, 1},
               {"4294967295", UINT32_MAX, UINT32_MAX, 0},
               {"4294967296", UINT32_MAX, 0, -1},
               {"42949672950", UINT32_MAX, 0, -1},
               {"", 9, 0, -1},
               {"a", 9, 0, -1},
               {"-1", 9, 0, -1},
               {":", 9, 0, -1},
               {"/", 9, 0, -1}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    rq_cur c;
    u->about = cases[i].text;
    text_begin(&c, cases[i].text);
    EXPECT_NUMBER(u, rq_decimal_parse(&c, cases[i].max), cases[i].value);
    EXPECT_NUMBER(u, rq_cur_good(&c) ? (int)rq_cur_left(&c) : -1, cases[i].left);
  }
}

static void test_decimals_shown(unit *u) {
  static const uint64_t numbers[] = {0, 1, 9, 10, 99, 100, 65535, 4294967295u, 10000000000000000000u, UINT64_MAX};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    char wanted[32], got[32];
    rq_out out;
    rq_out_init(&out, (uint8_t *)got, sizeof got);
    rq_decimal_text(numbers[i], &out);
    int len = snprintf(wanted, sizeof wanted, "%llu", (unsigned long long)numbers[i]);
    EXPECT_OCTETS(u, got, rq_out_stored(&out), wanted, (size_t)len);
  }
}

static void test_ipv4(unit *u) {
  rq_cur c;
  rq_out out;
  uint8_t octets[4], text[16];
  text_begin(&c, "192.0.2.255:53");
  rq_out_init(&out, octets, sizeof octets);
  rq_ipv4_parse(&c, &out);
  EXPECT_OCTETS(u, octets, rq_out_wanted(&out), "\300\0\2\377", 4);
  EXPECT_NUMBER(u, rq_cur_left(&c), 3);
  rq_cur_init(&c, octets, sizeof octets);
  rq_out_init(&out, text, sizeof text);
  rq_ipv4_text(&c, &out);
  EXPECT_OCTETS(u, text, rq_out_wanted(&out), "192.0.2.255", 11);
  rq_cur_init(&c, octets, 3);
  rq_out_init(&out, text, sizeof text);
  rq_ipv4_text(&c, &out);
  EXPECT(u, !rq_cur_good(&c) && rq_out_wanted(&out) == 0);
  text_begin(&c, "192.0.2");
  rq_ipv4_parse(&c, &out);
  EXPECT(u, !rq_cur_good(&c) && rq_out_wanted(&out) == 0);
}

/* 16 octets or none; what cannot belong to the address is left to the caller. */
static void test_ipv6_read(unit *u) {
  static const struct {
    const char *text;
    int left; /* octets left, -1 for a failure */
    uint8_t octets[16];
  } cases[] = {{"::", 0, {0}},
               {"::]", 1, {0}},
               {"::1", 0, {[15] = 1}},
               {"1::", 0, {[1] = 1}},
               {"1::%2", 2, {[1] = 1}},
               {"1::2:", 1, {[1] = 1, [15] = 2}},
               {"1::2::3", 3, {[1] = 1, [15] = 2}},
               {"::192.0.2.1", 0, {[12] = 192, 0, 2, 1}},
               {"::192.0.2.1:5", 2, {[12] = 192, 0, 2, 1}},
               {"1:2:3:4:5:6:192.0.2.1", 0, {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 192, 0, 2, 1}},
               {"1:2:3:4:5:6:7:8", 0, {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8}},
               {"1:2:3:4:5:6:7::", 0, {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0}},
               {"1:2:3:4:5:6:7:8:9", 2, {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8}},
               {"1:2:3:4:5:6:7:8::", 2, {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8}},
               {"abCD::FFff0", 1, {0xab, 0xcd, [14] = 0xff, 0xff}},
               {"1:2:3:4:5:6:7:192.0.2.1", 6, {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 1, 0x92}},
               {"1:2:3:4:5:6:7", -1, {0}},
               {"1:2:3:4:5:192.0.2.1", -1, {0}},
               {"1:2:3:4:5:6:7::8", -1, {0}},
               {":1", -1, {0}},
               {"", -1, {0}},
               {"g", -1, {0}}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    rq_cur c;
    rq_out out;
    uint8_t octets[16];
    u->about = cases[i].text;
    text_begin(&c, cases[i].text);
    rq_out_init(&out, octets, sizeof octets);
    rq_ipv6_parse(&c, &out);
    EXPECT_NUMBER(u, rq_cur_good(&c) ? (int)rq_cur_left(&c) : -1, cases[i].left);
    EXPECT_OCTETS(u, octets, rq_out_wanted(&out), cases[i].octets, cases[i].left < 0 ? 0 : 16);
  }
}

static void test_ipv6_shown(unit *u) {
  static const struct {
    uint8_t octets[16];
    const char *text;
  } cases[] = {{{0}, "::"},
               {{[15] = 1}, "::1"},
               {{[1] = 1}, "1::"},
               {{[10] = 0xff, 0xff, 192, 0, 2, 1}, "::ffff:192.0.2.1"},
               {{[12] = 192, 0, 2, 1}, "::192.0.2.1"},
               {{[14] = 1, 0}, "::100"},
               {{0x20, 1, 0xd, 0xb8, [9] = 1, [15] = 1}, "2001:db8::1:0:0:1"},
               {{0, 1, [4] = 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7}, "1:0:2:3:4:5:6:7"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    rq_cur c;
    rq_out out;
    uint8_t text[48];
    rq_cur_init(&c, cases[i].octets, 16);
    rq_out_init(&out, text, sizeof text);
    rq_ipv6_text(&c, &out);
    EXPECT_OCTETS(u, text, rq_out_wanted(&out), cases[i].text, strlen(cases[i].text));
    EXPECT(u, rq_cur_done(&c));
    rq_cur_init(&c, cases[i].octets, 15);
    rq_ipv6_text(&c, &out);
    EXPECT(u, !rq_cur_good(&c) && rq_out_wanted(&out) == strlen(cases[i].text));
  }
}

static void test_line_next(unit *u) {
  rq_cur text, line;
  text_begin(&text, "ab\r\n\nc");
  EXPECT(u, rq_line_next(&text, 0, &line) && rq_cur_left(&line) == 3 && rq_cur_u8(&line) == 'a');
  EXPECT(u, rq_line_next(&text, 0, &line) && rq_cur_left(&line) == 0);
  EXPECT(u, !rq_line_next(&text, 0, &line) && rq_cur_left(&text) == 1);
  EXPECT(u, rq_line_next(&text, 1, &line) && rq_cur_left(&line) == 1 && rq_cur_u8(&line) == 'c');
  EXPECT(u, !rq_line_next(&text, 1, &line) && rq_cur_good(&text));
  EXPECT(u, rq_is_blank(' ') && rq_is_blank('\t') && rq_is_blank('\r') && !rq_is_blank('\n') && !rq_is_blank(0));
}

/* Ours is drawn once and goes out alone until the server's is known; a fork forgets both, but not that one is due. */
static void test_manner_cookies(unit *u) {
  static const uint8_t server[] = "server cookie";
  rq_manner manner = {0};
  rq_reply reply = {.edns = 1, .cookie = RQ_COOKIE_OURS};
  rq_manner_draw(&manner, 0x4142434445464748u);
  EXPECT_OCTETS(u, manner.cookie, manner.cookie_len, "ABCDEFGH", 8);
  rq_cur_init(&reply.server_cookie, server, 0);
  rq_manner_learn(&manner, &reply, 1);
  EXPECT(u, manner.edns_seen && manner.cookie_len == 8 && !manner.cookie_due);
  rq_cur_init(&reply.server_cookie, server, 13);
  rq_manner_learn(&manner, &reply, 0);
  EXPECT(u, manner.cookie_len == 8 && !manner.cookie_due);
  rq_manner_learn(&manner, &reply, 1);
  EXPECT_OCTETS(u, manner.cookie, manner.cookie_len, "ABCDEFGHserver cookie", 21);
  EXPECT(u, manner.cookie_due);
  rq_manner_forget(&manner);
  EXPECT(u, manner.cookie_len == 0 && manner.cookie_due);
}

/* Over TCP a server tells how long it waits, and by its silence on cookies that it has none. */
static void test_manner_tcp(unit *u) {
  rq_manner manner = {.cookie_len = 24, .cookie_due = 1};
  rq_reply reply = {.transport = RQ_TCP, .idle_told = 1, .idle = 300};
  rq_manner_learn(&manner, &reply, 1); /* without OPT it says nothing */
  EXPECT(u, manner.cookie_due && manner.cookie_len == 24 && manner.idle_told && manner.idle == 300);
  reply = (rq_reply){.transport = RQ_TCP, .edns = 1, .cookie = RQ_COOKIE_WRONG};
  rq_manner_learn(&manner, &reply, 1);
  EXPECT(u, manner.cookie_due && manner.idle == 300);
  rq_manner_distrust(&manner, RQ_DROP_COOKIE, &reply, 5);
  EXPECT(u, rq_manner_distrusted(&manner, 5) && rq_manner_distrusted(&manner, RQ_DISTRUST_US + 4));
  EXPECT(u, !rq_manner_distrusted(&manner, RQ_DISTRUST_US + 5));
  rq_manner_trust(&manner);
  EXPECT(u, !rq_manner_distrusted(&manner, 5));
  reply.cookie = RQ_COOKIE_NONE;
  rq_manner_learn(&manner, &reply, 1);
  rq_manner_distrust(&manner, RQ_DROP_COOKIE, &reply, 5);
  EXPECT(u, !manner.cookie_due && manner.cookie_len == 8 && !rq_manner_distrusted(&manner, 5));
  rq_manner_distrust(&manner, RQ_DROP_CASE, &reply, 5);
  EXPECT(u, rq_manner_distrusted(&manner, 5));
}
