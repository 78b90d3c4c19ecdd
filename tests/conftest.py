"""The tally of the tests beside other programs: cases run with each, and where we differ, at the end of a run."""

from __future__ import annotations

import gc
from collections import Counter, defaultdict
from typing import Any

import pytest

Tally = dict[str, Counter[str]]
AGREE = "agree"
_tally: pytest.StashKey[Tally] = pytest.StashKey()


@pytest.fixture(scope="session")
def tally(pytestconfig: pytest.Config) -> Tally:
    """Counts by oracle and outcome: `tally["dig: text"]["agree"] += 1`, or with the reason of a disagreement."""
    return pytestconfig.stash.setdefault(_tally, defaultdict(Counter))


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
