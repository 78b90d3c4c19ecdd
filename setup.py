"""Names the cffi builder and the abi3 wheel tag; everything else stands in pyproject.toml."""

import sysconfig

from setuptools import setup

LIMITED_API = not sysconfig.get_config_var("Py_GIL_DISABLED")  # a free-threaded build has none

setup(
    cffi_modules=["build_ext.py:ffibuilder"],
    options={"bdist_wheel": {"py_limited_api": "cp310"}} if LIMITED_API else {},
)
