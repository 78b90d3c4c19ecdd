"""Builds `resquery._rq`, the cffi extension around the C core: the only build logic there is.

`csrc/rq_api.h` is the single source of the interface: it is handed verbatim to `cdef()`, and every C file includes it.
Two environment variables serve the developers' builds: RESQUERY_CFLAGS and RESQUERY_LDFLAGS are appended to the flags.
"""

import os
import shlex
import subprocess
import sysconfig
from pathlib import Path

from cffi import FFI

root = Path(__file__).parent
csrc = Path("csrc")  # relative: setuptools refuses absolute source paths
FLAGS = ["-std=c11", "-O3", "-fvisibility=hidden", "-Wall", "-Wextra"]


def across_files() -> list[str]:
    """What has GCC optimise across files, 12 to 15 % of the core's time; a developers' build is left as it is.

    Clang needs a linker for that which may not be there.
    """
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    if os.environ.get("RESQUERY_CFLAGS") or os.environ.get("RESQUERY_LDFLAGS"):
        return []
    try:
        said = subprocess.run([*compiler, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return []
    return ["-flto=auto"] if "Free Software Foundation" in said and "clang" not in said else []


LTO = across_files()
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
    extra_compile_args=[*FLAGS, *LTO, *shlex.split(os.environ.get("RESQUERY_CFLAGS", ""))],
    extra_link_args=[*(["-O3", *LTO] if LTO else []), *shlex.split(os.environ.get("RESQUERY_LDFLAGS", ""))],
    py_limited_api=not sysconfig.get_config_var("Py_GIL_DISABLED"),  # a free-threaded build has no limited API
)

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
