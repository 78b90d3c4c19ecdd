/* rq_conf.h: text of servers and of resolv.conf(5) -> structs. The prototypes are Python's and stand in rq_api.h.
 * Pure: the caller reads the file. SPDX-License-Identifier: MIT */
#ifndef RQ_CONF_H
#define RQ_CONF_H

#include "../wire/rq_bytes.h"
#include "../resquery.h"

/* Appends an address as text, see rq_addr_text. A zone is a number: naming an interface takes a system call. */
void rq_addr_write(const rq_addr *addr, rq_out *out);

#endif
