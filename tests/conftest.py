"""The tally of the tests beside other programs: cases run with each, and where we differ, at the end of a run."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

Tally = dict[str, Counter[str]]
AGREE = "agree"
_tally: pytest.StashKey[Tally] = pytest.StashKey()


@pytest.fixture(scope="session")
def tally(pytestconfig: pytest.Config) -> Tally:
    """Counts by oracle and outcome: `tally["dig: text"]["agree"] += 1`, or with the reason of a disagreement."""
    return pytestconfig.stash.setdefault(_tally, defaultdict(Counter))


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
