/* rq_row.c: a finished lookup as one row; see rq_row.h.
 *
 * Every failure is a row with its cause; the name is the input as given, made valid UTF-8 and nothing else.
 * The shapes of JSON are in the rq_json_*.c; each is one line, which no octet of input or answer can break.
 * SPDX-License-Identifier: MIT */
#include "rq_row.h"

#include <errno.h>

#include "rq_pack.h"

/* --- names and sentences --- */

const char *rq_status_name(int32_t status) {
  static const char *const names[] = {"NOERROR",      "TIMEOUT", "TRUNCATED", "ILLEGAL_INPUT",
                                      "MALFORMED",    "ERROR",   "NO_MEMORY", "CANCELLED",
                                      "BAD_ARGUMENT", "PENDING", "TOO_LARGE", "CNAME_LOOP"};
  return status <= 0 && status >= RQ_CNAME_LOOP ? names[-status] : "ERROR";
}

static const char *flaw_text(int32_t flaw) {
  static const char *const texts[] = {"",
                                      "the name is empty",
                                      "the name has an empty label",
                                      "a label is longer than 63 octets",
                                      "the name is longer than 255 octets",
                                      "the name has a bad escape",
                                      "the name has a space, a control character or an octet outside ASCII"};
  int known = flaw > RQ_FLAW_NONE && flaw <= RQ_FLAW_OCTET;
  return known ? texts[flaw] : "the input is not a domain name";
}

static const char *errno_text(int32_t error) {
  static const struct {
    int32_t error;
    const char *text;
  } texts[] = {{ECONNREFUSED, "connection refused"},
               {ECONNRESET, "connection reset by the server"},
               {EPIPE, "connection closed by the server"},
               {ENETUNREACH, "network is unreachable"},
               {EHOSTUNREACH, "no route to the server"},
               {ENETDOWN, "network is down"},
               {EADDRNOTAVAIL, "no local address or port is available"},
               {EAFNOSUPPORT, "address family is not supported here"},
               {EACCES, "permission denied"},
               {EPERM, "operation not permitted"},
               {EINVAL, "the server's address is not usable"},
               {EMSGSIZE, "the query is too large for the network"},
               {EMFILE, "too many open files in this process"},
               {ENFILE, "too many open files in this system"},
               {ENOBUFS, "no buffer space is available"},
               {ENOMEM, "no memory"},
               {ETIMEDOUT, "connection timed out"}};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    if (texts[i].error == error) return texts[i].text;
  return "a system call failed";
}

const char *rq_error_text(int32_t status, int32_t error) {
  if (status == RQ_ILLEGAL_INPUT) return flaw_text(error);
  if (status == RQ_NETWORK) return errno_text(error);
  return NULL;
}

void rq_row_status_text(const rq_row *row, uint16_t rcode, rq_out *out) {
  if (row->status == RQ_OK)
    rq_rcode_to_text(rcode, out);
  else
    rq_text_put(out, rq_status_name(row->status));
}

const char *rq_transport_name(uint8_t transport) {
  return transport == RQ_TCP ? "tcp" : "udp";
}

/* --- times --- */

/* Of a number below 100. */
static void two_digits(uint32_t number, uint8_t text[2]) {
  text[0] = (uint8_t)('0' + number / 10);
  text[1] = (uint8_t)('0' + number % 10);
}

static void six_digits(uint32_t number, uint8_t text[6]) {
  two_digits(number / 10000, text);
  two_digits(number / 100 % 100, text + 2);
  two_digits(number % 100, text + 4);
}

void rq_timestamp_text(int64_t time_us, rq_out *out) {
  uint8_t text[] = "YYYY-MM-DDThh:mm:ss.uuuuuuZ";
  rq_moment m;
  uint64_t us = time_us > 0 ? (uint64_t)time_us : 0;
  rq_moment_split(us / 1000000, &m);
  two_digits(m.year / 100 % 100, text);
  two_digits(m.year % 100, text + 2);
  two_digits(m.month, text + 5);
  two_digits(m.day, text + 8);
  two_digits(m.hour, text + 11);
  two_digits(m.minute, text + 14);
  two_digits(m.second, text + 17);
  six_digits((uint32_t)(us % 1000000), text + 20);
  rq_out_piece(out, text, sizeof text - 1);
}

void rq_seconds_text(int64_t us, rq_out *out) {
  uint8_t text[] = ".uuuuuu";
  rq_decimal_text((uint64_t)us / 1000000, out);
  six_digits((uint32_t)((uint64_t)us % 1000000), text + 1);
  rq_out_piece(out, text, sizeof text - 1);
}

/* --- MessagePack --- */

static void pack_optional_text(const char *text, rq_out *out) {
  if (text == NULL)
    rq_pack_nil(out);
  else
    rq_pack_text(text, out);
}

static void pack_optional(int present, uint64_t v, rq_out *out) {
  if (present)
    rq_pack_uint(v, out);
  else
    rq_pack_nil(out);
}

static void pack_name(const rq_row *row, rq_out *out) {
  rq_cur octets;
  rq_cur_init(&octets, row->name, row->name_len);
  rq_pack_utf8(&octets, out);
}

static void pack_type(uint16_t rrtype, rq_out *out) {
  uint8_t text[32];
  rq_out o;
  rq_out_init(&o, text, sizeof text);
  rq_type_text(rrtype, &o);
  rq_pack_str(text, rq_out_stored(&o), out);
}

static void pack_status(const rq_row *row, uint16_t rcode, rq_out *out) {
  uint8_t text[32];
  rq_out o;
  rq_out_init(&o, text, sizeof text);
  rq_row_status_text(row, rcode, &o);
  rq_pack_str(text, rq_out_stored(&o), out);
}

/* The rcode is one whose upper bits are `upper`; returns what they are. */
static unsigned pack_row(const rq_row *row, unsigned upper, rq_out *out) {
  rq_walk walk;
  int answered = row->size > 0, has_header = rq_walk_begin(&walk, row->wire, row->size) == RQ_OK;
  uint16_t flags = has_header ? walk.header.flags : 0, rcode = (uint16_t)(RQ_RCODE(flags) + upper);
  rq_pack_array(14, out);
  rq_pack_int(row->index, out);
  pack_name(row, out);
  pack_type(row->rrtype, out);
  pack_status(row, rcode, out);
  pack_optional(answered, rcode, out);
  pack_optional(answered, flags, out);
  pack_optional_text(row->server, out);
  pack_optional_text(row->server ? rq_transport_name(row->transport) : NULL, out);
  rq_pack_uint(row->tries, out);
  if (row->rtt_us >= 0)
    rq_pack_double((double)row->rtt_us / 1e6, out);
  else
    rq_pack_nil(out);
  pack_optional(answered, row->size, out);
  pack_optional_text(rq_error_text(row->status, row->error), out);
  rq_pack_double((double)row->time_us / 1e6, out);
  return rq_pack_answer(&walk, out);
}

/* As with rq_row_json, a row is written again for an rcode that has upper bits. */
void rq_row_msgpack(const rq_row *row, rq_out *out) {
  size_t mark = rq_out_wanted(out);
  unsigned upper = pack_row(row, 0, out);
  if (upper == 0) return;
  rq_out_rewind(out, mark);
  pack_row(row, upper, out);
}

/* --- all formats --- */

void rq_row_write(const rq_row *row, int32_t format, rq_out *out) {
  static void (*const formats[])(const rq_row *, rq_out *) = {[RQ_MSGPACK] = rq_row_msgpack,
                                                              [RQ_NDJSON] = rq_row_json,
                                                              [RQ_NDJSON_RFC8427] = rq_row_8427,
                                                              [RQ_NDJSON_MASSDNS] = rq_row_massdns};
  formats[format](row, out);
}
