/* rq_fold.c: how long RDATA is broken into lines and explained; see rq_fold.h.
 *
 * Layout and comments are those of dig +multiline, so that what reads one reads the other. Never changes what the
 * record says: parentheses, line ends and comments mean nothing in a zone file (RFC 1035, 5.1). Serves RFC 4034
 * appendix B (key tags). SPDX-License-Identifier: MIT */
#include "rq_fold.h"

#include "rq_encode.h"
#include "rq_mnemonic.h"

static void key_comment(const rq_cur *rdata, rq_out *out);
static void dnskey_comment(const rq_cur *rdata, rq_out *out);
static void dhcid_comment(const rq_cur *rdata, rq_out *out);

enum { OPEN = RQ_FOLD_OPEN, LINE = RQ_FOLD_BREAK, INSIDE = RQ_FOLD_INSIDE };
enum { NAMED = RQ_FOLD_OPEN | RQ_FOLD_NAMED, TIMED = RQ_FOLD_BREAK | RQ_FOLD_TIMED };

static const rq_fold folds[] = {
    {6, RQ_FOLD_BELOW, {0, 0, NAMED, TIMED, TIMED, TIMED, TIMED}, NULL}, /* SOA */
    {24, RQ_FOLD_HERE, {0, 0, 0, 0, 0, OPEN, 0, 0, LINE}, NULL},         /* SIG */
    {25, RQ_FOLD_BELOW, {0, 0, 0, OPEN}, key_comment},                   /* KEY */
    {31, RQ_FOLD_HERE, {OPEN}, NULL},                                    /* EID */
    {32, RQ_FOLD_HERE, {OPEN}, NULL},                                    /* NIMLOC */
    {37, RQ_FOLD_HERE, {0, 0, 0, OPEN}, NULL},                           /* CERT */
    {40, RQ_FOLD_HERE, {0, 0, 0, OPEN}, NULL},                           /* SINK */
    {43, RQ_FOLD_HERE, {0, 0, 0, OPEN}, NULL},                           /* DS */
    {44, RQ_FOLD_HERE, {0, 0, OPEN}, NULL},                              /* SSHFP */
    {45, RQ_FOLD_HERE, {OPEN, 0, 0, 0, LINE}, NULL},                     /* IPSECKEY */
    {46, RQ_FOLD_HERE, {0, 0, 0, 0, OPEN, 0, 0, 0, LINE}, NULL},         /* RRSIG */
    {48, RQ_FOLD_BELOW, {0, 0, 0, OPEN}, dnskey_comment},                /* DNSKEY */
    {49, RQ_FOLD_HERE, {OPEN}, dhcid_comment},                           /* DHCID */
    {50, RQ_FOLD_HERE, {0, 0, 0, 0, OPEN, LINE}, NULL},                  /* NSEC3 */
    {52, RQ_FOLD_HERE, {0, 0, 0, OPEN}, NULL},                           /* TLSA */
    {53, RQ_FOLD_HERE, {0, 0, 0, OPEN}, NULL},                           /* SMIMEA */
    {55, RQ_FOLD_HERE, {OPEN, 0, LINE, LINE}, NULL},                     /* HIP */
    {57, RQ_FOLD_BELOW, {0, 0, 0, OPEN}, key_comment},                   /* RKEY */
    {59, RQ_FOLD_HERE, {0, 0, 0, OPEN}, NULL},                           /* CDS */
    {60, RQ_FOLD_BELOW, {0, 0, 0, OPEN}, dnskey_comment},                /* CDNSKEY */
    {61, RQ_FOLD_HERE, {OPEN}, NULL},                                    /* OPENPGPKEY */
    {63, RQ_FOLD_HERE, {0, 0, 0, OPEN}, NULL},                           /* ZONEMD */
    {67, RQ_FOLD_HERE, {OPEN}, NULL},                                    /* HHIT */
    {68, RQ_FOLD_HERE, {OPEN}, NULL},                                    /* BRID */
    {249, RQ_FOLD_NOT, {0, 0, 0, 0, 0, INSIDE, INSIDE}, NULL},           /* TKEY */
    {250, RQ_FOLD_NOT, {0, 0, 0, INSIDE}, NULL},                         /* TSIG */
    {32768, RQ_FOLD_HERE, {0, 0, 0, OPEN}, NULL},                        /* TA */
    {32769, RQ_FOLD_HERE, {0, 0, 0, OPEN}, NULL},                        /* DLV */
};

const rq_fold *rq_fold_find(uint16_t number) {
  for (size_t i = 0; i < sizeof folds / sizeof folds[0]; i++)
    if (folds[i].number == number) return &folds[i];
  return NULL;
}

void rq_fold_gap(uint8_t mark, int first, rq_out *out) {
  if ((mark & RQ_FOLD_OPEN) != 0)
    rq_text_put(out, first ? "( " : " (" RQ_BREAK);
  else if ((mark & RQ_FOLD_BREAK) != 0)
    rq_text_put(out, RQ_BREAK);
  else if (!first)
    rq_out_u8(out, ' ');
}

void rq_fold_end(const rq_fold *fold, const rq_cur *rdata, rq_out *out) {
  static const char *const closing[] = {[RQ_FOLD_NOT] = "", [RQ_FOLD_HERE] = " )", [RQ_FOLD_BELOW] = RQ_BREAK ")"};
  rq_text_put(out, closing[fold->close]);
  if (fold->comment != NULL) fold->comment(rdata, out);
}

/* --- comments --- */

void rq_span_to_text(uint32_t seconds, rq_out *out) {
  static const struct {
    uint32_t seconds;
    const char *name;
  } units[] = {{604800, " week"}, {86400, " day"}, {3600, " hour"}, {60, " minute"}, {1, " second"}};
  const char *before = "";
  uint32_t left = seconds;
  for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
    uint32_t count = left / units[i].seconds;
    left %= units[i].seconds;
    if (count == 0 && (seconds > 0 || units[i].seconds > 1)) continue;
    rq_text_put(out, before);
    before = " ";
    rq_decimal_text(count, out);
    rq_text_put(out, units[i].name);
    if (count != 1) rq_out_u8(out, 's');
  }
}

void rq_fold_explain(uint8_t mark, const rq_value *value, size_t begun, rq_out *out) {
  if ((mark & (RQ_FOLD_NAMED | RQ_FOLD_TIMED)) == 0) return;
  for (size_t width = rq_out_wanted(out) - begun; width < 10; width++) rq_out_u8(out, ' ');
  rq_text_put(out, " ; ");
  rq_text_put(out, value->field->name);
  if ((mark & RQ_FOLD_TIMED) == 0) return;
  rq_text_put(out, " (");
  rq_span_to_text((uint32_t)value->number, out);
  rq_out_u8(out, ')');
}

/* The sum of the RDATA's 16-bit words, its carries added once (RFC 4034, appendix B). */
static uint16_t key_tag(rq_cur rdata) {
  uint32_t sum = 0;
  while (rq_cur_left(&rdata) > 1) sum += rq_cur_u16(&rdata);
  if (rq_cur_left(&rdata) > 0) sum += rq_cur_u8(&rdata) * 256u;
  return (uint16_t)((sum + sum / 65536u) % 65536u);
}

/* The key's algorithm, and its tag. */
static void key_comment(const rq_cur *rdata, rq_out *out) {
  rq_cur c = *rdata;
  rq_cur_skip(&c, 3);
  rq_text_put(out, "; alg = ");
  rq_algorithm_to_text(rq_cur_u8(&c), out);
  rq_text_put(out, " ; key id = ");
  rq_decimal_text(key_tag(*rdata), out);
}

/* What the key is for as well, by its flags (RFC 4034, 2.1.1; RFC 5011, 3). */
static void dnskey_comment(const rq_cur *rdata, rq_out *out) {
  rq_cur c = *rdata;
  uint16_t flags = rq_cur_u16(&c);
  rq_text_put(out, flags % 2u == 0 ? " ; ZSK" : flags / 128u % 2u == 0 ? " ; KSK" : " ; revoked KSK");
  key_comment(rdata, out);
}

/* The type of the identifier and of the digest, and how many octets it has (RFC 4701, 3.3). */
static void dhcid_comment(const rq_cur *rdata, rq_out *out) {
  rq_cur c = *rdata;
  if (rq_cur_left(&c) < 3) return;
  rq_text_put(out, " ; ");
  rq_decimal_text(rq_cur_u16(&c), out);
  rq_out_u8(out, ' ');
  rq_decimal_text(rq_cur_u8(&c), out);
  rq_out_u8(out, ' ');
  rq_decimal_text(rq_cur_left(&c), out);
}
