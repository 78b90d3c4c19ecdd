/* rq_dig.h: EDNS options as dig 9.18 prints them. Pure. SPDX-License-Identifier: MIT */
#ifndef RQ_DIG_H
#define RQ_DIG_H

#include "../wire/rq_rdata.h"

/* Appends an option as a line of the OPT PSEUDOSECTION. What dig has no words for, or does not fit, is shown in
 * hexadecimal, and between quotes with a dot for what cannot be printed. */
void rq_dig_option_text(uint16_t code, const rq_cur *value, rq_out *out);

#endif
