"""Whatever happens, in whatever order and however late, a lookup ends once, in time, and within its queries."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lookup_player import ODD, OPTIONS, RCODES, WRONG, play, reply

OTHER_CASE = ODD["NOERROR in other case"]
REPLIES = [
    reply(rcode, truncated=tc, options=option)
    for rcode in RCODES.values()
    for tc in (False, True)
    for option in (b"", *OPTIONS.values())
]
PACKETS = [*WRONG.values(), *ODD.values()]
SUSPECT_US = 50_000
MOST_FREE = 3  # queries: over TCP after TC, without OPT, after BADCOOKIE; and one over TCP beside each over UDP

POLICY = "policy {timeout} {one} {tries} {servers} {transport} {edns} {dnssec_ok} {cookies} {mixed_case} {known}"
flag = st.sampled_from([0, 1])
policies = st.fixed_dictionaries(
    {
        "timeout": st.integers(0, 5_000_000),
        "one": st.integers(1, 2_000_000),
        "tries": st.integers(1, 6),
        "servers": st.integers(1, 4),
        "transport": flag,
        "edns": flag,
        "dnssec_ok": flag,
        "cookies": flag,
        "mixed_case": flag,
        "known": flag,
        "first": st.integers(0, 2**32 - 1),
    }
)
packets = st.one_of(st.sampled_from(PACKETS), st.sampled_from(REPLIES))
delays = st.integers(0, 700_000)
happenings = st.one_of(
    st.just("timer {}"),
    st.just("beside failed"),
    st.integers(1, 130).map("failed {{}} {}".format),
    packets.map(lambda wire: f"packet {{}} {wire.hex()}"),
    packets.map(lambda wire: f"beside packet {{}} {wire.hex()}"),
)
events = st.lists(st.tuples(delays, happenings), max_size=30)
any_times = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
a_few_times = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def commands_for(policy: dict[str, int], happened: list[tuple[int, str]]) -> tuple[list[str], list[int]]:
    """A lookup from 1 ms on, event by event, until its last timer; and when each command comes."""
    now, times = 1_000, [1_000]
    commands = [POLICY.format(**policy), f"start {now} {policy['first']}"]
    for delay, event in happened:
        now += delay
        times.append(now)
        commands.append(event.format(now))
    return [*commands, "expire"], times


def is_query(line: str) -> bool:
    """Whether a decision is to send."""
    return "send" in line or "beside" in line


@any_times
@given(policy=policies, events=events)
def test_a_lookup_ends_once_in_time_and_within_its_queries(
    player: Path, policy: dict[str, int], events: list[tuple[int, str]]
) -> None:
    """At most tries + 3 queries, and one beside each over UDP; a try ends at min(now + try, end); the last timer ends
    what nothing else ended."""
    commands, times = commands_for(policy, events)
    end = times[0] + policy["timeout"]
    lines = play(player, commands)

    assert [line for line in lines if "finish" in line] == lines[-1:], "one end, and it comes last"
    queries = [line for line in lines if is_query(line)]
    beside = [number for number, line in enumerate(queries) if "beside" in line]
    assert len(queries) - len(beside) <= policy["tries"] + MOST_FREE
    assert all("send" in queries[number - 1] and "udp" in queries[number - 1] for number in beside)
    assert lines[-1].endswith(f"tries {len(queries)}")

    try_end, deadline, given_times = times[0], times[0], iter(times)
    for line in lines[:-1]:
        expired = re.match(r"at (\d+) ", line)
        at = int(expired[1]) if expired else next(given_times)
        until = int(line.rpartition(" ")[2])
        if "send" in line:
            assert until == min(at + policy["one"], end) > at
            deadline = try_end = until
        elif "beside" in line:
            deadline = try_end
        elif until != deadline:
            assert line.startswith(("drop CASE", "drop COOKIE"))
            deadline = at + min(SUSPECT_US, (try_end - at) // 2)
        assert until == deadline <= try_end, "only a query moves the end of a try, only a suspicion the timer"
    expired = re.match(r"at (\d+) ", lines[-1])
    assert expired is None or int(expired[1]) <= end


@any_times
@given(policy=policies, events=events, forged=st.lists(st.tuples(st.integers(0, 30), packets), max_size=10))
def test_what_is_dropped_changes_nothing_but_for_one_query_over_tcp(
    player: Path, policy: dict[str, int], events: list[tuple[int, str]], forged: list[tuple[int, bytes]]
) -> None:
    """The same lookup with and without the packets that are dropped: the same queries at the same times, the same end.
    One more query over TCP beside each over UDP is all that they cost; here it stays without an answer, or fails."""
    events = [(delay, event) for delay, event in events if not event.startswith("beside packet")]
    for place, wire in forged:
        events.insert(place, (0, f"packet {{}} {wire.hex()}"))
    commands, _ = commands_for(policy, events)
    lines = play(player, commands)
    dropped = {number for number, line in enumerate(lines, start=1) if line.startswith("drop")}
    kept = [command for number, command in enumerate(commands) if number not in dropped]

    def course(lines: list[str]) -> list[str]:
        steps = [line for line in lines if "send" in line or "finish" in line]
        return [re.sub(r" tries \d+", "", step) for step in steps]

    assert course(play(player, kept)) == course(lines)
    queries = [line for line in lines if is_query(line)]
    assert all("send" in queries[number - 1] for number, line in enumerate(queries) if "beside" in line)


@a_few_times
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
    lines = play(player, [POLICY.format(**policy), *commands, "expire"])
    transports = [line.partition(" server ")[2].split()[1] for line in lines if "send" in line]
    assert list(pairwise(transports)).count(("udp", "tcp")) <= (policy["tries"] + 1) // 2


@a_few_times
@given(policy=policies, lookups=st.lists(events, min_size=2, max_size=6))
def test_what_was_learned_of_servers_breaks_no_later_lookup(
    player: Path, policy: dict[str, int], lookups: list[list[tuple[int, str]]]
) -> None:
    """Lookups one after the other at the same servers, whatever these did before: each ends within its queries."""
    policy |= {"known": 1}
    commands = [POLICY.format(**policy)]
    for happened in lookups:
        commands += commands_for(policy, happened)[0][1:]
    lines = play(player, commands)
    ends = [line for line in lines if "finish" in line]
    assert len(ends) == len(lookups)
    assert all(int(end.rpartition(" ")[2]) <= 2 * (policy["tries"] + MOST_FREE) for end in ends)
