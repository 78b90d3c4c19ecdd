/* rq_engine_tcp.c: lookups of an engine <-> its TCP connections.
 *
 * A few persistent connections for each server, a bounded number in all, many queries in flight on each, answers in any
 * order (RFC 7766, sections 6.2 and 7). A lookup without a place waits within its deadlines. Never decides what becomes
 * of a lookup. SPDX-License-Identifier: MIT */
#include "rq_engine_impl.h"

#include <errno.h>

#include <sys/epoll.h>

#define IDLE_US 5000000    /* an idle connection is closed after so long */
#define SWEEP_US 1000000   /* idle ones are looked for this often */
#define SERVERS_A_TURN 64u /* servers that may fill connections in one turn */
#define RECEIVE_ROUNDS 8   /* times one connection is read before others have their turn */

static uint32_t serve(rq_engine *engine, uint32_t s, uint32_t most);
static int find_link(rq_engine *engine, uint32_t s, uint32_t *number);
static int open_link(rq_engine *engine, uint32_t s, uint32_t *number);
static uint32_t find_place(const rq_engine *engine);
static void put(rq_engine *engine, uint32_t number, uint32_t i);
static void flush_all(rq_engine *engine);
static void sweep(rq_engine *engine);
static void read_link(rq_engine *engine, uint32_t number);
static void read_messages(rq_engine *engine, uint32_t number);
static void lose(rq_engine *engine, uint32_t number, int error);
static void shut(rq_engine *engine, uint32_t number);

/* --- sending --- */

/* Servers take turns, so that one with many lookups does not keep the others from a connection. */
void rq_tcp_send(rq_engine *engine) {
  uint32_t s, room;
  for (uint32_t n = 0; n < SERVERS_A_TURN; n++) {
    if ((s = rq_pace_next(engine, &engine->line, RQ_TCP, UINT32_MAX, &room)) == RQ_NONE) break;
    rq_pace_sent(engine, s, serve(engine, s, room));
    rq_pace_rotate(engine, &engine->line, RQ_TCP);
  }
  if (engine->links_open == 0) return;
  flush_all(engine);
  if (engine->now_us >= engine->sweep_us) sweep(engine);
}

/* Returns how many of its lookups found a place. */
static uint32_t serve(rq_engine *engine, uint32_t s, uint32_t most) {
  rq_list *ready = &engine->servers[s].ready[RQ_TCP];
  uint32_t placed = 0;
  while (placed < most && ready->head != RQ_NONE) {
    uint32_t i = ready->head, number;
    int error = find_link(engine, s, &number);
    if (error == -EAGAIN) break;
    if (error < 0) {
      rq_slot_failed(engine, i, -error);
      continue;
    }
    if (!rq_slot_draw_id(engine, i, engine->sock_count + number)) break;
    rq_list_remove(engine, ready, i);
    put(engine, number, i);
    placed++;
  }
  return placed;
}

/* A connection of the server with room, a new one if there is none: 0; -EAGAIN to wait; or why none can be opened. */
static int find_link(rq_engine *engine, uint32_t s, uint32_t *number) {
  rq_server *server = &engine->servers[s];
  for (uint32_t k = 0; server->links > 0 && k < engine->link_count; k++) {
    *number = (server->link + k) % engine->link_count;
    rq_link *link = &engine->links[*number];
    if (link->conn.state == RQ_CONN_CLOSED || link->server != s) continue;
    if (link->stale && link->in_flight == 0) shut(engine, *number);
    if (link->stale || link->in_flight >= server->pipeline || !rq_conn_room(&link->conn)) continue;
    server->link = *number;
    return 0;
  }
  if (server->links >= RQ_SERVER_LINKS) return -EAGAIN;
  int error = open_link(engine, s, number);
  /* without descriptors or ports it has to do with the connections that there are */
  return error < 0 && server->links > 0 ? -EAGAIN : error;
}

static int open_link(rq_engine *engine, uint32_t s, uint32_t *number) {
  uint32_t found = find_place(engine);
  if (found == RQ_NONE) return -EAGAIN;
  shut(engine, found);
  rq_link *link = &engine->links[found];
  int error = rq_conn_open(&link->conn, &engine->servers[s].peer, engine->now_us);
  if (error < 0) return error;
  error = rq_engine_watch(engine, link->conn.fd, engine->sock_count + found, EPOLLIN | EPOLLOUT);
  if (error < 0) {
    rq_conn_close(&link->conn);
    return error;
  }
  link->waiting = (rq_list){RQ_NONE, RQ_NONE};
  link->server = s;
  link->in_flight = link->answered = 0;
  link->stale = 0;
  engine->servers[s].links++;
  engine->servers[s].link = *number = found;
  engine->links_open++;
  engine->stats.tcp_connects++;
  return 0;
}

/* A closed place, else that of an idle connection, else RQ_NONE. */
static uint32_t find_place(const rq_engine *engine) {
  uint32_t idle = RQ_NONE;
  for (uint32_t k = 0; k < engine->link_count; k++) {
    if (engine->links[k].conn.state == RQ_CONN_CLOSED) return k;
    if (engine->links[k].in_flight == 0) idle = k;
  }
  return idle;
}

static void put(rq_engine *engine, uint32_t number, uint32_t i) {
  rq_link *link = &engine->links[number];
  rq_slot *slot = &engine->slots[i];
  rq_query_spec spec;
  rq_slot_spec(engine, slot, &spec);
  rq_conn_put(&link->conn, &slot->asked.name, &spec);
  rq_list_push(engine, &link->waiting, i);
  link->in_flight++;
  slot->state = RQ_SLOT_TCP;
  slot->sent_us = engine->now_us;
  engine->stats.queries[RQ_TCP]++;
}

static void flush_all(rq_engine *engine) {
  for (uint32_t k = 0; k < engine->link_count; k++) {
    rq_conn *conn = &engine->links[k].conn;
    if (conn->state != RQ_CONN_OPEN || conn->blocked || conn->out == 0) continue;
    int error = rq_conn_flush(conn);
    if (error < 0) {
      read_link(engine, k); /* what came before still counts */
      if (conn->state != RQ_CONN_CLOSED) lose(engine, k, -error);
    } else if (conn->blocked) {
      rq_engine_rewatch(engine, conn->fd, engine->sock_count + k, EPOLLIN | EPOLLOUT);
    }
  }
}

static void sweep(rq_engine *engine) {
  engine->sweep_us = engine->now_us + SWEEP_US;
  for (uint32_t k = 0; k < engine->link_count; k++) {
    rq_link *link = &engine->links[k];
    if (link->in_flight > 0) continue;
    if (link->stale || link->conn.heard_us + IDLE_US < engine->now_us) shut(engine, k);
  }
}

/* --- receiving --- */

void rq_tcp_event(rq_engine *engine, uint32_t number, uint32_t events) {
  rq_conn *conn = &engine->links[number].conn;
  if (conn->state == RQ_CONN_CLOSED) return;
  if (conn->state == RQ_CONN_CONNECTING) {
    int error = rq_conn_opened(conn);
    if (error < 0) {
      lose(engine, number, -error);
      return;
    }
  }
  if (events & EPOLLOUT) {
    conn->blocked = 0;
    rq_engine_rewatch(engine, conn->fd, engine->sock_count + number, EPOLLIN);
  }
  if (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) read_link(engine, number);
}

/* What came before the connection closed still counts. */
static void read_link(rq_engine *engine, uint32_t number) {
  rq_conn *conn = &engine->links[number].conn;
  for (int round = 0; round < RECEIVE_ROUNDS; round++) {
    int got = rq_conn_receive(conn);
    if (got < 0) lose(engine, number, -got);
    if (got <= 0) return;
    read_messages(engine, number);
  }
}

static void read_messages(rq_engine *engine, uint32_t number) {
  rq_link *link = &engine->links[number];
  rq_cur stream, message;
  uint32_t before = link->answered;
  rq_conn_messages(&link->conn, &stream);
  while (rq_frame_next(&stream, &message))
    link->answered += (uint32_t)rq_slot_packet(engine, engine->sock_count + number, NULL,
                                               rq_conn_octets(&link->conn, &message), (uint32_t)rq_cur_left(&message));
  if (link->answered > before) link->conn.heard_us = engine->now_us; /* noise does not keep a connection in use */
  rq_conn_consumed(&link->conn, &stream);
  uint32_t seen = link->answered < RQ_PIPELINE ? link->answered : RQ_PIPELINE;
  if (seen > engine->servers[link->server].pipeline) engine->servers[link->server].pipeline = (uint16_t)seen;
}

void rq_tcp_leave(rq_engine *engine, uint32_t i, int silent) {
  rq_slot *slot = &engine->slots[i];
  rq_link *link = &engine->links[slot->sock - engine->sock_count];
  rq_list_remove(engine, &link->waiting, i);
  link->in_flight--;
  if (silent && link->conn.heard_us <= slot->sent_us) link->stale = 1;
}

/* --- the end of a connection --- */

/* A server that answered some queries and then closed takes only so many on one connection (RFC 7766, 6.2.1): the
 * others are sent again on a new one, and it gets no more than that at once until it is seen to answer more. One that
 * answered none has failed them. */
static void lose(rq_engine *engine, uint32_t number, int error) {
  rq_link *link = &engine->links[number];
  rq_server *server = &engine->servers[link->server];
  uint32_t answered = link->answered;
  shut(engine, number);
  if (answered > 0 && link->in_flight > 0 && answered < server->pipeline) server->pipeline = (uint16_t)answered;
  while (link->waiting.head != RQ_NONE) {
    if (answered > 0)
      rq_slot_again(engine, link->waiting.head);
    else
      rq_slot_failed(engine, link->waiting.head, error);
  }
}

static void shut(rq_engine *engine, uint32_t number) {
  rq_link *link = &engine->links[number];
  if (link->conn.state == RQ_CONN_CLOSED) return;
  rq_engine_unwatch(engine, link->conn.fd);
  rq_conn_close(&link->conn);
  engine->servers[link->server].links--;
  engine->links_open--;
}

void rq_tcp_end(rq_engine *engine) {
  for (uint32_t k = 0; k < engine->link_count; k++) shut(engine, k);
}
