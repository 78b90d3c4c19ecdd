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

/*@ // Kinds that come as octets, always.
    predicate rq_kind_octets(integer kind) = RQ_K_A <= kind <= RQ_K_SUBNET || RQ_K_NAMES <= kind < RQ_KINDS;

    predicate rq_kind_strings(integer kind) =
      kind == RQ_K_STRINGS || kind == RQ_K_MAYBE_STRING || kind == RQ_K_IDS;

    predicate rq_kind_pairs(integer kind) = kind == RQ_K_OPTIONS || kind == RQ_K_PARAMS;

    // What the walks below find in checked octets from `pos` up to `end`.
    inductive rq_strings_ok{L}(uint8_t *base, integer pos, integer end) {
      case strings_end{L}: \forall uint8_t *base, integer end; rq_strings_ok(base, end, end);
      case strings_more{L}: \forall uint8_t *base, integer pos, end;
        pos < end && rq_strings_ok(base, pos + 1 + base[pos], end) ==> rq_strings_ok(base, pos, end);
    }

    inductive rq_pairs_ok{L}(uint8_t *base, integer pos, integer end) {
      case pairs_end{L}: \forall uint8_t *base, integer end; rq_pairs_ok(base, end, end);
      case pairs_more{L}: \forall uint8_t *base, integer pos, end;
        pos + 4 + base[pos + 2] * 256 + base[pos + 3] <= end &&
        rq_pairs_ok(base, pos + 4 + base[pos + 2] * 256 + base[pos + 3], end) ==> rq_pairs_ok(base, pos, end);
    }

    inductive rq_windows_ok{L}(uint8_t *base, integer pos, integer end) {
      case windows_end{L}: \forall uint8_t *base, integer end; rq_windows_ok(base, end, end);
      case windows_more{L}: \forall uint8_t *base, integer pos, end;
        1 <= base[pos + 1] <= 32 && pos + 2 + base[pos + 1] <= end &&
        rq_windows_ok(base, pos + 2 + base[pos + 1], end) ==> rq_windows_ok(base, pos, end);
    }

    // All octets of a prefix: its length stands in the lower seven bits.
    logic integer rq_prefix_size(integer octet) = 4 + (octet >= 128 ? octet - 128 : octet);

    inductive rq_prefixes_ok{L}(uint8_t *base, integer pos, integer end) {
      case prefixes_end{L}: \forall uint8_t *base, integer end; rq_prefixes_ok(base, end, end);
      case prefixes_more{L}: \forall uint8_t *base, integer pos, end;
        pos + rq_prefix_size(base[pos + 3]) <= end && rq_prefixes_ok(base, pos + rq_prefix_size(base[pos + 3]), end) ==>
          rq_prefixes_ok(base, pos, end);
    }

    // Octets of that kind were checked.
    predicate rq_checked(integer kind, uint8_t *base, integer pos, integer end) =
      (rq_kind_strings(kind) ==> rq_strings_ok(base, pos, end)) &&
      (rq_kind_pairs(kind) ==> rq_pairs_ok(base, pos, end)) &&
      (kind == RQ_K_TYPES ==> rq_windows_ok(base, pos, end)) &&
      (kind == RQ_K_PREFIXES ==> rq_prefixes_ok(base, pos, end));

    predicate rq_kind_checked(integer kind) =
      rq_kind_strings(kind) || rq_kind_pairs(kind) || kind == RQ_K_TYPES || kind == RQ_K_PREFIXES;

    // Nothing, an address, or a name, as the number before it told.
    predicate rq_gateway_ok(rq_value *value) =
      value->told <= RQ_GATEWAY_NAME &&
      (value->told == RQ_GATEWAY_NAME ==> rq_name_ok(&value->name)) &&
      (value->told < RQ_GATEWAY_NAME ==> rq_cur_ok(&value->octets) && value->octets.state == RQ_CUR_GOOD &&
        value->octets.end - value->octets.pos == (value->told == 0 ? 0 : value->told == 1 ? 4 : 16));

    // What a field of that kind holds.
    predicate rq_content_ok(integer kind, rq_value *value) =
      (rq_kind_octets(kind) ==> rq_cur_ok(&value->octets) && value->octets.state == RQ_CUR_GOOD) &&
      (rq_kind_octets(kind) ==> rq_checked(kind, value->octets.base, value->octets.pos, value->octets.end)) &&
      (kind == RQ_K_NAME || kind == RQ_K_WHOLE_NAME ==> rq_name_ok(&value->name)) &&
      (kind == RQ_K_PREFIX_NAME && !value->absent ==> rq_name_ok(&value->name)) &&
      (kind == RQ_K_GATEWAY ==> rq_gateway_ok(value));

    predicate rq_value_ok(rq_value *value) = rq_content_ok(value->field->kind, value);
*/

/* Where a reader of fields stands. */
typedef struct rq_rdata {
  rq_cur cur;
  const rq_field *fields;
  unsigned at, count; /* fields read; fields in all */
  uint32_t told[3];   /* numbers on which later fields depend, by slot; [0] is nobody's */
  uint8_t empty;      /* of RQ_SHAPE_OR_EMPTY, without octets: all fields are absent */
} rq_rdata;

/*@ // A reader between calls.
    predicate rq_rdata_ok(rq_rdata *it) =
      \valid(it) && rq_cur_ok(&it->cur) && it->at <= it->count &&
      \valid_read(it->fields + (0 .. it->count - 1)) &&
      (\forall integer i; 0 <= i < it->count ==> it->fields[i].kind < RQ_KINDS);
*/

/* Begins to read octets of a layout. `rdata` is a child cursor that spans just these. */
/*@ requires \valid(it) && rq_type_ok(type) && rq_cur_ok(rdata);
    requires \separated(it, rdata) && \separated(it, type) && \separated(it, type->fields + (0 .. type->count - 1));
    terminates \true;
    assigns *it;
    ensures rq_rdata_ok(it) && it->at == 0 && it->count == type->count && it->fields == type->fields;
    ensures it->cur.base == rdata->base && it->cur.pos == rdata->pos && it->cur.end == rdata->end &&
      it->cur.state == rdata->state; */
void rq_rdata_begin(rq_rdata *it, const rq_type *type, const rq_cur *rdata);

/* Reads the next field with all its inner structure checked, so what is walked with the functions below cannot fail.
 * Returns 1; 0 after the last field when the octets are used up exactly; -1 when they do not fit the layout. */
/*@ requires rq_rdata_ok(it) && \valid(value);
    requires \separated(it, value, it->cur.base + (0 .. it->cur.end - 1));
    requires \separated(it->fields + (0 .. it->count - 1), it, value);
    terminates \true;
    assigns it->cur.pos, it->cur.state, it->at, it->told[0 .. 2], *value;
    ensures rq_rdata_ok(it) && rq_cur_moved{Pre, Here}(&it->cur);
    ensures \result == 1 || \result == 0 || \result == -1;
    ensures \result == 0 <==>
      \old(it->at) == it->count && \old(it->cur.pos) == it->cur.end && it->cur.state == RQ_CUR_GOOD;
    ensures it->at == (\old(it->at) < it->count ? \old(it->at) + 1 : \old(it->at));
    ensures \result == 1 ==> \old(it->at) < it->count && it->cur.state == RQ_CUR_GOOD && value->field == it->fields +
   \old(it->at); ensures \result == 1 && !it->empty ==> rq_value_ok(value); ensures \result == 1 && it->empty ==>
   value->absent && it->cur.pos == \old(it->cur.pos); */
int rq_rdata_next(rq_rdata *it, rq_value *value);

/* 1 if the octets fit the layout. */
/*@ requires rq_type_ok(type) && rq_cur_ok(octets);
    terminates \true;
    assigns \nothing;
    ensures \result == 0 || \result == 1; */
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

/*@ // One item of a walk, found behind `before` octets.
    predicate rq_item{Old, New}(rq_cur *walk, rq_cur *item, integer before) =
      \at(rq_cur_ok(item), New) && \at(item->state, New) == RQ_CUR_GOOD && \at(walk->state, New) == RQ_CUR_GOOD &&
      \at(item->base, New) == \at(walk->base, Old) && \at(item->end, New) == \at(walk->pos, New) &&
      \at(item->pos, New) == \at(walk->pos, Old) + before;

    // No item: there is nothing left, or the cursor has failed.
    predicate rq_no_item{Old, New}(rq_cur *walk) =
      \at(walk->pos, New) == \at(walk->end, New) &&
      (\at(walk->state, New) == RQ_CUR_GOOD ==> \at(walk->pos, Old) == \at(walk->end, Old));
*/

/* The next <character-string> of RQ_K_STRINGS, RQ_K_MAYBE_STRING and RQ_K_IDS. */
/*@ requires rq_cur_ok(octets) && \valid(string) && \separated(octets, string);
    terminates \true;
    assigns octets->pos, octets->state, *string;
    ensures rq_cur_moved{Pre, Here}(octets) && (\result == 0 || \result == 1);
    ensures \result == 1 ==> rq_item{Pre, Here}(octets, string, 1);
    ensures \result == 1 ==> octets->pos == \old(octets->pos + 1 + octets->base[octets->pos]);
    ensures \result == 0 ==> rq_no_item{Pre, Here}(octets);
    ensures \old(octets->state == RQ_CUR_GOOD && rq_strings_ok(octets->base, octets->pos, octets->end)) ==>
      octets->state == RQ_CUR_GOOD && rq_strings_ok(octets->base, octets->pos, octets->end); */
int rq_strings_next(rq_cur *octets, rq_cur *string);

/* The next name of RQ_K_NAMES. */
/*@ requires rq_cur_ok(octets) && \valid(name) && rq_name_apart(name, octets);
    terminates \true;
    assigns octets->pos, octets->state, *name;
    ensures rq_cur_moved{Pre, Here}(octets) && (\result == 0 || \result == 1);
    ensures \result == 1 ==> rq_name_ok(name) && octets->state == RQ_CUR_GOOD;
    ensures \result == 1 ==> octets->pos == \old(octets->pos) + name->len;
    ensures \result == 0 ==> rq_no_item{Pre, Here}(octets); */
int rq_names_next(rq_cur *octets, rq_name *name);

/* The next number of a bitmap: RQ_K_TYPES, or RQ_K_LOW_TYPES and RQ_K_PORTS. `window` and `bit` belong to the walk. */
typedef struct rq_bits {
  rq_cur cur, bitmap; /* windows not yet begun; what is left of this one */
  uint32_t window, octet, at, bit;
} rq_bits;

/*@ predicate rq_bits_ok(rq_bits *it) =
      \valid(it) && rq_cur_ok(&it->cur) && rq_cur_ok(&it->bitmap) && it->window <= 255 && it->octet <= 255 &&
      it->at < 8192 && it->bit < 65536;

    // Nothing in it can fail.
    predicate rq_bits_whole(rq_bits *it) =
      it->cur.state == RQ_CUR_GOOD && it->bitmap.state == RQ_CUR_GOOD &&
      rq_windows_ok(it->cur.base, it->cur.pos, it->cur.end);
*/

/* For RQ_K_TYPES. */
/*@ requires \valid(it) && rq_cur_ok(octets) && \separated(it, octets);
    terminates \true;
    assigns *it;
    ensures rq_bits_ok(it);
    ensures octets->state == RQ_CUR_GOOD && rq_windows_ok(octets->base, octets->pos, octets->end) ==>
      rq_bits_whole(it); */
void rq_windows_begin(rq_bits *it, const rq_cur *octets);

/* For RQ_K_LOW_TYPES and RQ_K_PORTS. */
/*@ requires \valid(it) && rq_cur_ok(octets) && \separated(it, octets);
    terminates \true;
    assigns *it;
    ensures rq_bits_ok(it) && (octets->state == RQ_CUR_GOOD ==> rq_bits_whole(it)); */
void rq_bits_begin(rq_bits *it, const rq_cur *octets);

/*@ requires rq_bits_ok(it) && \valid(number) && \separated(it, number);
    terminates \true;
    assigns *it, *number;
    ensures rq_bits_ok(it) && (\result == 0 || \result == 1);
    ensures \result == 0 ==> it->cur.pos == it->cur.end && it->bitmap.pos == it->bitmap.end; */
int rq_bits_next(rq_bits *it, uint16_t *number);

/* The next key and value of RQ_K_PARAMS or RQ_K_OPTIONS (both: u16 code, u16 length, octets). */
/*@ requires rq_cur_ok(octets) && \valid(code) && \valid(value) && \separated(octets, code, value);
    terminates \true;
    assigns octets->pos, octets->state, *code, *value;
    ensures rq_cur_moved{Pre, Here}(octets) && (\result == 0 || \result == 1);
    ensures \result == 1 ==> rq_item{Pre, Here}(octets, value, 4);
    ensures \result == 1 ==>
      octets->pos == \old(octets->pos + 4 + octets->base[octets->pos + 2] * 256 + octets->base[octets->pos + 3]);
    ensures \result == 1 ==> *code == octets->base[\old(octets->pos)] * 256 + octets->base[\old(octets->pos) + 1];
    ensures \result == 0 ==> rq_no_item{Pre, Here}(octets);
    ensures \old(octets->state == RQ_CUR_GOOD && rq_pairs_ok(octets->base, octets->pos, octets->end)) ==>
      octets->state == RQ_CUR_GOOD && rq_pairs_ok(octets->base, octets->pos, octets->end); */
int rq_pairs_next(rq_cur *octets, uint16_t *code, rq_cur *value);

/* The next item of RQ_K_PREFIXES. */
typedef struct rq_prefix {
  uint32_t family, bits, negated; /* family 1 or 2: IPv4 or IPv6 */
  rq_cur address;                 /* without zeros at its end */
} rq_prefix;

/*@ requires rq_cur_ok(octets) && \valid(prefix) && \separated(prefix, octets);
    terminates \true;
    assigns octets->pos, octets->state, *prefix;
    ensures rq_cur_moved{Pre, Here}(octets) && (\result == 0 || \result == 1);
    ensures \result == 1 ==> rq_item{Pre, Here}(octets, &prefix->address, 4);
    ensures \result == 1 ==> octets->pos == \old(octets->pos + rq_prefix_size(octets->base[octets->pos + 3]));
    ensures \result == 0 ==> rq_no_item{Pre, Here}(octets); */
int rq_prefixes_next(rq_cur *octets, rq_prefix *prefix);

#endif
