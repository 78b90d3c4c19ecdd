/* rq_testserver_api.h: what resquery.testing sees of the loopback server's fast answer loop. Handed to ffi.cdef() like
 * rq_api.h; nothing outside resquery.testing may use it. SPDX-License-Identifier: MIT */
