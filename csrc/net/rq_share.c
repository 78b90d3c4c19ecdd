/* rq_share.c: lookups that need no query of their own: answered from the cache, or as another asks the same.
 *
 * SPDX-License-Identifier: MIT */
#include "rq_engine_impl.h"

int32_t rq_engine_use_cache(rq_engine *engine, rq_cache *cache) {
  if (!engine || !cache || engine->cache || engine->stats.inputs > 0) return RQ_BAD_ARGUMENT;
  rq_cache_attend_fork(cache);
  rq_cache_hold(cache);
  engine->cache = cache;
  return RQ_OK;
}
