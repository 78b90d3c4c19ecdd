/* rq_mnemonic.h: names of numbers that a registry of IANA gives: classes, rcodes, opcodes, algorithms, errors.
 * Pure, tables only; a number without a name is shown as itself. SPDX-License-Identifier: MIT */
#ifndef RQ_MNEMONIC_H
#define RQ_MNEMONIC_H

#include "../wire/rq_addr.h"

/* Appends "IN", or CLASS<number> (RFC 3597, section 5). */
void rq_class_to_text(uint16_t number, rq_out *out);

/* Appends "NOERROR", or RCODE<number>. */
void rq_rcode_to_text(uint16_t rcode, rq_out *out);

/* "NOERROR", ...; NULL when it has no name. */
const char *rq_rcode_name(uint16_t rcode);

/* Appends "QUERY", or RESERVED<number> as dig does. */
void rq_opcode_to_text(uint16_t opcode, rq_out *out);

/* "Prohibited", ... of an extended error (RFC 8914, 5.2); NULL when it has no name. */
const char *rq_extended_error_name(uint16_t code);

/* Appends "BADSIG", or the number: rcodes as TSIG and TKEY records have them (RFC 8945, 3). */
void rq_tsig_error_to_text(uint16_t error, rq_out *out);

/* Appends "PKIX", or the number (RFC 4398, 2.1). */
void rq_cert_type_to_text(uint16_t number, rq_out *out);

/* Appends "NOTIFY", or the number (RFC 9859). */
void rq_scheme_to_text(uint8_t number, rq_out *out);

/* Appends "RSASHA256", or the number of the DNSSEC algorithm, by the names that BIND has for them. */
void rq_algorithm_to_text(uint8_t number, rq_out *out);

#endif
