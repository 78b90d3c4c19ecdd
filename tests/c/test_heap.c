/* test_heap.c: counts what reading and rendering a message asks of the heap, which must be nothing.
 *
 *     test_heap FILE...      each FILE holds the octets of one message, good or bad
 *
 * Linked with --wrap for malloc, calloc, realloc and free, so every call in the core lands here.
 * SPDX-License-Identifier: MIT */
#include "renderers.h"
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

static uint8_t rendered[8u << 20];
static unsigned long runs, octets;

/* One walk over all records, and what a caller of rq_msg_open gets to know. */
static int32_t walk(const uint8_t *wire, uint32_t len, uint8_t *out, uint32_t cap, uint32_t *actual) {
  rq_summary summary;
  (void)out;
  (void)cap;
  int32_t status = rq_msg_open(wire, len, &summary);
  *actual = summary.length;
  return status;
}

static void use(unit *u, const renderer *r, const uint8_t *wire, uint32_t len) {
  unsigned long before = heap_calls;
  uint32_t actual = 0;
  if (r->kind == 'r' && len < 2) return;
  r->run(wire, len, rendered, sizeof rendered, &actual);
  octets += actual;
  runs++;
  u->about = r->name;
  EXPECT_NUMBER(u, heap_calls - before, 0);
}

/* Octets are octets: what is no name or RDATA is refused, on no more heap. An address is none of a message's parts. */
static void use_all(unit *u, const uint8_t *wire, uint32_t len) {
  static const renderer walking = {'m', 1, 0, "walk", walk};
  use(u, &walking, wire, len);
  for (size_t i = 0; i < RENDERERS; i++)
    if (renderers[i].kind != 'a') use(u, &renderers[i], wire, len);
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
  printf("%d messages, %lu calls, %lu octets rendered: %lu heap allocations\n", count - 1, runs, octets, heap_calls);
  EXPECT(&u, runs >= (unsigned long)(count - 1) * (RENDERERS - 3));
  return unit_report(&u, "test_heap");
}
