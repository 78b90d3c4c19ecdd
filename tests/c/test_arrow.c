/* test_arrow.c: columns as a consumer of the Arrow C data interface sees them: values, growth, limits, release, faults.
 *
 * After each test nothing may be held. Linked with --wrap=malloc, so that any allocation can be made to fail.
 * SPDX-License-Identifier: MIT */
#include <pthread.h>

#include "arrow/rq_export.h"
#include "unit.h"

#define LIMIT 0x7fffffffu
#define SOME_ROWS 300

/* --- allocations that fail --- */

static long fail_at = -1; /* allocations until one fails, -1 for never */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size) {
  if (fail_at >= 0 && fail_at-- == 0) return NULL;
  return __real_malloc(size);
}

static void nothing_is_held(unit *u) {
  int64_t blocks, octets;
  rq_columns_live(&blocks, &octets);
  EXPECT_NUMBER(u, blocks, 0);
  EXPECT_NUMBER(u, octets, 0);
}

/* --- messages --- */

/* NXDOMAIN; x. A; one A record whose TTL has its top bit set. */
static const uint8_t ANSWER[] =
    "\x12\x34\x85\x83\0\x01\0\x01\0\0\0\0\x01x\0\0\x01\0\x01\xc0\x0c\0\x01\0\x01\x80\0\0\0\0\x04\xc0\0\x02\x01";
#define ANSWER_SIZE (sizeof ANSWER - 1)

static rq_columns *fresh(uint32_t with, uint32_t limit) {
  return rq_columns_new(RQ_COLUMNS_MESSAGES, with, 0, limit);
}

/* Columns of an answer, a null entry, a header that is cut, and the answer cut within its record. */
static rq_columns *four(void) {
  uint8_t octets[2 * ANSWER_SIZE + 5 - 1];
  const int32_t lengths[] = {ANSWER_SIZE, -1, 5, ANSWER_SIZE - 1};
  memcpy(octets, ANSWER, ANSWER_SIZE);
  memcpy(octets + ANSWER_SIZE, ANSWER, 5);
  memcpy(octets + ANSWER_SIZE + 5, ANSWER, ANSWER_SIZE - 1);
  rq_columns *columns = fresh(RQ_WITH_ADDITIONAL | RQ_WITH_WIRE, LIMIT);
  if (columns != NULL && rq_columns_joined(columns, octets, sizeof octets, lengths, 4) == RQ_OK) return columns;
  rq_columns_free(columns);
  return NULL;
}

static void expect_text(unit *u, const struct ArrowArray *column, int64_t at, const char *wanted) {
  const int32_t *offsets = column->buffers[1];
  const char *text = column->buffers[2];
  EXPECT_OCTETS(u, text + offsets[at], (size_t)(offsets[at + 1] - offsets[at]), wanted, strlen(wanted));
}

static int is_null(const struct ArrowArray *column, int64_t at) {
  const uint8_t *validity = column->buffers[0];
  return validity != NULL && (validity[at / 8] >> at % 8 & 1) == 0;
}

static void test_values(unit *u) {
  struct ArrowArray batch;
  rq_columns *columns = four();
  u->about = "values of four rows";
  EXPECT_NUMBER(u, rq_columns_rows(columns), 4);
  EXPECT_NUMBER(u, rq_export_array(columns, &batch), RQ_OK);
  rq_columns_free(columns);
  EXPECT_NUMBER(u, batch.length, 4);
  EXPECT_NUMBER(u, batch.n_children, 11);
  struct ArrowArray **c = batch.children;
  const char *const statuses[] = {"NXDOMAIN", "ILLEGAL_INPUT", "MALFORMED", "TRUNCATED"};
  for (int64_t at = 0; at < 4; at++) expect_text(u, c[1], at, statuses[at]);
  for (int field = 2; field <= 7; field++) {
    EXPECT_NUMBER(u, c[field]->null_count, 2);
    for (int64_t at = 0; at < 4; at++) EXPECT_NUMBER(u, is_null(c[field], at), at == 1 || at == 2);
  }
  expect_text(u, c[5], 3, "x.");
  const int32_t *lists = c[8]->buffers[1], *ttls = c[8]->children[0]->children[2]->buffers[1];
  EXPECT_NUMBER(u, lists[1], 1);
  EXPECT_NUMBER(u, lists[4], 1);
  EXPECT_NUMBER(u, c[8]->children[0]->length, 1);
  EXPECT_NUMBER(u, ttls[0], 0);
  expect_text(u, c[8]->children[0]->children[3], 0, "192.0.2.1");
  EXPECT_NUMBER(u, c[9]->children[0]->length, 0);
  EXPECT_NUMBER(u, c[10]->null_count, 1);
  batch.release(&batch);
  EXPECT(u, batch.release == NULL);
  nothing_is_held(u);
}

/* --- growth and limits --- */

/* The answer cut to its first octets, `at` % some of them, so that rows differ. */
static size_t some_size(uint32_t at) {
  return ANSWER_SIZE - at % 20;
}

static rq_columns *many(uint64_t rows, uint64_t octets) {
  rq_columns *columns = fresh(RQ_WITH_AUTHORITY | RQ_WITH_WIRE, LIMIT);
  if (columns == NULL) return NULL;
  int32_t status = rq_chunk_expect(columns, rows, octets);
  for (uint32_t at = 0; at < SOME_ROWS && status == RQ_OK; at++)
    status = rq_chunk_message(columns, ANSWER, some_size(at));
  if (status == RQ_OK) return columns;
  rq_columns_free(columns);
  return NULL;
}

/* Values and buffers are alike, through all children. */
static void expect_alike(unit *u, const struct ArrowArray *a, const struct ArrowArray *b, int is_text) {
  EXPECT_NUMBER(u, a->length, b->length);
  EXPECT_NUMBER(u, a->null_count, b->null_count);
  EXPECT_NUMBER(u, a->n_buffers, b->n_buffers);
  for (int64_t at = 0; at < a->length; at++) EXPECT_NUMBER(u, is_null(a, at), is_null(b, at));
  const int32_t *ends = a->n_buffers > 1 ? a->buffers[1] : NULL;
  size_t numbers = ends == NULL ? 0 : (size_t)a->length * sizeof *ends;
  if (numbers > 0) EXPECT_OCTETS(u, a->buffers[1], numbers, b->buffers[1], numbers);
  if (is_text && a->n_buffers == 3)
    EXPECT_OCTETS(u, a->buffers[2], (size_t)ends[a->length], b->buffers[2], (size_t)ends[a->length]);
  for (int64_t child = 0; child < a->n_children; child++) expect_alike(u, a->children[child], b->children[child], 1);
}

static void test_growth(unit *u) {
  struct ArrowArray small, large;
  u->about = "a batch that had to grow again and again";
  rq_columns *grown = many(0, 0), *ready = many(SOME_ROWS, SOME_ROWS * ANSWER_SIZE);
  EXPECT_NUMBER(u, rq_export_array(grown, &small), RQ_OK);
  EXPECT_NUMBER(u, rq_export_array(ready, &large), RQ_OK);
  EXPECT_NUMBER(u, small.length, SOME_ROWS);
  expect_alike(u, &small, &large, 1);
  rq_columns_free(grown);
  rq_columns_free(ready);
  small.release(&small);
  large.release(&large);
  nothing_is_held(u);
}

static void test_limit(unit *u) {
  for (uint32_t limit = 1; limit < 200; limit++) {
    struct ArrowArray batch;
    rq_columns *columns = fresh(RQ_WITH_WIRE, limit);
    int32_t status = rq_chunk_expect(columns, 100, 100);
    u->about = "columns of few octets";
    while (status == RQ_OK && rq_columns_rows(columns) < 100) status = rq_chunk_message(columns, ANSWER, ANSWER_SIZE);
    EXPECT_NUMBER(u, status, RQ_TOO_LARGE);
    EXPECT_NUMBER(u, rq_columns_rows(columns), limit / ANSWER_SIZE);
    EXPECT_NUMBER(u, rq_export_array(columns, &batch), RQ_OK);
    EXPECT_NUMBER(u, batch.length, limit / ANSWER_SIZE);
    EXPECT_NUMBER(u, batch.children[8]->children[0]->length, batch.length);
    const int32_t *ends = batch.children[9]->buffers[1];
    EXPECT_NUMBER(u, ends[batch.length], (size_t)batch.length * ANSWER_SIZE);
    EXPECT_NUMBER(u, rq_chunk_expect(columns, 1, 1), RQ_BAD_ARGUMENT); /* exported: it takes no more */
    rq_columns_free(columns);
    batch.release(&batch);
  }
  nothing_is_held(u);
}

/* --- release --- */

/* What a column wants is counted up to 2^31-1: one that had room for as much could not tell that it lost some. */
static void test_largest_limit(unit *u) {
  rq_columns *columns = fresh(0, 0xffffffffu), *least = fresh(0, 1);
  u->about = "the largest limit";
  EXPECT_NUMBER(u, columns->limit, RQ_OUT_MAX - 1);
  EXPECT_NUMBER(u, least->limit, 1);
  rq_columns_free(columns);
  rq_columns_free(least);
}

static void test_moved_children(unit *u) {
  struct ArrowArray batch, again, answers, names;
  rq_columns *columns = four();
  u->about = "children that were moved out";
  EXPECT_NUMBER(u, rq_export_array(columns, &batch), RQ_OK);
  EXPECT_NUMBER(u, rq_export_array(columns, &again), RQ_OK);
  rq_columns_free(columns);
  answers = *batch.children[8];
  batch.children[8]->release = NULL;
  names = *answers.children[0]->children[0];
  answers.children[0]->children[0]->release = NULL;
  batch.release(&batch);
  again.release(&again);
  expect_text(u, answers.children[0]->children[3], 0, "192.0.2.1");
  answers.release(&answers);
  EXPECT(u, answers.release == NULL);
  expect_text(u, &names, 0, "x.");
  names.release(&names);
  nothing_is_held(u);
}

static void test_schema(unit *u) {
  static const char *const formats[] = {"l", "u", "u", "u",       "i", "i",  "u",  "u",
                                        "i", "l", "i", "tsu:UTC", "u", "+l", "+l", "z"};
  struct ArrowSchema schema, list;
  u->about = "the schema of lookups";
  EXPECT_NUMBER(u, rq_export_schema(RQ_COLUMNS_LOOKUPS, RQ_WITH_AUTHORITY | RQ_WITH_WIRE, &schema), RQ_OK);
  EXPECT_NUMBER(u, schema.n_children, 16);
  for (int i = 0; i < 16; i++) EXPECT(u, strcmp(schema.children[i]->format, formats[i]) == 0);
  list = *schema.children[14];
  schema.children[14]->release = NULL;
  schema.release(&schema);
  EXPECT(u, schema.release == NULL);
  EXPECT(u, strcmp(list.name, "authority") == 0 && strcmp(list.children[0]->format, "+s") == 0);
  EXPECT_NUMBER(u, list.children[0]->n_children, 4);
  list.release(&list);
  nothing_is_held(u);
}

static void *release_elsewhere(void *array) {
  rq_array_drop(array);
  return NULL;
}

static void test_threads(unit *u) {
  enum { THREADS = 8 };
  pthread_t threads[THREADS];
  rq_columns *columns = four();
  u->about = "release in other threads";
  for (int i = 0; i < THREADS; i++) {
    struct ArrowArray *array = rq_columns_array(columns);
    EXPECT_NUMBER(u, pthread_create(&threads[i], NULL, release_elsewhere, array), 0);
  }
  rq_columns_free(columns);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  nothing_is_held(u);
}

static void test_streams(unit *u) {
  struct ArrowArray batch;
  struct ArrowSchema schema;
  rq_columns *columns = four();
  u->about = "a stream of one batch";
  struct ArrowArrayStream *stream = rq_columns_stream(columns), *idle = rq_columns_stream(columns);
  rq_columns_free(columns);
  EXPECT_NUMBER(u, stream->get_schema(stream, &schema), 0);
  EXPECT_NUMBER(u, schema.n_children, 11);
  EXPECT_NUMBER(u, stream->get_next(stream, &batch), 0);
  rq_stream_drop(idle); /* never read */
  schema.release(&schema);
  EXPECT_NUMBER(u, batch.length, 4);
  batch.release(&batch);
  EXPECT_NUMBER(u, stream->get_next(stream, &batch), 0);
  EXPECT(u, batch.release == NULL);
  stream->release(stream);
  EXPECT(u, stream->release == NULL);
  rq_stream_drop(stream); /* the shell of one that was moved out of its capsule */
  rq_schema_drop(NULL);
  rq_array_drop(NULL);
  rq_stream_drop(NULL);
  nothing_is_held(u);
}

/* A column of messages in no chunks leaves such. */
static void test_no_rows(unit *u) {
  struct ArrowArray batch;
  rq_columns *columns = fresh(RQ_WITH_WIRE, LIMIT);
  u->about = "columns that no row was ever expected for";
  struct ArrowArrayStream *stream = rq_columns_stream(columns);
  EXPECT_NUMBER(u, stream->get_next(stream, &batch), 0);
  EXPECT(u, batch.release != NULL);
  EXPECT_NUMBER(u, batch.length, 0);
  for (int64_t i = 0; i < batch.n_children; i++) {
    const struct ArrowArray *column = batch.children[i];
    EXPECT_NUMBER(u, column->length, 0);
    for (int64_t at = 1; at < column->n_buffers; at++) EXPECT(u, column->buffers[at] != NULL);
    if (column->n_children > 0) EXPECT_NUMBER(u, *(const int32_t *)column->buffers[1], 0);
  }
  batch.release(&batch);
  rq_stream_drop(stream);
  rq_columns_free(columns);
  nothing_is_held(u);
}

/* --- other people's columns --- */

static int released, breaks;

static void foreign_array_release(struct ArrowArray *array) {
  array->release = NULL;
  released++;
}

static void foreign_schema_release(struct ArrowSchema *schema) {
  schema->release = NULL;
  released++;
}

static int foreign_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
  *out = (struct ArrowSchema){.format = stream->private_data, .release = foreign_schema_release};
  return breaks == 1 ? 5 : 0;
}

/* Three views: the answer in the second buffer, a null, a few octets inline; then the end. */
static int foreign_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
  static const uint8_t validity[] = {0xFB};
  static const int32_t views[][4] = {{9, 0, 0, 0}, {ANSWER_SIZE, 0, 1, 0}, {7, 0, 0, 0}, {5, 0, 0, 0}};
  static const void *buffers[] = {validity, views, NULL, ANSWER, NULL};
  (void)stream;
  *out = (struct ArrowArray){.length = 3, .null_count = -1, .offset = 1, .n_buffers = 5, .buffers = buffers};
  if (breaks == 2) return 5;
  if (breaks < 3) out->release = foreign_array_release;
  breaks += 3;
  return 0;
}

static const char *foreign_error(struct ArrowArrayStream *stream) {
  (void)stream;
  return "broken on purpose";
}

static int32_t read_foreign(const char *format, int how, char *about, uint32_t cap, int64_t *rows) {
  struct ArrowArrayStream stream = {foreign_schema, foreign_next, foreign_error, NULL, (void *)format};
  rq_columns *columns = fresh(0, LIMIT);
  stream.release = (void (*)(struct ArrowArrayStream *))1; /* it is not ours to call */
  breaks = how;
  released = 0;
  int32_t status = rq_columns_read_stream(columns, &stream, about, cap);
  *rows = rq_columns_rows(columns);
  rq_columns_free(columns);
  return status;
}

static void test_foreign_streams(unit *u) {
  char about[32];
  int64_t rows;
  u->about = "a stream of views";
  EXPECT_NUMBER(u, read_foreign("vz", 0, about, sizeof about, &rows), RQ_OK);
  EXPECT_NUMBER(u, rows, 3);
  EXPECT_NUMBER(u, released, 2);
  EXPECT_NUMBER(u, read_foreign("u", 0, about, sizeof about, &rows), RQ_ILLEGAL_INPUT);
  EXPECT(u, strcmp(about, "u") == 0 && released == 1);
  EXPECT_NUMBER(u, read_foreign("z ", 0, about, sizeof about, &rows), RQ_ILLEGAL_INPUT);
  EXPECT_NUMBER(u, read_foreign("z", 1, about, sizeof about, &rows), RQ_NETWORK);
  EXPECT(u, strcmp(about, "broken on purpose") == 0);
  EXPECT_NUMBER(u, read_foreign("z", 2, about, 7, &rows), RQ_NETWORK);
  EXPECT(u, strcmp(about, "broken") == 0);
  nothing_is_held(u);
}

static void test_foreign_arrays(unit *u) {
  static const int32_t good[] = {0, ANSWER_SIZE, ANSWER_SIZE}, bad[] = {0, ANSWER_SIZE, 3};
  static const int64_t large[] = {0, ANSWER_SIZE, ANSWER_SIZE};
  static const struct {
    const char *format;
    const void *offsets;
    int32_t status;
  } cases[] = {{"z", good, RQ_OK}, {"z", bad, RQ_BAD_ARGUMENT}, {"Z", large, RQ_OK}, {"+l", good, RQ_ILLEGAL_INPUT}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const void *buffers[] = {NULL, cases[i].offsets, ANSWER};
    struct ArrowSchema schema = {.format = cases[i].format, .release = foreign_schema_release};
    struct ArrowArray array = {.length = 2, .n_buffers = 3, .buffers = buffers, .release = foreign_array_release};
    rq_columns *columns = fresh(0, LIMIT);
    u->about = cases[i].format;
    EXPECT_NUMBER(u, rq_columns_read_array(columns, &schema, &array, NULL, 0), cases[i].status);
    EXPECT_NUMBER(u, rq_columns_rows(columns), cases[i].status == RQ_OK ? 2 : 0);
    EXPECT(u, array.release != NULL && schema.release != NULL); /* only borrowed */
    array.release = NULL;
    EXPECT_NUMBER(u, rq_columns_read_array(columns, &schema, &array, NULL, 0), RQ_BAD_ARGUMENT);
    rq_columns_free(columns);
  }
  nothing_is_held(u);
}

/* --- lookups --- */

/* A stream of lookups that end without a packet: their names are illegal. */
static struct ArrowArrayStream *illegal_names(uint32_t batch_rows, int32_t *status) {
  static const int32_t offsets[] = {0, 4, 4, 8, 12};
  static const uint16_t types[] = {1, 15};
  const rq_engine_conf conf = {
      .slots = 4, .max_in_flight = 4, .timeout_ms = 100, .try_ms = 100, .tries = 1, .sockets = 1};
  const rq_addr server = {.family = 4, .octets = {127, 0, 0, 1}, .port = 9};
  int32_t error;
  rq_engine *engine = rq_engine_new(&conf, &server, 1, status, &error);
  if (engine == NULL) return NULL;
  struct ArrowArrayStream *stream = rq_engine_stream(engine, (const uint8_t *)"a..b\xff..xc..d", offsets, 4, types, 2,
                                                     0, batch_rows, 1000, LIMIT, status);
  if (stream == NULL) rq_engine_free(engine);
  return stream;
}

/* Rows of a stream until its end, or minus the error. */
static int64_t pull(struct ArrowArrayStream *stream, int64_t *batches) {
  struct ArrowArray batch;
  int64_t rows = 0;
  for (*batches = 0;; ++*batches) {
    int error = stream->get_next(stream, &batch);
    if (error != 0) return -error;
    if (batch.release == NULL) return rows;
    rows += batch.length;
    batch.release(&batch);
  }
}

static void test_lookups(unit *u) {
  int64_t batches;
  int32_t status;
  u->about = "a stream of lookups";
  struct ArrowArrayStream *stream = illegal_names(3, &status);
  EXPECT_NUMBER(u, pull(stream, &batches), 8);
  EXPECT_NUMBER(u, batches, 3);
  EXPECT_NUMBER(u, pull(stream, &batches), 0);
  rq_stream_drop(stream);
  stream = illegal_names(3, &status); /* never pulled */
  rq_stream_drop(stream);
  EXPECT(u, illegal_names(0, &status) == NULL);
  EXPECT_NUMBER(u, status, RQ_BAD_ARGUMENT);
  nothing_is_held(u);
}

/* --- every allocation fails once --- */

/* All there is to do; 1 when nothing was missing. */
static int everything(void) {
  struct ArrowArray array = {.release = NULL};
  int64_t batches;
  int32_t status = RQ_OK;
  rq_columns *columns = many(0, 0);
  struct ArrowSchema *schema = rq_columns_schema(RQ_COLUMNS_MESSAGES, 0);
  struct ArrowArrayStream *stream = columns == NULL ? NULL : rq_columns_stream(columns), *lookups = NULL;
  int done = columns != NULL && schema != NULL && stream != NULL;
  if (done) done = rq_export_array(columns, &array) == RQ_OK && pull(stream, &batches) == SOME_ROWS;
  if (done) done = (lookups = illegal_names(2, &status)) != NULL && pull(lookups, &batches) == 8;
  if (array.release != NULL) array.release(&array);
  rq_columns_free(columns);
  rq_schema_drop(schema);
  rq_stream_drop(stream);
  rq_stream_drop(lookups);
  return done;
}

static void test_failing_allocations(unit *u) {
  long nth = 0, missed = 0;
  u->about = "each allocation fails in turn";
  EXPECT(u, everything());
  for (;; nth++) {
    fail_at = nth;
    missed += !everything();
    nothing_is_held(u);
    if (fail_at >= 0) break; /* there was none so late */
  }
  fail_at = -1;
  EXPECT(u, nth > 20);
  EXPECT(u, missed > 20 && missed <= nth); /* a stream that has rows hands these out and goes on */
}

int main(void) {
  unit u = {0, 0, NULL};
  test_values(&u);
  test_growth(&u);
  test_limit(&u);
  test_largest_limit(&u);
  test_moved_children(&u);
  test_schema(&u);
  test_threads(&u);
  test_streams(&u);
  test_no_rows(&u);
  test_foreign_streams(&u);
  test_foreign_arrays(&u);
  test_lookups(&u);
  test_failing_allocations(&u);
  return unit_report(&u, "test_arrow");
}
