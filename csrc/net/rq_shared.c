/* rq_shared.c: a cache shared by threads: shards with a lock each, and how long it lives; see rq_shared.h.
 *
 * Never holds two locks at once, and none across a system call or a call into another file but rq_cache.c. There is no
 * list of caches and no fork handler: a child finds out by its process ID. SPDX-License-Identifier: MIT */
#include "rq_shared.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "rq_random.h"

#define SHARDS_MOST 16u
#define SHARD_ENTRIES 64u                           /* a shard is not made smaller than this, */
#define SHARD_OCTETS (uint64_t)(2 * RQ_MESSAGE_MAX) /* nor this: it could not hold the largest message */
#define ENTRIES_MOST (1u << 24)
#define OCTETS_MOST ((uint64_t)1 << 36)

typedef struct locked_shard {
  pthread_mutex_t lock;
  rq_shard shard;
  void *memory[4];
} locked_shard;

struct rq_cache {
  atomic_uint holders;
  atomic_int pid; /* whose locks these are; negative while one thread of that process makes new ones */
  uint8_t secret[16];
  rq_cache_conf conf;
  uint32_t count;
  locked_shard shards[SHARDS_MOST];
};

/* --- life --- */

static int conf_valid(const rq_cache_conf *conf) {
  return conf && conf->entries >= 1 && conf->entries <= ENTRIES_MOST && conf->octets >= 1 &&
         conf->octets <= OCTETS_MOST && conf->ttl_min_s <= conf->ttl_max_s;
}

static int draw_secret(rq_cache *cache) {
  size_t have = 0;
  while (have < sizeof cache->secret) {
    ssize_t got = rq_sys_kernel.getrandom(cache->secret + have, sizeof cache->secret - have, 0);
    if (got <= 0) return 0; /* so few octets come whole, or not at all */
    have += (size_t)got;
  }
  return 1;
}

static uint32_t shards_for(const rq_cache_conf *conf) {
  uint32_t count = SHARDS_MOST;
  while (count > 1 && (conf->entries / count < SHARD_ENTRIES || conf->octets / count < SHARD_OCTETS)) count /= 2;
  return count;
}

/* Memory that is not yet written to costs nothing, and calloc leaves it so where it is large. */
static int make_shard(locked_shard *one, const rq_cache_conf *conf) {
  one->memory[0] = calloc(conf->entries, sizeof(rq_entry));
  one->memory[1] = calloc(rq_shard_buckets(conf), sizeof(uint32_t));
  one->memory[2] = calloc(rq_shard_blocks(conf) + (size_t)1, sizeof(uint32_t));
  one->memory[3] = calloc(rq_shard_blocks(conf) + (size_t)1, RQ_CACHE_BLOCK);
  rq_shard_init(&one->shard, conf, one->memory[0], one->memory[1], one->memory[2], one->memory[3]);
  return one->memory[0] && one->memory[1] && one->memory[2] && one->memory[3];
}

static int make_shards(rq_cache *cache) {
  rq_cache_conf conf = cache->conf;
  uint32_t count = shards_for(&conf);
  conf.entries /= count;
  conf.octets /= count;
  for (; cache->count < count; cache->count++) {
    locked_shard *one = &cache->shards[cache->count];
    pthread_mutex_init(&one->lock, NULL);
    if (!make_shard(one, &conf)) {
      cache->count++;
      return 0;
    }
  }
  return 1;
}

rq_cache *rq_cache_new(const rq_cache_conf *conf, int32_t *status) {
  *status = RQ_BAD_ARGUMENT;
  if (!conf_valid(conf)) return NULL;
  *status = RQ_NO_MEMORY;
  rq_cache *cache = calloc(1, sizeof *cache);
  if (!cache) return NULL;
  atomic_init(&cache->holders, 1);
  atomic_init(&cache->pid, rq_sys_kernel.getpid());
  cache->conf = *conf;
  int made = make_shards(cache);
  if (made && draw_secret(cache)) {
    *status = RQ_OK;
    return cache;
  }
  if (made) *status = RQ_NETWORK;
  rq_cache_free(cache);
  return NULL;
}

void rq_cache_hold(rq_cache *cache) {
  atomic_fetch_add(&cache->holders, 1);
}

void rq_cache_free(rq_cache *cache) {
  if (!cache || atomic_fetch_sub(&cache->holders, 1) > 1) return;
  for (uint32_t n = 0; n < cache->count; n++) {
    pthread_mutex_destroy(&cache->shards[n].lock);
    for (int k = 0; k < 4; k++) free(cache->shards[n].memory[k]);
  }
  free(cache);
}

/* The locks are those of a process that had other threads: they are made anew by one thread, for which the others wait,
 * unless it is a thread of another process, which forked meanwhile. What a lock guards may have been caught half
 * changed, so the shards begin empty. */
void rq_cache_attend_fork(rq_cache *cache) {
  int pid = rq_sys_kernel.getpid(), seen = atomic_load(&cache->pid);
  while (seen != pid) {
    if (seen != -pid && atomic_compare_exchange_strong(&cache->pid, &seen, -pid)) {
      for (uint32_t n = 0; n < cache->count; n++) {
        pthread_mutex_init(&cache->shards[n].lock, NULL);
        rq_shard_clear(&cache->shards[n].shard);
      }
      atomic_store(&cache->pid, pid);
      return;
    }
    sched_yield();
    seen = atomic_load(&cache->pid);
  }
}

/* --- use --- */

const uint8_t *rq_cache_secret(const rq_cache *cache) {
  return cache->secret;
}

int rq_cache_serves_stale(const rq_cache *cache) {
  return cache->conf.stale_s > 0;
}

/* The shard of a name: all its types are together. The lower bits of its hash choose no bucket of their own. */
static locked_shard *shard_of(rq_cache *cache, uint64_t hash) {
  return &cache->shards[hash & (cache->count - 1)];
}

uint32_t rq_cache_find(rq_cache *cache, const rq_cache_key *key, int64_t now_us, rq_find how, int *was_stale,
                       uint8_t *out, uint32_t cap) {
  locked_shard *one = shard_of(cache, key->hash);
  pthread_mutex_lock(&one->lock);
  uint32_t len = rq_shard_find(&one->shard, key, now_us, how, was_stale, out, cap);
  pthread_mutex_unlock(&one->lock);
  return len;
}

void rq_cache_put(rq_cache *cache, const rq_cache_key *key, const uint8_t *wire, uint32_t len, int64_t now_us) {
  locked_shard *one = shard_of(cache, key->hash);
  uint32_t life_s = rq_cache_life(&cache->conf, wire, len);
  if (life_s == 0) return;
  pthread_mutex_lock(&one->lock);
  rq_shard_put(&one->shard, key, wire, len, life_s, now_us);
  pthread_mutex_unlock(&one->lock);
}

static int32_t flush_name(rq_cache *cache, const char *name, uint32_t len) {
  rq_name wanted;
  if (rq_name_parse((const uint8_t *)name, len, &wanted) != RQ_FLAW_NONE) return RQ_ILLEGAL_INPUT;
  uint64_t hash = rq_name_hash(&wanted, cache->secret);
  locked_shard *one = shard_of(cache, hash);
  pthread_mutex_lock(&one->lock);
  uint32_t gone = rq_shard_forget(&one->shard, hash, &wanted);
  pthread_mutex_unlock(&one->lock);
  return (int32_t)gone;
}

int32_t rq_cache_flush(rq_cache *cache, const char *name, uint32_t len) {
  uint32_t gone = 0;
  if (!cache || (!name && len > 0)) return RQ_BAD_ARGUMENT;
  rq_cache_attend_fork(cache);
  if (len > 0) return flush_name(cache, name, len);
  for (uint32_t n = 0; n < cache->count; n++) {
    locked_shard *one = &cache->shards[n];
    pthread_mutex_lock(&one->lock);
    gone += one->shard.stats.entries;
    rq_shard_clear(&one->shard);
    pthread_mutex_unlock(&one->lock);
  }
  return (int32_t)gone;
}

static void add(rq_cache_stats *total, const rq_cache_stats *one) {
  total->hits += one->hits;
  total->misses += one->misses;
  total->stale += one->stale;
  total->stored += one->stored;
  total->evicted += one->evicted;
  total->expired += one->expired;
  total->octets += one->octets;
  total->entries += one->entries;
}

void rq_cache_tell(rq_cache *cache, rq_cache_stats *stats) {
  if (!cache || !stats) return;
  *stats = (rq_cache_stats){0};
  rq_cache_attend_fork(cache);
  for (uint32_t n = 0; n < cache->count; n++) {
    locked_shard *one = &cache->shards[n];
    pthread_mutex_lock(&one->lock);
    add(stats, &one->shard.stats);
    pthread_mutex_unlock(&one->lock);
  }
}
