/* resquery.h: the include guard and standard headers that rq_api.h, kept parseable for cffi, cannot have.
 * SPDX-License-Identifier: MIT */
#ifndef RESQUERY_H
#define RESQUERY_H

#include <stddef.h>
#include <stdint.h>

#include "rq_api.h"

#endif
