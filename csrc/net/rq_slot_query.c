/* rq_slot_query.c: what tells the query of a slot from others, and what is let in as its answer.
 *
 * Never decides what becomes of a lookup: packets become events of rq_slot.c, or are counted and dropped. Serves RFC
 * 5452 (ID, port, question), RFC 7873 (cookies), and 0x20 (draft-vixie-dnsext-dns0x20). SPDX-License-Identifier: MIT */
#include "rq_engine_impl.h"

#include <errno.h>

#define ID_DRAWS 16 /* a socket is never more than half full, so they all fail once in 65,536 times */

static int judge(rq_engine *engine, uint32_t i, uint32_t sock, const uint8_t *wire, uint32_t len, rq_reply *reply);
static void suspect(rq_engine *engine, uint32_t i, int verdict);

/* --- packets --- */

int rq_slot_packet(rq_engine *engine, uint32_t sock, const rq_peer *from, const uint8_t *wire, uint32_t len) {
  rq_cur cur;
  rq_reply reply;
  int verdict = RQ_DROP_ID;
  rq_cur_init(&cur, wire, len);
  uint32_t i = rq_ids_find(&engine->ids, rq_ids_key(sock, rq_cur_u16(&cur)));
  if (len < RQ_HEADER_SIZE)
    verdict = RQ_DROP_SHORT;
  else if (i != RQ_NONE && from && !rq_peer_same(&engine->servers[engine->slots[i].lookup.server].peer, from))
    verdict = RQ_DROP_SOURCE;
  else if (i != RQ_NONE)
    verdict = judge(engine, i, sock, wire, len, &reply);
  if (verdict == RQ_ACCEPT) {
    if (reply.transport == RQ_UDP) rq_slot_alone(engine, i);
    rq_slot_reply(engine, i, wire, len, &reply);
    return 1;
  }
  engine->stats.dropped[verdict]++;
  if (verdict == RQ_DROP_CASE || verdict == RQ_DROP_COOKIE) suspect(engine, i, verdict);
  return 0;
}

/* That another lookup saw the server give up cookies is nothing to a query that is out: it keeps its protection. */
static int judge(rq_engine *engine, uint32_t i, uint32_t sock, const uint8_t *wire, uint32_t len, rq_reply *reply) {
  const rq_slot *slot = &engine->slots[i];
  const rq_manner *manner = &engine->manners[slot->lookup.server];
  rq_expect expect = {.asked = &slot->asked,
                      .client = engine->policy.cookies && slot->lookup.edns ? manner->cookie : NULL,
                      .transport = sock < engine->sock_count ? RQ_UDP : RQ_TCP,
                      .mixed_case = engine->conf.mixed_case,
                      .cookie_due = slot->cookied || manner->cookie_due};
  return rq_lookup_judge(wire, len, &expect, reply);
}

/* The packet is forgotten; what comes of it is that the server may be asked over TCP, too. */
static void suspect(rq_engine *engine, uint32_t i, int verdict) {
  rq_lookup *lookup = &engine->slots[i].lookup;
  rq_lookup_suspect(lookup, verdict, engine->now_us);
  if (lookup->deadline_us < rq_wheel_due_us(&engine->wheel, i)) rq_wheel_set(&engine->wheel, i, lookup->deadline_us);
}

/* --- queries --- */

/* 0 when there are no random bits, and then nothing may be sent. */
static int draw_bits(rq_engine *engine, uint64_t *bits) {
  if (rq_random_u64(&engine->random, bits)) return 1;
  engine->entropy_error = errno;
  return 0;
}

/* Over UDP a bit for each letter; over TCP the case of the input, unless the question is on its way over UDP too. */
static int draw_case(rq_engine *engine, rq_slot *slot, int udp) {
  if (slot->paired) return 1;
  rq_slot_restore_case(slot);
  if (!udp) return 1;
  for (unsigned n = 0; n * 64 < slot->asked.name.len; n++)
    if (!draw_bits(engine, &slot->flips[n])) return 0;
  rq_name_flip(&slot->asked.name, slot->flips);
  slot->mixed = 1;
  return 1;
}

static int draw_cookie(rq_engine *engine, rq_manner *manner) {
  uint64_t bits;
  if (manner->cookie_len > 0) return 1;
  if (!draw_bits(engine, &bits)) return 0;
  rq_manner_draw(manner, bits);
  return 1;
}

int rq_slot_draw_id(rq_engine *engine, uint32_t i, uint32_t sock) {
  rq_slot *slot = &engine->slots[i];
  if (engine->conf.mixed_case && !draw_case(engine, slot, sock < engine->sock_count)) return 0;
  if (engine->policy.cookies && !draw_cookie(engine, &engine->manners[slot->lookup.server])) return 0;
  if (sock < engine->sock_count) slot->cookied = engine->manners[slot->lookup.server].cookie_due;
  for (int draw = 0; draw < ID_DRAWS; draw++) {
    int32_t id = rq_random_u16(&engine->random);
    if (id < 0) {
      engine->entropy_error = errno;
      return 0;
    }
    if (rq_ids_add(&engine->ids, rq_ids_key(sock, (uint16_t)id), i)) {
      slot->id = (uint16_t)id;
      slot->sock = sock;
      return 1;
    }
  }
  engine->unsent = 1; /* the next turn draws again */
  return 0;
}

void rq_slot_spec(const rq_engine *engine, const rq_slot *slot, rq_query_spec *spec) {
  *spec = (rq_query_spec){.rrtype = slot->asked.rrtype,
                          .rrclass = slot->asked.rrclass,
                          .id = slot->id,
                          .flags = engine->query_flags,
                          .payload = slot->lookup.edns ? RQ_UDP_PAYLOAD : 0,
                          .dnssec_ok = engine->conf.dnssec_ok,
                          .options_len = engine->conf.options_len,
                          .options = engine->conf.options,
                          .keepalive = slot->sock >= engine->sock_count};
  if (!engine->policy.cookies) return;
  const rq_manner *manner = &engine->manners[slot->lookup.server];
  spec->cookie = manner->cookie;
  spec->cookie_len = manner->cookie_len;
}

void rq_slot_restore_case(rq_slot *slot) {
  if (!slot->mixed) return;
  rq_name_flip(&slot->asked.name, slot->flips);
  slot->mixed = 0;
}
