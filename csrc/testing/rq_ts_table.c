/* rq_ts_table.c: see rq_ts_table.h. Names and bodies lie in one arena, so that a million answers are two allocations.
 * SPDX-License-Identifier: MIT */
#include "rq_ts_table.h"

#include <stdlib.h>

#define FIRST_SLOTS 1024u
#define FIRST_ARENA 65536u

static uint64_t entry_hash(const rq_ts_table *table, const rq_name *name, uint16_t rrtype) {
  return rq_name_hash(name, table->key) ^ (rrtype * 0x9e3779b97f4a7c15u);
}

static int entry_is(const rq_ts_table *table, const rq_ts_entry *entry, const rq_name *name) {
  rq_name own;
  rq_cur cur;
  if (entry->name_len != name->len) return 0;
  rq_cur_init(&cur, table->arena + entry->at, entry->name_len);
  own.len = entry->name_len;
  rq_cur_copy(&cur, own.octets, own.len);
  return rq_name_equal(&own, name);
}

/* The slot that holds the entry, or the free one where it belongs. Ends: a quarter of the slots is always free. */
static rq_ts_entry *slot_find(const rq_ts_table *table, const rq_name *name, uint16_t rrtype, uint64_t hash) {
  size_t mask = table->slot_count - 1;
  for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
    rq_ts_entry *slot = &table->slots[i];
    if (slot->name_len == 0) return slot;
    if (slot->hash == hash && slot->head.rrtype == rrtype && entry_is(table, slot, name)) return slot;
  }
}

static int slots_grow(rq_ts_table *table) {
  size_t count = table->slot_count * 2;
  rq_ts_entry *slots = calloc(count, sizeof *slots);
  if (slots == NULL) return RQ_NO_MEMORY;
  for (size_t i = 0; i < table->slot_count; i++) {
    if (table->slots[i].name_len == 0) continue;
    size_t to = (size_t)table->slots[i].hash & (count - 1);
    while (slots[to].name_len != 0) to = (to + 1) & (count - 1);
    slots[to] = table->slots[i];
  }
  free(table->slots);
  table->slots = slots;
  table->slot_count = count;
  return RQ_OK;
}

static int arena_room(rq_ts_table *table, size_t wanted) {
  size_t cap = table->arena_cap;
  while (cap - table->arena_len < wanted) cap *= 2;
  if (cap == table->arena_cap) return RQ_OK;
  uint8_t *arena = realloc(table->arena, cap);
  if (arena == NULL) return RQ_NO_MEMORY;
  table->arena = arena;
  table->arena_cap = cap;
  return RQ_OK;
}

int rq_ts_table_put(rq_ts_table *table, const rq_name *name, const rq_ts_head *head, const uint8_t *body,
                    uint32_t body_len) {
  size_t wanted = (size_t)name->len + body_len;
  if (arena_room(table, wanted) != RQ_OK) return RQ_NO_MEMORY;
  if (table->used > table->slot_count / 4 * 3 - 1 && slots_grow(table) != RQ_OK) return RQ_NO_MEMORY;
  uint64_t hash = entry_hash(table, name, head->rrtype);
  rq_ts_entry *slot = slot_find(table, name, head->rrtype, hash);
  if (slot->name_len == 0) table->used++;
  *slot =
      (rq_ts_entry){.hash = hash, .at = table->arena_len, .body_len = body_len, .head = *head, .name_len = name->len};
  rq_out out;
  rq_out_init(&out, table->arena + table->arena_len, wanted);
  rq_name_write(name, &out);
  rq_out_octets(&out, body, body_len);
  table->arena_len += wanted;
  return RQ_OK;
}

rq_ts_entry *rq_ts_table_find(const rq_ts_table *table, const rq_name *name, uint16_t rrtype) {
  rq_ts_entry *slot = slot_find(table, name, rrtype, entry_hash(table, name, rrtype));
  return slot->name_len == 0 ? NULL : slot;
}

const uint8_t *rq_ts_table_body(const rq_ts_table *table, const rq_ts_entry *entry) {
  return table->arena + entry->at + entry->name_len;
}

int rq_ts_table_init(rq_ts_table *table) {
  *table = (rq_ts_table){.slots = calloc(FIRST_SLOTS, sizeof(rq_ts_entry)),
                         .slot_count = FIRST_SLOTS,
                         .arena = malloc(FIRST_ARENA),
                         .arena_cap = FIRST_ARENA};
  if (table->slots != NULL && table->arena != NULL) return RQ_OK;
  rq_ts_table_free(table);
  return RQ_NO_MEMORY;
}

void rq_ts_table_free(rq_ts_table *table) {
  free(table->slots);
  free(table->arena);
  *table = (rq_ts_table){0};
}
