"""A buffer that lies against a page which can be neither read nor written, with canaries on its other side.

One octet read or written outside ends the process (towards the page) or is seen by `untouched` (towards the canaries).
AddressSanitizer alone would not do: Python's own objects have room to spare behind their octets.
"""

import ctypes
import mmap
from collections.abc import Callable
from types import TracebackType
from typing import Any, Literal

from resquery._rq import ffi

Fill = Callable[[Any, int, Any], int]
Side = Literal["begin", "end"]
SIDES: tuple[Side, ...] = ("begin", "end")
CANARY = 0xA5

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


class Guarded:
    """`size` octets whose first (side="begin") or last (side="end") one touches a forbidden page.

    With `octets` it holds a copy of them, otherwise canaries. Use it in a `with`; nothing may look into it afterwards.

    >>> with Guarded(b"abc", side="end") as area:
    ...     bytes(area.view), area.untouched()
    (b'abc', True)
    """

    def __init__(self, octets: bytes | int, *, side: Side) -> None:
        size = octets if isinstance(octets, int) else len(octets)
        page = mmap.PAGESIZE
        room = max(1, -(-size // page)) * page
        self._length = room + 2 * page
        self._area = _libc.mmap(None, self._length, 0, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
        if self._area in (None, ctypes.c_void_p(-1).value):
            raise OSError(ctypes.get_errno(), "mmap")
        begin = self._area + page
        if _libc.mprotect(begin, room, mmap.PROT_READ | mmap.PROT_WRITE):
            raise OSError(ctypes.get_errno(), "mprotect")
        ctypes.memset(begin, CANARY, room)
        at, slack = (begin, begin + size) if side == "begin" else (begin + room - size, begin)
        self._slack = (ctypes.c_ubyte * (room - size)).from_address(slack)
        self.view = memoryview((ctypes.c_ubyte * size).from_address(at)).cast("B")
        if not isinstance(octets, int):
            ctypes.memmove(at, octets, size)

    def untouched(self, stored: int | None = None) -> bool:
        """Whether all canaries live: those around the buffer, and with `stored` those in it from there on."""
        inside = b"" if stored is None else bytes(self.view[stored:])
        return not (bytes(self._slack) + inside).strip(bytes([CANARY]))

    def __enter__(self) -> "Guarded":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        _libc.munmap(self._area, self._length)


def check_clip(fill: Fill, cap: int, side: Side) -> bytes | None:
    """Hold fill(out, cap, actual) to the contract of rq_api.h; return its whole output, None when it refuses."""
    actual, again = ffi.new("uint32_t *"), ffi.new("uint32_t *")
    refused = fill(ffi.NULL, 0, actual)
    whole = ffi.new("char[]", max(1, actual[0]))
    stored = fill(whole, actual[0], again)
    with Guarded(cap, side=side) as area:
        clipped = fill(ffi.from_buffer(area.view), cap, again)
        assert area.untouched()
        if refused < 0:
            assert clipped == stored == refused
            assert area.untouched(0)
            return None
        assert refused == 0
        assert stored == actual[0] == again[0]
        assert clipped == min(actual[0], cap)
        assert bytes(area.view[:clipped]) == ffi.buffer(whole, actual[0])[:clipped]
    return bytes(ffi.buffer(whole, actual[0]))
