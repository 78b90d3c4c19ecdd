/* rq_name.h: domain names: text <-> wire format, decompression, comparison, hashing.
 *
 * Pure: no I/O, no clock, no heap. Serves RFC 1035 sections 2.3, 3.1, 4.1.4 and 5.1, RFC 4343 (case), RFC 9267
 * (what goes wrong in decompression). SPDX-License-Identifier: MIT */
#ifndef RQ_NAME_H
#define RQ_NAME_H

#include "../resquery.h"
#include "rq_bytes.h"

/* A name in uncompressed wire format, root label included: 1 <= len <= 255 once a function below has filled it. */
typedef struct rq_name {
  uint8_t len;
  uint8_t octets[RQ_NAME_MAX];
} rq_name;

/* Reads a name, following compression pointers: each goes strictly backward to labels that end before the part they are used
 * in begins, at most 127 of them, the result at most 255 octets. The cursor ends after the name as it stands. On failure the cursor has failed (RQ_CUR_SHORT or
 * RQ_CUR_BROKEN) and *name is the root. */
void rq_name_read(rq_cur *c, rq_name *name);

/* Moves the cursor past a name without following it; the name is not validated beyond its own octets. */
void rq_name_skip(rq_cur *c);

/* Text -> name. Returns enum rq_flaw; on a flaw *name is the root. `text` need not be NUL-terminated. */
int rq_name_parse(const uint8_t *text, size_t len, rq_name *name);

/* Appends the name as text with its final dot, specials and non-printable octets escaped (RFC 1035, 5.1). */
void rq_name_text(const rq_name *name, rq_out *out);

/* Appends the name in wire format. */
void rq_name_write(const rq_name *name, rq_out *out);

/* 1 if equal, ASCII case ignored (RFC 4343). */
int rq_name_equal(const rq_name *a, const rq_name *b);

/* 1 if octet for octet the same (0x20 checks). */
int rq_name_identical(const rq_name *a, const rq_name *b);

/* A keyed hash that ignores ASCII case, SipHash-2-4 under a 16-octet key: peers cannot choose colliding names. */
uint64_t rq_name_hash(const rq_name *name, const uint8_t key[16]);

#endif
