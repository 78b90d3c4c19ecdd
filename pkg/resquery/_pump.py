"""A file of names in, a file of NDJSON rows out, without a Python object for a name or a row.

Names go from the file into an engine's column, rows from the engine into the file, in blocks; Python only moves the
blocks on. A pipe that has nothing to give, or takes nothing, stops new lookups and never the network. Each of several
engines runs in a thread of its own, over the same two files. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import select
from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic

from ._crew import Thread, join
from ._engine import SLICE_MS, Column, Engine, Stats, Types, summed
from ._files import LINES, Block, Reader, Sink, Whole, Writer
from ._settings import fair
from .errors import ResqueryError

_STATS_SECONDS = 0.1  # totals are no older than this
_TURN_MS = 5  # how long a thread waits for another one to be done with the output
_FAIR_LINES = 256  # lines that a thread among others takes at once, so that all end at about the same time


class Pump:
    """Looks every line up for every type."""

    def __init__(self, engines: Sequence[Engine], types: Types, reader: Reader, sink: Sink, whole: Whole) -> None:
        self._types = types
        self._reader = reader
        writers = [Writer(sink, whole if len(engines) == 1 else Whole()) for _ in engines]  # signals reach one thread
        self._hands = [
            _Hand(engine, types, reader, writer, beside=len(engines) - 1)
            for engine, writer in zip(engines, writers, strict=True)
        ]

    def stats(self) -> Stats:
        """Totals of all engines, a moment old while they run."""
        return summed([hand.stats for hand in self._hands])

    def run(self, tick: Callable[[], None]) -> int:
        """Does it; returns rows written. `tick` is called again and again.

        Raises OSError when reading or writing fails, ResqueryError when the totals do not balance. Ended by a signal,
        it still writes the rows that it has.
        """
        try:
            if len(self._hands) == 1:
                self._hands[0].work(tick)
            else:
                _together(self._hands, tick)
        except (KeyboardInterrupt, SystemExit):
            for hand in self._hands:
                hand.rescue()
            raise
        inputs, rows = self._reader.inputs, sum(hand.rows for hand in self._hands)
        if rows != inputs * len(self._types):
            raise ResqueryError(f"totals do not balance: {inputs} names, {len(self._types)} types, but {rows} rows")
        return rows


class _Hand:
    """One engine at work, for one thread."""

    def __init__(self, engine: Engine, types: Types, reader: Reader, writer: Writer, *, beside: int) -> None:
        self.writer = writer
        self.rows = 0
        self.stats = engine.stats()
        self.stopped = False  # set by another thread
        self.thread: Thread | None = None  # None: the caller's own
        self.failure: BaseException | None = None
        self._told = monotonic()
        self._engine = engine
        self._types = types
        self._reader = reader
        self._alone = alone = beside == 0
        self._block = Block(LINES if alone else fair(engine.limits, _FAIR_LINES))
        self._paced = not alone and (engine.limits.rate is not None or engine.limits.rate_per_server is not None)
        self._starved = False  # there was nothing in the input, which has not ended
        self._column = Column.of(b"", [])
        self._held = 0

    def work(self, tick: Callable[[], None]) -> None:
        """Takes names as there is room, serves the network, writes rows; until the input has ended and all is out."""
        writer = self.writer
        try:
            while not self.stopped and self._unfinished():
                wait = self._fetch()
                blocked = not writer.empty and (not self._held or not writer.room)
                drained = self._watch(wait, blocked) if blocked or self._starved else self._work(wait)
                self._held -= drained
                self.rows += drained
                if writer.due or not self._held:
                    writer.flush()
                if monotonic() - self._told > _STATS_SECONDS:
                    self._tell()
                tick()
        finally:
            self._tell()  # also when the output failed: what was done, was done

    def rescue(self) -> None:
        """Writes what is finished, when there is no more time for the rest."""
        if self.thread is not None and not self.thread.over:  # a second interrupt came, and it is at work still:
            self._engine.abandon()  # its next step finds no engine, and nobody frees the one that it is in
            return
        if self.writer.room:
            self.rows += self.writer.take(self._engine)
        self.writer.flush()
        self._tell()

    def _tell(self) -> None:
        self.stats = self._engine.stats()
        self._told = monotonic()

    def _unfinished(self) -> bool:
        return self._column.left > 0 or not self._reader.ended or self._held > 0 or not self.writer.empty

    def _fetch(self) -> int:
        """Sees to it that there are names, if any are left; returns for how long to serve the network before more.

        What is next in the input is for the thread that comes first, and has room for it.
        """
        self._starved = False
        full = not self._alone and self._held + len(self._types) > self._engine.limits.slots
        if self._column.left or self._reader.ended or full:
            return SLICE_MS
        if self._paced and self._engine.not_begun() >= self._block.max:
            return _TURN_MS  # another thread may be quicker
        wait = self._alone and not self._held and self.writer.empty
        column = self._reader.column(self._block, wait=wait)
        if column is not None:
            self._column = column
        self._starved = column is None and not self._reader.ended
        return SLICE_MS

    def _work(self, most_ms: int) -> int:
        """Looks names up and takes rows, as long as nothing keeps it from going on; returns rows taken."""
        column = self._column
        before = column.left
        rows = self.writer.work(self._engine, column, self._types, most_ms)
        self._held += (before - column.left) * len(self._types)
        return rows

    def _watch(self, most_ms: int, blocked: bool) -> int:
        """Serves the network until a row is finished, the input that starves us has more, or the output takes more.

        Returns rows taken.
        """
        engine, writer = self._engine, self.writer
        finished = engine.step(0)
        if not finished or blocked:
            poll = select.poll()
            poll.register(engine.fileno(), select.POLLIN)
            if self._starved:
                poll.register(self._reader.fd, select.POLLIN)
            due = engine.wait_ms()
            wait = most_ms if finished or due < 0 else min(due, most_ms)
            output = writer.fd  # read once: another thread may take it at any moment
            if blocked and output is None:
                wait = min(wait, _TURN_MS)
            elif blocked and output is not None:
                poll.register(output, select.POLLOUT)
            poll.poll(wait)
            finished = engine.step(0)
        return writer.take(engine) if finished and writer.room else 0


def _together(hands: list[_Hand], tick: Callable[[], None]) -> None:
    """Each hand in a thread of its own, while this one looks after them. Raises the first of their failures."""

    def run(hand: _Hand) -> None:
        try:
            hand.work(lambda: None)
        except BaseException as failure:
            hand.failure = failure
            stop()

    def stop() -> None:
        for hand in hands:
            hand.stopped = True

    threads = [Thread(partial(run, hand)) for hand in hands]
    for hand, thread in zip(hands, threads, strict=True):
        hand.thread = thread
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            while not thread.wait(SLICE_MS / 1000):
                tick()
    finally:
        stop()
        join(threads)
    for hand in hands:
        if hand.failure is not None:
            raise hand.failure
