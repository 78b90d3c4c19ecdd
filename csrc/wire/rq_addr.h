/* rq_addr.h: IP addresses: octets <-> text.
 *
 * Pure: no I/O, no heap, no locale. Serves RFC 1123 section 2.1 (IPv4), RFC 4291 section 2.2 (IPv6), RFC 5952 (the one
 * way to print IPv6). SPDX-License-Identifier: MIT */
#ifndef RQ_ADDR_H
#define RQ_ADDR_H

#include "rq_bytes.h"

#define RQ_IPV4_SIZE 4
#define RQ_IPV6_SIZE 16

/* Appends the next 4 octets as "192.0.2.1". Writes nothing and fails the cursor when fewer are left. */
void rq_ipv4_text(rq_cur *octets, rq_out *out);

/* Appends the next 16 octets as "2001:db8::1". Writes nothing and fails the cursor when fewer are left. */
void rq_ipv6_text(rq_cur *octets, rq_out *out);

/* Reads four decimal numbers up to 255 with dots between, no leading zeros; appends 4 octets. What follows is left to
 * the caller. On failure the cursor has failed and nothing is written. */
void rq_ipv4_parse(rq_cur *text, rq_out *octets);

/* Reads any form of RFC 4291 section 2.2, zone and prefix excepted; appends 16 octets. Otherwise as rq_ipv4_parse. */
void rq_ipv6_parse(rq_cur *text, rq_out *octets);

/* Takes the next octet if it is `wanted`: 1, else 0 and the cursor has not moved. */
int rq_octet_match(rq_cur *text, uint8_t wanted);

/* Reads a decimal number up to `max`, without leading zeros. On failure the cursor has failed and the result is 0. */
uint32_t rq_decimal_parse(rq_cur *text, uint32_t max);

/* Appends a number in decimal. */
/*@ requires rq_out_ok(out);
    terminates \true;
    assigns out->len, out->base[out->len .. out->cap - 1];
    ensures rq_out_ok(out) && out->base == \old(out->base) && out->cap == \old(out->cap); */
void rq_decimal_text(uint64_t number, rq_out *out);

#endif
