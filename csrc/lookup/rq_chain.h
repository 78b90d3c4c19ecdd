/* rq_chain.h: which records of a message answer its question, by way of the CNAME chain in its answer section.
 *
 * Records that belong to neither the question nor its chain count for nothing and are never written (RFC 1034, 3.6.2
 * and 4.3.2; RFC 2308, 2.1 and 2.2; RFC 6604; RFC 6672, 3.1). Pure: no I/O, no clock, no heap. SPDX-License-Identifier:
 * MIT */
#ifndef RQ_CHAIN_H
#define RQ_CHAIN_H

#include "../wire/rq_msg.h"

#define RQ_CHAIN_LINKS 32    /* CNAMEs in a chain at the most, those of all its messages together */
#define RQ_CHAIN_READS 65536 /* records read for a chain at the most: each link takes up to three times the section */

/* 1 if the answer section has a record of the question's type and class at the question's name or at the end of its
 * CNAME chain, else 0. Reads the section at most 8 times, whatever order the chain comes in; loops end there too. */
int rq_chain_answers(const uint8_t *wire, size_t len);

/* How a chain ends. */
typedef enum rq_chain_end {
  RQ_CHAIN_ANSWERS, /* NOERROR, and a record of the type is there */
  RQ_CHAIN_DENIES,  /* NXDOMAIN or no such record, and an SOA at or above the end of the chain says so */
  RQ_CHAIN_LEADS,   /* NOERROR, and it leads to a name of which the message says nothing: that is to be asked for */
  RQ_CHAIN_STOPS,   /* anything else, such as a record on the chain that does not fit its layout, or so many links in
                       so large a message that to follow them would take RQ_CHAIN_READS */
  RQ_CHAIN_LOOPS    /* it comes back to a name, or has more than RQ_CHAIN_LINKS links */
} rq_chain_end;

/* Writes one message of what answers a question, to a writer that is empty: the header of `wire`; the question, its
 * name as `asked` spells it; the chain in `before`, which this function wrote (`before_len` 0: there is none); what
 * goes on from there in `wire`, with its RRSIGs and DNAMEs; and with RQ_CHAIN_DENIES the SOA with its RRSIGs, NSEC and
 * NSEC3. Names are written in full, or as pointers to names of the chain. *end is the name at the end of the chain.
 * When it cannot be told that `wire` answers that question (or the one `before` led to), nothing is written and the
 * chain stops. What is written after RQ_CHAIN_LOOPS means nothing. */
rq_chain_end rq_chain_select(const rq_name *asked, const uint8_t *before, size_t before_len, const uint8_t *wire,
                             size_t len, rq_name *end, rq_out *out);

#endif
