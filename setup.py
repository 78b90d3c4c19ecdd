"""Names the cffi builder and the abi3 wheel tag; everything else stands in pyproject.toml."""

from setuptools import setup

setup(cffi_modules=["build_ext.py:ffibuilder"], options={"bdist_wheel": {"py_limited_api": "cp310"}})
