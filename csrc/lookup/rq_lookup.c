/* rq_lookup.c: one lookup as a state machine, and which packets may reach it.
 *
 * Exists so that every decision of a lookup stands in one place and can be played on virtual time. Never does I/O,
 * reads a clock or allocates. Serves RFC 1035 section 4.2, RFC 5452 section 9.1, RFC 6891 section 7, RFC 7766
 * section 5. SPDX-License-Identifier: MIT */
#include "rq_lookup.h"

#define TYPE_CNAME 5

/* --- the state machine --- */

static rq_action turn(rq_lookup *lookup, const rq_policy *policy, int32_t status, int32_t error, int64_t now_us);
static rq_action ask(rq_lookup *lookup, const rq_policy *policy, int64_t now_us);
static rq_action finish(rq_lookup *lookup, int32_t status, int32_t error);
static int afford(rq_lookup *lookup, uint8_t *used, int64_t now_us);
static int refuses_query(uint16_t rcode);
static int refuses_client(uint16_t rcode);

rq_action rq_lookup_start(rq_lookup *lookup, const rq_policy *policy, uint32_t first, int64_t now_us) {
  *lookup = (rq_lookup){
      .end_us = now_us + policy->timeout_us,
      .deadline_us = now_us,
      .server = first % policy->servers,
      .status = RQ_PENDING,
      .left = (uint16_t)policy->tries,
  };
  return turn(lookup, policy, RQ_TIMEOUT, 0, now_us);
}

void rq_lookup_wait(rq_lookup *lookup, int64_t end_us) {
  *lookup = (rq_lookup){
      .end_us = end_us, .deadline_us = end_us, .server = lookup->server, .status = RQ_PENDING, .tries = lookup->tries};
}

rq_action rq_lookup_resume(rq_lookup *lookup, const rq_policy *policy, uint32_t first, int64_t now_us) {
  lookup->server = first % policy->servers;
  lookup->left = (uint16_t)policy->tries;
  return turn(lookup, policy, RQ_TIMEOUT, 0, now_us);
}

rq_action rq_lookup_timer(rq_lookup *lookup, const rq_policy *policy, int64_t now_us) {
  if (now_us < lookup->deadline_us) return RQ_DO_WAIT;
  return turn(lookup, policy, RQ_TIMEOUT, 0, now_us);
}

rq_action rq_lookup_reply(rq_lookup *lookup, const rq_policy *policy, const rq_reply *reply, int64_t now_us) {
  /* TC comes first: whatever else the reply says, it is never handed out cut short. */
  if (reply->truncated) {
    if (lookup->transport == RQ_TCP || !afford(lookup, &lookup->upgraded, now_us))
      return finish(lookup, RQ_TRUNCATED, 0);
    lookup->transport = RQ_TCP;
    return ask(lookup, policy, now_us);
  }
  if (lookup->edns && refuses_query(reply->rcode) && afford(lookup, &lookup->plain, now_us)) {
    lookup->edns = 0;
    return ask(lookup, policy, now_us);
  }
  lookup->answer_server = lookup->server;
  lookup->answer_transport = lookup->transport;
  lookup->kept = 0;
  if (!refuses_client(reply->rcode) || lookup->turns >= policy->servers) return finish(lookup, RQ_OK, 0);
  if (turn(lookup, policy, RQ_OK, 0, now_us) == RQ_DO_FINISH) return RQ_DO_FINISH;
  lookup->kept = 1;
  return RQ_DO_KEEP;
}

rq_action rq_lookup_failed(rq_lookup *lookup, const rq_policy *policy, int32_t error, int64_t now_us) {
  return turn(lookup, policy, RQ_NETWORK, error, now_us);
}

/* The next server, in the manner that the policy begins with: what one server needs (TCP, no OPT) says nothing of
 * another. Ends the lookup as told when tries or time are used up. */
static rq_action turn(rq_lookup *lookup, const rq_policy *policy, int32_t status, int32_t error, int64_t now_us) {
  if (lookup->left == 0 || now_us >= lookup->end_us) return finish(lookup, status, error);
  lookup->server = rq_health_choose(policy->healths, policy->servers, lookup->server + (lookup->turns > 0), now_us);
  lookup->turns++;
  lookup->left--;
  lookup->transport = policy->transport;
  lookup->edns = policy->edns;
  return ask(lookup, policy, now_us);
}

/* Before end_us only. Compared by subtraction: now_us + try_us is formed only when it fits. */
static rq_action ask(rq_lookup *lookup, const rq_policy *policy, int64_t now_us) {
  lookup->tries++;
  lookup->deadline_us = policy->try_us < lookup->end_us - now_us ? now_us + policy->try_us : lookup->end_us;
  return RQ_DO_SEND;
}

static rq_action finish(rq_lookup *lookup, int32_t status, int32_t error) {
  lookup->status = lookup->kept ? RQ_OK : status;
  lookup->error = lookup->kept ? 0 : error;
  return RQ_DO_FINISH;
}

/* Whether the same server may be asked in another manner: the first time for free, later for a try. What is asked for
 * changes with it (UDP to TCP, OPT to none) and only turn() changes it back, so a server cannot make it go on. */
static int afford(rq_lookup *lookup, uint8_t *used, int64_t now_us) {
  if (now_us >= lookup->end_us) return 0;
  if (*used == 0) {
    *used = 1;
    return 1;
  }
  if (lookup->left == 0) return 0;
  lookup->left--;
  return 1;
}

/* "I do not understand this query": with OPT in it, that is likely why (RFC 6891, 7). */
static int refuses_query(uint16_t rcode) {
  return rcode == RQ_RCODE_FORMERR || rcode == RQ_RCODE_NOTIMP || rcode == RQ_RCODE_BADVERS;
}

/* "I cannot or will not answer you": another server may. */
static int refuses_client(uint16_t rcode) {
  return rcode == RQ_RCODE_SERVFAIL || rcode == RQ_RCODE_NOTIMP || rcode == RQ_RCODE_REFUSED;
}

/* --- which packets may reach it --- */

/* What lies behind the question. */
typedef struct rest {
  int aliased;     /* a CNAME stands in the answer section */
  int end;         /* what rq_walk_record returned last: 0, RQ_TRUNCATED or RQ_MALFORMED */
  uint32_t others; /* records that are no OPT */
  uint32_t opts;
  uint16_t rcode_high; /* the upper bits of the rcode (RFC 6891, 6.1.3), in their place */
} rest;

static int question_judge(rq_walk *walk, const rq_question *asked);
static void rest_read(rq_walk *walk, rest *rest);

int rq_lookup_judge(const uint8_t *wire, size_t len, const rq_question *asked, rq_reply *reply) {
  rq_walk walk;
  rest rest = {0};
  if (rq_walk_begin(&walk, wire, len) != RQ_OK) return RQ_DROP_SHORT;
  const uint16_t flags = walk.header.flags;
  const uint8_t truncated = (flags & RQ_FLAG_TC) != 0;
  if (!(flags & RQ_FLAG_QR)) return RQ_DROP_NOT_REPLY;
  if (RQ_OPCODE(flags) != 0) return RQ_DROP_OPCODE;
  int verdict = question_judge(&walk, asked);
  if (verdict != RQ_ACCEPT) return verdict;
  rest_read(&walk, &rest);
  if (rest.end == RQ_MALFORMED || (rest.end == RQ_TRUNCATED && !truncated) || rest.opts > 1) return RQ_DROP_MALFORMED;
  const uint16_t rcode = (uint16_t)(rest.rcode_high + RQ_RCODE(flags));
  /* A server that could not read the query cannot repeat its question. Such a reply proves less (ID, address and port
   * alone), so it is let in only when it carries nothing but that message: all a forger gains is a failed lookup. */
  if (walk.header.counts[RQ_QUESTION] == 0 && (truncated || rest.others > 0 || !refuses_query(rcode)))
    return RQ_DROP_QUESTION;
  *reply = (rq_reply){rcode, truncated, (uint8_t)rest.aliased};
  return RQ_ACCEPT;
}

/* Leaves the walk behind the question. No question is not judged here. */
static int question_judge(rq_walk *walk, const rq_question *asked) {
  rq_question got;
  if (walk->header.counts[RQ_QUESTION] == 0) return RQ_ACCEPT;
  if (walk->header.counts[RQ_QUESTION] > 1) return RQ_DROP_QUESTION;
  if (rq_walk_question(walk, &got) != 1) return RQ_DROP_MALFORMED;
  int same = got.rrtype == asked->rrtype && got.rrclass == asked->rrclass && rq_name_equal(&got.name, &asked->name);
  return same ? RQ_ACCEPT : RQ_DROP_QUESTION;
}

/* Walks the records; EDNS is told in the additional section alone (RFC 6891, 6.1.1). */
static void rest_read(rq_walk *walk, rest *rest) {
  rq_record record;
  while ((rest->end = rq_walk_record(walk, &record)) == 1) {
    if (walk->section != RQ_ADDITIONAL || record.rrtype != RQ_TYPE_OPT) {
      rest->others++;
      if (record.rrtype == TYPE_CNAME && walk->section == RQ_ANSWER) rest->aliased = 1;
    } else {
      rq_edns edns;
      rq_edns_read(&record, &edns);
      rest->opts++;
      if (rq_walk_is_edns(walk, &record)) rest->rcode_high = (uint16_t)(edns.rcode_high * 16u);
    }
  }
}
