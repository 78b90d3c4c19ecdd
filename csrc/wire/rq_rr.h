/* rq_rr.h: the three tables of layouts: RR types, EDNS options, service parameters.
 *
 * The layout of each is written once, in rq_rr.def, rq_option.def and rq_param.def, with the kinds of rq_kind.def, and
 * drives validation, text, JSON, MessagePack and the Python field names. Nothing here or in the renderers switches on a
 * type. Serves RFC 3597 (unknown types) and the RFC of each type. SPDX-License-Identifier: MIT */
#ifndef RQ_RR_H
#define RQ_RR_H

#include "rq_name.h"

/* How a field is laid out and, by that, how it is shown: see rq_kind.def. */
typedef enum rq_kind {
#define RQ_KIND(kind, layout, size, slot) RQ_K_##kind,
#include "rq_kind.def"
#undef RQ_KIND
  RQ_KINDS
} rq_kind;

enum rq_shape {
  RQ_SHAPE_FIELDS,
  RQ_SHAPE_LOC,      /* the text is not the fields in order */
  RQ_SHAPE_OR_EMPTY, /* all fields, or no octet at all */
  RQ_SHAPE_NONE      /* no layout: a type of queries, or one whose format was never published */
};

typedef struct rq_field {
  uint8_t kind;     /* rq_kind */
  const char *name; /* as in Python and Arrow */
  const char *zdns; /* as in zdns JSON, NULL when it is `name` */
} rq_field;

/* A row of a table. */
typedef struct rq_type {
  uint16_t number;
  uint8_t shape, count; /* rq_shape; number of fields */
  const char *mnemonic;
  const rq_field *fields;
} rq_type;

/*@ // A row of a table: its fields are there, each of a kind that there is.
    predicate rq_type_ok(rq_type *type) =
      \valid_read(type) && \valid_read(type->fields + (0 .. type->count - 1)) &&
      (\forall integer i; 0 <= i < type->count ==> type->fields[i].kind < RQ_KINDS);
*/

/* The layout of an RR type, an EDNS option, a service parameter; NULL when the table has none. */
/*@ terminates \true;
    assigns \result \from number;
    ensures \result == \null || rq_type_ok(\result); */
const rq_type *rq_type_find(uint16_t number);
/*@ terminates \true;
    assigns \result \from code;
    ensures \result == \null || rq_type_ok(\result); */
const rq_type *rq_option_find(uint16_t code);
/*@ terminates \true;
    assigns \result \from key;
    ensures \result == \null || rq_type_ok(\result); */
const rq_type *rq_param_find(uint16_t key);

/* A table's row by position, those without a layout included; NULL past its end. `table` is enum rq_table. */
const rq_type *rq_table_find(int table, uint32_t row);

/* "MX", "mx", "TYPE15" -> number, or -1. */
int32_t rq_type_parse(const uint8_t *text, size_t len);

/* Appends the mnemonic, or TYPE<number>. */
void rq_type_text(uint16_t number, rq_out *out);

#endif
