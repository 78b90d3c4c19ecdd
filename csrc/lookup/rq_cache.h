/* rq_cache.h: answers kept for as long as their TTLs say: one shard of a cache, on memory that it is given.
 *
 * Pure: no lock, no clock, no heap; time is an argument in microseconds on any scale that does not go back. Bounded in
 * entries and in octets; what was not used for longest goes first. Never judges what may be kept: rq_chain and
 * rq_cache_life do. Serves RFC 1035 section 7.4, RFC 2308 section 5 (negative answers), RFC 8767 (stale ones), RFC 4343
 * (case). SPDX-License-Identifier: MIT */
#ifndef RQ_CACHE_H
#define RQ_CACHE_H

#include "../wire/rq_msg.h"

#define RQ_CACHE_BLOCK 64u    /* octets of a message that are kept together */
#define RQ_CACHE_STALE_TTL 30 /* seconds, of what stands in for a failure (RFC 8767, 4) */
#define RQ_CACHE_TTL_MOST 0x7fffffffu

/* What an answer is filed under. */
typedef struct rq_cache_key {
  uint64_t hash; /* rq_name_hash of the name, under the cache's key */
  const rq_name *name;
  uint16_t rrtype, rrclass;
  uint32_t manner; /* what else changes an answer: the query's flags and options, as one number */
} rq_cache_key;

typedef enum rq_find {
  RQ_FIND,       /* what is not too old */
  RQ_FIND_AGAIN, /* the same; that it is not there was counted before */
  RQ_FIND_STALE  /* what is too old serves too, where conf.stale_s allows */
} rq_find;

typedef struct rq_entry {
  uint64_t hash;
  int64_t from_us, until_us; /* when it was stored; from when on it is too old */
  uint32_t manner, len;
  uint32_t block;        /* the first that holds its message */
  uint32_t next;         /* in its bucket, or of those not in use */
  uint32_t older, newer; /* in order of use */
  uint16_t rrtype, rrclass;
} rq_entry;

/* Indexes are counted from 1, 0 is none, so that memory that is all zero is an empty shard. */
typedef struct rq_shard {
  rq_cache_conf conf; /* `entries` and `octets` are this shard's */
  rq_entry *entries;
  uint32_t *heads; /* of buckets */
  uint32_t bucket_count;
  uint32_t *links; /* from a block to the next of its message, or of those not in use */
  uint8_t *octets; /* of the blocks */
  uint32_t block_count;
  uint32_t entries_touched, blocks_touched; /* those beyond were never in use, nor their memory written */
  uint32_t spare_entry, spare_block;
  uint32_t newest, oldest;
  uint32_t blocks_used;
  rq_cache_stats stats;
} rq_shard;

/* How many buckets and blocks a shard of these limits needs memory for. */
uint32_t rq_shard_buckets(const rq_cache_conf *conf);
uint32_t rq_shard_blocks(const rq_cache_conf *conf);

/* Begins an empty shard on memory that is all zero and stays the caller's: conf->entries entries, and as many heads,
 * links and blocks of RQ_CACHE_BLOCK octets as told above. */
void rq_shard_init(rq_shard *shard, const rq_cache_conf *conf, rq_entry *entries, uint32_t *heads, uint32_t *links,
                   uint8_t *octets);

/* Forgets all, whatever state it is in; totals stay. */
void rq_shard_clear(rq_shard *shard);

/* The answer as a message: ID 0, the question as the key spells it, TTLs less by its age. Returns its octets, 0 for
 * none; `cap` must hold the largest message. *was_stale tells that it is too old, and its TTLs are RQ_CACHE_STALE_TTL.
 */
uint32_t rq_shard_find(rq_shard *shard, const rq_cache_key *key, int64_t now_us, rq_find how, int *was_stale,
                       uint8_t *out, uint32_t cap);

/* Keeps a message for `life_s`, in place of one before it; forgets others to make room. 1, or 0 when it cannot fit. The
 * question of the message is the key's but for case, and its name is not compressed. */
int rq_shard_put(rq_shard *shard, const rq_cache_key *key, const uint8_t *wire, uint32_t len, uint32_t life_s,
                 int64_t now_us);

/* Forgets the answers for a name, of any type. Returns how many. */
uint32_t rq_shard_forget(rq_shard *shard, uint64_t hash, const rq_name *name);

/* Seconds that a message as rq_chain_select writes it may be kept: the least TTL in it, within conf's limits, and for a
 * negative one that of its SOA (RFC 2308, 5). 0: not at all, as when some TTL is 0 or has its highest bit set (RFC
 * 2181, 8). */
uint32_t rq_cache_life(const rq_cache_conf *conf, const uint8_t *wire, size_t len);

#endif
