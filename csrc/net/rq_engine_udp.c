/* rq_engine_udp.c: lookups of an engine <-> its UDP sockets.
 *
 * Queries leave in batches, each through a socket drawn at random, with random IDs; sockets are replaced after some
 * thousands of queries, so a port that was found out is soon worth nothing (RFC 5452, sections 4.5 and 9.2). Never
 * decides what becomes of a lookup. SPDX-License-Identifier: MIT */
#include "rq_engine_impl.h"

#include <errno.h>
#include <sys/epoll.h>

#define SOCKET_IN_FLIGHT 32768u /* half of all IDs, so that a random one is free at the first or second draw */
#define SOCKET_LIFE_US 10000000 /* a socket is replaced after so long, whatever it carried */
#define BURST_PART 6            /* of all lookups in flight, at many servers together: see burst() */
#define RECEIVE_ROUNDS 16       /* batches from one socket before others, and sending, have their turn */

static int send_batch(rq_engine *engine, rq_group *group, uint32_t s);
static int refused(rq_engine *engine, uint32_t i, uint32_t run, int error);
static int choose_socket(rq_engine *engine, rq_group *group, uint32_t *number);
static void renew(rq_engine *engine, rq_group *group, uint32_t n);
static int open_place(rq_engine *engine, rq_group *group, uint32_t number);
static void close_place(rq_engine *engine, uint32_t number);
static uint32_t burst(rq_engine *engine, rq_group *group);
static uint32_t fill(rq_engine *engine, rq_group *group, uint32_t number, uint32_t most, uint32_t *messages);
static uint32_t take(rq_engine *engine, uint32_t s, uint32_t number, uint32_t count, uint32_t most);
static void write_query(rq_engine *engine, uint32_t i, uint32_t at);
static uint32_t settle(rq_engine *engine, rq_group *group, uint32_t number, uint32_t messages, uint32_t count);
static uint32_t receive_batch(rq_engine *engine, uint32_t number);
static int repeat(rq_engine *engine, uint32_t i);
static int32_t cut(const rq_batch *batch, uint32_t k);
static void read_errors(rq_engine *engine, uint32_t number);

static rq_group *group_of(const rq_engine *engine, uint32_t number) {
  return &engine->groups[number / (2u * engine->conf.sockets)];
}

/* --- sending --- */

void rq_udp_send(rq_engine *engine) {
  engine->unsent = 0;
  for (uint32_t g = 0; g < engine->group_count; g++) {
    rq_group *group = &engine->groups[g];
    uint32_t s, room;
    while ((s = rq_pace_next(engine, &group->line, RQ_UDP, RQ_BATCH, &room)) != RQ_NONE && send_batch(engine, group, s))
      continue;
  }
}

/* One batch through one socket, for server `s` and those behind it in the line; 0 when no more can be sent for now. */
static int send_batch(rq_engine *engine, rq_group *group, uint32_t s) {
  rq_batch *batch = &engine->sending;
  uint32_t number = group->first;
  int error = choose_socket(engine, group, &number);
  if (error == -EAGAIN) return 0;
  if (error < 0) {
    rq_slot_failed(engine, engine->servers[s].ready[RQ_UDP].head, -error);
    return 1;
  }
  uint32_t messages;
  uint32_t count = fill(engine, group, number, burst(engine, group), &messages);
  if (count == 0) return 0;
  uint32_t sent = rq_batch_send(batch, engine->sys, engine->socks[number].fd, messages, &error);
  uint32_t first = settle(engine, group, number, sent, count);
  return sent == messages || refused(engine, batch->slots[first], batch->runs[sent], error);
}

/* The next message, of `run` packets from the query of slot `i` on, could not be sent. 1 to go on, 0 when the kernel
 * takes no more for now. */
static int refused(rq_engine *engine, uint32_t i, uint32_t run, int error) {
  if (error == EAGAIN || error == ENOBUFS) {
    engine->unsent = 1;
    return 0;
  }
  if (run == 1) {
    rq_slot_failed(engine, i, error);
    return 1;
  }
  if (error == EIO || error == EINVAL || error == EOPNOTSUPP) engine->segments = 0;
  engine->servers[engine->slots[i].lookup.server].alive = 0;
  return 1;
}

/* A random one of those in use, or the next that is open and has room. 0, -EAGAIN when all are full, or why none can be
 * opened. */
static int choose_socket(rq_engine *engine, rq_group *group, uint32_t *number) {
  uint32_t in_use = engine->conf.sockets;
  int32_t drawn = rq_random_below(&engine->random, in_use);
  if (drawn < 0) {
    engine->entropy_error = errno;
    return -EAGAIN;
  }
  int error = 0, open = 0;
  for (uint32_t k = 0; k < in_use; k++) {
    uint32_t n = ((uint32_t)drawn + k) % in_use;
    rq_sock *sock = &engine->socks[group->use[n]];
    if (sock->fd >= 0 && (sock->left == 0 || engine->now_us >= sock->until_us)) renew(engine, group, n);
    *number = group->use[n];
    sock = &engine->socks[*number];
    if (sock->fd < 0) error = open_place(engine, group, *number);
    if (sock->fd < 0) continue;
    if (sock->in_flight < SOCKET_IN_FLIGHT) return 0;
    open = 1;
  }
  return open ? -EAGAIN : error;
}

/* How many queries the servers of a group may get now. A burst that overflows a receive buffer (some 200 packets, as
 * systems come), of a server or on the way, is lost in part, and the parts come back together as the next burst: so the
 * queries that are not yet answered, nor old enough to be out of that buffer one way or the other, are limited. Where
 * many servers share sockets more may be so for half as long, so that far servers are not kept idle. */
static uint32_t burst(rq_engine *engine, rq_group *group) {
  int64_t now = engine->now_us / RQ_SLICE_US;
  uint32_t young = 0, most = RQ_BURST, part = engine->conf.max_in_flight / BURST_PART;
  int slices = engine->connected ? RQ_SLICES : RQ_SLICES / 2;
  for (int n = 0; n < RQ_SLICES && group->slice < now; n++) group->young[++group->slice % RQ_SLICES] = 0;
  group->slice = now;
  if (!engine->connected && most < part) most = part;
  for (int n = 0; n < slices; n++) young += group->young[(now - n) % RQ_SLICES];
  if (young >= most) engine->unsent = 1;
  uint32_t left = young < most ? most - young : 0;
  return left < RQ_BATCH ? left : RQ_BATCH;
}

/* A batch of up to `most` queries, of the servers in line; returns how many. Runs of packets only go where answers come
 * from: a kernel that refuses a run, or a host that answers it with ICMP, does so once for all of its packets. */
static uint32_t fill(rq_engine *engine, rq_group *group, uint32_t number, uint32_t most, uint32_t *messages) {
  uint32_t count = 0, s, room;
  *messages = 0;
  while (count < most && (s = rq_pace_next(engine, &group->line, RQ_UDP, most - count, &room)) != RQ_NONE) {
    uint32_t taken = take(engine, s, number, count, room);
    if (taken == 0) break;
    int runs = engine->segments && engine->servers[s].alive && taken > 1;
    *messages = (runs ? rq_batch_runs : rq_batch_single)(&engine->sending, *messages, count, taken);
    rq_pace_sent(engine, s, taken);
    rq_pace_rotate(engine, &group->line, RQ_UDP);
    count += taken;
  }
  return count;
}

/* Takes up to `most` queries off a server's list, gives them IDs and writes them behind the `count` that there are;
 * returns how many. */
static uint32_t take(rq_engine *engine, uint32_t s, uint32_t number, uint32_t count, uint32_t most) {
  rq_list *ready = &engine->servers[s].ready[RQ_UDP];
  uint32_t taken = 0;
  while (taken < most && ready->head != RQ_NONE) {
    uint32_t i = ready->head;
    if (!rq_slot_draw_id(engine, i, number)) break;
    rq_list_remove(engine, ready, i);
    write_query(engine, i, count + taken);
    taken++;
  }
  return taken;
}

/* Packet `at` of the batch. */
static void write_query(rq_engine *engine, uint32_t i, uint32_t at) {
  rq_batch *batch = &engine->sending;
  rq_slot *slot = &engine->slots[i];
  rq_query_spec spec;
  rq_out out;
  rq_slot_spec(engine, slot, &spec);
  rq_out_init(&out, rq_batch_at(batch, at), batch->size);
  rq_query_write(&slot->asked.name, &spec, &out);
  rq_batch_put(batch, at, (uint32_t)rq_out_stored(&out), i);
  if (!engine->connected) batch->peers[at] = engine->servers[slot->lookup.server].peer;
}

/* What went out with the first `messages` is in flight; the rest goes back to the head of its list. Returns how many
 * packets went out. */
static uint32_t settle(rq_engine *engine, rq_group *group, uint32_t number, uint32_t messages, uint32_t count) {
  rq_sock *sock = &engine->socks[number];
  uint32_t sent = 0;
  for (uint32_t m = 0; m < messages; m++) sent += engine->sending.runs[m];
  for (uint32_t k = count; k > sent; k--) {
    uint32_t i = engine->sending.slots[k - 1];
    rq_ids_remove(&engine->ids, rq_ids_key(number, engine->slots[i].id));
    rq_pace_unsent(engine, i);
  }
  for (uint32_t k = 0; k < sent; k++) {
    rq_slot *slot = &engine->slots[engine->sending.slots[k]];
    slot->state = RQ_SLOT_UDP;
    slot->repeated = 0;
    slot->sent_us = engine->now_us;
  }
  group->young[group->slice % RQ_SLICES] += sent;
  sock->in_flight += sent;
  sock->left -= sent < sock->left ? sent : sock->left;
  engine->stats.queries[RQ_UDP] += sent;
  return sent;
}

/* After one RTO, then each time after twice as long. A query that waits in a list for its server's turn is not
 * repeated, nor one that was sent late. */
void rq_udp_repeat(rq_engine *engine, uint32_t i) {
  const rq_slot *slot = &engine->slots[i];
  int64_t end_us = slot->lookup.deadline_us, rto_us = rq_slot_rto_us(engine, slot->lookup.server);
  int64_t due_us = slot->repeated ? engine->now_us : slot->sent_us + rto_us;
  if (slot->state != RQ_SLOT_UDP)
    due_us = engine->now_us + rto_us;
  else if (due_us <= engine->now_us)
    due_us = repeat(engine, i) ? engine->now_us + (rto_us << slot->repeated) : end_us;
  rq_wheel_set(&engine->wheel, i, due_us < end_us ? due_us : end_us);
}

/* The same packet once more, if that is allowed; then 1, also when it could not be sent, and is left out. */
static int repeat(rq_engine *engine, uint32_t i) {
  rq_slot *slot = &engine->slots[i];
  int error;
  if (!rq_pace_repeat(engine, i)) return 0;
  write_query(engine, i, 0);
  slot->repeated++;
  slot->cookied |= engine->manners[slot->lookup.server].cookie_due;
  uint32_t sent = rq_batch_send(&engine->sending, engine->sys, engine->socks[slot->sock].fd,
                                rq_batch_single(&engine->sending, 0, 0, 1), &error);
  engine->stats.queries[RQ_UDP] += sent;
  engine->stats.repeats += sent;
  return 1;
}

/* --- receiving --- */

void rq_udp_event(rq_engine *engine, uint32_t number, uint32_t events) {
  if (engine->socks[number].fd >= 0 && events & EPOLLERR) read_errors(engine, number);
  for (int round = 0; round < RECEIVE_ROUNDS && engine->socks[number].fd >= 0; round++)
    if (receive_batch(engine, number) < RQ_BATCH) break;
}

static uint32_t receive_batch(rq_engine *engine, uint32_t number) {
  rq_batch *batch = &engine->receiving;
  uint32_t count = rq_batch_receive(batch, engine->sys, engine->socks[number].fd);
  for (uint32_t k = 0; k < count; k++) {
    int32_t len = rq_batch_length(batch, k);
    if (len > 0) rq_slot_expect(engine, number, rq_batch_at(batch, k), (uint32_t)len);
  }
  for (uint32_t k = 0; k < count; k++) {
    const rq_peer *from = engine->connected ? NULL : &batch->peers[k];
    int32_t len = rq_batch_length(batch, k);
    if (len < 0) len = cut(batch, k);
    rq_slot_packet(engine, number, from, rq_batch_at(batch, k), (uint32_t)len);
  }
  return count;
}

/* A message that did not fit its buffer is as good as one that the server had to cut: with TC set it is asked for over
 * TCP. Returns its length. */
static int32_t cut(const rq_batch *batch, uint32_t k) {
  rq_cur cur;
  rq_out out;
  rq_cur_init(&cur, rq_batch_at(batch, k), RQ_HEADER_SIZE);
  rq_cur_skip(&cur, 2);
  rq_out_init(&out, rq_batch_at(batch, k) + 2, 2);
  rq_out_u16(&out, rq_cur_u16(&cur) | RQ_FLAG_TC);
  return (int32_t)batch->size;
}

/* An ICMP error ends the one try whose query it quotes; what quotes none of ours is ignored. */
static void read_errors(rq_engine *engine, uint32_t number) {
  rq_peer peer;
  uint16_t id;
  int error;
  while (engine->socks[number].fd >= 0 && rq_udp_error(engine->sys, engine->socks[number].fd, &peer, &id, &error)) {
    uint32_t i = rq_ids_find(&engine->ids, rq_ids_key(number, id));
    if (i == RQ_NONE || !rq_peer_same(&engine->servers[engine->slots[i].lookup.server].peer, &peer)) continue;
    if (engine->slots[i].paired) continue; /* its query over TCP goes on */
    engine->servers[engine->slots[i].lookup.server].alive = 0;
    rq_slot_failed(engine, i, error);
  }
}

void rq_udp_leave(rq_engine *engine, uint32_t i) {
  const rq_slot *slot = &engine->slots[i];
  rq_sock *sock = &engine->socks[slot->sock];
  rq_group *group = group_of(engine, slot->sock);
  int64_t sent = slot->sent_us / RQ_SLICE_US;
  if (group->slice - sent < RQ_SLICES) group->young[sent % RQ_SLICES]--;
  sock->in_flight--;
  if (sock->retired && sock->in_flight == 0) close_place(engine, slot->sock);
}

/* --- sockets --- */

int rq_udp_begin(rq_engine *engine) {
  for (uint32_t g = 0; g < engine->group_count; g++) {
    rq_group *group = &engine->groups[g];
    for (uint32_t n = 0; n < engine->conf.sockets; n++) {
      group->use[n] = group->first + n;
      int error = open_place(engine, group, group->use[n]);
      if (error == -EMFILE || error == -ENFILE || error == -ENOMEM || error == -ENOBUFS || error == -ENOSPC)
        return error;
    }
  }
  return 0;
}

void rq_udp_end(rq_engine *engine) {
  for (uint32_t number = 0; number < engine->sock_count; number++) {
    if (engine->socks[number].fd >= 0) engine->sys->close(engine->socks[number].fd);
    engine->socks[number].fd = -1;
  }
}

static int open_place(rq_engine *engine, rq_group *group, uint32_t number) {
  rq_sock *sock = &engine->socks[number];
  int32_t jitter = rq_random_below(&engine->random, 256);
  if (jitter < 0) return -errno;
  int fd = rq_udp_open(engine->sys, group->peer, engine->connected);
  if (fd < 0) return fd;
  int error = rq_engine_watch(engine, fd, number, EPOLLIN);
  if (error < 0) {
    engine->sys->close(fd);
    return error;
  }
  /* so that they are not all replaced at once */
  *sock = (rq_sock){.fd = fd,
                    .left = engine->sock_quota / 2 + engine->sock_quota * (uint32_t)jitter / 256,
                    .until_us = engine->now_us + SOCKET_LIFE_US / 2 + SOCKET_LIFE_US / 256 * jitter};
  return 0;
}

static void close_place(rq_engine *engine, uint32_t number) {
  rq_engine_unwatch(engine, engine->socks[number].fd);
  engine->sys->close(engine->socks[number].fd);
  engine->socks[number].fd = -1;
}

/* Puts a new socket, on a new port, in the place of the n-th in use. With no free place, or when none can be opened,
 * the old one goes on for another turn. */
static void renew(rq_engine *engine, rq_group *group, uint32_t n) {
  uint32_t old = group->use[n], fresh = group->first;
  uint32_t end = group->first + 2u * engine->conf.sockets;
  while (fresh < end && engine->socks[fresh].fd >= 0) fresh++;
  if (fresh == end || open_place(engine, group, fresh) < 0) {
    engine->socks[old].left = engine->sock_quota;
    engine->socks[old].until_us = engine->now_us + SOCKET_LIFE_US;
    return;
  }
  group->use[n] = fresh;
  engine->socks[old].retired = 1;
  if (engine->socks[old].in_flight == 0) close_place(engine, old);
}
