/* rq_import.c: columns of messages that others made, read where they are: binary, large and view ones.
 *
 * Trusts a producer as any consumer in the process has to, but takes no offset that goes backward. Never keeps what it
 * reads. Serves the Arrow C data and C stream interfaces. SPDX-License-Identifier: MIT */
#include "rq_arrow.h"
#include "rq_chunk.h"

#define VIEW_INLINE 12 /* octets up to which a view holds the value itself */

/* One value of a binary view column. */
typedef struct view {
  int32_t size;
  union {
    uint8_t octets[VIEW_INLINE];
    struct {
      uint8_t prefix[4];
      int32_t buffer, offset;
    } far;
  } as;
} view;

/* A message in a column; `octets` NULL for a null entry. */
typedef struct entry {
  const uint8_t *octets;
  int64_t size;
} entry;

typedef entry (*reader)(const struct ArrowArray *array, int64_t at);

static entry entry_between(const struct ArrowArray *array, int64_t from, int64_t to) {
  static const uint8_t empty;
  const uint8_t *octets = array->buffers[2];
  return octets == NULL ? (entry){&empty, to - from} : (entry){octets + from, to - from};
}

static entry binary_entry(const struct ArrowArray *array, int64_t at) {
  const int32_t *offsets = array->buffers[1];
  return entry_between(array, offsets[at], offsets[at + 1]);
}

static entry large_entry(const struct ArrowArray *array, int64_t at) {
  const int64_t *offsets = array->buffers[1];
  return entry_between(array, offsets[at], offsets[at + 1]);
}

static entry view_entry(const struct ArrowArray *array, int64_t at) {
  const view *value = (const view *)array->buffers[1] + at;
  if (value->size <= VIEW_INLINE) return (entry){value->as.octets, value->size};
  return (entry){(const uint8_t *)array->buffers[2 + value->as.far.buffer] + value->as.far.offset, value->size};
}

/* NULL for another type than a binary one. */
static reader reader_of(const struct ArrowSchema *schema) {
  static const struct {
    char format[3];
    reader read;
  } readers[] = {{"z", binary_entry}, {"Z", large_entry}, {"vz", view_entry}};
  if (schema->dictionary != NULL) return NULL;
  for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
    const char *a = schema->format, *b = readers[i].format;
    for (; *a == *b && *a != 0; a++, b++) continue;
    if (*a == *b) return readers[i].read;
  }
  return NULL;
}

static int is_null(const struct ArrowArray *array, int64_t at) {
  const uint8_t *validity = array->buffers[0];
  return array->null_count != 0 && validity != NULL && (validity[at / 8] & 1u << at % 8) == 0;
}

static int32_t read_array(rq_columns *columns, reader read, const struct ArrowArray *array) {
  uint64_t octets = 0;
  for (int64_t n = 0; n < array->length; n++) {
    entry e = is_null(array, array->offset + n) ? (entry){NULL, 0} : read(array, array->offset + n);
    if (e.size < 0) return RQ_BAD_ARGUMENT;
    octets += (uint64_t)e.size;
  }
  int32_t status = rq_chunk_expect(columns, (uint64_t)array->length, octets);
  for (int64_t n = 0; n < array->length && status == RQ_OK; n++) {
    entry e = is_null(array, array->offset + n) ? (entry){NULL, 0} : read(array, array->offset + n);
    status = rq_chunk_message(columns, e.octets, (size_t)e.size);
  }
  return status;
}

/* What Python says about a failure. */
static void explain(const char *text, char *about, uint32_t cap) {
  rq_out out;
  if (cap == 0) return;
  rq_out_init(&out, (uint8_t *)about, cap - 1);
  rq_out_text(&out, text != NULL ? text : "");
  about[rq_out_stored(&out)] = 0;
}

int32_t rq_columns_read_array(rq_columns *columns, const struct ArrowSchema *schema, const struct ArrowArray *array,
                              char *about, uint32_t cap) {
  explain("", about, cap);
  if (schema->release == NULL || array->release == NULL) return RQ_BAD_ARGUMENT;
  reader read = reader_of(schema);
  explain(schema->format, about, cap);
  return read == NULL ? RQ_ILLEGAL_INPUT : read_array(columns, read, array);
}

int32_t rq_columns_read_stream(rq_columns *columns, struct ArrowArrayStream *stream, char *about, uint32_t cap) {
  struct ArrowSchema schema;
  struct ArrowArray array;
  explain("", about, cap);
  if (stream->release == NULL) return RQ_BAD_ARGUMENT;
  int error = stream->get_schema(stream, &schema);
  int32_t status = error != 0 ? RQ_NETWORK : RQ_OK;
  reader read = NULL;
  if (status == RQ_OK) {
    read = reader_of(&schema);
    explain(schema.format, about, cap);
    if (read == NULL) status = RQ_ILLEGAL_INPUT;
    schema.release(&schema);
  }
  while (status == RQ_OK) {
    error = stream->get_next(stream, &array);
    if (error != 0) status = RQ_NETWORK;
    if (error != 0 || array.release == NULL) break;
    status = read_array(columns, read, &array);
    array.release(&array);
  }
  if (error != 0) explain(stream->get_last_error(stream), about, cap);
  return status;
}
