/* rq_testserver.h: guard and headers for rq_testserver_api.h. SPDX-License-Identifier: MIT */
#ifndef RQ_TESTSERVER_H
#define RQ_TESTSERVER_H

#include "../resquery.h"

#include "rq_testserver_api.h"

#endif
