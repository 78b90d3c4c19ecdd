/* rq_utf8.h: what is valid UTF-8 (RFC 3629, section 4). Pure. SPDX-License-Identifier: MIT */
#ifndef RQ_UTF8_H
#define RQ_UTF8_H

#include "rq_bytes.h"

/* Octets of the valid UTF-8 sequence that comes next, 0 when it is none; *first is its first octet. */
size_t rq_utf8_next(rq_cur ahead, uint8_t *first);

#endif
