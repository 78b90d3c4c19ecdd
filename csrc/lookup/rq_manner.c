/* rq_manner.c: see rq_manner.h. SPDX-License-Identifier: MIT */
#include "rq_manner.h"

void rq_manner_draw(rq_manner *manner, uint64_t random) {
  rq_out out;
  rq_out_init(&out, manner->cookie, RQ_COOKIE_CLIENT);
  rq_out_u64(&out, random);
  manner->cookie_len = RQ_COOKIE_CLIENT;
}

void rq_manner_forget(rq_manner *manner) {
  manner->cookie_len = 0;
}

/* Over TCP nobody off the path can leave the cookie out. */
static int has_no_cookies(const rq_reply *reply) {
  return reply->transport == RQ_TCP && reply->edns && reply->cookie == RQ_COOKIE_NONE;
}

void rq_manner_learn(rq_manner *manner, const rq_reply *reply, int cookie_sent) {
  manner->edns_seen |= reply->edns;
  if (reply->idle_told) {
    manner->idle_told = 1;
    manner->idle = reply->idle;
  }
  if (!cookie_sent) return;
  if (has_no_cookies(reply)) {
    manner->cookie_len = RQ_COOKIE_CLIENT;
    manner->cookie_due = 0;
  } else if (reply->cookie == RQ_COOKIE_OURS && rq_cur_left(&reply->server_cookie) > 0) {
    rq_cur server = reply->server_cookie;
    size_t len = rq_cur_left(&server);
    rq_cur_copy(&server, manner->cookie + RQ_COOKIE_CLIENT, len);
    manner->cookie_len = (uint8_t)(RQ_COOKIE_CLIENT + len);
    manner->cookie_due = 1;
  }
}

void rq_manner_distrust(rq_manner *manner, int verdict, const rq_reply *reply, int64_t now_us) {
  if (verdict == RQ_DROP_COOKIE && has_no_cookies(reply)) return;
  manner->distrust_us = now_us + RQ_DISTRUST_US;
}

void rq_manner_trust(rq_manner *manner) {
  manner->distrust_us = 0;
}
