"""What tests of several folders need, and the tally of the tests beside other programs, at the end of a run.

The tally: cases run with each program, and where we differ.
"""

from __future__ import annotations

import gc
import signal
import socket
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

Tally = dict[str, Counter[str]]
AGREE = "agree"
_tally: pytest.StashKey[Tally] = pytest.StashKey()


@pytest.fixture(scope="session")
def tally(pytestconfig: pytest.Config) -> Tally:
    """Counts by oracle and outcome: `tally["dig: text"]["agree"] += 1`, or with the reason of a disagreement."""
    return pytestconfig.stash.setdefault(_tally, defaultdict(Counter))


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT raises KeyboardInterrupt, also where the tests' own parent has it ignored (a job in the background)."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def pytest_collection_finish() -> None:
    """What is there before the first test stays: the many collections that tests ask for need not look through it."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process of several that test side by side (pytest-xdist) hands its counts over."""
    if hasattr(session.config, "workeroutput"):
        counts = session.config.stash.get(_tally, {})
        session.config.workeroutput["tally"] = {oracle: dict(outcomes) for oracle, outcomes in counts.items()}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """The counts of such a process are added to the others'."""
    counts = node.config.stash.setdefault(_tally, defaultdict(Counter))
    for oracle, outcomes in getattr(node, "workeroutput", {}).get("tally", {}).items():
        counts[oracle].update(outcomes)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """One line for each oracle, then one for each reason to differ from it, with the types it concerns."""
    counts = config.stash.get(_tally, {})
    if not counts:
        return
    terminalreporter.section("beside other programs")
    for oracle, outcomes in sorted(counts.items()):
        differ = sum(outcomes.values()) - outcomes[AGREE]
        terminalreporter.line(f"{oracle}: {sum(outcomes.values())} cases, {differ} disagreements")
        reasons: dict[str, Counter[str]] = defaultdict(Counter)
        for outcome, count in outcomes.items():
            rrtype, _, reason = outcome.partition(": ")
            reasons[reason][rrtype] += count
        for reason, types in sorted(reasons.items()):
            if reason:
                terminalreporter.line(f"    {sum(types.values())} x {reason} ({' '.join(sorted(types))})")
