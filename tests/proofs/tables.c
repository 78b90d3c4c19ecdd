/* tables.c: walks the constant tables, for Frama-C's Eva: it shows what the proofs of rq_rr.c and rq_rdata.c admit of
 * them. No part of the library. SPDX-License-Identifier: MIT */
#include "../../csrc/wire/rq_rdata.c"
#include "../../csrc/wire/rq_rr.c"

static void rows_check(const rq_type *table, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    /*@ assert \valid_read(table + i); */
    for (unsigned k = 0; k < table[i].count; k++) {
      /*@ assert \valid_read(table[i].fields + k); */
      /*@ assert table[i].fields[k].kind < RQ_KINDS; */
    }
  }
}

static void places_check(void) {
  for (unsigned i = 0; i < COUNT(rows); i++) {
    /*@ assert rows[i] <= COUNT(types); */
  }
}

static void kinds_check(void) {
  for (unsigned kind = 0; kind < RQ_KINDS; kind++) {
    kind_row row = kinds[kind];
    /*@ assert rq_kind_ok(kind, row.layout, row.size, row.slot); */
  }
}

int main(void) {
  rows_check(types, COUNT(types));
  rows_check(options, COUNT(options));
  rows_check(params, COUNT(params));
  places_check();
  kinds_check();
  return 0;
}
