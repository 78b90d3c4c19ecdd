/* rq_pace.c: which servers may be sent to now, and which wait for it.
 *
 * Lookups that are to be sent stand in their server's list, servers that have some stand in a line, one for the TCP
 * connections and one for each group of UDP sockets. A server that may not be sent to leaves the line, until a timer or
 * an answer brings it back: so it holds up no other, and nobody looks in vain. rq_health decides what it may be sent.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "rq_engine_impl.h"

int rq_pace_make(rq_engine *engine) {
  const rq_engine_conf *conf = &engine->conf;
  rq_bucket_init(&engine->bucket, conf->rate, engine->now_us);
  engine->paces = conf->rate > 0;
  if (!conf->adapt && conf->server_rate <= 0 && conf->server_flight == 0) return 0;
  engine->healths = malloc(engine->server_count * sizeof *engine->healths);
  if (!engine->healths) return -ENOMEM;
  for (uint32_t s = 0; s < engine->server_count; s++)
    rq_health_init(&engine->healths[s], conf->server_rate, conf->server_flight, conf->adapt ? engine->policy.try_us : 0,
                   engine->now_us);
  engine->paces = 1;
  engine->policy.healths = engine->healths;
  return 0;
}

void rq_pace_drop(rq_engine *engine) {
  free(engine->healths);
}

/* --- lines --- */

static void line_push(rq_engine *engine, rq_list *line, uint32_t s, int transport) {
  engine->servers[s].turn[transport] = RQ_TURN_LINE;
  engine->servers[s].next[transport] = RQ_NONE;
  if (line->head == RQ_NONE)
    line->head = s;
  else
    engine->servers[line->tail].next[transport] = s;
  line->tail = s;
}

static void line_pop(rq_engine *engine, rq_list *line, int transport, enum rq_turn turn) {
  rq_server *server = &engine->servers[line->head];
  server->turn[transport] = (uint8_t)turn;
  line->head = server->next[transport];
}

static rq_list *line_of(rq_engine *engine, uint32_t s, int transport) {
  return transport == RQ_TCP ? &engine->line : &engine->groups[engine->servers[s].group].line;
}

void rq_pace_rotate(rq_engine *engine, rq_list *line, int transport) {
  uint32_t s = line->head;
  line_pop(engine, line, transport, RQ_TURN_NONE);
  line_push(engine, line, s, transport);
}

void rq_pace_return(rq_engine *engine, uint32_t s, int transport) {
  if (engine->servers[s].turn[transport] == RQ_TURN_PARKED)
    line_push(engine, line_of(engine, s, transport), s, transport);
}

void rq_pace_park(rq_engine *engine) {
  line_pop(engine, &engine->line, RQ_TCP, RQ_TURN_PARKED);
}

void rq_pace_starve(rq_engine *engine) {
  uint32_t s = engine->line.head;
  line_pop(engine, &engine->line, RQ_TCP, RQ_TURN_NONE);
  line_push(engine, &engine->starved, s, RQ_TCP);
  engine->servers[s].turn[RQ_TCP] = RQ_TURN_STARVED;
}

/* Those whose lookups have gone in the meantime leave the line. */
void rq_pace_feed(rq_engine *engine) {
  while (engine->starved.head != RQ_NONE) {
    uint32_t s = engine->starved.head;
    line_pop(engine, &engine->starved, RQ_TCP, RQ_TURN_NONE);
    if (engine->servers[s].ready[RQ_TCP].head == RQ_NONE) continue;
    line_push(engine, &engine->line, s, RQ_TCP);
    break;
  }
}

/* --- timers --- */

uint32_t rq_pace_timers(const rq_engine *engine) {
  return engine->paces ? engine->server_count + 1 : 0;
}

static void wake(rq_engine *engine, uint32_t number, int64_t due_us) {
  uint32_t timer = engine->conf.slots + number;
  if (due_us < rq_wheel_due_us(&engine->wheel, timer)) rq_wheel_set(&engine->wheel, timer, due_us);
}

void rq_pace_timer(rq_engine *engine, uint32_t number) {
  uint32_t s = number - engine->conf.slots;
  if (s == engine->server_count) return; /* the bucket: that the engine woke is all it takes */
  rq_pace_return(engine, s, RQ_UDP);
  rq_pace_return(engine, s, RQ_TCP);
}

/* --- beginning --- */

int rq_pace_begin(rq_engine *engine, uint32_t *first) {
  if (!engine->paces) return 1;
  int64_t now_us = engine->now_us, due_us = now_us;
  if (rq_bucket_ready(&engine->bucket, engine->queued + 1, now_us) <= engine->queued) {
    due_us = rq_bucket_due_us(&engine->bucket, engine->queued + 1, now_us);
  } else if (engine->healths) {
    const uint32_t from = *first;
    *first = rq_health_choose(engine->healths, engine->server_count, from, 1, now_us);
    if (!rq_health_open(&engine->healths[*first], now_us))
      due_us = rq_health_open_us(engine->healths, engine->server_count, from, now_us);
  }
  engine->paused = due_us > now_us;
  if (engine->paused && due_us < INT64_MAX) wake(engine, engine->server_count, due_us);
  return !engine->paused;
}

void rq_pace_turn(rq_engine *engine, uint32_t s) {
  uint32_t count = engine->server_count, row = engine->connected ? 1 : RQ_TURN;
  if (engine->conf.transport == RQ_TCP && count > engine->link_most) count = engine->link_most;
  if (engine->turn != s) engine->turn_left = row; /* others were passed over */
  engine->turn = s;
  if (engine->turn_left > 1) {
    engine->turn_left--;
    return;
  }
  engine->turn = s + 1 < count ? s + 1 : 0;
  engine->turn_left = row;
}

/* --- queries on their way --- */

void rq_pace_queue(rq_engine *engine, uint32_t i) {
  rq_slot *slot = &engine->slots[i];
  uint32_t s = slot->lookup.server;
  int transport = slot->paired ? RQ_TCP : slot->lookup.transport;
  rq_server *server = &engine->servers[s];
  slot->state = transport == RQ_TCP ? RQ_SLOT_READY_TCP : RQ_SLOT_READY_UDP;
  rq_list_push(engine, &server->ready[transport], i);
  if (server->turn[transport] == RQ_TURN_NONE) line_push(engine, line_of(engine, s, transport), s, transport);
  engine->queued++;
  if (engine->healths) rq_health_queue(&engine->healths[s], engine->now_us);
}

void rq_pace_unqueue(rq_engine *engine, uint32_t i) {
  rq_slot *slot = &engine->slots[i];
  uint32_t s = slot->lookup.server;
  rq_list_remove(engine, &engine->servers[s].ready[slot->state == RQ_SLOT_READY_TCP], i);
  engine->queued--;
  if (engine->healths) rq_health_unqueue(&engine->healths[s]);
}

uint32_t rq_pace_next(rq_engine *engine, rq_list *line, int transport, uint32_t most, uint32_t *room) {
  *room = rq_bucket_ready(&engine->bucket, most, engine->now_us);
  if (*room == 0 && line->head != RQ_NONE)
    wake(engine, engine->server_count, rq_bucket_due_us(&engine->bucket, 1, engine->now_us));
  most = *room;
  while (most > 0 && line->head != RQ_NONE) {
    uint32_t s = line->head;
    if (engine->servers[s].ready[transport].head == RQ_NONE) {
      line_pop(engine, line, transport, RQ_TURN_NONE);
      continue;
    }
    if (!engine->healths) return s;
    *room = rq_health_room(&engine->healths[s], most, engine->now_us);
    if (*room > 0) return s;
    line_pop(engine, line, transport, RQ_TURN_PARKED);
    int64_t due_us = rq_bucket_due_us(&engine->healths[s].bucket, 1, engine->now_us);
    if (due_us > engine->now_us) wake(engine, s, due_us); /* else rq_pace_left will bring it back */
  }
  return RQ_NONE;
}

void rq_pace_sent(rq_engine *engine, uint32_t s, uint32_t count) {
  engine->queued -= count;
  rq_bucket_take(&engine->bucket, count);
  if (engine->healths) rq_health_sent(&engine->healths[s], count);
}

void rq_pace_unsent(rq_engine *engine, uint32_t i) {
  rq_slot *slot = &engine->slots[i];
  uint32_t s = slot->lookup.server;
  int transport = slot->lookup.transport;
  rq_list_push_front(engine, &engine->servers[s].ready[transport], i);
  if (engine->servers[s].turn[transport] == RQ_TURN_NONE)
    line_push(engine, line_of(engine, s, transport), s, transport);
  engine->queued++;
  rq_bucket_give(&engine->bucket, 1);
  if (engine->healths) rq_health_unsent(&engine->healths[s], 1);
}

/* A server that waits for this has its turn; if it lacks something else, it will be found out then. */
void rq_pace_left(rq_engine *engine, uint32_t s) {
  if (!engine->healths) return;
  rq_health_left(&engine->healths[s]);
  if (engine->conf.server_flight == 0) return;
  rq_pace_return(engine, s, RQ_UDP);
  rq_pace_return(engine, s, RQ_TCP);
}

void rq_pace_back(rq_engine *engine, uint32_t s) {
  if (engine->healths) rq_health_back(&engine->healths[s]);
}

/* --- what is learned --- */

static void count_benched(rq_engine *engine, int benched) {
  if (benched && engine->server_count > 1) engine->stats.benched++;
}

static enum rq_health_reply reply_of(uint16_t rcode) {
  if (rcode == RQ_RCODE_REFUSED) return RQ_REPLY_REFUSED;
  return rcode == RQ_RCODE_SERVFAIL ? RQ_REPLY_FAILED : RQ_REPLY_GOOD;
}

void rq_pace_answer(rq_engine *engine, uint32_t i, uint16_t rcode) {
  const rq_slot *slot = &engine->slots[i];
  if (slot->state == RQ_SLOT_UDP) engine->servers[slot->lookup.server].alive = 1;
  if (!engine->healths) return;
  /* how long TCP takes says nothing of UDP, nor how long nobody looked */
  int tells = slot->state == RQ_SLOT_UDP && !slot->repeated && !engine->late;
  count_benched(engine, rq_health_answer(&engine->healths[slot->lookup.server], engine->now_us - slot->sent_us,
                                         reply_of(rcode), !tells, engine->now_us));
}

void rq_pace_loss(rq_engine *engine, uint32_t i) {
  if (!engine->healths) return;
  const rq_slot *slot = &engine->slots[i];
  count_benched(engine, rq_health_loss(&engine->healths[slot->lookup.server], slot->sent_us, engine->now_us));
}

/* Whether it is the server, or the way there, that fails: not our own lack of something. */
static int is_servers(int error) {
  return error == ECONNREFUSED || error == ECONNRESET || error == EHOSTUNREACH || error == ENETUNREACH;
}

void rq_pace_failed(rq_engine *engine, uint32_t s, int error) {
  if (!engine->healths || !is_servers(error)) return;
  count_benched(engine, rq_health_refuse(&engine->healths[s], engine->now_us));
}

int rq_pace_repeat(rq_engine *engine, uint32_t i) {
  const rq_slot *slot = &engine->slots[i];
  if (rq_bucket_ready(&engine->bucket, 1, engine->now_us) == 0) return 0;
  if (!engine->healths || slot->repeated >= RQ_REPEATS_MOST) return 0;
  if (!rq_health_repeat(&engine->healths[slot->lookup.server], slot->repeated, engine->now_us)) return 0;
  rq_bucket_take(&engine->bucket, 1);
  return 1;
}
