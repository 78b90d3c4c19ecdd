"""Files as the pump sees them: lines of one become columns of names, blocks of rows go to the other.

Any number of threads may share a file: each takes whole lines and writes whole rows. Memory is the same for any length
of input and of line. SPDX-License-Identifier: MIT
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
from types import FrameType
from typing import Any

from ._engine import Column, Engine, Lines, Types

_CHUNK = 1 << 17  # octets read at once
LINES = 8192  # lines cut at once
_LONG = 4096  # octets kept of a line longer than a chunk: none as long is a name
_FLUSH = 1 << 19  # octets written at once
_FLUSH_SECONDS = 0.1  # rows wait no longer than this to be written
_MARK = b"\xef\xbb\xbf"  # UTF-8's byte order mark, which some editors put before the first line
_PIPE = 4096  # octets that a writable pipe takes without blocking (PIPE_BUF)
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # what ends a program that is at work


class Block(Lines):
    """Room for the lines that one thread takes at once."""

    def __init__(self, most: int = LINES) -> None:
        super().__init__(_CHUNK, most)


class Reader:
    """Lines of a file descriptor, as columns of names. Threads take turns."""

    def __init__(self, fd: int, name: str) -> None:
        info = os.fstat(fd)
        self._name = name
        self.fd = fd
        self.prompt = stat.S_ISREG(info.st_mode)  # a read never waits
        self.size = info.st_size if self.prompt else None
        self.octets: int = 0  # taken so far, what was not yet cut left out
        self.inputs = 0
        self.blank = 0
        self.ended = False
        self._buffer = bytearray(_CHUNK)
        self._view = memoryview(self._buffer)
        self._start: int = 0
        self._end: int = 0
        self._whole = self._last = False  # whether a whole line is in the buffer; whether no more text follows
        self._turn = threading.Lock()

    def column(self, lines: Block, *, wait: bool) -> Column | None:
        """The next names; None when the input has ended, or when it has nothing now and must not be waited for."""
        with self._turn:
            return self._column(lines, wait)

    def _column(self, lines: Block, wait: bool) -> Column | None:
        while not self.ended:
            if self._whole:
                column = self._cut(lines)
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

    def _cut(self, block: Block) -> Column:
        """Names from what was read; the line that has not ended yet moves to the front of the buffer."""
        consumed, blank = block.cut(self._view[self._start : self._end], last=self._last)
        stop = self._start + consumed
        column = block.column
        column.first = self.inputs
        self.octets += consumed
        self.inputs += column.left
        self.blank += blank
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
        if self.octets == 0 and self._end == count and self._buffer.startswith(_MARK):
            self._end = count - len(_MARK)
            self._buffer[: self._end] = self._buffer[len(_MARK) : count]
            self.octets = len(_MARK)

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


class Whole:
    """Steps that a signal does not split: what its handler does waits for their end; for a second one nothing waits."""

    def __init__(self) -> None:
        self._inside = False
        self._came: int | None = None
        self._handlers: dict[int, Callable[[int, FrameType | None], Any]] = {}

    def __enter__(self) -> None:
        self._inside = True

    def __exit__(self, *exc: object) -> None:
        self._inside = False
        came, self._came = self._came, None
        if came is not None:
            self._handlers[came](came, None)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._inside and self._came is None:
            self._came = number
        else:
            self._handlers[number](number, frame)

    @contextmanager
    def kept(self) -> Generator[None, None, None]:
        """Keeps steps of the main thread whole from here on, for the signals that have a handler in Python."""
        if threading.current_thread() is threading.main_thread():
            handlers = {number: signal.getsignal(number) for number in ENDING}
            self._handlers = {number: handler for number, handler in handlers.items() if callable(handler)}
        try:
            for number in self._handlers:
                signal.signal(number, self._handle)
            yield
        finally:
            for number, handler in self._handlers.items():
                signal.signal(number, handler)


class Sink:
    """A file descriptor for rows, which one writer has at a time: until its last row is out, and never between."""

    def __init__(self, fd: int, name: str, form: str = "zdns") -> None:
        self.fd = fd
        self.name = name
        self.form = form
        info = os.fstat(fd)
        null = stat.S_ISCHR(info.st_mode) and info.st_rdev == os.makedev(1, 3)
        self.prompt = stat.S_ISREG(info.st_mode) or null  # a write never waits
        self.turn = threading.Lock()


class Writer:
    """Blocks of rows of one thread, on their way to a sink. A signal neither loses a row nor writes one twice."""

    def __init__(self, sink: Sink, whole: Whole) -> None:
        self._whole = whole
        self._sink = sink
        self._mine = False  # the sink is ours: we wrote, and are not done
        self._view = memoryview(bytearray(2 * _FLUSH))
        self._start = self._end = 0
        self._flushed = monotonic()

    @property
    def fd(self) -> int | None:
        """What to watch until more can be written; None while another thread writes."""
        return self._sink.fd if self._mine or not self._sink.turn.locked() else None

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
        return self._take(engine, lambda room: engine.drain(self._sink.form, room))

    def work(self, engine: Engine, column: Column, types: Types, wait_ms: int) -> int:
        """Has names looked up, and takes rows all the while, see Engine.work; returns how many."""
        return self._take(engine, lambda room: engine.work(column, types, wait_ms, self._sink.form, room))

    def _take(self, engine: Engine, drained: Callable[[memoryview], tuple[int, int, int]]) -> int:
        with self._whole:
            written, rows, wanted = drained(self._view[self._end :])
            if wanted:  # a single row that is larger than the room: there is always some, see `room`
                grown = memoryview(bytearray(self._end + wanted))
                grown[: self._end] = self._view[: self._end]
                self._view = grown
                written, rows, _ = engine.drain(self._sink.form, self._view[self._end :])
            self._end += written
        return rows

    def flush(self) -> None:
        """Writes what waits: all of it to a file, to a pipe as much as it takes without blocking."""
        if self._start == self._end:
            return
        if not self._mine:
            with self._whole:
                self._mine = self._sink.turn.acquire(blocking=self._sink.prompt)
        if self._mine and self._written():
            self._flushed = monotonic()
            with self._whole:
                self._start = self._end = 0
                self._mine = False
                self._sink.turn.release()

    def _written(self) -> bool:
        """Writes; whether that was all."""
        fd, prompt = self._sink.fd, self._sink.prompt
        while self._start < self._end:
            if not prompt and not _ready(fd, select.POLLOUT):
                return False
            stop = self._end if prompt else self._piece()
            try:
                with self._whole:
                    self._start += os.write(fd, self._view[self._start : stop])
            except BlockingIOError:  # a descriptor that somebody else made non-blocking
                return False
            except OSError as error:
                with self._whole:
                    self._mine = False
                    self._sink.turn.release()
                raise OSError(error.errno, error.strerror, self._sink.name) from None
        return True

    def _piece(self) -> int:
        """Where the next write to a pipe stops: behind a row, unless that is larger than what a pipe takes at once.

        So an interrupt, after which nobody waits until the pipe takes more, leaves no part of a row in it.
        """
        stop = min(self._end, self._start + _PIPE)
        whole = bytes(self._view[self._start : stop]).rfind(b"\n") + 1
        return self._start + whole if whole else stop


def _ready(fd: int, event: int) -> bool:
    poll = select.poll()
    poll.register(fd, event)
    return bool(poll.poll(0))
