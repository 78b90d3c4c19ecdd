"""The fast answer loop as Python sees it: the only module of resquery.testing that imports the C extension.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

from .._lib import call_bytes, call_text, name_octets, raise_status, type_name
from .._rq import ffi, lib
from .query import Query

ASK_HERE: int = lib.RQ_TS_ASK_HERE
ASK_BELOW: int = lib.RQ_TS_ASK_BELOW
NODE: int = lib.RQ_TS_NODE
UDP_MAX: int = lib.RQ_TS_UDP_MAX
HOSTS_MAX: int = lib.RQ_TS_SOCKETS
MESSAGE_MAX: int = lib.RQ_MESSAGE_MAX
_LOG_PART = 256


def name_wire(name: str) -> bytes:
    r"""The name in wire format. Raises IllegalName.

    >>> name_wire("a.example.")
    b'\x01a\x07example\x00'
    """
    octets = name_octets(name)
    return call_bytes(lib.rq_name_to_wire, octets, len(octets))


class Loop:
    """Owns a C server. Its methods may be called from several threads, but `serve` from one at a time."""

    def __init__(self, wake: socket.socket, sockets: list[socket.socket]) -> None:
        self._server = lib.rq_ts_new(wake.fileno())
        if self._server == ffi.NULL:
            raise MemoryError("no memory for a test server")
        self._handed = ffi.new("rq_ts_query[]", lib.RQ_TS_BATCH)
        self._seen = ffi.new("rq_ts_seen *")
        for one in sockets:
            _check(lib.rq_ts_listen(self._server, one.fileno()))

    def free(self) -> None:
        """Gives the memory back; nothing else may be called after it."""
        lib.rq_ts_free(self._server)
        self._server = ffi.NULL

    def add(self, name: bytes, rrtype: int, flags: int, counts: tuple[int, int, int], body: bytes, ask: int) -> None:
        """Puts a ready-made answer into the table, see rq_ts_add."""
        head = ffi.new("rq_ts_head *", (rrtype, flags, counts, ask))
        _check(lib.rq_ts_add(self._server, name, len(name), head, body, len(body)))

    def synthesize(self, suffix: bytes, ttl: int) -> None:
        """Answers A questions below `suffix` without a zone."""
        _check(lib.rq_ts_synthesize(self._server, suffix, len(suffix), ttl))

    def mark(self, name: bytes, on: bool) -> None:
        """Hands over every question for the name, or no longer."""
        _check(lib.rq_ts_mark(self._server, name, len(name), on))

    def ask_all(self, on: bool) -> None:
        """Hands over every query, or no longer."""
        lib.rq_ts_ask_all(self._server, on)

    def delay(self, seconds: float) -> None:
        """Holds back each answer of the loop for so long."""
        _check(lib.rq_ts_delay(self._server, round(seconds * 1e6)))

    def lose(self, share: float, seed: int) -> None:
        """Neither answers nor counts a share of the queries over UDP."""
        lib.rq_ts_lose(self._server, round(share * 1e6), seed & 0xFFFFFFFFFFFFFFFF)

    def log(self, maximum: int) -> None:
        """Keeps the first `maximum` queries from now on."""
        _check(lib.rq_ts_log(self._server, maximum))

    def logged(self) -> Iterator[Query]:
        """The queries that were kept, without their octets."""
        part = ffi.new("rq_ts_seen[]", _LOG_PART)
        first = 0
        while count := lib.rq_ts_log_read(self._server, first, part, _LOG_PART):
            for i in range(count):
                yield _query(part[i], b"")
            first += count

    def serve(self, wait: float) -> list[tuple[int, Any]]:
        """Serves for at most `wait` seconds; returns (index of the socket, raw query) of what it leaves to us.

        The raw queries are good until the next call.
        """
        count = _check(lib.rq_ts_serve(self._server, max(0, round(wait * 1000)), self._handed))
        return [(self._handed[i].socket, ffi.addressof(self._handed, i)) for i in range(count)]

    def note_tcp(self, wire: bytes, client: tuple[str, int], time_ns: int) -> Any:
        """Counts and logs a query that came over TCP, and gives it the shape of those that `serve` returns."""
        raw = ffi.new("rq_ts_query *")
        raw.time_ns = time_ns
        raw.transport = lib.RQ_TCP
        raw.len = min(len(wire), lib.RQ_TS_QUERY_MAX)
        ffi.memmove(raw.octets, wire, raw.len)
        six = ":" in client[0]
        octets = socket.inet_pton(socket.AF_INET6 if six else socket.AF_INET, client[0])
        raw.client.family = 6 if six else 4
        raw.client.port = client[1]
        ffi.memmove(raw.client.octets, octets, len(octets))
        lib.rq_ts_note(self._server, raw)
        return raw

    def query(self, raw: Any) -> Query:
        """What a raw query says."""
        seen = ffi.new("rq_ts_seen *")
        lib.rq_ts_read(raw, seen)
        client = raw.client
        host = socket.inet_ntop(*_family(client.family, bytes(ffi.buffer(client.octets))))
        return _query(seen, ffi.buffer(raw.octets, raw.len)[:], host)

    def reply(self, raw: Any, limit: int) -> bytes:
        """The table's answer to a raw query, b"" when it is not sure."""
        room = ffi.new("uint8_t[]", limit)
        return ffi.buffer(room, lib.rq_ts_reply(self._server, raw, limit, room, limit))[:]

    def counts(self) -> tuple[int, int, int, int, int]:
        """Queries over UDP, queries over TCP, answers of the loop, queries handed over, queries lost."""
        counts = ffi.new("rq_ts_counts *")
        lib.rq_ts_count(self._server, counts)
        return counts.queries[lib.RQ_UDP], counts.queries[lib.RQ_TCP], counts.answered, counts.handed, counts.lost


def _check(status: int) -> int:
    if status < 0:
        raise_status(status)
    return status


def _family(family: int, octets: bytes) -> tuple[int, bytes]:
    return (socket.AF_INET6, octets) if family == 6 else (socket.AF_INET, octets[:4])


def _query(seen: Any, wire: bytes, host: str | None = None) -> Query:
    name = ffi.buffer(seen.name, seen.name_len)[:]
    return Query(
        name=call_text(lib.rq_name_to_text, name, len(name)).lower() if name else "",
        type=type_name(seen.rrtype) if name else "",
        rrclass=seen.rrclass,
        id=seen.id,
        flags=seen.flags,
        transport="tcp" if seen.transport == lib.RQ_TCP else "udp",
        client=(host or ("::1" if seen.family == 6 else "127.0.0.1"), seen.port),
        payload=seen.payload if seen.has_edns else None,
        dnssec_ok=bool(seen.dnssec_ok),
        time=seen.time_ns / 1e9,
        wire=wire,
        rrtype=seen.rrtype,
        name_wire=name,
        question=wire[12 : 12 + seen.question_len],
        edns_version=seen.edns_version,
        plain=bool(seen.plain),
    )
