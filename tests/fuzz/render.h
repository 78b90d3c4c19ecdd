/* render.h: what the fuzz targets of the renderers share: every renderer of a sort, at any capacity.
 *
 * Renders as many octets as were wanted, and fewer; less room only cuts it, and the whole is well-formed. Serves the
 * contract of rq_api.h. SPDX-License-Identifier: MIT */
#ifndef FUZZ_RENDER_H
#define FUZZ_RENDER_H

#include "c/renderers.h"
#include "forms.h"
#include "fuzz.h"
#include "render/rq_pack.h"

#define FUZZ_RECORD_HEAD 11 /* octets before the RDATA of a record of the root */

/* What the output of a renderer has to be, by how its name begins. */
typedef struct fuzz_sort {
  const char *name;
  int (*is_right)(const uint8_t *octets, size_t len);
} fuzz_sort;

static const fuzz_sort fuzz_sorts[] = {{"text", form_is_shown}, {"json", form_is_json}, {"msgpack", form_is_msgpack}};

#define FUZZ_SORTS (sizeof fuzz_sorts / sizeof fuzz_sorts[0])

/* All renderers of one sort; there is at least one, and they refuse just what has no header. */
static inline void fuzz_render_sort(const fuzz_sort *sort, const uint8_t *wire, size_t size, uint32_t cap) {
  uint32_t found = 0, len = 0;
  for (size_t i = 0; i < RENDERERS; i++) {
    if (renderers[i].kind != 'm' || strncmp(renderers[i].name, sort->name, strlen(sort->name)) != 0) continue;
    uint8_t *whole = fuzz_clip(renderers[i].run, wire, size, cap, &len);
    CHECK((whole != NULL) == (size >= RQ_HEADER_SIZE));
    CHECK(whole == NULL || sort->is_right(whole, len));
    free(whole);
    found++;
  }
  CHECK(found > 0);
}

static inline void fuzz_render_all(const uint8_t *wire, size_t size, uint32_t cap) {
  for (size_t i = 0; i < FUZZ_SORTS; i++) fuzz_render_sort(&fuzz_sorts[i], wire, size, cap);
}

/* The input of the targets that have one sort each: two octets of capacity, then the message. */
static inline void fuzz_render_input(const char *name, const uint8_t *data, size_t size) {
  fuzz_in in = {data, size};
  uint32_t cap = fuzz_u16(&in);
  size_t len = 0, i = 0;
  uint8_t *wire = fuzz_take(&in, in.left, &len);
  while (i < FUZZ_SORTS && strcmp(fuzz_sorts[i].name, name) != 0) i++;
  CHECK(i < FUZZ_SORTS);
  fuzz_render_sort(&fuzz_sorts[i], wire, len, cap);
  free(wire);
}

/* A record of the root as a value and back: all that changes is that its names are written out. */
static inline void fuzz_unpacked(const rq_record *record) {
  uint32_t packed = 0, len = 0;
  rq_cur rdata = record->rdata;
  rq_out count, out;
  rq_out_init(&count, NULL, 0);
  rq_pack_record(record, &count);
  uint8_t *pack = malloc(rq_out_wanted(&count));
  CHECK(pack != NULL);
  rq_out_init(&out, pack, rq_out_wanted(&count));
  rq_pack_record(record, &out);
  packed = (uint32_t)rq_out_stored(&out);
  CHECK(form_is_msgpack(pack, packed));
  rq_out_init(&count, NULL, 0);
  rq_rdata_expand(record->rrtype, &rdata, &count);
  size_t expanded = rq_out_wanted(&count);
  uint8_t *block = fuzz_clip(rq_record_unpack, pack, packed, 7, &len);
  CHECK((block != NULL) == (expanded <= 65535));
  if (block != NULL) {
    uint8_t *plain = malloc(expanded);
    CHECK(len == FUZZ_RECORD_HEAD + expanded && (plain != NULL || expanded == 0));
    rq_out_init(&out, plain, expanded);
    rq_rdata_expand(record->rrtype, &rdata, &out);
    CHECK(expanded == 0 || memcmp(block + FUZZ_RECORD_HEAD, plain, expanded) == 0);
    free(plain);
  }
  free(block);
  free(pack);
}

#endif
