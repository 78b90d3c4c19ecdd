/* rq_arrow.h: the structs of the Arrow C data interface and C stream interface.
 *
 * Their layout is an ABI that the Arrow project fixes for good; consumers of any make read what we fill, and we read
 * what they made. Nothing here is ours but the comments. SPDX-License-Identifier: MIT */
#ifndef RQ_ARROW_H
#define RQ_ARROW_H

#include "../resquery.h"

#define ARROW_FLAG_NULLABLE 2

/* A type: `format` is a short text ("i", "u", "+l"); children are the types inside it. */
struct ArrowSchema {
  const char *format, *name, *metadata;
  int64_t flags, n_children;
  struct ArrowSchema **children;
  struct ArrowSchema *dictionary;
  void (*release)(struct ArrowSchema *); /* NULL once released, or moved elsewhere */
  void *private_data;
};

/* Values: bitmap of those that are not null, then what the type's layout says. */
struct ArrowArray {
  int64_t length, null_count, offset, n_buffers, n_children;
  const void **buffers;
  struct ArrowArray **children;
  struct ArrowArray *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};

/* Arrays of one type, one after another. The functions return 0 or an errno. */
struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
  int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out); /* out->release NULL: there are no more */
  const char *(*get_last_error)(struct ArrowArrayStream *);
  void (*release)(struct ArrowArrayStream *);
  void *private_data;
};

#endif
