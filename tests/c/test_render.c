/* test_render.c: unit tests of what Python cannot reach alone: rows, MessagePack's forms, dates, base32hex.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>

#include "render/rq_encode.h"
#include "render/rq_json.h"
#include "render/rq_pack.h"
#include "render/rq_row.h"
#include "unit.h"

static uint8_t buffer[4096];

static rq_out fresh(void) {
  rq_out out;
  rq_out_init(&out, buffer, sizeof buffer);
  return out;
}

#define EXPECT_TEXT(u, out, wanted) EXPECT_OCTETS(u, buffer, rq_out_stored(&(out)), wanted, sizeof(wanted) - 1)

/* One A record for x., NXDOMAIN in the header: header, question, answer. */
static const uint8_t ANSWER[] =
    "\x12\x34\x85\x83\0\x01\0\x01\0\0\0\0\x01x\0\0\x01\0\x01\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x01";

static rq_row answered(void) {
  rq_row row = {.index = 7, .name = (const uint8_t *)"x", .name_len = 1, .rrtype = 1, .server = "127.0.0.1:53"};
  row.tries = 2;
  row.rtt_us = 1500;
  row.time_us = 1000000000000001;
  row.wire = ANSWER;
  row.size = sizeof ANSWER - 1;
  return row;
}

static rq_row failed(int32_t status, int32_t error) {
  rq_row row = {.index = -1, .name = (const uint8_t *)"a\"\xff\n", .name_len = 4, .rrtype = 65280};
  row.status = status;
  row.error = error;
  row.rtt_us = -1;
  return row;
}

static void test_json_rows(unit *u) {
  rq_row row = answered();
  rq_out out = fresh();
  u->about = "an answer as JSON";
  rq_row_json(&row, &out);
  EXPECT_TEXT(
      u, out,
      "{\"name\":\"x\",\"results\":{\"A\":{\"status\":\"NXDOMAIN\",\"timestamp\":\"2001-09-09T01:46:40.000001Z\","
      "\"duration\":0.001500,\"data\":{\"answers\":[{\"name\":\"x\",\"type\":\"A\",\"class\":\"IN\",\"ttl\":60,"
      "\"answer\":\"192.0.2.1\"}],\"protocol\":\"udp\",\"resolver\":\"127.0.0.1:53\",\"flags\":{\"opcode\":0,"
      "\"response\":true,\"authoritative\":true,\"truncated\":false,\"recursion_desired\":true,"
      "\"recursion_available\":true,\"authenticated\":false,\"checking_disabled\":false,\"error_code\":3}}}}}\n");
  u->about = "a failure as JSON, whose name is no text";
  row = failed(RQ_ILLEGAL_INPUT, RQ_FLAW_OCTET);
  out = fresh();
  rq_row_json(&row, &out);
  EXPECT_TEXT(u, out,
              "{\"name\":\"a\\\"\\\\255\\n\",\"results\":{\"TYPE65280\":{\"status\":\"ILLEGAL_INPUT\","
              "\"error\":\"the name has a space, a control character or an octet outside "
              "ASCII\",\"timestamp\":\"1970-01-01T00:00:00.000000Z\","
              "\"data\":{}}}}\n");
  u->about = "a failure at a server as JSON";
  row = failed(RQ_NETWORK, ECONNREFUSED);
  row.name_len = 1;
  row.server = "[::1]:53";
  row.transport = RQ_TCP;
  out = fresh();
  rq_row_json(&row, &out);
  EXPECT_TEXT(
      u, out,
      "{\"name\":\"a\",\"results\":{\"TYPE65280\":{\"status\":\"ERROR\",\"error\":\"connection refused\","
      "\"timestamp\":\"1970-01-01T00:00:00.000000Z\",\"data\":{\"protocol\":\"tcp\",\"resolver\":\"[::1]:53\"}}}}\n");
}

static void test_rfc8427_rows(unit *u) {
  rq_row row = answered();
  rq_out out = fresh();
  u->about = "an answer in the shape of RFC 8427";
  rq_row_8427(&row, &out);
  EXPECT_TEXT(
      u, out,
      "{\"name\":\"x\",\"status\":\"NXDOMAIN\",\"dateString\":\"2001-09-09T01:46:40.000001Z\","
      "\"dateSeconds\":1000000000.000001,\"protocol\":\"udp\",\"resolver\":\"127.0.0.1:53\",\"ID\":4660,\"QR\":1,"
      "\"Opcode\":0,\"AA\":1,\"TC\":0,\"RD\":1,\"RA\":1,\"AD\":0,\"CD\":0,\"RCODE\":3,\"QDCOUNT\":1,\"ANCOUNT\":1,"
      "\"NSCOUNT\":0,\"ARCOUNT\":0,\"QNAME\":\"x.\",\"QTYPE\":1,\"QTYPEname\":\"A\",\"QCLASS\":1,"
      "\"QCLASSname\":\"IN\",\"questionRRs\":[{\"NAME\":\"x.\",\"TYPE\":1,\"TYPEname\":\"A\",\"CLASS\":1,"
      "\"CLASSname\":\"IN\"}],\"answerRRs\":[{\"NAME\":\"x.\",\"TYPE\":1,\"TYPEname\":\"A\",\"CLASS\":1,"
      "\"CLASSname\":\"IN\",\"TTL\":60,\"RDLENGTH\":4,\"RDATAHEX\":\"C0000201\",\"rdataA\":\"192.0.2.1\"}],"
      "\"authorityRRs\":[],\"additionalRRs\":[]}\n");
  u->about = "a failure in the shape of RFC 8427";
  row = failed(RQ_NETWORK, ECONNREFUSED);
  row.name_len = 1;
  row.server = "[::1]:53";
  row.transport = RQ_TCP;
  out = fresh();
  rq_row_8427(&row, &out);
  EXPECT_TEXT(
      u, out,
      "{\"name\":\"a\",\"status\":\"ERROR\",\"error\":\"connection refused\","
      "\"dateString\":\"1970-01-01T00:00:00.000000Z\",\"dateSeconds\":0.000000,\"protocol\":\"tcp\","
      "\"resolver\":\"[::1]:53\",\"QTYPE\":65280,\"QTYPEname\":\"TYPE65280\",\"QCLASS\":1,\"QCLASSname\":\"IN\"}\n");
}

static void test_massdns_rows(unit *u) {
  rq_row row = answered();
  rq_out out = fresh();
  u->about = "an answer in the shape of massdns";
  rq_row_massdns(&row, &out);
  EXPECT_TEXT(
      u, out,
      "{\"name\":\"x.\",\"type\":\"A\",\"class\":\"IN\",\"status\":\"NXDOMAIN\",\"rx_ts\":1000000000000001000,"
      "\"data\":{\"answers\":[{\"ttl\":60,\"type\":\"A\",\"class\":\"IN\",\"name\":\"x.\",\"data\":\"192.0.2.1\"}]},"
      "\"flags\":[\"aa\",\"rd\",\"ra\"],\"resolver\":\"127.0.0.1:53\",\"proto\":\"UDP\"}\n");
  u->about = "a failure in the shape of massdns, whose name is no name";
  row = failed(RQ_ILLEGAL_INPUT, RQ_FLAW_OCTET);
  out = fresh();
  rq_row_massdns(&row, &out);
  EXPECT_TEXT(u, out,
              "{\"name\":\"a\\\"\\\\255\\n\",\"type\":\"TYPE65280\",\"class\":\"IN\",\"status\":\"ILLEGAL_INPUT\","
              "\"error\":\"the name has a space, a control character or an octet outside "
              "ASCII\",\"rx_ts\":0,\"data\":{},\"flags\":[]}\n");
  u->about = "a timeout in the shape of massdns";
  row = failed(RQ_TIMEOUT, 0);
  row.name_len = 1;
  row.server = "[::1]:53";
  row.transport = RQ_TCP;
  out = fresh();
  rq_row_massdns(&row, &out);
  EXPECT_TEXT(u, out,
              "{\"name\":\"a.\",\"type\":\"TYPE65280\",\"class\":\"IN\",\"status\":\"TIMEOUT\",\"error\":\"TIMEOUT\","
              "\"rx_ts\":0,\"data\":{},\"flags\":[],\"resolver\":\"[::1]:53\",\"proto\":\"TCP\"}\n");
}

/* Each format is the function of its name. */
static void test_formats(unit *u) {
  static void (*const writers[])(const rq_row *, rq_out *) = {rq_row_msgpack, rq_row_json, rq_row_8427, rq_row_massdns};
  static uint8_t same[sizeof buffer];
  rq_row row = answered();
  u->about = "formats of a row";
  for (int32_t format = RQ_MSGPACK; format <= RQ_NDJSON_MASSDNS; format++) {
    rq_out out = fresh(), again;
    rq_out_init(&again, same, sizeof same);
    rq_row_write(&row, format, &out);
    writers[format](&row, &again);
    EXPECT_OCTETS(u, buffer, rq_out_stored(&out), same, rq_out_stored(&again));
  }
}

static void test_packed_rows(unit *u) {
  rq_row row = answered();
  rq_out out = fresh();
  u->about = "an answer as MessagePack";
  rq_row_msgpack(&row, &out);
  EXPECT_TEXT(
      u, out,
      "\x9e\x07\xdb\0\0\0\x01x\xa1"
      "A\xa8NXDOMAIN\x03\xcd\x85\x83\xac"
      "127.0.0.1:53\xa3udp\x02\xcb\x3f\x58\x93\x74\xbc\x6a\x7e\xfa\x23\xc0\xcb\x41\xcd\xcd\x65\0\0\0\x08\xdc\0\x01"
      "\x95\xa2x.\x01\x01\x3c\x92\x01\xa9"
      "192.0.2.1");
  u->about = "a failure as MessagePack";
  row = failed(RQ_TIMEOUT, 0);
  out = fresh();
  rq_row_msgpack(&row, &out);
  EXPECT_TEXT(u, out,
              "\x9e\xff\xdb\0\0\0\x07"
              "a\"\\255\n\xa9TYPE65280\xa7TIMEOUT\xc0\xc0\xc0\xc0\0\xc0\xc0\xc0\xcb\0\0\0\0\0\0\0\0\x90");
}

static void test_sentences(unit *u) {
  static const char *const statuses[] = {"NOERROR",      "TIMEOUT", "TRUNCATED", "ILLEGAL_INPUT",
                                         "MALFORMED",    "ERROR",   "NO_MEMORY", "CANCELLED",
                                         "BAD_ARGUMENT", "PENDING", "TOO_LARGE", "CNAME_LOOP"};
  u->about = "names and sentences";
  for (int32_t i = 0; i < 12; i++) EXPECT(u, strcmp(rq_status_name(-i), statuses[i]) == 0);
  EXPECT(u, strcmp(rq_status_name(RQ_CNAME_LOOP - 1), "ERROR") == 0 && strcmp(rq_status_name(1), "ERROR") == 0);
  EXPECT(u, rq_error_text(RQ_TIMEOUT, 0) == NULL && rq_error_text(RQ_OK, 0) == NULL);
  for (int32_t flaw = RQ_FLAW_EMPTY; flaw <= RQ_FLAW_OCTET; flaw++)
    EXPECT(u, strlen(rq_error_text(RQ_ILLEGAL_INPUT, flaw)) > 10);
  EXPECT(u, strcmp(rq_error_text(RQ_ILLEGAL_INPUT, RQ_FLAW_OCTET + 1), "the input is not a domain name") == 0);
  EXPECT(u, strcmp(rq_error_text(RQ_NETWORK, ENETUNREACH), "network is unreachable") == 0);
  EXPECT(u, strcmp(rq_error_text(RQ_NETWORK, 99999), "a system call failed") == 0);
}

static void expect_int(unit *u, int64_t v, const char *wanted, size_t len) {
  rq_out out = fresh();
  rq_pack_int(v, &out);
  EXPECT_OCTETS(u, buffer, rq_out_stored(&out), wanted, len);
}

static void test_integers(unit *u) {
  u->about = "integers at the edges of MessagePack's forms";
  expect_int(u, 0, "\0", 1);
  expect_int(u, 127, "\x7f", 1);
  expect_int(u, 128, "\xcc\x80", 2);
  expect_int(u, 255, "\xcc\xff", 2);
  expect_int(u, 256, "\xcd\x01\0", 3);
  expect_int(u, 65535, "\xcd\xff\xff", 3);
  expect_int(u, 65536, "\xce\0\x01\0\0", 5);
  expect_int(u, 4294967295, "\xce\xff\xff\xff\xff", 5);
  expect_int(u, 4294967296, "\xcf\0\0\0\x01\0\0\0\0", 9);
  expect_int(u, -1, "\xff", 1);
  expect_int(u, -32, "\xe0", 1);
  expect_int(u, -33, "\xd3\xff\xff\xff\xff\xff\xff\xff\xdf", 9);
}

/* The heads of a str and of a bin of `len` octets. */
static void expect_heads(unit *u, size_t len, const char *str, size_t str_len, const char *bin, size_t bin_len) {
  static uint8_t much[70000];
  rq_out out = fresh();
  rq_cur cur;
  rq_pack_str(much, len, &out);
  EXPECT_OCTETS(u, buffer, str_len, str, str_len);
  EXPECT_NUMBER(u, rq_out_wanted(&out), str_len + len);
  out = fresh();
  rq_cur_init(&cur, much, len);
  rq_pack_bin(&cur, &out);
  EXPECT_OCTETS(u, buffer, bin_len, bin, bin_len);
  EXPECT_NUMBER(u, rq_out_wanted(&out), bin_len + len);
}

static void test_lengths(unit *u) {
  u->about = "lengths at the edges of MessagePack's forms";
  expect_heads(u, 0, "\xa0", 1, "\xc4\0", 2);
  expect_heads(u, 31, "\xbf", 1, "\xc4\x1f", 2);
  expect_heads(u, 32, "\xd9\x20", 2, "\xc4\x20", 2);
  expect_heads(u, 255, "\xd9\xff", 2, "\xc4\xff", 2);
  expect_heads(u, 256, "\xda\x01\0", 3, "\xc5\x01\0", 3);
  expect_heads(u, 65535, "\xda\xff\xff", 3, "\xc5\xff\xff", 3);
  expect_heads(u, 65536, "\xdb\0\x01\0\0", 5, "\xc6\0\x01\0\0", 5);
  rq_out out = fresh();
  rq_pack_array(15, &out);
  rq_pack_array(16, &out);
  rq_pack_array(65535, &out);
  rq_pack_array(65536, &out);
  EXPECT_TEXT(u, out, "\x9f\xdc\0\x10\xdc\xff\xff\xdd\0\x01\0\0");
}

static void expect_moment(unit *u, uint64_t seconds, uint32_t year, uint32_t month, uint32_t day, uint32_t of_day) {
  rq_moment m;
  rq_moment_split(seconds, &m);
  EXPECT(u, m.year == year && m.month == month && m.day == day);
  EXPECT_NUMBER(u, m.hour * 3600 + m.minute * 60 + m.second, of_day);
}

static void test_moments(unit *u) {
  u->about = "dates";
  expect_moment(u, 0, 1970, 1, 1, 0);
  expect_moment(u, 951782399, 2000, 2, 28, 86399);
  expect_moment(u, 951782400, 2000, 2, 29, 0);
  expect_moment(u, 951868800, 2000, 3, 1, 0);
  expect_moment(u, 1709164800, 2024, 2, 29, 0);
  expect_moment(u, 1735689599, 2024, 12, 31, 86399);
  expect_moment(u, 4107542400, 2100, 3, 1, 0);
  expect_moment(u, 4294967295, 2106, 2, 7, 23295);
}

static void expect_encoded(unit *u, void (*write)(rq_cur *, rq_out *), const char *octets, size_t len,
                           const char *wanted) {
  rq_out out = fresh();
  rq_cur cur;
  rq_cur_init(&cur, (const uint8_t *)octets, len);
  write(&cur, &out);
  EXPECT_OCTETS(u, buffer, rq_out_stored(&out), wanted, strlen(wanted));
}

/* The vectors of RFC 4648, section 10. */
static void test_encodings(unit *u) {
  static const char *const base64[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
  static const char *const base32[] = {"", "CO", "CPNG", "CPNMU", "CPNMUOG", "CPNMUOJ1", "CPNMUOJ1E8"};
  static const char *const hex[] = {"", "66", "666F", "666F6F", "666F6F62", "666F6F6261", "666F6F626172"};
  u->about = "RFC 4648";
  for (size_t len = 0; len <= 6; len++) {
    expect_encoded(u, rq_base64_to_text, "foobar", len, base64[len]);
    expect_encoded(u, rq_base32_to_text, "foobar", len, base32[len]);
    expect_encoded(u, rq_hex_to_text, "foobar", len, hex[len]);
  }
}

/* As when somebody writes to the message between the check of a length and its use. */
static void test_too_long_an_address(unit *u) {
  static const uint8_t ones[127] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  rq_prefix prefix = {.family = 2, .bits = 128};
  rq_out out = fresh();
  u->about = "an address of 127 octets";
  rq_cur_init(&prefix.address, ones, sizeof ones);
  rq_prefix_to_text(&prefix, &out);
  EXPECT_TEXT(u, out, "101:101:101:101:101:101:101:101/128");
}

/* What is wanted is counted up to 2^31-1: a loop must not wait for more. */
static void test_no_more_counted(unit *u) {
  static const uint8_t soa[22] = {0};
  rq_cur rdata;
  rq_out out;
  u->about = "text behind 2 GiB of it";
  rq_cur_init(&rdata, soa, sizeof soa);
  rq_out_init(&out, NULL, 0);
  rq_out_octets(&out, buffer, RQ_OUT_MAX - 40);
  rq_rdata_to_text(6, &rdata, RQ_STYLE_FOLDED, &out);
  EXPECT_NUMBER(u, rq_out_wanted(&out), RQ_OUT_MAX);
}

int main(void) {
  unit u = {0};
  test_json_rows(&u);
  test_rfc8427_rows(&u);
  test_massdns_rows(&u);
  test_formats(&u);
  test_packed_rows(&u);
  test_sentences(&u);
  test_integers(&u);
  test_lengths(&u);
  test_moments(&u);
  test_encodings(&u);
  test_too_long_an_address(&u);
  test_no_more_counted(&u);
  return unit_report(&u, "test_render");
}
