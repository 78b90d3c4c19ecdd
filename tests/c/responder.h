/* responder.h: a DNS server for the engine's tests, on loopback, UDP and TCP, pumped by the test itself: no thread, no
 * clock.
 *
 * The first letter of the name asked for says what it does, see `respond_udp` and `respond_tcp`.
 * SPDX-License-Identifier: MIT */
#ifndef RESPONDER_H
#define RESPONDER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"

#define RESPONDER_CONNS 80
#define RESPONDER_NAMES 65536
#define RESPONDER_HEARD 1000
#define RESPONDER_QUERY 512
#define WRONG_AT_ONCE 100 /* of a receive buffer's some 200 */

typedef struct asker {
  struct sockaddr_storage at;
  socklen_t size;
} asker;

/* A query over UDP that was read and not answered. */
typedef struct heard {
  asker from;
  uint8_t query[RESPONDER_QUERY];
} heard;

typedef struct responder_conn {
  int fd; /* 0: free */
  uint32_t have, answered, held_len;
  uint8_t in[20000], held[512];
} responder_conn;

typedef struct responder {
  int udp, stray, tcp; /* stray: answers from a port that nobody asked */
  uint16_t port;
  unsigned long udp_queries, tcp_queries, connections;
  uint16_t last_id, last_ports[4096];
  uint8_t seen[RESPONDER_NAMES];
  responder_conn conns[RESPONDER_CONNS];
  uint8_t big[65537];
  int listens; /* queries over UDP are kept, and not answered before responder_answer */
  uint32_t heard_count;
  heard heard[RESPONDER_HEARD];
  heard doubted; /* a query that gets so many more wrong packets before the right one */
  uint32_t doubts;
  int doubting;
} responder;

static inline int responder_bound(int kind, uint16_t port) {
  int fd = socket(AF_INET, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0) {
    close(fd);
    return -1;
  }
  return fd;
}

static inline responder *responder_new(void) {
  responder *r = calloc(1, sizeof *r);
  struct sockaddr_in at;
  socklen_t size = sizeof at;
  do { /* one port for both */
    r->udp = responder_bound(SOCK_DGRAM, 0);
    getsockname(r->udp, (struct sockaddr *)&at, &size);
    r->port = ntohs(at.sin_port);
    r->tcp = responder_bound(SOCK_STREAM, r->port);
    if (r->tcp < 0) close(r->udp);
  } while (r->tcp < 0);
  int room = 4 * 1024 * 1024; /* for bursts: what the system allows is granted, which is more than it gives unasked */
  setsockopt(r->udp, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  listen(r->tcp, 256);
  r->stray = responder_bound(SOCK_DGRAM, 0);
  return r;
}

static inline void responder_free(responder *r) {
  for (int k = 0; k < RESPONDER_CONNS; k++)
    if (r->conns[k].fd > 0) close(r->conns[k].fd);
  close(r->udp);
  close(r->tcp);
  close(r->stray);
  free(r);
}

/* --- messages --- */

/* The number in the name's first label, behind its letter. */
static inline uint32_t name_number(const uint8_t *query) {
  uint32_t number = 0;
  for (uint32_t i = 0; i + 1 < query[12] && i < 5; i++) number = number * 10 + (uint32_t)(query[14 + i] - '0');
  return number % RESPONDER_NAMES;
}

/* Octets of header and question. */
static inline uint32_t question_end(const uint8_t *query) {
  uint32_t at = 12;
  while (query[at] != 0) at += query[at] + 1u;
  return at + 5;
}

/* The header and question of `query` as a reply: `flags` added, `answers` announced. Returns its length. */
static inline uint32_t reply_begin(const uint8_t *query, uint8_t *out, uint16_t flags, uint8_t answers) {
  uint32_t len = question_end(query);
  memcpy(out, query, len);
  out[2] |= (uint8_t)(0x80u | flags >> 8);
  out[3] = (uint8_t)flags;
  memset(out + 6, 0, 6);
  out[7] = answers;
  return len;
}

/* An A record, 127.0.0.1. */
static inline uint32_t reply_plain(const uint8_t *query, uint8_t *out) {
  static const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1};
  uint32_t len = reply_begin(query, out, 0, 1);
  memcpy(out + len, record, sizeof record);
  return len + sizeof record;
}

/* An alias of the name that has another first letter. */
static inline uint32_t reply_alias(const uint8_t *query, uint8_t *out, uint8_t letter) {
  uint32_t len = reply_begin(query, out, 0, 1), label = query[12] + 1u;
  const uint8_t record[] = {0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, (uint8_t)(label + 2)};
  const uint8_t rest[] = {0xc0, (uint8_t)(12 + label)};
  memcpy(out + len, record, sizeof record);
  memcpy(out + len + sizeof record, query + 12, label);
  out[len + sizeof record + 1] = letter;
  memcpy(out + len + sizeof record + label, rest, 2);
  return len + sizeof record + label + 2;
}

/* 65,535 octets: one record of an unknown type. */
static inline uint32_t reply_big(const uint8_t *query, uint8_t *out) {
  uint32_t len = reply_begin(query, out, 0, 1);
  uint32_t rest = 65535 - len - 12;
  const uint8_t record[] = {0xc0, 12, 0xff, 0, 0, 1, 0, 0, 0, 60, (uint8_t)(rest / 256), (uint8_t)(rest % 256)};
  memcpy(out + len, record, sizeof record);
  for (uint32_t i = 0; i < rest; i++) out[len + sizeof record + i] = (uint8_t)(i * 7);
  return 65535;
}

/* --- UDP --- */

static inline void say(int fd, const asker *to, const uint8_t *octets, uint32_t len) {
  while (sendto(fd, octets, len, 0, (const struct sockaddr *)&to->at, to->size) < 0 && errno == EAGAIN) continue;
}

/* Each kind of packet that must be dropped, in turn. */
static inline void say_wrong(responder *r, const asker *to, const uint8_t *query, uint32_t round) {
  uint8_t out[1500];
  uint32_t len = reply_plain(query, out);
  if (round % 6 == 0) out[0] ^= 0xff;  /* ID */
  if (round % 6 == 1) out[13] ^= 0x01; /* the name asked for */
  if (round % 6 == 2) out[2] &= 0x7f;  /* no reply */
  if (round % 6 == 3) len = 7;         /* short */
  if (round % 6 == 4) out[2] |= 0x10;  /* opcode */
  if (round % 6 == 5) len -= 3;        /* the record ends early */
  say(r->udp, to, out, len);
}

static inline void respond_udp(responder *r, const asker *to, const uint8_t *query) {
  uint8_t out[1500], kind = query[13];
  uint32_t len = reply_plain(query, out);
  if (kind == 'n') return;                                   /* never */
  if (kind == 'd' && !r->seen[name_number(query)]++) return; /* drops the first query for the name */
  if (kind == 'w') say(r->stray, to, out, len);              /* from a wrong port first */
  if (kind == 'v') {                                         /* servfail */
    len = reply_begin(query, out, 2, 0);
  }
  if (kind == 'l') { /* larger than any EDNS payload we offer */
    static uint8_t large[9000];
    memcpy(large, out, len);
    say(r->udp, to, large, sizeof large);
  }
  if (kind == 'x') { /* wrong packets first, as many as the name says: see pump_wrong */
    r->doubted.from = *to;
    memcpy(r->doubted.query, query, RESPONDER_QUERY);
    r->doubts = name_number(query);
    r->doubting = 1;
    return;
  }
  if (kind == 'e') len = reply_alias(query, out, 'a');                     /* leads to a plain answer, */
  if (kind == 'g') len = reply_alias(query, out, 'n');                     /* or to none */
  if (strchr("tbfoszihp", kind)) len = reply_begin(query, out, 0x0200, 0); /* TC, see respond_tcp */
  say(r->udp, to, out, len);
}

static inline int pump_udp(responder *r) {
  uint8_t query[RESPONDER_QUERY];
  asker from = {.size = sizeof from.at};
  ssize_t got = recvfrom(r->udp, query, sizeof query, 0, (struct sockaddr *)&from.at, &from.size);
  if (got < 12) return 0;
  r->last_id = (uint16_t)(query[0] * 256 + query[1]);
  r->last_ports[r->udp_queries++ % 4096] = ntohs(((struct sockaddr_in *)&from.at)->sin_port);
  if (r->listens && r->heard_count < RESPONDER_HEARD) {
    heard *kept = &r->heard[r->heard_count++];
    kept->from = from;
    memcpy(kept->query, query, sizeof query);
  } else if (!r->listens) {
    respond_udp(r, &from, query);
  }
  return 1;
}

/* In portions, which a receive buffer holds. */
static inline void pump_wrong(responder *r) {
  uint8_t out[1500];
  for (int n = 0; n < WRONG_AT_ONCE && r->doubts > 0; n++)
    say_wrong(r, &r->doubted.from, r->doubted.query, r->doubts--);
  if (r->doubts > 0) return;
  r->doubting = 0;
  say(r->udp, &r->doubted.from, out, reply_plain(r->doubted.query, out));
}

/* Answers what was only listened to, and from now on all that comes. */
static inline void responder_answer(responder *r) {
  r->listens = 0;
  for (uint32_t k = 0; k < r->heard_count; k++) respond_udp(r, &r->heard[k].from, r->heard[k].query);
  r->heard_count = 0;
}

/* --- TCP --- */

static inline void conn_close(responder_conn *conn) {
  close(conn->fd);
  memset(conn, 0, sizeof *conn);
}

/* Spins while the peer's window is full: the tests send less than loopback holds. */
static inline void send_all_octets(int fd, const uint8_t *octets, uint32_t len) {
  uint32_t done = 0;
  while (done < len) {
    ssize_t n = sendto(fd, octets + done, len - done, MSG_NOSIGNAL, NULL, 0);
    if (n > 0) done += (uint32_t)n;
    if (n < 0 && errno != EAGAIN) return;
  }
}

static inline void send_frame(int fd, const uint8_t *octets, uint32_t len) {
  uint8_t frame[600] = {(uint8_t)(len / 256), (uint8_t)(len % 256)};
  memcpy(frame + 2, octets, len);
  send_all_octets(fd, frame, len + 2);
}

/* 1 while the connection stays. */
static inline int respond_tcp(responder *r, responder_conn *conn, const uint8_t *query) {
  uint8_t out[512], kind = query[13];
  uint32_t len = reply_plain(query, out);
  if (kind == 'n') return 1;                /* never */
  if (kind == 'f') return 0;                /* closes without an answer */
  if (kind == 'p' && r->connections == 1) { /* an octet for each query: a message that never ends */
    send_all_octets(conn->fd, (const uint8_t *)"\xff", 1);
    return 1;
  }
  if (kind == 'o' && conn->answered > 0) return 0; /* one answer on each connection */
  if (kind == 'z')
    send_all_octets(conn->fd, (const uint8_t *)"\0\0\0\1\7", 5); /* an empty frame, and one of an octet */
  if (kind == 'c') len = reply_begin(query, out, 0x0200, 0);     /* TC over TCP */
  if (kind == 'i') {                                             /* a wrong ID first */
    out[0] ^= 0xff;
    send_frame(conn->fd, out, len);
    out[0] ^= 0xff;
  }
  if (kind == 'b') { /* the largest message */
    uint32_t big = reply_big(query, r->big + 2);
    r->big[0] = r->big[1] = 0xff;
    send_all_octets(conn->fd, r->big, big + 2);
  } else if (kind == 's') { /* octet by octet */
    uint8_t frame[600] = {(uint8_t)(len / 256), (uint8_t)(len % 256)};
    memcpy(frame + 2, out, len);
    for (uint32_t i = 0; i < len + 2; i++) send_all_octets(conn->fd, frame + i, 1);
  } else if (kind == 'h' && conn->held_len == 0) { /* holds an answer back until the next one is sent */
    memcpy(conn->held, out, len);
    conn->held_len = len;
  } else {
    send_frame(conn->fd, out, len);
    if (conn->held_len > 0) send_frame(conn->fd, conn->held, conn->held_len);
    conn->held_len = 0;
  }
  conn->answered++;
  return 1;
}

static inline int pump_conn(responder *r, responder_conn *conn) {
  ssize_t got = recvfrom(conn->fd, conn->in + conn->have, sizeof conn->in - conn->have, 0, NULL, NULL);
  if (got < 0) {
    if (errno != EAGAIN) conn_close(conn);
    return 0;
  }
  if (got == 0) {
    conn_close(conn);
    return 0;
  }
  conn->have += (uint32_t)got;
  while (conn->have >= 2 && conn->have - 2 >= conn->in[0] * 256u + conn->in[1]) {
    uint32_t used = conn->in[0] * 256u + conn->in[1] + 2;
    r->tcp_queries++;
    if (!respond_tcp(r, conn, conn->in + 2)) {
      conn_close(conn);
      return 1;
    }
    memmove(conn->in, conn->in + used, conn->have - used);
    conn->have -= used;
  }
  return 1;
}

static inline int pump_tcp(responder *r) {
  int busy = 0, fd;
  while ((fd = accept4(r->tcp, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    int k = 0, on = 1;
    while (k < RESPONDER_CONNS && r->conns[k].fd > 0) k++;
    if (k == RESPONDER_CONNS) {
      close(fd);
      continue;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    r->conns[k].fd = fd;
    r->connections++;
    busy = 1;
  }
  for (int k = 0; k < RESPONDER_CONNS; k++)
    if (r->conns[k].fd > 0) busy |= pump_conn(r, &r->conns[k]);
  return busy;
}

/* Answers what has come. */
static inline void responder_pump(responder *r) {
  for (int n = 0; n < 10000 && pump_udp(r); n++) continue;
  if (r->doubting) pump_wrong(r);
  for (int n = 0; n < 10000 && pump_tcp(r); n++) continue;
}

#endif
