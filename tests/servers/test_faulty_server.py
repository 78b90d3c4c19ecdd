"""Lookups against a server that misbehaves as scripted: each ends once, with the answer or with the cause."""

from __future__ import annotations

from collections import Counter

import pytest

import resquery
from resquery.testing import (
    Action,
    All,
    Before,
    Cut,
    Delay,
    Drop,
    Duplicate,
    Fault,
    Frame,
    Garbage,
    Loop,
    NoEdns,
    NotReply,
    Rcode,
    Reorder,
    Server,
    Slow,
    Truncate,
    WrongId,
    WrongQuestion,
    WrongSource,
)

NAME = "bad.example."
ZONE = f"{NAME} A 192.0.2.8\nbig.example. TXT {' '.join(['x' * 250] * 10)}\n"
PATIENCE = 30.0


def look_up(
    action: Action, *, name: str = NAME, rrtype: str = "A", times: int | None = None, **options: object
) -> resquery.Row:
    """The one row of a lookup whose answers suffer the action."""
    given: dict[str, object] = {"timeout": PATIENCE, "tries": 3, **options}
    transport = "tcp" if options.get("transport") == "tcp" else None
    fault = Fault(name=NAME, action=action, times=times, transport=transport)
    with Server(text=ZONE, faults=[fault]) as server:
        [row] = resquery.bulk([name], rrtype, servers=[server.address], **given)  # type: ignore[arg-type]
        assert row.server == server.address
        return row


@pytest.mark.parametrize(
    "wrong",
    [
        WrongId(),
        WrongSource(),
        WrongQuestion(),
        NotReply(),
        Garbage(),
        Garbage(b""),
        Garbage(size=30, keep_id=True),
        Loop(),
    ],
    ids=repr,
)
@pytest.mark.parametrize("count", [1, 100])
def test_wrong_packets_neither_end_nor_shorten_the_lookup(wrong: Action, count: int) -> None:
    """One try: nothing was asked again, the right answer was waited for (RFC 5452, 9.1)."""
    row = look_up(Before(wrong, count))
    assert (row.status, row.tries, len(row.answer)) == ("NOERROR", 1, 1)


def test_a_thousand_wrong_packets_do_not_hide_the_right_one() -> None:
    """Of so many the socket may lose some, and the right one with them: then the next try brings it."""
    row = look_up(Before(WrongId(), 1000), times=1, try_timeout=2.0)
    assert (row.status, len(row.answer)) == ("NOERROR", 1)


@pytest.mark.parametrize("action", [Duplicate(3), Reorder(seconds=0.01), Delay(0.05), Delay(0.3)], ids=repr)
def test_late_and_doubled_answers_are_one_row(action: Action) -> None:
    """The row comes once, after one try."""
    row = look_up(action)
    assert (row.status, row.tries) == ("NOERROR", 1)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("lost", [1, 2])
def test_lost_answers_are_asked_for_again(lost: int, transport: str) -> None:
    """As many tries as it takes, where none is repeated within its time."""
    options: dict[str, object] = {"adapt": False} | ({"transport": "tcp"} if transport == "tcp" else {})
    row = look_up(Drop(), times=lost, try_timeout=0.3, tries=100, **options)
    assert (row.status, row.transport) == ("NOERROR", transport)
    assert row.tries > lost  # more on a busy machine


@pytest.mark.parametrize("action", [Drop(), WrongId(), WrongSource(), WrongQuestion(), NotReply(), Garbage()], ids=repr)
def test_nothing_right_is_a_timeout_after_all_tries(action: Action) -> None:
    """The row names the server that was asked last."""
    row = look_up(action, try_timeout=0.2)
    assert (row.status, row.tries, row.answer) == ("TIMEOUT", 3, ())


@pytest.mark.parametrize(("rcode", "status"), [(2, "SERVFAIL"), (5, "REFUSED"), (9, "NOTAUTH"), (3, "NXDOMAIN")])
def test_an_rcode_is_a_status(rcode: int, status: str) -> None:
    """What the server says is what the row says."""
    row = look_up(Rcode(rcode))
    assert (row.status, row.rcode) == (status, rcode)


@pytest.mark.parametrize("rcode", ["FORMERR", "NOTIMP", "BADVERS"])
def test_a_server_without_edns_is_asked_once_more_without(rcode: str) -> None:
    """Two queries, the second without an OPT record (RFC 6891, 7)."""
    row = look_up(NoEdns(rcode))
    assert (row.status, row.tries, row.size) == ("NOERROR", 2, 45)


def test_truncation_leads_to_tcp() -> None:
    """TC over UDP costs one more query, and brings the whole answer, also when TCP comes one octet at a time."""
    for action in (Delay(0.0), Slow(octets=7, seconds=0.0)):
        with Server(text=ZONE, faults=[Fault(transport="tcp", action=action)]) as server:
            [row] = resquery.bulk(["big.example."], "TXT", servers=[server.address], timeout=PATIENCE)
        assert (row.status, row.transport, row.tries) == ("NOERROR", "tcp", 2)
        assert row.size is not None
        assert row.size > 2500


def test_truncation_over_tcp_too_is_an_error_not_a_loop() -> None:
    """One query over each transport, then the row."""
    with Server(text=ZONE, faults=[Fault(name=NAME, action=Truncate())]) as server:
        [row] = resquery.bulk([NAME], "A", servers=[server.address], timeout=PATIENCE)
        assert (server.counts.udp, server.counts.tcp) == (1, 1)
    assert row.status == "TRUNCATED"


BROKEN = [
    All(Frame(9999), Cut(99999)),
    Cut(0),
    Cut(1),
    Cut(2),
    Cut(20),
    Cut(0, end="reset"),
    Cut(20, end="reset"),
]


@pytest.mark.parametrize("action", BROKEN, ids=repr)
def test_a_connection_that_breaks_is_tried_again(action: Action) -> None:
    """Short frames, early FIN and RST: the next connection brings the answer."""
    row = look_up(action, times=1, transport="tcp")
    assert (row.status, row.tries, row.transport) == ("NOERROR", 2, "tcp")


@pytest.mark.parametrize("action", BROKEN, ids=repr)
def test_connections_that_always_break_are_a_network_error(action: Action) -> None:
    """The row says why."""
    row = look_up(action, transport="tcp")
    assert row.status == "ERROR"
    assert row.error


@pytest.mark.parametrize("action", [Frame(0), Frame(9999), WrongId(), Garbage(), Loop()], ids=repr)
def test_frames_without_the_answer_end_by_the_deadline(action: Action) -> None:
    """Zero and wrong lengths, wrong IDs, garbage: a clean end."""
    assert look_up(action, transport="tcp", timeout=0.6).status == "TIMEOUT"


@pytest.mark.parametrize("action", [Frame(0), Frame(9999), WrongId(), Garbage()], ids=repr)
def test_a_stream_that_gave_noise_is_left_for_a_new_one(action: Action) -> None:
    """What came is no answer, so the next try does not wait on the same connection."""
    row = look_up(action, times=1, transport="tcp", try_timeout=1.0)
    assert (row.status, row.tries, row.transport) == ("NOERROR", 2, "tcp")


@pytest.mark.parametrize("octets", [1, 2, 3, 17])
def test_frames_in_pieces_are_put_together(octets: int) -> None:
    """However the stream is split."""
    row = look_up(Slow(octets=octets, seconds=0.0001), transport="tcp")
    assert (row.status, row.tries) == ("NOERROR", 1)


def test_half_of_all_packets_lost_and_every_name_is_reported_once() -> None:
    """10,000 names, each with a row, each row with its cause."""
    names = [f"n{i}.many.example." for i in range(10_000)]
    with Server(synthesize="many.example.", faults=[Fault(action=Drop(), probability=0.5)], seed=1) as server:
        rows = list(
            resquery.bulk(
                names, servers=[server.address], timeout=PATIENCE, try_timeout=0.25, tries=8, max_in_flight=500
            )
        )
    assert sorted(row.index for row in rows) == list(range(10_000))
    statuses = Counter(row.status for row in rows)
    assert set(statuses) <= {"NOERROR", "TIMEOUT"}
    assert statuses["NOERROR"] > 9_500  # 2 ** -8 of them lose every try


def test_a_bad_name_does_not_harm_the_others() -> None:
    """Every kind of fault for one name; a thousand others, on the same sockets and connections, are answered."""
    names = [f"n{i}.many.example." for i in range(1000)]
    faults = [Fault(name=NAME, action=Before(WrongId(), 50)), Fault(name=NAME, action=All(Duplicate(5), Delay(0.01)))]
    with Server(text=ZONE, synthesize="many.example.", faults=faults) as server:
        rows = list(resquery.bulk([*names[:500], NAME, *names[500:]], servers=[server.address], timeout=PATIENCE))
    assert Counter(row.status for row in rows) == {"NOERROR": 1001}
