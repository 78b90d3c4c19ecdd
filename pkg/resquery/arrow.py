"""Columns: many messages, or many lookups, as Arrow record batches that C fills; no Python object for a row.

What is made here is handed over by the Arrow PyCapsule interface: pyarrow, polars, duckdb, pandas and nanoarrow read it
where it stands, and none of them is needed to make it. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from time import monotonic, sleep
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ._columns import Columns, Kind, Parts, schema_capsule
from ._conf import Servers
from ._crew import FEW, PAUSE, Crew, Gather, Made, Names, column_of
from ._engine import SLICE_MS, Engine, Types
from ._settings import BulkSettings, explicit, known, switch, within
from .bulk import DEFAULTS, Source, bulk_plan, name_iterator, type_list
from .errors import ResqueryError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer
    from typing_extensions import Unpack

    class ArrowStream(Protocol):
        """A column in chunks."""

        def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

    class ArrowArray(Protocol):
        """A column in one piece."""

        def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...

    Messages = Iterable[ReadableBuffer | None] | ArrowStream | ArrowArray


_BATCH_ROWS_MAX = 10_000_000
_BATCH_SECONDS_MAX = 3600


class Batch:
    """Rows as an Arrow record batch, to be taken by `pyarrow.record_batch`, `polars.DataFrame`, duckdb and others.

    Each may take it as often as it likes: nothing is copied, and the memory is freed when the last of them lets go.
    """

    __slots__ = ("_columns",)

    def __init__(self, columns: Columns) -> None:
        self._columns = columns

    def __len__(self) -> int:
        return len(self._columns)

    @property
    def nbytes(self) -> int:
        """Octets of memory that the columns have."""
        return self._columns.octets

    def __arrow_c_schema__(self) -> object:
        return schema_capsule(self._columns.kind, self._columns.parts)

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        return self.__arrow_c_schema__(), self._columns.array_capsule()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._columns.stream_capsule()

    def __repr__(self) -> str:
        return f"<Batch of {len(self)} {self._columns.kind.name.lower()}>"


def parse_columns(
    messages: Messages | ReadableBuffer,
    *,
    offsets: Iterable[int] | None = None,
    authority: bool = False,
    additional: bool = False,
    wire: bool = False,
) -> Batch:
    """Reads many DNS messages into columns: one row for each, also for one that does not parse.

    `messages` are bytes-like objects or None; or an Arrow column of type binary, large_binary or binary_view (anything
    with `__arrow_c_stream__` or `__arrow_c_array__`); or, with `offsets`, one buffer that is cut at these octets. The
    columns are index int64, status utf8, id, flags and rcode int32, name, type and class utf8 (of the first question),
    answer list<struct<name utf8, type utf8, ttl int32, data utf8>>, and where asked for authority and additional, of
    the same type, and wire binary. `status` is the rcode's name ("NOERROR"); "TRUNCATED" or "MALFORMED" where only
    what stands before the flaw is shown; "ILLEGAL_INPUT" for None. A TTL with its top bit set is 0 (RFC 2181, 8).
    OPT records show in `rcode` alone, and as octets in `wire`.

    Raises TypeError for other messages, ValueError for offsets outside the buffer, BatchTooLarge when a column would
    exceed 2^31-1 octets: give fewer messages at once.

    >>> from resquery import make_query
    >>> batch = parse_columns([make_query("example.com", "MX"), b"junk"])
    >>> len(batch), batch
    (2, <Batch of 2 messages>)
    """
    columns = Columns(Kind.MESSAGES, _parts(authority, additional, wire))
    if offsets is not None:
        columns.split(messages, offsets)
    elif hasattr(messages, "__arrow_c_stream__") or hasattr(messages, "__arrow_c_array__"):
        columns.read(messages)
    elif isinstance(messages, Iterable) and not isinstance(messages, (str, bytes, bytearray, memoryview)):
        columns.add(list(messages))
    else:  # one buffer is an iterable too, of numbers
        raise TypeError("messages are an iterable or a column of messages; to cut one buffer give offsets, too")
    return Batch(columns)


class Shape(NamedTuple):
    """Which columns batches have, how many rows, and for how many seconds they gather."""

    parts: Parts
    rows: int
    seconds: float

    def gather(self, engine: Engine) -> Gather[Batch]:
        """Moves finished rows to columns, which become a batch when they are full or have waited."""
        columns, begun = self._columns(), monotonic()

        def gather(finished: int, last: bool) -> Iterator[Made[Batch]]:
            nonlocal columns, begun
            while True:
                if finished:
                    moved = engine.drain_columns(columns, self.rows - len(columns))
                    finished -= moved
                    yield None, moved
                if finished or (len(columns) and (last or monotonic() - begun > self.seconds)):
                    yield Batch(columns), 0
                    columns, begun = self._columns(), monotonic()
                if not finished:
                    return

        return gather

    def _columns(self) -> Columns:
        return Columns(Kind.LOOKUPS, self.parts, self.rows)


class BulkColumns:
    """Lookups under way, as batches of rows: iterate over it, or hand it to whoever reads Arrow streams, once.

    Iterating takes names as there is room and attends to Ctrl-C. A stream (`__arrow_c_stream__`) runs in C, in the
    thread that pulls it alone, without Python: so it reads all names when it is asked for, before the first lookup, and
    sees Ctrl-C when its consumer does, between two batches.
    """

    __slots__ = ("_batches", "_names", "_opened", "_shape", "_types")

    def __init__(
        self,
        opened: Callable[..., list[Engine]],
        names: Iterator[str | bytes],
        types: Types,
        shape: Shape,
    ) -> None:
        self._opened: Callable[..., list[Engine]] | None = opened
        self._names = names
        self._types = types
        self._shape = shape
        self._batches: Generator[Batch, None, None] | None = None

    def __enter__(self) -> BulkColumns:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        if self._batches is None:
            self._batches = _batches(self._taken(), Names(self._names), self._types, self._shape)
        return next(self._batches)

    def close(self) -> None:
        """Drops what is under way; a second call does nothing. A stream that was handed out is its consumer's."""
        self._opened = None
        if self._batches is not None:
            self._batches.close()

    def __arrow_c_schema__(self) -> object:
        return schema_capsule(Kind.LOOKUPS, self._shape.parts)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        opened = self._taken()
        column = column_of(list(self._names))
        with opened(threads=1)[0] as engine:
            return engine.stream(column, self._types, *self._shape)

    def _taken(self) -> Callable[..., list[Engine]]:
        opened, self._opened = self._opened, None
        if opened is None:
            raise ResqueryError("these lookups were taken before, or closed: rows come once")
        return opened


def _batches(
    opened: Callable[[], list[Engine]], names: Names, types: Types, shape: Shape
) -> Generator[Batch, None, None]:
    """The batches. It does not know its BulkColumns, so that who forgets these ends it at once."""
    engines = opened()
    if len(engines) > 1:
        yield from Crew(engines, types, shape.gather).run(names)
        return
    with engines[0] as engine:
        source, gather = Source(engine, names, types), shape.gather(engine)
        while source.feed() or source.held:
            finished = engine.step(SLICE_MS if source.full or names.ended else 0)
            if 0 < finished < FEW < source.held:
                sleep(PAUSE)
                finished = engine.step(0)
            for batch, moved in gather(finished, False):
                source.held -= moved
                if batch is not None:
                    yield batch
        for batch, _ in gather(0, True):
            if batch is not None:
                yield batch
        if names.failure is not None:
            raise names.failure


@explicit(BulkSettings, **DEFAULTS)
def bulk_columns(
    names: Iterable[str | bytes],
    types: str | int | Iterable[str | int] = "A",
    *,
    servers: Servers | None = None,
    authority: bool = False,
    additional: bool = False,
    wire: bool = False,
    batch_rows: int = 10_000,
    batch_seconds: float = 1.0,
    **settings: Unpack[BulkSettings],
) -> BulkColumns:
    """Looks every name up for every type, as `bulk` does, but gives the rows as Arrow record batches.

    A batch is handed out when it has `batch_rows` rows, or has gathered rows for `batch_seconds`. Columns are index
    int64, name, type and status utf8, rcode and flags int32, server and transport utf8, tries int32, rtt_us int64, size
    int32, time timestamp[us, UTC], error utf8, answer list<struct<name utf8, type utf8, ttl int32, data utf8>>, and
    where asked for authority and additional, of the same type, and wire binary. What a `Row` of `bulk` has as None is
    null here.

    Raises what `bulk` raises, and TypeError or IllegalSetting for batches of no rows, or out of range.

    >>> from resquery.testing import Server
    >>> with Server(text="example.com. 300 IN MX 10 mx1.example.com.") as server:
    ...     [len(batch) for batch in bulk_columns(["example.com", "a..b"], "MX", servers=server.address)]
    [2]
    """
    source = name_iterator(names)
    parts = _parts(authority, additional, wire)
    within("batch_rows", batch_rows, 1, _BATCH_ROWS_MAX)
    within("batch_seconds", batch_seconds, 0.0, _BATCH_SECONDS_MAX)
    numbers = type_list(types)
    given = known(settings, BulkSettings, "bulk_columns")
    opened = bulk_plan(len(numbers), servers, given)
    return BulkColumns(opened, source, Types(numbers), Shape(parts, batch_rows, batch_seconds))


def _parts(authority: bool, additional: bool, wire: bool) -> Parts:
    parts = Parts(authority, additional, wire)
    for name, asked in parts._asdict().items():
        switch(name, asked)
    return parts
