"""The owner of a C engine: makes it from checked settings, calls it, frees it once.

An engine holds many lookups at once (`bulk`) or a single one (`Resolver`), and serves one thread at a time; its users
see to that. It belongs to the process that made it: a fork must make its own, so that sockets and random numbers are
never shared. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable
from itertools import accumulate
from typing import Any

from msgspec import Struct

from ._cache import Cache, serve
from ._columns import LIMIT, Columns, Parts, engine_stream_capsule
from ._conf import addresses, engine_conf
from ._lib import ffi, lib, owned, status_error
from ._settings import TRANSPORTS, Limits
from .errors import ResqueryError

SLICE_MS = 50  # the longest wait inside C: Python attends to signals in between
FORMATS = {
    "msgpack": lib.RQ_MSGPACK,
    "zdns": lib.RQ_NDJSON,
    "rfc8427": lib.RQ_NDJSON_RFC8427,
    "massdns": lib.RQ_NDJSON_MASSDNS,
}

# What zdns prints, by rcode and by status; an rcode without a name, or above the counters of the core, is OTHER.
RCODES = {
    0: "NOERROR",
    1: "FORMERR",
    2: "SERVFAIL",
    3: "NXDOMAIN",
    4: "NOTIMP",
    5: "REFUSED",
    6: "YXDOMAIN",
    7: "YXRRSET",
    8: "NXRRSET",
    9: "NOTAUTH",
    10: "NOTZONE",
    16: "BADVERS",
    17: "BADKEY",
    18: "BADTIME",
    19: "BADMODE",
    20: "BADNAME",
    21: "BADALG",
    22: "BADTRUNC",
}
STATUSES = {
    lib.RQ_TIMEOUT: "TIMEOUT",
    lib.RQ_TRUNCATED: "TRUNCATED",
    lib.RQ_ILLEGAL_INPUT: "ILLEGAL_INPUT",
    lib.RQ_MALFORMED: "MALFORMED",
    lib.RQ_NETWORK: "ERROR",
    lib.RQ_NO_MEMORY: "NO_MEMORY",
    lib.RQ_CANCELLED: "CANCELLED",
    lib.RQ_CNAME_LOOP: "CNAME_LOOP",
}
DROPS = {
    lib.RQ_DROP_SHORT: "short",
    lib.RQ_DROP_SOURCE: "source",
    lib.RQ_DROP_ID: "id",
    lib.RQ_DROP_NOT_REPLY: "not_reply",
    lib.RQ_DROP_OPCODE: "opcode",
    lib.RQ_DROP_QUESTION: "question",
    lib.RQ_DROP_MALFORMED: "malformed",
    lib.RQ_DROP_LARGE: "large",
    lib.RQ_DROP_CASE: "case",
    lib.RQ_DROP_COOKIE: "cookie",
}


class Answer(Struct, frozen=True):
    """How a single lookup ended; `status` 0 means that the server answered, whatever its rcode."""

    stored: int
    actual: int
    status: int
    error: int
    rcode: int
    answered: bool
    server: str | None
    tries: int


class Stats(Struct, frozen=True):
    """Totals since the engine was made; only what is not zero is listed in the dictionaries."""

    inputs: int
    rows: int
    tries: int
    queries: dict[str, int]
    received: dict[str, int]
    statuses: dict[str, int]
    dropped: dict[str, int]
    tcp_connects: int
    repeats: int
    distrusted: int
    shared: int
    cached: int
    stale: int
    benched: int
    held: int
    in_flight: int
    finished: int


class Engine:
    """A C engine and the servers it asks. Use it as a context manager, or call `close`."""

    __slots__ = ("_answer", "_did", "_handle", "_pid", "_raw", "_u32", "limits", "servers")

    def __init__(self, servers: Iterable[str], limits: Limits, cache: Cache | None = None) -> None:
        self.limits = limits
        self.servers = tuple(servers)
        status, error = ffi.new("int32_t *"), ffi.new("int32_t *")
        listed = addresses(self.servers)
        conf, options = engine_conf(limits)
        made = owned(lib.rq_engine_free, lib.rq_engine_new, conf, listed, len(listed), status, error)
        ffi.release(options)  # it had to live until here
        if made == ffi.NULL:
            raise _unmade(status[0], error[0], limits.slots)
        self._handle: Any = made  # freed also when nobody closes it
        if cache is not None:
            serve(cache, made)
        self._pid = os.getpid()
        self._answer: Any = ffi.new("rq_answer *")
        self._u32: Any = ffi.new("uint32_t[2]")
        self._raw: Any = ffi.new("rq_stats *")
        self._did: Any = ffi.new("rq_work *")

    def close(self) -> None:
        """Drops every lookup and closes every socket; a second call does nothing."""
        handle, self._handle = self._handle, None
        if handle is not None:
            ffi.release(handle)

    def abandon(self) -> None:
        """Leaves its memory and sockets as they are, for a process that got them by a fork in the middle of a step."""
        handle, self._handle = self._handle, None
        if handle is not None:
            ffi.gc(handle, None)

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def usable(self) -> bool:
        """Open, and made by this process."""
        return self._handle is not None and self._pid == os.getpid()

    def _open(self) -> Any:
        if self._handle is None:
            raise ResqueryError("the engine is closed")
        if self._pid != os.getpid():
            raise ResqueryError("the engine belongs to the parent process; make a new one after a fork")
        return self._handle

    # -- one lookup at a time

    def query(self, name: bytes, rrtype: int, rrclass: int, buffer: memoryview, *, as_received: bool) -> Answer:
        """Asks and waits; the answer's first octets are in `buffer`, which is writable and contiguous.

        `as_received`: what one server said, without following CNAMEs across answers and without a cache.
        """
        handle: Any = self._open()
        answer: Any = self._answer
        begun = lib.rq_query_begin(handle, name, len(name), rrtype, rrclass, as_received)
        if begun < 0:
            raise status_error(begun, name)
        while (waited := lib.rq_query_wait(handle, SLICE_MS)) == lib.RQ_PENDING:
            pass
        if waited < 0:
            raise _unserved(waited)
        with ffi.from_buffer("uint8_t[]", buffer, require_writable=True) as out:
            stored = lib.rq_query_finish(handle, out, len(out), answer)
        server: int = answer.server
        return Answer(
            max(stored, 0),
            answer.actual,
            answer.status,
            answer.error,
            answer.rcode,
            bool(answer.answered),
            self.servers[server] if server >= 0 else None,
            answer.tries,
        )

    # -- many lookups at once

    def submit(self, column: Column, types: Types) -> int:
        """Submits names that are left in the column; returns how many it took."""
        taken = lib.rq_engine_submit(
            self._open(),
            column.octets,
            column.offsets + column.taken,
            column.left,
            types.numbers,
            len(types),
            column.first + column.taken,
        )
        if taken < 0:
            raise status_error(taken)
        column.taken += taken
        column.left -= taken
        return int(taken)

    def step(self, wait_ms: int) -> int:
        """Serves the network, for up to `wait_ms` until a row is finished; returns rows waiting to be drained."""
        finished = lib.rq_engine_step(self._open(), wait_ms)
        if finished < 0:
            raise _unserved(finished)
        return int(finished)

    def drain_columns(self, columns: Columns, most: int) -> int:
        """Moves up to `most` finished rows to the columns; returns how many, fewer when these can hold no more."""
        moved = lib.rq_engine_drain_columns(self._open(), columns.handle, most)
        if moved < 0:
            raise status_error(moved)
        return int(moved)

    def stream(self, column: Column, types: Types, parts: Parts, rows: int, seconds: float) -> object:
        """The lookups of the column's names as an Arrow stream, in a capsule, which owns the engine from here on."""
        handle: Any = self._open()
        status = ffi.new("int32_t *")
        stream = lib.rq_engine_stream(
            handle,
            column.octets,
            column.offsets,
            column.left,
            types.numbers,
            len(types),
            parts.bits,
            rows,
            int(seconds * 1000),
            LIMIT,
            status,
        )
        if stream == ffi.NULL:
            raise status_error(status[0])
        self._handle = None
        ffi.gc(handle, None)
        return engine_stream_capsule(stream)

    def drain(self, form: str, buffer: memoryview) -> tuple[int, int, int]:
        """Writes finished rows to the buffer: octets, rows, and the room that a row wants which alone does not fit."""
        out = ffi.from_buffer("uint8_t[]", buffer, require_writable=True)
        u32 = self._u32
        written = lib.rq_engine_drain(self._open(), FORMATS[form], out, len(out), u32, u32 + 1)
        if written < 0:
            raise status_error(written)
        return int(written), u32[0], u32[1]

    def work(self, column: Column, types: Types, wait_ms: int, form: str, buffer: memoryview) -> tuple[int, int, int]:
        """`submit`, `step` and `drain` in turn, for up to `wait_ms`. Returns what `drain` does.

        Ends sooner when all names of the column were taken, if it had any, or when the buffer has no room for more.
        """
        out = ffi.from_buffer("uint8_t[]", buffer, require_writable=True)
        names = column.octets, column.offsets + column.taken, column.left
        did = self._did
        status = lib.rq_engine_work(
            self._open(),
            *names,
            types.numbers,
            len(types),
            column.first + column.taken,
            wait_ms,
            FORMATS[form],
            out,
            len(out),
            did,
        )
        column.taken += did.taken
        column.left -= did.taken
        if status < 0 and not did.rows:  # rows that are out come first: the failure comes again
            raise _unserved(status)
        return did.octets, did.rows, did.wanted

    def fileno(self) -> int:
        """The descriptor to watch for reading beside `wait_ms`."""
        return int(lib.rq_engine_fd(self._open()))

    def wait_ms(self) -> int:
        """Milliseconds until the next timer, -1 if nothing is held."""
        return int(lib.rq_engine_wait_ms(self._open()))

    def not_begun(self) -> int:
        """Lookups that wait for their turn."""
        raw = self._raw
        lib.rq_engine_stats(self._open(), raw)
        return int(raw.held - raw.in_flight - raw.finished)

    def stats(self) -> Stats:
        """What the engine counted so far."""
        raw = self._raw
        lib.rq_engine_stats(self._open(), raw)
        statuses = {RCODES.get(i, "OTHER"): 0 for i in range(len(raw.rcodes))}
        for i, count in enumerate(raw.rcodes):
            statuses[RCODES.get(i, "OTHER")] += count
        statuses |= {name: raw.statuses[-status] for status, name in STATUSES.items()}
        return Stats(
            raw.inputs,
            raw.rows,
            raw.tries,
            dict(zip(TRANSPORTS, raw.queries, strict=True)),
            dict(zip(TRANSPORTS, raw.received, strict=True)),
            {name: count for name, count in statuses.items() if count},
            {name: raw.dropped[reason] for reason, name in DROPS.items() if raw.dropped[reason]},
            raw.tcp_connects,
            raw.repeats,
            raw.distrusted,
            raw.shared,
            raw.cached,
            raw.stale,
            raw.benched,
            raw.held,
            raw.in_flight,
            raw.finished,
        )


class Types:
    """Record types as the core takes them."""

    __slots__ = ("_len", "numbers")

    def __init__(self, numbers: Iterable[int]) -> None:
        values = array("H", numbers)
        self.numbers: Any = ffi.from_buffer("uint16_t[]", values)
        self._len = len(values)

    def __len__(self) -> int:
        return self._len


class Column:
    """Names as an Arrow string column, the index of its first, and how far the engine has taken them."""

    __slots__ = ("first", "left", "octets", "offsets", "taken")

    def __init__(self, octets: Any, offsets: Any, left: int, first: int = 0) -> None:
        self.first = first
        self.octets = octets
        self.offsets = offsets
        self.left = left
        self.taken = 0

    @classmethod
    def of(cls, octets: bytes, lengths: Iterable[int], first: int = 0) -> Column:
        """A column of names that stand one behind the other."""
        offsets = array("i", accumulate(lengths, initial=0))
        return cls(octets, ffi.from_buffer("int32_t[]", offsets), len(offsets) - 1, first)


class Lines:
    """Cuts text into lines, into the same column again and again."""

    __slots__ = ("_blank", "_consumed", "_offsets", "column", "max")

    def __init__(self, room: int, most: int) -> None:
        self.max = most
        self._offsets = ffi.new("int32_t[]", most + 1)
        self._consumed = ffi.new("uint32_t *")
        self._blank = ffi.new("uint32_t *")
        self.column = Column(ffi.new("uint8_t[]", room), self._offsets, 0)

    def cut(self, text: memoryview, *, last: bool) -> tuple[int, int]:
        """Fills the column with the lines of the text; returns octets used, and blank lines among them.

        `last` says that no more text follows.
        """
        column = self.column
        column.taken = 0
        source, out = ffi.from_buffer("uint8_t[]", text), (column.octets, self._offsets, self.max)
        column.left = lib.rq_lines(source, len(text), last, *out, self._consumed, self._blank)
        return int(self._consumed[0]), int(self._blank[0])


def summed(many: list[Stats]) -> Stats:
    """The totals of several engines as those of one."""
    if len(many) == 1:
        return many[0]
    return Stats(*(_sum([getattr(stats, field) for stats in many]) for field in Stats.__struct_fields__))


def _sum(values: list[Any]) -> Any:
    if isinstance(values[0], int):
        return sum(values)
    names = dict.fromkeys(name for counts in values for name in counts)
    return {name: sum(counts.get(name, 0) for counts in values) for name in names}


def _unmade(status: int, error: int, slots: int) -> Exception:
    if status == lib.RQ_NO_MEMORY:
        return MemoryError(f"no memory for {slots} lookups at once: ask for fewer")
    if status == lib.RQ_NETWORK:
        return OSError(error, f"cannot open the sockets of a resolver: {os.strerror(error)}")
    return status_error(status)


def _unserved(status: int) -> Exception:
    if status == lib.RQ_NETWORK:
        return ResqueryError("the network cannot be served: a system call failed that is not one server's")
    return status_error(status)
