/* rq_columns.h: DNS messages and finished lookups as rows of a sheet.
 *
 * Pure: the sheet's owner gives it room. A row is written whole or not at all, and there is one for every input, also
 * for one that does not parse: its status says so. Serves RFC 1035 section 4.1, RFC 2181 section 8 (TTL).
 * SPDX-License-Identifier: MIT */
#ifndef RQ_COLUMNS_H
#define RQ_COLUMNS_H

#include "rq_row.h"
#include "rq_sheet.h"

/* Positions of the columns of RQ_COLUMNS_MESSAGES. */
enum rq_message_column {
  RQ_MC_INDEX,
  RQ_MC_STATUS,
  RQ_MC_ID,
  RQ_MC_FLAGS,
  RQ_MC_RCODE,
  RQ_MC_NAME,
  RQ_MC_TYPE,
  RQ_MC_CLASS,
  RQ_MC_ANSWER,
  RQ_MC_AUTHORITY = RQ_MC_ANSWER + 1 + RQ_SHEET_CHILDREN,
  RQ_MC_ADDITIONAL = RQ_MC_AUTHORITY + 1 + RQ_SHEET_CHILDREN,
  RQ_MC_WIRE = RQ_MC_ADDITIONAL + 1 + RQ_SHEET_CHILDREN
};

/* Positions of the columns of RQ_COLUMNS_LOOKUPS. */
enum rq_lookup_column {
  RQ_LC_INDEX,
  RQ_LC_NAME,
  RQ_LC_TYPE,
  RQ_LC_STATUS,
  RQ_LC_RCODE,
  RQ_LC_FLAGS,
  RQ_LC_SERVER,
  RQ_LC_TRANSPORT,
  RQ_LC_TRIES,
  RQ_LC_RTT,
  RQ_LC_SIZE,
  RQ_LC_TIME,
  RQ_LC_ERROR,
  RQ_LC_ANSWER,
  RQ_LC_AUTHORITY = RQ_LC_ANSWER + 1 + RQ_SHEET_CHILDREN,
  RQ_LC_ADDITIONAL = RQ_LC_AUTHORITY + 1 + RQ_SHEET_CHILDREN,
  RQ_LC_WIRE = RQ_LC_ADDITIONAL + 1 + RQ_SHEET_CHILDREN
};

/* Adds the row of a message; of a null entry (status ILLEGAL_INPUT) when `wire` is NULL and `len` 0. The status is the
 * rcode's name when the message is whole; TRUNCATED and MALFORMED messages show what stands before the flaw. Returns 1,
 * or 0 when the row did not fit, see rq_sheet_end. */
int rq_columns_message(rq_sheet *sheet, int64_t index, const uint8_t *wire, size_t len);

/* Adds the row of a finished lookup. Returns likewise. */
int rq_columns_lookup(rq_sheet *sheet, const rq_row *row);

#endif
