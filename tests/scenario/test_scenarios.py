"""Plays every *.scenario file of this folder: one lookup each, event by event, on virtual time.

A file reads: a comment that says what must happen; a policy line; and events with the decision that must follow:

    policy: 2 servers, 3 tries, 5000ms in all, 1000ms a try, udp, edns
    at 0ms: start -> send server 0 udp edns until 1000ms
    at 120ms: reply SERVFAIL -> keep send server 1 udp edns until 1120ms
    at 1120ms: timer -> ...

Events are `start` (`start at server N`), `timer`, `reply RCODE` (`reply RCODE TC`), `failed ERRNO`, `odd NAME` and
`wrong NAME`; the last two take their packets from lookup_player.py. `1000 times` before an event repeats it.
"""

from __future__ import annotations

import errno
import re
from pathlib import Path

import pytest
from lookup_player import ODD, RCODES, WRONG, in_milliseconds, play, reply

SCENARIOS = sorted(Path(__file__).parent.glob("*.scenario"))
POLICY = re.compile(r"policy: (\d+) servers?, (\d+) (?:tries|try), (\d+)ms in all, (\d+)ms a try, (udp|tcp)(, edns)?")
EVENT = re.compile(r"at ([\d.]+)ms: (?:(\d+) times )?(.+?) -> (.+)")


def policy_command(line: str) -> str:
    """The driver's command for a policy line."""
    servers, tries, total, one, transport, edns = POLICY.fullmatch(line).groups()  # type: ignore[union-attr]
    return f"policy {total}000 {one}000 {tries} {servers} {int(transport == 'tcp')} {int(bool(edns))}"


def event_command(now_us: int, event: str) -> str:
    """The driver's command for an event."""
    kind, _, rest = event.partition(" ")
    if kind == "start":
        return f"start {now_us} {rest.removeprefix('at server ') or 0}"
    if kind == "timer":
        return f"timer {now_us}"
    if kind == "failed":
        return f"failed {now_us} {getattr(errno, rest)}"
    if kind == "reply":
        wire = reply(RCODES[rest.removesuffix(" TC")], truncated=rest.endswith(" TC"))
    else:
        wire = {"odd": ODD, "wrong": WRONG}[kind][rest]
    return f"packet {now_us} {wire.hex()}"


def read_scenario(text: str) -> tuple[list[str], list[str], list[str]]:
    """Commands for the driver, the decisions that must follow, and the lines they stand on."""
    commands: list[str] = []
    expected: list[str] = []
    sources: list[str] = []
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("policy"):
            commands.append(policy_command(line))
            continue
        at, times, event, decision = EVENT.fullmatch(line).groups()  # type: ignore[union-attr]
        count = int(times or 1)
        commands += [event_command(round(float(at) * 1000), event)] * count
        expected += [decision] * count
        sources += [line] * count
    return commands, expected, sources


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_lookup_decides_as_the_scenario_says(player: Path, path: Path) -> None:
    """Every event of the file is followed by the decision that stands beside it, and the lookup ends."""
    commands, expected, sources = read_scenario(path.read_text())
    decided = [in_milliseconds(line) for line in play(player, commands)]
    for source, wanted, got in zip(sources, expected, decided, strict=True):
        assert got == wanted, source
    assert decided[-1].startswith("finish")


def test_every_packet_of_the_collection_is_played() -> None:
    """Each wrong and each odd packet stands in some scenario."""
    text = "\n".join(path.read_text() for path in SCENARIOS)
    unplayed = [
        name for kind, names in (("wrong", WRONG), ("odd", ODD)) for name in names if f"{kind} {name} ->" not in text
    ]
    assert unplayed == []
