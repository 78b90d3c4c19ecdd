/* rq_engine_tcp.c: lookups of an engine <-> its TCP connections.
 *
 * A few persistent connections for each server, a bounded number in all, many queries in flight on each, answers in any
 * order (RFC 7766, sections 6.2 and 7). A lookup without a place waits within its deadlines. Never decides what becomes
 * of a lookup. SPDX-License-Identifier: MIT */
#include "rq_engine_impl.h"

#include <errno.h>
#include <stdlib.h>

#include <sys/epoll.h>

#define IDLE_US 5000000 /* an idle connection is closed after so long, unless its server tells */
#define IDLE_MOST_US 30000000
#define SWEEP_US 1000000 /* idle ones are looked for this often */
#define RECEIVE_ROUNDS 8 /* times one connection is read before others have their turn */

static int serve(rq_engine *engine, uint32_t s, uint32_t most);
static int find_link(rq_engine *engine, uint32_t s, uint32_t *number);
static int open_link(rq_engine *engine, uint32_t s, uint32_t *number);
static int open_conn(rq_engine *engine, uint32_t s, uint32_t number);
static void put(rq_engine *engine, uint32_t number, uint32_t i);
static void mark_dirty(rq_engine *engine, uint32_t number);
static void flush_dirty(rq_engine *engine);
static void flush(rq_engine *engine, uint32_t number);
static void sweep(rq_engine *engine);
static void read_link(rq_engine *engine, uint32_t number);
static void read_messages(rq_engine *engine, uint32_t number);
static void lose(rq_engine *engine, uint32_t number, int error);
static void shut(rq_engine *engine, uint32_t number);
static void link_push(rq_engine *engine, rq_list *list, int kind, uint32_t number);
static void link_remove(rq_engine *engine, rq_list *list, int kind, uint32_t number);

/* --- sending --- */

/* Whether a connection can be opened, descriptors permitting. */
static int has_place(const rq_engine *engine) {
  return engine->links_open < engine->link_most || engine->idle.head != RQ_NONE;
}

/* Servers take turns, so that one with many lookups does not keep the others from a connection. One that was fed may
 * have had no use for its place: then the next one has it. */
void rq_tcp_send(rq_engine *engine) {
  uint32_t s, room;
  for (;;) {
    while ((s = rq_pace_next(engine, &engine->line, RQ_TCP, RQ_PIPELINE, &room)) != RQ_NONE)
      if (!serve(engine, s, room)) break;
    if (s != RQ_NONE || engine->starved.head == RQ_NONE || !has_place(engine)) break;
    rq_pace_feed(engine);
  }
  flush_dirty(engine);
  if (engine->links_open > 0 && engine->now_us >= engine->sweep_us) sweep(engine);
}

/* Finds places for up to `most` of its lookups; then it is no longer at the head of the line. 0 when nothing can be
 * sent to anyone. */
static int serve(rq_engine *engine, uint32_t s, uint32_t most) {
  rq_list *ready = &engine->servers[s].ready[RQ_TCP];
  uint32_t placed = 0;
  int error = 0;
  while (placed < most && ready->head != RQ_NONE && error != -EAGAIN && error != -EBUSY) {
    uint32_t i = ready->head, number;
    error = find_link(engine, s, &number);
    if (error == 0) {
      if (!rq_slot_draw_id(engine, i, engine->sock_count + number)) return 0;
      rq_list_remove(engine, ready, i);
      rq_pace_sent(engine, s, 1);
      put(engine, number, i);
      placed++;
    } else if (error != -EAGAIN && error != -EBUSY) {
      if (engine->policy.transport == RQ_TCP) rq_pace_failed(engine, s, -error);
      rq_slot_failed(engine, i, -error);
    }
  }
  if (error == -EAGAIN)
    rq_pace_park(engine);
  else if (error == -EBUSY)
    rq_pace_starve(engine);
  else
    rq_pace_rotate(engine, &engine->line, RQ_TCP);
  return 1;
}

/* A connection of the server with room, a new one if there is none: 0; -EAGAIN to wait for one of its own; -EBUSY to
 * wait for a place; or why none can be opened. */
static int find_link(rq_engine *engine, uint32_t s, uint32_t *number) {
  rq_server *server = &engine->servers[s];
  uint32_t next;
  for (*number = server->links.head; *number != RQ_NONE; *number = next) {
    rq_link *link = &engine->links[*number];
    next = link->next[RQ_LINK_SERVER];
    if (link->stale && link->in_flight == 0) {
      shut(engine, *number);
    } else if (!link->stale && link->in_flight < server->pipeline && rq_conn_room(&link->conn)) {
      return 0;
    }
  }
  if (server->link_count >= RQ_SERVER_LINKS) return -EAGAIN;
  int error = open_link(engine, s, number);
  /* without descriptors or ports it has to do with the connections that there are */
  return error < 0 && server->link_count > 0 ? -EAGAIN : error;
}

/* In a place that is closed, else in that of the connection that was idle for longest. */
static int open_link(rq_engine *engine, uint32_t s, uint32_t *number) {
  if (engine->links_open >= engine->link_most || engine->closed.head == RQ_NONE) {
    if (engine->idle.head == RQ_NONE) return -EBUSY;
    shut(engine, engine->idle.head);
  }
  *number = engine->closed.head;
  int error = open_conn(engine, s, *number);
  if (error < 0 && engine->links_open > 0 && (error == -EMFILE || error == -ENFILE || error == -ENOMEM)) {
    engine->link_most = engine->links_open; /* until the next sweep */
    return -EBUSY;
  }
  if (error < 0) return error;
  rq_link *link = &engine->links[*number];
  link_remove(engine, &engine->closed, RQ_LINK_PLACE, *number);
  link_push(engine, &engine->idle, RQ_LINK_PLACE, *number);
  link_push(engine, &engine->servers[s].links, RQ_LINK_SERVER, *number);
  link->waiting = (rq_list){RQ_NONE, RQ_NONE};
  link->server = s;
  link->in_flight = link->answered = 0;
  link->stale = 0;
  engine->servers[s].link_count++;
  engine->links_open++;
  engine->stats.tcp_connects++;
  return 0;
}

/* Its buffers are allocated here: most engines need few connections, or none. */
static int open_conn(rq_engine *engine, uint32_t s, uint32_t number) {
  rq_conn *conn = &engine->links[number].conn;
  conn->memory = malloc(RQ_CONN_MEMORY);
  int error = conn->memory ? rq_conn_open(conn, &engine->servers[s].peer, engine->now_us) : -ENOMEM;
  if (error == 0) {
    error = rq_engine_watch(engine, conn->fd, engine->sock_count + number, EPOLLIN | EPOLLOUT);
    if (error < 0) rq_conn_close(conn);
  }
  if (error == 0) return 0;
  free(conn->memory);
  conn->memory = NULL;
  return error;
}

static void put(rq_engine *engine, uint32_t number, uint32_t i) {
  rq_link *link = &engine->links[number];
  rq_slot *slot = &engine->slots[i];
  rq_query_spec spec;
  rq_slot_spec(engine, slot, &spec);
  rq_conn_put(&link->conn, &slot->asked.name, &spec);
  rq_list_push(engine, &link->waiting, i);
  if (link->in_flight++ == 0) link_remove(engine, &engine->idle, RQ_LINK_PLACE, number);
  mark_dirty(engine, number);
  slot->state = RQ_SLOT_TCP;
  slot->sent_us = engine->now_us;
  engine->stats.queries[RQ_TCP]++;
  if (slot->paired || slot->lookup.distrusts) engine->stats.distrusted++;
}

static void mark_dirty(rq_engine *engine, uint32_t number) {
  rq_link *link = &engine->links[number];
  if (link->dirty) return;
  link->dirty = 1;
  link->next_dirty = engine->dirty;
  engine->dirty = number;
}

/* One that connects still, or was closed, leaves the list: it comes back when it can be written to. */
static void flush_dirty(rq_engine *engine) {
  while (engine->dirty != RQ_NONE) {
    uint32_t number = engine->dirty;
    rq_link *link = &engine->links[number];
    engine->dirty = link->next_dirty;
    link->dirty = 0;
    if (link->conn.state == RQ_CONN_OPEN && !link->conn.blocked && link->conn.out > 0) flush(engine, number);
  }
}

static void flush(rq_engine *engine, uint32_t number) {
  rq_conn *conn = &engine->links[number].conn;
  int error = rq_conn_flush(conn);
  if (error < 0) {
    read_link(engine, number); /* what came before still counts */
    if (conn->state != RQ_CONN_CLOSED) lose(engine, number, -error);
  } else if (conn->blocked) {
    rq_engine_rewatch(engine, conn->fd, engine->sock_count + number, EPOLLIN | EPOLLOUT);
  } else {
    rq_pace_return(engine, engine->links[number].server, RQ_TCP);
  }
}

/* How long an idle connection to the server stays open: what the server told (RFC 7828, 3.2.2), up to a limit. */
static int64_t idle_us(const rq_engine *engine, uint32_t s) {
  const rq_manner *manner = &engine->manners[s];
  int64_t told_us = (int64_t)manner->idle * 100000;
  if (!manner->idle_told) return IDLE_US;
  return told_us < IDLE_MOST_US ? told_us : IDLE_MOST_US;
}

static void sweep(rq_engine *engine) {
  uint32_t next;
  engine->sweep_us = engine->now_us + SWEEP_US;
  engine->link_most = engine->link_count;
  for (uint32_t number = engine->idle.head; number != RQ_NONE; number = next) {
    rq_link *link = &engine->links[number];
    next = link->next[RQ_LINK_PLACE];
    if (link->stale || link->conn.heard_us + idle_us(engine, link->server) < engine->now_us) shut(engine, number);
  }
  rq_pace_feed(engine);
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
    mark_dirty(engine, number);
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
  rq_cur stream, message, ahead, next;
  uint32_t before = link->answered, sock = engine->sock_count + number;
  rq_conn_messages(&link->conn, &stream);
  while (rq_frame_next(&stream, &message)) {
    ahead = stream;
    if (rq_frame_next(&ahead, &next))
      rq_slot_expect(engine, sock, rq_conn_octets(&link->conn, &next), (uint32_t)rq_cur_left(&next));
    link->answered += (uint32_t)rq_slot_packet(engine, sock, NULL, rq_conn_octets(&link->conn, &message),
                                               (uint32_t)rq_cur_left(&message));
  }
  if (link->answered > before) link->conn.heard_us = engine->now_us; /* noise does not keep a connection in use */
  rq_conn_consumed(&link->conn, &stream);
  uint32_t seen = link->answered < RQ_PIPELINE ? link->answered : RQ_PIPELINE;
  if (seen > engine->servers[link->server].pipeline) engine->servers[link->server].pipeline = (uint16_t)seen;
}

void rq_tcp_leave(rq_engine *engine, uint32_t i, int silent) {
  rq_slot *slot = &engine->slots[i];
  uint32_t number = slot->sock - engine->sock_count;
  rq_link *link = &engine->links[number];
  rq_list_remove(engine, &link->waiting, i);
  link->in_flight--;
  if (silent && link->conn.heard_us <= slot->sent_us) link->stale = 1;
  if (link->conn.state == RQ_CONN_CLOSED) return;
  rq_pace_return(engine, link->server, RQ_TCP);
  if (link->in_flight > 0) return;
  link_push(engine, &engine->idle, RQ_LINK_PLACE, number);
  rq_pace_feed(engine);
}

/* --- the end of a connection --- */

/* Where TCP is what was asked for: a connection that was closed before any answer is one failure, one that was never
 * opened is that of each of its queries. */
static void count_failure(rq_engine *engine, const rq_link *link, int error) {
  if (engine->policy.transport != RQ_TCP) return;
  uint32_t count = link->conn.state == RQ_CONN_CONNECTING ? link->in_flight : 1;
  for (; count > 0; count--) rq_pace_failed(engine, link->server, error);
}

/* A server that answered some queries and then closed takes only so many on one connection (RFC 7766, 6.2.1): the
 * others are sent again on a new one, and it gets no more than that at once until it is seen to answer more. One that
 * answered none has failed them. */
static void lose(rq_engine *engine, uint32_t number, int error) {
  rq_link *link = &engine->links[number];
  rq_server *server = &engine->servers[link->server];
  uint32_t answered = link->answered;
  if (answered == 0) count_failure(engine, link, error);
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
  free(link->conn.memory);
  link->conn.memory = NULL;
  if (link->in_flight == 0) link_remove(engine, &engine->idle, RQ_LINK_PLACE, number);
  link_push(engine, &engine->closed, RQ_LINK_PLACE, number);
  link_remove(engine, &engine->servers[link->server].links, RQ_LINK_SERVER, number);
  engine->servers[link->server].link_count--;
  engine->links_open--;
  rq_pace_return(engine, link->server, RQ_TCP);
  rq_pace_feed(engine);
}

/* --- places --- */

int rq_tcp_make(rq_engine *engine) {
  uint32_t count = engine->conf.slots < RQ_LINKS ? engine->conf.slots : RQ_LINKS;
  engine->links = calloc(count, sizeof *engine->links);
  if (!engine->links) return -ENOMEM;
  engine->link_count = engine->link_most = count;
  engine->dirty = RQ_NONE;
  engine->closed = engine->idle = (rq_list){RQ_NONE, RQ_NONE};
  for (uint32_t k = 0; k < count; k++) {
    engine->links[k].conn.sys = engine->sys;
    link_push(engine, &engine->closed, RQ_LINK_PLACE, k);
  }
  return 0;
}

void rq_tcp_end(rq_engine *engine) {
  for (uint32_t k = 0; k < engine->link_count; k++) shut(engine, k);
}

static void link_push(rq_engine *engine, rq_list *list, int kind, uint32_t number) {
  engine->links[number].next[kind] = RQ_NONE;
  engine->links[number].prev[kind] = list->tail;
  if (list->tail != RQ_NONE)
    engine->links[list->tail].next[kind] = number;
  else
    list->head = number;
  list->tail = number;
}

static void link_remove(rq_engine *engine, rq_list *list, int kind, uint32_t number) {
  uint32_t next = engine->links[number].next[kind], prev = engine->links[number].prev[kind];
  if (prev != RQ_NONE)
    engine->links[prev].next[kind] = next;
  else
    list->head = next;
  if (next != RQ_NONE)
    engine->links[next].prev[kind] = prev;
  else
    list->tail = prev;
}
