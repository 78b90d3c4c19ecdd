/* rq_lines.h: text -> lines, for resolv.conf and lists of names. Pure. SPDX-License-Identifier: MIT */
#ifndef RQ_LINES_H
#define RQ_LINES_H

#include "../wire/rq_bytes.h"

/* Takes the next line, without its LF: 1; 0 when nothing is left or, unless `last`, when its LF has not come yet (the
 * cursor has not moved). */
int rq_line_next(rq_cur *text, int last, rq_cur *line);

/* 1 for a space, a tab and the CR of a CR LF. */
int rq_is_blank(uint8_t octet);

#endif
