"""A file of names in, a file of NDJSON rows out, without a Python object for a name or a row.

Names go from the file into the engine's column, rows from the engine into the file, in blocks; Python only moves the
blocks on. A pipe that has nothing to give, or takes nothing, stops new lookups and never the network. Memory is the
same for any length of input and of line. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import os
import select
import signal
import stat
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from time import monotonic

from ._engine import SLICE_MS, Column, Engine, Lines, Types
from .errors import ResqueryError

_CHUNK = 1 << 17  # octets read at once
_LINES = 8192  # lines cut at once
_LONG = 4096  # octets kept of a line longer than a chunk: none as long is a name
_FLUSH = 1 << 17  # octets written at once
_FLUSH_SECONDS = 0.1  # rows wait no longer than this to be written
_PIPE = 4096  # octets that a writable pipe takes without blocking (PIPE_BUF)


class Reader:
    """Lines of a file descriptor, as columns of names."""

    def __init__(self, fd: int, name: str) -> None:
        info = os.fstat(fd)
        self._name = name
        self.fd = fd
        self.prompt = stat.S_ISREG(info.st_mode)  # a read never waits
        self.size = info.st_size if self.prompt else None
        self.octets = 0  # taken so far, what was not yet cut left out
        self.inputs = 0
        self.blank = 0
        self.ended = False
        self._buffer = bytearray(_CHUNK)
        self._view = memoryview(self._buffer)
        self._start = self._end = 0
        self._whole = self._last = False  # whether a whole line is in the buffer; whether no more text follows
        self._lines = Lines(_CHUNK, _LINES)

    def column(self, *, wait: bool) -> Column | None:
        """The next names; None when the input has ended, or when it has nothing now and must not be waited for."""
        while not self.ended:
            if self._whole:
                column = self._cut()
                if column.left:
                    return column
            if self._start == 0 and self._end == _CHUNK:
                self._shorten()
            elif self._last:
                self.ended = True
            elif wait or self.prompt or _ready(self.fd, select.POLLIN):
                self._fill()
            else:
                return None
        return None

    def _cut(self) -> Column:
        """Names from what was read; the line that has not ended yet moves to the front of the buffer."""
        consumed = self._lines.cut(self._view[self._start : self._end], last=self._last)
        stop = self._start + consumed
        lines = self._buffer.count(b"\n", self._start, stop)
        lines += consumed > 0 and self._buffer[stop - 1] != 0x0A  # the last line, without its LF
        column = self._lines.column
        self.octets += consumed
        self.inputs += column.left
        self.blank += lines - column.left
        self._start = stop
        if not column.left:
            rest = self._end - stop
            self._buffer[:rest] = self._buffer[stop : self._end]
            self._start, self._end = 0, rest
            self._whole = False
        return column

    def _fill(self) -> None:
        try:
            count = os.readv(self.fd, [self._view[self._end :]])
        except BlockingIOError:  # a descriptor that somebody else made non-blocking
            return
        except OSError as error:
            raise OSError(error.errno, error.strerror, self._name) from None
        self._last = count == 0
        self._whole = self._last or self._buffer.find(b"\n", self._end, self._end + count) >= 0
        self._end += count

    def _shorten(self) -> None:
        """Cuts down a line that fills the buffer, so that it is one input and never two.

        Blanks before it go. Of the rest its beginning stays, with dots behind it that make it illegal.
        """
        text = bytes(self._view).lstrip(b" \t\r")
        if len(text) > _LONG:
            tail = text[_LONG - 4 :].strip(b" \t\r")
            text = text[: _LONG - 4] + (b"...." if tail else b"    ")
        self.octets += self._end - len(text)
        self._buffer[: len(text)] = text
        self._end = len(text)


class _Whole:
    """Steps that an interrupt does not split: it waits for their end, a second one does not."""

    def __init__(self) -> None:
        self._inside = self._interrupted = False

    def __enter__(self) -> None:
        self._inside = True

    def __exit__(self, *exc: object) -> None:
        self._inside = False
        if self._interrupted:
            self._interrupted = False
            raise KeyboardInterrupt

    def _interrupt(self, *_: object) -> None:
        if not self._inside or self._interrupted:
            raise KeyboardInterrupt
        self._interrupted = True

    @contextmanager
    def kept(self) -> Generator[None, None, None]:
        """Keeps steps whole from here on, where SIGINT does what Python makes of it."""
        main = threading.current_thread() is threading.main_thread()
        if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            yield
            return
        signal.signal(signal.SIGINT, self._interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)


class Writer:
    """Blocks of rows, on their way to a file descriptor. An interrupt neither loses a row nor writes one twice."""

    def __init__(self, fd: int, name: str, form: str = "zdns") -> None:
        self.fd = fd
        self.form = form
        self.whole = _Whole()
        self._name = name
        self.prompt = stat.S_ISREG(os.fstat(fd).st_mode)
        self._view = memoryview(bytearray(2 * _FLUSH))
        self._start = self._end = 0
        self._flushed = monotonic()

    @property
    def due(self) -> bool:
        """There is enough to write, or it has waited long enough."""
        pending = self._end - self._start
        return pending >= _FLUSH or (pending > 0 and monotonic() - self._flushed > _FLUSH_SECONDS)

    @property
    def room(self) -> bool:
        return self._end < _FLUSH

    @property
    def empty(self) -> bool:
        return self._start == self._end

    def take(self, engine: Engine) -> int:
        """Drains finished rows behind those that wait; returns how many."""
        with self.whole:
            written, rows, wanted = engine.drain(self.form, self._view[self._end :])
            if wanted:  # a single row that is larger than the room: there is always some, see `room`
                grown = memoryview(bytearray(self._end + wanted))
                grown[: self._end] = self._view[: self._end]
                self._view = grown
                written, rows, _ = engine.drain(self.form, self._view[self._end :])
            self._end += written
        return rows

    def flush(self) -> None:
        """Writes what waits: all of it to a file, to a pipe as much as it takes without blocking."""
        while self._start < self._end:
            if self.prompt:
                stop = self._end
            elif _ready(self.fd, select.POLLOUT):
                stop = min(self._end, self._start + _PIPE)
            else:
                return
            try:
                with self.whole:
                    self._start += os.write(self.fd, self._view[self._start : stop])
            except BlockingIOError:  # a descriptor that somebody else made non-blocking
                return
            except OSError as error:
                raise OSError(error.errno, error.strerror, self._name) from None
        self._start = self._end = 0
        self._flushed = monotonic()


def pump(engine: Engine, types: Types, reader: Reader, writer: Writer, tick: Callable[[], None]) -> int:
    """Looks every line up for every type; returns rows written. `tick` is called again and again.

    Raises OSError when reading or writing fails, ResqueryError when the totals do not balance. Interrupted, it still
    writes the rows that it has.
    """
    with writer.whole.kept():
        try:
            rows = _pump(engine, types, reader, writer, tick)
        except KeyboardInterrupt:
            if writer.room:
                writer.take(engine)
            writer.flush()
            raise
    if rows != reader.inputs * len(types):
        raise ResqueryError(f"totals do not balance: {reader.inputs} names, {len(types)} types, but {rows} rows")
    return rows


def _pump(engine: Engine, types: Types, reader: Reader, writer: Writer, tick: Callable[[], None]) -> int:
    column: Column | None = None
    slots, first, held, rows = engine.limits.slots, 0, 0, 0
    while column is not None or not reader.ended or held or not writer.empty:
        while held + len(types) <= slots:  # a name goes in whole, for all its types
            if column is None:
                column = reader.column(wait=not held and writer.empty)
            if column is None:
                break
            taken = engine.submit(column, types, first)
            first += taken
            held += taken * len(types)
            if not column.left:
                column = None
        starved = column is None and not reader.ended
        if _serve(engine, reader if starved else None, None if held and writer.room else writer) and writer.room:
            drained = writer.take(engine)
            held -= drained
            rows += drained
        if writer.due or not held:
            writer.flush()
        tick()
    return rows


def _serve(engine: Engine, starved: Reader | None, blocked: Writer | None) -> int:
    """Serves the network until a row is finished, or the input that starves us has more, or the output takes more."""
    if starved is None and blocked is None:
        return engine.step(SLICE_MS)
    finished = engine.step(0)
    if finished and blocked is None:
        return finished
    poll = select.poll()
    poll.register(engine.fileno(), select.POLLIN)
    if starved is not None:
        poll.register(starved.fd, select.POLLIN)
    if blocked is not None:
        poll.register(blocked.fd, select.POLLOUT)
    due = engine.wait_ms()
    poll.poll(SLICE_MS if finished or due < 0 else min(due, SLICE_MS))
    return engine.step(0)


def _ready(fd: int, event: int) -> bool:
    poll = select.poll()
    poll.register(fd, event)
    return bool(poll.poll(0))
