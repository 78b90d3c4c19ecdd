"""The owner of C columns: rows go in, Arrow structs come out, in PyCapsules whose destructors are C.

The columns live as long as this owner or any export of them does, whichever is longer. ctypes makes and opens the
capsules: cffi has no call into Python's own C API that keeps the lock. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from enum import IntEnum
from functools import lru_cache
from itertools import tee
from typing import Any, NamedTuple

from ._lib import ffi, iterator_of, lib, owned, status_error
from .errors import ResqueryError, shown

LIMIT = 2**31 - 1  # octets or records in a column, what Arrow's 32-bit offsets can tell apart
_ABOUT = 256  # octets for what C says about a column that it does not take


class Kind(IntEnum):
    """What a row stands for."""

    MESSAGES = lib.RQ_COLUMNS_MESSAGES
    LOOKUPS = lib.RQ_COLUMNS_LOOKUPS


class Parts(NamedTuple):
    """Columns that are only there when asked for."""

    authority: bool = False
    additional: bool = False
    wire: bool = False

    @property
    def bits(self) -> int:
        """As enum rq_with."""
        asked = self.authority * lib.RQ_WITH_AUTHORITY | self.additional * lib.RQ_WITH_ADDITIONAL
        return int(asked | self.wire * lib.RQ_WITH_WIRE)


class Live(NamedTuple):
    """Memory that columns and their exports hold in this process."""

    blocks: int
    octets: int


def live() -> Live:
    """What is held now; (0, 0) when everything was released."""
    blocks, octets = ffi.new("int64_t *"), ffi.new("int64_t *")
    lib.rq_columns_live(blocks, octets)
    return Live(blocks[0], octets[0])


class Columns:
    """Columns of one kind, to which one thread at a time adds rows until they are exported."""

    __slots__ = ("handle", "kind", "parts")

    def __init__(self, kind: Kind, parts: Parts, rows: int = 0) -> None:
        self.kind = kind
        self.parts = parts
        self.handle: Any = owned(lib.rq_columns_free, lib.rq_columns_new, kind, parts.bits, rows, LIMIT)
        if self.handle == ffi.NULL:
            raise status_error(lib.RQ_NO_MEMORY)

    def __len__(self) -> int:
        return int(lib.rq_columns_rows(self.handle))

    @property
    def octets(self) -> int:
        """Of memory that the rows take."""
        return int(lib.rq_columns_octets(self.handle))

    # -- messages in

    def add(self, messages: list[Any]) -> None:
        """Adds a row for each message, None for a null entry. Raises TypeError for what is no bytes-like object."""
        try:
            octets = b"".join(messages)
            status = self._joined(octets, list(map(len, messages)))
        except TypeError:
            status = lib.RQ_BAD_ARGUMENT
        if status == lib.RQ_BAD_ARGUMENT:  # not all of them are bytes, or views of larger items have other lengths
            plain = [None if message is None else _octets(message, at) for at, message in enumerate(messages)]
            octets = b"".join(message for message in plain if message is not None)
            status = self._joined(octets, [-1 if message is None else len(message) for message in plain])
        _check(status)

    def _joined(self, octets: bytes, lengths: list[int]) -> int:
        sizes = ffi.from_buffer("int32_t[]", array("i", lengths))
        return int(lib.rq_columns_joined(self.handle, octets, len(octets), sizes, len(sizes)))

    def split(self, buffer: Any, offsets: Iterable[int]) -> None:
        """Adds a row for each stretch of the buffer between two offsets."""
        try:
            whole = array("q", iterator_of(offsets, "offsets are an iterable of ints"))
        except OverflowError:
            raise ValueError("offsets are numbers of octets, and one of these has more than 63 bits") from None
        octets, bounds = ffi.from_buffer("uint8_t[]", buffer), ffi.from_buffer("int64_t[]", whole)
        if len(bounds) == 0:
            raise ValueError("offsets are empty: give one more than there are messages")
        status = lib.rq_columns_split(self.handle, octets, len(octets), bounds, len(bounds) - 1)
        if status == lib.RQ_BAD_ARGUMENT:
            raise ValueError(f"offsets must not decrease, nor leave the buffer of {len(octets)} octets")
        _check(status)

    def read(self, column: Any) -> None:
        """Adds a row for each entry of a binary column that has `__arrow_c_stream__` or `__arrow_c_array__`."""
        about = ffi.new("char[]", _ABOUT)
        if hasattr(column, "__arrow_c_stream__"):
            capsule = column.__arrow_c_stream__()
            stream = _opened("struct ArrowArrayStream *", capsule, lib.RQ_CAPSULE_STREAM)
            status = lib.rq_columns_read_stream(self.handle, stream, about, _ABOUT)
        else:
            capsules = column.__arrow_c_array__()
            schema = _opened("struct ArrowSchema *", capsules[0], lib.RQ_CAPSULE_SCHEMA)
            values = _opened("struct ArrowArray *", capsules[1], lib.RQ_CAPSULE_ARRAY)
            status = lib.rq_columns_read_array(self.handle, schema, values, about, _ABOUT)
        told = shown(ffi.string(about))
        if status == lib.RQ_ILLEGAL_INPUT:
            raise TypeError(
                f"messages are a column of type binary, large_binary or binary_view, not of Arrow format '{told}'"
            )
        if status == lib.RQ_BAD_ARGUMENT:
            raise ValueError("the column of messages was consumed before, or its offsets decrease")
        if status == lib.RQ_NETWORK:
            raise ResqueryError(f"the stream of messages failed: {told}")
        _check(status)

    # -- Arrow out

    def array_capsule(self) -> object:
        """A capsule "arrow_array" of all rows."""
        return _capsule(lib.RQ_CAPSULE_ARRAY, lib.rq_columns_array, self.handle)

    def stream_capsule(self) -> object:
        """A capsule "arrow_array_stream" of one batch with all rows."""
        return _capsule(lib.RQ_CAPSULE_STREAM, lib.rq_columns_stream, self.handle)


def schema_capsule(kind: Kind, parts: Parts) -> object:
    """A capsule "arrow_schema" of such columns."""
    return _capsule(lib.RQ_CAPSULE_SCHEMA, lib.rq_columns_schema, kind, parts.bits)


def engine_stream_capsule(stream: Any) -> object:
    """A capsule "arrow_array_stream" of a stream that C made."""
    return _capsule(lib.RQ_CAPSULE_STREAM, ffi.cast, "struct ArrowArrayStream *", stream)


def _check(status: int) -> None:
    if status < 0:
        raise status_error(status)


def _octets(message: Any, at: int) -> bytes:
    try:
        return bytes(memoryview(message))
    except TypeError:
        kind = type(message).__name__
        raise TypeError(f"messages are bytes-like objects or None; number {at} is of type {kind}") from None


# --- capsules --------------------------------------------------------------------------------------------------------


class _Python(NamedTuple):
    """Calls of Python's C API, which hold the lock."""

    new: Callable[[int, int, int], object]
    pointer: Callable[[object, int], int]


@lru_cache(maxsize=1)
def _python() -> _Python:
    import ctypes  # where no capsule is made, it is not loaded

    def call(name: str, result: Any, *takes: Any) -> Any:
        return ctypes.PYFUNCTYPE(result, *takes)((name, ctypes.pythonapi))

    void = ctypes.c_void_p
    return _Python(
        call("PyCapsule_New", ctypes.py_object, void, void, void),
        call("PyCapsule_GetPointer", void, ctypes.py_object, void),
    )


def _address(pointer: Any) -> int:
    return int(ffi.cast("uintptr_t", pointer))


class _Capsule(NamedTuple):
    """A sort of capsule: addresses of its name and of its destructor, and what frees the struct of one not made."""

    name: int
    destructor: int
    drop: Callable[[Any], None]


def _sort(which: int, destructor: str, drop: Any) -> _Capsule:
    return _Capsule(_address(lib.rq_capsule_name(which)), _address(ffi.addressof(lib, destructor)), drop)


_CAPSULES = {
    lib.RQ_CAPSULE_SCHEMA: _sort(lib.RQ_CAPSULE_SCHEMA, "rq_capsule_drop_schema", lib.rq_schema_drop),
    lib.RQ_CAPSULE_ARRAY: _sort(lib.RQ_CAPSULE_ARRAY, "rq_capsule_drop_array", lib.rq_array_drop),
    lib.RQ_CAPSULE_STREAM: _sort(lib.RQ_CAPSULE_STREAM, "rq_capsule_drop_stream", lib.rq_stream_drop),
}


def _capsule(which: int, make: Any, *args: Any) -> object:
    """What `make(*args)` makes, in a capsule that owns it. Raises MemoryError where it makes nothing.

    It is one step to Python, as in `owned`: an interrupt finds the struct in its capsule, or none, so it is freed once.
    """
    sort = _CAPSULES[which]
    structs: Iterator[Any] = map(make, *([arg] for arg in args))
    made, kept = tee(structs)
    numbers: Iterator[Any] = map(ffi.cast, ("uintptr_t",), made)
    try:
        return next(map(_python().new, map(int, numbers), (sort.name,), (sort.destructor,)))
    except ValueError:  # what PyCapsule_New says of NULL
        raise status_error(lib.RQ_NO_MEMORY) from None
    except MemoryError:
        sort.drop(next(kept))
        raise


def _opened(kind: str, capsule: object, which: int) -> Any:
    """The struct in somebody else's capsule. Raises ValueError for another capsule."""
    return ffi.cast(kind, _python().pointer(capsule, _CAPSULES[which].name))
