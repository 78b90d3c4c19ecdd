/* rq_capsule.c: names and destructors of the PyCapsules that Arrow structs stand in: the only C file that knows Python.
 *
 * A capsule that no consumer took is freed whole; of one whose struct was moved out only the shell is left. Python
 * makes the capsules, under its lock; its constants go before the last capsules do, so names stand here. Serves "The
 * Arrow PyCapsule Interface"; limited API, so one build serves every CPython. SPDX-License-Identifier: MIT */
#include <pyconfig.h>
#ifndef Py_GIL_DISABLED /* a free-threaded build has no limited API */
#define Py_LIMITED_API 0x030A0000
#endif
#include <Python.h>

#include "../resquery.h"

static const char schema_name[] = "arrow_schema", array_name[] = "arrow_array", stream_name[] = "arrow_array_stream";

const char *rq_capsule_name(int32_t which) {
  static const char *const names[] = {schema_name, array_name, stream_name};
  return which >= RQ_CAPSULE_SCHEMA && which <= RQ_CAPSULE_STREAM ? names[which] : NULL;
}

void rq_capsule_drop_schema(void *capsule) {
  rq_schema_drop(PyCapsule_GetPointer(capsule, schema_name));
}

void rq_capsule_drop_array(void *capsule) {
  rq_array_drop(PyCapsule_GetPointer(capsule, array_name));
}

void rq_capsule_drop_stream(void *capsule) {
  rq_stream_drop(PyCapsule_GetPointer(capsule, stream_name));
}
