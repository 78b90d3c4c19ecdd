"""Builds `resquery._rq`, the cffi extension around the C core: the only build logic there is.

`csrc/rq_api.h` is the single source of the interface: it is handed verbatim to `cdef()`, and every C file includes it.
Two environment variables serve the developers' builds: RESQUERY_CFLAGS and RESQUERY_LDFLAGS are appended to the flags.
"""

import os
import shlex
import sysconfig
from pathlib import Path

from cffi import FFI

root = Path(__file__).parent
csrc = Path("csrc")  # relative: setuptools refuses absolute source paths
FLAGS = ["-std=c11", "-O3", "-fvisibility=hidden", "-Wall", "-Wextra"]
headers = ["rq_api.h", "testing/rq_testserver_api.h"]
sources = sorted(str(path.relative_to(root)) for path in (root / csrc).rglob("*.c"))

ffibuilder = FFI()
for header in headers:
    ffibuilder.cdef((root / csrc / header).read_text())
ffibuilder.set_source(
    "resquery._rq",
    '#include "resquery.h"\n#include "testing/rq_testserver.h"\n',
    sources=sources,
    depends=sorted(str(path.relative_to(root)) for end in ("*.h", "*.def") for path in (root / csrc).rglob(end)),
    include_dirs=[str(csrc)],
    define_macros=[("_GNU_SOURCE", "1")],
    extra_compile_args=[*FLAGS, *shlex.split(os.environ.get("RESQUERY_CFLAGS", ""))],
    extra_link_args=shlex.split(os.environ.get("RESQUERY_LDFLAGS", "")),
    py_limited_api=not sysconfig.get_config_var("Py_GIL_DISABLED"),  # a free-threaded build has no limited API
)

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
