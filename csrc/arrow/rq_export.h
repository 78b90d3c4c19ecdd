/* rq_export.h: columns as what the Arrow C data interface hands over.
 *
 * Each export holds the columns until its release callbacks, its own and those of children that were moved out of it,
 * have all run, in whatever order and thread. The callbacks touch nothing of Python. SPDX-License-Identifier: MIT */
#ifndef RQ_EXPORT_H
#define RQ_EXPORT_H

#include "rq_arrow.h"
#include "rq_chunk.h"

/* Fill a struct of the consumer's: the schema of a kind of columns, or the rows as one struct array; the columns take
 * no more rows then. RQ_OK or RQ_NO_MEMORY, which leaves out->release NULL. */
int32_t rq_export_schema(int32_t kind, uint32_t with, struct ArrowSchema *out);
int32_t rq_export_array(rq_columns *columns, struct ArrowArray *out);

#endif
