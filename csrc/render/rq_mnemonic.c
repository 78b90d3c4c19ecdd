/* rq_mnemonic.c: names of numbers; see rq_mnemonic.h. Serves IANA's "Domain Name System (DNS) Parameters" and "DNS
 * Security Algorithm Numbers". SPDX-License-Identifier: MIT */
#include "rq_mnemonic.h"

#include "../resquery.h"
#include "rq_encode.h"

typedef struct mnemonic {
  uint16_t number;
  const char *name;
} mnemonic;

static void number_text(uint16_t number, const char *prefix, rq_out *out) {
  rq_text_put(out, prefix);
  rq_decimal_text(number, out);
}

/* The name among `count` rows, or NULL. */
static const char *name_of(const mnemonic *rows, size_t count, uint16_t number) {
  for (size_t i = 0; i < count; i++)
    if (rows[i].number == number) return rows[i].name;
  return NULL;
}

/* The name, or `prefix` and the number. */
static void named_text(const char *name, uint16_t number, const char *prefix, rq_out *out) {
  if (name != NULL)
    rq_text_put(out, name);
  else
    number_text(number, prefix, out);
}

static const char *class_name(uint16_t number) {
  static const mnemonic rows[] = {{1, "IN"}, {3, "CH"}, {4, "HS"}, {254, "NONE"}, {255, "ANY"}};
  return name_of(rows, sizeof rows / sizeof rows[0], number);
}

void rq_class_to_text(uint16_t number, rq_out *out) {
  named_text(class_name(number), number, "CLASS", out);
}

const char *rq_rcode_name(uint16_t rcode) {
  static const char *const names[] = {
      [0] = "NOERROR",  [1] = "FORMERR",    [2] = "SERVFAIL", [3] = "NXDOMAIN",  [4] = "NOTIMP",
      [5] = "REFUSED",  [6] = "YXDOMAIN",   [7] = "YXRRSET",  [8] = "NXRRSET",   [9] = "NOTAUTH",
      [10] = "NOTZONE", [11] = "DSOTYPENI", [16] = "BADVERS", [17] = "BADKEY",   [18] = "BADTIME",
      [19] = "BADMODE", [20] = "BADNAME",   [21] = "BADALG",  [22] = "BADTRUNC", [23] = "BADCOOKIE"};
  return rcode < sizeof names / sizeof names[0] ? names[rcode] : NULL;
}

void rq_rcode_to_text(uint16_t rcode, rq_out *out) {
  named_text(rq_rcode_name(rcode), rcode, "RCODE", out);
}

static const char *opcode_name(uint16_t opcode) {
  static const mnemonic rows[] = {{0, "QUERY"}, {1, "IQUERY"}, {2, "STATUS"}, {4, "NOTIFY"}, {5, "UPDATE"}, {6, "DSO"}};
  return name_of(rows, sizeof rows / sizeof rows[0], opcode);
}

void rq_opcode_to_text(uint16_t opcode, rq_out *out) {
  named_text(opcode_name(opcode), opcode, "RESERVED", out);
}

const char *rq_extended_error_name(uint16_t code) {
  static const char *const names[] = {"Other",
                                      "Unsupported DNSKEY Algorithm",
                                      "Unsupported DS Digest Type",
                                      "Stale Answer",
                                      "Forged Answer",
                                      "DNSSEC Indeterminate",
                                      "DNSSEC Bogus",
                                      "Signature Expired",
                                      "Signature Not Yet Valid",
                                      "DNSKEY Missing",
                                      "RRSIGs Missing",
                                      "No Zone Key Bit Set",
                                      "NSEC Missing",
                                      "Cached Error",
                                      "Not Ready",
                                      "Blocked",
                                      "Censored",
                                      "Filtered",
                                      "Prohibited",
                                      "Stale NXDOMAIN Answer",
                                      "Not Authoritative",
                                      "Not Supported",
                                      "No Reachable Authority",
                                      "Network Error",
                                      "Invalid Data",
                                      "Signature Expired before Valid",
                                      "Too Early",
                                      "Unsupported NSEC3 Iterations Value",
                                      "Unable to conform to policy",
                                      "Synthesized",
                                      "Invalid Query Type"};
  return code < sizeof names / sizeof names[0] ? names[code] : NULL;
}

void rq_tsig_error_to_text(uint16_t error, rq_out *out) {
  static const mnemonic rows[] = {{16, "BADSIG"},  {17, "BADKEY"}, {18, "BADTIME"}, {19, "BADMODE"},
                                  {20, "BADNAME"}, {21, "BADALG"}, {22, "BADTRUNC"}};
  if (error <= 10)
    rq_text_put(out, rq_rcode_name(error));
  else
    named_text(name_of(rows, sizeof rows / sizeof rows[0], error), error, "", out);
}

void rq_cert_type_to_text(uint16_t number, rq_out *out) {
  static const mnemonic rows[] = {{1, "PKIX"}, {2, "SPKI"},   {3, "PGP"},     {4, "IPKIX"}, {5, "ISPKI"},
                                  {6, "IPGP"}, {7, "ACPKIX"}, {8, "IACPKIX"}, {253, "URI"}, {254, "OID"}};
  named_text(name_of(rows, sizeof rows / sizeof rows[0], number), number, "", out);
}

void rq_scheme_to_text(uint8_t number, rq_out *out) {
  static const mnemonic rows[] = {{1, "NOTIFY"}};
  named_text(name_of(rows, sizeof rows / sizeof rows[0], number), number, "", out);
}

void rq_algorithm_to_text(uint8_t number, rq_out *out) {
  static const mnemonic rows[] = {
      {1, "RSAMD5"},           {2, "DH"},        {3, "DSA"},        {5, "RSASHA1"},    {6, "NSEC3DSA"},
      {7, "NSEC3RSASHA1"},     {8, "RSASHA256"}, {10, "RSASHA512"}, {12, "ECCGOST"},   {13, "ECDSAP256SHA256"},
      {14, "ECDSAP384SHA384"}, {15, "ED25519"},  {16, "ED448"},     {252, "INDIRECT"}, {253, "PRIVATEDNS"},
      {254, "PRIVATEOID"}};
  named_text(name_of(rows, sizeof rows / sizeof rows[0], number), number, "", out);
}

/* --- for Python, see rq_api.h --- */

int32_t rq_code_name(int32_t codes, uint16_t number, char *out, uint32_t cap, uint32_t *actual) {
  static const char *(*const names[])(uint16_t) = {[RQ_CODES_CLASS] = class_name,
                                                   [RQ_CODES_RCODE] = rq_rcode_name,
                                                   [RQ_CODES_OPCODE] = opcode_name,
                                                   [RQ_CODES_EXTENDED_ERROR] = rq_extended_error_name};
  rq_out o;
  rq_out_init(&o, (uint8_t *)out, cap);
  if (codes < 0 || (size_t)codes >= sizeof names / sizeof names[0]) return RQ_BAD_ARGUMENT;
  const char *name = names[codes](number);
  if (name != NULL) rq_text_put(&o, name);
  *actual = (uint32_t)rq_out_wanted(&o);
  return (int32_t)rq_out_stored(&o);
}
