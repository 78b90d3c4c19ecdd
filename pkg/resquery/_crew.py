"""Several engines in threads of their own, for a caller who gives names and takes what becomes of them.

The caller's thread alone touches the input and makes Python objects of rows; the others move octets between queues and
engines, which serve the network however slow the caller is. What they hold is bounded by the engines' slots: names go
in only while there is room for their rows. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import os
import threading
from _thread import allocate_lock, start_new_thread
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import islice, takewhile
from queue import Empty, SimpleQueue
from time import monotonic, sleep
from typing import Generic, TypeVar, cast

from ._engine import SLICE_MS, Column, Engine, Types
from ._lib import text_octets
from ._settings import fair
from .errors import ResqueryError

T = TypeVar("T")
Made = tuple[T | None, int]  # what is handed over, if anything, and how many rows left their engine for it
Gather = Callable[[int, bool], Iterable[Made[T]]]

GULP = 256  # names taken from the input at once,
_HANDFUL = 16  # and at the most between two looks at the clock
_GULP_SECONDS = 0.005  # a slow input is not waited for longer than this while there is something to send
_NAME_MAX = 4096  # octets of an input that are looked at: none as long is a name
FEW = 120  # where rows come in smaller numbers, though more lookups are held, each turn of a thread costs
PAUSE = 0.0002  # more than they do: they are left to gather for so many seconds, which a kernel's buffers last for
_STARVED_MS = 5  # how long a thread serves the network before it looks for names again


class Names:
    """The input, as columns of names. A failure of it is kept for when the names before it are done."""

    __slots__ = ("_index", "_names", "ended", "failure")

    def __init__(self, names: Iterator[str | bytes]) -> None:
        self._names = names
        self._index = 0
        self.ended = False
        self.failure: Exception | None = None

    def gulp(self, most: int, start: float) -> Column:
        """Up to `most` names, fewer when the input is slow."""
        names: list[str | bytes] = []
        handful = 1  # of a slow input no second name is waited for
        try:
            while len(names) < most and not self.ended:
                wanted = min(len(names) + handful, most)
                names.extend(islice(self._names, wanted - len(names)))  # those before an exception stay
                self.ended = len(names) < wanted
                handful = min(2 * handful, _HANDFUL)
                if slow(start):
                    break
        except Exception as failure:
            self._fail(failure)
        column = self._column(names)
        self._index += column.left
        return column

    def _column(self, names: list[str | bytes]) -> Column:
        """Of those names, up to the first that is no text."""
        try:
            return column_of(names, self._index)
        except TypeError as failure:
            self._fail(failure)
            return column_of(list(takewhile(_is_text, names)), self._index)

    def _fail(self, failure: Exception) -> None:
        self.failure = failure
        self.ended = True


def _is_text(name: object) -> bool:
    return isinstance(name, (str, bytes))


def column_of(names: Sequence[str | bytes], first: int = 0) -> Column:
    """A column of names, each with as many octets as matter. Raises TypeError for what is no text."""
    try:
        text = "".join(cast("Sequence[str]", names))
        plain = text.isascii() and max(map(len, names), default=0) <= _NAME_MAX
    except TypeError:  # some are bytes, or worse
        text, plain = "", False
    if plain:
        return Column.of(text.encode(), map(len, names), first)
    octets = [text_octets(name)[:_NAME_MAX] for name in names]
    return Column.of(b"".join(octets), map(len, octets), first)


def slow(start: float) -> bool:
    """Whether it is time to turn from the input to the network."""
    return monotonic() - start > _GULP_SECONDS


class Crew(Generic[T]):
    """Engines at work, each in its thread; `gather` makes the function that takes an engine's finished rows.

    That function is told how many rows are finished, and whether these are the last.
    """

    def __init__(self, engines: Sequence[Engine], types: Types, gather: Callable[[Engine], Gather[T]]) -> None:
        self.types = types
        self.given: SimpleQueue[Column | None] = SimpleQueue()  # None: there are no more
        self.made: SimpleQueue[Made[T] | BaseException | None] = SimpleQueue()  # None: a thread has ended
        self._engines = engines
        self._gulp = min(fair(engine.limits, GULP) for engine in engines)
        self._gather = gather
        self._pid = os.getpid()
        self._stopped = False

    @property
    def deserted(self) -> bool:
        """Nobody waits for more: we were closed, or the program ends and left us behind."""
        return self._stopped or not (
            threading.main_thread().is_alive() or any(map(_keeps_running, threading.enumerate()))
        )

    def run(self, names: Names) -> Generator[T, None, None]:
        """What the engines make of the names, in order of completion. Closing it ends the threads, within 100 ms."""
        threads = [Thread(partial(self._hand, engine)) for engine in self._engines]
        try:
            for thread in threads:
                thread.start()
            yield from self._run(names)
        finally:
            self._stop(threads)
        if names.failure is not None:
            raise names.failure

    def _run(self, names: Names) -> Generator[T, None, None]:
        slots, at_work, told = sum(engine.limits.slots for engine in self._engines), len(self._engines), False
        room = slots
        least = max(len(self.types), min(room // 8, self._gulp * len(self.types)))  # names go in handfuls
        while at_work:
            if os.getpid() != self._pid:
                raise ResqueryError("these lookups belong to the parent process; start new ones after a fork")
            start = monotonic()
            while not names.ended and room >= least and not slow(start):
                column = names.gulp(min(self._gulp, room // len(self.types)), start)
                room -= column.left * len(self.types)
                self.given.put(column)
            if names.ended and not told:
                self.given.put(None)
                told = True
            try:
                made = self.made.get(timeout=0 if slow(start) else SLICE_MS / 1000)
            except Empty:
                continue
            if made is None:
                at_work -= 1
            elif isinstance(made, BaseException):
                raise made
            else:
                room += made[1]
                if made[0] is not None:
                    yield made[0]
        if not names.ended or room != slots:
            raise ResqueryError("the program ends: these lookups were given up")

    def _stop(self, threads: Sequence[Thread]) -> None:
        """Ends the threads; each closes its engine. In a child process there are none, only what they left behind."""
        self._stopped = True
        if os.getpid() != self._pid:
            for engine in self._engines:
                engine.abandon()
            return
        self.given.put(None)  # wakes those that wait
        try:
            join(threads)
        finally:
            for thread, engine in zip(threads, self._engines, strict=True):
                if thread.over:  # else it is at work still, for a second interrupt came: it closes its engine
                    engine.close()

    def _hand(self, engine: Engine) -> None:
        try:
            with engine:
                self._work(engine, self._gather(engine))
            self.made.put(None)
        except BaseException as failure:
            self.made.put(failure)

    def _work(self, engine: Engine, gather: Gather[T]) -> None:
        """What one thread does: take names while slots are free, serve the network, hand over what has finished."""
        slots, each, most = engine.limits.slots, len(self.types), self._gulp
        paced = engine.limits.rate is not None or engine.limits.rate_per_server is not None
        held, column, ended = 0, None, False
        while not self.deserted:
            wait = SLICE_MS
            if held + each <= slots and not ended:
                if column is None and not (paced and engine.not_begun() >= most):  # else the others may be quicker
                    column, ended = self._next(idle=held == 0)
                wait = _STARVED_MS
            if held + each <= slots and column is not None:
                held += engine.submit(column, self.types) * each
                if not column.left:
                    column, wait = None, _STARVED_MS  # the next are for who comes first
            finished = engine.step(wait) if held else 0
            done = ended and not column and finished == held
            for made in gather(finished, done):
                held -= made[1]
                self.made.put(made)
            if done:
                return
            if 0 < finished < FEW < held:
                sleep(PAUSE * len(self._engines))  # each of them gets its part of the answers

    def _next(self, *, idle: bool) -> tuple[Column | None, bool]:
        """Names, if there are any, and whether there will be no more."""
        try:
            column = self.given.get(timeout=SLICE_MS / 1000) if idle else self.given.get_nowait()
        except Empty:
            return None, False
        if column is None:
            self.given.put(None)  # for the others
        return column, column is None


def _keeps_running(thread: threading.Thread) -> bool:
    """Whether the program goes on for that thread's sake, and not only for threads of lookups."""
    return not (thread.daemon or isinstance(thread, _Worker)) and thread.is_alive()  # the main thread is listed dead


class _Worker(threading.Thread):
    """Told from the threads of others by its class."""


class Thread:
    """A thread whose start and end a signal to the main thread cannot break.

    What its handler raises comes at any moment, also inside the locks of threading, which then stay taken for ever. So
    the main thread uses nothing here but single calls of C, and has another thread, which no signal reaches, start
    this one by way of threading: that is what lets the end of the program wait for it.
    """

    __slots__ = ("_ended", "_is_over", "_owner", "_work")

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._owner: dict[str, str] = {}  # setdefault is atomic: who comes first, the work or its end, owns it
        self._is_over = False
        self._ended = allocate_lock()
        self._ended.acquire()

    def start(self) -> None:
        """Begins the work. Raises RuntimeError when there can be no more threads."""
        start_new_thread(self._begin, ())

    def _begin(self) -> None:
        try:
            _Worker(target=self._run, name="resquery", daemon=False).start()
        except RuntimeError:  # the last thread that there could be is this one
            self._run()

    def _run(self) -> None:
        if self._owner.setdefault("owner", "work") != "work":
            return
        try:
            self._work()
        finally:
            self._is_over = True
            self._ended.release()

    @property
    def over(self) -> bool:
        """The work has ended, or will never begin."""
        return self._is_over or self._owner.get("owner") == "end"

    def wait(self, seconds: float) -> bool:
        """Waits for its end; whether that has come."""
        if not self.over:
            self._ended.acquire(timeout=seconds)  # and stays acquired: it is released once
        return self.over

    def join(self) -> None:
        """Waits for its end, which is near, or sees to it that it never begins; what a signal raises comes after it."""
        raised: BaseException | None = None
        self._owner.setdefault("owner", "end")
        while not self.over:
            try:
                self.wait(SLICE_MS / 1000)
            except BaseException as caught:
                raised = caught
        if raised is not None:
            raise raised


def join(threads: Sequence[Thread]) -> None:
    """Waits for the end of all, whatever comes in between."""
    with ExitStack() as stack:
        for thread in threads:
            stack.callback(thread.join)
