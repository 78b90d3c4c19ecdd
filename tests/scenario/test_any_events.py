"""Whatever happens, in whatever order and however late, a lookup ends once, in time, and within its queries."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lookup_player import ODD, RCODES, WRONG, play, reply

PACKETS = [
    *WRONG.values(),
    *ODD.values(),
    *(reply(rcode, truncated=tc) for rcode in RCODES.values() for tc in (False, True)),
]

policies = st.fixed_dictionaries(
    {
        "timeout": st.integers(0, 5_000_000),
        "one": st.integers(1, 2_000_000),
        "tries": st.integers(1, 6),
        "servers": st.integers(1, 4),
        "transport": st.sampled_from([0, 1]),
        "edns": st.sampled_from([0, 1]),
        "first": st.integers(0, 2**32 - 1),
    }
)
events = st.lists(
    st.tuples(
        st.integers(0, 700_000),
        st.one_of(
            st.just("timer {}"),
            st.integers(1, 130).map("failed {{}} {}".format),
            st.sampled_from(PACKETS).map(lambda wire: f"packet {{}} {wire.hex()}"),
        ),
    ),
    max_size=30,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(policy=policies, events=events)
def test_a_lookup_ends_once_in_time_and_within_its_queries(
    player: Path, policy: dict[str, int], events: list[tuple[int, str]]
) -> None:
    """At most tries + 2 queries; every deadline is min(now + try, end); the last timer ends what nothing else ended."""
    start, end = 1_000, 1_000 + policy["timeout"]
    now, times, commands = start, [start], [f"start {start} {policy['first']}"]
    for delay, event in events:
        now += delay
        times.append(now)
        commands.append(event.format(now))
    head = "policy {timeout} {one} {tries} {servers} {transport} {edns}".format(**policy)
    lines = play(player, [head, *commands, "expire"])

    assert [line for line in lines if "finish" in line] == lines[-1:], "one end, and it comes last"
    sends = [line for line in lines if "send" in line]
    assert len(sends) <= policy["tries"] + 2
    assert lines[-1].endswith(f"tries {len(sends)}")

    deadline, given_times = start, iter(times)
    for line in lines[:-1]:
        expired = re.match(r"at (\d+) ", line)
        at = int(expired[1]) if expired else next(given_times)
        until = int(line.rpartition(" ")[2])
        if "send" in line:
            assert until == min(at + policy["one"], end) > at
            deadline = until
        assert until == deadline, "only a query moves the deadline"
    expired = re.match(r"at (\d+) ", lines[-1])
    assert expired is None or int(expired[1]) <= end


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(policy=policies, faults=st.lists(st.sampled_from(["NOERROR TC", "FORMERR", "failed"]), max_size=40))
def test_upgrades_to_tcp_are_bounded_by_the_tries(player: Path, policy: dict[str, int], faults: list[str]) -> None:
    """Under any mix of TC, refusals of EDNS and resets all upgrades but one cost a try, and each its query over UDP."""
    policy = policy | {"transport": 0, "timeout": 5_000_000}
    commands = [f"start 0 {policy['first']}"]
    for fault in faults:
        rcode, _, tc = fault.partition(" ")
        commands.append(
            "failed 1 104" if fault == "failed" else f"packet 1 {reply(RCODES[rcode], truncated=bool(tc)).hex()}"
        )
    head = "policy {timeout} {one} {tries} {servers} {transport} {edns}".format(**policy)
    lines = play(player, [head, *commands, "expire"])
    transports = [line.partition(" server ")[2].split()[1] for line in lines if "send" in line]
    assert list(pairwise(transports)).count(("udp", "tcp")) <= (policy["tries"] + 1) // 2
