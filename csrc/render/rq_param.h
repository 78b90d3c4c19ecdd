/* rq_param.h: service parameters of SVCB and HTTPS records (RFC 9460 sections 2.1 and 14.3, RFC 9461, RFC 9540).
 * Pure, a table by key; values that do not fit their key are refused, never guessed. SPDX-License-Identifier: MIT */
#ifndef RQ_PARAM_H
#define RQ_PARAM_H

#include "../wire/rq_rdata.h"

/* How a parameter's value is laid out. */
typedef enum rq_form {
  RQ_F_TEXT,   /* any octets */
  RQ_F_FLAG,   /* no octets */
  RQ_F_PORT,   /* u16 */
  RQ_F_BASE64, /* octets, shown in base64 */
  RQ_F_NAMES,  /* strings, a length octet before each (ALPN) */
  RQ_F_KEYS,   /* u16 parameter keys */
  RQ_F_IPV4,   /* addresses */
  RQ_F_IPV6
} rq_form;

/* The form of a key's value; RQ_F_TEXT for a key that the table does not have. */
rq_form rq_param_form(uint16_t key);

/* Appends "alpn", or key<number>. */
void rq_param_key_to_text(uint16_t key, rq_out *out);

/* Reads the next item of RQ_F_KEYS, RQ_F_IPV4 or RQ_F_IPV6 and appends it as text. The cursor fails if it does not fit.
 */
void rq_param_item_to_text(rq_form form, rq_cur *value, rq_out *out);

/* Appends all of RQ_K_PARAMS as presentation text in a style (enum rq_style of rq_text.h). Returns 1, or 0 when a value
 * does not fit its key. */
int rq_params_to_text(const rq_cur *params, unsigned style, rq_out *out);

#endif
