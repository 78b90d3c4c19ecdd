/* rq_fold.h: how long RDATA is broken into lines and explained, as dig +multiline does: a table by type.
 * Pure. A type without a row stays on one line. SPDX-License-Identifier: MIT */
#ifndef RQ_FOLD_H
#define RQ_FOLD_H

#include "../wire/rq_rdata.h"

#define RQ_FOLD_FIELDS 9      /* no folded type has more */
#define RQ_BREAK "\n\t\t\t\t" /* where folded RDATA goes on in the next line */

/* Bits of what stands before a field, and behind it. */
enum rq_fold_mark {
  RQ_FOLD_BREAK = 1,  /* in a new line */
  RQ_FOLD_OPEN = 2,   /* the parenthesis opens; then a new line, if anything stands before it */
  RQ_FOLD_NAMED = 4,  /* padded, its name is a comment behind it */
  RQ_FOLD_TIMED = 8,  /* likewise, and its value as a span of time */
  RQ_FOLD_INSIDE = 16 /* it folds by itself */
};

/* Where the closing parenthesis stands: nowhere, on the last line, or on one of its own. */
enum rq_fold_close { RQ_FOLD_NOT, RQ_FOLD_HERE, RQ_FOLD_BELOW };

typedef struct rq_fold {
  uint16_t number;
  uint8_t close; /* enum rq_fold_close */
  uint8_t marks[RQ_FOLD_FIELDS];
  void (*comment)(const rq_cur *rdata, rq_out *out); /* behind the closing parenthesis; may be NULL */
} rq_fold;

/* The type's row, or NULL. */
const rq_fold *rq_fold_find(uint16_t number);

/* Appends what stands before a field: a blank, a new line, a parenthesis. `first` says that nothing is before it. */
void rq_fold_gap(uint8_t mark, int first, rq_out *out);

/* Appends the comment behind a field, which begins at `begun`. */
void rq_fold_explain(uint8_t mark, const rq_value *value, size_t begun, rq_out *out);

/* Appends what closes the RDATA, and the comment behind it. */
void rq_fold_end(const rq_fold *fold, const rq_cur *rdata, rq_out *out);

/* Appends "1 week 2 days"; no time at all is "0 seconds". */
void rq_span_to_text(uint32_t seconds, rq_out *out);

#endif
