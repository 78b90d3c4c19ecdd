/* rq_known.h: the name that was met last, in a walk over a message: most owners are the name that was asked for.
 *
 * Such a name is read once, and written as text once. Pure. Serves RFC 1035 section 4.1.4 (compression).
 * SPDX-License-Identifier: MIT */
#ifndef RQ_KNOWN_H
#define RQ_KNOWN_H

#include "../wire/rq_msg.h"

/* Where the name begins, RQ_NOWHERE for none, and its text with the final dot; `len` is 0 when it wants escapes. */
typedef struct rq_known {
  size_t place;
  unsigned len;
  uint8_t text[RQ_NAME_MAX];
} rq_known;

/* Makes a name that begins at `place` the known one; returns the length of its text. */
unsigned rq_known_set(rq_known *known, size_t place, const rq_name *name);

/* Appends the text of such a name. */
void rq_known_text(rq_known *known, size_t place, const rq_name *name, rq_out *out);

/* Leaves a question's name in the record that is passed to rq_walk_next: an owner that points to it is not read again.
 */
void rq_known_asked(const rq_question *question, rq_record *record);

/* Passes over the questions that are left, so that the walk stands where a record begins, and leaves the last one's
 * name in the record. Returns 0, or RQ_TRUNCATED or RQ_MALFORMED. */
int rq_known_pass(rq_walk *walk, rq_record *record);

#endif
