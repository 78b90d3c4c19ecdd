/* fuzz_judge: a packet is accepted as the answer only when header, question and cookie say so, and never read past its
 * end.
 *
 * Input: type, class, the name asked for in wire format, then the packet, whose ID tells what is expected beside: which
 * transport, whether in this letter case, whether with a cookie. What is accepted is held against the octets, and what
 * is told of its CNAME chain. Serves RFC 5452 section 9.1, RFC 7873 section 5.3. SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "lookup/rq_chain.h"
#include "lookup/rq_lookup.h"

static void check_answers(const uint8_t *wire, size_t size);
static void check_accepted(const uint8_t *wire, size_t size, const rq_expect *expect, const rq_reply *reply);
static void check_told(const rq_expect *expect, const rq_reply *reply);
static void check_lenient(const uint8_t *wire, size_t size, const rq_expect *expect, int verdict);

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
  static const uint8_t client[RQ_COOKIE_CLIENT] = {1, 2, 3, 4, 5, 6, 7, 8};
  fuzz_in in = {data, size};
  rq_question asked;
  rq_reply reply = {0};
  size_t len = 0;
  question_draw(&in, &asked);
  uint8_t *wire = fuzz_take(&in, in.left, &len);
  unsigned wish = len > 1 ? wire[1] : 0;
  rq_expect expect = {.asked = &asked,
                      .client = wish & 1 ? client : NULL,
                      .transport = wish & 2 ? RQ_TCP : RQ_UDP,
                      .mixed_case = wish & 4 ? 1 : 0,
                      .cookie_due = wish & 8 ? 1 : 0};
  int verdict = rq_lookup_judge(wire, len, &expect, &reply);
  CHECK(verdict >= RQ_ACCEPT && verdict <= RQ_DROP_COOKIE);
  CHECK((verdict == RQ_DROP_SHORT) == (len < RQ_HEADER_SIZE));
  if (verdict == RQ_ACCEPT) check_accepted(wire, len, &expect, &reply);
  check_lenient(wire, len, &expect, verdict);
  check_answers(wire, len);
  free(wire);
  return 0;
}

/* Letter case and cookies are the last that is looked at: what fails by them alone passes where nobody asks for them.
 */
static void check_lenient(const uint8_t *wire, size_t size, const rq_expect *expect, int verdict) {
  rq_expect lenient = {.asked = expect->asked, .transport = expect->transport};
  rq_reply reply = {0};
  int wanting = verdict == RQ_DROP_CASE || verdict == RQ_DROP_COOKIE;
  CHECK(rq_lookup_judge(wire, size, &lenient, &reply) == (wanting ? RQ_ACCEPT : verdict));
  if (verdict == RQ_DROP_CASE) CHECK(expect->mixed_case && expect->transport == RQ_UDP);
  if (verdict == RQ_DROP_COOKIE) CHECK(expect->client && expect->transport == RQ_UDP);
}

static void check_told(const rq_expect *expect, const rq_reply *reply) {
  size_t left = reply->cookie == RQ_COOKIE_OURS ? rq_cur_left(&reply->server_cookie) : 0;
  CHECK(reply->transport == expect->transport);
  CHECK(left == 0 || (left >= 8 && left <= 32));
  CHECK(reply->edns || (reply->cookie == RQ_COOKIE_NONE && !reply->idle_told));
  if (!expect->client) CHECK(reply->cookie == RQ_COOKIE_NONE);
  if (expect->transport == RQ_UDP) CHECK(reply->cookie != RQ_COOKIE_WRONG && !reply->idle_told);
  if (expect->transport == RQ_UDP && expect->client && expect->cookie_due) CHECK(reply->cookie == RQ_COOKIE_OURS);
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

static void check_accepted(const uint8_t *wire, size_t size, const rq_expect *expect, const rq_reply *reply) {
  const rq_question *asked = expect->asked;
  rq_walk walk;
  rq_question question;
  CHECK(rq_walk_begin(&walk, wire, size) == RQ_OK);
  CHECK((walk.header.flags & RQ_FLAG_QR) != 0 && RQ_OPCODE(walk.header.flags) == 0);
  CHECK(reply->rcode % 16u == RQ_RCODE(walk.header.flags));
  CHECK((reply->truncated != 0) == ((walk.header.flags & RQ_FLAG_TC) != 0));
  CHECK((reply->named != 0) == (walk.header.counts[RQ_QUESTION] == 1));
  check_told(expect, reply);
  if (walk.header.counts[RQ_QUESTION] == 0) {
    check_questionless(&walk, reply);
    return;
  }
  CHECK(walk.header.counts[RQ_QUESTION] == 1 && rq_walk_question(&walk, &question) == 1);
  CHECK(rq_name_equal(&question.name, &asked->name));
  if (expect->mixed_case && expect->transport == RQ_UDP) CHECK(rq_name_identical(&question.name, &asked->name));
  CHECK(rq_walk_pos(&walk) == RQ_HEADER_SIZE + asked->name.len + 4u);
  CHECK(question.rrtype == asked->rrtype && question.rrclass == asked->rrclass);
}
