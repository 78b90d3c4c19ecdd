/* fuzz_judge: a packet is accepted as the answer only when header and question say so, and never read past its end.
 *
 * Input: type, class, an octet of name length, the name asked for in wire format, then the packet. What is accepted is
 * held against the octets, and what is told of its CNAME chain. Serves RFC 5452 section 9.1. SPDX-License-Identifier:
 * MIT */
#include "fuzz.h"
#include "lookup/rq_chain.h"
#include "lookup/rq_lookup.h"

static void check_answers(const uint8_t *wire, size_t size);
static void check_accepted(const uint8_t *wire, size_t size, const rq_question *asked, const rq_reply *reply);

/* The question asked: the name is whatever the input gives, the root where it is none. */
static void question_draw(fuzz_in *in, rq_question *asked) {
  asked->rrtype = fuzz_u16(in);
  asked->rrclass = fuzz_u16(in);
  rq_cur cur;
  rq_cur_init(&cur, in->at, in->left);
  rq_name_read(&cur, &asked->name);
  size_t used = rq_cur_good(&cur) ? rq_cur_pos(&cur) : 0;
  in->at += used;
  in->left -= used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_in in = {data, size};
  rq_question asked;
  rq_reply reply = {0, 0};
  size_t len = 0;
  question_draw(&in, &asked);
  uint8_t *wire = fuzz_take(&in, in.left, &len);
  int verdict = rq_lookup_judge(wire, len, &asked, &reply);
  CHECK(verdict >= RQ_ACCEPT && verdict <= RQ_DROP_LARGE);
  CHECK((verdict == RQ_DROP_SHORT) == (len < RQ_HEADER_SIZE));
  if (verdict == RQ_ACCEPT) check_accepted(wire, len, &asked, &reply);
  check_answers(wire, len);
  free(wire);
  return 0;
}

/* A message that answers its question has one, and a record of its type and class in the answer section. */
static void check_answers(const uint8_t *wire, size_t size) {
  rq_walk walk;
  rq_question question;
  rq_record record;
  int answers = rq_chain_answers(wire, size), found = 0;
  CHECK(answers == 0 || answers == 1);
  if (!answers) return;
  CHECK(rq_walk_begin(&walk, wire, size) == RQ_OK && rq_walk_question(&walk, &question) == 1);
  while (!found && rq_walk_record(&walk, &record) == 1 && walk.section == RQ_ANSWER)
    found = record.rrclass == question.rrclass && (record.rrtype == question.rrtype || question.rrtype == 255);
  CHECK(found);
}

/* Without a question only a refusal to read ours passes, and only with nothing else in it. */
static void check_questionless(rq_walk *walk, const rq_reply *reply) {
  rq_record record;
  CHECK(reply->rcode == RQ_RCODE_FORMERR || reply->rcode == RQ_RCODE_NOTIMP || reply->rcode == RQ_RCODE_BADVERS);
  CHECK(!reply->truncated);
  while (rq_walk_record(walk, &record) == 1) CHECK(walk->section == RQ_ADDITIONAL && record.rrtype == RQ_TYPE_OPT);
}

static void check_accepted(const uint8_t *wire, size_t size, const rq_question *asked, const rq_reply *reply) {
  rq_walk walk;
  rq_question question;
  CHECK(rq_walk_begin(&walk, wire, size) == RQ_OK);
  CHECK((walk.header.flags & RQ_FLAG_QR) != 0 && RQ_OPCODE(walk.header.flags) == 0);
  CHECK(reply->rcode % 16u == RQ_RCODE(walk.header.flags));
  CHECK((reply->truncated != 0) == ((walk.header.flags & RQ_FLAG_TC) != 0));
  if (walk.header.counts[RQ_QUESTION] == 0) {
    check_questionless(&walk, reply);
    return;
  }
  CHECK(walk.header.counts[RQ_QUESTION] == 1 && rq_walk_question(&walk, &question) == 1);
  CHECK(rq_name_equal(&question.name, &asked->name));
  CHECK(question.rrtype == asked->rrtype && question.rrclass == asked->rrclass);
}
