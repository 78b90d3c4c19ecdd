/* test_heap.c: counts what reading and rendering a message asks of the heap, which must be nothing.
 *
 *     test_heap FILE...      each FILE holds the octets of one message, good or bad
 *
 * Linked with --wrap for malloc, calloc, realloc and free, so every call in the core lands here.
 * SPDX-License-Identifier: MIT */
#include "render/rq_row.h"
#include "unit.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);

static unsigned long heap_calls;

void *__wrap_malloc(size_t size) {
  heap_calls++;
  return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
  heap_calls++;
  return __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size) {
  heap_calls++;
  return __real_realloc(block, size);
}

void __wrap_free(void *block) {
  heap_calls++;
  __real_free(block);
}

/* --- what is done with a message --- */

static uint8_t rendered[8u << 20];

static uint32_t open_it(const uint8_t *wire, uint32_t len) {
  rq_summary summary;
  rq_msg_open(wire, len, &summary);
  return summary.length;
}

static uint32_t pack(const uint8_t *wire, uint32_t len) {
  uint32_t actual = 0;
  rq_msg_pack(wire, len, rendered, sizeof rendered, &actual);
  return actual;
}

static uint32_t text(const uint8_t *wire, uint32_t len) {
  uint32_t actual = 0;
  rq_msg_text(wire, len, (char *)rendered, sizeof rendered, &actual);
  return actual;
}

static uint32_t json(const uint8_t *wire, uint32_t len) {
  uint32_t actual = 0;
  rq_msg_json(wire, len, (char *)rendered, sizeof rendered, &actual);
  return actual;
}

static rq_row row_of(const uint8_t *wire, uint32_t len) {
  rq_row row = {.name = (const uint8_t *)"x", .name_len = 1, .rrtype = 1, .server = "127.0.0.1:53"};
  row.wire = wire;
  row.size = len;
  return row;
}

static uint32_t row_pack(const uint8_t *wire, uint32_t len) {
  rq_row row = row_of(wire, len);
  rq_out out;
  rq_out_init(&out, rendered, sizeof rendered);
  rq_row_msgpack(&row, &out);
  return (uint32_t)rq_out_wanted(&out);
}

static uint32_t row_json(const uint8_t *wire, uint32_t len) {
  rq_row row = row_of(wire, len);
  rq_out out;
  rq_out_init(&out, rendered, sizeof rendered);
  rq_row_json(&row, &out);
  return (uint32_t)rq_out_wanted(&out);
}

static const struct {
  const char *name;
  uint32_t (*run)(const uint8_t *wire, uint32_t len); /* how much there was to say */
} uses[] = {{"open", open_it}, {"MessagePack", pack},         {"text", text},
            {"JSON", json},    {"MessagePack row", row_pack}, {"JSON row", row_json}};
enum { USES = sizeof uses / sizeof *uses };

static unsigned long runs, octets;

static void use_all(unit *u, const uint8_t *wire, uint32_t len) {
  for (int i = 0; i < USES; i++) {
    unsigned long before = heap_calls;
    octets += uses[i].run(wire, len);
    runs++;
    u->about = uses[i].name;
    EXPECT_NUMBER(u, heap_calls - before, 0);
  }
}

/* Without this the zeros above would prove nothing. */
static void test_that_calls_are_counted(unit *u) {
  void *volatile block = malloc(1);
  u->about = "the counter itself";
  block = realloc(block, 2);
  free(block);
  block = calloc(1, 1);
  free(block);
  EXPECT_NUMBER(u, heap_calls, 5);
}

static uint32_t load(const char *path, uint8_t *wire) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    perror(path);
    exit(EXIT_FAILURE);
  }
  uint32_t len = (uint32_t)fread(wire, 1, RQ_MESSAGE_MAX, file);
  fclose(file);
  return len;
}

int main(int count, char **paths) {
  static uint8_t wire[RQ_MESSAGE_MAX];
  unit u = {0};
  test_that_calls_are_counted(&u);
  heap_calls = 0;
  for (int i = 1; i < count; i++) use_all(&u, wire, load(paths[i], wire));
  printf("%d messages, %d uses of each, %lu octets rendered: %lu heap allocations\n", count - 1, USES, octets,
         heap_calls);
  EXPECT(&u, runs == (unsigned long)(count - 1) * USES);
  return unit_report(&u, "test_heap");
}
