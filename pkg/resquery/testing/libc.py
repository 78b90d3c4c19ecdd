"""What the C library's own `res_query` does with a small buffer: the contract that resquery does not have.

The call is made in a child process, on a buffer large enough for any answer, and only told to be small: what it changed
beyond what it was told can be counted, and nothing is ever overrun. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ctypes
import socket
import subprocess
import sys
from typing import Any, NamedTuple

from .._lib import name_octets, type_number

_ROOM = 65536
_FILLS = (0x55, 0xAA)  # an octet that keeps both was not written
_USEVC, _ROTATE, _EDNS0, _TRUSTAD = 0x8, 0x4000, 0x100000, 0x4000000
_TIMEOUT = 60.0
_CHILD = "import sys; from resquery.testing import libc; print(*libc.call(*sys.argv[1:]))"


class LibcResult(NamedTuple):
    """What `res_query` returned (-1: no answer), and how many octets of the buffer it wrote."""

    returned: int
    changed: int


def glibc_res_query(name: str, rrtype: str | int, cap: int, server: str) -> LibcResult:
    """Asks an IPv4 server ("127.0.0.1:5301") by glibc's `res_nquery` with a buffer said to have `cap` octets.

    Below 4 octets glibc writes beyond `cap`: it clears the rcode in a header that is not there.

    Raises IllegalName, UnknownType, ValueError for another server or capacity, OSError where there is no glibc.
    """
    host, _, port = server.rpartition(":")
    if not 0 <= cap <= _ROOM or not port.isdigit():
        raise ValueError(f"give a capacity of 0 to {_ROOM} and a server with its port, not {cap} and {server!r}")
    socket.inet_pton(socket.AF_INET, host)
    question = [name_octets(name).decode("ascii"), str(type_number(rrtype)), str(cap), host, port]
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, *question], capture_output=True, text=True, timeout=_TIMEOUT, check=False
    )
    if done.returncode:
        raise OSError(f"glibc's res_nquery cannot be called: {done.stderr.strip().rpartition(chr(10))[2]}")
    returned, changed = done.stdout.split()
    return LibcResult(int(returned), int(changed))


class _Address(ctypes.Structure):
    _fields_ = (
        ("family", ctypes.c_ushort),
        ("port", ctypes.c_uint16),
        ("host", ctypes.c_uint8 * 4),
        ("zero", ctypes.c_uint8 * 8),
    )


class _State(ctypes.Structure):
    """The beginning of glibc's `struct __res_state` (resolv.h), with room for all of it."""

    _fields_ = (
        ("retrans", ctypes.c_int),
        ("retry", ctypes.c_int),
        ("options", ctypes.c_ulong),
        ("nscount", ctypes.c_int),
        ("nsaddr_list", _Address * 3),
        ("rest", ctypes.c_uint8 * 4096),
    )


def call(name: str, rrtype: str, cap: str, host: str, port: str) -> LibcResult:
    """The call itself, once for each fill: for the child process, all arguments as text."""
    library: Any = ctypes.CDLL("libresolv.so.2")
    query = library.res_nquery if hasattr(library, "res_nquery") else library.__res_nquery  # before glibc 2.34
    written: set[int] = set()
    returned = -1
    for fill in _FILLS:
        state = _State()
        if library.__res_ninit(ctypes.byref(state)) != 0:
            raise OSError("res_ninit failed")
        state.options &= ~(_USEVC | _ROTATE | _EDNS0 | _TRUSTAD)
        state.nscount = 1
        octets = (ctypes.c_uint8 * 4)(*socket.inet_aton(host))
        state.nsaddr_list[0] = _Address(socket.AF_INET, socket.htons(int(port)), octets)
        room = (ctypes.c_uint8 * _ROOM)(*([fill] * _ROOM))
        returned = query(ctypes.byref(state), name.encode(), 1, int(rrtype), room, int(cap))
        written.update(at for at, octet in enumerate(room) if octet != fill)
        library.__res_nclose(ctypes.byref(state))
    return LibcResult(returned, len(written))
