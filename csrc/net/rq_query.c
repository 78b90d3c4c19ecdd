/* rq_query.c: the res_query-style call: one lookup on an engine, its answer copied out by rq_clip.
 *
 * Thin: the answer is received whole whatever `cap` is, and rq_clip alone decides what is stored (min(actual, cap),
 * proved). Never touches the network itself. SPDX-License-Identifier: MIT */
#include "../lookup/rq_chain.h"
#include "rq_engine_impl.h"

#define WAIT_MS 60000

int32_t rq_query_begin(rq_engine *engine, const char *name, uint32_t len, uint16_t rrtype, uint16_t rrclass,
                       uint8_t as_received) {
  if (!engine || (!name && len > 0) || engine->stats.held > 0) return RQ_BAD_ARGUMENT;
  rq_question asked = {.rrtype = rrtype, .rrclass = rrclass};
  int flaw = rq_name_parse((const uint8_t *)name, len, &asked.name);
  engine->as_received = as_received;
  rq_engine_resume(engine);
  rq_slot_add(engine, (const uint8_t *)name, len, flaw, &asked, 0);
  return RQ_OK;
}

int32_t rq_query_wait(rq_engine *engine, uint32_t wait_ms) {
  int32_t rows = rq_engine_step(engine, wait_ms);
  if (rows < 0) return rows;
  return rows > 0 ? RQ_OK : RQ_PENDING;
}

/* All but what only an answer has. */
static void tell(const rq_slot *slot, rq_answer *info) {
  const rq_lookup *lookup = &slot->lookup;
  int answer = lookup->status == RQ_OK;
  *info = (rq_answer){.status = lookup->status,
                      .error = lookup->error,
                      .server = -1,
                      .transport = answer ? lookup->answer_transport : lookup->transport,
                      .tries = (uint8_t)(lookup->tries < UINT8_MAX ? lookup->tries : UINT8_MAX),
                      .rtt_us = -1};
  if (rq_slot_has_server(slot)) info->server = (int32_t)(answer ? lookup->answer_server : lookup->server);
}

int32_t rq_query_finish(rq_engine *engine, uint8_t *out, uint32_t cap, rq_answer *info) {
  if (!engine || !info || (!out && cap > 0)) return RQ_BAD_ARGUMENT;
  *info = (rq_answer){.status = RQ_PENDING, .server = -1, .rtt_us = -1};
  uint32_t i = engine->done.head;
  if (i == RQ_NONE) return RQ_PENDING;
  const rq_slot *slot = &engine->slots[i];
  int32_t result = slot->lookup.status;
  tell(slot, info);
  if (result == RQ_OK) {
    info->actual = slot->reply_len;
    info->rcode = slot->rcode;
    info->rtt_us = slot->rtt_us;
    info->answered = (uint8_t)rq_chain_answers(slot->reply, slot->reply_len);
    result = (int32_t)rq_clip(out, cap, slot->reply, slot->reply_len);
  }
  rq_slot_release(engine, i);
  return result;
}

int32_t rq_query(rq_engine *engine, const char *name, uint32_t len, uint16_t rrtype, uint16_t rrclass,
                 uint8_t as_received, uint8_t *out, uint32_t cap, rq_answer *info) {
  if (!info || (!out && cap > 0)) return RQ_BAD_ARGUMENT;
  *info = (rq_answer){.status = RQ_BAD_ARGUMENT, .server = -1, .rtt_us = -1};
  int32_t state = rq_query_begin(engine, name, len, rrtype, rrclass, as_received);
  if (state < 0) return state;
  do {
    state = rq_query_wait(engine, WAIT_MS);
  } while (state == RQ_PENDING);
  if (state < 0) rq_engine_cancel(engine);
  int32_t result = rq_query_finish(engine, out, cap, info);
  if (state == RQ_OK) return result;
  return info->status = state;
}
