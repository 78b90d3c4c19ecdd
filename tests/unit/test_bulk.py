"""bulk(): one row for each name and type, whatever the input and the network do."""

from __future__ import annotations

import gc
import itertools
import os
import signal
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any, Literal

import pytest

from resquery import bulk, bulk_columns, errors
from resquery.testing import Delay, Drop, Fault, Query, Reply, Server

ZONE = """
$ORIGIN example.
@ 300 IN SOA ns root 1 2 3 4 60
www 300 IN A 192.0.2.1
www 300 IN MX 10 mx1
*.lab 300 IN A 192.0.2.7
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server with a small zone."""
    with Server(text=ZONE) as running:
        yield running


def test_every_name_and_type_gives_one_row(server: Server) -> None:
    """In any order, with the index of the name in the input; str and bytes, repeated names, several types."""
    names = ["www.example", b"nowhere.example", "www.example", "x.lab.example."]
    rows = list(bulk(names, ["A", "MX", "a"], servers=server.address))
    assert sorted((row.index, row.name, row.type, row.status) for row in rows) == [
        (0, "www.example", "A", "NOERROR"),
        (0, "www.example", "MX", "NOERROR"),
        (1, "nowhere.example", "A", "NXDOMAIN"),
        (1, "nowhere.example", "MX", "NXDOMAIN"),
        (2, "www.example", "A", "NOERROR"),
        (2, "www.example", "MX", "NOERROR"),
        (3, "x.lab.example.", "A", "NOERROR"),
        (3, "x.lab.example.", "MX", "NOERROR"),
    ]


def test_a_row_tells_how_the_lookup_went(server: Server) -> None:
    """Server, transport, tries, size, times, and the records of the answer."""
    (row,) = bulk(["www.example"], "MX", servers=[server.address])
    assert (row.server, row.transport, row.tries, row.rcode, row.error) == (server.address, "udp", 1, 0, None)
    assert row.rtt is not None
    assert 0 < row.rtt < 5
    assert row.size is not None
    assert row.size > 12
    assert row.flags is not None
    assert row.flags & 0x8000
    assert row.time > 1.6e9
    assert [record.to_text() for record in row.answer] == ["www.example. 300 IN MX 10 mx1.example."]
    with pytest.raises(AttributeError):
        row.status = "x"  # pyright: ignore


def test_ten_thousand_names_are_each_answered_once(server: Server) -> None:
    """From a generator, more than are held at once."""
    rows = bulk((f"host-{i}.lab.example" for i in range(10_000)), servers=server.address, max_in_flight=100)
    seen = [(row.index, row.name, row.status) for row in rows]
    assert sorted(seen) == [(i, f"host-{i}.lab.example", "NOERROR") for i in range(10_000)]


def test_half_of_the_packets_lost_still_gives_every_name_one_row() -> None:
    """Each is reported once, answered or timed out."""
    faults = [Fault(action=Drop(), probability=0.5)]
    with Server(text=ZONE, faults=faults, seed=7) as lossy:
        names = [f"host-{i}.lab.example" for i in range(500)]
        rows = list(bulk(names, servers=lossy.address, timeout=60.0, try_timeout=0.25, tries=8))
    assert sorted(row.name for row in rows) == sorted(names)
    assert {row.status for row in rows} <= {"NOERROR", "TIMEOUT"}
    assert sum(row.status == "NOERROR" for row in rows) > 450


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a..b", "a..b"),
        ("", ""),
        ("é.example", "é.example"),
        (b"\xff\x00.example", "\\255\x00.example"),
        ("x" * 100_000, "x" * 1024),
        ("\ud800", None),
    ],
)
def test_an_illegal_name_is_a_row(silent: str, name: str | bytes, shown: str | None) -> None:
    """ILLEGAL_INPUT with the rule, nothing is sent; a huge one is shown by its beginning; it too has its time."""
    start = time.time()
    (row,) = bulk([name], servers=silent)
    assert start - 1 < row.time < time.time() + 1
    assert (row.index, row.status, row.tries, row.server, row.answer) == (0, "ILLEGAL_INPUT", 0, None, ())
    assert row.error
    assert shown is None or row.name == shown


def test_silence_is_a_row(silent: str) -> None:
    """TIMEOUT, with the tries, the server, and no answer."""
    (row,) = bulk(["www.example"], servers=silent, timeout=60.0, tries=2, try_timeout=0.1)
    assert (row.status, row.tries, row.server, row.rcode, row.rtt, row.size) == ("TIMEOUT", 2, silent, None, None, None)


def test_an_answer_larger_than_the_buffers_is_a_whole_row() -> None:
    """Over TCP, 60,000 octets of records."""
    lines = [f"big.test. 60 IN TXT {'x' * 200} {i:05d}" for i in range(250)]
    with Server(answer=lambda query: Reply(answer=lines)) as server:
        (row,) = bulk(["big.test"], "TXT", servers=server.address)
    assert (len(row.answer), row.transport) == (250, "tcp")


@pytest.mark.parametrize("item", [5, None, ["www.example"], bytearray(b"www.example")])
def test_an_item_that_is_no_text_is_a_type_error(server: Server, item: Any) -> None:
    """It names the item, and comes after the rows of all before it."""
    rows = bulk(["www.example", "x.lab.example", item, "y.lab.example"], servers=server.address)
    got = list(itertools.islice(rows, 2))
    assert sorted(row.index for row in got) == [0, 1]
    with pytest.raises(TypeError, match=type(item).__name__):
        next(rows)


@pytest.mark.parametrize("names", ["www.example", b"www.example"])
def test_one_name_is_no_list_of_its_letters(names: Any) -> None:
    """A text is an iterable too; the TypeError says what to write."""
    with pytest.raises(TypeError, match=r"give \[b?'www\.example'\]"):
        bulk(names, servers="127.0.0.1")


def test_an_exception_of_the_input_loses_nothing(server: Server) -> None:
    """All names before it get their rows, then it is raised as it is."""

    def names() -> Iterator[str]:
        for i in range(700):
            yield f"host-{i}.lab.example"
        raise LookupError("the input broke")

    rows = bulk(names(), servers=server.address, max_in_flight=50)
    seen = [row.index for row in itertools.islice(rows, 700)]
    assert sorted(seen) == list(range(700))
    with pytest.raises(LookupError, match="the input broke"):
        next(rows)


def test_misuse_is_told_before_anything_is_sent_or_read(server: Server) -> None:
    """By the call itself, not by the first row."""
    read: list[str] = []

    def names() -> Iterator[str]:
        read.append("www.example")
        yield "www.example"

    before = server.queries
    for types, kind in (("NOSUCH", errors.UnknownType), ([], ValueError), (["A", 1.5], TypeError), (b"A", TypeError)):
        with pytest.raises(kind):
            bulk(names(), types, servers=server.address)  # pyright: ignore
    with pytest.raises(TypeError):
        bulk(5, servers=server.address)  # pyright: ignore
    assert (read, server.queries) == ([], before)


def test_an_empty_input_gives_no_rows(server: Server) -> None:
    """And ends at once."""
    assert list(bulk([], servers=server.address)) == []


def test_names_are_taken_only_while_there_is_room(silent: str) -> None:
    """An endless input is read no further than what is held, and the number in flight is bounded."""
    taken = itertools.count()
    rows = bulk(
        (f"host-{next(taken)}.example" for _ in itertools.count()), servers=silent, max_in_flight=10, timeout=0.1
    )
    for _ in range(50):
        assert next(rows).status == "TIMEOUT"
    assert next(taken) < 2000
    rows.close()


@pytest.mark.parametrize("call", [bulk, bulk_columns])
@pytest.mark.parametrize(
    ("names", "types", "said"),
    [
        (5, "A", "names are an iterable of names, not int: 5"),
        (None, "A", "names are an iterable of names, not NoneType: None"),
        ([], 5.5, "types are a str, an int or an iterable of them, not float: 5.5"),
        ([], None, "types are a str, an int or an iterable of them, not NoneType: None"),
        ([], b"A", "types are a str, an int or an iterable of them, not bytes: b'A'"),
    ],
)
def test_what_is_no_iterable_is_told_in_one_sentence(call: Any, names: Any, types: Any, said: str) -> None:
    """With what it should be, and what it is."""
    with pytest.raises(TypeError) as caught:
        call(names, types, servers="127.0.0.1:9")
    assert str(caught.value) == said


@pytest.mark.parametrize("call", [bulk, bulk_columns])
@pytest.mark.parametrize("threads", [1, 2])
def test_nothing_is_held_before_the_first_row_is_asked_for(silent: str, call: Any, threads: int) -> None:
    """So an iterator that is never used, or closed before it is, leaves no socket behind."""
    before = len(os.listdir("/proc/self/fd"))
    rows = call(["www.example"], servers=silent, threads=threads)
    assert len(os.listdir("/proc/self/fd")) == before
    rows.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_closing_the_iterator_gives_every_descriptor_back(server: Server, silent: str) -> None:
    """Closed half-way, never begun, or forgotten."""

    def open_files() -> int:
        gc.collect()
        return len(os.listdir("/proc/self/fd"))

    before = open_files()
    rows = bulk((f"host-{i}.lab.example" for i in range(1000)), servers=[server.address])
    next(rows)
    rows.close()
    assert open_files() == before
    bulk(["www.example"], servers=silent)
    assert open_files() == before
    rows = bulk(["www.example"] * 100, servers=silent, timeout=0.1)
    next(rows)
    del rows
    assert open_files() == before


def test_memory_does_not_grow_with_the_input(server: Server) -> None:
    """Of Python's own objects, at most some hundred kilobytes are alive at any time."""
    rows = bulk((f"host-{i}.lab.example" for i in range(6000)), servers=server.address, max_in_flight=100)
    for _ in itertools.islice(rows, 1000):
        pass
    tracemalloc.start()
    try:
        for _ in rows:
            pass
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are taken in one go, also on a busy machine where they come slowly."""
    monkeypatch.setattr(sys.modules["resquery._crew"], "_GULP_SECONDS", 60.0)


def test_answers_wait_for_a_slow_consumer(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has come is taken, however long ago the try ran out; nothing is asked again."""
    monkeypatch.setattr(
        sys.modules["resquery._crew"], "_GULP_SECONDS", 60.0
    )  # all names at once, also on a busy machine
    names = ["a..b", *(f"host-{i}.lab.example" for i in range(50))]
    with Server(synthesize="lab.example") as server:
        rows = bulk(names, servers=server.address, timeout=60.0, try_timeout=0.1, tries=2)
        assert next(rows).status == "ILLEGAL_INPUT"
        pause = threading.Event()
        for _ in itertools.takewhile(lambda _: server.counts.fast < 50, range(1000)):
            pause.wait(0.02)
        pause.wait(0.3)
        assert [(row.status, row.tries) for row in rows] == [("NOERROR", 1)] * 50
        assert server.queries == 50


def test_the_network_is_served_while_rows_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """One lookup at a time: the next ones are sent while a slow consumer still takes rows that were finished before."""
    all_at_once(monkeypatch)
    with Server(text=ZONE) as server:
        rows = bulk(["a..b"] * 60 + ["www.example"] * 3, servers=server.address, max_in_flight=1, timeout=60.0)
        pause = threading.Event()
        for row in itertools.takewhile(lambda _: server.queries < 3, itertools.islice(rows, 60)):
            assert row.status == "ILLEGAL_INPUT"
            pause.wait(0.03)
        assert server.queries == 3


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_closed_ports_cost_few_names(transport: Literal["udp", "tcp"]) -> None:
    """With nine of ten servers gone, almost every name is found, for it is soon known who refuses."""
    with Server(synthesize="lab.example") as server:
        port = server.address.rpartition(":")[2]
        servers = [*(f"127.0.0.{host}:{port}" for host in range(20, 29)), server.address]
        rows = bulk((f"n{n}.lab.example" for n in range(3000)), servers=servers, transport=transport, timeout=20.0)
        found = sum(row.status == "NOERROR" for row in rows)
    assert 2900 < found <= 3000


def test_a_slow_input_does_not_hold_rows_back(server: Server) -> None:
    """The row of the first name comes before the input has given the last."""
    gate = threading.Event()

    def names() -> Iterator[str]:
        yield "www.example"
        for _ in range(10):
            if gate.wait(0.5):
                return
            yield "x.lab.example"
        pytest.fail("no row came before the end of the input")

    for _ in bulk(names(), servers=server.address):
        gate.set()


def test_a_signal_ends_it(silent: str, interruptible: None) -> None:
    """KeyboardInterrupt while nothing happens."""
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        next(bulk(["www.example"], servers=silent, timeout=60.0, tries=1))
    timer.join()


def test_a_fork_cannot_go_on_with_the_parents_lookups() -> None:
    """The child is told so, and may begin lookups of its own; the parent goes on undisturbed."""
    with Server(text=ZONE, faults=[Fault(name="b.lab.example.", action=Delay(0.3))]) as server:
        rows = bulk(["a.lab.example", "b.lab.example"], servers=server.address, max_in_flight=1, spread=False)
        assert next(rows).index == 0
        child = os.fork()
        if child == 0:
            status = 1
            try:
                next(rows)
            except errors.ResqueryError:
                status = 0 if [row.status for row in bulk(["a..b"], servers=server.address)] == ["ILLEGAL_INPUT"] else 2
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        row = next(rows)
    assert (row.index, row.status, row.tries) == (1, "NOERROR", 1)


def test_several_servers_take_turns() -> None:
    """rotate, which is on by default."""
    hosts = ("127.0.0.1", "127.0.0.2")
    with Server(text=ZONE, hosts=hosts) as server:
        rows = list(bulk([f"host-{i}.lab.example" for i in range(20)], servers=server.addresses))
        assert {row.server for row in rows} == set(server.addresses)
        rows = list(bulk([f"host-{i}.lab.example" for i in range(20)], servers=server.addresses, rotate=False))
        assert {row.server for row in rows} == {server.addresses[0]}


def test_the_options_reach_the_query() -> None:
    """EDNS, DO and RD are what was asked for."""
    seen: list[Query] = []

    def answer(query: Query) -> Reply:
        seen.append(query)
        return Reply(answer=["x.test. 60 IN A 192.0.2.1"])

    with Server(answer=answer) as server:
        for options in ({}, {"dnssec_ok": True}, {"edns": False}, {"recurse": False}, {"transport": "tcp"}):
            list(bulk(["x.test"], servers=server.address, **options))  # pyright: ignore
    assert [(query.payload, query.dnssec_ok, query.flags & 0x100, query.transport) for query in seen] == [
        (1232, False, 0x100, "udp"),
        (1232, True, 0x100, "udp"),
        (None, False, 0x100, "udp"),
        (1232, False, 0, "udp"),
        (1232, False, 0x100, "tcp"),
    ]
