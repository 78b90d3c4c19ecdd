/* replay_peers.c: the servers of a session, and forgers off the path, see replay.h.
 *
 * A name's first letter says what is right: n and b<number> have the address 10.<number> (b much else beside it), c is
 * an alias of n with that number, l and k are aliases of each other, x does not exist, d has no data. All that is wrong
 * is drawn. SPDX-License-Identifier: MIT */
#include "replay.h"

#define OPTION_COOKIE 10
#define BADCOOKIE 23
#define OPT_MOST (11 + 4 + 40) /* octets that a query has behind its question: OPT with a whole cookie */

/* What a server reads in a query. */
typedef struct asked {
  const uint8_t *wire;
  uint32_t len, end; /* end: behind the question */
  uint16_t number;
  uint8_t letter, edns, cookie_len; /* client's and server's part, if any */
  const uint8_t *cookie;
} asked;

/* A message that grows. */
typedef struct reply {
  uint8_t octets[65535 + 64];
  uint32_t len;
} reply;

static const uint8_t filler[65535];

static uint16_t get16(const uint8_t *octets) {
  return (uint16_t)(octets[0] * 256 + octets[1]);
}

static void put(reply *r, const void *octets, uint32_t len) {
  memcpy(r->octets + r->len, octets, len);
  r->len += len;
}

static void put16(reply *r, uint32_t value) {
  const uint8_t octets[2] = {(uint8_t)(value / 256), (uint8_t)value};
  put(r, octets, 2);
}

/* The engine's queries have one question and at most an OPT record: all else is a failed check. */
static void read_query(world *w, const uint8_t *wire, uint32_t len, asked *a) {
  *a = (asked){.wire = wire, .len = len, .end = 12};
  EXPECT(w->u, len >= 17 && get16(wire + 4) == 1 && get16(wire + 6) == 0 && get16(wire + 8) == 0 && wire[12] > 1);
  while (a->end < len && wire[a->end] != 0) a->end += wire[a->end] + 1u;
  a->end += 5;
  EXPECT(w->u, a->end <= len);
  a->letter = wire[13] | 0x20;
  for (uint32_t i = 1; i < wire[12]; i++) a->number = (uint16_t)(a->number * 10 + wire[13 + i] - '0');
  a->number %= NUMBERS;
  EXPECT(w->u, len <= a->end + OPT_MOST);
  if (get16(wire + 10) == 0) {
    EXPECT_NUMBER(w->u, a->end, len);
    return;
  }
  a->edns = 1;
  EXPECT(w->u, len >= a->end + 11 && len == a->end + 11 + get16(wire + a->end + 9));
  for (uint32_t at = a->end + 11; at + 4 <= len; at += 4u + get16(wire + at + 2)) {
    if (get16(wire + at) != OPTION_COOKIE) continue;
    a->cookie = wire + at + 4;
    a->cookie_len = (uint8_t)get16(wire + at + 2);
    EXPECT(w->u, a->cookie_len == 8 || (a->cookie_len >= 16 && a->cookie_len <= 40));
  }
}

/* --- what is said --- */

static void begin(const asked *a, reply *r, uint16_t flags, uint16_t answers, uint16_t authorities) {
  r->len = 0;
  put(r, a->wire, a->end);
  uint16_t rd = (uint16_t)(a->wire[2] & 1);
  r->octets[2] = (uint8_t)(0x80 + flags / 256 + rd);
  r->octets[3] = (uint8_t)(0x80 + flags % 256);
  const uint16_t counts[3] = {answers, authorities, 0};
  for (int n = 0; n < 3; n++) {
    r->octets[6 + 2 * n] = (uint8_t)(counts[n] / 256);
    r->octets[7 + 2 * n] = (uint8_t)counts[n];
  }
}

static void put_record(reply *r, uint16_t type, uint32_t ttl, const void *rdata, uint32_t len) {
  put16(r, 0xc00c);
  put16(r, type);
  put16(r, 1);
  put16(r, ttl / 65536);
  put16(r, ttl % 65536);
  put16(r, len);
  put(r, rdata, len);
}

/* OPT, with the cookie that the server gives this client. */
static void put_opt(const asked *a, const nature *peer, reply *r, uint8_t rcode_high, int cookie) {
  if (!a->edns) return;
  r->octets[11]++;
  const uint8_t head[9] = {0, 0, 41, 0x04, 0xd0, rcode_high};
  put(r, head, 9);
  put16(r, cookie ? 4 + 16 : 0);
  if (!cookie) return;
  put16(r, OPTION_COOKIE);
  put16(r, 16);
  put(r, a->cookie, 8);
  for (int n = 0; n < 8; n++) r->octets[r->len++] = (uint8_t)(a->cookie[n] ^ (peer->spare + n));
}

static int cookie_known(const asked *a, const nature *peer) {
  if (a->cookie_len != 16) return 0;
  for (int n = 0; n < 8; n++)
    if (a->cookie[8 + n] != (uint8_t)(a->cookie[n] ^ (peer->spare + n))) return 0;
  return 1;
}

/* What is right for the name; `address` stands for its own when it is not 0. */
static void say_right(world *w, const asked *a, reply *r, uint8_t address, int tcp) {
  uint8_t own[4] = {10, 0, (uint8_t)(a->number / 256), (uint8_t)a->number}, target[40];
  if (address) memset(own, address, 4);
  if (a->letter == 'x' || a->letter == 'd') {
    const uint8_t soa[22] = {0, 0, [21] = 60};
    begin(a, r, a->letter == 'x' ? 3 : 0, 0, 1);
    put_record(r, 6, 60, soa, sizeof soa);
  } else if (a->letter == 'c' || a->letter == 'l' || a->letter == 'k') {
    uint32_t label = a->wire[12] + 1u;
    memcpy(target, a->wire + 12, label);
    target[1] = a->letter == 'c' ? 'n' : a->letter == 'l' ? 'k' : 'l';
    target[label] = 0xc0;
    target[label + 1] = (uint8_t)(12 + label);
    begin(a, r, 0, 1, 0);
    put_record(r, 5, 60, target, label + 2);
  } else if (a->letter == 'b' && !tcp) {
    begin(a, r, RQ_FLAG_TC, 0, 0);
  } else {
    uint32_t more = a->letter != 'b' ? 0 : chance(w, 2) ? 65535 - a->end - 16 - 12 - 64 : 1 + draw(w, 3000);
    begin(a, r, 0, more ? 2 : 1, 0);
    put_record(r, 1, 60, own, 4);
    if (more) put_record(r, 65300, 60, filler, more);
  }
}

/* The reply of this server to this query; 0 for none. */
static int answer(world *w, const nature *peer, const asked *a, reply *r, int tcp) {
  if (a->edns && peer->silent_to_edns) return 0;
  int cookie = a->cookie && peer->cookies && !(chance(w, peer->strips));
  if (a->edns && chance(w, peer->formerr_to_edns)) {
    begin(a, r, (uint16_t)(chance(w, 50) ? 1 : 4), 0, 0);
    if (chance(w, 20)) { /* without its question */
      r->octets[5] = 0;
      r->len = 12;
    }
    return 1;
  }
  if (cookie && !tcp && peer->badcookie && !cookie_known(a, peer)) {
    begin(a, r, BADCOOKIE % 16, 0, 0);
    put_opt(a, peer, r, BADCOOKIE / 16, 1);
    return 1;
  }
  if (chance(w, peer->servfail)) {
    begin(a, r, (uint16_t)(chance(w, 50) ? 2 : 5), tcp, 0);
    if (tcp) put_record(r, 65300, 60, filler, 2000); /* too much for a slot, and kept */
  } else if (!tcp && chance(w, peer->truncate))
    begin(a, r, RQ_FLAG_TC, 0, 0);
  else
    say_right(w, a, r, 0, tcp);
  put_opt(a, peer, r, 0, cookie);
  if (!tcp && chance(w, peer->breaks_case))
    for (uint32_t i = 12; i < a->end - 4; i++)
      if (r->octets[i] >= 'A' && r->octets[i] <= 'Z') r->octets[i] |= 0x20;
  return 1;
}

/* --- forgers --- */

/* Off the path: the address, port and even the ID may be right, but never all that must be. */
static void forge(world *w, int fd, const rq_peer *to, const asked *a, const nature *peer) {
  static reply r;
  rq_peer from = *to;
  int how = (int)draw(w, w->mixed_case ? 8 : 7), knows_cookie = a->cookie_len > 8;
  say_right(w, a, &r, FORGED_OCTETS, 1);
  put_opt(a, peer, &r, 0, a->cookie && how != 6);
  if (how == 0) r.octets[0] ^= (uint8_t)(1 + draw(w, 255));
  if (how == 1) r.octets[13 + draw(w, r.octets[12])] ^= 3; /* another name */
  if (how == 2) r.octets[a->end - 3] ^= 1;                 /* another type */
  if (how == 3) r.octets[2] &= 0x7f;                       /* a query */
  if (how == 4) r.octets[2] |= 0x10;                       /* another opcode */
  if (how == 5) from.v4.sin_port ^= htons(1);              /* another port */
  if (how == 6 && !knows_cookie) return;                   /* without the cookie */
  if (how == 7) r.octets[13] ^= 0x20;                      /* in other letter case */
  event *e = post(w, fd, E_DATAGRAM, draw(w, (uint32_t)peer->delay_us + 1), r.octets, r.len);
  e->peer = from;
  e->guessed = how == 0;
  w->forgeries++;
}

/* --- UDP --- */

static void send_datagram(world *w, int fd, const nature *peer, reply *r, uint16_t number) {
  for (int copies = 1 + chance(w, peer->twice); copies > 0; copies--) {
    int64_t delay_us = peer->delay_us + draw(w, (uint32_t)peer->jitter_us + 1);
    if (chance(w, peer->corrupt)) {
      uint32_t at = draw(w, r->len);
      r->octets[at] ^= (uint8_t)(1 + draw(w, 255));
      if (chance(w, 30)) r->len = draw(w, r->len);
      w->corrupted[number] = 1;
    }
    post(w, fd, E_DATAGRAM, delay_us, r->octets, r->len)->peer = peer->peer;
    if (r->len == 0) return;
  }
}

void peer_datagram(world *w, int fd, const rq_peer *to, const uint8_t *query, uint32_t len) {
  static reply r;
  asked a;
  nature *peer = peer_at(w, to);
  read_query(w, query, len, &a);
  w->datagrams++;
  w->asked[RQ_UDP][a.number]++;
  if (!peer) return;
  for (int n = 0; n < 4 && chance(w, peer->forge); n++) forge(w, fd, to, &a, peer);
  if (chance(w, peer->refused)) {
    event *e = post(w, fd, E_ICMP, peer->delay_us, query, len);
    e->peer = *to;
    e->error = chance(w, 70) ? ECONNREFUSED : EHOSTUNREACH;
    if (chance(w, 20)) e->octets[0] ^= 0x55; /* quotes nothing of ours */
    if (chance(w, 10)) e->len = draw(w, 3);
    return;
  }
  if (chance(w, peer->lose) || !answer(w, peer, &a, &r, 0)) return;
  send_datagram(w, fd, peer, &r, a.number);
}

/* --- TCP --- */

void peer_connect(world *w, int fd, const rq_peer *to) {
  const nature *peer = peer_at(w, to);
  if (!peer || chance(w, peer->tcp_silent)) return;
  w->fds[fd - FIRST_FD].ordered = (uint8_t)chance(w, peer->tcp_split);
  int refused = chance(w, peer->tcp_refused);
  post(w, fd, refused ? E_REFUSED : E_ESTABLISHED, peer->delay_us, NULL, 0)->error = refused ? ECONNREFUSED : 0;
}

/* In pieces after what was sent before, or whole and whenever it is ready. */
static void send_stream(world *w, int fd, const nature *peer, const uint8_t *octets, uint32_t len) {
  sim_fd *s = &w->fds[fd - FIRST_FD];
  int64_t at_us = w->now_us + peer->delay_us + draw(w, (uint32_t)peer->jitter_us + 1);
  if (peer->split_at > 0) {
    uint32_t first = peer->split_at < len ? peer->split_at : len;
    if (at_us < s->last_us) at_us = s->last_us;
    s->last_us = at_us + peer->delay_us;
    post(w, fd, E_OCTETS, at_us - w->now_us, octets, first);
    if (first < len) post(w, fd, E_OCTETS, s->last_us - w->now_us, octets + first, len - first);
    return;
  }
  if (peer->drip_us > 0) {
    if (at_us < s->last_us) at_us = s->last_us;
    for (uint32_t n = 0; n < len; n++) post(w, fd, E_OCTETS, (at_us += peer->drip_us) - w->now_us, octets + n, 1);
    s->last_us = at_us;
    return;
  }
  if (!s->ordered) {
    if (chance(w, peer->tcp_keeps_back)) at_us += 20000;
    if (s->silent && at_us < s->last_us) at_us = s->last_us; /* the beginning of a frame is the last that comes */
    if (at_us > s->last_us) s->last_us = at_us;
    post(w, fd, E_OCTETS, at_us - w->now_us, octets, len);
    return;
  }
  if (at_us < s->last_us) at_us = s->last_us;
  uint32_t most = chance(w, 30) && len < 300 ? 2 : 1 + len / 3;
  for (uint32_t from = 0; from < len;) {
    uint32_t part = 1 + draw(w, most);
    if (part > len - from) part = len - from;
    post(w, fd, E_OCTETS, at_us - w->now_us, octets + from, part);
    from += part;
    if (chance(w, 30)) at_us += draw(w, 500);
  }
  s->last_us = at_us;
}

static void end_stream(world *w, int fd, const nature *peer, int reset) {
  const sim_fd *s = &w->fds[fd - FIRST_FD];
  int64_t delay_us = peer->delay_us + draw(w, 3000);
  if (s->last_us > w->now_us + delay_us) delay_us = s->last_us - w->now_us;
  post(w, fd, reset ? E_RESET : E_FIN, delay_us, NULL, 0)->error = reset ? ECONNRESET : 0;
}

static void answer_frame(world *w, int fd, const nature *peer, const asked *a) {
  static reply r;
  static uint8_t frame[65535 + 66];
  static const uint8_t noise[] = {0, 0, 0, 1, 7, 0, 0};
  if (chance(w, peer->tcp_noise)) send_stream(w, fd, peer, noise, sizeof noise);
  if (!answer(w, peer, a, &r, 1)) return;
  frame[0] = (uint8_t)(r.len / 256);
  frame[1] = (uint8_t)r.len;
  memcpy(frame + 2, r.octets, r.len);
  if (chance(w, peer->tcp_wrong_id)) {
    frame[2] ^= 0xff;
    send_stream(w, fd, peer, frame, r.len + 2);
    frame[2] ^= 0xff;
  }
  int reset = chance(w, peer->tcp_reset), cut = reset || chance(w, peer->tcp_close);
  w->fds[fd - FIRST_FD].silent = (uint8_t)cut;
  send_stream(w, fd, peer, frame, cut && chance(w, 50) ? 1 + draw(w, r.len + 1) : r.len + 2);
  if (cut) end_stream(w, fd, peer, reset);
}

void peer_octets(world *w, int fd, const uint8_t *octets, uint32_t len) {
  sim_fd *s = &w->fds[fd - FIRST_FD];
  const nature *peer = peer_at(w, &s->peer);
  s->heard = realloc(s->heard, s->heard_len + len);
  memcpy(s->heard + s->heard_len, octets, len);
  s->heard_len += len;
  uint32_t used = 0;
  while (s->heard_len - used >= 2 && s->heard_len - used - 2 >= get16(s->heard + used)) {
    asked a;
    uint32_t size = get16(s->heard + used);
    read_query(w, s->heard + used + 2, size, &a);
    w->frames++;
    w->asked[RQ_TCP][a.number]++;
    if (peer && !s->silent && !chance(w, peer->lose)) answer_frame(w, fd, peer, &a);
    used += size + 2;
  }
  memmove(s->heard, s->heard + used, s->heard_len - used);
  s->heard_len -= used;
}

/* --- who they are --- */

nature *peer_at(world *w, const rq_peer *peer) {
  for (uint32_t n = 0; n < w->peer_count; n++)
    if (rq_peer_same(&w->peers[n].peer, peer)) return &w->peers[n];
  EXPECT(w->u, 0); /* nobody but the given servers is asked */
  return NULL;
}

/* Most are nearly well: a session where nothing works shows little. */
static uint8_t trait(world *w, uint32_t odds, uint32_t most) {
  return chance(w, odds) ? (uint8_t)(1 + draw(w, most)) : 0;
}

static void draw_faults(world *w, nature *p) {
  p->lose = chance(w, 5) ? 100 : trait(w, 40, 50);
  p->corrupt = trait(w, 20, 30);
  p->servfail = trait(w, 20, 80);
  p->refused = trait(w, 20, 80);
  p->silent_to_edns = trait(w, 5, 1);
  p->tcp_refused = trait(w, 20, 80);
  p->tcp_silent = trait(w, 10, 100);
  p->tcp_close = trait(w, 30, 60);
  p->tcp_reset = trait(w, 20, 40);
}

void peers_draw(world *w, uint32_t count) {
  w->peer_count = count;
  for (uint32_t n = 0; n < count; n++) {
    rq_addr addr = {.family = 4, .octets = {127, 1, 0, (uint8_t)(n + 1)}, .port = 53};
    if (chance(w, 20)) addr = (rq_addr){.family = 6, .octets = {[15] = (uint8_t)(n + 1)}, .port = 5300};
    nature *p = &w->peers[n];
    *p = (nature){.delay_us = 50 + draw(w, chance(w, 30) ? 60000 : 3000)};
    p->jitter_us = draw(w, 20000);
    rq_peer_set(&p->peer, &addr);
    p->twice = trait(w, 30, 60);
    p->forge = trait(w, 50, 90);
    p->truncate = trait(w, 30, 100);
    p->formerr_to_edns = trait(w, 15, 100);
    p->breaks_case = trait(w, 15, 100);
    p->cookies = trait(w, 50, 1);
    p->badcookie = trait(w, 30, 1);
    p->strips = trait(w, 10, 40);
    p->spare = (uint8_t)draw(w, 256);
    p->tcp_split = trait(w, 40, 100);
    p->tcp_noise = trait(w, 20, 30);
    p->tcp_wrong_id = trait(w, 20, 30);
    p->tcp_keeps_back = trait(w, 30, 50);
    if (!w->kind) draw_faults(w, p);
  }
}
