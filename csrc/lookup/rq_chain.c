/* rq_chain.c: see rq_chain.h. SPDX-License-Identifier: MIT */
#include "rq_chain.h"

#define PASSES 8 /* servers write a chain in order, which takes one; a loop or a shuffled chain ends here */
#define TYPE_CNAME 5
#define TYPE_SOA 6
#define TYPE_DNAME 39
#define TYPE_RRSIG 46
#define TYPE_NSEC 47
#define TYPE_NSEC3 50
#define TYPE_ANY 255
#define RCODE_NXDOMAIN 3
#define POINTER 49152u       /* the two highest bits of a compression pointer (RFC 1035, 4.1.4) */
#define POINTER_PLACES 16384 /* it reaches the octets below */

typedef enum step { STEP_NONE, STEP_MOVED, STEP_ANSWERED } step;

static step record_step(const rq_record *record, const rq_question *asked, rq_name *at);

/* One pass over the answer section: STEP_MOVED when the chain led on but nothing at its end answers, so far. */
static step section_pass(const rq_walk *questions_read, const rq_question *asked, rq_name *at) {
  rq_walk walk = *questions_read;
  rq_record record;
  step reached = STEP_NONE;
  while (rq_walk_record(&walk, &record) == 1 && walk.section == RQ_ANSWER) {
    step one = record_step(&record, asked, at);
    if (one == STEP_ANSWERED) return one;
    if (one == STEP_MOVED) reached = one;
  }
  return reached;
}

int rq_chain_answers(const uint8_t *wire, size_t len) {
  rq_walk walk;
  rq_question asked;
  if (rq_walk_begin(&walk, wire, len) != RQ_OK || rq_walk_question(&walk, &asked) != 1) return 0;
  rq_name at = asked.name;
  step reached = STEP_MOVED;
  for (int i = 0; i < PASSES && reached == STEP_MOVED; i++) reached = section_pass(&walk, &asked, &at);
  return reached == STEP_ANSWERED;
}

/* The answer, or a CNAME at the name where the chain stands: *at moves to its target. */
static step record_step(const rq_record *record, const rq_question *asked, rq_name *at) {
  rq_name target;
  if (record->rrclass != asked->rrclass || !rq_name_equal(&record->owner, at)) return STEP_NONE;
  if (record->rrtype == asked->rrtype || asked->rrtype == TYPE_ANY) return STEP_ANSWERED;
  if (record->rrtype != TYPE_CNAME) return STEP_NONE;
  rq_cur rdata = record->rdata;
  rq_name_read(&rdata, &target);
  if (!rq_cur_done(&rdata)) return STEP_NONE;
  *at = target;
  return STEP_MOVED;
}

/* --- writing what answers --- */

/* A chain while it is written: names[links] is where it stands. */
typedef struct chain {
  uint16_t rrtype, rrclass;
  unsigned links;
  uint32_t reads;
  uint16_t counts[4];                /* records written, by section */
  size_t places[RQ_CHAIN_LINKS + 1]; /* where the names stand in what is written */
  rq_name names[RQ_CHAIN_LINKS + 1];
} chain;

/* What stands at the present name. */
typedef struct here {
  int answers, cname, broken; /* a record of the type; a CNAME; one of them does not fit its layout */
  int dname;                  /* a DNAME, anywhere */
  rq_name target;             /* of the CNAME */
} here;

static int message_open(rq_walk *walk, const uint8_t *wire, size_t len, rq_question *question);
static void chain_begin(chain *chain, const rq_walk *walk, const rq_name *asked, const rq_question *question,
                        rq_out *out);
static rq_chain_end message_carry(chain *chain, const rq_walk *questions_read, rq_out *out);
static rq_chain_end chain_carry(chain *chain, const rq_walk *questions_read, rq_out *out);
static void denial_write(chain *chain, const rq_walk *questions_read, rq_out *out);
static void counts_write(const chain *chain, rq_out *out);

rq_chain_end rq_chain_select(const rq_name *asked, const uint8_t *before, size_t before_len, const uint8_t *wire,
                             size_t len, rq_name *end, rq_out *out) {
  rq_walk walk, early;
  rq_question question, first;
  chain chain;
  *end = *asked;
  if (!message_open(&walk, wire, len, &question)) return RQ_CHAIN_STOPS;
  first = question;
  if (before_len > 0 && !message_open(&early, before, before_len, &first)) return RQ_CHAIN_STOPS;
  if (!rq_name_equal(asked, &first.name) || first.rrtype != question.rrtype || first.rrclass != question.rrclass)
    return RQ_CHAIN_STOPS;
  chain_begin(&chain, &walk, asked, &first, out);
  rq_chain_end ends = before_len > 0 ? chain_carry(&chain, &early, out) : RQ_CHAIN_LEADS;
  if (ends != RQ_CHAIN_LEADS || !rq_name_equal(&question.name, &chain.names[chain.links])) {
    rq_out_rewind(out, 0);
    return RQ_CHAIN_STOPS;
  }
  ends = message_carry(&chain, &walk, out);
  counts_write(&chain, out);
  *end = chain.names[chain.links];
  return ends;
}

/* Writes what the last message adds to the chain: how it ends. */
static rq_chain_end message_carry(chain *chain, const rq_walk *questions_read, rq_out *out) {
  const unsigned rcode = RQ_RCODE(questions_read->header.flags), links = chain->links;
  rq_chain_end ends = chain_carry(chain, questions_read, out);
  if (ends == RQ_CHAIN_LEADS) {
    denial_write(chain, questions_read, out);
    if (chain->counts[RQ_AUTHORITY] > 0)
      ends = RQ_CHAIN_DENIES;
    else if (chain->links == links)
      ends = RQ_CHAIN_STOPS;
  }
  int fits = rcode == 0 || ends == RQ_CHAIN_LOOPS || (ends == RQ_CHAIN_DENIES && rcode == RCODE_NXDOMAIN);
  return fits ? ends : RQ_CHAIN_STOPS;
}

/* 1 with the walk behind the question, which must be the only one. */
static int message_open(rq_walk *walk, const uint8_t *wire, size_t len, rq_question *question) {
  return rq_walk_begin(walk, wire, len) == RQ_OK && walk->header.counts[RQ_QUESTION] == 1 &&
         rq_walk_question(walk, question) == 1;
}

/* Writes header and question; the chain stands at the name that is asked for. */
static void chain_begin(chain *chain, const rq_walk *walk, const rq_name *asked, const rq_question *question,
                        rq_out *out) {
  rq_out_u16(out, walk->header.id);
  rq_out_u16(out, walk->header.flags);
  rq_out_u16(out, 1);
  for (int n = 0; n < 3; n++) rq_out_u16(out, 0);
  rq_name_write(asked, out);
  rq_out_u16(out, question->rrtype);
  rq_out_u16(out, question->rrclass);
  chain->rrtype = question->rrtype;
  chain->rrclass = question->rrclass;
  chain->links = chain->reads = 0;
  for (int n = 0; n < 4; n++) chain->counts[n] = 0;
  chain->names[0] = *asked;
  chain->places[0] = RQ_HEADER_SIZE;
}

static void counts_write(const chain *chain, rq_out *out) {
  rq_out_patch16(out, 6, chain->counts[RQ_ANSWER]);
  rq_out_patch16(out, 8, chain->counts[RQ_AUTHORITY]);
}

/* --- one name of the chain after the other --- */

static void here_read(const chain *chain, const rq_walk *questions_read, here *here);
static void here_write(chain *chain, const rq_walk *questions_read, uint16_t rrtype, rq_out *out);
static void dname_write(chain *chain, const rq_walk *questions_read, const rq_name *target, rq_out *out);
static int makes(const rq_record *dname, const rq_name *name, int labels, const rq_name *target);
static size_t record_write(chain *chain, const rq_record *record, size_t place, uint8_t section, rq_out *out);
static int was_there(const chain *chain, const rq_name *name);

/* Writes the chain from where it stands: RQ_CHAIN_ANSWERS, RQ_CHAIN_LEADS when nothing stands at its end,
 * RQ_CHAIN_STOPS or RQ_CHAIN_LOOPS. */
static rq_chain_end chain_carry(chain *chain, const rq_walk *questions_read, rq_out *out) {
  here here;
  for (;;) {
    chain->reads += 3u * questions_read->header.counts[RQ_ANSWER];
    if (chain->reads > RQ_CHAIN_READS) return RQ_CHAIN_STOPS;
    here_read(chain, questions_read, &here);
    if (here.broken) return RQ_CHAIN_STOPS;
    if (here.answers) {
      here_write(chain, questions_read, chain->rrtype, out);
      return RQ_CHAIN_ANSWERS;
    }
    if (!here.cname) return RQ_CHAIN_LEADS;
    if (chain->links == RQ_CHAIN_LINKS || was_there(chain, &here.target)) return RQ_CHAIN_LOOPS;
    if (here.dname) dname_write(chain, questions_read, &here.target, out);
    here_write(chain, questions_read, TYPE_CNAME, out);
    chain->links++;
    chain->names[chain->links] = here.target;
  }
}

/* Whether a record stands where the chain does. */
static int is_here(const chain *chain, const rq_walk *walk, const rq_record *record) {
  return walk->section == RQ_ANSWER && record->rrclass == chain->rrclass &&
         rq_name_equal(&record->owner, &chain->names[chain->links]);
}

static void here_read(const chain *chain, const rq_walk *questions_read, here *here) {
  rq_walk walk = *questions_read;
  rq_record record;
  here->answers = here->cname = here->broken = here->dname = 0;
  while (rq_walk_record(&walk, &record) == 1 && walk.section == RQ_ANSWER) {
    int answers = record.rrtype == chain->rrtype || chain->rrtype == TYPE_ANY;
    if (record.rrtype == TYPE_DNAME) here->dname = 1;
    if ((!answers && record.rrtype != TYPE_CNAME) || !is_here(chain, &walk, &record)) continue;
    if (!rq_rdata_fits(record.rrtype, &record.rdata)) here->broken = 1;
    if (answers) here->answers = 1;
    if (answers || here->cname) continue;
    rq_cur rdata = record.rdata;
    rq_name_read(&rdata, &here->target);
    here->cname = 1;
  }
}

/* The type that a signature is for. */
static uint16_t covered_type(const rq_record *rrsig) {
  rq_cur rdata = rrsig->rdata;
  return rq_cur_u16(&rdata);
}

static int signs(const rq_record *record, uint16_t rrtype) {
  return record->rrtype == TYPE_RRSIG && covered_type(record) == rrtype && rq_rdata_fits(TYPE_RRSIG, &record->rdata);
}

/* All records of a type at the present name, and what signs them. Of CNAMEs on the way the first alone: there can be
 * but one, and the next name of the chain stands in it. */
static void here_write(chain *chain, const rq_walk *questions_read, uint16_t rrtype, rq_out *out) {
  rq_walk walk = *questions_read;
  rq_record record;
  int on_the_way = rrtype == TYPE_CNAME && rrtype != chain->rrtype, written = 0;
  while (rq_walk_record(&walk, &record) == 1 && walk.section == RQ_ANSWER) {
    int is_it = record.rrtype == rrtype || rrtype == TYPE_ANY;
    if ((!is_it && !signs(&record, rrtype)) || !is_here(chain, &walk, &record)) continue;
    if (is_it && on_the_way && written) continue;
    size_t place = record_write(chain, &record, chain->places[chain->links], RQ_ANSWER, out);
    if (is_it && on_the_way) chain->places[chain->links + 1] = place;
    written = written || is_it;
  }
}

/* The DNAME, with what signs it, from which a server made the CNAME at the present name (RFC 6672, 3.1). */
static void dname_write(chain *chain, const rq_walk *questions_read, const rq_name *target, rq_out *out) {
  rq_walk walk = *questions_read;
  rq_record record;
  rq_name owner = {0};
  while (rq_walk_record(&walk, &record) == 1 && walk.section == RQ_ANSWER) {
    int is_it = record.rrtype == TYPE_DNAME && owner.len == 0;
    if ((!is_it && !(owner.len > 0 && signs(&record, TYPE_DNAME))) || record.rrclass != chain->rrclass) continue;
    int labels = rq_name_below(&chain->names[chain->links], &record.owner);
    if (is_it ? !makes(&record, &chain->names[chain->links], labels, target) : !rq_name_equal(&owner, &record.owner))
      continue;
    if (is_it) owner = record.owner;
    record_write(chain, &record, chain->places[chain->links] + (size_t)labels, RQ_ANSWER, out);
  }
}

/* Whether the DNAME makes `target` of a name that has so many octets of labels below it. */
static int makes(const rq_record *dname, const rq_name *name, int labels, const rq_name *target) {
  rq_name suffix, made;
  rq_cur rdata = dname->rdata, front, whole;
  uint8_t octets[2 * RQ_NAME_MAX];
  rq_out out;
  if (labels <= 0) return 0;
  rq_name_read(&rdata, &suffix);
  if (!rq_cur_done(&rdata)) return 0;
  rq_cur_init(&front, name->octets, name->len);
  rq_out_init(&out, octets, sizeof octets);
  rq_out_take(&out, &front, (size_t)labels);
  rq_name_write(&suffix, &out);
  rq_cur_init(&whole, octets, rq_out_stored(&out));
  rq_name_read(&whole, &made);
  return rq_cur_done(&whole) && rq_name_equal(&made, target);
}

static int was_there(const chain *chain, const rq_name *name) {
  for (unsigned n = 0; n <= chain->links; n++)
    if (rq_name_equal(&chain->names[n], name)) return 1;
  return 0;
}

/* --- what denies that there is more --- */

static int is_proof(uint16_t rrtype) {
  return rrtype == TYPE_NSEC || rrtype == TYPE_NSEC3;
}

/* The first SOA of the authority section at or above the present name; 0 when there is none. */
static int zone_read(const chain *chain, const rq_walk *questions_read, rq_name *zone) {
  rq_walk walk = *questions_read;
  rq_record record;
  while (rq_walk_record(&walk, &record) == 1) {
    if (walk.section != RQ_AUTHORITY || record.rrtype != TYPE_SOA || record.rrclass != chain->rrclass) continue;
    if (rq_name_below(&chain->names[chain->links], &record.owner) < 0) continue;
    if (!rq_rdata_fits(TYPE_SOA, &record.rdata)) continue;
    *zone = record.owner;
    return 1;
  }
  return 0;
}

/* The SOA and, where a server that was asked for DNSSEC sent them, the proofs of its zone and all signatures. */
static void denial_write(chain *chain, const rq_walk *questions_read, rq_out *out) {
  rq_walk walk = *questions_read;
  rq_record record;
  rq_name zone;
  int soas = 0;
  if (!zone_read(chain, questions_read, &zone)) return;
  size_t place = chain->places[chain->links] + (size_t)rq_name_below(&chain->names[chain->links], &zone);
  while (rq_walk_record(&walk, &record) == 1) {
    uint16_t rrtype = record.rrtype == TYPE_RRSIG ? covered_type(&record) : record.rrtype;
    if (walk.section != RQ_AUTHORITY || (rrtype != TYPE_SOA && !is_proof(rrtype))) continue;
    if (record.rrclass != chain->rrclass || !rq_rdata_fits(record.rrtype, &record.rdata)) continue;
    int at_zone = rq_name_equal(&record.owner, &zone);
    if (rrtype == TYPE_SOA ? !at_zone || (record.rrtype == TYPE_SOA && soas++ > 0)
                           : rq_name_below(&record.owner, &zone) < 0)
      continue;
    record_write(chain, &record, at_zone ? place : POINTER_PLACES, RQ_AUTHORITY, out);
  }
}

/* Appends a record, its owner as a pointer to `place` if that can be reached; returns where its RDATA stands. */
static size_t record_write(chain *chain, const rq_record *record, size_t place, uint8_t section, rq_out *out) {
  if (place < POINTER_PLACES)
    rq_out_u16(out, (uint16_t)(POINTER + place));
  else
    rq_name_write(&record->owner, out);
  rq_out_u16(out, record->rrtype);
  rq_out_u16(out, record->rrclass);
  rq_out_u32(out, record->ttl);
  size_t length = rq_out_wanted(out);
  rq_out_u16(out, 0);
  rq_rdata_expand(record->rrtype, &record->rdata, out);
  rq_out_patch16(out, length, (uint16_t)(rq_out_wanted(out) - length - 2));
  chain->counts[section]++;
  return length + 2;
}
