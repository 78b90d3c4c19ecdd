/* rq_slot.c: one lookup of an engine, from its input to its row.
 *
 * Carries events to rq_lookup and its actions out; never sends or receives. Every slot that is taken ends in the list
 * of finished ones exactly once. SPDX-License-Identifier: MIT */
#include "rq_engine_impl.h"

#include <stdlib.h>

#define AHEAD 3 /* lookups between the fetching of a slot and its use */

static uint32_t draw(rq_engine *engine);
static void put_back(rq_engine *engine, uint32_t i);
static void begin(rq_engine *engine, uint32_t i, uint32_t first);
static uint32_t draw_fresh(rq_engine *engine);
static void add_fresh(rq_engine *engine, uint32_t i);
static void remove_fresh(rq_engine *engine, uint32_t i);
static void apply(rq_engine *engine, uint32_t i, rq_action action);
static void finish(rq_engine *engine, uint32_t i);
static void leave(rq_engine *engine, uint32_t i, int silent);
static void take_off(rq_engine *engine, uint32_t i, int silent);
static void pair(rq_engine *engine, uint32_t i);
static void unpair(rq_engine *engine, uint32_t i, int silent);
static void give_up_tcp(rq_engine *engine, uint32_t i);
static void learn(rq_engine *engine, uint32_t i, const rq_reply *reply);
static int keep(rq_engine *engine, uint32_t i, const uint8_t *wire, uint32_t len, const rq_reply *reply);

/* --- events --- */

void rq_slots_start(rq_engine *engine) {
  while (rq_slots_wait(engine) && engine->stats.in_flight < engine->conf.max_in_flight) {
    uint32_t first = engine->conf.rotate ? engine->turn : 0;
    int may_send = rq_pace_begin(engine, &first);
    if (!may_send && !engine->share.on) break;
    uint32_t i = draw(engine);
    if (engine->share.on && rq_share_join(engine, i)) continue;
    if (!may_send) {
      put_back(engine, i);
      break;
    }
    if (engine->share.on) rq_share_lead(engine, i);
    rq_pace_turn(engine, first);
    begin(engine, i, first);
  }
  if (!rq_slots_wait(engine)) engine->paused = 0; /* those that were held back need no query */
}

/* One that has begun already comes first. */
static uint32_t draw(rq_engine *engine) {
  uint32_t i = engine->share.asking.head;
  if (i == RQ_NONE) return draw_fresh(engine);
  rq_list_remove(engine, &engine->share.asking, i);
  return i;
}

static void put_back(rq_engine *engine, uint32_t i) {
  if (engine->slots[i].state == RQ_SLOT_ASKING)
    rq_list_push_front(engine, &engine->share.asking, i);
  else if (engine->conf.spread)
    add_fresh(engine, i);
  else
    rq_list_push_front(engine, &engine->fresh, i);
}

static void begin(rq_engine *engine, uint32_t i, uint32_t first) {
  rq_slot *slot = &engine->slots[i];
  int is_fresh = slot->state == RQ_SLOT_FRESH;
  rq_action action = is_fresh ? rq_lookup_start(&slot->lookup, &engine->policy, first, engine->now_us)
                              : rq_lookup_resume(&slot->lookup, &engine->policy, first, engine->now_us);
  slot->source = RQ_FROM_NETWORK;
  engine->stats.in_flight++;
  apply(engine, i, action);
}

void rq_slot_fetch(const rq_engine *engine, uint32_t i) {
  const rq_slot *slot = &engine->slots[i];
  __builtin_prefetch(slot);
  __builtin_prefetch((const char *)slot + 64);
  __builtin_prefetch((const char *)slot + 128);
  __builtin_prefetch(&slot->asked);
  __builtin_prefetch(slot->store);
}

void rq_slot_expect(const rq_engine *engine, uint32_t sock, const uint8_t *wire, uint32_t len) {
  rq_cur cur;
  rq_cur_init(&cur, wire, len);
  uint32_t i = rq_ids_find(&engine->ids, rq_ids_key(sock, rq_cur_u16(&cur)));
  if (i != RQ_NONE) rq_slot_fetch(engine, i);
}

/* The next in order, or in the order that add_fresh() drew. */
static uint32_t draw_fresh(rq_engine *engine) {
  uint32_t i = engine->fresh.head;
  if (engine->conf.spread) i = engine->spread[engine->fresh_count - 1];
  if (engine->conf.spread && engine->fresh_count > AHEAD)
    rq_slot_fetch(engine, engine->spread[engine->fresh_count - 1 - AHEAD]);
  remove_fresh(engine, i);
  return i;
}

static void place(rq_engine *engine, uint32_t at, uint32_t i) {
  engine->spread[at] = i;
  engine->places[i] = at;
}

/* With `spread` at a random place, and what stood there at the end: then any order of them all is as likely. */
static void add_fresh(rq_engine *engine, uint32_t i) {
  if (!engine->conf.spread) {
    rq_list_push(engine, &engine->fresh, i);
    return;
  }
  int32_t drawn = rq_random_u16(&engine->random);
  uint32_t end = engine->fresh_count++, at = (uint32_t)(drawn < 0 ? 0 : drawn) * (end + 1) / 65536u;
  if (at < end) place(engine, end, engine->spread[at]);
  place(engine, at, i);
}

/* The last takes its place. */
static void remove_fresh(rq_engine *engine, uint32_t i) {
  if (!engine->conf.spread) {
    rq_list_remove(engine, &engine->fresh, i);
    return;
  }
  uint32_t last = engine->spread[--engine->fresh_count];
  place(engine, engine->places[i], last);
}

static int is_sent(const rq_slot *slot) {
  return slot->state == RQ_SLOT_UDP || slot->state == RQ_SLOT_TCP;
}

void rq_slot_timer(rq_engine *engine, uint32_t i) {
  rq_slot *slot = &engine->slots[i];
  if (engine->now_us < slot->lookup.deadline_us) {
    rq_udp_repeat(engine, i);
    return;
  }
  if (engine->now_us < slot->lookup.try_end_us) {
    if (rq_lookup_timer(&slot->lookup, &engine->policy, engine->now_us) == RQ_DO_BESIDE) pair(engine, i);
    return;
  }
  if (slot->paired) unpair(engine, i, 1);
  if (is_sent(slot)) rq_pace_loss(engine, i);
  leave(engine, i, 1);
  give_up_tcp(engine, i);
  apply(engine, i, rq_lookup_timer(&engine->slots[i].lookup, &engine->policy, engine->now_us));
}

void rq_slot_failed(rq_engine *engine, uint32_t i, int error) {
  const rq_slot *slot = &engine->slots[i];
  if (slot->paired) {
    rq_slot_alone(engine, i);
    return;
  }
  int over_udp = slot->state == RQ_SLOT_UDP || slot->state == RQ_SLOT_READY_UDP;
  if (over_udp)
    rq_pace_failed(engine, slot->lookup.server, error); /* a connection's failure is one, not each query's */
  if (is_sent(&engine->slots[i])) rq_pace_loss(engine, i);
  leave(engine, i, 0);
  give_up_tcp(engine, i);
  apply(engine, i, rq_lookup_failed(&engine->slots[i].lookup, &engine->policy, error, engine->now_us));
}

void rq_slot_reply(rq_engine *engine, uint32_t i, const uint8_t *wire, uint32_t len, const rq_reply *reply) {
  rq_slot *slot = &engine->slots[i];
  rq_lookup *lookup = &slot->lookup;
  int64_t sent_us = slot->sent_us;
  engine->stats.received[reply->transport]++;
  rq_pace_answer(engine, i, reply->rcode);
  learn(engine, i, reply);
  leave(engine, i, 0);
  slot->sent_us = sent_us;
  rq_action action = rq_lookup_reply(lookup, &engine->policy, reply, engine->now_us);
  int answer = action == RQ_DO_FINISH && lookup->status == RQ_OK && !lookup->kept;
  if ((answer || action == RQ_DO_KEEP) && keep(engine, i, wire, len, reply) < 0) {
    lookup->status = RQ_NO_MEMORY;
    action = RQ_DO_FINISH;
  }
  apply(engine, i, action);
}

void rq_slot_cancel(rq_engine *engine, uint32_t i) {
  rq_slot *slot = &engine->slots[i];
  if (slot->state == RQ_SLOT_FREE || slot->state == RQ_SLOT_DONE) return;
  if (slot->state == RQ_SLOT_FRESH) {
    remove_fresh(engine, i);
    engine->stats.in_flight++; /* as if it had begun: finish() takes it off again */
  } else {
    leave(engine, i, 0);
  }
  rq_slot_drop_reply(slot);
  slot->lookup.status = RQ_CANCELLED;
  slot->lookup.error = 0;
  finish(engine, i);
}

void rq_slot_again(rq_engine *engine, uint32_t i) {
  if (engine->slots[i].paired) {
    unpair(engine, i, 0);
    pair(engine, i);
    return;
  }
  leave(engine, i, 0);
  rq_lookup_alone(&engine->slots[i].lookup); /* what raised a suspicion answered the query before */
  apply(engine, i, RQ_DO_SEND);
}

void rq_slot_delay(rq_engine *engine, uint32_t i, int64_t by_us) {
  rq_slot *slot = &engine->slots[i];
  int is_ready = slot->state == RQ_SLOT_READY_UDP || slot->state == RQ_SLOT_READY_TCP;
  if (slot->paired || !(is_ready || slot->state == RQ_SLOT_FOLLOW || slot->state == RQ_SLOT_ASKING)) return;
  int64_t due_us = rq_wheel_due_us(&engine->wheel, i);
  rq_lookup_delay(&slot->lookup, by_us);
  if (due_us < INT64_MAX) rq_wheel_set(&engine->wheel, i, due_us + by_us);
}

/* The slot is in no list and has no ID here. RQ_DO_WAIT does not come up: timers never fire early. */
static void apply(rq_engine *engine, uint32_t i, rq_action action) {
  rq_slot *slot = &engine->slots[i];
  if (action == RQ_DO_FINISH) {
    finish(engine, i);
    return;
  }
  int64_t due_us = slot->lookup.deadline_us;
  if (engine->conf.adapt && slot->lookup.transport == RQ_UDP) {
    int64_t rto_us = rq_slot_rto_us(engine, slot->lookup.server);
    if (rto_us < due_us - engine->now_us) due_us = engine->now_us + rto_us;
  }
  rq_wheel_set(&engine->wheel, i, due_us);
  engine->unsent = 1;
  rq_pace_queue(engine, i);
}

int64_t rq_slot_rto_us(const rq_engine *engine, uint32_t s) {
  int64_t rto_us = rq_health_rto_us(&engine->healths[s]), most_us = engine->policy.try_us / 2;
  return rto_us < most_us ? rto_us : most_us;
}

static void finish(rq_engine *engine, uint32_t i) {
  rq_slot_restore_case(&engine->slots[i]);
  if (engine->share.on && rq_share_end(engine, i)) return;
  rq_slot_done(engine, i);
}

void rq_slot_done(rq_engine *engine, uint32_t i) {
  rq_slot *slot = &engine->slots[i];
  rq_stats *stats = &engine->stats;
  rq_wheel_clear(&engine->wheel, i);
  slot->time_us = engine->wall_us;
  slot->state = RQ_SLOT_DONE;
  rq_list_push(engine, &engine->done, i);
  stats->in_flight--;
  stats->finished++;
  stats->tries += slot->lookup.tries;
  stats->statuses[-slot->lookup.status]++;
  if (slot->source != RQ_FROM_NETWORK && slot->lookup.status == RQ_OK) {
    stats->shared += slot->source == RQ_FROM_LOOKUP;
    stats->cached += slot->source == RQ_FROM_CACHE;
    stats->stale += slot->source == RQ_FROM_CACHE && slot->stale;
  }
  if (slot->lookup.status == RQ_OK) stats->rcodes[slot->rcode < RQ_RCODES ? slot->rcode : RQ_RCODES - 1]++;
}

/* Takes the slot off the network, or off the list of those to be sent. */
static void leave(rq_engine *engine, uint32_t i, int silent) {
  if (engine->slots[i].paired) unpair(engine, i, silent);
  take_off(engine, i, silent);
}

static void take_off(rq_engine *engine, uint32_t i, int silent) {
  rq_slot *slot = &engine->slots[i];
  if (slot->state == RQ_SLOT_FOLLOW || slot->state == RQ_SLOT_ASKING) {
    rq_share_leave(engine, i);
  } else if (slot->state == RQ_SLOT_READY_UDP || slot->state == RQ_SLOT_READY_TCP) {
    rq_pace_unqueue(engine, i);
  } else {
    rq_pace_left(engine, slot->lookup.server);
    rq_ids_remove(&engine->ids, rq_ids_key(slot->sock, slot->id));
    if (slot->state == RQ_SLOT_UDP)
      rq_udp_leave(engine, i);
    else
      rq_tcp_leave(engine, i, silent);
  }
}

/* The query over UDP stays where it is, in the table of IDs and on its socket; the slot is now the one over TCP, and so
 * is its place among those in flight at the server: it is one lookup. */
static void pair(rq_engine *engine, uint32_t i) {
  rq_slot *slot = &engine->slots[i];
  slot->paired = 1;
  slot->udp_sock = slot->sock;
  slot->udp_id = slot->id;
  slot->udp_sent_us = slot->sent_us;
  rq_pace_left(engine, slot->lookup.server);
  engine->unsent = 1;
  rq_wheel_set(&engine->wheel, i, slot->lookup.deadline_us);
  rq_pace_queue(engine, i);
}

/* Takes the query over TCP off; the slot is the one over UDP again. */
static void unpair(rq_engine *engine, uint32_t i, int silent) {
  rq_slot *slot = &engine->slots[i];
  take_off(engine, i, silent);
  slot->paired = 0;
  slot->state = RQ_SLOT_UDP;
  slot->sock = slot->udp_sock;
  slot->id = slot->udp_id;
  slot->sent_us = slot->udp_sent_us;
  rq_pace_back(engine, slot->lookup.server);
}

void rq_slot_alone(rq_engine *engine, uint32_t i) {
  if (!engine->slots[i].paired) return;
  unpair(engine, i, 0);
  rq_lookup_alone(&engine->slots[i].lookup);
}

/* A server that is asked over TCP for lack of trust, and does not answer there, gets its chance over UDP again. */
static void give_up_tcp(rq_engine *engine, uint32_t i) {
  const rq_lookup *lookup = &engine->slots[i].lookup;
  if (lookup->distrusts) rq_manner_trust(&engine->manners[lookup->server]);
}

static void learn(rq_engine *engine, uint32_t i, const rq_reply *reply) {
  const rq_slot *slot = &engine->slots[i];
  rq_manner *manner = &engine->manners[slot->lookup.server];
  rq_manner_learn(manner, reply, engine->policy.cookies && slot->lookup.edns);
  if (slot->paired) rq_manner_distrust(manner, slot->lookup.beside, reply, engine->now_us);
}

/* --- slots and what they hold --- */

void rq_slot_add(rq_engine *engine, const uint8_t *text, uint32_t len, int flaw, const rq_question *asked,
                 int64_t index) {
  uint32_t i = engine->free_slots[--engine->free_count];
  rq_slot *slot = &engine->slots[i];
  slot->index = index;
  slot->text_len = rq_clip(slot->store, RQ_TEXT_MAX, text, len);
  slot->reply = NULL;
  slot->rtt_us = -1;
  slot->source = RQ_FROM_NETWORK;
  slot->aliased = slot->looked = slot->leads = slot->hops = slot->mixed = 0;
  slot->followers = (rq_list){RQ_NONE, RQ_NONE};
  slot->asked.rrtype = asked->rrtype;
  slot->asked.rrclass = asked->rrclass;
  slot->asked.name.len = (uint8_t)rq_clip(slot->asked.name.octets, RQ_NAME_MAX, asked->name.octets, asked->name.len);
  slot->lookup = (rq_lookup){.status = RQ_PENDING};
  rq_share_note(engine, i);
  engine->stats.inputs++;
  engine->stats.held++;
  if (flaw == RQ_FLAW_NONE) {
    slot->state = RQ_SLOT_FRESH;
    if (!engine->cache || !rq_share_arrive(engine, i)) add_fresh(engine, i);
    return;
  }
  slot->lookup.status = RQ_ILLEGAL_INPUT;
  slot->lookup.error = flaw;
  engine->stats.in_flight++; /* as if it had begun: finish() takes it off again */
  finish(engine, i);
}

void rq_slot_release(rq_engine *engine, uint32_t i) {
  rq_slot *slot = &engine->slots[i];
  rq_list_remove(engine, &engine->done, i);
  rq_slot_drop_reply(slot);
  if (slot->chain) rq_share_drop(slot);
  slot->state = RQ_SLOT_FREE;
  engine->free_slots[engine->free_count++] = i;
  engine->stats.rows++;
  engine->stats.held--;
  engine->stats.finished--;
}

/* Keeps the reply to the last query, its question in the case of the input; -1 when there is no memory. */
static int keep(rq_engine *engine, uint32_t i, const uint8_t *wire, uint32_t len, const rq_reply *reply) {
  rq_slot *slot = &engine->slots[i];
  if (rq_slot_keep(slot, wire, len) < 0) return -1;
  rq_slot_restore_case(slot);
  if (engine->conf.mixed_case && reply->named)
    rq_clip(slot->reply + RQ_HEADER_SIZE, len - RQ_HEADER_SIZE, slot->asked.name.octets, slot->asked.name.len);
  slot->rcode = reply->rcode;
  slot->aliased = reply->aliased;
  slot->rtt_us = engine->now_us - slot->sent_us;
  return 0;
}

int rq_slot_keep(rq_slot *slot, const uint8_t *wire, uint32_t len) {
  rq_slot_drop_reply(slot);
  slot->reply = len <= RQ_STORE - slot->text_len ? slot->store + slot->text_len : malloc(len);
  if (!slot->reply) return -1;
  slot->reply_len = rq_clip(slot->reply, len, wire, len);
  return 0;
}

void rq_slot_drop_reply(rq_slot *slot) {
  if (slot->reply && slot->reply != slot->store + slot->text_len) free(slot->reply);
  slot->reply = NULL;
  slot->reply_len = 0;
}

/* --- lists --- */

void rq_list_push(rq_engine *engine, rq_list *list, uint32_t i) {
  engine->slots[i].next = RQ_NONE;
  engine->slots[i].prev = list->tail;
  if (list->tail != RQ_NONE)
    engine->slots[list->tail].next = i;
  else
    list->head = i;
  list->tail = i;
}

void rq_list_push_front(rq_engine *engine, rq_list *list, uint32_t i) {
  engine->slots[i].prev = RQ_NONE;
  engine->slots[i].next = list->head;
  if (list->head != RQ_NONE)
    engine->slots[list->head].prev = i;
  else
    list->tail = i;
  list->head = i;
}

void rq_list_remove(rq_engine *engine, rq_list *list, uint32_t i) {
  uint32_t next = engine->slots[i].next, prev = engine->slots[i].prev;
  if (prev != RQ_NONE)
    engine->slots[prev].next = next;
  else
    list->head = next;
  if (next != RQ_NONE)
    engine->slots[next].prev = prev;
  else
    list->tail = prev;
}
