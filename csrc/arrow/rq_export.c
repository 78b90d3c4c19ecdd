/* rq_export.c: schemas, arrays and streams; see rq_export.h.
 *
 * A tree is one block: the nodes below its root, their lists of children and of buffers. Consumers may move a child out
 * and release the rest before it, so each node holds the block on its own. SPDX-License-Identifier: MIT */
#include "rq_export.h"

#include <errno.h>

#include "rq_heap.h"

#define SECTIONS 3
#define NODES (RQ_SHEET_COLUMNS + SECTIONS) /* the columns, and the struct inside each list */

/* --- schemas --- */

typedef struct schema_tree {
  _Atomic uint32_t holders;
  uint32_t used, linked;
  struct ArrowSchema nodes[NODES];
  struct ArrowSchema *children[NODES];
} schema_tree;

static void release_schema(struct ArrowSchema *schema) {
  schema_tree *tree = schema->private_data;
  for (int64_t i = 0; i < schema->n_children; i++)
    if (schema->children[i]->release != NULL) schema->children[i]->release(schema->children[i]);
  schema->release = NULL;
  if (atomic_fetch_sub(&tree->holders, 1) == 1) rq_heap_give(tree);
}

static void schema_set(schema_tree *tree, struct ArrowSchema *node, const char *name, const char *format,
                       int nullable) {
  static const struct ArrowSchema nothing;
  *node = nothing;
  node->format = format;
  node->name = name;
  node->flags = nullable ? ARROW_FLAG_NULLABLE : 0;
  node->children = tree->children + tree->linked;
  node->release = release_schema;
  node->private_data = tree;
}

/* Children are linked one right after another, so their parent is the last that was begun. */
static struct ArrowSchema *schema_child(schema_tree *tree, struct ArrowSchema *parent) {
  struct ArrowSchema *child = &tree->nodes[tree->used++];
  tree->children[tree->linked++] = child;
  parent->n_children++;
  return child;
}

static void schema_column(schema_tree *tree, struct ArrowSchema *node, const rq_column_spec *spec) {
  static const char *const formats[] = {[RQ_F_INT32] = "i", [RQ_F_INT64] = "l",  [RQ_F_TIME] = "tsu:UTC",
                                        [RQ_F_UTF8] = "u",  [RQ_F_BINARY] = "z", [RQ_F_RECORDS] = "+l"};
  schema_set(tree, node, spec->name, formats[spec->form], spec->nullable);
}

static void schema_list(schema_tree *tree, struct ArrowSchema *node, const rq_column_spec *spec) {
  schema_column(tree, node, spec);
  struct ArrowSchema *record = schema_child(tree, node);
  schema_set(tree, record, "item", "+s", 0);
  for (unsigned i = 1; i <= RQ_SHEET_CHILDREN; i++) schema_column(tree, schema_child(tree, record), spec + i);
}

static int spec_present(const rq_column_spec *spec, uint32_t with) {
  return spec->depth == 0 && (spec->with == 0 || (spec->with & with) != 0);
}

int32_t rq_export_schema(int32_t kind, uint32_t with, struct ArrowSchema *out) {
  const rq_column_spec *specs = rq_sheet_specs(kind), *present[NODES];
  schema_tree *tree = rq_heap_take(sizeof *tree);
  uint32_t count = 0;
  out->release = NULL;
  if (tree == NULL) return RQ_NO_MEMORY;
  tree->used = tree->linked = 0;
  schema_set(tree, out, "", "+s", 0);
  for (; specs->name != NULL; specs++)
    if (spec_present(specs, with)) {
      present[count++] = specs;
      schema_child(tree, out);
    }
  for (uint32_t i = 0; i < count; i++) {
    if (present[i]->form == RQ_F_RECORDS)
      schema_list(tree, out->children[i], present[i]);
    else
      schema_column(tree, out->children[i], present[i]);
  }
  atomic_init(&tree->holders, tree->used + 1);
  return RQ_OK;
}

/* --- arrays --- */

typedef struct array_tree {
  _Atomic uint32_t holders;
  uint32_t used, linked;
  rq_columns *columns;
  struct ArrowArray nodes[NODES];
  struct ArrowArray *children[NODES];
  const void *buffers[NODES + 1][3];
} array_tree;

static void release_array(struct ArrowArray *array) {
  array_tree *tree = array->private_data;
  for (int64_t i = 0; i < array->n_children; i++)
    if (array->children[i]->release != NULL) array->children[i]->release(array->children[i]);
  array->release = NULL;
  if (atomic_fetch_sub(&tree->holders, 1) != 1) return;
  rq_columns_free(tree->columns);
  rq_heap_give(tree);
}

/* A node without nulls whose only buffer is the bitmap that it does not need: a struct. The root has the first place
 * among the buffers, a node the one behind its own number. */
static void array_set(array_tree *tree, struct ArrowArray *node, size_t place, uint32_t length) {
  static const struct ArrowArray nothing;
  *node = nothing;
  node->length = length;
  node->n_buffers = 1;
  node->buffers = tree->buffers[place];
  node->buffers[0] = NULL;
  node->children = tree->children + tree->linked;
  node->release = release_array;
  node->private_data = tree;
}

static struct ArrowArray *array_child(array_tree *tree, struct ArrowArray *parent) {
  struct ArrowArray *child = &tree->nodes[tree->used++];
  tree->children[tree->linked++] = child;
  parent->n_children++;
  return child;
}

/* The first offset of a column that has no block, for it never expected a row. Export takes none: it may run in any
 * thread. */
static const int64_t no_rows[1];

static void array_column(array_tree *tree, struct ArrowArray *node, const rq_column *column) {
  array_set(tree, node, (size_t)(node - tree->nodes) + 1, column->len);
  node->null_count = column->nulls;
  node->n_buffers = column->spec->form == RQ_F_UTF8 || column->spec->form == RQ_F_BINARY ? 3 : 2;
  if (column->nulls > 0) node->buffers[0] = column->validity;
  node->buffers[1] = column->i64 != NULL ? (const void *)column->i64 : column->i32;
  node->buffers[2] = column->text;
  for (int64_t i = 1; i < node->n_buffers; i++)
    if (node->buffers[i] == NULL) node->buffers[i] = no_rows;
}

static void array_list(array_tree *tree, struct ArrowArray *node, const rq_column *column) {
  array_column(tree, node, column);
  struct ArrowArray *record = array_child(tree, node);
  array_set(tree, record, (size_t)(record - tree->nodes) + 1, column[1].len);
  for (unsigned i = 1; i <= RQ_SHEET_CHILDREN; i++) array_column(tree, array_child(tree, record), column + i);
}

int32_t rq_export_array(rq_columns *columns, struct ArrowArray *out) {
  const rq_column *column = columns->sheet.columns, *present[NODES];
  array_tree *tree = rq_heap_take(sizeof *tree);
  uint32_t count = 0;
  out->release = NULL;
  if (tree == NULL) return RQ_NO_MEMORY;
  tree->used = tree->linked = 0;
  array_set(tree, out, 0, columns->sheet.rows);
  for (; column->spec != NULL; column++)
    if (column->present && column->spec->depth == 0) {
      present[count++] = column;
      array_child(tree, out);
    }
  for (uint32_t i = 0; i < count; i++) {
    if (present[i]->spec->form == RQ_F_RECORDS)
      array_list(tree, out->children[i], present[i]);
    else
      array_column(tree, out->children[i], present[i]);
  }
  atomic_init(&tree->holders, tree->used + 1);
  tree->columns = columns;
  rq_chunk_hold(columns);
  columns->sealed = 1;
  return RQ_OK;
}

/* --- a stream of one batch --- */

typedef struct single {
  rq_columns *columns; /* NULL once it was handed over */
  int32_t kind;
  uint32_t with;
} single;

static int single_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
  const single *state = stream->private_data;
  return rq_export_schema(state->kind, state->with, out) < 0 ? ENOMEM : 0;
}

static int single_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
  single *state = stream->private_data;
  out->release = NULL;
  if (state->columns == NULL) return 0;
  if (rq_export_array(state->columns, out) < 0) return ENOMEM;
  rq_columns_free(state->columns);
  state->columns = NULL;
  return 0;
}

static const char *single_error(struct ArrowArrayStream *stream) {
  (void)stream;
  return "resquery: no memory";
}

static void single_release(struct ArrowArrayStream *stream) {
  single *state = stream->private_data;
  stream->release = NULL;
  rq_columns_free(state->columns);
  rq_heap_give(state);
}

/* --- structs of their own, for Python --- */

struct ArrowSchema *rq_columns_schema(int32_t kind, uint32_t with) {
  struct ArrowSchema *schema = rq_heap_take(sizeof *schema);
  if (schema == NULL || rq_export_schema(kind, with, schema) == RQ_OK) return schema;
  rq_heap_give(schema);
  return NULL;
}

struct ArrowArray *rq_columns_array(rq_columns *columns) {
  struct ArrowArray *array = rq_heap_take(sizeof *array);
  if (array == NULL || rq_export_array(columns, array) == RQ_OK) return array;
  rq_heap_give(array);
  return NULL;
}

struct ArrowArrayStream *rq_columns_stream(rq_columns *columns) {
  struct ArrowArrayStream *stream = rq_heap_take(sizeof *stream);
  single *state = rq_heap_take(sizeof *state);
  if (stream == NULL || state == NULL) {
    rq_heap_give(stream);
    rq_heap_give(state);
    return NULL;
  }
  *state = (single){columns, columns->kind, columns->with};
  *stream = (struct ArrowArrayStream){single_schema, single_next, single_error, single_release, state};
  rq_chunk_hold(columns);
  columns->sealed = 1;
  return stream;
}

void rq_schema_drop(struct ArrowSchema *schema) {
  if (schema != NULL && schema->release != NULL) schema->release(schema);
  rq_heap_give(schema);
}

void rq_array_drop(struct ArrowArray *array) {
  if (array != NULL && array->release != NULL) array->release(array);
  rq_heap_give(array);
}

void rq_stream_drop(struct ArrowArrayStream *stream) {
  if (stream != NULL && stream->release != NULL) stream->release(stream);
  rq_heap_give(stream);
}
