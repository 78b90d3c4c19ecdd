/* play.c: plays one lookup on virtual time. Reads commands, one a line, and prints what the state machine decides.
 *
 * It does what the engine does around the state machine and nothing else: packets are judged first, and only what is
 * accepted goes on. Packets lie in blocks of their exact size, so AddressSanitizer sees any octet read past them. The
 * question is always www.example. A. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lookup/rq_lookup.h"

static const char *const statuses[] = {"OK", "TIMEOUT", "TRUNCATED", "ILLEGAL_INPUT", "MALFORMED", "NETWORK"};
static const char *const verdicts[] = {"ACCEPT", "SHORT",    "SOURCE",    "ID",   "NOT_REPLY",
                                       "OPCODE", "QUESTION", "MALFORMED", "LARGE"};

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

static void action_print(rq_action action, const rq_lookup *lookup, const rq_reply *reply) {
  long long deadline_us = lookup->deadline_us;
  if (action == RQ_DO_FINISH) {
    finish_print(lookup, reply);
  } else if (action == RQ_DO_WAIT) {
    printf("wait until %lld\n", deadline_us);
  } else {
    printf("%s server %u %s%s until %lld\n", action == RQ_DO_KEEP ? "keep send" : "send", lookup->server,
           transport_name(lookup->transport), lookup->edns ? " edns" : "", deadline_us);
  }
}

static size_t hex_read(const char *hex, uint8_t *octets) {
  size_t len = 0;
  unsigned octet;
  for (; sscanf(hex + 2 * len, "%2x", &octet) == 1; len++) octets[len] = (uint8_t)octet;
  return len;
}

static void packet_play(rq_lookup *lookup, const rq_policy *policy, int64_t now_us, const char *hex) {
  rq_question asked = {.rrtype = 1, .rrclass = RQ_CLASS_IN};
  rq_reply reply;
  uint8_t *wire = malloc(strlen(hex) / 2);
  size_t len = hex_read(hex, wire);
  rq_name_parse((const uint8_t *)"www.example.", 12, &asked.name);
  int verdict = rq_lookup_judge(wire, len, &asked, &reply);
  free(wire);
  if (verdict == RQ_ACCEPT)
    action_print(rq_lookup_reply(lookup, policy, &reply, now_us), lookup, &reply);
  else
    printf("drop %s until %lld\n", verdicts[verdict], (long long)lookup->deadline_us);
}

/* Lets every timer come until the lookup ends; each line begins with its time. */
static void expire_play(rq_lookup *lookup, const rq_policy *policy) {
  static const rq_reply none;
  rq_action action = RQ_DO_SEND;
  while (action != RQ_DO_FINISH) {
    int64_t now_us = lookup->deadline_us;
    action = rq_lookup_timer(lookup, policy, now_us);
    printf("at %lld ", (long long)now_us);
    action_print(action, lookup, &none);
  }
}

/* Events of a lookup that is over are left out: the engine has forgotten it. */
static void line_play(char *line, rq_lookup *lookup, rq_policy *policy) {
  static const rq_reply none;
  long long now_us = 0, timeout_us, try_us;
  unsigned a = 0, b = 0, c = 0, d = 0;
  int at = 0;
  if (sscanf(line, "policy %lld %lld %u %u %u %u", &timeout_us, &try_us, &a, &b, &c, &d) == 6)
    *policy = (rq_policy){timeout_us, try_us, a, b, (uint8_t)c, (uint8_t)d, NULL};
  else if (sscanf(line, "start %lld %u", &now_us, &a) == 2)
    action_print(rq_lookup_start(lookup, policy, a, now_us), lookup, &none);
  else if (lookup->status != RQ_PENDING)
    return;
  else if (sscanf(line, "timer %lld", &now_us) == 1)
    action_print(rq_lookup_timer(lookup, policy, now_us), lookup, &none);
  else if (sscanf(line, "failed %lld %u", &now_us, &a) == 2)
    action_print(rq_lookup_failed(lookup, policy, (int32_t)a, now_us), lookup, &none);
  else if (sscanf(line, "packet %lld %n", &now_us, &at) == 1)
    packet_play(lookup, policy, now_us, line + at);
  else if (strcmp(line, "expire") == 0)
    expire_play(lookup, policy);
  else
    exit(2);
}

int main(void) {
  static char line[300000];
  rq_policy policy = {0};
  rq_lookup lookup = {0};
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    line_play(line, &lookup, &policy);
    if (fflush(stdout) != 0) return 1;
  }
  return 0;
}
