/* test_engine.c: the engine against a server in the same thread (responder.h): what a lookup survives, and that each
 * input becomes one row. System calls and allocations are made to fail through the linker (--wrap), see `faults`.
 *
 * SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/wait.h>

#include "responder.h"
#include "resquery.h"

#define NAMES_MAX 20000
#define ROWS_CAP (4u * 1024 * 1024)
#define STEPS_MAX 2000000 /* far more than any case takes: a hang is a failure, not a hang */

static const rq_engine_conf standard = {.slots = 300,
                                        .max_in_flight = 100,
                                        .timeout_ms = 20000,
                                        .try_ms = 5000,
                                        .tries = 3,
                                        .edns = 1,
                                        .recurse = 1,
                                        .sockets = 4};

/* --- system calls and allocations that fail --- */

enum fault {
  F_NONE,
  F_MALLOC,
  F_SENDMMSG,
  F_RECVMMSG,
  F_EPOLL_WAIT,
  F_EPOLL_CTL,
  F_SOCKET,
  F_CONNECT,
  F_SEND,
  F_RECV,
  F_GETRANDOM
};

static struct {
  enum fault call;
  int error;
  unsigned long calls, from, until; /* the calls `from` to `until` fail, counted from 1 */
} faults;

static int fault(enum fault call) {
  if (faults.call != call) return 0;
  faults.calls++;
  if (faults.calls < faults.from || faults.calls > faults.until) return 0;
  errno = faults.error;
  return 1;
}

static void fault_set(enum fault call, int error, unsigned long from, unsigned long until) {
  faults.call = call;
  faults.error = error;
  faults.calls = 0;
  faults.from = from;
  faults.until = until;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
int __real_sendmmsg(int fd, struct mmsghdr *headers, unsigned int count, int flags);
int __real_recvmmsg(int fd, struct mmsghdr *headers, unsigned int count, int flags, struct timespec *timeout);
int __real_epoll_wait(int fd, struct epoll_event *events, int count, int timeout);
int __real_epoll_ctl(int fd, int op, int watched, struct epoll_event *event);
int __real_socket(int family, int kind, int protocol);
int __real_connect(int fd, const struct sockaddr *at, socklen_t size);
ssize_t __real_send(int fd, const void *octets, size_t len, int flags);
ssize_t __real_recv(int fd, void *octets, size_t len, int flags);
ssize_t __real_getrandom(void *octets, size_t len, unsigned int flags);

void *__wrap_malloc(size_t size) {
  return fault(F_MALLOC) ? NULL : __real_malloc(size);
}
void *__wrap_calloc(size_t count, size_t size) {
  return fault(F_MALLOC) ? NULL : __real_calloc(count, size);
}
int __wrap_sendmmsg(int fd, struct mmsghdr *headers, unsigned int count, int flags) {
  return fault(F_SENDMMSG) ? -1 : __real_sendmmsg(fd, headers, count, flags);
}
int __wrap_recvmmsg(int fd, struct mmsghdr *headers, unsigned int count, int flags, struct timespec *timeout) {
  return fault(F_RECVMMSG) ? -1 : __real_recvmmsg(fd, headers, count, flags, timeout);
}
int __wrap_epoll_wait(int fd, struct epoll_event *events, int count, int timeout) {
  return fault(F_EPOLL_WAIT) ? -1 : __real_epoll_wait(fd, events, count, timeout);
}
int __wrap_epoll_ctl(int fd, int op, int watched, struct epoll_event *event) {
  return fault(F_EPOLL_CTL) ? -1 : __real_epoll_ctl(fd, op, watched, event);
}
int __wrap_socket(int family, int kind, int protocol) {
  return fault(F_SOCKET) ? -1 : __real_socket(family, kind, protocol);
}
int __wrap_connect(int fd, const struct sockaddr *at, socklen_t size) {
  return fault(F_CONNECT) ? -1 : __real_connect(fd, at, size);
}
ssize_t __wrap_getrandom(void *octets, size_t len, unsigned int flags) {
  return fault(F_GETRANDOM) ? -1 : __real_getrandom(octets, len, flags);
}
/* The responder uses sendto() and recvfrom(): its calls do not fail. */
ssize_t __wrap_send(int fd, const void *octets, size_t len, int flags) {
  return fault(F_SEND) ? -1 : __real_send(fd, octets, len, flags);
}
ssize_t __wrap_recv(int fd, void *octets, size_t len, int flags) {
  return fault(F_RECV) ? -1 : __real_recv(fd, octets, len, flags);
}

/* --- runs --- */

/* What became of a run, read from its rows. */
typedef struct outcome {
  uint32_t rows, doubled, noerror, timeout, network, truncated, cancelled, illegal, servfail, no_memory, other, tcp;
  uint8_t seen[NAMES_MAX];
  rq_stats stats;
  char last[2000]; /* the last row */
} outcome;

static rq_engine *engine_for(unit *u, const rq_engine_conf *conf, const responder *r, uint32_t servers) {
  int32_t status, error;
  rq_addr addrs[32];
  for (uint32_t s = 0; s < servers; s++) addrs[s] = (rq_addr){.family = 4, .octets = {127, 0, 0, 1}, .port = r->port};
  rq_engine *engine = rq_engine_new(conf, addrs, servers, &status, &error);
  EXPECT(u, engine != NULL && status == RQ_OK && error == 0);
  return engine;
}

static void count_row(outcome *o, const char *row, size_t len) {
  static const struct {
    const char *text;
    size_t at;
  } kinds[] = {
      {"\"status\":\"NOERROR\"", offsetof(outcome, noerror)},
      {"\"status\":\"TIMEOUT\"", offsetof(outcome, timeout)},
      {"\"status\":\"ERROR\"", offsetof(outcome, network)},
      {"\"status\":\"TRUNCATED\"", offsetof(outcome, truncated)},
      {"\"status\":\"CANCELLED\"", offsetof(outcome, cancelled)},
      {"\"status\":\"ILLEGAL_INPUT\"", offsetof(outcome, illegal)},
      {"\"status\":\"SERVFAIL\"", offsetof(outcome, servfail)},
      {"\"status\":\"NO_MEMORY\"", offsetof(outcome, no_memory)},
  };
  size_t at = offsetof(outcome, other);
  o->rows++;
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
    if (memmem(row, len, kinds[k].text, strlen(kinds[k].text))) at = kinds[k].at;
  ++*(uint32_t *)(void *)((char *)o + at);
  o->tcp += memmem(row, len, "\"protocol\":\"tcp\"", 16) != NULL;
  if (len > 16 && memcmp(row, "{\"name\":\"", 9) == 0)
    o->doubled += o->seen[strtoul(row + 10, NULL, 10) % NAMES_MAX]++ > 0;
  snprintf(o->last, sizeof o->last, "%.*s", (int)len, row);
}

static void drain(rq_engine *engine, outcome *o) {
  static char out[ROWS_CAP];
  uint32_t rows, wanted;
  int32_t len = rq_engine_drain(engine, RQ_NDJSON, (uint8_t *)out, ROWS_CAP, &rows, &wanted);
  for (char *at = out; at < out + len;) {
    char *end = memchr(at, '\n', (size_t)(out + len - at));
    count_row(o, at, (size_t)(end - at));
    at = end + 1;
  }
}

/* Submits name number `n` as `pattern` has it; 0 when no slot is free. */
static int32_t submit(rq_engine *engine, const char *pattern, uint32_t n) {
  char name[80];
  uint16_t type = 1;
  int32_t offsets[2] = {0, 0};
  offsets[1] = snprintf(name, sizeof name, pattern, n);
  return rq_engine_submit(engine, (const uint8_t *)name, offsets, 1, &type, 1, n);
}

/* Looks up `count` names, numbered from 0, to the end. */
static void run(unit *u, rq_engine *engine, responder *r, const char *pattern, uint32_t count, outcome *o) {
  uint32_t asked = 0, steps = 0;
  memset(o, 0, sizeof *o);
  memset(r->seen, 0, sizeof r->seen);
  while (o->rows < count && ++steps < STEPS_MAX) {
    while (asked < count && submit(engine, pattern, asked) == 1) asked++;
    int32_t rows = rq_engine_step(engine, 1);
    EXPECT(u, rows >= 0 || faults.call != F_NONE);
    responder_pump(r);
    drain(engine, o);
  }
  rq_engine_stats(engine, &o->stats);
  EXPECT_NUMBER(u, o->rows, count);
  EXPECT_NUMBER(u, o->doubled, 0);
  EXPECT_NUMBER(u, o->stats.held, 0);
  EXPECT_NUMBER(u, o->stats.in_flight, 0);
  EXPECT_NUMBER(u, o->stats.finished, 0);
  EXPECT_NUMBER(u, o->stats.inputs, o->stats.rows);
  uint64_t statuses = 0;
  for (int s = 0; s < RQ_STATUSES; s++) statuses += o->stats.statuses[s];
  EXPECT_NUMBER(u, statuses, o->stats.rows);
}

/* The same with an engine of its own. */
static void run_once(unit *u, const rq_engine_conf *conf, uint32_t servers, const char *pattern, uint32_t count,
                     outcome *o) {
  responder *r = responder_new();
  rq_engine *engine = engine_for(u, conf, r, servers);
  u->about = pattern;
  run(u, engine, r, pattern, count, o);
  rq_engine_free(engine);
  responder_free(r);
}

static unsigned count_descriptors(void) {
  unsigned count = (unsigned)-3; /* . and .. and the folder's own */
  DIR *folder = opendir("/proc/self/fd");
  while (readdir(folder)) count++;
  closedir(folder);
  return count;
}

/* --- answers --- */

static void test_plain_answers(unit *u) {
  outcome o;
  run_once(u, &standard, 1, "a%u.example", 500, &o);
  EXPECT_NUMBER(u, o.noerror, 500);
  EXPECT_NUMBER(u, o.stats.queries[RQ_UDP], 500);
  EXPECT_NUMBER(u, o.stats.received[RQ_UDP], 500);
  EXPECT_NUMBER(u, o.stats.rcodes[0], 500);
  EXPECT_NUMBER(u, o.stats.tries, 500);
  EXPECT(u, strstr(o.last, "127.0.0.1") != NULL);
}

static void test_truncated_answers_are_asked_for_over_tcp(unit *u) {
  outcome o;
  run_once(u, &standard, 1, "t%u.example", 500, &o);
  EXPECT_NUMBER(u, o.noerror, 500);
  EXPECT_NUMBER(u, o.tcp, 500);
  EXPECT_NUMBER(u, o.stats.queries[RQ_UDP], 500);
  EXPECT_NUMBER(u, o.stats.queries[RQ_TCP], 500);
  EXPECT(u, o.stats.tcp_connects <= 4);
}

static void test_truncation_over_tcp_is_told(unit *u) {
  rq_engine_conf conf = standard;
  outcome o;
  conf.transport = RQ_TCP;
  run_once(u, &conf, 1, "c%u.example", 50, &o);
  EXPECT_NUMBER(u, o.truncated, 50);
}

static void test_tcp_alone(unit *u) {
  rq_engine_conf conf = standard;
  outcome o;
  conf.transport = RQ_TCP;
  run_once(u, &conf, 1, "a%u.example", 500, &o);
  EXPECT_NUMBER(u, o.noerror, 500);
  EXPECT_NUMBER(u, o.stats.queries[RQ_UDP], 0);
}

static void test_tcp_framing_faults_are_survived(unit *u) {
  static const char *const patterns[] = {"s%u.example", "z%u.example", "i%u.example", "h%u.example"};
  outcome o;
  for (int k = 0; k < 4; k++) {
    run_once(u, &standard, 1, patterns[k], 100, &o);
    EXPECT_NUMBER(u, o.noerror, 100);
    EXPECT_NUMBER(u, o.stats.dropped[RQ_DROP_SHORT], k == 1 ? 200 : 0);
    /* a wrong ID may be another lookup's by chance: then the question gives it away */
    EXPECT_NUMBER(u, o.stats.dropped[RQ_DROP_ID] + o.stats.dropped[RQ_DROP_QUESTION], k == 2 ? 100 : 0);
  }
}

static void test_the_largest_message_arrives_whole(unit *u) {
  rq_engine_conf conf = standard;
  outcome o;
  run_once(u, &conf, 1, "b%u.example", 20, &o);
  EXPECT_NUMBER(u, o.noerror, 20);
}

static void test_many_servers_share_sockets(unit *u) {
  outcome o;
  rq_engine_conf conf = standard;
  conf.rotate = 1;
  run_once(u, &conf, 20, "a%u.example", 500, &o);
  EXPECT_NUMBER(u, o.noerror, 500);
  run_once(u, &conf, 20, "t%u.example", 500, &o);
  EXPECT_NUMBER(u, o.noerror, 500);
}

/* --- what is dropped --- */

static void test_wrong_packets_do_not_end_a_lookup(unit *u) {
  outcome o;
  run_once(u, &standard, 1, "x%u.example", 3, &o);
  EXPECT_NUMBER(u, o.noerror, 3);
  EXPECT_NUMBER(u, o.stats.tries, 3);
  EXPECT_NUMBER(u, o.stats.dropped[RQ_DROP_ID] + o.stats.dropped[RQ_DROP_QUESTION], 3 * 334);
  EXPECT_NUMBER(u, o.stats.dropped[RQ_DROP_NOT_REPLY], 3 * 167);
  EXPECT_NUMBER(u, o.stats.dropped[RQ_DROP_SHORT], 3 * 167);
  EXPECT_NUMBER(u, o.stats.dropped[RQ_DROP_OPCODE], 3 * 166);
  EXPECT_NUMBER(u, o.stats.dropped[RQ_DROP_MALFORMED], 3 * 166);
}

static void test_answers_from_a_wrong_port_are_dropped(unit *u) {
  outcome o;
  run_once(u, &standard, 20, "w%u.example", 50, &o); /* one socket for many servers: the engine compares */
  EXPECT_NUMBER(u, o.noerror, 50);
  EXPECT_NUMBER(u, o.stats.dropped[RQ_DROP_SOURCE], 50);
  run_once(u, &standard, 1, "w%u.example", 50, &o); /* connected: the kernel does */
  EXPECT_NUMBER(u, o.noerror, 50);
  EXPECT_NUMBER(u, o.stats.dropped[RQ_DROP_SOURCE], 0);
}

static void test_answers_too_large_for_udp_are_asked_for_over_tcp(unit *u) {
  outcome o;
  run_once(u, &standard, 1, "l%u.example", 10, &o);
  EXPECT_NUMBER(u, o.noerror, 10);
  EXPECT_NUMBER(u, o.tcp, 10);
  EXPECT_NUMBER(u, o.stats.dropped[RQ_DROP_LARGE], 0);
  EXPECT_NUMBER(u, o.stats.tries, 20);
}

/* --- failures --- */

static void test_silence_times_out_after_all_tries(unit *u) {
  rq_engine_conf conf = standard;
  outcome o;
  conf.try_ms = 10;
  run_once(u, &conf, 1, "n%u.example", 50, &o);
  EXPECT_NUMBER(u, o.timeout, 50);
  EXPECT_NUMBER(u, o.stats.queries[RQ_UDP], 150);
  EXPECT_NUMBER(u, o.stats.tries, 150);
  conf.transport = RQ_TCP;
  run_once(u, &conf, 1, "n%u.example", 50, &o);
  EXPECT_NUMBER(u, o.timeout, 50);
  conf.try_ms = conf.timeout_ms = 30; /* the lookup's deadline cuts the last try short */
  conf.tries = 100;
  run_once(u, &conf, 1, "n%u.example", 50, &o);
  EXPECT_NUMBER(u, o.timeout, 50);
}

static void test_a_lost_query_is_sent_again(unit *u) {
  rq_engine_conf conf = standard;
  outcome o;
  conf.try_ms = 20;
  run_once(u, &conf, 1, "d%u.example", 200, &o);
  EXPECT_NUMBER(u, o.noerror, 200);
  EXPECT_NUMBER(u, o.stats.queries[RQ_UDP], 400);
}

static void test_servfail_of_all_servers_is_the_answer(unit *u) {
  outcome o;
  run_once(u, &standard, 2, "v%u.example", 50, &o);
  EXPECT_NUMBER(u, o.servfail, 50);
  EXPECT_NUMBER(u, o.stats.tries, 100);
  EXPECT_NUMBER(u, o.stats.rcodes[2], 50);
}

static void test_a_dead_port_fails_at_once(unit *u) {
  responder *dead = responder_new(), *r = responder_new();
  outcome o;
  for (int transport = RQ_UDP; transport <= RQ_TCP; transport++) {
    rq_engine_conf conf = standard;
    conf.transport = (uint8_t)transport;
    u->about = "dead port";
    rq_engine *engine = engine_for(u, &conf, dead, transport == RQ_UDP ? 1 : 20);
    if (transport == RQ_UDP) {
      close(dead->udp);
      close(dead->tcp);
    }
    run(u, engine, r, "a%u.example", 100, &o);
    EXPECT_NUMBER(u, o.network, 100);
    EXPECT_NUMBER(u, o.stats.tries, 300);
    EXPECT(u, strstr(o.last, "refused") != NULL);
    rq_engine_free(engine);
  }
  dead->udp = responder_bound(SOCK_DGRAM, 0);
  dead->tcp = responder_bound(SOCK_STREAM, 0);
  responder_free(dead);
  responder_free(r);
}

static void test_connections_that_close_early(unit *u) {
  outcome o;
  run_once(u, &standard, 1, "f%u.example", 100, &o); /* at every query */
  EXPECT_NUMBER(u, o.network, 100);
  run_once(u, &standard, 1, "o%u.example", 300, &o); /* after one answer each */
  EXPECT_NUMBER(u, o.noerror, 300);
  EXPECT(u, o.stats.tcp_connects >= 300);
}

/* --- the contract of the engine --- */

static void test_a_lookup_that_moves_to_a_server_already_served_is_sent_soon(unit *u) {
  rq_addr addrs[2] = {{.family = 4, .octets = {127, 0, 0, 1}, .port = 1},
                      {.family = 4, .octets = {255, 255, 255, 255}, .port = 53}}; /* broadcast: EACCES at once */
  responder *r = responder_new();
  rq_engine_conf conf = standard;
  int32_t status, error;
  outcome o;
  u->about = "moves on";
  memset(&o, 0, sizeof o);
  conf.max_in_flight = conf.rotate = 1;
  addrs[0].port = r->port;
  rq_engine *engine = rq_engine_new(&conf, addrs, 2, &status, &error);
  EXPECT(u, engine != NULL);
  submit(engine, "a%u.example", 0);
  submit(engine, "a%u.example", 1);
  rq_engine_step(engine, 0);
  responder_pump(r);
  EXPECT_NUMBER(u, rq_engine_step(engine, 1000), 1); /* and the other begins, at the server that cannot be asked */
  drain(engine, &o);
  EXPECT(u, rq_engine_wait_ms(engine) <= 1);
  rq_engine_step(engine, 0);
  rq_engine_stats(engine, &o.stats);
  EXPECT_NUMBER(u, o.stats.queries[RQ_UDP], 2);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_answers_count_though_the_connection_cannot_be_written_to(unit *u) {
  responder *r = responder_new();
  rq_engine_conf conf = standard;
  outcome o;
  u->about = "unread answer";
  memset(&o, 0, sizeof o);
  conf.transport = RQ_TCP;
  conf.tries = 1;
  rq_engine *engine = engine_for(u, &conf, r, 1);
  submit(engine, "a%u.example", 0);
  for (int n = 0; n < STEPS_MAX && r->tcp_queries == 0; n++) {
    rq_engine_step(engine, 0);
    responder_pump(r);
  }
  submit(engine, "a%u.example", 1);
  fault_set(F_SEND, EPIPE, 1, 1);
  rq_engine_step(engine, 0);
  fault_set(F_NONE, 0, 0, 0);
  for (int n = 0; n < STEPS_MAX && rq_engine_step(engine, 1) < 2; n++) responder_pump(r);
  drain(engine, &o);
  EXPECT_NUMBER(u, o.noerror, 2);
  EXPECT_NUMBER(u, r->connections, 2);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_a_connection_that_only_trickles_is_given_up(unit *u) {
  rq_engine_conf conf = standard;
  outcome o;
  conf.transport = RQ_TCP;
  conf.try_ms = 200;
  run_once(u, &conf, 1, "p%u.example", 20, &o);
  EXPECT_NUMBER(u, o.noerror, 20);
  EXPECT_NUMBER(u, o.stats.tries, 40);
  EXPECT_NUMBER(u, o.stats.tcp_connects, 2);
}

static void test_answers_in_time_count_though_read_late(unit *u) {
  responder *r = responder_new();
  rq_engine_conf conf = standard;
  outcome o;
  u->about = "read late";
  memset(&o, 0, sizeof o);
  conf.try_ms = conf.timeout_ms = 1;
  rq_engine *engine = engine_for(u, &conf, r, 1);
  for (uint32_t n = 0; n < 50; n++) submit(engine, "a%u.example", n);
  rq_engine_step(engine, 0);
  responder_pump(r);
  while (rq_engine_wait_ms(engine) > 0) continue; /* the time is up, and nobody has looked */
  EXPECT_NUMBER(u, rq_engine_step(engine, 0), 50);
  drain(engine, &o);
  EXPECT_NUMBER(u, o.noerror, 50);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_ten_thousand_names_each_become_one_row(unit *u) {
  rq_engine_conf conf = standard;
  responder *r = responder_new();
  outcome o;
  u->about = "10,000 names";
  conf.try_ms = 50;
  rq_engine *engine = engine_for(u, &conf, r, 1);
  run(u, engine, r, "d%u.example", 5000, &o); /* the first query is lost each time */
  EXPECT_NUMBER(u, o.noerror, 5000);
  run(u, engine, r, "t%u.example", 5000, &o);
  EXPECT_NUMBER(u, o.noerror, 5000);
  EXPECT_NUMBER(u, o.stats.rows, 10000);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_ports_change(unit *u) {
  rq_engine_conf conf = standard;
  responder *r = responder_new();
  outcome o;
  static uint8_t used[65536];
  uint32_t ports = 0;
  u->about = "ports";
  conf.slots = conf.max_in_flight = conf.sockets = 1;
  rq_engine *engine = engine_for(u, &conf, r, 1);
  run(u, engine, r, "a%u.example", 1000, &o);
  for (uint32_t n = 0; n < 1000; n++) ports += used[r->last_ports[n]]++ == 0;
  EXPECT(u, ports >= 1000 / 24);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_the_limits_hold(unit *u) {
  responder *r = responder_new();
  rq_engine *engine = engine_for(u, &standard, r, 1);
  rq_stats stats;
  outcome o;
  uint32_t taken = 0;
  u->about = "limits";
  memset(&o, 0, sizeof o);
  EXPECT_NUMBER(u, rq_engine_wait_ms(engine), -1);
  while (submit(engine, "a%u.example", taken) == 1) taken++;
  EXPECT_NUMBER(u, taken, 300);
  EXPECT_NUMBER(u, rq_engine_wait_ms(engine), 0);
  EXPECT_NUMBER(u, rq_engine_step(engine, 0), 0);
  rq_engine_stats(engine, &stats);
  EXPECT_NUMBER(u, stats.in_flight, 100);
  EXPECT_NUMBER(u, stats.held, 300);
  EXPECT_NUMBER(u, stats.queries[RQ_UDP], 100);
  EXPECT(u, rq_engine_wait_ms(engine) > 4000 && rq_engine_wait_ms(engine) <= 5010);
  /* nobody drains, and the network is served all the same */
  for (int n = 0; n < 10000 && rq_engine_step(engine, 1) < 300; n++) responder_pump(r);
  EXPECT_NUMBER(u, rq_engine_wait_ms(engine), 0);
  EXPECT_NUMBER(u, submit(engine, "a%u.example", 300), 0);
  drain(engine, &o);
  EXPECT_NUMBER(u, o.noerror, 300);
  EXPECT_NUMBER(u, submit(engine, "a%u.example", 300), 1);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_one_server_gets_no_larger_burst_than_it_can_hold(unit *u) {
  rq_engine_conf conf = standard;
  responder *r = responder_new();
  rq_stats stats;
  u->about = "burst";
  conf.max_in_flight = conf.slots;
  rq_engine *engine = engine_for(u, &conf, r, 1);
  for (uint32_t n = 0; n < 300; n++) submit(engine, "n%u.example", n);
  rq_engine_step(engine, 0);
  rq_engine_stats(engine, &stats);
  EXPECT_NUMBER(u, stats.in_flight, 300);
  EXPECT_NUMBER(u, stats.queries[RQ_UDP], 128);
  EXPECT(u, rq_engine_wait_ms(engine) <= 1);
  /* the others follow when the first can no longer be in its buffer, answered or not */
  for (int n = 0; n < STEPS_MAX && stats.queries[RQ_UDP] < 300; n++) {
    rq_engine_step(engine, 1);
    rq_engine_stats(engine, &stats);
  }
  EXPECT_NUMBER(u, stats.queries[RQ_UDP], 300);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_a_drain_gives_whole_rows(unit *u) {
  responder *r = responder_new();
  rq_engine *engine = engine_for(u, &standard, r, 1);
  uint8_t out[5000];
  uint32_t rows, wanted, room;
  u->about = "drain";
  for (uint32_t n = 10; n < 12; n++) submit(engine, "a%u.example", n);
  for (int n = 0; n < 10000 && rq_engine_step(engine, 1) < 2; n++) responder_pump(r);
  EXPECT_NUMBER(u, rq_engine_drain(engine, RQ_NDJSON, NULL, 0, &rows, &room), 0);
  EXPECT(u, rows == 0 && room > 100);
  memset(out, 0xaa, sizeof out);
  EXPECT_NUMBER(u, rq_engine_drain(engine, RQ_NDJSON, out, room - 1, &rows, &wanted), 0);
  EXPECT(u, rows == 0 && wanted == room && out[room - 1] == 0xaa);
  EXPECT_NUMBER(u, rq_engine_drain(engine, RQ_NDJSON, out, room, &rows, &wanted), room);
  EXPECT(u, rows == 1 && wanted == 0 && out[room - 1] == '\n' && out[room] == 0xaa);
  EXPECT(u, rq_engine_drain(engine, RQ_MSGPACK, out, sizeof out, &rows, &wanted) > 50);
  EXPECT(u, rows == 1 && wanted == 0);
  EXPECT_NUMBER(u, rq_engine_drain(engine, RQ_NDJSON, out, sizeof out, &rows, &wanted), 0);
  EXPECT(u, rows == 0 && wanted == 0);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_cancelled_lookups_become_rows(unit *u) {
  static const char *const patterns[] = {"a%u.example", "n%u.example", "t%u.example", "v%u.example"};
  for (int k = 0; k < 4; k++) {
    responder *r = responder_new();
    rq_engine *engine = engine_for(u, &standard, r, 2);
    outcome o;
    u->about = patterns[k];
    memset(&o, 0, sizeof o);
    for (uint32_t n = 0; n < 200; n++) submit(engine, patterns[k], n); /* fresh, in flight, waiting for TCP */
    rq_engine_step(engine, 0);
    if (k > 1) responder_pump(r);
    rq_engine_step(engine, 0);
    rq_engine_cancel(engine);
    EXPECT_NUMBER(u, rq_engine_step(engine, 1000), 200);
    drain(engine, &o);
    EXPECT_NUMBER(u, o.rows, 200);
    EXPECT_NUMBER(u, o.cancelled, 200);
    run(u, engine, r, "a%u.example", 100, &o); /* and the engine goes on */
    EXPECT_NUMBER(u, o.noerror, 100);
    rq_engine_free(engine);
    responder_free(r);
  }
}

static void test_illegal_names_become_rows(unit *u) {
  responder *r = responder_new();
  rq_engine *engine = engine_for(u, &standard, r, 1);
  outcome o;
  static uint8_t text[5000];
  int32_t offsets[4] = {0, 2, 2, 5000};
  uint16_t types[2] = {1, 15};
  u->about = "illegal names";
  memset(&o, 0, sizeof o);
  memset(text, 'z', sizeof text);
  text[0] = text[1] = '.';
  EXPECT_NUMBER(u, rq_engine_submit(engine, text, offsets, 3, types, 2, 0), 3);
  EXPECT_NUMBER(u, rq_engine_step(engine, 1000), 6);
  drain(engine, &o);
  EXPECT_NUMBER(u, o.illegal, 6);
  EXPECT(u, strstr(o.last, "\"timestamp\":\"1970") == NULL); /* also before the first step */
  EXPECT(u, strspn(strchr(o.last, 'z'), "z") == RQ_TEXT_MAX);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_misuse_is_refused(unit *u) {
  responder *r = responder_new();
  rq_engine *engine = engine_for(u, &standard, r, 1);
  rq_addr addr = {.family = 4, .octets = {127, 0, 0, 1}, .port = 53};
  rq_engine_conf conf = standard;
  int32_t status, error, backward[3] = {0, 5, 3}, fine[2] = {0, 1};
  uint16_t types[301] = {0};
  rq_answer info;
  u->about = "misuse";
  conf.slots = 0;
  EXPECT(u, rq_engine_new(&conf, &addr, 1, &status, &error) == NULL && status == RQ_BAD_ARGUMENT);
  EXPECT(u, rq_engine_new(&standard, &addr, 0, &status, &error) == NULL && status == RQ_BAD_ARGUMENT);
  addr.family = 5;
  EXPECT(u, rq_engine_new(&standard, &addr, 1, &status, &error) == NULL && status == RQ_BAD_ARGUMENT);
  EXPECT_NUMBER(u, rq_engine_submit(engine, (const uint8_t *)"aaaaaa", backward, 2, types, 1, 0), RQ_BAD_ARGUMENT);
  EXPECT_NUMBER(u, rq_engine_submit(engine, (const uint8_t *)"a", fine, 1, types, 0, 0), RQ_BAD_ARGUMENT);
  EXPECT_NUMBER(u, rq_engine_submit(engine, (const uint8_t *)"a", fine, 1, types, 301, 0), RQ_BAD_ARGUMENT);
  EXPECT_NUMBER(u, rq_engine_submit(engine, (const uint8_t *)"a", fine, 1, types, 300, 0), 1);
  EXPECT_NUMBER(u, rq_query_begin(engine, "a", 1, 1, 1, 0), RQ_BAD_ARGUMENT); /* in use */
  EXPECT_NUMBER(u, rq_query(engine, "a", 1, 1, 1, 0, NULL, 0, &info), RQ_BAD_ARGUMENT);
  EXPECT_NUMBER(u, rq_query_finish(engine, NULL, 0, &info), RQ_PENDING);
  rq_engine_free(engine);
  rq_engine_free(NULL);
  responder_free(r);
}

/* --- the res_query-style call --- */

static int32_t query(rq_engine *engine, responder *r, const char *name, uint8_t *out, uint32_t cap, rq_answer *info) {
  int32_t state = rq_query_begin(engine, name, (uint32_t)strlen(name), 1, 1, 1);
  for (int n = 0; state >= 0 && n < STEPS_MAX; n++) {
    state = rq_query_wait(engine, 1);
    if (state == RQ_OK) return rq_query_finish(engine, out, cap, info);
    if (state == RQ_PENDING) state = RQ_OK;
    responder_pump(r);
  }
  return state;
}

static void test_a_query_stores_the_lesser_of_answer_and_buffer(unit *u) {
  static const uint32_t caps[] = {0, 1, 11, 12, 512, 1500, 8546, 65534, 65535, 70000};
  static uint8_t out[70000], wanted[65535], question[] = "\0\0\1\0\0\1\0\0\0\0\0\0\1b\7example\0\0\1\0";
  responder *r = responder_new();
  rq_engine_conf conf = standard;
  conf.slots = conf.max_in_flight = conf.sockets = 1;
  conf.edns = 0;
  rq_engine *engine = engine_for(u, &conf, r, 1);
  rq_answer info;
  u->about = "query";
  question[sizeof question - 1] = 1;
  reply_big(question, wanted);
  for (uint32_t k = 0; k < sizeof caps / sizeof *caps; k++) {
    uint32_t least = caps[k] < 65535 ? caps[k] : 65535;
    memset(out, 0xaa, sizeof out);
    EXPECT_NUMBER(u, query(engine, r, "b.example", out, caps[k], &info), least);
    EXPECT(u, info.actual == 65535 && info.status == RQ_OK && info.transport == RQ_TCP && info.tries == 2);
    EXPECT(u, info.server == 0 && info.rtt_us >= 0 && info.rcode == 0 && info.error == 0);
    for (uint32_t i = least; i < sizeof out; i++) EXPECT(u, out[i] == 0xaa);
    if (least > 2) EXPECT_OCTETS(u, out + 2, least - 2, wanted + 2, least - 2);
  }
  EXPECT_NUMBER(u, query(engine, r, "a..b", out, 100, &info), RQ_ILLEGAL_INPUT);
  EXPECT(u,
         info.status == RQ_ILLEGAL_INPUT && info.error == RQ_FLAW_EMPTY_LABEL && info.server == -1 && info.actual == 0);
  EXPECT_NUMBER(u, query(engine, r, "a1.example", out, 100, &info), 44);
  EXPECT(u, info.answered == 1);
  EXPECT_NUMBER(u, query(engine, r, "v1.example", out, 100, &info), 28);
  EXPECT(u, info.status == RQ_OK && info.rcode == 2 && info.answered == 0);
  rq_engine_free(engine);
  responder_free(r);
}

static int told; /* the thread is to end */

static void *pump_until_told(void *argument) {
  while (!__atomic_load_n(&told, __ATOMIC_SEQ_CST)) responder_pump(argument);
  return NULL;
}

static void test_the_blocking_query_waits(unit *u) {
  responder *r = responder_new();
  rq_engine_conf conf = standard;
  uint8_t out[100];
  rq_answer info;
  pthread_t thread;
  conf.slots = conf.max_in_flight = 1;
  rq_engine *engine = engine_for(u, &conf, r, 1);
  u->about = "blocking query";
  pthread_create(&thread, NULL, pump_until_told, r);
  EXPECT_NUMBER(u, rq_query(engine, "a1.example", 10, 1, 1, 1, out, sizeof out, &info), 44);
  __atomic_store_n(&told, 1, __ATOMIC_SEQ_CST);
  pthread_join(thread, NULL);
  rq_engine_free(engine);
  responder_free(r);
}

/* --- fork, lack of resources, failing system calls --- */

static void test_a_forked_child_has_sockets_of_its_own(unit *u) {
  responder *r = responder_new();
  rq_engine *engine = engine_for(u, &standard, r, 1);
  outcome o;
  u->about = "fork";
  memset(&o, 0, sizeof o);
  for (uint32_t n = 0; n < 50; n++) submit(engine, n % 2 ? "a%u.example" : "t%u.example", n);
  rq_engine_step(engine, 0);
  responder_pump(r);
  rq_engine_step(engine, 0); /* some finished, some in flight over TCP */
  pid_t child = fork();
  if (child == 0) {
    int32_t rows = 0;
    for (int n = 0; n < STEPS_MAX && rows < 50; n++) rows = rq_engine_step(engine, 1);
    drain(engine, &o);
    rq_engine_free(engine);
    responder_free(r);
    _exit(o.noerror == 50 ? 0 : 1);
  }
  int status = -1;
  while (waitpid(child, &status, WNOHANG) == 0) responder_pump(r);
  EXPECT(u, WIFEXITED(status) && WEXITSTATUS(status) == 0);
  for (int n = 0; n < STEPS_MAX && rq_engine_step(engine, 1) < 50; n++) responder_pump(r);
  drain(engine, &o);
  EXPECT_NUMBER(u, o.noerror, 50); /* the parent's are unharmed */
  rq_engine_free(engine);
  responder_free(r);
}

/* The responder answers whoever asks: the child, then the parent, whose answers wait in its sockets meanwhile. */
static void test_a_fork_with_a_thousand_lookups_in_flight(unit *u) {
  responder *r = responder_new();
  rq_engine_conf conf = standard;
  outcome o;
  u->about = "fork with 1,000 in flight";
  conf.slots = conf.max_in_flight = 1000;
  conf.sockets = 16;
  rq_engine *engine = engine_for(u, &conf, r, 1);
  for (uint32_t n = 0; n < 1000; n++) submit(engine, "a%u.example", n);
  for (int n = 0; n < 100; n++) rq_engine_step(engine, 1); /* bursts are limited: it takes some steps to send all */
  rq_engine_stats(engine, &o.stats);
  EXPECT_NUMBER(u, o.stats.queries[RQ_UDP], 1000);
  pid_t child = fork();
  if (child == 0) {
    for (int n = 0; n < STEPS_MAX && rq_engine_step(engine, 0) < 1000; n++) responder_pump(r);
    rq_engine_stats(engine, &o.stats);
    int whole = o.stats.finished == 1000 && o.stats.rcodes[0] == 1000 && o.stats.dropped[RQ_DROP_ID] == 0;
    rq_engine_free(engine);
    responder_free(r);
    _exit(whole ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT(u, WIFEXITED(status) && WEXITSTATUS(status) == 0);
  for (int n = 0; n < STEPS_MAX && rq_engine_step(engine, 0) < 1000; n++) responder_pump(r);
  rq_engine_stats(engine, &o.stats);
  EXPECT_NUMBER(u, o.stats.rcodes[0], 1000);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_a_forked_child_that_frees_the_engine_harms_no_lookup(unit *u) {
  responder *r = responder_new();
  rq_engine *engine = engine_for(u, &standard, r, 1);
  outcome o;
  u->about = "fork and free";
  memset(&o, 0, sizeof o);
  for (uint32_t n = 0; n < 50; n++) submit(engine, "t%u.example", n);
  for (int n = 0; n < STEPS_MAX && r->tcp_queries == 0; n++) {
    rq_engine_step(engine, 0);
    responder_pump(r);
  }
  pid_t child = fork();
  if (child == 0) {
    rq_engine_free(engine);
    _exit(0);
  }
  waitpid(child, NULL, 0);
  for (int n = 0; n < STEPS_MAX && rq_engine_step(engine, 1) < 50; n++) responder_pump(r);
  drain(engine, &o);
  rq_engine_stats(engine, &o.stats);
  EXPECT_NUMBER(u, o.noerror, 50);
  EXPECT_NUMBER(u, o.stats.tries, 100);
  EXPECT_NUMBER(u, o.stats.tcp_connects, 1);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_lack_of_descriptors_is_told(unit *u) {
  int32_t status, error;
  rq_addr addr = {.family = 4, .octets = {127, 0, 0, 1}, .port = 53};
  unsigned before = count_descriptors();
  u->about = "descriptors";
  for (unsigned long k = 1; k <= standard.sockets; k++) {
    fault_set(F_SOCKET, EMFILE, k, k);
    EXPECT(u, rq_engine_new(&standard, &addr, 1, &status, &error) == NULL);
    EXPECT(u, status == RQ_NETWORK && error == EMFILE);
    fault_set(F_NONE, 0, 0, 0);
    EXPECT_NUMBER(u, count_descriptors(), before);
  }
}

static void test_lack_of_memory_is_told(unit *u) {
  int32_t status = RQ_NO_MEMORY, error;
  rq_addr addr = {.family = 4, .octets = {127, 0, 0, 1}, .port = 53};
  unsigned before = count_descriptors();
  unsigned long k = 0;
  outcome o;
  u->about = "memory";
  while (status == RQ_NO_MEMORY && ++k < 100) {
    fault_set(F_MALLOC, ENOMEM, k, k);
    rq_engine *engine = rq_engine_new(&standard, &addr, 1, &status, &error);
    EXPECT(u, (engine == NULL) == (status == RQ_NO_MEMORY));
    rq_engine_free(engine);
  }
  EXPECT(u, k > 8 && k < 100);
  EXPECT_NUMBER(u, count_descriptors(), before);
  fault_set(F_NONE, 0, 0, 0);
  responder *r = responder_new();
  rq_engine *engine = engine_for(u, &standard, r, 1);
  fault_set(F_MALLOC, ENOMEM, 2, 4); /* the connection's buffers first, then replies that do not fit a slot */
  run(u, engine, r, "b%u.example", 10, &o);
  fault_set(F_NONE, 0, 0, 0);
  EXPECT_NUMBER(u, o.no_memory, 3);
  EXPECT_NUMBER(u, o.noerror, 7);
  rq_engine_free(engine);
  responder_free(r);
}

/* --- questions that are shared, followed and cached --- */

static const rq_engine_conf sharing = {.slots = 300,
                                       .max_in_flight = 100,
                                       .timeout_ms = 3000,
                                       .try_ms = 1000,
                                       .tries = 3,
                                       .recurse = 1,
                                       .share = 1,
                                       .hops = 4,
                                       .sockets = 4};

static void test_lack_of_memory_for_a_chain_is_told(unit *u) {
  responder *r = responder_new();
  rq_engine *engine = engine_for(u, &sharing, r, 1);
  outcome o;
  u->about = "memory for chains";
  fault_set(F_MALLOC, ENOMEM, 2, 4);
  run(u, engine, r, "e%u.example", 10, &o);
  fault_set(F_NONE, 0, 0, 0);
  EXPECT_NUMBER(u, o.no_memory, 3);
  EXPECT_NUMBER(u, o.noerror, 7);
  EXPECT_NUMBER(u, o.stats.queries[RQ_UDP], 17);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_lack_of_memory_for_sharing_and_for_a_cache_is_told(unit *u) {
  static const rq_cache_conf conf = {.entries = 2000, .octets = 1u << 22, .ttl_max_s = 60};
  rq_addr addr = {.family = 4, .octets = {127, 0, 0, 1}, .port = 53};
  int32_t status = RQ_NO_MEMORY, error;
  unsigned long k = 0;
  u->about = "memory for sharing, and for a cache";
  while (status == RQ_NO_MEMORY && ++k < 100) {
    fault_set(F_MALLOC, ENOMEM, k, k);
    rq_engine *engine = rq_engine_new(&sharing, &addr, 1, &status, &error);
    EXPECT(u, (engine == NULL) == (status == RQ_NO_MEMORY));
    rq_engine_free(engine);
  }
  EXPECT(u, k > 10 && k < 100);
  status = RQ_NO_MEMORY;
  for (k = 0; status == RQ_NO_MEMORY && ++k < 200;) {
    fault_set(F_MALLOC, ENOMEM, k, k);
    rq_cache *cache = rq_cache_new(&conf, &status);
    EXPECT(u, (cache == NULL) == (status == RQ_NO_MEMORY));
    rq_cache_free(cache);
  }
  EXPECT_NUMBER(u, k, 1 + 4 * 16 + 1); /* itself, and each of its parts */
  fault_set(F_GETRANDOM, ENOSYS, 1, 1);
  EXPECT(u, rq_engine_new(&sharing, &addr, 1, &status, &error) == NULL && status == RQ_NETWORK && error == ENOSYS);
  fault_set(F_GETRANDOM, ENOSYS, 1, 1);
  EXPECT(u, rq_cache_new(&conf, &status) == NULL && status == RQ_NETWORK);
  fault_set(F_NONE, 0, 0, 0);
}

/* Leaders, those that follow them, and lookups between two hops, of names that repeat after `names`. */
static rq_engine *half_way(unit *u, responder *r, const char *pattern, uint32_t names) {
  rq_engine *engine = engine_for(u, &sharing, r, 1);
  rq_stats stats;
  for (uint32_t n = 0; n < 200; n++) EXPECT_NUMBER(u, submit(engine, pattern, n % names), 1);
  rq_engine_step(engine, 0);
  rq_engine_stats(engine, &stats);
  EXPECT_NUMBER(u, stats.in_flight, names);
  EXPECT_NUMBER(u, stats.queries[RQ_UDP], names);
  responder_pump(r);
  rq_engine_step(engine, 0); /* the next hops are in flight */
  return engine;
}

static void test_cancelled_followers_become_rows(unit *u) {
  static const char *const patterns[] = {"n%u.example", "e%u.example", "g%u.example"};
  for (int k = 0; k < 3; k++) {
    responder *r = responder_new();
    outcome o = {0};
    u->about = patterns[k];
    rq_engine *engine = half_way(u, r, patterns[k], 20);
    rq_engine_cancel(engine);
    EXPECT_NUMBER(u, rq_engine_step(engine, 1000), 200);
    drain(engine, &o);
    EXPECT(u, o.rows == 200 && o.cancelled == 200);
    run(u, engine, r, "e%u.example", 100, &o); /* and the engine goes on */
    EXPECT_NUMBER(u, o.noerror, 100);
    rq_engine_free(engine);
    responder_free(r);
  }
}

/* Each asks for itself in turn, and the others are not touched: else this took minutes. */
static void test_many_who_wait_for_failures_cost_no_more_than_their_rows(unit *u) {
  responder *r = responder_new();
  rq_engine_conf conf = sharing;
  outcome o = {0};
  conf.slots = conf.max_in_flight = 60000;
  conf.timeout_ms = 600000;
  u->about = "failures shared";
  rq_engine *engine = engine_for(u, &conf, r, 1);
  for (uint32_t n = 0; n < conf.slots; n++) EXPECT_NUMBER(u, submit(engine, "n%u.example", 1), 1);
  fault_set(F_SENDMMSG, ENETUNREACH, 1, UINT32_MAX);
  clock_t begun = clock();
  while (o.rows < conf.slots && clock() - begun < 20 * CLOCKS_PER_SEC) {
    rq_engine_step(engine, 1000);
    drain(engine, &o);
  }
  fault_set(F_NONE, 0, 0, 0);
  EXPECT_NUMBER(u, o.network, conf.slots);
  rq_engine_stats(engine, &o.stats);
  EXPECT_NUMBER(u, o.stats.tries, (uint64_t)conf.tries * conf.slots);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_a_forked_child_goes_on_with_its_followers(unit *u) {
  responder *r = responder_new();
  u->about = "fork, with followers";
  rq_engine *engine = half_way(u, r, "e%u.example", 20);
  pid_t child = fork();
  if (child == 0) {
    outcome o = {0};
    int32_t rows = 0;
    for (int n = 0; n < 20000 && rows < 200; n++) rows = rq_engine_step(engine, 1);
    drain(engine, &o);
    rq_engine_stats(engine, &o.stats);
    rq_engine_free(engine);
    responder_free(r);
    _exit(o.noerror == 200 && o.stats.shared == 180 ? 0 : 1); /* 20 ask for 180 others, at both hops */
  }
  int status = -1;
  while (waitpid(child, &status, WNOHANG) == 0) responder_pump(r);
  EXPECT(u, WIFEXITED(status) && WEXITSTATUS(status) == 0);
  rq_engine_free(engine);
  responder_free(r);
}

static void test_misuse_of_a_cache_is_refused(unit *u) {
  static const rq_cache_conf conf = {.entries = 10, .octets = 10000, .ttl_max_s = 60};
  responder *r = responder_new();
  rq_engine *engine = engine_for(u, &standard, r, 1);
  int32_t status;
  rq_cache *cache = rq_cache_new(&conf, &status);
  u->about = "misuse of a cache";
  EXPECT_NUMBER(u, rq_engine_use_cache(NULL, cache), RQ_BAD_ARGUMENT);
  EXPECT_NUMBER(u, rq_engine_use_cache(engine, NULL), RQ_BAD_ARGUMENT);
  fault_set(F_MALLOC, ENOMEM, 1, 1);
  EXPECT_NUMBER(u, rq_engine_use_cache(engine, cache), RQ_NO_MEMORY);
  fault_set(F_NONE, 0, 0, 0);
  EXPECT_NUMBER(u, rq_engine_use_cache(engine, cache), RQ_OK);
  EXPECT_NUMBER(u, rq_engine_use_cache(engine, cache), RQ_BAD_ARGUMENT); /* it has one */
  rq_engine_free(engine);
  engine = engine_for(u, &standard, r, 1);
  submit(engine, "a%u.example", 1);
  EXPECT_NUMBER(u, rq_engine_use_cache(engine, cache), RQ_BAD_ARGUMENT); /* too late */
  rq_engine_free(engine);
  rq_cache_free(cache);
  responder_free(r);
}

static void test_failing_system_calls_cost_no_row(unit *u) {
  static const int errors[] = {EINTR, EAGAIN, ENOBUFS, EMFILE, ENETUNREACH, ECONNREFUSED, EIO};
  unsigned before = count_descriptors();
  char about[40];
  for (int call = F_SENDMMSG; call <= F_GETRANDOM; call++) {
    for (size_t e = 0; e < sizeof errors / sizeof *errors; e++) {
      for (unsigned long until = 1; until <= 21; until += 5) {
        rq_engine_conf conf = standard;
        outcome o;
        int32_t status, error;
        responder *r = responder_new();
        rq_addr addr = {.family = 4, .octets = {127, 0, 0, 1}, .port = r->port};
        snprintf(about, sizeof about, "call %d errno %d until %lu", call, errors[e], until);
        u->about = about;
        conf.try_ms = 20;
        fault_set((enum fault)call, errors[e], 1, until);
        rq_engine *engine = rq_engine_new(&conf, &addr, 1, &status, &error);
        EXPECT(u, engine != NULL || (status == RQ_NETWORK && error == errors[e]));
        if (engine) run(u, engine, r, "a%u.example", 200, &o); /* runs of packets, once the first are answered */
        if (engine) run(u, engine, r, "t%u.example", 30, &o);
        fault_set(F_NONE, 0, 0, 0);
        rq_engine_free(engine);
        responder_free(r);
      }
    }
  }
  EXPECT_NUMBER(u, count_descriptors(), before);
}

int main(void) {
  static unit u;
  static void (*const cases[])(unit *) = {
      test_plain_answers,
      test_truncated_answers_are_asked_for_over_tcp,
      test_truncation_over_tcp_is_told,
      test_tcp_alone,
      test_tcp_framing_faults_are_survived,
      test_the_largest_message_arrives_whole,
      test_many_servers_share_sockets,
      test_wrong_packets_do_not_end_a_lookup,
      test_answers_from_a_wrong_port_are_dropped,
      test_answers_too_large_for_udp_are_asked_for_over_tcp,
      test_silence_times_out_after_all_tries,
      test_a_lost_query_is_sent_again,
      test_servfail_of_all_servers_is_the_answer,
      test_a_dead_port_fails_at_once,
      test_connections_that_close_early,
      test_a_lookup_that_moves_to_a_server_already_served_is_sent_soon,
      test_answers_count_though_the_connection_cannot_be_written_to,
      test_a_connection_that_only_trickles_is_given_up,
      test_answers_in_time_count_though_read_late,
      test_ten_thousand_names_each_become_one_row,
      test_ports_change,
      test_the_limits_hold,
      test_one_server_gets_no_larger_burst_than_it_can_hold,
      test_a_drain_gives_whole_rows,
      test_cancelled_lookups_become_rows,
      test_illegal_names_become_rows,
      test_misuse_is_refused,
      test_a_query_stores_the_lesser_of_answer_and_buffer,
      test_a_forked_child_has_sockets_of_its_own,
      test_a_fork_with_a_thousand_lookups_in_flight,
      test_a_forked_child_that_frees_the_engine_harms_no_lookup,
      test_lack_of_descriptors_is_told,
      test_lack_of_memory_is_told,
      test_lack_of_memory_for_a_chain_is_told,
      test_lack_of_memory_for_sharing_and_for_a_cache_is_told,
      test_cancelled_followers_become_rows,
      test_a_forked_child_goes_on_with_its_followers,
      test_many_who_wait_for_failures_cost_no_more_than_their_rows,
      test_misuse_of_a_cache_is_refused,
      test_failing_system_calls_cost_no_row,
      test_the_blocking_query_waits,
  };
  unsigned before = count_descriptors();
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) cases[k](&u);
  u.about = "all cases";
  EXPECT_NUMBER(&u, count_descriptors(), before);
  return unit_report(&u, "test_engine");
}
