"""Times the contenders of contenders.py in turns: each run a process, whose CPU seconds the system tells.

CPU time a lookup is what a run takes beyond a run with a single name, which tells what it takes to start.
SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import os
import select
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import ResqueryError
from .contenders import FLOOR, Contender, Task
from .measure import spread
from .served import Rows, Served, embedded, knot, nsd, write_names

SLOW_NAMES = 10_000
CHECKED_NAMES = 2_000
_WATCH_SECONDS = 0.02  # how often the memory of a run is looked at
_RUN_SECONDS = 1800.0


class Case(NamedTuple):
    """What is varied between tables."""

    names: int
    servers: int = 1
    loss: float = 0.0  # a share
    delay: float = 0.0  # seconds
    mixed: bool = False  # names of many lengths

    def title(self) -> str:
        """In words."""
        words = [f"{self.names:,} names", f"{self.servers:,} server{'s' * (self.servers != 1)}"]
        words += [f"{self.loss:.0%} loss"] if self.loss else []
        words += [f"{self.delay * 1000:g} ms delay"] if self.delay else []
        words += ["names of many lengths"] if self.mixed else []
        return ", ".join(words)


class Ran(NamedTuple):
    """What a process used."""

    cpu_s: float
    wall_s: float
    peak_kib: int
    said: str


class Setting(NamedTuple):
    """Where a contender runs: one of the cases, at one of its servers."""

    case: Case
    served: Served

    @property
    def key(self) -> tuple[Case, str]:
        """What tells it from others."""
        return self.case, self.served.who


def measure(
    cases: Sequence[Case], kinds: Sequence[str], parties: Sequence[Contender], rounds: int, folder: Path
) -> list[dict[str, Any]]:
    """The figures of each case, by server: see `figures`. Raises ResqueryError when an answer is wrong.

    All cases are part of each round, so that a slow moment of the machine does not look like growth.
    """
    with ExitStack() as stack:
        places = _places(cases, kinds, folder, stack)
        runs = _Runs(folder)
        turns = [(place, party) for place in places for party in _able(parties, place.case)]
        for place, party in turns:
            runs.check(party, place)
        for number in range(rounds):
            at = number * len(turns) // rounds
            for place, party in turns[at:] + turns[:at]:
                runs.time(party, place)
        return [
            {
                place.served.who: _all_figures(runs, place, _able(parties, case))
                for place in places
                if place.case == case
            }
            for case in cases
        ]


def _places(cases: Sequence[Case], kinds: Sequence[str], folder: Path, stack: ExitStack) -> list[Setting]:
    """Every case with every server that it takes; cases that differ in their names alone share servers."""
    started: dict[tuple[str, Case], Served] = {}
    places: list[Setting] = []
    for case in cases:
        for kind in ["embedded"] if case.loss or case.delay else kinds:
            key = kind, case._replace(names=0, mixed=False)
            if key not in started:
                started[key] = stack.enter_context(served_by(kind, folder, case))
            places.append(Setting(case, started[key]))
    return places


def _able(parties: Sequence[Contender], case: Case) -> list[Contender]:
    return [one for one in parties if case.servers == 1 or not one.one_server]


def _all_figures(runs: _Runs, place: Setting, parties: Sequence[Contender]) -> dict[str, Any]:
    floor = runs.of_floor(place)
    return {party.key: figures(party, *runs.of(party, place), floor) for party in parties}


@contextmanager
def served_by(kind: str, folder: Path, case: Case) -> Generator[Served, None, None]:
    """A server of this kind, as the case wants it."""
    if kind == "embedded":
        with embedded(folder, case.servers, loss=case.loss, delay=case.delay) as served:
            yield served
    else:
        with {"knot": knot, "nsd": nsd}[kind](folder, case.servers) as served:
            yield served


class Sample(NamedTuple):
    """A run, and how many names it had."""

    names: int
    ran: Ran
    rows: Rows


class _Runs:
    """The runs so far, and files of names for the next."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._starts: dict[object, list[Sample]] = defaultdict(list)
        self._full: dict[object, list[Sample]] = defaultdict(list)

    def check(self, party: Contender, place: Setting) -> None:
        """Has it answer some names, each once and right, before anything is timed."""
        count = min(CHECKED_NAMES, place.case.names)
        rows = self._run(party, place, count, checked=True).rows
        if rows.missing and not place.case.loss:
            raise ResqueryError(f"{party.title}: {rows.missing} of {count} names are not answered; nothing was timed")

    def time(self, party: Contender, place: Setting) -> None:
        """One turn: one name, then all."""
        key = party.key, place.key
        count = min(place.case.names, SLOW_NAMES) if party.slow else place.case.names
        _tell(f"{place.served.who}: {party.title}, {place.case.title()}")
        self._starts[key].append(self._run(party, place, 1))
        self._full[key].append(self._run(party, place, count))

    def of(self, party: Contender, place: Setting) -> tuple[list[Sample], list[Sample]]:
        """Runs with one name, and with all."""
        return self._starts[party.key, place.key], self._full[party.key, place.key]

    def of_floor(self, place: Setting) -> list[float]:
        """CPU seconds a lookup of the floor, by round; [] when it does not run."""
        return marginal(self._starts[FLOOR, place.key], self._full[FLOOR, place.key])

    def _run(self, party: Contender, place: Setting, count: int, *, checked: bool = False) -> Sample:
        names = self._folder / f"names-{count}{'-mixed' * place.case.mixed}"
        if not names.exists():
            write_names(names, count, mixed=place.case.mixed)
        (self._folder / "rows").unlink(missing_ok=True)
        task = Task(self._folder, names, count, place.served, checked)
        ran = run(party.command(task), self._folder)
        return Sample(count, ran, party.counted(task, ran.said))


def run(command: list[str], folder: Path) -> Ran:
    """Runs it to its end. Raises ResqueryError when it fails."""
    with (folder / "said").open("w+b") as said, (folder / "complained").open("w+b") as complained:
        began = time.perf_counter()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=complained, cwd=folder)
        peak = _watch(child.pid, began + _RUN_SECONDS)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            complained.seek(0)
            words = complained.read().decode(errors="replace").strip()[-1000:]
            raise ResqueryError(f"{' '.join(command)[:300]} failed with {child.returncode}: {words}")
        said.seek(0)
        return Ran(usage.ru_utime + usage.ru_stime, wall, peak, said.read().decode(errors="replace"))


def _watch(pid: int, deadline: float) -> int:
    """Waits for its end; the most memory it was seen to have, in KiB.

    ru_maxrss would tell ours, carried over fork and exec.
    """
    peak, ended = 0, os.pidfd_open(pid)
    try:
        while not select.select([ended], [], [], _WATCH_SECONDS)[0]:
            peak = max(peak, _peak_kib(pid))
            if time.perf_counter() > deadline:
                os.kill(pid, 9)
    finally:
        os.close(ended)
    return peak


def _peak_kib(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("VmHWM:")), 0)
    except OSError:
        return 0


def figures(party: Contender, starts: list[Sample], full: list[Sample], floor: list[float]) -> dict[str, Any]:
    """Spreads over the rounds: CPU microseconds a lookup, which is CPU seconds a million; times the floor; the rest."""
    each = marginal(starts, full)
    lookups = sum(sample.names for sample in full)
    return {
        "title": party.title,
        "group": party.group,
        "names": full[0].names,
        "us": spread([seconds * 1e6 for seconds in each]),
        "us_by_round": [seconds * 1e6 for seconds in each],
        "whole_us": spread([sample.ran.cpu_s / sample.names * 1e6 for sample in full]),
        "start_ms": spread([sample.ran.cpu_s * 1e3 for sample in starts]),
        "per_s": spread([sample.names / _lasted(sample, starts) for sample in full]),
        "peak_mib": spread([sample.ran.peak_kib / 1024 for sample in full]),
        "unanswered": sum(sample.rows.missing for sample in full) / lookups,
        "ratio": spread([a / b for a, b in zip(each, floor, strict=True)]) if floor else None,
    }


def marginal(starts: list[Sample], full: list[Sample]) -> list[float]:
    """CPU seconds a lookup in each round, without what it takes to start."""
    if not full:
        return []
    start = statistics.median(sample.ran.cpu_s for sample in starts)
    return [max(sample.ran.cpu_s - start, 1e-12) / max(sample.names - 1, 1) for sample in full]


def _lasted(sample: Sample, starts: list[Sample]) -> float:
    """Seconds of a run without its start."""
    return max(sample.ran.wall_s - statistics.median(start.ran.wall_s for start in starts), 1e-6)


def _tell(text: str) -> None:
    """Progress, for who sits in front of it."""
    if sys.stderr.isatty():
        print(text, file=sys.stderr)
