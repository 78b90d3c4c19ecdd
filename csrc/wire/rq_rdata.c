/* rq_rdata.c: the interpreter of layouts; see rq_rdata.h.
 *
 * A kind's octets are found by its layout in rq_kind.def; what reaches to the end is then checked inside (rq_check.c).
 * Never guesses: octets that do not fit are the caller's to show as they are (RFC 3597). SPDX-License-Identifier: MIT
 */
#include "rq_rdata.h"

#include "rq_check.h"

/* How the octets of a field are found. */
enum rq_layout {
  NUMBER,      /* a number of `size` octets */
  BIT,         /* the top bit of the next octet, which stays */
  LOW,         /* the lower seven bits of an octet */
  FIXED,       /* `size` octets */
  COUNT8,      /* an octet that tells how many follow */
  COUNT16,     /* two octets that tell how many follow */
  NAME,        /* a name, perhaps compressed */
  WHOLE,       /* a name that is not */
  REST,        /* all that is left */
  SIZED,       /* as many as slot `size` tells */
  SUFFIX,      /* as many as hold the bits that a prefix leaves of an IPv6 address */
  PREFIX_NAME, /* a name, unless the prefix is empty */
  GATEWAY,     /* by the type of the gateway */
  HIP          /* the size of HIT, an algorithm, the size of HIP_KEY */
};

typedef struct kind_row {
  uint8_t layout, size, slot;
} kind_row;

static const kind_row kinds[] = {
#define RQ_KIND(kind, layout, size, slot) [RQ_K_##kind] = {layout, size, slot},
#include "rq_kind.def"
#undef RQ_KIND
};

/*@ // What the rest relies on in a row of that table: the slots are there, each layout fills what the kind comes as.
    predicate rq_kind_ok(integer kind, integer layout, integer size, integer slot) =
      0 <= slot <= 2 && NUMBER <= layout <= HIP && (layout == SIZED ==> 0 <= size <= 2) &&
      (rq_kind_octets(kind) ==> layout == FIXED || layout == COUNT8 || layout == COUNT16 || layout == REST ||
        layout == SIZED || layout == SUFFIX) &&
      (rq_kind_checked(kind) ==> layout == REST) &&
      (kind == RQ_K_NAME ==> layout == NAME) && (kind == RQ_K_WHOLE_NAME ==> layout == WHOLE) &&
      (kind == RQ_K_PREFIX_NAME ==> layout == PREFIX_NAME) && (kind == RQ_K_GATEWAY ==> layout == GATEWAY);
*/

/*@ requires kind < RQ_KINDS;
    terminates \true;
    assigns \nothing;
    ensures rq_kind_ok(kind, \result.layout, \result.size, \result.slot); */
static kind_row kind_find(uint8_t kind) {
  /*@ admit table: rq_kind_ok(kind, kinds[kind].layout, kinds[kind].size, kinds[kind].slot); */
  return kinds[kind];
}

void rq_rdata_begin(rq_rdata *it, const rq_type *type, const rq_cur *rdata) {
  it->empty = type->shape == RQ_SHAPE_OR_EMPTY && rq_cur_left(rdata) == 0;
  it->told[0] = 0;
  it->told[1] = 0;
  it->told[2] = 0;
  it->at = 0;
  it->count = type->count;
  it->fields = type->fields;
  it->cur = *rdata;
}

/* --- one field --- */

/*@ requires rq_cur_ok(c);
    terminates \true;
    assigns c->pos, c->state;
    ensures rq_cur_moved{Pre, Here}(c); */
static uint64_t number_read(rq_cur *c, uint8_t size) {
  if (size == 1) return rq_cur_u8(c);
  if (size == 2) return rq_cur_u16(c);
  if (size == 4) return rq_cur_u32(c);
  uint64_t high = size == 6 ? rq_cur_u16(c) : rq_cur_u32(c);
  return high * 4294967296u + rq_cur_u32(c);
}

/*@ // What readers of one field share: where they read and what they fill is apart from the message.
    predicate rq_field_apart(rq_rdata *it, rq_value *value) =
      \separated(it, value, it->cur.base + (0 .. it->cur.end - 1));
*/

/* All that is left, with its inside checked. */
/*@ requires \valid(it) && rq_cur_ok(&it->cur) && \valid(value) && rq_field_apart(it, value);
    terminates \true;
    assigns it->cur.pos, it->cur.state, value->told, value->absent, value->octets;
    ensures rq_cur_moved{Pre, Here}(&it->cur) && rq_cur_ok(&value->octets);
    ensures it->cur.state == RQ_CUR_GOOD ==> value->octets.state == RQ_CUR_GOOD &&
      rq_checked(kind, value->octets.base, value->octets.pos, value->octets.end); */
static void rest_read(rq_rdata *it, uint8_t kind, rq_value *value) {
  value->told = it->told[1];
  value->absent = kind == RQ_K_MAYBE_STRING && rq_cur_left(&it->cur) == 0;
  rq_cur_take(&it->cur, rq_cur_left(&it->cur), &value->octets);
  uint32_t state = rq_inside_check(it, kind, &value->octets);
  if (state != RQ_CUR_GOOD) rq_cur_fail(&it->cur, state);
}

/*@ requires rq_cur_ok(c);
    terminates \true;
    assigns \nothing; */
static uint8_t octet_ahead(const rq_cur *c) {
  rq_cur ahead;
  ahead = *c;
  return rq_cur_u8(&ahead);
}

/* The bits that the prefix leaves, with zeros before them up to a whole octet (RFC 2874, 3.1). */
/*@ requires \valid(it) && rq_cur_ok(&it->cur) && \valid(value) && rq_field_apart(it, value);
    terminates \true;
    assigns it->cur.pos, it->cur.state, value->told, value->absent, value->octets;
    ensures rq_cur_moved{Pre, Here}(&it->cur);
    ensures it->cur.state == RQ_CUR_GOOD ==> value->told <= 128;
    ensures it->cur.state == RQ_CUR_GOOD ==> rq_cur_ok(&value->octets) && value->octets.state == RQ_CUR_GOOD; */
static void suffix_read(rq_rdata *it, rq_value *value) {
  uint32_t prefix = it->told[1], limit = 256;
  value->told = prefix;
  value->absent = prefix == 128;
  if (prefix > 128) {
    rq_cur_fail(&it->cur, RQ_CUR_BROKEN);
    return;
  }
  rq_cur_take(&it->cur, 16u - prefix / 8u, &value->octets);
  /*@ loop assigns bits, limit;
      loop variant bits; */
  for (uint32_t bits = prefix % 8u; bits > 0; bits--) limit /= 2u;
  if (octet_ahead(&value->octets) >= limit) rq_cur_fail(&it->cur, RQ_CUR_BROKEN);
}

/*@ requires \valid(it) && rq_cur_ok(&it->cur) && \valid(value) && rq_field_apart(it, value);
    terminates \true;
    assigns it->cur.pos, it->cur.state, value->told, value->absent, value->octets, value->name;
    ensures rq_cur_moved{Pre, Here}(&it->cur);
    ensures it->cur.state == RQ_CUR_GOOD ==> rq_gateway_ok(value); */
static void gateway_read(rq_rdata *it, rq_value *value) {
  value->told = it->told[1];
  value->absent = value->told == 0;
  if (value->told == RQ_GATEWAY_NAME)
    rq_whole_name_read(&it->cur, &value->name);
  else if (value->told > RQ_GATEWAY_NAME)
    rq_cur_fail(&it->cur, RQ_CUR_BROKEN);
  else
    rq_cur_take(&it->cur, rq_address_size(value->told), &value->octets);
}

/*@ requires \valid(it) && rq_cur_ok(&it->cur) && \valid(value) && rq_field_apart(it, value);
    terminates \true;
    assigns it->cur.pos, it->cur.state, it->told[1 .. 2], value->number;
    ensures rq_cur_moved{Pre, Here}(&it->cur); */
static void hip_read(rq_rdata *it, rq_value *value) {
  it->told[1] = rq_cur_u8(&it->cur);
  value->number = rq_cur_u8(&it->cur);
  it->told[2] = rq_cur_u16(&it->cur);
}

/*@ requires \valid(it) && rq_cur_ok(&it->cur) && \valid(value) && rq_field_apart(it, value);
    terminates \true;
    assigns it->cur.pos, it->cur.state, value->absent, value->name;
    ensures rq_cur_moved{Pre, Here}(&it->cur);
    ensures !value->absent ==> rq_name_ok(&value->name); */
static void prefix_name_read(rq_rdata *it, rq_value *value) {
  value->absent = it->told[1] == 0;
  if (!value->absent) rq_whole_name_read(&it->cur, &value->name);
}

/*@ requires \valid(it) && rq_cur_ok(&it->cur) && \valid(value) && rq_field_apart(it, value) && kind < RQ_KINDS;
    requires rq_kind_ok(kind, row.layout, row.size, row.slot);
    requires row.layout == FIXED || row.layout == COUNT8 || row.layout == COUNT16 || row.layout == REST ||
      row.layout == SIZED || row.layout == SUFFIX;
    terminates \true;
    assigns it->cur.pos, it->cur.state, value->number, value->told, value->absent, value->octets;
    ensures rq_cur_moved{Pre, Here}(&it->cur);
    ensures it->cur.state == RQ_CUR_GOOD ==> rq_content_ok(kind, value); */
static void octets_read(rq_rdata *it, uint8_t kind, kind_row row, rq_value *value) {
  switch (row.layout) {
    case FIXED:
      rq_cur_take(&it->cur, row.size, &value->octets);
      break;
    case COUNT8:
      rq_cur_take(&it->cur, rq_cur_u8(&it->cur), &value->octets);
      break;
    case COUNT16:
      value->number = rq_cur_u16(&it->cur);
      rq_cur_take(&it->cur, (size_t)value->number, &value->octets);
      break;
    case REST:
      rest_read(it, kind, value);
      break;
    case SIZED:
      rq_cur_take(&it->cur, it->told[row.size], &value->octets);
      break;
    case SUFFIX:
      suffix_read(it, value);
      break;
  }
}

/*@ requires \valid(it) && rq_cur_ok(&it->cur) && \valid(value) && rq_field_apart(it, value) && kind < RQ_KINDS;
    terminates \true;
    assigns it->cur.pos, it->cur.state, it->told[0 .. 2];
    assigns value->number, value->told, value->absent, value->octets, value->name;
    ensures rq_cur_moved{Pre, Here}(&it->cur);
    ensures it->cur.state == RQ_CUR_GOOD ==> rq_content_ok(kind, value); */
static void field_read(rq_rdata *it, uint8_t kind, rq_value *value) {
  kind_row row = kind_find(kind);
  switch (row.layout) {
    case NUMBER:
      value->number = number_read(&it->cur, row.size);
      it->told[row.slot] = (uint32_t)value->number;
      break;
    case BIT:
      value->number = octet_ahead(&it->cur) / 128u;
      break;
    case LOW:
      value->number = rq_cur_u8(&it->cur) % 128u;
      it->told[row.slot] = (uint32_t)value->number;
      break;
    case NAME:
      rq_name_read(&it->cur, &value->name);
      break;
    case WHOLE:
      rq_whole_name_read(&it->cur, &value->name);
      break;
    case PREFIX_NAME:
      prefix_name_read(it, value);
      break;
    case GATEWAY:
      gateway_read(it, value);
      break;
    case HIP:
      hip_read(it, value);
      break;
    default:
      octets_read(it, kind, row, value);
      break;
  }
}

/* Reads the next field, of which there is one. */
/*@ requires rq_rdata_ok(it) && it->at < it->count && \valid(value) && rq_field_apart(it, value);
    requires \separated(it->fields + (0 .. it->count - 1), it, value);
    terminates \true;
    assigns it->cur.pos, it->cur.state, it->at, it->told[0 .. 2], *value;
    ensures rq_rdata_ok(it);
    ensures rq_cur_moved{Pre, Here}(&it->cur);
    ensures it->at == \old(it->at) + 1 && value->field == it->fields + \old(it->at);
    ensures it->cur.state == RQ_CUR_GOOD && !it->empty ==> rq_value_ok(value);
    ensures it->empty ==> value->absent && it->cur.pos == \old(it->cur.pos); */
static void field_take(rq_rdata *it, rq_value *value) {
  value->field = &it->fields[it->at];
  value->absent = it->empty;
  if (!it->empty) field_read(it, value->field->kind, value);
  /*@ assert \forall integer i; 0 <= i < it->count ==> it->fields[i].kind == \at(it->fields[i].kind, Pre); */
  /*@ assert value->field == it->fields + it->at && value->field->kind == \at(it->fields[it->at].kind, Pre); */
  it->at++;
}

/* The next field, the values of service parameters not yet checked. */
/*@ requires rq_rdata_ok(it) && \valid(value) && rq_field_apart(it, value);
    requires \separated(it->fields + (0 .. it->count - 1), it, value);
    terminates \true;
    assigns it->cur.pos, it->cur.state, it->at, it->told[0 .. 2], *value;
    ensures rq_rdata_ok(it);
    ensures rq_cur_moved{Pre, Here}(&it->cur);
    ensures \result == 1 || \result == 0 || \result == -1;
    ensures \result == 0 <==>
      \old(it->at) == it->count && \old(it->cur.pos) == it->cur.end && it->cur.state == RQ_CUR_GOOD;
    ensures it->at == (\old(it->at) < it->count ? \old(it->at) + 1 : \old(it->at));
    ensures \old(it->at) < it->count ==> value->field == it->fields + \old(it->at);
    ensures \result == 1 <==> \old(it->at) < it->count && it->cur.state == RQ_CUR_GOOD;
    ensures \result == 1 && !it->empty ==> rq_value_ok(value);
    ensures \result == 1 && it->empty ==> value->absent && it->cur.pos == \old(it->cur.pos); */
static int field_next(rq_rdata *it, rq_value *value) {
  if (it->at == it->count) return rq_cur_done(&it->cur) ? 0 : -1;
  field_take(it, value);
  return rq_cur_good(&it->cur) ? 1 : -1;
}

/* --- whole layouts --- */

/*@ requires rq_type_ok(type) && rq_cur_ok(octets);
    terminates \true;
    assigns \nothing;
    ensures \result == 0 || \result == 1; */
static int fields_fit(const rq_type *type, const rq_cur *octets) {
  rq_rdata it;
  rq_value value;
  int more = 1;
  rq_rdata_begin(&it, type, octets);
  /*@ loop invariant rq_rdata_ok(&it);
      loop invariant it.cur.base == octets->base && it.cur.end == octets->end;
      loop invariant more == 1 || more == 0 || more == -1;
      loop invariant it.fields == type->fields && it.count == type->count;
      loop assigns more, it, value;
      loop variant it.count - it.at + (more == 1 ? 1 : 0); */
  while (more == 1) more = field_next(&it, &value);
  return more == 0;
}

/* A value that does not fit its key makes the whole record malformed (RFC 9460, 2.2). */
/*@ requires rq_cur_ok(params);
    terminates \true;
    assigns \nothing;
    ensures \result == 0 || \result == 1; */
static int params_fit(const rq_cur *params) {
  rq_cur rest, value;
  uint16_t key;
  rest = *params;
  /*@ loop invariant rq_cur_ok(&rest) && rest.base == params->base && rest.end == params->end;
      loop assigns rest, value, key;
      loop variant rest.end - rest.pos; */
  while (rq_pairs_next(&rest, &key, &value)) {
    const rq_type *param = rq_param_find(key);
    if (param != NULL && !fields_fit(param, &value)) return 0;
  }
  return 1;
}

int rq_rdata_next(rq_rdata *it, rq_value *value) {
  int more = field_next(it, value);
  if (more == 1 && !it->empty && value->field->kind == RQ_K_PARAMS && !params_fit(&value->octets)) return -1;
  return more;
}

int rq_layout_fits(const rq_type *type, const rq_cur *octets) {
  rq_rdata it;
  rq_value value;
  int more = 1;
  rq_rdata_begin(&it, type, octets);
  /*@ loop invariant rq_rdata_ok(&it);
      loop invariant it.cur.base == octets->base && it.cur.end == octets->end;
      loop invariant more == 1 || more == 0 || more == -1;
      loop invariant it.fields == type->fields && it.count == type->count;
      loop assigns more, it, value;
      loop variant it.count - it.at + (more == 1 ? 1 : 0); */
  while (more == 1) more = rq_rdata_next(&it, &value);
  return more == 0;
}

int rq_rdata_fits(uint16_t number, const rq_cur *rdata) {
  const rq_type *type = rq_type_find(number);
  return type == NULL || rq_layout_fits(type, rdata);
}

/*@ requires rq_cur_ok(octets) && rq_out_ok(out);
    requires \separated(out, octets, out->base + (0 .. out->cap - 1), octets->base + (0 .. octets->end - 1));
    terminates \true;
    assigns out->len, out->base[out->len .. out->cap - 1];
    ensures rq_out_grown{Pre, Here}(out, octets->end - octets->pos) && rq_out_ok(out); */
static void rest_write(const rq_cur *octets, rq_out *out) {
  rq_cur rest;
  rest = *octets;
  rq_out_take(out, &rest, rq_cur_left(&rest));
}

/*@ requires rq_type_ok(type);
    terminates \true;
    assigns \nothing;
    ensures \result == 0 || \result == 1; */
static int has_names(const rq_type *type) {
  /*@ loop invariant 0 <= i <= type->count;
      loop assigns i;
      loop variant type->count - i; */
  for (unsigned i = 0; i < type->count; i++)
    if (type->fields[i].kind == RQ_K_NAME) return 1;
  return 0;
}

/* Writes the fields; 0 when the RDATA does not fit its layout. */
static int fields_write(const rq_type *type, const rq_cur *rdata, rq_out *out) {
  rq_rdata it;
  rq_value value;
  rq_cur before;
  int more;
  rq_rdata_begin(&it, type, rdata);
  before = it.cur;
  while ((more = rq_rdata_next(&it, &value)) == 1) {
    if (value.field->kind == RQ_K_NAME)
      rq_name_write(&value.name, out);
    else
      rq_out_take(out, &before, rq_cur_pos(&it.cur) - rq_cur_pos(&before));
    before = it.cur;
  }
  return more == 0;
}

void rq_rdata_expand(uint16_t number, const rq_cur *rdata, rq_out *out) {
  const rq_type *type = rq_type_find(number);
  size_t mark = rq_out_wanted(out);
  if (type != NULL && has_names(type) && fields_write(type, rdata, out)) return;
  rq_out_rewind(out, mark);
  rest_write(rdata, out);
}
