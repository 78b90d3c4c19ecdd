/* rq_lookup.c: one lookup as a state machine, see rq_lookup.h.
 *
 * Exists so that every decision of a lookup stands in one place and can be played on virtual time. Never does I/O,
 * reads a clock or allocates. Serves RFC 1035 section 4.2, RFC 6891 section 7, RFC 7766 section 5, RFC 7873
 * section 5.3. SPDX-License-Identifier: MIT */
#include "rq_lookup.h"

static rq_action turn(rq_lookup *lookup, const rq_policy *policy, int32_t status, int32_t error, int64_t now_us);
static uint32_t next_server(const rq_lookup *lookup, const rq_policy *policy, int64_t now_us);
static rq_action ask(rq_lookup *lookup, const rq_policy *policy, int64_t now_us);
static rq_action finish(rq_lookup *lookup, int32_t status, int32_t error);
static void choose_manner(rq_lookup *lookup, const rq_policy *policy, int64_t now_us);
static int can_renew(rq_lookup *lookup, const rq_reply *reply, int64_t now_us);
static int over_tcp(rq_lookup *lookup, int64_t now_us);
static int afford(rq_lookup *lookup, uint8_t *used, int64_t now_us);
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
  *lookup = (rq_lookup){.end_us = end_us,
                        .try_end_us = end_us,
                        .deadline_us = end_us,
                        .server = lookup->server,
                        .status = RQ_PENDING,
                        .tries = lookup->tries};
}

rq_action rq_lookup_resume(rq_lookup *lookup, const rq_policy *policy, uint32_t first, int64_t now_us) {
  lookup->server = first % policy->servers;
  lookup->left = (uint16_t)policy->tries;
  return turn(lookup, policy, RQ_TIMEOUT, 0, now_us);
}

rq_action rq_lookup_timer(rq_lookup *lookup, const rq_policy *policy, int64_t now_us) {
  if (now_us < lookup->deadline_us) return RQ_DO_WAIT;
  if (lookup->suspect != RQ_ACCEPT && now_us < lookup->try_end_us) {
    lookup->beside = lookup->suspect;
    lookup->suspect = RQ_ACCEPT;
    lookup->doubted = 1;
    lookup->tries++;
    lookup->deadline_us = lookup->try_end_us;
    return RQ_DO_BESIDE;
  }
  if (lookup->edns && lookup->transport == RQ_UDP) lookup->silent |= (uint64_t)1 << lookup->server % 64;
  return turn(lookup, policy, RQ_TIMEOUT, 0, now_us);
}

rq_action rq_lookup_suspect(rq_lookup *lookup, int verdict, int64_t now_us) {
  int64_t left_us = lookup->try_end_us - now_us;
  if (lookup->doubted || lookup->suspect != RQ_ACCEPT || lookup->transport != RQ_UDP || left_us <= 0) return RQ_DO_WAIT;
  lookup->suspect = (uint8_t)verdict;
  lookup->deadline_us = now_us + (left_us / 2 < RQ_SUSPECT_US ? left_us / 2 : RQ_SUSPECT_US);
  return RQ_DO_WAIT;
}

rq_action rq_lookup_alone(rq_lookup *lookup) {
  lookup->suspect = lookup->beside = RQ_ACCEPT;
  lookup->deadline_us = lookup->try_end_us;
  return RQ_DO_WAIT;
}

rq_action rq_lookup_reply(rq_lookup *lookup, const rq_policy *policy, const rq_reply *reply, int64_t now_us) {
  lookup->transport = reply->transport; /* of the two that may be out */
  /* TC comes first: whatever else the reply says, it is never handed out cut short. */
  if (reply->truncated) return over_tcp(lookup, now_us) ? ask(lookup, policy, now_us) : finish(lookup, RQ_TRUNCATED, 0);
  if (lookup->edns && rq_rcode_refuses_query(reply->rcode) && afford(lookup, &lookup->plain, now_us)) {
    lookup->edns = 0;
    return ask(lookup, policy, now_us);
  }
  if (policy->cookies && lookup->edns && reply->rcode == RQ_RCODE_BADCOOKIE &&
      (can_renew(lookup, reply, now_us) || over_tcp(lookup, now_us)))
    return ask(lookup, policy, now_us);
  lookup->answer_server = lookup->server;
  lookup->answer_transport = lookup->transport;
  lookup->kept = 0;
  if (!refuses_client(reply->rcode) || lookup->turns >= policy->servers ||
      next_server(lookup, policy, now_us) == lookup->server)
    return finish(lookup, RQ_OK, 0);
  if (turn(lookup, policy, RQ_OK, 0, now_us) == RQ_DO_FINISH) return RQ_DO_FINISH;
  lookup->kept = 1;
  return RQ_DO_KEEP;
}

rq_action rq_lookup_failed(rq_lookup *lookup, const rq_policy *policy, int32_t error, int64_t now_us) {
  return turn(lookup, policy, RQ_NETWORK, error, now_us);
}

void rq_lookup_delay(rq_lookup *lookup, int64_t by_us) {
  lookup->end_us += by_us;
  lookup->try_end_us += by_us;
  lookup->deadline_us += by_us;
}

/* Only a first try may be a probe. */
static uint32_t next_server(const rq_lookup *lookup, const rq_policy *policy, int64_t now_us) {
  int is_first = lookup->turns == 0;
  return rq_health_choose(policy->healths, policy->servers, lookup->server + !is_first, is_first, now_us);
}

/* The next server, in the manner that the policy begins with: what one server needs (TCP, no OPT) says nothing of
 * another. Ends the lookup as told when tries or time are used up. */
static rq_action turn(rq_lookup *lookup, const rq_policy *policy, int32_t status, int32_t error, int64_t now_us) {
  if (lookup->left == 0 || now_us >= lookup->end_us) return finish(lookup, status, error);
  lookup->server = next_server(lookup, policy, now_us);
  lookup->turns++;
  lookup->left--;
  choose_manner(lookup, policy, now_us);
  return ask(lookup, policy, now_us);
}

static void choose_manner(rq_lookup *lookup, const rq_policy *policy, int64_t now_us) {
  lookup->transport = policy->transport;
  lookup->edns = policy->edns;
  lookup->distrusts = 0;
  if (!policy->manners) return;
  const rq_manner *manner = &policy->manners[lookup->server];
  if (lookup->transport == RQ_UDP && rq_manner_distrusted(manner, now_us)) {
    lookup->transport = RQ_TCP;
    lookup->distrusts = 1;
  }
  if (!policy->dnssec_ok && !manner->edns_seen && lookup->silent >> lookup->server % 64 & 1) lookup->edns = 0;
}

/* Before end_us only. Compared by subtraction: now_us + try_us is formed only when it fits. */
static rq_action ask(rq_lookup *lookup, const rq_policy *policy, int64_t now_us) {
  lookup->tries++;
  lookup->doubted = 0;
  lookup->suspect = lookup->beside = RQ_ACCEPT;
  lookup->try_end_us = policy->try_us < lookup->end_us - now_us ? now_us + policy->try_us : lookup->end_us;
  lookup->deadline_us = lookup->try_end_us;
  return RQ_DO_SEND;
}

static rq_action finish(rq_lookup *lookup, int32_t status, int32_t error) {
  lookup->status = lookup->kept ? RQ_OK : status;
  lookup->error = lookup->kept ? 0 : error;
  return RQ_DO_FINISH;
}

/* Whether the reply brought a cookie to try again with (RFC 7873, 5.3). */
static int can_renew(rq_lookup *lookup, const rq_reply *reply, int64_t now_us) {
  if (lookup->renewed || now_us >= lookup->end_us || reply->transport != RQ_UDP || reply->cookie != RQ_COOKIE_OURS ||
      rq_cur_left(&reply->server_cookie) == 0)
    return 0;
  lookup->renewed = 1;
  return 1;
}

/* Whether the same server may be asked over TCP now. */
static int over_tcp(rq_lookup *lookup, int64_t now_us) {
  if (lookup->transport == RQ_TCP || !afford(lookup, &lookup->upgraded, now_us)) return 0;
  lookup->transport = RQ_TCP;
  return 1;
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

/* "I cannot or will not answer you": another server may. */
static int refuses_client(uint16_t rcode) {
  return rcode == RQ_RCODE_SERVFAIL || rcode == RQ_RCODE_NOTIMP || rcode == RQ_RCODE_REFUSED;
}
