"""Plays every *.scenario file of this folder: one lookup each, event by event, on virtual time.

A file reads: a comment that says what must happen; a policy line; and events with the decision that must follow:

    policy: 2 servers, 3 tries, 5000ms in all, 1000ms a try, udp, edns
    at 0ms: start -> send server 0 udp edns until 1000ms
    at 120ms: reply SERVFAIL -> keep send server 1 udp edns until 1120ms
    at 1120ms: timer -> ...

Events are `start` (`start at server N`; again, once the lookup is over), `timer`, `reply RCODE` (`reply RCODE TC`, and
`with NAME` for an option), `failed ERRNO`, `odd NAME` and `wrong NAME`; options and the packets of the last two are in
lookup_player.py. `1000 times` before an event repeats it; `beside` before it says that it is of the query over TCP that
goes beside one over UDP. A policy may end in `known servers`: what they were seen to do is then taken into account.
"""

from __future__ import annotations

import errno
import re
from pathlib import Path

import pytest
from lookup_player import ODD, OPTIONS, RCODES, WRONG, in_milliseconds, play, reply

SCENARIOS = sorted(Path(__file__).parent.glob("*.scenario"))
POLICY = re.compile(r"policy: (\d+) servers?, (\d+) (?:tries|try), (\d+)ms in all, (\d+)ms a try, (udp|tcp)(.*)")
WISHES = ("edns", "DO", "cookies", "mixed case", "known servers")
REPLY = re.compile(r"(\w+)( TC)?(?: with (.+))?")
EVENT = re.compile(r"at ([\d.]+)ms: (?:(\d+) times )?(.+?) -> (.+)")


def policy_command(line: str) -> str:
    """The driver's command for a policy line."""
    servers, tries, total, one, transport, rest = POLICY.fullmatch(line).groups()  # type: ignore[union-attr]
    wishes = rest.removeprefix(", ").split(", ") if rest else []
    assert set(wishes) <= set(WISHES), line
    flags = " ".join(str(int(wish in wishes)) for wish in WISHES)
    return f"policy {total}000 {one}000 {tries} {servers} {int(transport == 'tcp')} {flags}"


def event_command(now_us: int, event: str) -> str:
    """The driver's command for an event."""
    beside = "beside " if event.startswith("beside ") else ""
    kind, _, rest = event.removeprefix(beside).partition(" ")
    if kind == "start":
        return f"start {now_us} {rest.removeprefix('at server ') or 0}"
    if kind == "timer":
        return f"timer {now_us}"
    if kind == "failed":
        return "beside failed" if beside else f"failed {now_us} {getattr(errno, rest)}"
    if kind == "reply":
        rcode, truncated, option = REPLY.fullmatch(rest).groups()  # type: ignore[union-attr]
        wire = reply(RCODES[rcode], truncated=bool(truncated), options=OPTIONS[option] if option else b"")
    else:
        wire = {"odd": ODD, "wrong": WRONG}[kind][rest]
    return f"{beside}packet {now_us} {wire.hex()}"


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
    """Each wrong and each odd packet, and each option, stands in some scenario."""
    text = "\n".join(path.read_text() for path in SCENARIOS)
    unplayed = [
        name for kind, names in (("wrong", WRONG), ("odd", ODD)) for name in names if f"{kind} {name} ->" not in text
    ]
    unplayed += [name for name in OPTIONS if f" with {name} ->" not in text]
    assert unplayed == []
