/* fuzz_columns: any octets as messages, one after another: each is a row, and all columns are well-formed, at any
 * limit.
 *
 * Input: two octets of a limit, then messages as in a TCP stream (two octets of length before each). Every message is
 * on a block of its own size; the batch begins without room, so that rows fail and grow it at every place. Serves
 * rq_chunk.h and the layouts of the Arrow format. SPDX-License-Identifier: MIT */
#include "arrow/rq_export.h"
#include "forms.h"
#include "fuzz.h"

#define LIMIT 8192u /* octets of a column: enough for some messages, and quickly given */

/* Offsets begin at 0, never decrease, and end where what they cut ends. */
static void check_offsets(const struct ArrowArray *column, int64_t end) {
  const int32_t *offsets = column->buffers[1];
  CHECK(offsets[0] == 0);
  for (int64_t at = 0; at < column->length; at++) CHECK(offsets[at] <= offsets[at + 1]);
  CHECK(end < 0 || offsets[column->length] == end);
}

static void check_nulls(const struct ArrowArray *column, int nullable) {
  const uint8_t *validity = column->buffers[0];
  int64_t nulls = 0;
  for (int64_t at = 0; validity != NULL && at < column->length; at++) nulls += (validity[at / 8] >> at % 8 & 1) == 0;
  CHECK(nulls == column->null_count && (nullable || nulls == 0));
}

static void check_column(const struct ArrowArray *column, const struct ArrowSchema *schema, uint32_t limit) {
  check_nulls(column, schema->flags != 0);
  if (*schema->format == 'u' || *schema->format == 'z') {
    const int32_t *offsets = column->buffers[1];
    uint32_t len = (uint32_t)offsets[column->length];
    check_offsets(column, -1);
    CHECK(len <= limit && (*schema->format == 'z' || form_is_shown(column->buffers[2], len)));
  }
}

static void check_batch(const struct ArrowArray *batch, const struct ArrowSchema *schema, uint32_t limit) {
  for (int64_t i = 0; i < batch->n_children; i++) {
    const struct ArrowArray *column = batch->children[i];
    CHECK(column->length == batch->length);
    check_column(column, schema->children[i], limit);
    if (column->n_children == 0) continue;
    const struct ArrowArray *records = column->children[0];
    check_offsets(column, records->length);
    for (int64_t field = 0; field < records->n_children; field++) {
      CHECK(records->children[field]->length == records->length);
      check_column(records->children[field], schema->children[i]->children[0]->children[field], limit);
    }
  }
}

/* Rows for the messages up to the first that the limit refuses; returns how many. */
static uint32_t fill(rq_columns *columns, fuzz_in in) {
  int32_t status = rq_chunk_expect(columns, 0, 0);
  uint32_t rows = 0;
  while (in.left > 0 && status == RQ_OK) {
    size_t len = 0;
    uint16_t wanted = fuzz_u16(&in);
    uint8_t *wire = fuzz_take(&in, wanted, &len);
    status = rq_chunk_message(columns, wire, len);
    free(wire);
    rows += status == RQ_OK;
    CHECK(rq_columns_rows(columns) == rows);
  }
  CHECK(status == RQ_OK || status == RQ_TOO_LARGE);
  return rows;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const uint32_t with = RQ_WITH_AUTHORITY | RQ_WITH_ADDITIONAL | RQ_WITH_WIRE;
  struct ArrowArray batch;
  struct ArrowSchema schema;
  int64_t blocks, octets;
  fuzz_in in = {data, size};
  uint32_t limit = fuzz_u16(&in) % LIMIT + 1u;
  rq_columns *columns = rq_columns_new(RQ_COLUMNS_MESSAGES, with, 0, limit);
  CHECK(columns != NULL);
  uint32_t rows = fill(columns, in);
  CHECK(rq_export_array(columns, &batch) == RQ_OK && rq_export_schema(RQ_COLUMNS_MESSAGES, with, &schema) == RQ_OK);
  rq_columns_free(columns);
  CHECK(batch.length == rows);
  check_batch(&batch, &schema, limit);
  schema.release(&schema);
  batch.release(&batch);
  rq_columns_live(&blocks, &octets);
  CHECK(blocks == 0 && octets == 0);
  return 0;
}
