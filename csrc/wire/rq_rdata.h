/* rq_rdata.h: the interpreter of layouts: reads the fields of RDATA, EDNS options and service parameters.
 *
 * Every field comes checked to its end, so that what walks inside it cannot fail. Pure: no heap, never reads outside
 * the octets it is given, but for the names that they point back to. Serves RFC 3597 and the RFC of each type.
 * SPDX-License-Identifier: MIT */
#ifndef RQ_RDATA_H
#define RQ_RDATA_H

#include "rq_rr.h"

/* One field as read. Which member counts follows from the kind: `number` for numbers, `name` for names, `octets`
 * (exactly the field's content, without what tells its length) for all else. `told` is the number on which it depends:
 * the type of a gateway (3: `name`, else `octets`), the format of an ATM address, the prefix of an A6 record, the
 * family of a subnet. An `absent` field has no octets where its layout allows none. */
typedef struct rq_value {
  const rq_field *field;
  uint64_t number;
  uint32_t told;
  uint8_t absent;
  rq_cur octets;
  rq_name name;
} rq_value;

#define RQ_GATEWAY_NAME 3 /* the type of a gateway that is a name (RFC 4025, 2.3; RFC 8777, 4.2.3) */

/* Where a reader of fields stands. */
typedef struct rq_rdata {
  rq_cur cur;
  const rq_field *next;
  unsigned left;    /* fields */
  uint32_t told[3]; /* numbers on which later fields depend, by slot; [0] is nobody's */
  uint8_t empty;    /* of RQ_SHAPE_OR_EMPTY, without octets: all fields are absent */
} rq_rdata;

/* Begins to read octets of a layout. `rdata` is a child cursor that spans just these. */
void rq_rdata_begin(rq_rdata *it, const rq_type *type, const rq_cur *rdata);

/* Reads the next field with all its inner structure checked, so what is walked with the functions below cannot fail.
 * Returns 1; 0 after the last field when the octets are used up exactly; -1 when they do not fit the layout. */
int rq_rdata_next(rq_rdata *it, rq_value *value);

/* 1 if the octets fit the layout. */
int rq_layout_fits(const rq_type *type, const rq_cur *octets);

/* 1 if RDATA fits the layout of its type; 1 for a type that has none. */
/*@ requires rq_cur_ok(rdata);
    terminates \true;
    assigns \nothing;
    ensures \result == 0 || \result == 1; */
int rq_rdata_fits(uint16_t number, const rq_cur *rdata);

/* Appends the RDATA with its names uncompressed; as it stands if it does not fit its layout. */
void rq_rdata_expand(uint16_t number, const rq_cur *rdata, rq_out *out);

/* --- inside checked values: each returns 1 and moves on, or 0 at the end --- */

/* The next <character-string> of RQ_K_STRINGS, RQ_K_MAYBE_STRING and RQ_K_IDS. */
int rq_strings_next(rq_cur *octets, rq_cur *string);

/* The next name of RQ_K_NAMES. */
int rq_names_next(rq_cur *octets, rq_name *name);

/* The next number of a bitmap: RQ_K_TYPES, or RQ_K_LOW_TYPES and RQ_K_PORTS. `window` and `bit` belong to the walk. */
typedef struct rq_bits {
  rq_cur cur, bitmap; /* windows not yet begun; what is left of this one */
  uint32_t window, octet, at, bit;
} rq_bits;
void rq_windows_begin(rq_bits *it, const rq_cur *octets); /* RQ_K_TYPES */
void rq_bits_begin(rq_bits *it, const rq_cur *octets);    /* RQ_K_LOW_TYPES, RQ_K_PORTS */
int rq_bits_next(rq_bits *it, uint16_t *number);

/* The next key and value of RQ_K_PARAMS or RQ_K_OPTIONS (both: u16 code, u16 length, octets). */
int rq_pairs_next(rq_cur *octets, uint16_t *code, rq_cur *value);

/* The next item of RQ_K_PREFIXES. */
typedef struct rq_prefix {
  uint16_t family; /* 1 or 2: IPv4 or IPv6 */
  uint8_t bits, negated;
  rq_cur address; /* without zeros at its end */
} rq_prefix;
int rq_prefixes_next(rq_cur *octets, rq_prefix *prefix);

#endif
