/* rq_share.c: lookups beyond their own query: answered from the cache, or as another one asks the same, or led on by a
 * CNAME to another name.
 *
 * A lookup that asks the network leads those that ask the same meanwhile: so there is one query in flight for a
 * question, however often it is asked (RFC 5452, section 5). Never sends, and does nothing at all unless something of
 * it was asked for. Serves RFC 1034 section 3.6.2, RFC 2308, RFC 8767. SPDX-License-Identifier: MIT */
#include "../lookup/rq_chain.h"
#include "rq_clock.h"
#include "rq_engine_impl.h"

#include <errno.h>
#include <stdlib.h>

#define TYPE_CNAME 5
#define TYPE_RRSIG 46
#define TYPE_META 249 /* TKEY, the first of the types that only questions have (RFC 6895, 3.1), */
#define TYPE_ANY 255  /* and the last */
#define RCODE_NXDOMAIN 3
#define SECRET_DRAWS 8 /* of 16 bits */

static uint32_t *bucket_of(rq_engine *engine, const rq_slot *slot);
static uint32_t leader_of(rq_engine *engine, const rq_slot *slot);
static int follow(rq_engine *engine, uint32_t i);
static rq_list detach(rq_engine *engine, uint32_t i);
static void hand_over(rq_engine *engine, rq_list *followers);
static int answer_cached(rq_engine *engine, uint32_t i, rq_find how);
static void stand_in(rq_engine *engine, uint32_t i);
static void store(rq_engine *engine, uint32_t i);
static void give(rq_engine *engine, uint32_t from, uint32_t to);
static int conclude(rq_engine *engine, uint32_t i);
static int lead_on(rq_engine *engine, uint32_t i, const rq_name *target, uint32_t len);
static void fail(rq_slot *slot, int32_t status);
static int make_room(rq_engine *engine);
static void ask_again(rq_engine *engine, uint32_t i);

/* --- events of a slot --- */

/* While the name is still warm. */
void rq_share_note(rq_engine *engine, uint32_t i) {
  rq_slot *slot = &engine->slots[i];
  if (engine->share.on && (engine->cache || engine->conf.share))
    slot->hash = rq_name_hash(&slot->asked.name, engine->share.secret);
}

/* Lookups are given between two steps: in the child of a fork before its first, maybe. */
int rq_share_arrive(rq_engine *engine, uint32_t i) {
  if (!rq_pace_holds(engine)) return 0;
  rq_cache_attend_fork(engine->cache);
  return rq_share_join(engine, i);
}

int rq_share_join(rq_engine *engine, uint32_t i) {
  rq_slot *slot = &engine->slots[i];
  if (engine->as_received || (!engine->cache && !engine->conf.share)) return 0;
  if (slot->state == RQ_SLOT_FRESH) slot->lookup.end_us = engine->now_us + engine->policy.timeout_us;
  if (engine->cache && answer_cached(engine, i, slot->looked ? RQ_FIND_AGAIN : RQ_FIND)) {
    engine->stats.in_flight++; /* as if it had begun: it is taken off again */
    if (!rq_share_end(engine, i)) rq_slot_done(engine, i);
    return 1;
  }
  slot->looked = 1;
  return engine->conf.share && !slot->leads && follow(engine, i);
}

void rq_share_lead(rq_engine *engine, uint32_t i) {
  rq_slot *slot = &engine->slots[i];
  if (engine->as_received || !engine->conf.share || slot->leads) return;
  uint32_t *head = bucket_of(engine, slot);
  slot->same = *head;
  slot->leads = 1;
  *head = i;
}

int rq_share_end(rq_engine *engine, uint32_t i) {
  rq_slot *slot = &engine->slots[i];
  if (engine->as_received || slot->lookup.status == RQ_ILLEGAL_INPUT) return 0;
  rq_list followers = detach(engine, i);
  if (engine->cache) {
    stand_in(engine, i);
    store(engine, i);
  }
  if (slot->lookup.status != RQ_OK) hand_over(engine, &followers);
  while (followers.head != RQ_NONE) {
    uint32_t f = followers.head;
    rq_list_remove(engine, &followers, f);
    give(engine, i, f);
    if (conclude(engine, f)) continue;
    engine->stats.in_flight++;
    rq_slot_done(engine, f);
  }
  if (!conclude(engine, i)) return 0;
  engine->stats.in_flight--;
  return 1;
}

void rq_share_leave(rq_engine *engine, uint32_t i) {
  rq_slot *slot = &engine->slots[i];
  int follows = slot->state == RQ_SLOT_FOLLOW;
  rq_list_remove(engine, follows ? &engine->slots[leader_of(engine, slot)].followers : &engine->share.asking, i);
  engine->stats.in_flight++;
}

void rq_share_drop(rq_slot *slot) {
  free(slot->chain);
  slot->chain = NULL;
  slot->chain_len = 0;
}

/* --- identical questions in flight --- */

static uint32_t *bucket_of(rq_engine *engine, const rq_slot *slot) {
  return &engine->share.heads[(slot->hash + slot->asked.rrtype) & engine->share.mask];
}

static int same_question(const rq_slot *a, const rq_slot *b) {
  return a->hash == b->hash && a->asked.rrtype == b->asked.rrtype && a->asked.rrclass == b->asked.rrclass &&
         rq_name_equal(&a->asked.name, &b->asked.name);
}

/* Who asks the same: RQ_NONE for nobody. */
static uint32_t leader_of(rq_engine *engine, const rq_slot *slot) {
  uint32_t k = *bucket_of(engine, slot);
  while (k != RQ_NONE && !same_question(slot, &engine->slots[k])) k = engine->slots[k].same;
  return k;
}

/* Waits for the lookup that asks the same, if there is one. */
static int follow(rq_engine *engine, uint32_t i) {
  rq_slot *slot = &engine->slots[i];
  uint32_t leader = leader_of(engine, slot);
  if (leader == RQ_NONE) return 0;
  rq_lookup_wait(&slot->lookup, slot->lookup.end_us);
  slot->state = RQ_SLOT_FOLLOW;
  rq_list_push(engine, &engine->slots[leader].followers, i);
  rq_wheel_set(&engine->wheel, i, slot->lookup.end_us);
  return 1;
}

/* It leads no longer; those that followed. */
static rq_list detach(rq_engine *engine, uint32_t i) {
  rq_slot *slot = &engine->slots[i];
  rq_list followers = slot->followers;
  if (!slot->leads) return (rq_list){RQ_NONE, RQ_NONE};
  uint32_t *at = bucket_of(engine, slot);
  while (*at != i) at = &engine->slots[*at].same;
  *at = slot->same;
  slot->leads = 0;
  slot->followers = (rq_list){RQ_NONE, RQ_NONE};
  return followers;
}

/* The first of them leads the others, as it will ask next: however many they are, that is one step for each failure. */
static void hand_over(rq_engine *engine, rq_list *followers) {
  uint32_t first = followers->head;
  if (first == RQ_NONE) return;
  rq_list_remove(engine, followers, first);
  engine->slots[first].followers = *followers;
  *followers = (rq_list){RQ_NONE, RQ_NONE};
  rq_share_lead(engine, first);
  ask_again(engine, first);
}

/* Spells the question of its reply as it was asked here, where it stands in full. */
static void respell(rq_slot *slot) {
  rq_walk walk;
  rq_question question;
  rq_out out;
  if (rq_walk_begin(&walk, slot->reply, slot->reply_len) != RQ_OK || rq_walk_question(&walk, &question) != 1) return;
  if (rq_walk_pos(&walk) != RQ_HEADER_SIZE + 4u + slot->asked.name.len) return;
  rq_out_init(&out, slot->reply, slot->reply_len);
  rq_out_u16(&out, walk.header.id);
  rq_out_u16(&out, walk.header.flags);
  for (int n = 0; n < 4; n++) rq_out_u16(&out, walk.header.counts[n]);
  rq_name_write(&slot->asked.name, &out);
}

/* A follower gets its leader's answer. */
static void give(rq_engine *engine, uint32_t from, uint32_t to) {
  const rq_slot *leader = &engine->slots[from];
  rq_slot *slot = &engine->slots[to];
  slot->lookup.status = RQ_OK;
  slot->lookup.answer_server = leader->lookup.answer_server;
  slot->lookup.answer_transport = leader->lookup.answer_transport;
  slot->source = leader->source == RQ_FROM_CACHE ? RQ_FROM_CACHE : RQ_FROM_LOOKUP;
  slot->rcode = leader->rcode;
  slot->aliased = leader->aliased;
  slot->rtt_us = -1;
  slot->stale = leader->stale;
  if (rq_slot_keep(slot, leader->reply, leader->reply_len) < 0)
    fail(slot, RQ_NO_MEMORY);
  else
    respell(slot);
}

/* Has another question to ask, or its own once more, on its own account: as soon as there is room. */
static void ask_again(rq_engine *engine, uint32_t i) {
  rq_slot *slot = &engine->slots[i];
  rq_lookup_wait(&slot->lookup, slot->lookup.end_us);
  slot->state = RQ_SLOT_ASKING;
  rq_list_push(engine, &engine->share.asking, i);
  rq_wheel_set(&engine->wheel, i, slot->lookup.end_us);
}

/* --- the cache --- */

static rq_cache_key key_of(const rq_engine *engine, uint64_t hash, const rq_question *asked) {
  return (rq_cache_key){hash, &asked->name, asked->rrtype, asked->rrclass, engine->share.manner};
}

/* Whether what rq_chain_select wrote ends with a CNAME: else it is whole, and needs no second look. */
static uint8_t may_lead_on(rq_walk walk) {
  rq_record record;
  uint8_t may = 0;
  while (rq_walk_record(&walk, &record) == 1)
    if (record.rrtype != TYPE_RRSIG) may = record.rrtype == TYPE_CNAME;
  return may;
}

static int answer_cached(rq_engine *engine, uint32_t i, rq_find how) {
  rq_slot *slot = &engine->slots[i];
  rq_cache_key key = key_of(engine, slot->hash, &slot->asked);
  int was_stale = 0;
  uint32_t len = rq_cache_find(engine->cache, &key, rq_clock_age_us(engine->sys), how, &was_stale, engine->share.found,
                               RQ_MESSAGE_MAX);
  rq_walk walk;
  if (len == 0 || rq_walk_begin(&walk, engine->share.found, len) != RQ_OK) return 0;
  slot->lookup.status = RQ_OK;
  slot->lookup.error = 0;
  slot->source = RQ_FROM_CACHE;
  slot->rcode = RQ_RCODE(walk.header.flags);
  slot->aliased = engine->conf.hops > 0 && may_lead_on(walk);
  slot->rtt_us = -1;
  slot->stale = (uint8_t)was_stale;
  if (rq_slot_keep(slot, engine->share.found, len) < 0) fail(slot, RQ_NO_MEMORY);
  return 1;
}

/* A failure gives way to an answer that is too old (RFC 8767, 5). */
static void stand_in(rq_engine *engine, uint32_t i) {
  const rq_slot *slot = &engine->slots[i];
  int32_t status = slot->lookup.status;
  int failed = status == RQ_TIMEOUT || status == RQ_NETWORK || (status == RQ_OK && slot->rcode == RQ_RCODE_SERVFAIL);
  if (failed && rq_cache_serves_stale(engine->cache)) answer_cached(engine, i, RQ_FIND_STALE);
}

/* What the network answered, stripped of all else; of a chain this hop, as the others are questions of their own. */
static void store(rq_engine *engine, uint32_t i) {
  const rq_slot *slot = &engine->slots[i];
  rq_name end;
  rq_out out;
  int fit = slot->lookup.status == RQ_OK && slot->source == RQ_FROM_NETWORK &&
            (slot->rcode == 0 || slot->rcode == RCODE_NXDOMAIN) &&
            (slot->asked.rrtype < TYPE_META || slot->asked.rrtype > TYPE_ANY);
  if (!fit) return;
  rq_out_init(&out, engine->share.written, RQ_MESSAGE_MAX);
  rq_chain_end how = rq_chain_select(&slot->asked.name, NULL, 0, slot->reply, slot->reply_len, &end, &out);
  int tells = how == RQ_CHAIN_ANSWERS || how == RQ_CHAIN_DENIES || how == RQ_CHAIN_LEADS;
  if (!tells || rq_out_wanted(&out) > rq_out_stored(&out)) return;
  rq_cache_key key = key_of(engine, slot->hash, &slot->asked);
  rq_cache_put(engine->cache, &key, engine->share.written, (uint32_t)rq_out_stored(&out), rq_clock_age_us(engine->sys));
}

int32_t rq_engine_use_cache(rq_engine *engine, rq_cache *cache) {
  if (!engine || !cache || engine->cache || engine->stats.inputs > 0) return RQ_BAD_ARGUMENT;
  if (make_room(engine) < 0) return RQ_NO_MEMORY;
  rq_cache_attend_fork(cache);
  rq_cache_hold(cache);
  engine->cache = cache;
  rq_clip(engine->share.secret, sizeof engine->share.secret, rq_cache_secret(cache), sizeof engine->share.secret);
  return RQ_OK;
}

/* --- chains across answers --- */

/* The question that the lookup began with. */
static void first_question(const rq_slot *slot, rq_question *question) {
  rq_walk walk;
  *question = slot->asked;
  if (!slot->chain) return;
  rq_walk_begin(&walk, slot->chain, slot->chain_len);
  rq_walk_question(&walk, question);
}

/* What the answer comes to: 1 when there is another name to ask for. At the end of a chain the answers of all hops
 * take the last one's place; one answer alone stays as it was received. */
static int conclude(rq_engine *engine, uint32_t i) {
  rq_slot *slot = &engine->slots[i];
  rq_question question;
  rq_name end;
  rq_out out;
  int follows = engine->conf.hops > 0 && slot->lookup.status == RQ_OK && (slot->aliased || slot->chain);
  if (!follows || slot->rcode > 15) return 0;
  first_question(slot, &question);
  rq_out_init(&out, engine->share.written, RQ_MESSAGE_MAX);
  rq_chain_end how =
      rq_chain_select(&question.name, slot->chain, slot->chain_len, slot->reply, slot->reply_len, &end, &out);
  uint32_t len = (uint32_t)rq_out_stored(&out);
  if (how == RQ_CHAIN_LOOPS || (how == RQ_CHAIN_LEADS && slot->hops == engine->conf.hops))
    fail(slot, RQ_CNAME_LOOP);
  else if (rq_out_wanted(&out) > len)
    fail(slot, RQ_TRUNCATED);
  else if (how == RQ_CHAIN_LEADS)
    return lead_on(engine, i, &end, len);
  else if (slot->chain && len > 0 && rq_slot_keep(slot, engine->share.written, len) < 0)
    fail(slot, RQ_NO_MEMORY);
  return 0;
}

static int lead_on(rq_engine *engine, uint32_t i, const rq_name *target, uint32_t len) {
  rq_slot *slot = &engine->slots[i];
  uint8_t *chain = malloc(len);
  if (!chain) {
    fail(slot, RQ_NO_MEMORY);
    return 0;
  }
  rq_clip(chain, len, engine->share.written, len);
  rq_share_drop(slot);
  slot->chain = chain;
  slot->chain_len = len;
  slot->asked.name = *target;
  rq_share_note(engine, i);
  slot->hops++;
  slot->looked = 0;
  rq_slot_drop_reply(slot);
  ask_again(engine, i);
  return 1;
}

static void fail(rq_slot *slot, int32_t status) {
  rq_slot_drop_reply(slot);
  slot->lookup.status = status;
  slot->lookup.error = 0;
}

/* --- life --- */

/* All that tells queries of two engines apart but for their questions: flags, and the options as FNV-1a. */
static uint32_t manner_of(const rq_engine_conf *conf) {
  uint32_t hash = 2166136261u;
  rq_cur options;
  rq_cur_init(&options, conf->options, conf->options_len);
  while (rq_cur_left(&options) > 0) hash = (hash ^ rq_cur_u8(&options)) * 16777619u;
  return (conf->options_len > 0 ? hash & ~15u : 0) | (conf->recurse ? 1u : 0) | (conf->authentic ? 2u : 0) |
         (conf->edns && conf->dnssec_ok ? 4u : 0);
}

/* Four buckets for each slot: another slot in one's bucket costs a look at memory that is far away. */
static int make_leaders(rq_engine *engine) {
  uint32_t count = 1;
  while (count < 4 * engine->conf.slots) count *= 2;
  engine->share.heads = malloc(count * sizeof *engine->share.heads);
  if (!engine->share.heads) return -ENOMEM;
  for (uint32_t b = 0; b < count; b++) engine->share.heads[b] = RQ_NONE;
  engine->share.mask = count - 1;
  for (int n = 0; n < SECRET_DRAWS; n++) {
    int32_t drawn = rq_random_u16(&engine->random);
    if (drawn < 0) return -errno;
    engine->share.secret[2 * n] = (uint8_t)(drawn / 256);
    engine->share.secret[2 * n + 1] = (uint8_t)(drawn % 256);
  }
  return 0;
}

static int make_room(rq_engine *engine) {
  if (engine->share.on) return 0;
  engine->share.found = malloc(2 * RQ_MESSAGE_MAX);
  if (!engine->share.found) return -ENOMEM;
  engine->share.written = engine->share.found + RQ_MESSAGE_MAX;
  engine->share.on = 1;
  return 0;
}

int rq_share_make(rq_engine *engine) {
  engine->share.asking = (rq_list){RQ_NONE, RQ_NONE};
  engine->share.manner = manner_of(&engine->conf);
  if (!engine->conf.share && engine->conf.hops == 0) return 0;
  int error = make_room(engine);
  return error == 0 && engine->conf.share ? make_leaders(engine) : error;
}

void rq_share_free(rq_engine *engine) {
  rq_cache_free(engine->cache);
  free(engine->share.heads);
  free(engine->share.found);
}
