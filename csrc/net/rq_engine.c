/* rq_engine.c: many lookups at once: life, input, steps, rows and totals; the contracts stand in rq_api.h.
 *
 * Everything is allocated once, in rq_engine_new, but for replies that do not fit a slot, the answers of a chain so
 * far, and the buffers of connections. Never calls back, never recurses, never waits but in receive_all. The other
 * files of the engine are listed in rq_engine_impl.h. SPDX-License-Identifier: MIT */
#include "rq_engine_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include <sys/epoll.h>

#include "../lookup/rq_conf.h"
#include "rq_clock.h"

#define EVENTS 256         /* sockets attended to after one epoll_wait */
#define RETRY_MS 1         /* how soon sending is tried again, see rq_engine.unsent */
#define QUOTA_LEAST 16u    /* queries through one socket before it is replaced: four for each slot, but */
#define QUOTA_MOST 16384u  /* within these bounds */
#define FAST_US 100        /* between two turns: answers come fast */
#define GATHER_US 200      /* how long they may gather at the most, see gather(); */
#define GATHER_TCP_US 1000 /* over TCP, where a server is not kept idle by bursts that are limited */
#define GATHER_FEW 128     /* answers in one turn that are few */
#define GATHER_LEAST 8     /* answers that make it worth to go on gathering */
#define LATE_US 10000      /* a caller who comes so much later than was wanted was busy elsewhere */
#define NEVER_MS 3600000   /* as good as never */
#define MILLISECOND 1000   /* in microseconds */
#define HOPS_MOST 16       /* CNAMEs followed across answers */
#define RATE_MOST 1e9      /* queries a second: beyond that it is no limit */

static int make(rq_engine *engine, const rq_engine_conf *conf, const rq_addr *servers, uint32_t count);
static int make_servers(rq_engine *engine, const rq_addr *addrs, uint32_t count);
static int make_groups(rq_engine *engine);
static int make_slots(rq_engine *engine);
static int conf_valid(const rq_engine_conf *conf);
static int addrs_valid(const rq_addr *servers, uint32_t count);

/* --- life --- */

rq_engine *rq_engine_new(const rq_engine_conf *conf, const rq_addr *servers, uint32_t server_count, int32_t *status,
                         int32_t *error) {
  return rq_engine_make(conf, servers, server_count, &rq_sys_kernel, status, error);
}

rq_engine *rq_engine_make(const rq_engine_conf *conf, const rq_addr *servers, uint32_t server_count, const rq_sys *sys,
                          int32_t *status, int32_t *error) {
  *error = 0;
  *status = RQ_BAD_ARGUMENT;
  if (!conf || !servers || !conf_valid(conf) || !addrs_valid(servers, server_count)) return NULL;
  rq_engine *engine = calloc(1, sizeof *engine);
  if (engine) engine->sys = sys;
  int made = engine ? make(engine, conf, servers, server_count) : -ENOMEM;
  if (made == 0) {
    *status = RQ_OK;
    return engine;
  }
  rq_engine_free(engine);
  *status = made == -ENOMEM ? RQ_NO_MEMORY : RQ_NETWORK;
  *error = -made;
  return NULL;
}

void rq_engine_free(rq_engine *engine) {
  if (!engine) return;
  rq_engine_cancel(engine); /* first: a lookup that leaves a retired socket closes it */
  rq_udp_end(engine);
  rq_tcp_end(engine);
  if (engine->epoll >= 0) engine->sys->close(engine->epoll);
  while (engine->done.head != RQ_NONE) rq_slot_release(engine, engine->done.head);
  rq_batch_drop(&engine->sending);
  rq_batch_drop(&engine->receiving);
  rq_ids_drop(&engine->ids);
  rq_wheel_drop(&engine->wheel);
  rq_share_free(engine);
  free(engine->links);
  free(engine->socks);
  free(engine->groups);
  free(engine->manners);
  free(engine->servers);
  rq_pace_drop(engine);
  free(engine->spread);
  free(engine->free_slots);
  free(engine->slots);
  free(engine);
}

/* NaN is neither. */
static int rate_valid(double rate) {
  return rate >= 0 && rate <= RATE_MOST;
}

static int conf_valid(const rq_engine_conf *conf) {
  return conf->slots >= 1 && conf->slots <= 65536 && conf->max_in_flight >= 1 && conf->max_in_flight <= conf->slots &&
         conf->timeout_ms >= 1 && conf->timeout_ms <= 3600000 && conf->try_ms >= 1 &&
         conf->try_ms <= conf->timeout_ms && conf->tries >= 1 && conf->tries <= 100 && conf->transport <= RQ_TCP &&
         conf->sockets >= 1 && conf->sockets <= 64 && conf->hops <= HOPS_MOST && conf->server_flight <= conf->slots &&
         rate_valid(conf->rate) && rate_valid(conf->server_rate) && conf->options_len <= RQ_OPTIONS_MAX &&
         (conf->options || conf->options_len == 0);
}

static int addrs_valid(const rq_addr *servers, uint32_t count) {
  if (count < 1 || count > RQ_SERVERS_MAX) return 0;
  for (uint32_t s = 0; s < count; s++)
    if ((servers[s].family != 4 && servers[s].family != 6) || servers[s].port == 0) return 0;
  return 1;
}

static int make(rq_engine *engine, const rq_engine_conf *conf, const rq_addr *servers, uint32_t count) {
  engine->conf = *conf;
  engine->epoll = -1;
  engine->pid = engine->sys->getpid();
  engine->fresh = engine->done = engine->line = engine->starved = (rq_list){RQ_NONE, RQ_NONE};
  engine->policy = (rq_policy){.timeout_us = (int64_t)conf->timeout_ms * MILLISECOND,
                               .try_us = (int64_t)conf->try_ms * MILLISECOND,
                               .tries = conf->tries,
                               .servers = count,
                               .transport = conf->transport,
                               .edns = conf->edns,
                               .dnssec_ok = conf->dnssec_ok,
                               .cookies = conf->edns && conf->cookies};
  engine->conf.options_len = (uint16_t)rq_clip(engine->options, RQ_OPTIONS_MAX, conf->options, conf->options_len);
  engine->conf.options = engine->options;
  engine->query_flags = (uint16_t)((conf->recurse ? RQ_FLAG_RD : 0) | (conf->authentic ? RQ_FLAG_AD : 0));
  engine->now_us = rq_clock_us(engine->sys);
  engine->wanted_us = INT64_MAX;
  engine->connected = count <= RQ_CONNECTED_SERVERS;
  engine->segments = 1;
  engine->sock_quota = 4 * conf->slots < QUOTA_LEAST ? QUOTA_LEAST : 4 * conf->slots;
  if (engine->sock_quota > QUOTA_MOST) engine->sock_quota = QUOTA_MOST;
  rq_random_init(&engine->random, engine->sys);
  int error = make_servers(engine, servers, count);
  if (error == 0) error = make_groups(engine);
  if (error == 0) error = rq_pace_make(engine);
  if (error == 0) error = make_slots(engine);
  if (error == 0) error = rq_share_make(engine);
  if (error == 0) error = rq_tcp_make(engine);
  if (error < 0) return error;
  engine->epoll = engine->sys->epoll_create1(EPOLL_CLOEXEC);
  return engine->epoll < 0 ? -errno : rq_udp_begin(engine);
}

static int make_servers(rq_engine *engine, const rq_addr *addrs, uint32_t count) {
  engine->servers = calloc(count, sizeof *engine->servers);
  engine->policy.manners = engine->manners = calloc(count, sizeof *engine->manners);
  if (!engine->servers || !engine->manners) return -ENOMEM;
  engine->server_count = count;
  for (uint32_t s = 0; s < count; s++) {
    rq_server *server = &engine->servers[s];
    rq_out text;
    rq_out_init(&text, (uint8_t *)server->text, sizeof server->text - 1); /* calloc left the NUL */
    rq_addr_write(&addrs[s], &text);
    rq_peer_set(&server->peer, &addrs[s]);
    server->group = engine->connected ? s : addrs[s].family != addrs[0].family;
    server->links = (rq_list){RQ_NONE, RQ_NONE};
    server->ready[RQ_UDP] = server->ready[RQ_TCP] = (rq_list){RQ_NONE, RQ_NONE};
    server->pipeline = RQ_PIPELINE;
  }
  return 0;
}

/* One group for each server, or one for each family that some server has. */
static int make_groups(rq_engine *engine) {
  uint32_t places = 2u * engine->conf.sockets;
  uint32_t count = engine->connected ? engine->server_count : 2;
  engine->groups = calloc(count, sizeof *engine->groups);
  engine->socks = calloc((size_t)count * places, sizeof *engine->socks);
  if (!engine->groups || !engine->socks) return -ENOMEM;
  engine->sock_count = count * places;
  for (uint32_t n = 0; n < engine->sock_count; n++) engine->socks[n].fd = -1;
  for (uint32_t g = 0; g < count; g++) {
    engine->groups[g].first = g * places;
    engine->groups[g].line = (rq_list){RQ_NONE, RQ_NONE};
  }
  for (uint32_t s = 0; s < engine->server_count; s++)
    engine->groups[engine->servers[s].group].peer = &engine->servers[s].peer;
  for (; engine->group_count < count && engine->groups[engine->group_count].peer; engine->group_count++) continue;
  return 0;
}

static int make_slots(rq_engine *engine) {
  uint32_t count = engine->conf.slots;
  engine->slots = calloc(count, sizeof *engine->slots);
  engine->free_slots = malloc(count * sizeof *engine->free_slots);
  if (!engine->slots || !engine->free_slots) return -ENOMEM;
  while (engine->free_count < count) {
    engine->free_slots[engine->free_count] = count - 1 - engine->free_count;
    engine->free_count++;
  }
  if (engine->conf.spread) {
    engine->spread = malloc(2 * (size_t)count * sizeof *engine->spread);
    if (!engine->spread) return -ENOMEM;
    engine->places = engine->spread + count;
  }
  if (rq_wheel_init(&engine->wheel, count + rq_pace_timers(engine), engine->now_us) < 0 ||
      rq_ids_init(&engine->ids, count) < 0)
    return -ENOMEM;
  uint32_t query = RQ_QUERY_BARE + engine->conf.options_len + (engine->policy.cookies ? 4u + RQ_COOKIE_MAX : 0);
  if (rq_batch_init(&engine->sending, query, query, !engine->connected) < 0) return -ENOMEM;
  return rq_batch_init(&engine->receiving, RQ_PACKET_STRIDE, RQ_PACKET_MAX, !engine->connected);
}

/* --- input --- */

static void read_clocks(rq_engine *engine) {
  engine->now_us = rq_clock_us(engine->sys);
  engine->wall_us = rq_clock_wall_us(engine->sys);
}

/* What was sent has its answer waiting in the kernel; what was not has lost this time for nothing. */
void rq_engine_resume(rq_engine *engine) {
  read_clocks(engine);
  int64_t late_us = engine->now_us - engine->wanted_us;
  if (late_us > 0) engine->wanted_us = engine->now_us;
  if (late_us < LATE_US) return;
  engine->late = 1;
  for (uint32_t i = 0; i < engine->conf.slots; i++) rq_slot_delay(engine, i, late_us);
}

static int offsets_valid(const int32_t *offsets, uint32_t count) {
  for (uint32_t n = 0; n < count; n++)
    if (offsets[n] < 0 || offsets[n + 1] < offsets[n]) return 0;
  return 1;
}

int32_t rq_engine_submit(rq_engine *engine, const uint8_t *octets, const int32_t *offsets, uint32_t count,
                         const uint16_t *types, uint32_t type_count, int64_t first) {
  if (!engine || !offsets || !types || type_count < 1 || type_count > engine->conf.slots || count > INT32_MAX)
    return RQ_BAD_ARGUMENT;
  if (count > engine->free_count / type_count) count = engine->free_count / type_count;
  if (!offsets_valid(offsets, count) || (!octets && count > 0 && offsets[count] > 0)) return RQ_BAD_ARGUMENT;
  rq_question asked = {.rrclass = RQ_CLASS_IN};
  engine->as_received = 0;
  rq_engine_resume(engine);
  for (uint32_t n = 0; n < count; n++) {
    const uint8_t *text = octets + offsets[n];
    uint32_t len = (uint32_t)(offsets[n + 1] - offsets[n]);
    int flaw = rq_name_parse(text, len, &asked.name);
    for (uint32_t t = 0; t < type_count; t++) {
      asked.rrtype = types[t];
      rq_slot_add(engine, text, len, flaw, &asked, first + n);
    }
  }
  return (int32_t)count;
}

void rq_engine_cancel(rq_engine *engine) {
  if (!engine || !engine->slots) return;
  engine->wall_us = rq_clock_wall_us(engine->sys);
  for (uint32_t i = 0; engine->stats.held > engine->stats.finished && i < engine->conf.slots; i++)
    rq_slot_cancel(engine, i);
}

/* --- steps --- */

static void send_all(rq_engine *engine) {
  rq_slots_start(engine);
  rq_udp_send(engine);
  rq_tcp_send(engine);
}

/* Milliseconds until a timer is due, at most `most`; rounded up, so that it is due then. */
static int sleep_ms(const rq_engine *engine, int64_t most) {
  int64_t due = rq_wheel_next_us(&engine->wheel);
  int64_t ms = due < 0 ? most : (due - engine->now_us + MILLISECOND - 1) / MILLISECOND;
  if (ms < 0) ms = 0;
  if (ms > most) ms = most;
  if (engine->unsent && ms > RETRY_MS) ms = RETRY_MS;
  return (int)ms;
}

/* When answers come fast but few at a time, each costs a turn of its own: then they are left to gather for a moment,
 * which many lookups in flight do not notice. Where no time passed since the last turn and little had come, they come
 * fast. */
static void gather(rq_engine *engine, uint64_t received, int64_t since_us) {
  int few = received > 0 && received < GATHER_FEW;
  int fast = engine->gathers ? received >= GATHER_LEAST : engine->now_us - since_us < FAST_US;
  engine->gathers = few && fast && engine->stats.in_flight >= GATHER_FEW;
}

/* A microsecond for each lookup in flight: they will hardly be answered sooner. */
static useconds_t gather_us(const rq_engine *engine) {
  uint32_t most = engine->conf.transport == RQ_TCP ? GATHER_TCP_US : GATHER_US;
  return engine->stats.in_flight < most ? engine->stats.in_flight : most;
}

/* 0, or a negative errno. */
static int receive_all(rq_engine *engine, int wait_ms) {
  struct epoll_event events[EVENTS];
  uint64_t before = engine->stats.received[RQ_UDP] + engine->stats.received[RQ_TCP];
  int64_t since_us = engine->now_us;
  if (engine->gathers && wait_ms > 0) engine->sys->usleep(gather_us(engine));
  int count = engine->sys->epoll_wait(engine->epoll, events, EVENTS, wait_ms);
  if (count < 0) return -errno;
  read_clocks(engine);
  for (int n = 0; n < count; n++) {
    uint32_t number = events[n].data.u32;
    if (number < engine->sock_count)
      rq_udp_event(engine, number, events[n].events);
    else
      rq_tcp_event(engine, number - engine->sock_count, events[n].events);
  }
  gather(engine, engine->stats.received[RQ_UDP] + engine->stats.received[RQ_TCP] - before, since_us);
  return 0;
}

/* What has come already counts, however late we look: a caller that was busy elsewhere loses no answer. */
static void expire(rq_engine *engine) {
  uint32_t i;
  int64_t due = rq_wheel_next_us(&engine->wheel);
  if (due >= 0 && due <= engine->now_us) receive_all(engine, 0); /* what fails here fails again in the step */
  while ((i = rq_wheel_pop(&engine->wheel, engine->now_us)) != RQ_NONE) {
    if (i < engine->conf.slots)
      rq_slot_timer(engine, i);
    else
      rq_pace_timer(engine, i);
  }
}

/* In the child of a fork the sockets, and the random numbers, are the parent's: it gets its own, under the same
 * descriptor for epoll, and sends again what is in flight. Nothing here changes what the parent has. 0 or a negative
 * errno. */
static int attend_fork(rq_engine *engine) {
  if (engine->pid == engine->sys->getpid()) return 0;
  int fresh = engine->sys->epoll_create1(EPOLL_CLOEXEC);
  if (fresh < 0) return -errno;
  int moved = engine->sys->dup3(fresh, engine->epoll, O_CLOEXEC);
  engine->sys->close(fresh);
  if (moved < 0) return -errno;
  engine->pid = engine->sys->getpid();
  if (engine->cache) rq_cache_attend_fork(engine->cache);
  rq_random_init(&engine->random, engine->sys);
  for (uint32_t s = 0; s < engine->server_count; s++) rq_manner_forget(&engine->manners[s]);
  for (uint32_t i = 0; i < engine->conf.slots; i++) {
    rq_slot_alone(engine, i);
    uint8_t state = engine->slots[i].state;
    if (state == RQ_SLOT_UDP || state == RQ_SLOT_TCP) rq_slot_again(engine, i);
  }
  rq_udp_end(engine);
  rq_tcp_end(engine);
  return 0;
}

int32_t rq_engine_step(rq_engine *engine, uint32_t wait_ms) {
  if (!engine) return RQ_BAD_ARGUMENT;
  if (attend_fork(engine) < 0) return RQ_NETWORK;
  rq_engine_resume(engine);
  engine->entropy_error = 0;
  int failed = 0;
  int64_t until_us = engine->now_us + (int64_t)wait_ms * MILLISECOND;
  for (;;) {
    expire(engine);
    send_all(engine);
    int64_t left_ms = (until_us - engine->now_us + MILLISECOND - 1) / MILLISECOND;
    int over = engine->stats.finished > 0 || engine->stats.held == 0 || left_ms <= 0;
    int error = receive_all(engine, over ? 0 : sleep_ms(engine, left_ms));
    if (error == -EINTR) break;
    send_all(engine);
    failed = error < 0 || engine->entropy_error != 0;
    if (failed || over || engine->stats.finished > 0) break;
  }
  engine->wanted_us = engine->now_us + (int64_t)sleep_ms(engine, NEVER_MS) * MILLISECOND;
  engine->late = 0;
  return failed ? RQ_NETWORK : (int32_t)engine->stats.finished;
}

/* Finished rows behind those that are there; 0, or what failed. */
static int32_t drain_more(rq_engine *engine, int32_t format, uint8_t *out, uint32_t cap, rq_work *work) {
  uint32_t rows;
  int32_t octets = rq_engine_drain(engine, format, out + work->octets, cap - work->octets, &rows, &work->wanted);
  if (octets < 0) return octets;
  if (work->rows > 0) work->wanted = 0; /* there is room for it once those are out */
  work->rows += rows;
  work->octets += (uint32_t)octets;
  return RQ_OK;
}

int32_t rq_engine_work(rq_engine *engine, const uint8_t *octets, const int32_t *offsets, uint32_t count,
                       const uint16_t *types, uint32_t type_count, int64_t first, uint32_t wait_ms, int32_t format,
                       uint8_t *out, uint32_t cap, rq_work *work) {
  if (!work) return RQ_BAD_ARGUMENT;
  *work = (rq_work){0};
  if (!engine || !out) return RQ_BAD_ARGUMENT;
  int64_t left_us = (int64_t)wait_ms * MILLISECOND, until_us = rq_clock_us(engine->sys) + left_us;
  for (;;) {
    int32_t taken = count > work->taken ? rq_engine_submit(engine, octets, offsets + work->taken, count - work->taken,
                                                           types, type_count, first + work->taken)
                                        : 0;
    if (taken < 0) return taken;
    work->taken += (uint32_t)taken;
    int32_t finished = rq_engine_step(engine, (uint32_t)(left_us / MILLISECOND));
    if (finished < 0) return finished;
    int32_t drained = drain_more(engine, format, out, cap, work);
    if (drained < 0) return drained;
    left_us = until_us - engine->now_us;
    int names_are_out = count > 0 && work->taken == count;
    if (finished == 0 || names_are_out || engine->stats.finished > 0 || engine->stats.held == 0 || left_us <= 0) break;
  }
  return (int32_t)engine->stats.finished;
}

int32_t rq_engine_fd(const rq_engine *engine) {
  return engine ? engine->epoll : RQ_BAD_ARGUMENT;
}

int32_t rq_engine_wait_ms(const rq_engine *engine) {
  if (!engine || engine->stats.held == 0) return -1;
  if (engine->stats.finished > 0) return 0;
  int can_start = rq_slots_wait(engine) && engine->stats.in_flight < engine->conf.max_in_flight;
  if (can_start && !engine->paused) return 0;
  int64_t due = rq_wheel_next_us(&engine->wheel), now = rq_clock_us(engine->sys);
  if (engine->unsent && due > now + RETRY_MS * MILLISECOND) return RETRY_MS;
  return due <= now ? 0 : (int32_t)((due - now + MILLISECOND - 1) / MILLISECOND);
}

int rq_engine_watch(rq_engine *engine, int fd, uint32_t number, uint32_t events) {
  struct epoll_event event = {.events = events, .data = {.u32 = number}};
  return engine->sys->epoll_ctl(engine->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

void rq_engine_rewatch(rq_engine *engine, int fd, uint32_t number, uint32_t events) {
  struct epoll_event event = {.events = events, .data = {.u32 = number}};
  engine->sys->epoll_ctl(engine->epoll, EPOLL_CTL_MOD, fd, &event);
}

/* Closing alone would not do where a fork has the descriptor too. In the child the parent's epoll is left alone. */
void rq_engine_unwatch(rq_engine *engine, int fd) {
  if (engine->pid != engine->sys->getpid()) return;
  engine->sys->epoll_ctl(engine->epoll, EPOLL_CTL_DEL, fd, NULL);
}

/* --- rows and totals --- */

void rq_engine_row(const rq_engine *engine, uint32_t i, rq_row *row) {
  const rq_slot *slot = &engine->slots[i];
  const rq_lookup *lookup = &slot->lookup;
  int answer = lookup->status == RQ_OK;
  uint32_t server = answer ? lookup->answer_server : lookup->server;
  int has_server = rq_slot_has_server(slot);
  *row = (rq_row){.index = slot->index,
                  .name = slot->store,
                  .name_len = slot->text_len,
                  .rrtype = slot->asked.rrtype,
                  .status = lookup->status,
                  .error = lookup->error,
                  .server = has_server ? engine->servers[server].text : NULL,
                  .transport = answer ? lookup->answer_transport : lookup->transport,
                  .tries = (uint8_t)(lookup->tries < UINT8_MAX ? lookup->tries : UINT8_MAX),
                  .rtt_us = answer ? slot->rtt_us : -1,
                  .time_us = slot->time_us,
                  .wire = answer ? slot->reply : NULL,
                  .size = answer ? slot->reply_len : 0};
}

int32_t rq_engine_drain(rq_engine *engine, int32_t format, uint8_t *out, uint32_t cap, uint32_t *rows,
                        uint32_t *wanted) {
  if (!engine || !rows || !wanted || (!out && cap > 0) || format < RQ_MSGPACK || format > RQ_NDJSON_MASSDNS)
    return RQ_BAD_ARGUMENT;
  rq_out whole;
  rq_out_init(&whole, out, cap < INT32_MAX ? cap : INT32_MAX);
  *rows = *wanted = 0;
  while (engine->done.head != RQ_NONE) {
    uint32_t i = engine->done.head;
    size_t mark = rq_out_wanted(&whole);
    rq_row row;
    if (engine->slots[i].next != RQ_NONE) rq_slot_fetch(engine, engine->slots[i].next);
    rq_engine_row(engine, i, &row);
    rq_row_write(&row, format, &whole);
    if (rq_out_wanted(&whole) > rq_out_stored(&whole)) {
      if (*rows == 0) *wanted = (uint32_t)rq_out_wanted(&whole);
      rq_out_rewind(&whole, mark);
      break;
    }
    rq_slot_release(engine, i);
    ++*rows;
  }
  return (int32_t)rq_out_stored(&whole);
}

void rq_engine_stats(const rq_engine *engine, rq_stats *stats) {
  if (engine && stats) *stats = engine->stats;
}
