/* rq_chain.c: see rq_chain.h. SPDX-License-Identifier: MIT */
#include "rq_chain.h"

#define PASSES 8 /* servers write a chain in order, which takes one; a loop or a shuffled chain ends here */
#define TYPE_CNAME 5
#define TYPE_ANY 255

typedef enum step { STEP_NONE, STEP_MOVED, STEP_ANSWERED } step;

static step record_step(const rq_record *record, const rq_question *asked, rq_name *at);

/* One pass over the answer section: STEP_MOVED when the chain led on but nothing at its end answers, so far. */
static step section_pass(const rq_walk *questions_read, const rq_question *asked, rq_name *at) {
  rq_walk walk = *questions_read;
  rq_record record;
  step reached = STEP_NONE;
  while (rq_walk_record(&walk, &record) == 1 && walk.section == RQ_ANSWER) {
    step one = record_step(&record, asked, at);
    if (one == STEP_ANSWERED) return one;
    if (one == STEP_MOVED) reached = one;
  }
  return reached;
}

int rq_chain_answers(const uint8_t *wire, size_t len) {
  rq_walk walk;
  rq_question asked;
  if (rq_walk_begin(&walk, wire, len) != RQ_OK || rq_walk_question(&walk, &asked) != 1) return 0;
  rq_name at = asked.name;
  step reached = STEP_MOVED;
  for (int i = 0; i < PASSES && reached == STEP_MOVED; i++) reached = section_pass(&walk, &asked, &at);
  return reached == STEP_ANSWERED;
}

/* The answer, or a CNAME at the name where the chain stands: *at moves to its target. */
static step record_step(const rq_record *record, const rq_question *asked, rq_name *at) {
  rq_name target;
  if (record->rrclass != asked->rrclass || !rq_name_equal(&record->owner, at)) return STEP_NONE;
  if (record->rrtype == asked->rrtype || asked->rrtype == TYPE_ANY) return STEP_ANSWERED;
  if (record->rrtype != TYPE_CNAME) return STEP_NONE;
  rq_cur rdata = record->rdata;
  rq_name_read(&rdata, &target);
  if (!rq_cur_done(&rdata)) return STEP_NONE;
  *at = target;
  return STEP_MOVED;
}
