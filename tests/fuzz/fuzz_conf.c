/* fuzz_conf: any text as resolv.conf(5), as a server's address, and as a file of names cut into lines.
 *
 * Input: an octet for how much text is fed at a time, an octet for how many lines are taken at a time, then the text.
 * Serves the contracts of rq_conf_parse, rq_addr_parse and rq_lines in rq_api.h. SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "resquery.h"

static void try_conf(const uint8_t *text, size_t size);
static void try_addr(const uint8_t *text, size_t size);
static void try_lines(const uint8_t *text, size_t size, uint32_t step, uint32_t max);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_in in = {data, size};
  uint16_t steps = fuzz_u16(&in);
  size_t len = 0;
  uint8_t *text = fuzz_take(&in, in.left, &len);
  try_conf(text, len);
  try_addr(text, len);
  uint32_t least = (uint32_t)len / 16 + 1; /* smaller steps through a long text would only cost time */
  try_lines(text, len, steps / 256u + least, steps % 256u + least);
  free(text);
  return 0;
}

/* An address that was read can be written, and reads back as itself. */
static void check_addr(const rq_addr *addr) {
  char text[RQ_ADDR_TEXT];
  uint32_t len = 0, again = 0;
  rq_addr same;
  CHECK(addr->family == 4 || addr->family == 6);
  CHECK(rq_addr_text(addr, text, sizeof text, &len) == (int32_t)len && len <= sizeof text);
  char *exact = (char *)fuzz_copy((const uint8_t *)text, len);
  CHECK(rq_addr_parse(exact, len, &same) == RQ_OK);
  CHECK(same.family == addr->family && same.port == addr->port && same.scope == addr->scope);
  CHECK(memcmp(same.octets, addr->octets, addr->family == 4 ? 4 : 16) == 0);
  CHECK(rq_addr_text(addr, NULL, 0, &again) == 0 && again == len);
  free(exact);
}

static void try_conf(const uint8_t *text, size_t size) {
  rq_conf *conf = malloc(sizeof *conf);
  CHECK(conf != NULL);
  rq_conf_parse((const char *)text, (uint32_t)size, conf);
  CHECK(conf->server_count <= RQ_CONF_SERVERS);
  for (uint32_t i = 0; i < conf->server_count; i++) check_addr(&conf->servers[i]);
  CHECK(memchr(conf->search, 0, sizeof conf->search) != NULL);
  CHECK(conf->rotate <= 1 && conf->use_vc <= 1 && conf->edns0 <= 1 && conf->trust_ad <= 1);
  free(conf);
}

static void try_addr(const uint8_t *text, size_t size) {
  rq_addr addr;
  int32_t status = rq_addr_parse((const char *)text, (uint32_t)size, &addr);
  CHECK(status == RQ_OK || status == RQ_ILLEGAL_INPUT);
  if (status == RQ_OK) check_addr(&addr);
}

/* The lines found so far: how many and a digest of them. */
typedef struct tally {
  uint64_t digest;
  size_t count;
} tally;

/* Takes up to `max` lines of text[0..len) into blocks of exactly the promised sizes; returns how much text they used.
 */
static uint32_t take_lines(const uint8_t *text, size_t len, uint8_t last, uint32_t max, tally *t) {
  uint32_t used = 0, blank = 0;
  uint8_t *window = fuzz_copy(text, len), *octets = malloc(len);
  int32_t *offsets = malloc((max + 1) * sizeof *offsets);
  CHECK((octets != NULL || len == 0) && offsets != NULL);
  int32_t lines = rq_lines(window, (uint32_t)len, last, octets, offsets, max, &used, &blank);
  CHECK(lines >= 0 && (uint32_t)lines <= max && used <= len && (uint32_t)lines + blank <= used);
  CHECK(offsets[0] == 0 && (size_t)offsets[lines] <= len);
  CHECK(!last || (uint32_t)lines == max || used == len);
  for (int32_t i = 0; i < lines; i++) {
    CHECK(offsets[i] < offsets[i + 1]);
    for (int32_t k = offsets[i]; k < offsets[i + 1]; k++) {
      CHECK(octets[k] != '\n');
      t->digest = (t->digest ^ octets[k]) * 1099511628211u;
    }
    t->digest = t->digest * 1099511628211u + 1;
  }
  t->count += (size_t)lines;
  free(window);
  free(octets);
  free(offsets);
  return used;
}

/* Text fed `step` octets more at a time, `max` lines taken at a time, gives the lines of the text as a whole. */
static void try_lines(const uint8_t *text, size_t size, uint32_t step, uint32_t max) {
  tally whole = {0, 0}, split = {0, 0};
  size_t used = 0, fed = 0;
  CHECK(take_lines(text, size, 1, (uint32_t)size + 1, &whole) == size);
  while (fed < size) {
    fed = size - fed < step ? size : fed + step;
    uint32_t took = 1;
    while (took > 0) {
      took = take_lines(text + used, fed - used, fed == size, max, &split);
      used += took;
    }
  }
  CHECK(used == size && whole.count == split.count && whole.digest == split.digest);
}
