# The cffi extension that build_ext.py makes of csrc/rq_api.h; only _lib.py imports it.
from typing import Any

ffi: Any
lib: Any
