/* rq_testserver.c: the loopback server's loop: takes queries in batches, answers the plain ones, hands over the rest.
 *
 * It never opens, closes or connects a socket, and refuses any that is not bound to loopback. The lock is held while a
 * batch is answered, not while waiting, so a running server can be scripted. SPDX-License-Identifier: MIT */
#include "rq_testserver.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "rq_ts_answer.h"

#define MINIMUM_PAYLOAD 512u /* without EDNS (RFC 1035, 2.3.4) */
#define DNSSEC_OK 0x8000u    /* in the flags of an OPT record (RFC 3225) */
#define MILLION 1000000u
#define FEW_SOCKETS 4u     /* so many are asked one after another; of more, poll tells first which have something */
#define DELAYED_MAX 32768u /* a power of two */
#define DELAYED_QUERY 512u /* a larger query that is to be delayed goes to Python */

typedef union address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} address;

/* A query whose answer is held back. */
typedef struct delayed {
  int64_t due_ns;
  address from;
  uint16_t len;
  uint16_t socket;
  uint8_t octets[DELAYED_QUERY];
} delayed;

/* Buffers of recvmmsg and sendmmsg: one query or answer in each place. */
typedef struct batch {
  struct mmsghdr headers[RQ_TS_BATCH];
  struct iovec vectors[RQ_TS_BATCH];
  address peers[RQ_TS_BATCH];
  unsigned count;
  unsigned socket; /* all are of this one */
} batch;

struct rq_ts {
  pthread_mutex_t lock; /* over rules, log and counts */
  rq_ts_rules rules;
  rq_ts_counts counts;
  rq_ts_seen *log;
  uint32_t log_max, log_count;
  uint64_t dice; /* state of a generator of random numbers, which need be no more than even */
  uint32_t lose_per_million;
  int64_t delay_ns;
  delayed *delayed; /* a ring, all in order of due_ns because the delay is the same for all */
  uint32_t delayed_first, delayed_count;
  struct pollfd polls[1 + RQ_TS_SOCKETS]; /* [0] wakes up */
  unsigned socket_count;
  batch in, out;
  uint8_t queries[RQ_TS_BATCH][RQ_TS_QUERY_MAX];
  uint8_t answers[RQ_TS_BATCH][RQ_TS_UDP_MAX];
};

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int socket_fd(const rq_ts *server, unsigned socket) {
  return server->polls[1 + socket].fd;
}

/* --- answers go out --------------------------------------------------------------------------------------------------
 */

/* A datagram that cannot be sent is skipped: to the client it is a lost one. */
static void answers_send(rq_ts *server) {
  batch *out = &server->out;
  unsigned done = 0;
  while (done < out->count) {
    int n = sendmmsg(socket_fd(server, out->socket), out->headers + done, out->count - done, 0);
    if (n < 0 && errno == EINTR) continue;
    done += n > 0 ? (unsigned)n : 1;
  }
  out->count = 0;
}

/* The place where the next answer is to be written. */
static uint8_t *answer_place(rq_ts *server, unsigned socket) {
  if (server->out.count == RQ_TS_BATCH || server->out.socket != socket) answers_send(server);
  server->out.socket = socket;
  return server->answers[server->out.count];
}

/* Queues what was written there. */
static void answer_queue(rq_ts *server, const address *to, size_t len) {
  batch *out = &server->out;
  unsigned i = out->count++;
  out->peers[i] = *to;
  out->vectors[i] = (struct iovec){server->answers[i], len};
  out->headers[i].msg_hdr =
      (struct msghdr){.msg_name = &out->peers[i],
                      .msg_namelen = to->any.sa_family == AF_INET6 ? sizeof to->v6 : sizeof to->v4,
                      .msg_iov = &out->vectors[i],
                      .msg_iovlen = 1};
}

/* --- one query
 * --------------------------------------------------------------------------------------------------------- */

/* Octets that the client can take over UDP. */
static size_t payload_limit(const rq_ts_asked *asked) {
  return asked->has_edns && asked->edns.payload > MINIMUM_PAYLOAD ? asked->edns.payload : MINIMUM_PAYLOAD;
}

/* Queues the answer; 0 when the table is not sure. */
static int query_answer(rq_ts *server, const rq_ts_asked *asked, unsigned socket, const address *from) {
  uint8_t *to = answer_place(server, socket);
  size_t len = rq_ts_answer(&server->rules, asked, payload_limit(asked), to, RQ_TS_UDP_MAX);
  if (len == 0) return 0;
  answer_queue(server, from, len);
  server->counts.answered++;
  return 1;
}

/* Puts off the answer to a query that the table is sure of; 0 when it is not, or the query is too long to keep. */
static int query_delay(rq_ts *server, const rq_ts_asked *asked, unsigned i, int64_t now) {
  unsigned socket = server->in.socket;
  uint32_t len = server->in.headers[i].msg_len;
  uint8_t *scratch = answer_place(server, socket);
  rq_cur cur;
  if (len > DELAYED_QUERY || rq_ts_answer(&server->rules, asked, payload_limit(asked), scratch, RQ_TS_UDP_MAX) == 0)
    return 0;
  delayed *d = &server->delayed[(server->delayed_first + server->delayed_count++) % DELAYED_MAX];
  d->due_ns = now + server->delay_ns;
  d->from = server->in.peers[i];
  d->socket = (uint16_t)socket;
  d->len = (uint16_t)len;
  rq_cur_init(&cur, server->queries[i], len);
  rq_cur_copy(&cur, d->octets, len);
  return 1;
}

static void addr_read(const address *from, rq_addr *addr) {
  int six = from->any.sa_family == AF_INET6;
  const uint8_t *octets = six ? from->v6.sin6_addr.s6_addr : (const uint8_t *)&from->v4.sin_addr;
  rq_cur cur;
  *addr = (rq_addr){.family = six ? 6 : 4, .port = ntohs(six ? from->v6.sin6_port : from->v4.sin_port)};
  rq_cur_init(&cur, octets, six ? 16 : 4);
  rq_cur_copy(&cur, addr->octets, six ? 16 : 4);
}

static void query_hand_over(rq_ts *server, unsigned i, int64_t now, rq_ts_query *to) {
  rq_cur cur;
  to->time_ns = now;
  addr_read(&server->in.peers[i], &to->client);
  to->transport = RQ_UDP;
  to->socket = (uint16_t)server->in.socket;
  to->len = server->in.headers[i].msg_len;
  rq_cur_init(&cur, server->queries[i], to->len);
  rq_cur_copy(&cur, to->octets, to->len);
  server->counts.handed++;
}

static void seen_fill(const rq_ts_asked *asked, const rq_addr *from, rq_ts_seen *seen) {
  rq_out out;
  *seen = (rq_ts_seen){.id = asked->header.id,
                       .flags = asked->header.flags,
                       .port = from->port,
                       .has_edns = asked->has_edns,
                       .plain = asked->plain,
                       .family = from->family};
  if (asked->has_edns) {
    seen->payload = asked->edns.payload;
    seen->edns_version = asked->edns.version;
    seen->dnssec_ok = (uint8_t)(asked->edns.flags / DNSSEC_OK);
  }
  if (asked->question_len == 0) return;
  seen->question_len = asked->question_len;
  seen->rrtype = asked->question.rrtype;
  seen->rrclass = asked->question.rrclass;
  seen->name_len = asked->question.name.len;
  rq_out_init(&out, seen->name, sizeof seen->name);
  rq_name_write(&asked->question.name, &out);
}

static void query_note(rq_ts *server, const rq_ts_asked *asked, const rq_addr *from, uint8_t transport,
                       int64_t time_ns) {
  server->counts.queries[transport]++;
  if (server->log_count == server->log_max) return;
  rq_ts_seen *seen = &server->log[server->log_count++];
  seen_fill(asked, from, seen);
  seen->transport = transport;
  seen->time_ns = time_ns;
}

/* Whether the next query is one of those that are lost (xorshift64, of Marsaglia). */
static int query_lost(rq_ts *server) {
  if (server->lose_per_million == 0) return 0;
  server->dice ^= server->dice << 13;
  server->dice ^= server->dice >> 7;
  server->dice ^= server->dice << 17;
  return (server->dice >> 32) % MILLION < server->lose_per_million;
}

/* Handles query `i` of the batch; 1 when it was stored in *handed. */
static int query_serve(rq_ts *server, unsigned i, int64_t now, rq_ts_query *handed) {
  rq_ts_asked asked;
  rq_addr from = {0};
  const address *peer = &server->in.peers[i];
  if (query_lost(server)) {
    server->counts.lost++;
    return 0;
  }
  rq_ts_asked_read(server->queries[i], server->in.headers[i].msg_len, &asked);
  if (server->log_count < server->log_max) addr_read(peer, &from);
  query_note(server, &asked, &from, RQ_UDP, now);
  if (asked.plain && !rq_ts_asked_marked(&server->rules, &asked)) {
    if (server->delay_ns == 0 && query_answer(server, &asked, server->in.socket, peer)) return 0;
    if (server->delay_ns != 0 && query_delay(server, &asked, i, now)) return 0;
  }
  query_hand_over(server, i, now, handed);
  return 1;
}

/* --- the loop
 * ------------------------------------------------------------------------------------------------------------ */

/* Takes up to `max` queries; how many, or RQ_NETWORK. */
static int batch_receive(rq_ts *server, unsigned socket, unsigned max) {
  batch *in = &server->in;
  in->socket = socket;
  for (unsigned i = 0; i < max; i++) {
    in->vectors[i] = (struct iovec){server->queries[i], RQ_TS_QUERY_MAX};
    in->headers[i].msg_hdr = (struct msghdr){
        .msg_name = &in->peers[i], .msg_namelen = sizeof in->peers[i], .msg_iov = &in->vectors[i], .msg_iovlen = 1};
  }
  int n = recvmmsg(socket_fd(server, socket), in->headers, max, MSG_DONTWAIT, NULL);
  if (n >= 0) return n;
  return errno == EBADF || errno == ENOTSOCK ? RQ_NETWORK : 0;
}

/* Serves what a socket has; how many queries that were, or RQ_NETWORK. */
static int socket_serve(rq_ts *server, unsigned socket, int64_t now, rq_ts_query *handed, int *handed_count) {
  unsigned max = RQ_TS_BATCH - (unsigned)*handed_count;
  if (max > DELAYED_MAX - server->delayed_count) max = DELAYED_MAX - server->delayed_count;
  if (max == 0) return 0;
  int n = batch_receive(server, socket, max);
  if (n <= 0) return n;
  pthread_mutex_lock(&server->lock);
  for (unsigned i = 0; i < (unsigned)n; i++) *handed_count += query_serve(server, i, now, &handed[*handed_count]);
  pthread_mutex_unlock(&server->lock);
  answers_send(server);
  return n;
}

/* Answers what has been held back long enough; how many that were. */
static int delayed_serve(rq_ts *server, int64_t now) {
  int n = 0;
  pthread_mutex_lock(&server->lock);
  for (; server->delayed_count > 0; n++) {
    const delayed *d = &server->delayed[server->delayed_first];
    rq_ts_asked asked;
    if (d->due_ns > now) break;
    rq_ts_asked_read(d->octets, d->len, &asked);
    query_answer(server, &asked, d->socket, &d->from);
    server->delayed_first = (server->delayed_first + 1) % DELAYED_MAX;
    server->delayed_count--;
  }
  pthread_mutex_unlock(&server->lock);
  answers_send(server);
  return n;
}

/* Sleeps until a query comes, a delayed answer is due or the time is over; 1 when it was woken up. */
static int loop_wait(rq_ts *server, int64_t now, int64_t deadline) {
  int full = server->delayed_count == DELAYED_MAX;
  if (server->delayed_count > 0 && server->delayed[server->delayed_first].due_ns < deadline)
    deadline = server->delayed[server->delayed_first].due_ns;
  int64_t left = deadline > now ? deadline - now : 0;
  struct timespec wait = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
  int n = ppoll(server->polls, full ? 1 : 1 + server->socket_count, &wait, NULL);
  return n > 0 && server->polls[0].revents != 0;
}

int32_t rq_ts_serve(rq_ts *server, uint32_t wait_ms, rq_ts_query *handed) {
  int64_t now = now_ns(), deadline = now + (int64_t)wait_ms * 1000000;
  for (;; now = now_ns()) {
    int handed_count = 0, busy = delayed_serve(server, now);
    if (server->socket_count > FEW_SOCKETS) loop_wait(server, now, now);
    for (unsigned i = 0; i < server->socket_count; i++) {
      if (server->socket_count > FEW_SOCKETS && server->polls[1 + i].revents == 0) continue;
      int n = socket_serve(server, i, now, handed, &handed_count);
      if (n < 0) return RQ_NETWORK;
      busy += n;
    }
    if (handed_count > 0 || now >= deadline) return handed_count;
    if (busy == 0 && loop_wait(server, now, deadline)) return 0;
  }
}

static void query_read(const rq_ts_query *query, rq_ts_asked *asked) {
  rq_ts_asked_read(query->octets, query->len < RQ_TS_QUERY_MAX ? query->len : RQ_TS_QUERY_MAX, asked);
}

int32_t rq_ts_reply(rq_ts *server, const rq_ts_query *query, uint32_t limit, uint8_t *out, uint32_t cap) {
  rq_ts_asked asked;
  size_t len, room = limit;
  query_read(query, &asked);
  if (!asked.plain) return 0;
  if (query->transport == RQ_UDP && payload_limit(&asked) < room) room = payload_limit(&asked);
  pthread_mutex_lock(&server->lock);
  len = rq_ts_answer(&server->rules, &asked, room, out, cap);
  pthread_mutex_unlock(&server->lock);
  return (int32_t)len;
}

void rq_ts_read(const rq_ts_query *query, rq_ts_seen *seen) {
  rq_ts_asked asked;
  query_read(query, &asked);
  seen_fill(&asked, &query->client, seen);
  seen->transport = query->transport;
  seen->time_ns = query->time_ns;
}

void rq_ts_note(rq_ts *server, const rq_ts_query *query) {
  rq_ts_asked asked;
  query_read(query, &asked);
  pthread_mutex_lock(&server->lock);
  query_note(server, &asked, &query->client, query->transport == RQ_TCP, query->time_ns);
  pthread_mutex_unlock(&server->lock);
}

/* --- what the server knows
 * ------------------------------------------------------------------------------------------------ */

static int name_read(const uint8_t *wire, uint32_t len, rq_name *name) {
  rq_cur cur;
  rq_cur_init(&cur, wire, len);
  rq_name_read(&cur, name);
  return rq_cur_done(&cur) ? RQ_OK : RQ_MALFORMED;
}

int32_t rq_ts_add(rq_ts *server, const uint8_t *name, uint32_t name_len, const rq_ts_head *head, const uint8_t *body,
                  uint32_t body_len) {
  rq_name own;
  if (name_read(name, name_len, &own) != RQ_OK) return RQ_MALFORMED;
  pthread_mutex_lock(&server->lock);
  int status = rq_ts_table_put(&server->rules.table, &own, head, body, body_len);
  pthread_mutex_unlock(&server->lock);
  return status;
}

int32_t rq_ts_synthesize(rq_ts *server, const uint8_t *suffix, uint32_t len, uint32_t ttl) {
  rq_name own;
  if (name_read(suffix, len, &own) != RQ_OK) return RQ_MALFORMED;
  pthread_mutex_lock(&server->lock);
  server->rules.suffix = own;
  server->rules.suffix_ttl = ttl;
  pthread_mutex_unlock(&server->lock);
  return RQ_OK;
}

int32_t rq_ts_mark(rq_ts *server, const uint8_t *name, uint32_t len, uint8_t on) {
  rq_name own;
  rq_ts_head head = {.rrtype = RQ_TS_MARK, .ask = on};
  int status = RQ_OK;
  if (name_read(name, len, &own) != RQ_OK) return RQ_MALFORMED;
  pthread_mutex_lock(&server->lock);
  rq_ts_entry *entry = rq_ts_table_find(&server->rules.table, &own, RQ_TS_MARK);
  if (entry != NULL)
    entry->head.ask = on;
  else if ((status = rq_ts_table_put(&server->rules.table, &own, &head, NULL, 0)) == RQ_OK)
    server->rules.marks++;
  pthread_mutex_unlock(&server->lock);
  return status;
}

void rq_ts_ask_all(rq_ts *server, uint8_t on) {
  pthread_mutex_lock(&server->lock);
  server->rules.ask_all = on;
  pthread_mutex_unlock(&server->lock);
}

int32_t rq_ts_log(rq_ts *server, uint32_t max) {
  rq_ts_seen *log = calloc(max > 0 ? max : 1, sizeof *log);
  if (log == NULL) return RQ_NO_MEMORY;
  pthread_mutex_lock(&server->lock);
  free(server->log);
  server->log = log;
  server->log_max = max;
  server->log_count = 0;
  pthread_mutex_unlock(&server->lock);
  return RQ_OK;
}

int32_t rq_ts_log_read(rq_ts *server, uint32_t first, rq_ts_seen *out, uint32_t max) {
  uint32_t n = 0;
  pthread_mutex_lock(&server->lock);
  for (; n < max && first < server->log_count; n++) out[n] = server->log[first++];
  pthread_mutex_unlock(&server->lock);
  return (int32_t)n;
}

void rq_ts_count(rq_ts *server, rq_ts_counts *counts) {
  pthread_mutex_lock(&server->lock);
  *counts = server->counts;
  pthread_mutex_unlock(&server->lock);
}

void rq_ts_lose(rq_ts *server, uint32_t per_million, uint64_t seed) {
  server->lose_per_million = per_million;
  server->dice = seed * 0x9e3779b97f4a7c15u + 0x9e3779b97f4a7c15u; /* spreads small seeds */
  if (server->dice == 0) server->dice = 1;                         /* the one state that it never leaves */
}

int32_t rq_ts_delay(rq_ts *server, uint32_t delay_us) {
  if (server->delayed == NULL) server->delayed = calloc(DELAYED_MAX, sizeof *server->delayed);
  if (server->delayed == NULL) return RQ_NO_MEMORY;
  server->delay_ns = (int64_t)delay_us * 1000;
  return RQ_OK;
}

static int is_loopback(const address *a) {
  if (a->any.sa_family == AF_INET) return ntohl(a->v4.sin_addr.s_addr) / 0x1000000u == IN_LOOPBACKNET;
  return a->any.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
}

int32_t rq_ts_listen(rq_ts *server, int32_t fd) {
  address own = {0};
  socklen_t len = sizeof own;
  if (getsockname(fd, &own.any, &len) != 0) return RQ_NETWORK;
  if (!is_loopback(&own) || server->socket_count == RQ_TS_SOCKETS) return RQ_BAD_ARGUMENT;
  server->polls[1 + server->socket_count++] = (struct pollfd){.fd = fd, .events = POLLIN};
  return RQ_OK;
}

rq_ts *rq_ts_new(int32_t wake_fd) {
  rq_ts *server = calloc(1, sizeof *server);
  if (server == NULL) return NULL;
  if (rq_ts_table_init(&server->rules.table) != RQ_OK || pthread_mutex_init(&server->lock, NULL) != 0) {
    rq_ts_table_free(&server->rules.table);
    free(server);
    return NULL;
  }
  server->polls[0] = (struct pollfd){.fd = wake_fd, .events = POLLIN};
  return server;
}

void rq_ts_free(rq_ts *server) {
  if (server == NULL) return;
  pthread_mutex_destroy(&server->lock);
  rq_ts_table_free(&server->rules.table);
  free(server->log);
  free(server->delayed);
  free(server);
}
