"""`resquery bulk`: a list of names in, one line of JSON out for each name and type. SPDX-License-Identifier: MIT"""

from __future__ import annotations

import argparse
import json
import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from errno import EISDIR
from typing import Any

from .. import __version__
from .._cache import Cache, CacheStats
from .._engine import Engine, Stats, Types
from .._files import ENDING, Reader, Sink, Whole
from .._pump import Pump
from .._settings import BulkSettings, known
from ..bulk import bulk_plan, type_list
from ..errors import IllegalSetting, ResqueryError, shown
from .options import add_load, add_settings, servers, settings
from .progress import progress
from .tell import tell


def add_to(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "bulk",
        help="look up every name of a list",
        description="Looks up every line of FILE and writes a line of JSON for each name and type, as they finish.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        default="-",
        help="names: each line is one, also behind a #; - is standard input (-)",
    )
    parser.add_argument("--type", action="append", metavar="TYPE", help="A, A,MX, TYPE65, 65, ...; may be repeated (A)")
    parser.add_argument("--output", default="-", metavar="FILE", help="where the rows go; - is standard output (-)")
    parser.add_argument(
        "--format", choices=("zdns", "rfc8427", "massdns"), default="zdns", help="the shape of the JSON (zdns)"
    )
    parser.add_argument("--stats", metavar="FILE", help="write totals there, as JSON; - is standard output")
    parser.add_argument("--quiet", action="store_true", help="on a terminal too, show no progress and ask for no names")
    add_load(parser)
    add_settings(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Looks everything up. Settings are checked before a file is touched."""
    start = time.monotonic()
    if arguments.file == arguments.servers == "-":
        raise ValueError("standard input is the input and cannot be the servers too")
    types = type_list([name for given in arguments.type or ["A"] for name in _items(given)])
    cache = _cache(arguments)
    given = known(settings(arguments) | {"cache": cache}, BulkSettings, "bulk")
    whole = Whole()
    with (
        _ended_in_order(),
        whole.kept(),
        _closing(bulk_plan(len(types), servers(arguments), given)()) as engines,
        _input(arguments.file, quiet=arguments.quiet) as source,
        _output(arguments.output, "output", {"input": source}) as sink,
        _stats_file(arguments.stats, {"input": source, "output": sink}) as write_stats,
    ):
        _empty(arguments.output, sink)  # now that nothing stands in the way
        reader = Reader(source, _shown(arguments.file, "input"))
        rows = Sink(sink, _shown(arguments.output, "output"), arguments.format)
        pump = Pump(engines, Types(types), reader, rows, whole)
        interrupted = True
        try:
            with progress(pump.stats, reader, len(types), shown=_watched(arguments, sink)) as tick:
                pump.run(tick)
            interrupted = False
        finally:
            with whole:
                stats = pump.stats()
                write_stats(_totals(stats, reader, cache, time.monotonic() - start, interrupted=interrupted))
            if not interrupted:
                _check_balance(stats)


def _items(given: str) -> list[str]:
    """What stands between commas. Raises IllegalSetting when that is nothing."""
    items = given.split(",")
    if "" in items:
        raise IllegalSetting("type", f"has an empty item: '{shown(given)}'", given)
    return items


@contextmanager
def _ended_in_order() -> Generator[None, None, None]:
    """Where a signal would end the process at once, it ends by way of SystemExit, with the status of a shell."""

    def end(number: int, _: object) -> None:
        sys.exit(128 + number)

    main = threading.current_thread() is threading.main_thread()
    taken = [number for number in ENDING if main and signal.getsignal(number) == signal.SIG_DFL]
    try:
        for number in taken:
            signal.signal(number, end)
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def _closing(engines: list[Engine]) -> Generator[list[Engine], None, None]:
    with ExitStack() as stack:
        for engine in engines:
            stack.enter_context(engine)
        yield engines


def _cache(arguments: argparse.Namespace) -> Cache | None:
    if arguments.entries is not None:
        return Cache(entries=arguments.entries, octets=max(8 << 20, 512 * arguments.entries))
    return Cache() if arguments.cache else None


@contextmanager
def _input(path: str, *, quiet: bool) -> Generator[int, None, None]:
    if path == "-":
        if os.isatty(0) and not quiet:
            tell("note: reads names from the terminal, one on a line, until Ctrl-D")
        yield 0
        return
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR), path)
        yield fd
    finally:
        os.close(fd)


@contextmanager
def _output(path: str, role: str, others: dict[str, int]) -> Generator[int, None, None]:
    """The descriptor to write to, not emptied yet; refuses a file that has another role already."""
    fd = 1 if path == "-" else os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        info = os.fstat(fd)
        regular = stat.S_ISREG(info.st_mode)
        for other, taken in others.items():
            if taken == fd or (regular and os.path.samestat(info, os.fstat(taken))):
                raise ValueError(f"{_shown(path, 'output')} is the {other} and cannot be the {role} too")
        yield fd
    finally:
        if path != "-":
            os.close(fd)


def _empty(path: str, fd: int) -> None:
    if path != "-" and stat.S_ISREG(os.fstat(fd).st_mode):
        os.ftruncate(fd, 0)


@contextmanager
def _stats_file(path: str | None, others: dict[str, int]) -> Generator[Callable[[dict[str, Any]], None], None, None]:
    """A function that writes the totals. The file is opened first: a million lookups should not end in a bad path."""
    if path is None:
        yield lambda totals: None
        return
    with _output(path, "stats", others) as sink:
        _empty(path, sink)

        def write(totals: dict[str, Any]) -> None:
            try:
                with open(sink, "w", encoding="utf-8", closefd=False) as file:
                    print(json.dumps(totals, indent=2), file=file)
            except OSError as error:
                raise OSError(error.errno, error.strerror, _shown(path, "output")) from None

        yield write


def _shown(path: str, what: str) -> str:
    return f"standard {what}" if path == "-" else path


def _watched(arguments: argparse.Namespace, sink: int) -> bool:
    """Whether somebody sees standard error, and the rows do not run over the same terminal."""
    return not arguments.quiet and os.isatty(2) and not os.isatty(sink)


def _check_balance(stats: Stats) -> None:
    if not stats.rows == stats.inputs == sum(stats.statuses.values()) or stats.held:
        raise ResqueryError(f"totals do not balance: the engine counts {stats}")


def _totals(stats: Stats, reader: Reader, cache: Cache | None, seconds: float, *, interrupted: bool) -> dict[str, Any]:
    """What --stats writes."""
    return {
        "version": __version__,
        "interrupted": interrupted,
        "inputs": reader.inputs,
        "blank": reader.blank,
        "rows": stats.rows,
        "statuses": stats.statuses,
        "tries": stats.tries,
        "queries": stats.queries,
        "received": stats.received,
        "dropped": stats.dropped,
        "repeats": stats.repeats,
        "distrusted": stats.distrusted,
        "shared": stats.shared,
        "cached": stats.cached,
        "stale": stats.stale,
        "benched": stats.benched,
        "tcp_connects": stats.tcp_connects,
        "cache": None if cache is None else _fields(cache.stats),
        "seconds": round(seconds, 6),
        "cpu_seconds": round(time.process_time(), 6),
        "peak_rss_bytes": _peak_rss(),
    }


def _fields(stats: CacheStats) -> dict[str, int]:
    return {field: getattr(stats, field) for field in CacheStats.__struct_fields__}


def _peak_rss() -> int:
    """The most memory this process held. Linux's ru_maxrss would tell the parent's, carried over fork and exec."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
