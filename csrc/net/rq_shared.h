/* rq_shared.h: a cache that the engines of any threads share; its life and its totals stand in rq_api.h.
 *
 * Any thread may call any of these. In the child of a fork the cache is empty and its locks are new: what other threads
 * of the parent held, nobody would ever let go of. SPDX-License-Identifier: MIT */
#ifndef RQ_SHARED_H
#define RQ_SHARED_H

#include "../lookup/rq_cache.h"

/* One holder more; each is to call rq_cache_free once. */
void rq_cache_hold(rq_cache *cache);

/* Before anything else in a process that may be the child of a fork. */
void rq_cache_attend_fork(rq_cache *cache);

/* The 16 octets under which names are hashed for its keys; they stay. */
const uint8_t *rq_cache_secret(const rq_cache *cache);

/* See rq_shard_find and rq_shard_put. What is put is a message as rq_chain_select writes it; how long it may be kept is
 * found out here. */
uint32_t rq_cache_find(rq_cache *cache, const rq_cache_key *key, int64_t now_us, rq_find how, int *was_stale,
                       uint8_t *out, uint32_t cap);
void rq_cache_put(rq_cache *cache, const rq_cache_key *key, const uint8_t *wire, uint32_t len, int64_t now_us);

/* Whether it keeps what is too old, to stand in for failures. */
int rq_cache_serves_stale(const rq_cache *cache);

#endif
