/* rq_param.h: service parameters of SVCB and HTTPS records as text (RFC 9460 section 2.1 and appendix A).
 * Pure; their layouts are in rq_param.def. SPDX-License-Identifier: MIT */
#ifndef RQ_PARAM_H
#define RQ_PARAM_H

#include "../wire/rq_rdata.h"

/* Appends "alpn", or key<number>. */
void rq_param_key_to_text(uint16_t key, rq_out *out);

/* Appends all of RQ_K_PARAMS as presentation text in a style (enum rq_style of rq_text.h). Returns 1, or 0 when a value
 * has no text that reads back. */
int rq_params_to_text(const rq_cur *params, unsigned style, rq_out *out);

#endif
