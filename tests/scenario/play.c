/* play.c: plays lookups on virtual time, one after the other. Reads commands, one a line, and prints what the state
 * machine decides.
 *
 * It does what the engine does around the state machine and nothing else: packets are judged first, only what is
 * accepted goes on, and of it the server's manner is learned. Packets lie in blocks of their exact size, so
 * AddressSanitizer sees any octet read past them. The question is always www.example. A, our part of every cookie the
 * octets 1 to 8. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lookup/rq_lookup.h"

#define SERVERS 8

typedef struct player {
  rq_policy policy;
  rq_manner manners[SERVERS];
  rq_lookup lookup;
  uint8_t mixed_case;
} player;

static const rq_reply none;
static const char *const statuses[] = {"OK", "TIMEOUT", "TRUNCATED", "ILLEGAL_INPUT", "MALFORMED", "NETWORK"};
static const char *const verdicts[] = {"ACCEPT",   "SHORT",     "SOURCE", "ID",   "NOT_REPLY", "OPCODE",
                                       "QUESTION", "MALFORMED", "LARGE",  "CASE", "COOKIE"};

static const char *transport_name(uint8_t transport) {
  return transport == RQ_TCP ? "tcp" : "udp";
}

static void finish_print(const rq_lookup *lookup, const rq_reply *reply) {
  printf("finish %s", statuses[-lookup->status]);
  if (lookup->status == RQ_OK)
    printf(" %s server %u %s", lookup->kept ? "kept" : "", lookup->answer_server,
           transport_name(lookup->answer_transport));
  if (lookup->status == RQ_OK && !lookup->kept) printf(" rcode %u", reply->rcode);
  if (lookup->error != 0) printf(" error %d", lookup->error);
  printf(" tries %u\n", lookup->tries);
}

/* What stands in the OPT record of the query to be sent. */
static void options_print(const player *p) {
  if (p->lookup.edns) printf(" edns");
  if (!p->lookup.edns || !p->policy.cookies) return;
  printf(p->manners[p->lookup.server].cookie_len > RQ_COOKIE_CLIENT ? " cookie" : " client-cookie");
}

static void action_print(rq_action action, const player *p, const rq_reply *reply) {
  const rq_lookup *lookup = &p->lookup;
  if (action == RQ_DO_FINISH) {
    finish_print(lookup, reply);
    return;
  }
  if (action != RQ_DO_WAIT) {
    const char *what = action == RQ_DO_KEEP ? "keep send" : action == RQ_DO_BESIDE ? "beside" : "send";
    printf("%s server %u %s", what, lookup->server,
           transport_name(action == RQ_DO_BESIDE ? RQ_TCP : lookup->transport));
    options_print(p);
  } else {
    printf("wait");
  }
  printf(" until %lld\n", (long long)lookup->deadline_us);
}

static size_t hex_read(const char *hex, uint8_t *octets) {
  size_t len = 0;
  unsigned octet;
  for (; sscanf(hex + 2 * len, "%2x", &octet) == 1; len++) octets[len] = (uint8_t)octet;
  return len;
}

static void accepted_play(player *p, const rq_reply *reply, int64_t now_us) {
  rq_manner *manner = &p->manners[p->lookup.server];
  rq_manner_learn(manner, reply, p->policy.cookies && p->lookup.edns);
  if (reply->transport == RQ_TCP && p->lookup.beside) rq_manner_distrust(manner, p->lookup.beside, reply, now_us);
  action_print(rq_lookup_reply(&p->lookup, &p->policy, reply, now_us), p, reply);
}

static void packet_play(player *p, uint8_t transport, int64_t now_us, const char *hex) {
  rq_question asked = {.rrtype = 1, .rrclass = RQ_CLASS_IN};
  const rq_manner *manner = &p->manners[p->lookup.server];
  rq_expect expect = {.asked = &asked,
                      .client = p->policy.cookies && p->lookup.edns ? manner->cookie : NULL,
                      .transport = transport,
                      .mixed_case = p->mixed_case,
                      .cookie_due = manner->cookie_due};
  rq_reply reply;
  uint8_t *wire = malloc(strlen(hex) / 2);
  size_t len = hex_read(hex, wire);
  rq_name_parse((const uint8_t *)"www.example.", 12, &asked.name);
  int verdict = rq_lookup_judge(wire, len, &expect, &reply);
  if (verdict == RQ_ACCEPT) accepted_play(p, &reply, now_us);
  free(wire);
  if (verdict == RQ_ACCEPT) return;
  if (verdict == RQ_DROP_CASE || verdict == RQ_DROP_COOKIE) rq_lookup_suspect(&p->lookup, verdict, now_us);
  printf("drop %s until %lld\n", verdicts[verdict], (long long)p->lookup.deadline_us);
}

/* A try that got no answer. */
static void unanswered(player *p) {
  if (p->lookup.distrusts) rq_manner_trust(&p->manners[p->lookup.server]);
}

static void timer_play(player *p, int64_t now_us) {
  if (now_us >= p->lookup.try_end_us) unanswered(p);
  action_print(rq_lookup_timer(&p->lookup, &p->policy, now_us), p, &none);
}

static void failed_play(player *p, int32_t error, int64_t now_us) {
  unanswered(p);
  action_print(rq_lookup_failed(&p->lookup, &p->policy, error, now_us), p, &none);
}

/* Lets every timer come until the lookup ends; each line begins with its time. */
static void expire_play(player *p) {
  while (p->lookup.status == RQ_PENDING) {
    printf("at %lld ", (long long)p->lookup.deadline_us);
    timer_play(p, p->lookup.deadline_us);
  }
}

/* policy timeout_us try_us tries servers transport edns dnssec_ok cookies mixed_case manners */
static int policy_read(const char *line, player *p) {
  long long timeout_us, try_us;
  unsigned tries, servers, transport, edns, dnssec_ok, cookies, mixed_case, known;
  if (sscanf(line, "policy %lld %lld %u %u %u %u %u %u %u %u", &timeout_us, &try_us, &tries, &servers, &transport,
             &edns, &dnssec_ok, &cookies, &mixed_case, &known) != 10)
    return 0;
  *p = (player){.policy = {.timeout_us = timeout_us,
                           .try_us = try_us,
                           .tries = tries,
                           .servers = servers,
                           .transport = (uint8_t)transport,
                           .edns = (uint8_t)edns,
                           .dnssec_ok = (uint8_t)dnssec_ok,
                           .cookies = (uint8_t)cookies,
                           .manners = known ? p->manners : NULL},
                .mixed_case = (uint8_t)mixed_case};
  for (unsigned s = 0; s < SERVERS; s++) rq_manner_draw(&p->manners[s], 0x0102030405060708u);
  return 1;
}

/* Events of a lookup that is over are left out: the engine has forgotten it. */
static void line_play(char *line, player *p) {
  long long now_us = 0;
  unsigned a = 0;
  int at = 0;
  if (policy_read(line, p))
    return;
  else if (sscanf(line, "start %lld %u", &now_us, &a) == 2)
    action_print(rq_lookup_start(&p->lookup, &p->policy, a, now_us), p, &none);
  else if (p->lookup.status != RQ_PENDING)
    return;
  else if (sscanf(line, "timer %lld", &now_us) == 1)
    timer_play(p, now_us);
  else if (sscanf(line, "failed %lld %u", &now_us, &a) == 2)
    failed_play(p, (int32_t)a, now_us);
  else if (sscanf(line, "packet %lld %n", &now_us, &at) == 1)
    packet_play(p, p->lookup.transport, now_us, line + at);
  else if (strncmp(line, "beside", 6) == 0 && !p->lookup.beside)
    action_print(RQ_DO_WAIT, p, &none);
  else if (sscanf(line, "beside packet %lld %n", &now_us, &at) == 1)
    packet_play(p, RQ_TCP, now_us, line + at);
  else if (strcmp(line, "beside failed") == 0)
    action_print(rq_lookup_alone(&p->lookup), p, &none);
  else if (strcmp(line, "expire") == 0)
    expire_play(p);
  else
    exit(2);
}

int main(void) {
  static char line[300000];
  static player p;
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    line_play(line, &p);
    if (fflush(stdout) != 0) return 1;
  }
  return 0;
}
