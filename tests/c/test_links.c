/* test_links.c: TCP connections of many servers against responder.h: few places, few descriptors, and who waits.
 *
 * SPDX-License-Identifier: MIT */
#include "net/rq_engine_impl.h"
#include "responder.h"

#define NAMES_MAX 4000u
#define STEPS_MAX 400000

static const rq_engine_conf standard = {.slots = 300,
                                        .max_in_flight = 100,
                                        .timeout_ms = 20000,
                                        .try_ms = 5000,
                                        .tries = 3,
                                        .edns = 1,
                                        .recurse = 1,
                                        .rotate = 1,
                                        .transport = RQ_TCP,
                                        .sockets = 1};

static struct {
  uint32_t rows, noerror, most_open;
  rq_stats stats;
} got;

/* So many descriptors are left for sockets of the engine. */
static int descriptors;

static int few_socket(int family, int kind, int protocol) {
  if (descriptors == 0) return errno = EMFILE, -1;
  int fd = socket(family, kind, protocol);
  descriptors -= fd >= 0;
  return fd;
}

/* So many connections succeed, and then so many do not. */
static int welcome, unreachable;

static int few_connect(int fd, const struct sockaddr *to, socklen_t size) {
  if (welcome > 0)
    welcome--;
  else if (unreachable > 0)
    return unreachable--, errno = ENETUNREACH, -1;
  return connect(fd, to, size);
}

static int few_close(int fd) {
  descriptors++;
  return close(fd);
}

static rq_engine *engine_for(unit *u, const rq_engine_conf *conf, const responder *r, uint32_t servers) {
  static rq_addr addrs[100];
  static rq_sys sys;
  int32_t status, error;
  sys = rq_sys_kernel;
  sys.socket = few_socket;
  sys.close = few_close;
  sys.connect = few_connect;
  for (uint32_t s = 0; s < servers; s++) addrs[s] = (rq_addr){.family = 4, .octets = {127, 0, 0, 1}, .port = r->port};
  rq_engine *engine = rq_engine_make(conf, addrs, servers, &sys, &status, &error);
  EXPECT(u, engine != NULL);
  return engine;
}

static int32_t submit(rq_engine *engine, const char *pattern, uint32_t n) {
  char name[40];
  uint16_t type = 1;
  int32_t offsets[2] = {0, snprintf(name, sizeof name, pattern, n)};
  return rq_engine_submit(engine, (const uint8_t *)name, offsets, 1, &type, 1, n);
}

static void drain(rq_engine *engine) {
  static char out[1 << 20];
  uint32_t rows, wanted;
  int32_t len = rq_engine_drain(engine, RQ_NDJSON, (uint8_t *)out, sizeof out - 1, &rows, &wanted);
  out[len] = 0;
  for (char *at = out; (at = strstr(at, "\"status\":\"NOERROR\"")); at++) got.noerror++;
  got.rows += rows;
}

/* Every connection stands in the lists where it belongs, and in those once. */
static void check_lists(unit *u, const rq_engine *engine) {
  uint32_t closed = 0, idle = 0, held = 0, open = 0;
  for (uint32_t k = engine->closed.head; k != RQ_NONE; k = engine->links[k].next[RQ_LINK_PLACE]) closed++;
  for (uint32_t k = engine->idle.head; k != RQ_NONE; k = engine->links[k].next[RQ_LINK_PLACE]) {
    EXPECT(u, engine->links[k].in_flight == 0 && engine->links[k].conn.state != RQ_CONN_CLOSED);
    idle++;
  }
  for (uint32_t s = 0; s < engine->server_count; s++) {
    uint32_t links = 0;
    for (uint32_t k = engine->servers[s].links.head; k != RQ_NONE; k = engine->links[k].next[RQ_LINK_SERVER]) links++;
    EXPECT(u, links == engine->servers[s].link_count && links <= RQ_SERVER_LINKS);
    held += links;
  }
  for (uint32_t k = 0; k < engine->link_count; k++) open += engine->links[k].conn.state != RQ_CONN_CLOSED;
  EXPECT(u, open == engine->links_open && held == open && closed == engine->link_count - open && idle <= open);
  if (open > got.most_open) got.most_open = open;
}

static void run(unit *u, rq_engine *engine, responder *r, const char *pattern, uint32_t count) {
  uint32_t asked = 0, steps = 0;
  memset(&got, 0, sizeof got);
  u->about = pattern;
  while (got.rows < count && ++steps < STEPS_MAX) {
    while (asked < count && submit(engine, pattern, asked) == 1) asked++;
    rq_engine_step(engine, 1);
    if (steps % 16 == 0) check_lists(u, engine);
    responder_pump(r);
    drain(engine);
  }
  rq_engine_stats(engine, &got.stats);
  check_lists(u, engine);
  EXPECT_NUMBER(u, got.rows, count);
}

/* Fewer places than servers: those that have one take turns, idle connections make room, nothing fails. */
static void test_few_places_serve_many_servers(unit *u) {
  static const uint8_t transports[] = {RQ_TCP, RQ_UDP};
  for (int t = 0; t < 2; t++) {
    rq_engine_conf conf = standard;
    responder *r = responder_new();
    conf.transport = transports[t];
    conf.slots = conf.max_in_flight = 8; /* a place for each */
    rq_engine *engine = engine_for(u, &conf, r, 30);
    run(u, engine, r, "t%u.example", 600); /* TC over UDP */
    EXPECT_NUMBER(u, got.noerror, 600);
    EXPECT_NUMBER(u, got.stats.tries, t == 0 ? 600 : 1200);
    EXPECT(u, got.most_open <= 8);
    rq_engine_free(engine);
    responder_free(r);
  }
}

/* With places for all, each server keeps its connection. */
static void test_connections_are_kept(unit *u) {
  responder *r = responder_new();
  rq_engine *engine = engine_for(u, &standard, r, 40);
  run(u, engine, r, "a%u.example", NAMES_MAX);
  EXPECT_NUMBER(u, got.noerror, NAMES_MAX);
  EXPECT(u, got.stats.tcp_connects <= 60);
  rq_engine_free(engine);
  responder_free(r);
}

/* Without descriptors for more connections, those that there are serve all: no lookup fails for that. */
static void test_few_descriptors_are_no_failure(unit *u) {
  responder *r = responder_new();
  rq_engine *engine = engine_for(u, &standard, r, 40);
  descriptors = 12;
  run(u, engine, r, "a%u.example", 1000);
  descriptors = 1000;
  EXPECT_NUMBER(u, got.noerror, 1000);
  EXPECT_NUMBER(u, got.most_open, 12);
  rq_engine_free(engine);
  responder_free(r);
}

/* A place that one server could not use goes to the next of those that wait: none waits for a place that is free. */
static void test_a_place_that_was_not_used_goes_to_the_next(unit *u) {
  rq_engine_conf conf = standard;
  responder *r = responder_new();
  conf.tries = 1;
  rq_engine *engine = engine_for(u, &conf, r, 8);
  descriptors = 1;
  welcome = 1;
  unreachable = 2;
  run(u, engine, r, "a%u.example", 8);
  descriptors = 1000;
  EXPECT_NUMBER(u, unreachable, 0);
  EXPECT_NUMBER(u, got.noerror, 6);
  rq_engine_free(engine);
  responder_free(r);
}

/* Servers that close early, or answer once on a connection, are asked again; the others do not notice. */
static void test_closing_servers_leave_the_lists_whole(unit *u) {
  static const char *const patterns[] = {"o%u.example", "s%u.example", "z%u.example"};
  for (int k = 0; k < 3; k++) {
    responder *r = responder_new();
    rq_engine *engine = engine_for(u, &standard, r, 20);
    run(u, engine, r, patterns[k], 300);
    EXPECT_NUMBER(u, got.noerror, 300);
    rq_engine_free(engine);
    responder_free(r);
  }
}

int main(void) {
  unit u = {0};
  descriptors = 1000;
  test_few_places_serve_many_servers(&u);
  test_connections_are_kept(&u);
  test_few_descriptors_are_no_failure(&u);
  test_a_place_that_was_not_used_goes_to_the_next(&u);
  test_closing_servers_leave_the_lists_whole(&u);
  return unit_report(&u, "test_links");
}
