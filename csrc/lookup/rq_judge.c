/* rq_judge.c: which packets may reach a lookup, see rq_judge.h.
 *
 * Exists so that all of acceptance stands in one place and can be enumerated and fuzzed. Never does I/O, reads a clock
 * or allocates, and tells nothing of what it drops but the reason. SPDX-License-Identifier: MIT */
#include "rq_judge.h"

#define TYPE_CNAME 5
#define SERVER_COOKIE_MIN 8u /* octets (RFC 7873, 4) */
#define SERVER_COOKIE_MAX (RQ_COOKIE_MAX - RQ_COOKIE_CLIENT)

/* What lies behind the question. */
typedef struct rest {
  int end;         /* what rq_walk_record returned last: 0, RQ_TRUNCATED or RQ_MALFORMED */
  uint32_t others; /* records that are no OPT */
  uint32_t opts;
  uint16_t rcode_high; /* the upper bits of the rcode (RFC 6891, 6.1.3), in their place */
  uint8_t aliased;     /* a CNAME stands in the answer section */
  uint8_t has_options;
  rq_cur options;
} rest;

static int question_judge(rq_walk *walk, const rq_question *asked, int *same_case);
static void rest_read(rq_walk *walk, const rq_question *asked, rest *rest);
static int options_judge(rq_cur options, const rq_expect *expect, rq_reply *reply);

int rq_lookup_judge(const uint8_t *wire, size_t len, const rq_expect *expect, rq_reply *reply) {
  rq_walk walk;
  rest rest = {0};
  int same_case = 1;
  if (rq_walk_begin(&walk, wire, len) != RQ_OK) return RQ_DROP_SHORT;
  const uint16_t flags = walk.header.flags;
  const uint8_t truncated = (flags & RQ_FLAG_TC) != 0;
  if (!(flags & RQ_FLAG_QR)) return RQ_DROP_NOT_REPLY;
  if (RQ_OPCODE(flags) != 0) return RQ_DROP_OPCODE;
  int verdict = question_judge(&walk, expect->asked, &same_case);
  if (verdict != RQ_ACCEPT) return verdict;
  rest_read(&walk, expect->asked, &rest);
  if (rest.end == RQ_MALFORMED || (rest.end == RQ_TRUNCATED && !truncated) || rest.opts > 1) return RQ_DROP_MALFORMED;
  const uint16_t rcode = (uint16_t)(rest.rcode_high + RQ_RCODE(flags));
  /* A server that could not read the query cannot repeat its question. Such a reply proves less (ID, address and port
   * alone), so it is let in only when it carries nothing but that message: all a forger gains is a failed lookup. */
  if (walk.header.counts[RQ_QUESTION] == 0 && (truncated || rest.others > 0 || !rq_rcode_refuses_query(rcode)))
    return RQ_DROP_QUESTION;
  if (!same_case && expect->mixed_case && expect->transport == RQ_UDP) return RQ_DROP_CASE;
  *reply = (rq_reply){.rcode = rcode,
                      .truncated = truncated,
                      .transport = expect->transport,
                      .aliased = rest.aliased,
                      .named = walk.header.counts[RQ_QUESTION] == 1,
                      .edns = rest.has_options};
  return options_judge(rest.options, expect, reply);
}

/* Leaves the walk behind the question. No question is not judged here. The name stands whole: before it there is
 * nothing but the header to point at, and what was sent is put in its place when the answer is kept. Nearly every
 * question is the one that was asked; what it is otherwise takes reading it. */
static int question_judge(rq_walk *walk, const rq_question *asked, int *same_case) {
  rq_question got;
  size_t begin = rq_walk_pos(walk);
  if (walk->header.counts[RQ_QUESTION] == 0) return RQ_ACCEPT;
  if (walk->header.counts[RQ_QUESTION] > 1) return RQ_DROP_QUESTION;
  *same_case = rq_walk_asks(walk, asked);
  if (*same_case) return RQ_ACCEPT;
  if (rq_walk_question(walk, &got) != 1 || rq_walk_pos(walk) - begin != got.name.len + 4u) return RQ_DROP_MALFORMED;
  if (got.rrtype != asked->rrtype || got.rrclass != asked->rrclass) return RQ_DROP_QUESTION;
  return rq_name_equal(&got.name, &asked->name) ? RQ_ACCEPT : RQ_DROP_QUESTION;
}

/* Walks the records; EDNS is told in the additional section alone (RFC 6891, 6.1.1). Owners have to parse, and are
 * looked at no further: that of most is a pointer to the question's name, whatever its case. */
static void rest_read(rq_walk *walk, const rq_question *asked, rest *rest) {
  rq_record record;
  record.owner = asked->name;
  record.place = walk->header.counts[RQ_QUESTION] == 1 ? RQ_HEADER_SIZE : RQ_NOWHERE;
  while ((rest->end = rq_walk_next(walk, &record)) == 1) {
    if (walk->section != RQ_ADDITIONAL || record.rrtype != RQ_TYPE_OPT) {
      rest->others++;
      if (record.rrtype == TYPE_CNAME && walk->section == RQ_ANSWER) rest->aliased = 1;
    } else {
      rq_edns edns;
      rq_edns_read(&record, &edns);
      rest->opts++;
      if (!rq_walk_is_edns(walk, &record)) continue;
      rest->rcode_high = (uint16_t)(edns.rcode_high * 16u);
      rest->has_options = 1;
      rest->options = edns.options;
    }
  }
}

/* Takes our part off a cookie. It is wrong, too, when the server's part has no length that one can have. */
static uint8_t cookie_take(rq_cur *cookie, const uint8_t *client) {
  int ours = 1;
  for (unsigned i = 0; i < RQ_COOKIE_CLIENT; i++) ours &= rq_cur_u8(cookie) == client[i];
  size_t left = rq_cur_left(cookie);
  if (left > 0) ours &= left >= SERVER_COOKIE_MIN && left <= SERVER_COOKIE_MAX;
  return ours && rq_cur_good(cookie) ? RQ_COOKIE_OURS : RQ_COOKIE_WRONG;
}

/* Over TCP the cookie decides nothing, for nobody off the path can answer there: a server that garbles cookies can
 * still be asked. */
static int options_judge(rq_cur options, const rq_expect *expect, rq_reply *reply) {
  uint16_t code;
  rq_cur value;
  while (reply->edns && rq_pairs_next(&options, &code, &value)) {
    if (code == RQ_OPTION_COOKIE && expect->client && reply->cookie == RQ_COOKIE_NONE) {
      reply->cookie = cookie_take(&value, expect->client);
      reply->server_cookie = value;
    } else if (code == RQ_OPTION_KEEPALIVE && expect->transport == RQ_TCP && rq_cur_left(&value) == 2) {
      reply->idle_told = 1;
      reply->idle = rq_cur_u16(&value);
    }
  }
  if (expect->transport == RQ_TCP || reply->cookie == RQ_COOKIE_OURS) return RQ_ACCEPT;
  return reply->cookie == RQ_COOKIE_WRONG || (expect->client && expect->cookie_due) ? RQ_DROP_COOKIE : RQ_ACCEPT;
}
