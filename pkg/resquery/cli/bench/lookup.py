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
from collections.abc import Generator, Iterable
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


def measure(case: Case, servers: Iterable[str], parties: list[Contender], rounds: int, folder: Path) -> dict[str, Any]:
    """The figures of one case, by server: see `figures`. Raises ResqueryError when an answer is wrong."""
    parties = [one for one in parties if case.servers == 1 or not one.one_server]
    with ExitStack() as stack:
        kinds = ["embedded"] if case.loss or case.delay else list(servers)
        served = [stack.enter_context(served_by(kind, folder, case)) for kind in kinds]
        run = _Runs(case, folder)
        for one in served:
            for party in parties:
                run.check(party, one)
        for number in range(rounds):
            turned = parties[number % len(parties) :] + parties[: number % len(parties)]
            for one in served:
                for party in turned:
                    run.time(party, one)
        return {
            one.who: {party.key: figures(party, *run.of(party, one), run.of_floor(one)) for party in parties}
            for one in served
        }


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
    """The runs of a case so far, and files of names for the next."""

    def __init__(self, case: Case, folder: Path) -> None:
        self._case, self._folder = case, folder
        self._starts: dict[tuple[str, str], list[Sample]] = defaultdict(list)
        self._full: dict[tuple[str, str], list[Sample]] = defaultdict(list)

    def check(self, party: Contender, served: Served) -> None:
        """Has it answer some names, each once and right, before anything is timed."""
        count = min(CHECKED_NAMES, self._case.names)
        rows = self._run(party, served, count, checked=True).rows
        if rows.missing and not self._case.loss:
            raise ResqueryError(f"{party.title}: {rows.missing} of {count} names are not answered; nothing was timed")

    def time(self, party: Contender, served: Served) -> None:
        """One turn: one name, then all."""
        key = party.key, served.who
        count = min(self._case.names, SLOW_NAMES) if party.slow else self._case.names
        _tell(f"{served.who}: {party.title}, {count:,} names")
        self._starts[key].append(self._run(party, served, 1))
        self._full[key].append(self._run(party, served, count))

    def of(self, party: Contender, served: Served) -> tuple[list[Sample], list[Sample]]:
        """Runs with one name, and with all."""
        return self._starts[party.key, served.who], self._full[party.key, served.who]

    def of_floor(self, served: Served) -> list[float]:
        """CPU seconds a lookup of the floor, by round; [] when it does not run."""
        return marginal(self._starts[FLOOR, served.who], self._full[FLOOR, served.who])

    def _run(self, party: Contender, served: Served, count: int, *, checked: bool = False) -> Sample:
        names = self._folder / f"names-{count}{'-mixed' * self._case.mixed}"
        if not names.exists():
            write_names(names, count, mixed=self._case.mixed)
        (self._folder / "rows").unlink(missing_ok=True)
        task = Task(self._folder, names, count, served, checked)
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
