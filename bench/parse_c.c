/* parse_c.c: times reading DNS messages in C: ours (walk, validate, MessagePack) beside c-ares and ldns.
 *
 *     parse_c ROUNDS FILE...       each FILE holds the octets of one message
 *
 * Prints "time <contender> <number of the file> <round> <CPU ns a message>" for each. Before a message is timed, what
 * each opponent read is compared with what we read, RDATA included; a difference ends the program. Built by
 * resquery.cli.bench with -DHAVE_CARES and -DHAVE_LDNS where the libraries are. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wire/rq_msg.h"
#ifdef HAVE_CARES
#include <ares.h>
#endif
#ifdef HAVE_LDNS
#include <ldns/ldns.h>
#endif

#define SLICE_NS 5e6 /* a contender's turn in a round */

typedef struct message {
  uint8_t octets[RQ_MESSAGE_MAX];
  size_t len;
} message;

static uint8_t packed[8u << 20];

static void fail(const char *who, const char *what) {
  fprintf(stderr, "parse_c: %s: %s\n", who, what);
  exit(EXIT_FAILURE);
}

/* --- what we read: the walk that each opponent's records are held against --- */

typedef struct ours {
  const char *who; /* whom it is compared with */
  rq_summary summary;
  rq_walk walk;
  rq_record record;
  int got;
} ours;

static void ours_next(ours *it) {
  it->got = rq_walk_record(&it->walk, &it->record);
  if (it->got < 0) fail("resquery", "does not read the message");
}

static void ours_begin(ours *it, const message *m, const char *who) {
  it->who = who;
  rq_msg_open(m->octets, (uint32_t)m->len, &it->summary);
  if (rq_walk_begin(&it->walk, m->octets, m->len) != RQ_OK) fail("resquery", "reads no header");
  ours_next(it);
}

/* Something that an opponent read and we read otherwise. */
static void alike(const ours *it, int same, const char *what) {
  if (!same) fail(it->who, what);
}

/* Holds a record of an opponent, its owner and RDATA in wire format, against our next one. */
static void compare_record(ours *it, unsigned section, unsigned rrtype, unsigned rrclass, uint32_t ttl,
                           const rq_name *owner, const rq_out *rdata, const uint8_t *octets) {
  static uint8_t expanded[RQ_MESSAGE_MAX];
  rq_out mine;
  alike(it, it->got == 1, "reads a record more");
  alike(it, it->walk.section == section && it->record.rrtype == rrtype, "reads another section or type");
  alike(it, it->record.rrclass == rrclass && it->record.ttl == ttl, "reads another class or TTL");
  alike(it, rq_name_identical(&it->record.owner, owner), "reads another owner");
  rq_out_init(&mine, expanded, sizeof expanded);
  rq_rdata_expand(rrtype, &it->record.rdata, &mine);
  alike(it, rq_out_wanted(&mine) == rq_out_wanted(rdata), "reads RDATA of another length");
  alike(it, memcmp(expanded, octets, rq_out_stored(rdata)) == 0, "reads other RDATA");
  ours_next(it);
}

static void compare_edns(ours *it, unsigned payload, unsigned version, unsigned flags) {
  rq_edns edns;
  alike(it, it->got == 1 && rq_walk_is_edns(&it->walk, &it->record), "reads EDNS where there is none");
  rq_edns_read(&it->record, &edns);
  alike(it, edns.payload == payload && edns.version == version && edns.flags == flags, "reads other EDNS");
  ours_next(it);
}

static void compare_end(const ours *it) {
  alike(it, it->got == 0, "reads a record less");
}

/* --- the contenders: parse a message, and free what was made --- */

static void run_ours(const message *m) {
  uint32_t actual;
  if (rq_msg_pack(m->octets, (uint32_t)m->len, packed, sizeof packed, &actual) != (int32_t)actual)
    fail("resquery", "has no room");
}

static void check_ours(const message *m) {
  rq_summary summary;
  if (rq_msg_open(m->octets, (uint32_t)m->len, &summary) != RQ_OK || summary.length != m->len)
    fail("resquery", "does not read the whole message");
}

#ifdef HAVE_CARES
static ares_dns_record_t *cares_read(const message *m) {
  ares_dns_record_t *read = NULL;
  if (ares_dns_parse(m->octets, m->len, 0, &read) != ARES_SUCCESS) fail("c-ares", "does not read the message");
  return read;
}

static void run_cares(const message *m) {
  ares_dns_record_destroy(cares_read(m));
}

static void cares_name(const char *text, rq_name *name) {
  const char *absolute = text[0] == 0 ? "." : text;
  if (rq_name_parse((const uint8_t *)absolute, strlen(absolute), name) != RQ_FLAW_NONE)
    fail("c-ares", "gives what is no name");
}

static void cares_options(const ares_dns_rr_t *rr, ares_dns_rr_key_t key, rq_out *out) {
  for (size_t i = 0; i < ares_dns_rr_get_opt_cnt(rr, key); i++) {
    const unsigned char *octets;
    size_t len;
    rq_out_u16(out, ares_dns_rr_get_opt(rr, key, i, &octets, &len));
    rq_out_u16(out, (uint16_t)len);
    rq_out_octets(out, octets, len);
  }
}

static void cares_strings(const ares_dns_rr_t *rr, ares_dns_rr_key_t key, rq_out *out) {
  for (size_t i = 0; i < ares_dns_rr_get_abin_cnt(rr, key); i++) {
    size_t len;
    const unsigned char *octets = ares_dns_rr_get_abin(rr, key, i, &len);
    rq_out_u8(out, (uint8_t)len);
    rq_out_octets(out, octets, len);
  }
}

static void cares_octets(const ares_dns_rr_t *rr, ares_dns_rr_key_t key, rq_out *out) {
  size_t len;
  const unsigned char *octets = ares_dns_rr_get_bin(rr, key, &len);
  rq_out_octets(out, octets, len);
}

static void cares_name_field(const ares_dns_rr_t *rr, ares_dns_rr_key_t key, rq_out *out) {
  rq_name name;
  cares_name(ares_dns_rr_get_str(rr, key), &name);
  rq_name_write(&name, out);
}

/* One field in wire format. */
static void cares_field(const ares_dns_rr_t *rr, ares_dns_rr_key_t key, rq_out *out) {
  switch (ares_dns_rr_key_datatype(key)) {
    case ARES_DATATYPE_INADDR:
      rq_out_octets(out, (const void *)ares_dns_rr_get_addr(rr, key), 4);
      return;
    case ARES_DATATYPE_INADDR6:
      rq_out_octets(out, (const void *)ares_dns_rr_get_addr6(rr, key), 16);
      return;
    case ARES_DATATYPE_U8:
      rq_out_u8(out, ares_dns_rr_get_u8(rr, key));
      return;
    case ARES_DATATYPE_U16:
      rq_out_u16(out, ares_dns_rr_get_u16(rr, key));
      return;
    case ARES_DATATYPE_U32:
      rq_out_u32(out, ares_dns_rr_get_u32(rr, key));
      return;
    case ARES_DATATYPE_NAME:
      cares_name_field(rr, key, out);
      return;
    case ARES_DATATYPE_ABINP:
      cares_strings(rr, key, out);
      return;
    case ARES_DATATYPE_OPT:
      cares_options(rr, key, out);
      return;
    case ARES_DATATYPE_BIN:
      cares_octets(rr, key, out);
      return;
    default:
      fail("c-ares", "gives a field of a kind that no message here has");
  }
}

static void cares_edns(ours *it, const ares_dns_rr_t *rr) {
  compare_edns(it, ares_dns_rr_get_u16(rr, ARES_RR_OPT_UDP_SIZE), ares_dns_rr_get_u8(rr, ARES_RR_OPT_VERSION),
               ares_dns_rr_get_u16(rr, ARES_RR_OPT_FLAGS));
}

/* RDATA in wire format; returns the record's type. A type that c-ares does not know holds its number as a field. */
static unsigned cares_rdata(const ares_dns_rr_t *rr, rq_out *out) {
  size_t count;
  const ares_dns_rr_key_t *keys = ares_dns_rr_get_keys(ares_dns_rr_get_type(rr), &count);
  if (ares_dns_rr_get_type(rr) == ARES_REC_TYPE_RAW_RR) {
    cares_field(rr, ARES_RR_RAW_RR_DATA, out);
    return ares_dns_rr_get_u16(rr, ARES_RR_RAW_RR_TYPE);
  }
  for (size_t i = 0; i < count; i++) cares_field(rr, keys[i], out);
  return ares_dns_rr_get_type(rr);
}

static void cares_record(ours *it, unsigned section, const ares_dns_rr_t *rr) {
  static uint8_t octets[RQ_MESSAGE_MAX];
  rq_name owner;
  rq_out rdata;
  if (ares_dns_rr_get_type(rr) == ARES_REC_TYPE_OPT) {
    cares_edns(it, rr);
    return;
  }
  rq_out_init(&rdata, octets, sizeof octets);
  cares_name(ares_dns_rr_get_name(rr), &owner);
  unsigned rrtype = cares_rdata(rr, &rdata);
  compare_record(it, section, rrtype, ares_dns_rr_get_class(rr), ares_dns_rr_get_ttl(rr), &owner, &rdata, octets);
}

static void check_cares(const message *m) {
  static const ares_dns_section_t sections[] = {ARES_SECTION_ANSWER, ARES_SECTION_AUTHORITY, ARES_SECTION_ADDITIONAL};
  ares_dns_record_t *read = cares_read(m);
  ours it;
  ours_begin(&it, m, "c-ares");
  alike(&it, ares_dns_record_get_rcode(read) == it.summary.rcode, "reads another rcode");
  alike(&it, ares_dns_record_query_cnt(read) == it.walk.header.counts[RQ_QUESTION], "reads other questions");
  for (unsigned i = 0; i < 3; i++)
    for (size_t k = 0; k < ares_dns_record_rr_cnt(read, sections[i]); k++)
      cares_record(&it, i + 1, ares_dns_record_rr_get_const(read, sections[i], k));
  compare_end(&it);
  ares_dns_record_destroy(read);
}
#endif

#ifdef HAVE_LDNS
static ldns_pkt *ldns_read(const message *m) {
  ldns_pkt *read = NULL;
  if (ldns_wire2pkt(&read, m->octets, m->len) != LDNS_STATUS_OK) fail("ldns", "does not read the message");
  return read;
}

static void run_ldns(const message *m) {
  ldns_pkt_free(ldns_read(m));
}

static void ldns_name(const ldns_rdf *wire, rq_name *name) {
  rq_cur at;
  rq_cur_init(&at, ldns_rdf_data(wire), ldns_rdf_size(wire));
  rq_name_read(&at, name);
  if (!rq_cur_done(&at)) fail("ldns", "gives what is no name");
}

static void ldns_record(ours *it, unsigned section, const ldns_rr *rr) {
  static uint8_t octets[RQ_MESSAGE_MAX];
  rq_name owner;
  rq_out rdata;
  rq_out_init(&rdata, octets, sizeof octets);
  ldns_name(ldns_rr_owner(rr), &owner);
  for (size_t i = 0; i < ldns_rr_rd_count(rr); i++)
    rq_out_octets(&rdata, ldns_rdf_data(ldns_rr_rdf(rr, i)), ldns_rdf_size(ldns_rr_rdf(rr, i)));
  compare_record(it, section, ldns_rr_get_type(rr), ldns_rr_get_class(rr), ldns_rr_ttl(rr), &owner, &rdata, octets);
}

static void check_ldns(const message *m) {
  ldns_pkt *read = ldns_read(m);
  const ldns_rr_list *sections[] = {ldns_pkt_answer(read), ldns_pkt_authority(read), ldns_pkt_additional(read)};
  ours it;
  ours_begin(&it, m, "ldns");
  unsigned rcode = ldns_pkt_edns_extended_rcode(read) * 16u + ldns_pkt_get_rcode(read);
  alike(&it, rcode == it.summary.rcode, "reads another rcode");
  alike(&it, ldns_pkt_qdcount(read) == it.walk.header.counts[RQ_QUESTION], "reads other questions");
  for (unsigned i = 0; i < 3; i++)
    for (size_t k = 0; k < ldns_rr_list_rr_count(sections[i]); k++)
      ldns_record(&it, i + 1, ldns_rr_list_rr(sections[i], k));
  compare_edns(&it, ldns_pkt_edns_udp_size(read), ldns_pkt_edns_version(read), ldns_pkt_edns_z(read));
  compare_end(&it);
  ldns_pkt_free(read);
}
#endif

typedef struct contender {
  const char *name;
  void (*run)(const message *m), (*check)(const message *m);
} contender;

static const contender contenders[] = {
    {"resquery", run_ours, check_ours},
#ifdef HAVE_CARES
    {"c-ares", run_cares, check_cares},
#endif
#ifdef HAVE_LDNS
    {"ldns", run_ldns, check_ldns},
#endif
};
enum { CONTENDERS = sizeof contenders / sizeof *contenders };

/* --- timing --- */

static double cpu_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double run_many(const contender *who, const message *m, unsigned long times) {
  double began = cpu_ns();
  for (unsigned long i = 0; i < times; i++) who->run(m);
  return (cpu_ns() - began) / (double)times;
}

/* How often a contender runs in its turn. */
static unsigned long turns(const contender *who, const message *m) {
  unsigned long times = 1;
  while (run_many(who, m, times) * (double)times < SLICE_NS) times *= 2;
  return times;
}

static void measure(const message *m, int number, int rounds) {
  unsigned long times[CONTENDERS];
  for (int i = 0; i < CONTENDERS; i++) contenders[i].check(m);
  for (int i = 0; i < CONTENDERS; i++) times[i] = turns(&contenders[i], m);
  for (int round = 0; round < rounds; round++)
    for (int i = 0; i < CONTENDERS; i++)
      printf("time %s %d %d %.1f\n", contenders[i].name, number, round, run_many(&contenders[i], m, times[i]));
}

static void load(const char *path, message *m) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) fail(path, "cannot be opened");
  m->len = fread(m->octets, 1, sizeof m->octets, file);
  fclose(file);
}

int main(int count, char **words) {
  static message m;
  if (count < 3) fail("usage", "parse_c ROUNDS FILE...");
  for (int i = 2; i < count; i++) {
    load(words[i], &m);
    measure(&m, i - 2, atoi(words[1]));
  }
  return EXIT_SUCCESS;
}
