"""Many lookups at once: any iterable of names in, one row out for each name and type, in order of completion.

The stream is pulled: nothing runs between two calls of next(), yet answers are not lost in between, for each call that
comes late first serves the network. Memory is bounded whatever the length of the input. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.msgpack import Decoder

from ._cache import cache_of
from ._conf import POLITE, Servers, affordable, settled
from ._crew import FEW, GULP, PAUSE, Crew, Gather, Made, Names, slow
from ._engine import SLICE_MS, Column, Engine, Types
from ._lib import iterator_of, type_number
from ._settings import BulkSettings, divided, explicit, known, thread_count
from .errors import shown
from .types import Record

if TYPE_CHECKING:
    from typing_extensions import Unpack

DEFAULTS: dict[str, Any] = {"max_in_flight": 1000, "rotate": True, "spread": True}
_ROOM = 64 * 256  # octets drained and decoded at once, some 64 rows: larger lists cost garbage collection
_HEAD = 3  # octets before the rows, for the head of the MessagePack array that they make up
_LATE_SECONDS = 0.02  # a consumer slower than this makes the network be served between two rows,
_HANDFUL = 8  # or, as long as it is quick, between so many


class Row(Struct, frozen=True, array_like=True, gc=False):
    """How the lookup of one name and type ended.

    index      position of the name in the input, from 0
    name       the name as given, cut where it is far too long; octets that are not UTF-8 as \\DDD
    type       the type's mnemonic, "MX"
    status     the rcode's name ("NOERROR", "NXDOMAIN", ...) when there is an answer, else "TIMEOUT", "TRUNCATED",
               "CNAME_LOOP", "ILLEGAL_INPUT", "ERROR" (the network's) or "CANCELLED"
    rcode      with the upper bits of EDNS; None when no server answered, as in `flags`, `rtt` and `size`
    flags      the second 16 bits of the answer's header
    server     who answered, or was asked last: "127.0.0.1:53"; None for the cache
    transport  "udp" or "tcp"; None when nothing was sent, and for the cache
    tries      queries sent, repeats aside; 0 also for what the cache, or the query of an identical question, answered.
               A stale answer has those that failed, a chain whose end was cached those before it
    rtt        seconds from the last query to its answer; None where that was the query of an identical question
    size       octets of the answer
    error      one sentence, where there is more to say than the status does; else None
    time       when the lookup finished, in seconds since 1970 UTC
    answer     the records of the answer section
    """

    index: int
    name: str
    type: str
    status: str
    rcode: int | None
    flags: int | None
    server: str | None
    transport: str | None
    tries: int
    rtt: float | None
    size: int | None
    error: str | None
    time: float
    answer: tuple[Record, ...]


@explicit(BulkSettings, **DEFAULTS)
def bulk(
    names: Iterable[str | bytes],
    types: str | int | Iterable[str | int] = "A",
    *,
    servers: Servers | None = None,
    **settings: Unpack[BulkSettings],
) -> Generator[Row, None, None]:
    """Looks every name up for every type; yields exactly one `Row` for each, in order of completion.

    Names are taken only while there is room for their lookups. `help(resquery.BulkSettings)` explains the settings.
    An illegal name, a timeout, a SERVFAIL are rows. The first next() opens sockets and begins; closing the iterator
    drops what is under way.

    Raises UnknownType, ValueError for no types, BadServer, BeyondLimits, TypeError for one text in place of `names`,
    and TypeError or IllegalSetting for a limit out of range, before anything is sent. An exception of the input, or
    TypeError for an item that is no str or bytes, comes after the rows of all before it.

    >>> from resquery.testing import Server
    >>> with Server(text="example.com. 300 IN MX 10 mx1.example.com.") as server:
    ...     for row in sorted(bulk(["example.com", "a..b"], "MX", servers=server.address), key=lambda row: row.index):
    ...         print(row.name, row.status, [record.to_text() for record in row.answer])
    example.com NOERROR ['example.com. 300 IN MX 10 mx1.example.com.']
    a..b ILLEGAL_INPUT []
    """
    source = name_iterator(names)
    numbers = type_list(types)
    opened = bulk_plan(len(numbers), servers, known(settings, BulkSettings, "bulk"))
    return _rows(opened, Names(source), Types(numbers))


def name_iterator(names: Iterable[str | bytes]) -> Iterator[str | bytes]:
    """An iterator over the names. Raises TypeError for what is none, and for one text in place of them."""
    if isinstance(names, (str, bytes)):  # an iterable too, of letters
        raise TypeError(f"names are an iterable of names; for one name give [{shown(repr(names))}]")
    return iterator_of(names, "names are an iterable of names")


def type_list(types: str | int | Iterable[str | int]) -> list[int]:
    """The numbers of these types, each once, in their order. Raises UnknownType, and ValueError when there are none."""
    what = "types are a str, an int or an iterable of them"
    if isinstance(types, bytes):  # an iterable too, of numbers
        raise TypeError(f"{what}, not bytes: {shown(repr(types))}")
    listed = iterator_of([types] if isinstance(types, (str, int)) else types, what)
    numbers = list(dict.fromkeys(map(type_number, listed)))
    if not numbers:
        raise ValueError("no record types are given: name at least one")
    return numbers


def bulk_plan(type_count: int, servers: Servers | None, given: dict[str, Any]) -> Callable[..., list[Engine]]:
    """Checks how many lookups are to be done; what it gives opens engines for them, one for each thread.

    So an iterator over rows holds nothing before it is asked for the first: CPython 3.12 and later do not free what
    one holds that is closed before that.
    """
    given = dict(given)
    threads, cache = thread_count(given.pop("threads", 1)), cache_of(given.pop("cache", None))
    addresses, limits, _ = settled(servers, given, **(DEFAULTS | POLITE if servers is None else DEFAULTS))
    affordable(divided(limits, threads, type_count), addresses)

    def opened(threads: int = threads) -> list[Engine]:
        with ExitStack() as made:
            each = affordable(divided(limits, threads, type_count), addresses)
            engines = [made.enter_context(Engine(addresses, one, cache)) for one in each]
            made.pop_all()
        return engines

    return opened


def _rows(opened: Callable[[], list[Engine]], names: Names, types: Types) -> Generator[Row, None, None]:
    engines = opened()
    if len(engines) == 1:
        yield from _alone(engines[0], names, types)
        return
    decode = Decoder(list[Row]).decode
    for pack in Crew(engines, types, _packs).run(names):
        yield from decode(pack)


def _alone(engine: Engine, names: Names, types: Types) -> Generator[Row, None, None]:
    """The stream: take names while slots are free, serve the network, yield what has finished."""
    with engine:
        source, packs, decode = Source(engine, names, types), Packs(engine), Decoder(list[Row]).decode
        few = 1
        while source.feed() or source.held:
            finished = engine.step(SLICE_MS if source.full or names.ended else 0)
            if finished == 0:
                continue
            if finished < FEW < source.held:
                sleep(PAUSE)
                engine.step(0)
            served = monotonic()
            pack, count = packs.drain()
            source.held -= count
            rows, at = decode(pack), 0
            while at < len(rows):
                yield from rows[at : at + few]
                at += few
                few = _HANDFUL
                if monotonic() - served > _LATE_SECONDS:
                    engine.step(0)
                    served, few = monotonic(), 1
        if names.failure is not None:
            raise names.failure


def _packs(engine: Engine) -> Gather[bytes]:
    """For a crew: finished rows as MessagePack, which the caller's thread decodes."""
    packs = Packs(engine)

    def gather(finished: int, last: bool) -> Iterator[Made[bytes]]:
        while finished:
            pack, rows = packs.drain()
            finished -= rows
            yield bytes(pack), rows

    return gather


class Source:
    """Moves names from the input to the engine, never more than it has slots for."""

    __slots__ = ("_column", "_engine", "_names", "_types", "held")

    def __init__(self, engine: Engine, names: Names, types: Types) -> None:
        self._engine = engine
        self._names = names
        self._types = types
        self._column = Column.of(b"", [])
        self.held = 0

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
        while not self.full and (self._column.left or not self._names.ended):
            if not self._column.left:
                self._column = self._names.gulp(min(GULP, self._room), start)
            self.held += self._engine.submit(self._column, self._types) * len(self._types)
            if slow(start):
                break
        return not self._names.ended or self._column.left > 0


class Packs:
    """Drains finished rows, a batch at a time, each as a MessagePack array."""

    __slots__ = ("_buffer", "_engine")

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._buffer = memoryview(bytearray(_ROOM))

    def drain(self) -> tuple[memoryview, int]:
        """Rows that are finished, at least one if there is one, and how many; good until the next call."""
        buffer = self._buffer
        octets, rows, wanted = self._engine.drain("msgpack", buffer[_HEAD:])
        if wanted:  # one row that is larger than the buffer: in one of its own, which is not kept
            buffer = memoryview(bytearray(_HEAD + wanted))
            octets, rows, _ = self._engine.drain("msgpack", buffer[_HEAD:])
        buffer[:_HEAD] = b"\xdc" + rows.to_bytes(2, "big")  # the rows as one MessagePack array
        return buffer[: _HEAD + octets], rows
