/* rq_chain.h: whether a message answers its question, by way of the CNAME chain in its answer section.
 *
 * Records that belong to neither the question nor its chain count for nothing (RFC 1034, 3.6.2 and 4.3.2; RFC
 * 2308, 2.2). Pure: no I/O, no clock, no heap. SPDX-License-Identifier: MIT */
#ifndef RQ_CHAIN_H
#define RQ_CHAIN_H

#include "../wire/rq_msg.h"

/* 1 if the answer section has a record of the question's type and class at the question's name or at the end of its
 * CNAME chain, else 0. Reads the section at most 8 times, whatever order the chain comes in; loops end there too. */
int rq_chain_answers(const uint8_t *wire, size_t len);

#endif
