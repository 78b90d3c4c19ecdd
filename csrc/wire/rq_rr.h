/* rq_rr.h: the record table and the interpreter of RDATA layouts.
 *
 * The layout of each type is written once, in rq_rr.def, and drives validation, text, JSON, MessagePack and the Python
 * field names. Nothing here or in the renderers switches on a type. Serves RFC 3597 (unknown types) and the RFC of each
 * type. SPDX-License-Identifier: MIT */
#ifndef RQ_RR_H
#define RQ_RR_H

#include "rq_name.h"

/* How a field is laid out and, by that, how it is shown. "rest" reaches to the end of the RDATA. */
typedef enum rq_kind {
  RQ_K_U8,
  RQ_K_U16,
  RQ_K_U32,
  RQ_K_TIME,    /* u32, shown as YYYYMMDDHHmmSS (RFC 4034, 3.2) */
  RQ_K_TYPE,    /* u16, shown as a mnemonic */
  RQ_K_A,       /* 4 octets */
  RQ_K_AAAA,    /* 16 octets */
  RQ_K_NAME,    /* domain name, compression accepted */
  RQ_K_STRING,  /* <character-string>, shown quoted */
  RQ_K_STRINGS, /* rest: one or more <character-string>s */
  RQ_K_TAG,     /* <character-string>, shown bare (CAA) */
  RQ_K_TEXT,    /* rest, shown as one quoted string (CAA value, URI target) */
  RQ_K_HEX,     /* rest, shown in hexadecimal */
  RQ_K_BASE64,  /* rest, shown in base64 */
  RQ_K_SALT,    /* length octet + octets, hexadecimal, "-" when empty (NSEC3) */
  RQ_K_BASE32,  /* length octet + octets, base32hex without padding (NSEC3) */
  RQ_K_TYPES,   /* rest: type bitmap (RFC 4034, 4.1.2) */
  RQ_K_PARAMS,  /* rest: service parameters (RFC 9460, 2.2) */
  RQ_K_OPTIONS  /* rest: EDNS options (RFC 6891, 6.1.2) */
} rq_kind;

/* Types whose text is not their fields in order. */
typedef enum rq_shape { RQ_SHAPE_FIELDS, RQ_SHAPE_LOC } rq_shape;

typedef struct rq_field {
  uint8_t kind;     /* rq_kind */
  const char *name; /* as in Python and Arrow */
  const char *zdns; /* as in zdns JSON, NULL when it is `name` */
} rq_field;

typedef struct rq_type {
  uint16_t number;
  uint8_t shape, count; /* rq_shape; number of fields */
  const char *mnemonic;
  const rq_field *fields;
} rq_type;

/* One field as read. Which member counts follows from the kind: `number` for integers, `name` for names, `octets`
 * (exactly the field's content, length octet excluded) for all else. */
typedef struct rq_value {
  const rq_field *field;
  uint32_t number;
  rq_cur octets;
  rq_name name;
} rq_value;

/* Where a reader of RDATA stands. */
typedef struct rq_rdata {
  rq_cur cur;
  const rq_field *next;
  unsigned left;
} rq_rdata;

/* The type's row, or NULL when the table has none. */
const rq_type *rq_type_find(uint16_t number);

/* The table's row by position, NULL past its end. */
const rq_type *rq_type_row(uint32_t row);

/* "MX", "mx", "TYPE15" -> number, or -1. */
int32_t rq_type_parse(const uint8_t *text, size_t len);

/* Appends the mnemonic, or TYPE<number>. */
void rq_type_text(uint16_t number, rq_out *out);

/* Begins to read RDATA of a known type. `rdata` is a child cursor that spans just the RDATA. */
void rq_rdata_begin(rq_rdata *it, const rq_type *type, const rq_cur *rdata);

/* Reads the next field with all its inner structure checked, so what is walked with the functions below cannot fail.
 * Returns 1; 0 after the last field when the RDATA is used up exactly; -1 when it does not fit the layout. */
int rq_rdata_next(rq_rdata *it, rq_value *value);

/* 1 if RDATA fits the layout of its type; 1 for a type that has none. */
/*@ requires rq_cur_ok(rdata);
    terminates \true;
    assigns \nothing;
    ensures \result == 0 || \result == 1; */
int rq_rdata_fits(uint16_t number, const rq_cur *rdata);

/* Appends the RDATA with its names uncompressed; as it stands if it does not fit its layout. */
void rq_rdata_expand(uint16_t number, const rq_cur *rdata, rq_out *out);

/* --- inside checked values: each returns 1 and moves on, or 0 at the end --- */

/* The next <character-string> of RQ_K_STRINGS. */
int rq_strings_next(rq_cur *octets, rq_cur *string);

/* The next type of RQ_K_TYPES. `window` and `bit` begin at 0 and belong to the walk. */
typedef struct rq_types {
  rq_cur cur, bitmap;
  uint32_t window, octet, at, bit;
} rq_types;
void rq_types_begin(rq_types *it, const rq_cur *octets);
int rq_types_next(rq_types *it, uint16_t *type);

/* The next key and value of RQ_K_PARAMS or RQ_K_OPTIONS (both: u16 code, u16 length, octets). */
int rq_pairs_next(rq_cur *octets, uint16_t *code, rq_cur *value);

#endif
