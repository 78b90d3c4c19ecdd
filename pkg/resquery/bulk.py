"""Many lookups at once: any iterable of names in, one row out for each name and type, in order of completion.

The stream is pulled: nothing runs between two calls of next(), yet answers are not lost in between, for each call that
comes late first serves the network. Memory is bounded whatever the length of the input. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from time import monotonic
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs
from msgspec.msgpack import Decoder

from ._conf import settled
from ._engine import SLICE_MS, Column, Engine, Types
from ._lib import text_octets, type_number
from ._settings import SLOTS_MAX, BulkSettings, explicit, known
from .errors import shown
from .types import Record

if TYPE_CHECKING:
    from typing_extensions import Unpack

DEFAULTS: dict[str, Any] = {"max_in_flight": 1000, "rotate": True, "spread": True}
_ROOM = 64 * 256  # octets drained and decoded at once, some 64 rows: larger lists cost garbage collection
_HEAD = 3  # octets before the rows, for the head of the MessagePack array that they make up
_GULP = 256  # names taken from the input at once
_NAME_MAX = 4096  # octets of an input that are looked at: none as long is a name
_GULP_SECONDS = 0.005  # a slow input is not waited for longer than this while there is something to send
_LATE_SECONDS = 0.02  # a consumer slower than this makes the network be served between two rows


class Row(Struct, frozen=True, array_like=True):
    """How the lookup of one name and type ended.

    `status` is the rcode's name ("NOERROR", "NXDOMAIN", ...) when a server answered, else "TIMEOUT", "TRUNCATED",
    "ILLEGAL_INPUT", "ERROR" (the network's) or "CANCELLED", with one sentence in `error` where there is more to say.
    """

    index: int
    """Position of the name in the input, from 0."""
    name: str
    """The name as given, cut where it is far too long; octets that are not UTF-8 as \\DDD."""
    type: str
    """The type's mnemonic, "MX"."""
    status: str
    rcode: int | None
    """With the upper bits of EDNS; None when no server answered, as in `flags`, `rtt` and `size`."""
    flags: int | None
    """The second 16 bits of the answer's header."""
    server: str | None
    """Who answered, or was asked last: "127.0.0.1:53"."""
    transport: str | None
    """ "udp" or "tcp"; None when nothing was sent."""
    tries: int
    """Queries sent."""
    rtt: float | None
    """Seconds from the last query to its answer."""
    size: int | None
    """Octets of the answer."""
    error: str | None
    time: float
    """When the lookup finished, in seconds since 1970 UTC."""
    answer: tuple[Record, ...]
    """The records of the answer section."""


@explicit(BulkSettings, **DEFAULTS)
def bulk(
    names: Iterable[str | bytes],
    types: str | int | Iterable[str | int] = "A",
    *,
    servers: str | Iterable[str] | None = None,
    **settings: Unpack[BulkSettings],
) -> Generator[Row, None, None]:
    """Looks every name up for every type; yields exactly one `Row` for each, in order of completion.

    Names are taken only while there is room for their lookups. `help(resquery.BulkSettings)` explains the settings.
    An illegal name, a timeout, a SERVFAIL are rows. Closing the iterator drops what is under way.

    Raises UnknownType, BadServer, TypeError for one text in place of `names`, and TypeError or ValueError for a limit
    out of range, before anything is sent. An exception of the input, or TypeError for an item that is no str or bytes,
    comes after the rows of all before it.

    >>> from resquery.testing import Server
    >>> with Server(text="example.com. 300 IN MX 10 mx1.example.com.") as server:
    ...     for row in sorted(bulk(["example.com", "a..b"], "MX", servers=server.address), key=lambda row: row.index):
    ...         print(row.name, row.status, [record.to_text() for record in row.answer])
    example.com NOERROR ['example.com. 300 IN MX 10 mx1.example.com.']
    a..b ILLEGAL_INPUT []
    """
    source = name_iterator(names)
    numbers = type_list(types)
    engine = bulk_engine(len(numbers), servers, known(settings, BulkSettings, "bulk"))
    return _rows(engine, source, Types(numbers))


def name_iterator(names: Iterable[str | bytes]) -> Iterator[str | bytes]:
    """An iterator over the names. Raises TypeError for one text in place of them."""
    if isinstance(names, (str, bytes)):  # an iterable too, of letters
        raise TypeError(f"names are an iterable of names; for one name give [{shown(repr(names))}]")
    return iter(names)


def type_list(types: str | int | Iterable[str | int]) -> list[int]:
    """The numbers of these types, each once, in their order. Raises UnknownType, and ValueError when there are none."""
    if isinstance(types, bytes):  # an iterable too, of numbers
        raise TypeError(f"types are a str, an int or an iterable of them, not bytes: {shown(repr(types))}")
    listed = [types] if isinstance(types, (str, int)) else types
    numbers = list(dict.fromkeys(map(type_number, listed)))
    if not numbers:
        raise ValueError("no record types are given: name at least one")
    return numbers


def bulk_engine(type_count: int, servers: str | Iterable[str] | None, given: dict[str, Any]) -> Engine:
    """An engine for many lookups: finished ones may wait while others are on the network."""
    addresses, limits, _ = settled(servers, given, **DEFAULTS)
    flight = limits.max_in_flight
    slots = min(SLOTS_MAX, max(2 * flight, flight + _GULP, 2 * type_count))
    return Engine(addresses, structs.replace(limits, slots=slots, sockets=max(4, min(64, flight // 128))))


def _rows(engine: Engine, names: Iterator[str | bytes], types: Types) -> Generator[Row, None, None]:
    """The stream: take names while slots are free, serve the network, yield what has finished."""
    with engine:
        source, rows = Source(engine, names, types), _Rows(engine)
        while source.feed() or source.held:
            if engine.step(SLICE_MS if source.full or source.ended else 0) == 0:
                continue
            served = monotonic()
            for row in rows.drain():
                source.held -= 1
                yield row
                if monotonic() - served > _LATE_SECONDS:
                    engine.step(0)
                    served = monotonic()
        if source.failure is not None:
            raise source.failure


class Source:
    """Moves names from the input to the engine, never more than it has slots for."""

    __slots__ = ("_column", "_engine", "_index", "_names", "_types", "ended", "failure", "held")

    def __init__(self, engine: Engine, names: Iterator[str | bytes], types: Types) -> None:
        self._engine = engine
        self._names = names
        self._types = types
        self._column = Column.of([])
        self._index = 0
        self.held = 0
        self.ended = False
        self.failure: Exception | None = None

    @property
    def _room(self) -> int:
        return (self._engine.limits.slots - self.held) // len(self._types)

    @property
    def full(self) -> bool:
        """No whole name can be taken before a row is drained."""
        return self._room == 0

    def feed(self) -> bool:
        """Submits names while there is room and the input is quick; whether there may be more."""
        start = monotonic()
        while not self.full and (self._column.left or not self.ended):
            if not self._column.left:
                self._column = Column.of(self._gulp(min(_GULP, self._room), start))
            taken = self._engine.submit(self._column, self._types, self._index)
            self._index += taken
            self.held += taken * len(self._types)
            if monotonic() - start > _GULP_SECONDS:
                break
        return not self.ended or self._column.left > 0

    def _gulp(self, most: int, start: float) -> list[bytes]:
        """Up to `most` names. A failure of the input is kept for when the names before it are done."""
        octets: list[bytes] = []
        try:
            for name in self._names:
                octets.append(text_octets(name)[:_NAME_MAX])
                if len(octets) == most or monotonic() - start > _GULP_SECONDS:
                    return octets
        except Exception as failure:
            self.failure = failure
        self.ended = True
        return octets


class _Rows:
    """Drains and decodes finished rows, a batch at a time."""

    __slots__ = ("_buffer", "_decoder", "_engine")

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._buffer = memoryview(bytearray(_ROOM))
        self._decoder = Decoder(list[Row])

    def drain(self) -> list[Row]:
        """Rows that are finished, at least one if there is one."""
        buffer = self._buffer
        octets, rows, wanted = self._engine.drain("msgpack", buffer[_HEAD:])
        if wanted:  # one row that is larger than the buffer: in one of its own, which is not kept
            buffer = memoryview(bytearray(_HEAD + wanted))
            octets, rows, _ = self._engine.drain("msgpack", buffer[_HEAD:])
        buffer[:_HEAD] = b"\xdc" + rows.to_bytes(2, "big")  # the rows as one MessagePack array
        return self._decoder.decode(buffer[: _HEAD + octets])
