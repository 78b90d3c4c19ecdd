/* test_cache.c: a shard of the cache against a plain model, chains record by record, and a cache in many threads.
 *
 * The model keeps every answer that was put for ever; a shard may forget what it likes, but never gives what the model
 * does not have, or no longer as fresh, and never holds more than it may. SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lookup/rq_cache.h"
#include "lookup/rq_chain.h"
#include "net/rq_shared.h"
#include "unit.h"

#define NAMES 40u
#define TYPES 3u
#define SECOND 1000000
#define STEPS 60000
#define THREADS 4
#define ROUNDS 20000

static uint64_t drawn; /* the state of a small generator: each run is the same */

static uint32_t draw(uint32_t below) {
  drawn = drawn * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(drawn >> 33) % below;
}

static rq_name name_of(const char *text) {
  rq_name name;
  rq_name_parse((const uint8_t *)text, strlen(text), &name);
  return name;
}

/* "host-7.example", in random case. */
static rq_name host_name(uint32_t number) {
  char text[64];
  snprintf(text, sizeof text, "host-%u.%s.example", number, number % 3 ? "a" : "some.longer.name");
  for (char *at = text; *at; at++)
    if (*at >= 'a' && *at <= 'z' && draw(2)) *at = (char)(*at - 32);
  return name_of(text);
}

static void put_record(rq_out *out, const rq_name *owner, uint16_t rrtype, uint32_t ttl_s, const uint8_t *rdata,
                       uint16_t len) {
  rq_name_write(owner, out);
  rq_out_u16(out, rrtype);
  rq_out_u16(out, 1);
  rq_out_u32(out, ttl_s);
  rq_out_u16(out, len);
  rq_out_octets(out, rdata, len);
}

static void put_head(rq_out *out, uint16_t flags, const rq_name *name, uint16_t rrtype, uint16_t answers,
                     uint16_t authority) {
  const uint16_t counts[] = {0x1234, flags, 1, answers, authority, 0};
  for (int n = 0; n < 6; n++) rq_out_u16(out, counts[n]);
  rq_name_write(name, out);
  rq_out_u16(out, rrtype);
  rq_out_u16(out, 1);
}

/* --- the model --- */

typedef struct known {
  int64_t from_us;
  uint32_t ttl_s, life_s, size, mark;
} known;

static const uint8_t secret[16] = {1, 2, 3};
static known model[NAMES][TYPES];

static rq_cache_key key_of(const rq_name *name, uint32_t type) {
  return (rq_cache_key){rq_name_hash(name, secret), name, (uint16_t)(type + 1), 1, 7};
}

typedef struct shelf {
  rq_shard shard;
  rq_cache_conf conf;
  void *memory[4];
  int64_t now_us;
  uint64_t gone; /* replaced or forgotten as asked */
} shelf;

static void shelf_begin(shelf *s, const rq_cache_conf *conf) {
  memset(model, 0, sizeof model);
  s->conf = *conf;
  s->memory[0] = calloc(conf->entries, sizeof(rq_entry));
  s->memory[1] = calloc(rq_shard_buckets(conf), sizeof(uint32_t));
  s->memory[2] = calloc(rq_shard_blocks(conf) + (size_t)1, sizeof(uint32_t));
  s->memory[3] = calloc(rq_shard_blocks(conf) + (size_t)1, RQ_CACHE_BLOCK);
  rq_shard_init(&s->shard, conf, s->memory[0], s->memory[1], s->memory[2], s->memory[3]);
  s->now_us = 5 * SECOND;
  s->gone = 0;
}

static void shelf_end(shelf *s) {
  for (int k = 0; k < 4; k++) free(s->memory[k]);
}

static uint32_t clamp(const rq_cache_conf *conf, uint32_t ttl_s) {
  if (ttl_s < conf->ttl_min_s) ttl_s = conf->ttl_min_s;
  return ttl_s > conf->ttl_max_s ? conf->ttl_max_s : ttl_s;
}

static void step_put(unit *u, shelf *s, uint32_t n, uint32_t type) {
  static uint8_t wire[4096], rdata[4096];
  static uint32_t marks;
  rq_out out;
  rq_name name = host_name(n);
  rq_cache_key key = key_of(&name, type);
  uint32_t size = draw(8) ? draw(200) : draw(3000), ttl_s = draw(10) ? draw(100) + 1 : 0;
  uint32_t before = s->shard.stats.entries;
  uint64_t evicted = s->shard.stats.evicted;
  known *k = &model[n][type];
  int had =
      k->life_s > 0 && rq_shard_find(&s->shard, &key, k->from_us, RQ_FIND_AGAIN, &(int){0}, wire, sizeof wire) > 0;
  memset(rdata, (int)(++marks % 251), sizeof rdata);
  rq_out_init(&out, wire, sizeof wire);
  put_head(&out, RQ_FLAG_QR | RQ_FLAG_AA, &name, (uint16_t)(type + 1), 1, 0);
  put_record(&out, &name, 65280, ttl_s, rdata, (uint16_t)size);
  uint32_t life_s = rq_cache_life(&s->conf, wire, rq_out_stored(&out));
  EXPECT_NUMBER(u, life_s, ttl_s == 0 ? 0 : clamp(&s->conf, ttl_s));
  int kept = rq_shard_put(&s->shard, &key, wire, (uint32_t)rq_out_stored(&out), life_s, s->now_us);
  uint32_t blocks = (uint32_t)(rq_out_stored(&out) + RQ_CACHE_BLOCK - 1) / RQ_CACHE_BLOCK;
  EXPECT_NUMBER(u, kept, life_s > 0 && blocks <= rq_shard_blocks(&s->conf));
  s->gone += (uint64_t)had;
  EXPECT_NUMBER(u, s->shard.stats.entries,
                before - (uint32_t)had + (uint32_t)kept - (s->shard.stats.evicted - evicted));
  *k = kept ? (known){s->now_us, ttl_s, life_s, size, marks % 251} : (known){0};
}

static void step_find(unit *u, shelf *s, uint32_t n, uint32_t type, rq_find how) {
  uint8_t wire[4096];
  rq_walk walk;
  rq_record record;
  rq_question question;
  rq_name name = host_name(n);
  rq_cache_key key = key_of(&name, type);
  const known *k = &model[n][type];
  int64_t age_us = s->now_us - k->from_us, life_us = (int64_t)k->life_s * SECOND;
  int was_stale = 0;
  uint32_t len = rq_shard_find(&s->shard, &key, s->now_us, how, &was_stale, wire, sizeof wire);
  if (len == 0) return;
  EXPECT(u, k->life_s > 0);
  EXPECT_NUMBER(u, was_stale, age_us >= life_us);
  EXPECT(u, !was_stale || (how == RQ_FIND_STALE && age_us - life_us < (int64_t)s->conf.stale_s * SECOND));
  EXPECT(u, rq_walk_begin(&walk, wire, len) == RQ_OK && rq_walk_question(&walk, &question) == 1);
  EXPECT(u, rq_name_identical(&question.name, &name));
  EXPECT(u, walk.header.id == 0 && walk.header.flags == RQ_FLAG_QR);
  EXPECT(u, rq_walk_record(&walk, &record) == 1);
  uint32_t ttl_s = was_stale ? RQ_CACHE_STALE_TTL : clamp(&s->conf, k->ttl_s) - (uint32_t)(age_us / SECOND);
  EXPECT_NUMBER(u, record.ttl, ttl_s);
  EXPECT_NUMBER(u, rq_cur_left(&record.rdata), k->size);
  if (k->size > 0) EXPECT_NUMBER(u, rq_cur_u8(&record.rdata), k->mark);
  EXPECT(u, rq_walk_record(&walk, &record) == 0 && rq_walk_pos(&walk) == len);
}

static void step_forget(unit *u, shelf *s, uint32_t n) {
  rq_name name = host_name(n);
  uint32_t before = s->shard.stats.entries;
  uint32_t gone = rq_shard_forget(&s->shard, rq_name_hash(&name, secret), &name);
  EXPECT(u, gone <= TYPES && s->shard.stats.entries == before - gone);
  s->gone += gone;
  memset(model[n], 0, sizeof model[n]);
}

/* Bounds, and that nothing is lost of what was counted. */
static void check(unit *u, const shelf *s) {
  const rq_cache_stats *stats = &s->shard.stats;
  EXPECT(u, stats->entries <= s->conf.entries && stats->octets <= s->conf.octets);
  EXPECT_NUMBER(u, stats->stored, stats->entries + stats->evicted + stats->expired + s->gone);
  EXPECT(u, (stats->entries == 0) == (stats->octets == 0));
}

static void test_a_shard_is_no_more_than_its_model(unit *u) {
  static const rq_cache_conf confs[] = {{1, 64 * 100, 0, 1000, 50, 0},    {5, 100000, 0, 1000, 50, 20},
                                        {100, 64 * 50, 20, 60, 50, 0},    {1000, 1000000, 0, 1000, 50, 0},
                                        {1000, 64 * 9, 10, 10, 50, 3600}, {3, 10, 0, 1000, 50, 0}};
  for (size_t c = 0; c < sizeof confs / sizeof confs[0]; c++) {
    shelf s;
    u->about = "a shard and its model";
    drawn = c;
    shelf_begin(&s, &confs[c]);
    for (int n = 0; n < STEPS; n++) {
      uint32_t host = draw(NAMES), type = draw(TYPES), what = draw(100);
      if (what < 40) step_put(u, &s, host, type);
      if (what >= 40 && what < 90) step_find(u, &s, host, type, (rq_find)draw(3));
      if (what >= 90 && what < 95) step_forget(u, &s, host);
      if (what >= 95) s.now_us += draw(20 * SECOND);
      check(u, &s);
    }
    rq_shard_clear(&s.shard);
    EXPECT(u, s.shard.stats.entries == 0 && s.shard.stats.octets == 0);
    for (uint32_t n = 0; n < NAMES; n++) step_forget(u, &s, n);
    shelf_end(&s);
  }
}

static void test_the_longest_unused_goes_first(unit *u) {
  static const rq_cache_conf conf = {3, 100000, 0, 1000, 50, 0};
  uint8_t wire[512];
  rq_out out;
  shelf s;
  u->about = "what is given up";
  shelf_begin(&s, &conf);
  for (uint32_t n = 0; n < 4; n++) {
    rq_name name = host_name(n), first = host_name(0);
    rq_cache_key key = key_of(&name, 0), oldest = key_of(&first, 0);
    rq_out_init(&out, wire, sizeof wire);
    put_head(&out, RQ_FLAG_QR, &name, 1, 0, 0);
    rq_shard_put(&s.shard, &key, wire, (uint32_t)rq_out_stored(&out), 100, s.now_us);
    EXPECT(u, rq_shard_find(&s.shard, &oldest, s.now_us, RQ_FIND, &(int){0}, wire, sizeof wire) > 0);
  }
  for (uint32_t n = 0; n < 4; n++) {
    rq_name name = host_name(n);
    rq_cache_key key = key_of(&name, 0);
    EXPECT_NUMBER(u, rq_shard_find(&s.shard, &key, s.now_us, RQ_FIND, &(int){0}, wire, sizeof wire) > 0, n != 1);
  }
  shelf_end(&s);
}

/* --- how long an answer lives --- */

static uint32_t negative_life(uint32_t soa_ttl_s, uint32_t minimum_s, const rq_cache_conf *conf) {
  uint8_t wire[512];
  const uint8_t rdata[22] = {[20] = (uint8_t)(minimum_s / 256), [21] = (uint8_t)(minimum_s % 256)};
  rq_out out;
  rq_name name = name_of("x.example"), zone = name_of("example");
  rq_out_init(&out, wire, sizeof wire);
  put_head(&out, RQ_FLAG_QR + 3, &name, 1, 0, 1);
  put_record(&out, &zone, 6, soa_ttl_s, rdata, 22);
  return rq_cache_life(conf, wire, rq_out_stored(&out));
}

static void test_negative_answers_live_as_their_soa_says(unit *u) {
  static const rq_cache_conf conf = {1, 1000, 10, 5000, 900, 0};
  u->about = "the life of a negative answer (RFC 2308, 5)";
  EXPECT_NUMBER(u, negative_life(300, 60, &conf), 60);
  EXPECT_NUMBER(u, negative_life(60, 300, &conf), 60);
  EXPECT_NUMBER(u, negative_life(3600, 3600, &conf), 900);
  EXPECT_NUMBER(u, negative_life(5, 300, &conf), 10);
  EXPECT_NUMBER(u, negative_life(0, 300, &conf), 0);
  EXPECT_NUMBER(u, negative_life(300, 0, &conf), 0);
  EXPECT_NUMBER(u, negative_life(0x80000000u, 300, &conf), 0);
}

/* --- many threads --- */

typedef struct crowd {
  rq_cache *cache;
  atomic_ulong hits, wrong;
  uint64_t seed;
} crowd;

static void *visit(void *argument) {
  crowd *c = argument;
  uint8_t wire[512], out[RQ_MESSAGE_MAX];
  uint64_t state = atomic_fetch_add(&c->hits, 0) + (uint64_t)(uintptr_t)&wire;
  for (int n = 0; n < ROUNDS; n++) {
    char text[32];
    rq_out message;
    state = state * 6364136223846793005u + 1442695040888963407u;
    uint32_t number = (uint32_t)(state >> 40) % 500;
    snprintf(text, sizeof text, "n%u.example", number);
    rq_name name = name_of(text);
    rq_cache_key key = {rq_name_hash(&name, rq_cache_secret(c->cache)), &name, 1, 1, 0};
    uint8_t rdata[4] = {127, 0, (uint8_t)(number / 256), (uint8_t)(number % 256)};
    int was_stale;
    uint32_t len = rq_cache_find(c->cache, &key, n, RQ_FIND, &was_stale, out, sizeof out);
    if (len >= 4 && (out[len - 2] != rdata[2] || out[len - 1] != rdata[3])) atomic_fetch_add(&c->wrong, 1);
    if (len > 0) atomic_fetch_add(&c->hits, 1);
    rq_out_init(&message, wire, sizeof wire);
    put_head(&message, RQ_FLAG_QR, &name, 1, 1, 0);
    put_record(&message, &name, 1, 60, rdata, 4);
    if (len == 0) rq_cache_put(c->cache, &key, wire, (uint32_t)rq_out_stored(&message), n);
    if (n % 1000 == 0) rq_cache_flush(c->cache, text, (uint32_t)strlen(text));
    if (n % 5000 == 0) rq_cache_flush(c->cache, NULL, 0);
    rq_cache_stats stats;
    if (n % 100 == 0) rq_cache_tell(c->cache, &stats);
  }
  rq_cache_free(c->cache);
  return NULL;
}

static void test_threads_share_a_cache(unit *u) {
  static const rq_cache_conf conf = {400, 1u << 22, 0, 1000, 50, 0};
  pthread_t threads[THREADS];
  rq_cache_stats stats;
  int32_t status;
  u->about = "a cache in threads";
  crowd c = {.cache = rq_cache_new(&conf, &status)};
  EXPECT_NUMBER(u, status, RQ_OK);
  for (int k = 0; k < THREADS; k++) {
    rq_cache_hold(c.cache);
    pthread_create(&threads[k], NULL, visit, &c);
  }
  for (int k = 0; k < THREADS; k++) pthread_join(threads[k], NULL);
  rq_cache_tell(c.cache, &stats);
  EXPECT_NUMBER(u, atomic_load(&c.wrong), 0);
  EXPECT(u, stats.hits == atomic_load(&c.hits) && stats.hits + stats.misses == THREADS * ROUNDS);
  EXPECT(u, stats.entries <= conf.entries && stats.octets <= conf.octets && stats.hits > 0);
  rq_cache_free(c.cache);
}

/* ThreadSanitizer does not bear forks among threads. */
#ifdef __SANITIZE_THREAD__
#define FORKS 0
#else
#define FORKS 30
#endif

/* What a child of a fork finds: nothing, and no lock that a thread of its parent held. 0, or never. */
static int visit_as_child(rq_cache *cache) {
  uint8_t wire[512], out[RQ_MESSAGE_MAX];
  rq_out message;
  rq_cache_stats stats;
  alarm(20);
  rq_cache_tell(cache, &stats);
  for (uint32_t n = 0; n < 500; n++) {
    rq_name name = host_name(n);
    rq_cache_key key = {rq_name_hash(&name, rq_cache_secret(cache)), &name, 1, 1, 0};
    int was_stale;
    if (rq_cache_find(cache, &key, 5, RQ_FIND, &was_stale, out, sizeof out) > 0) return 1;
    rq_out_init(&message, wire, sizeof wire);
    put_head(&message, RQ_FLAG_QR, &name, 1, 1, 0);
    put_record(&message, &name, 1, 60, wire, 4);
    rq_cache_put(cache, &key, wire, (uint32_t)rq_out_stored(&message), 5);
  }
  return stats.entries == 0 ? 0 : 2;
}

static void test_a_fork_among_threads_finds_no_lock_taken(unit *u) {
  static const rq_cache_conf conf = {400, 1u << 22, 0, 1000, 50, 0};
  pthread_t threads[THREADS];
  int32_t status;
  u->about = "a cache in the child of a fork";
  crowd c = {.cache = rq_cache_new(&conf, &status)};
  for (int k = 0; k < THREADS; k++) {
    rq_cache_hold(c.cache);
    pthread_create(&threads[k], NULL, visit, &c);
  }
  for (int n = 0; n < FORKS; n++) {
    int ended = 0;
    pid_t child = fork();
    if (child == 0) _exit(visit_as_child(c.cache));
    EXPECT(u, waitpid(child, &ended, 0) == child && ended == 0);
  }
  for (int k = 0; k < THREADS; k++) pthread_join(threads[k], NULL);
  EXPECT_NUMBER(u, atomic_load(&c.wrong), 0);
  rq_cache_free(c.cache);
}

static void test_a_cache_refuses_misuse(unit *u) {
  int32_t status;
  rq_cache_conf conf = {0, 1000, 0, 1000, 50, 0};
  u->about = "limits of a cache";
  EXPECT(u, rq_cache_new(&conf, &status) == NULL && status == RQ_BAD_ARGUMENT);
  EXPECT(u, rq_cache_new(NULL, &status) == NULL && status == RQ_BAD_ARGUMENT);
  conf = (rq_cache_conf){10, 0, 0, 1000, 50, 0};
  EXPECT(u, rq_cache_new(&conf, &status) == NULL && status == RQ_BAD_ARGUMENT);
  conf = (rq_cache_conf){10, 10, 9, 8, 50, 0};
  EXPECT(u, rq_cache_new(&conf, &status) == NULL && status == RQ_BAD_ARGUMENT);
  conf = (rq_cache_conf){10, 10, 0, 8, 50, 0};
  rq_cache *cache = rq_cache_new(&conf, &status);
  EXPECT_NUMBER(u, rq_cache_flush(cache, "a..b", 4), RQ_ILLEGAL_INPUT);
  EXPECT_NUMBER(u, rq_cache_flush(cache, NULL, 4), RQ_BAD_ARGUMENT);
  EXPECT_NUMBER(u, rq_cache_flush(NULL, NULL, 0), RQ_BAD_ARGUMENT);
  rq_cache_free(cache);
  rq_cache_free(NULL);
}

/* --- chains --- */

static rq_chain_end select_text(const char *wire, size_t len, const char *asked, rq_name *end, rq_out *out) {
  rq_name name = name_of(asked);
  return rq_chain_select(&name, NULL, 0, (const uint8_t *)wire, len, end, out);
}

#define HEAD "\x12\x34\x84\x00\0\1"
#define Q "\1a\0\0\1\0\1"
#define SELECT(text) select_text(text, sizeof text - 1, "A", &end, &out)

static void test_a_chain_is_written_with_its_names_in_full(unit *u) {
  uint8_t wire[512];
  rq_out out;
  rq_name end;
  u->about = "what is written of a chain";
  rq_out_init(&out, wire, sizeof wire);
  EXPECT_NUMBER(u,
                SELECT(HEAD "\0\2\0\0\0\0" Q "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\4\1b\xc0\x0c"
                            "\xc0\x1f\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1"),
                RQ_CHAIN_ANSWERS);
  static const char wanted[] = HEAD
      "\0\2\0\0\0\0\1A\0\0\1\0\1\xc0\x0c\0\5\0\1\0\0\0\x3c\0\5\1b\1a\0"
      "\xc0\x1f\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1";
  EXPECT_OCTETS(u, wire, rq_out_stored(&out), wanted, sizeof wanted - 1);
}

static void test_a_message_that_is_no_answer_to_it_is_not_read(unit *u) {
  uint8_t wire[512];
  rq_out out;
  rq_name end;
  u->about = "messages that a chain stops at";
  rq_out_init(&out, wire, sizeof wire);
  EXPECT_NUMBER(u, SELECT(HEAD "\0\0\0\0\0\0\1b\0\0\1\0\1"), RQ_CHAIN_STOPS); /* another question */
  EXPECT_NUMBER(u, SELECT(HEAD), RQ_CHAIN_STOPS);
  EXPECT_NUMBER(u, SELECT("\x12\x34\x84\0\0\0\0\0\0\0\0\0"), RQ_CHAIN_STOPS);
  EXPECT_NUMBER(u, rq_out_wanted(&out), 0);
  /* an address of three octets, and a CNAME with an octet too many */
  EXPECT_NUMBER(u, SELECT(HEAD "\0\1\0\0\0\0" Q "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\3\x7f\0\0"), RQ_CHAIN_STOPS);
  rq_out_init(&out, wire, sizeof wire);
  EXPECT_NUMBER(u, SELECT(HEAD "\0\1\0\0\0\0" Q "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\4\1b\0\0"), RQ_CHAIN_STOPS);
}

/* A chain of some links, the last one first, behind as many other records as the message holds. */
static rq_chain_end end_of_a_large_message(uint32_t links) {
  static uint8_t wire[RQ_MESSAGE_MAX], written[RQ_MESSAGE_MAX];
  rq_out out;
  rq_name name = name_of("n0.example"), end;
  uint16_t count = 0;
  rq_out_init(&out, wire, sizeof wire);
  put_head(&out, RQ_FLAG_QR, &name, 1, 0, 0);
  for (; rq_out_wanted(&out) < RQ_MESSAGE_MAX - (links + 1) * 50; count++) put_record(&out, &name, 16, 60, NULL, 0);
  for (uint32_t n = links; n-- > 0; count++) {
    char text[32];
    snprintf(text, sizeof text, "n%u.example", n);
    rq_name owner = name_of(text);
    snprintf(text, sizeof text, "n%u.example", n + 1);
    rq_name target = name_of(text);
    put_record(&out, &owner, 5, 60, target.octets, target.len);
  }
  rq_out_patch16(&out, 6, count);
  uint32_t len = (uint32_t)rq_out_stored(&out);
  rq_out_init(&out, written, sizeof written);
  return rq_chain_select(&name, NULL, 0, wire, len, &end, &out);
}

static void test_work_is_bounded(unit *u) {
  u->about = "long chains in large messages";
  EXPECT_NUMBER(u, end_of_a_large_message(1), RQ_CHAIN_LEADS);
  EXPECT_NUMBER(u, end_of_a_large_message(30), RQ_CHAIN_STOPS);
  EXPECT_NUMBER(u, end_of_a_large_message(300), RQ_CHAIN_STOPS);
}

static void test_one_name_below_another(unit *u) {
  u->about = "names below names";
  rq_name www = name_of("www.Example"), example = name_of("example"), ample = name_of("ample"), root = name_of(".");
  EXPECT_NUMBER(u, rq_name_below(&www, &example), 4);
  EXPECT_NUMBER(u, rq_name_below(&example, &example), 0);
  EXPECT_NUMBER(u, rq_name_below(&example, &www), -1);
  EXPECT_NUMBER(u, rq_name_below(&example, &ample), -1);
  EXPECT_NUMBER(u, rq_name_below(&www, &root), 12);
  EXPECT_NUMBER(u, rq_name_below(&root, &root), 0);
}

int main(void) {
  unit u = {0, 0, NULL};
  test_a_shard_is_no_more_than_its_model(&u);
  test_the_longest_unused_goes_first(&u);
  test_negative_answers_live_as_their_soa_says(&u);
  test_threads_share_a_cache(&u);
  test_a_fork_among_threads_finds_no_lock_taken(&u);
  test_a_cache_refuses_misuse(&u);
  test_a_chain_is_written_with_its_names_in_full(&u);
  test_a_message_that_is_no_answer_to_it_is_not_read(&u);
  test_work_is_bounded(&u);
  test_one_name_below_another(&u);
  return unit_report(&u, "cache");
}
