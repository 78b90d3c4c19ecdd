/* rq_cache.c: one shard of a cache; see rq_cache.h. SPDX-License-Identifier: MIT */
#include "rq_cache.h"

#define SECOND 1000000 /* in microseconds */
#define TYPE_SOA 6
#define SPREAD 0x9e3779b97f4a7c15u /* odd, and its bits are well mixed */

static uint32_t find_living(rq_shard *shard, const rq_cache_key *key, int64_t now_us);
static uint32_t find_entry(const rq_shard *shard, const rq_cache_key *key);
static void drop_entry(rq_shard *shard, uint32_t e);
static uint32_t take_entry(rq_shard *shard);
static void make_room(rq_shard *shard, uint32_t blocks);
static void keep_octets(rq_shard *shard, rq_entry *entry, const uint8_t *wire);
static void read_octets(const rq_shard *shard, const rq_entry *entry, size_t len, rq_out *out);
static void link_entry(rq_shard *shard, uint32_t e);
static void unlink_use(rq_shard *shard, uint32_t e);
static void link_use(rq_shard *shard, uint32_t e);
static void present(const rq_cache_conf *conf, const rq_cache_key *key, const rq_entry *entry, int64_t now_us,
                    int is_stale, rq_out *message, const uint8_t *wire);

/* --- what callers ask for --- */

uint32_t rq_shard_find(rq_shard *shard, const rq_cache_key *key, int64_t now_us, rq_find how, int *was_stale,
                       uint8_t *out, uint32_t cap) {
  rq_out message;
  uint32_t e = find_living(shard, key, now_us);
  *was_stale = e != 0 && now_us >= shard->entries[e - 1].until_us;
  if (e == 0 || (*was_stale && how != RQ_FIND_STALE)) {
    if (how == RQ_FIND) shard->stats.misses++;
    return 0;
  }
  shard->stats.hits++;
  shard->stats.stale += (uint64_t)*was_stale;
  unlink_use(shard, e);
  link_use(shard, e);
  const rq_entry *entry = &shard->entries[e - 1];
  rq_out_init(&message, out, cap);
  read_octets(shard, entry, entry->len, &message);
  present(&shard->conf, key, entry, now_us, *was_stale, &message, out);
  return (uint32_t)rq_out_stored(&message);
}

/* One that is too old even to stand in for a failure is forgotten. */
static uint32_t find_living(rq_shard *shard, const rq_cache_key *key, int64_t now_us) {
  uint32_t e = find_entry(shard, key);
  if (e == 0) return 0;
  int64_t over_us = now_us - shard->entries[e - 1].until_us;
  if (over_us < 0 || over_us / SECOND < shard->conf.stale_s) return e;
  drop_entry(shard, e);
  shard->stats.expired++;
  return 0;
}

int rq_shard_put(rq_shard *shard, const rq_cache_key *key, const uint8_t *wire, uint32_t len, uint32_t life_s,
                 int64_t now_us) {
  uint32_t before = find_entry(shard, key);
  if (before != 0) drop_entry(shard, before);
  uint32_t blocks = len / RQ_CACHE_BLOCK + (len % RQ_CACHE_BLOCK > 0);
  if (len < RQ_HEADER_SIZE || len > RQ_MESSAGE_MAX || life_s == 0 || blocks > shard->block_count) return 0;
  make_room(shard, blocks);
  uint32_t e = take_entry(shard);
  rq_entry *entry = &shard->entries[e - 1];
  *entry = (rq_entry){.hash = key->hash,
                      .from_us = now_us,
                      .until_us = now_us + (int64_t)life_s * SECOND,
                      .manner = key->manner,
                      .len = len,
                      .rrtype = key->rrtype,
                      .rrclass = key->rrclass};
  keep_octets(shard, entry, wire);
  link_use(shard, e);
  link_entry(shard, e);
  shard->stats.entries++;
  shard->stats.stored++;
  return 1;
}

uint32_t rq_shard_forget(rq_shard *shard, uint64_t hash, const rq_name *name) {
  uint32_t gone = 0, next;
  for (uint32_t e = shard->newest; e != 0; e = next) {
    const rq_entry *entry = &shard->entries[e - 1];
    rq_cache_key key = {hash, name, entry->rrtype, entry->rrclass, entry->manner};
    next = entry->older;
    if (entry->hash != hash || find_entry(shard, &key) != e) continue;
    drop_entry(shard, e);
    gone++;
  }
  return gone;
}

uint32_t rq_shard_buckets(const rq_cache_conf *conf) {
  uint32_t count = 1;
  while (count < conf->entries) count *= 2;
  return count;
}

uint32_t rq_shard_blocks(const rq_cache_conf *conf) {
  return (uint32_t)(conf->octets / RQ_CACHE_BLOCK);
}

void rq_shard_init(rq_shard *shard, const rq_cache_conf *conf, rq_entry *entries, uint32_t *heads, uint32_t *links,
                   uint8_t *octets) {
  *shard = (rq_shard){.conf = *conf,
                      .entries = entries,
                      .heads = heads,
                      .bucket_count = rq_shard_buckets(conf),
                      .links = links,
                      .octets = octets,
                      .block_count = rq_shard_blocks(conf)};
}

void rq_shard_clear(rq_shard *shard) {
  for (uint32_t b = 0; b < shard->bucket_count; b++) shard->heads[b] = 0;
  shard->entries_touched = shard->blocks_touched = shard->blocks_used = 0;
  shard->spare_entry = shard->spare_block = shard->newest = shard->oldest = 0;
  shard->stats.entries = 0;
  shard->stats.octets = 0;
}

/* --- entries --- */

/* The name's hash cannot be foreseen, and neither can the bucket of a name with some type. */
static uint32_t *bucket_of(const rq_shard *shard, uint64_t hash, uint16_t rrtype, uint16_t rrclass, uint32_t manner) {
  uint64_t word = (hash ^ manner) + (rrtype * 65536u + rrclass) * (uint64_t)SPREAD;
  word = (word ^ (word >> 32)) * SPREAD;
  return &shard->heads[(word >> 32) & (shard->bucket_count - 1)];
}

/* Whether the message of an entry, whose question stands first and uncompressed, has this name in it. */
static int names(const rq_shard *shard, const rq_entry *entry, const rq_name *name) {
  uint8_t start[RQ_HEADER_SIZE + RQ_NAME_MAX];
  rq_name asked;
  rq_out out;
  rq_cur cur;
  rq_out_init(&out, start, sizeof start);
  read_octets(shard, entry, RQ_HEADER_SIZE + (size_t)name->len, &out);
  rq_cur_init(&cur, start, rq_out_stored(&out));
  rq_cur_skip(&cur, RQ_HEADER_SIZE);
  rq_name_read(&cur, &asked);
  return rq_cur_good(&cur) && rq_name_equal(&asked, name);
}

static uint32_t find_entry(const rq_shard *shard, const rq_cache_key *key) {
  uint32_t e = *bucket_of(shard, key->hash, key->rrtype, key->rrclass, key->manner);
  for (; e != 0; e = shard->entries[e - 1].next) {
    const rq_entry *entry = &shard->entries[e - 1];
    if (entry->hash == key->hash && entry->rrtype == key->rrtype && entry->rrclass == key->rrclass &&
        entry->manner == key->manner && names(shard, entry, key->name))
      return e;
  }
  return 0;
}

static void link_entry(rq_shard *shard, uint32_t e) {
  rq_entry *entry = &shard->entries[e - 1];
  uint32_t *head = bucket_of(shard, entry->hash, entry->rrtype, entry->rrclass, entry->manner);
  entry->next = *head;
  *head = e;
}

static void link_use(rq_shard *shard, uint32_t e) {
  rq_entry *entry = &shard->entries[e - 1];
  entry->newer = 0;
  entry->older = shard->newest;
  if (shard->newest != 0)
    shard->entries[shard->newest - 1].newer = e;
  else
    shard->oldest = e;
  shard->newest = e;
}

static void unlink_use(rq_shard *shard, uint32_t e) {
  rq_entry *entry = &shard->entries[e - 1];
  if (entry->newer != 0)
    shard->entries[entry->newer - 1].older = entry->older;
  else
    shard->newest = entry->older;
  if (entry->older != 0)
    shard->entries[entry->older - 1].newer = entry->newer;
  else
    shard->oldest = entry->newer;
}

static void drop_blocks(rq_shard *shard, rq_entry *entry) {
  while (entry->block != 0) {
    uint32_t b = entry->block;
    entry->block = shard->links[b - 1];
    shard->links[b - 1] = shard->spare_block;
    shard->spare_block = b;
    shard->blocks_used--;
  }
  shard->stats.octets = (uint64_t)shard->blocks_used * RQ_CACHE_BLOCK;
}

static void drop_entry(rq_shard *shard, uint32_t e) {
  rq_entry *entry = &shard->entries[e - 1];
  uint32_t *at = bucket_of(shard, entry->hash, entry->rrtype, entry->rrclass, entry->manner);
  while (*at != e) at = &shard->entries[*at - 1].next;
  *at = entry->next;
  unlink_use(shard, e);
  drop_blocks(shard, entry);
  entry->next = shard->spare_entry;
  shard->spare_entry = e;
  shard->stats.entries--;
}

/* An entry that is not in use; the oldest one's when all are. */
static uint32_t take_entry(rq_shard *shard) {
  if (shard->spare_entry == 0 && shard->entries_touched < shard->conf.entries) return ++shard->entries_touched;
  if (shard->spare_entry == 0) {
    drop_entry(shard, shard->oldest);
    shard->stats.evicted++;
  }
  uint32_t e = shard->spare_entry;
  shard->spare_entry = shard->entries[e - 1].next;
  return e;
}

/* --- octets --- */

/* Forgets the oldest until so many blocks, which the shard has, are not in use. */
static void make_room(rq_shard *shard, uint32_t blocks) {
  while (shard->block_count - shard->blocks_used < blocks) {
    drop_entry(shard, shard->oldest);
    shard->stats.evicted++;
  }
}

static uint32_t take_block(rq_shard *shard) {
  uint32_t b = shard->spare_block;
  if (b != 0)
    shard->spare_block = shard->links[b - 1];
  else
    b = ++shard->blocks_touched;
  shard->blocks_used++;
  return b;
}

static void keep_octets(rq_shard *shard, rq_entry *entry, const uint8_t *wire) {
  uint32_t *place = &entry->block;
  rq_cur cur;
  rq_cur_init(&cur, wire, entry->len);
  while (rq_cur_left(&cur) > 0) {
    rq_out out;
    uint32_t b = take_block(shard);
    size_t n = rq_cur_left(&cur) < RQ_CACHE_BLOCK ? rq_cur_left(&cur) : RQ_CACHE_BLOCK;
    rq_out_init(&out, shard->octets + (size_t)(b - 1) * RQ_CACHE_BLOCK, RQ_CACHE_BLOCK);
    rq_out_take(&out, &cur, n);
    *place = b;
    place = &shard->links[b - 1];
    *place = 0;
  }
  shard->stats.octets = (uint64_t)shard->blocks_used * RQ_CACHE_BLOCK;
}

/* Appends the first `len` octets of a message, or all of it. */
static void read_octets(const rq_shard *shard, const rq_entry *entry, size_t len, rq_out *out) {
  size_t left = len < entry->len ? len : entry->len;
  for (uint32_t b = entry->block; b != 0 && left > 0; b = shard->links[b - 1]) {
    size_t n = left < RQ_CACHE_BLOCK ? left : RQ_CACHE_BLOCK;
    rq_out_octets(out, shard->octets + (size_t)(b - 1) * RQ_CACHE_BLOCK, n);
    left -= n;
  }
}

/* --- messages --- */

static uint32_t within(const rq_cache_conf *conf, uint32_t ttl_s) {
  uint32_t most = conf->ttl_max_s < RQ_CACHE_TTL_MOST ? conf->ttl_max_s : RQ_CACHE_TTL_MOST;
  if (ttl_s < conf->ttl_min_s) ttl_s = conf->ttl_min_s;
  return ttl_s < most ? ttl_s : most;
}

/* What a record's TTL shows: less by its age, and in the authority section no more than the answer has left. */
static uint32_t shown_ttl(const rq_cache_conf *conf, const rq_entry *entry, const rq_walk *walk, uint32_t ttl_s,
                          int64_t now_us) {
  uint32_t life_s = (uint32_t)((entry->until_us - entry->from_us) / SECOND);
  uint32_t age_s = (uint32_t)((now_us - entry->from_us) / SECOND);
  uint32_t whole_s = within(conf, ttl_s);
  if (walk->section != RQ_ANSWER && whole_s > life_s) whole_s = life_s;
  return whole_s > age_s ? whole_s - age_s : 0;
}

/* Spells the question as it was asked and sets the TTLs, in a message that is read from `wire` while it is written. */
static void present(const rq_cache_conf *conf, const rq_cache_key *key, const rq_entry *entry, int64_t now_us,
                    int is_stale, rq_out *message, const uint8_t *wire) {
  rq_walk walk;
  rq_record record;
  rq_cur name;
  rq_cur_init(&name, key->name->octets, key->name->len);
  /* in pairs: an octet that is left over is the root label, and has no case */
  for (size_t at = RQ_HEADER_SIZE; rq_cur_left(&name) > 1; at += 2) rq_out_patch16(message, at, rq_cur_u16(&name));
  if (rq_walk_begin(&walk, wire, rq_out_stored(message)) != RQ_OK) return;
  rq_out_patch16(message, 0, 0);
  rq_out_patch16(message, 2, (uint16_t)(walk.header.flags & ~RQ_FLAG_AA));
  while (rq_walk_record(&walk, &record) == 1) {
    size_t at = rq_cur_pos(&record.rdata) - 6; /* of the TTL; two octets of length follow it */
    uint32_t ttl_s = is_stale ? RQ_CACHE_STALE_TTL : shown_ttl(conf, entry, &walk, record.ttl, now_us);
    rq_out_patch16(message, at, (uint16_t)(ttl_s / 65536u));
    rq_out_patch16(message, at + 2, (uint16_t)(ttl_s % 65536u));
  }
}

/* The last field of an SOA: how long a negative answer may be kept. */
static uint32_t soa_minimum(const rq_record *soa) {
  rq_cur rdata = soa->rdata;
  if (rq_cur_left(&rdata) < 4) return 0;
  rq_cur_skip(&rdata, rq_cur_left(&rdata) - 4);
  return rq_cur_u32(&rdata);
}

uint32_t rq_cache_life(const rq_cache_conf *conf, const uint8_t *wire, size_t len) {
  rq_walk walk;
  rq_record record;
  uint32_t least = RQ_CACHE_TTL_MOST, records = 0;
  int got, negative = 0;
  if (rq_walk_begin(&walk, wire, len) != RQ_OK) return 0;
  for (; (got = rq_walk_record(&walk, &record)) == 1; records++) {
    uint32_t ttl_s = record.ttl <= RQ_CACHE_TTL_MOST ? record.ttl : 0;
    if (walk.section != RQ_ANSWER) negative = 1;
    if (walk.section == RQ_AUTHORITY && record.rrtype == TYPE_SOA && soa_minimum(&record) < ttl_s)
      ttl_s = soa_minimum(&record);
    if (ttl_s < least) least = ttl_s;
  }
  if (got != 0 || records == 0 || least == 0) return 0;
  uint32_t life_s = within(conf, least);
  return negative && life_s > conf->negative_max_s ? conf->negative_max_s : life_s;
}
