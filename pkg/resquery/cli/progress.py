"""The progress line of `resquery bulk`, on a terminal's standard error: with rich if it is installed, else plain.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from math import inf
from time import monotonic
from typing import Any

from .._engine import Stats
from .._files import Reader

_EVERY = 0.2  # seconds between two updates


@contextmanager
def progress(
    stats: Callable[[], Stats], reader: Reader, types: int, *, shown: bool
) -> Generator[Callable[[], None], None, None]:
    """A function to call often; now and then it shows how far the lookups are."""
    if not shown:
        yield lambda: None
        return
    line, start, due = _line(), monotonic(), 0.0

    def tick() -> None:
        nonlocal due
        if monotonic() < due:
            return
        due = inf  # for good where the terminal is gone
        with suppress(OSError):
            line.show(parts(stats(), reader, types, monotonic() - start))
            due = monotonic() + _EVERY

    try:
        try:
            yield tick
        finally:  # also interrupted, the line ends with what was done
            due = 0.0
            tick()
    finally:
        with suppress(OSError):
            line.end()


def parts(stats: Stats, reader: Reader, types: int, seconds: float) -> list[str]:
    """What the line says, the most important first."""
    said = [f"{stats.rows:,} done", f"{stats.rows / max(seconds, 1e-9):,.0f}/s", f"{stats.in_flight:,} in flight"]
    left = seconds_left(stats.rows, reader, types, seconds)
    if left is not None:
        said.append(f"ETA {int(left // 60)}:{int(left % 60):02d}")
    counts = sorted(stats.statuses.items(), key=lambda item: -item[1])
    return said + [f"{name} {count:,}" for name, count in counts]


def seconds_left(rows: int, reader: Reader, types: int, seconds: float) -> float | None:
    """From the rows so far and how much of the file they are; None when that is unknown."""
    if not reader.size or not reader.octets or not rows:
        return None
    expected = reader.inputs * types * max(reader.size / reader.octets, 1.0)
    return max(expected / rows - 1, 0.0) * seconds


class _Plain:
    """One line that is written over."""

    def show(self, said: list[str]) -> None:
        width = shutil.get_terminal_size().columns - 1
        sys.stderr.write("\r" + "  ".join(said)[:width].ljust(width))
        sys.stderr.flush()

    def end(self) -> None:
        sys.stderr.write("\n")


class _Rich:
    """The same line in colour."""

    def __init__(self, live: Any, text: Any) -> None:
        self._live = live
        self._text = text
        live.start()

    def show(self, said: list[str]) -> None:
        text = self._text(no_wrap=True, overflow="ellipsis").append(said[0], style="bold green")
        for part in said[1:]:
            text.append("  ").append(part, style="cyan" if part.startswith("ETA") else "")
        self._live.update(text, refresh=True)

    def end(self) -> None:
        self._live.stop()


def _line() -> _Plain | _Rich:
    try:
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text
    except ImportError:
        return _Plain()
    console = Console(stderr=True)
    return _Rich(Live(console=console, auto_refresh=False), Text) if console.is_terminal else _Plain()
