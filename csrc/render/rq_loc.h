/* rq_loc.h: LOC records as text, degrees first (RFC 1876 section 3). Pure. SPDX-License-Identifier: MIT */
#ifndef RQ_LOC_H
#define RQ_LOC_H

#include "../wire/rq_rdata.h"

/* Appends the RDATA's text. Returns 1, or 0 when it does not fit its layout or a value is out of its range. */
int rq_loc_to_text(rq_rdata *it, rq_out *out);

#endif
