/* rq_known.c: the name that was met last; see rq_known.h. SPDX-License-Identifier: MIT */
#include "rq_known.h"

unsigned rq_known_set(rq_known *known, size_t place, const rq_name *name) {
  if (place != known->place) {
    known->place = place;
    known->len = rq_name_plain(name, known->text);
  }
  return known->len;
}

void rq_known_text(rq_known *known, size_t place, const rq_name *name, rq_out *out) {
  unsigned len = rq_known_set(known, place, name);
  if (len > 0)
    rq_out_octets(out, known->text, len);
  else
    rq_name_text(name, out);
}

void rq_known_asked(const rq_question *question, rq_record *record) {
  record->owner = question->name;
  record->place = question->place;
}

int rq_known_pass(rq_walk *walk, rq_record *record) {
  rq_question question;
  int got;
  while ((got = rq_walk_question(walk, &question)) == 1) rq_known_asked(&question, record);
  return got;
}
