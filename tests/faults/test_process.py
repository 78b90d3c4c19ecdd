"""What happens to the process: few descriptors, an interrupt in any call, a fork, an iterator that is let go."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

import resquery
from resquery.cli import INTERRUPTED, main
from resquery.testing import Server

PATIENCE = 60.0  # of lookups that nothing answers: far more than any test takes
WAKES_WITHIN = 0.1  # of an interrupt
ONE_NAME = "/proc/sys/kernel/ostype"  # a file with one line, "Linux"


def limited(limit: int, server: str, *options: str) -> subprocess.CompletedProcess[str]:
    """`resquery bulk` for 300 names, a third of which need TCP, in a process that may have so many descriptors."""
    names = "".join(f"n{number}.many.example\n" for number in range(300))
    return subprocess.run(
        [sys.executable, "-m", "resquery", "bulk", "-", "--server", server, "--timeout", "30", *options],
        input=names,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)),
    )


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_sixteen_descriptors_are_enough_or_too_few_in_so_many_words(transport: str) -> None:
    """Every name has its row, or nothing is sent and the reason is one line."""
    with Server(synthesize="many.example.") as server:
        done = limited(16, server.address, "--transport", transport)
    if done.returncode == 0:
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert len({row["name"] for row in rows}) == len(rows) == 300
        assert {row["results"]["A"]["status"] for row in rows} == {"NOERROR"}
    else:
        assert done.stdout == ""
        assert done.stderr.startswith("resquery: ")
        assert len(done.stderr.splitlines()) == 1


def test_too_few_descriptors_are_told_in_one_line() -> None:
    """With eight there is no room for the sockets: no traceback, no name lost in silence."""
    with Server(synthesize="many.example.") as server:
        done = limited(8, server.address)
        assert server.queries == 0
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_more_in_flight_than_memory_allows_is_told_in_one_line() -> None:
    """65,536 lookups need some 140 MB: with 64 more than the program has anyway nothing is sent."""
    code = """
import resource, sys
from resquery.cli import main
import resquery.cli.bulk
with open("/proc/self/statm") as pages:
    most = int(pages.read().split()[0]) * resource.getpagesize() + (64 << 20)
resource.setrlimit(resource.RLIMIT_AS, (most, most))
sys.exit(main(sys.argv[1:]))
"""
    with Server(synthesize="many.example.") as server:
        words = ["bulk", "-", "--server", server.address, "--max-in-flight", "65536"]
        done = subprocess.run(
            [sys.executable, "-c", code, *words],
            input="n1.many.example\n",
            capture_output=True,
            text=True,
            check=False,
        )
        assert server.queries == 0
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "resquery: no memory for 65536 lookups at once: ask for fewer\n"


def consume(rows: Iterator[object]) -> None:
    """All of them."""
    for _ in rows:
        pass


def patient(at: str) -> resquery.Resolver:
    """A resolver that waits for a server for longer than any test takes."""
    return resquery.Resolver(servers=[at], timeout=PATIENCE, tries=1)


def many(at: str, settings: resquery.BulkSettings) -> None:
    """A bulk lookup that is as patient."""
    consume(resquery.bulk(["a.example", "b.example"], servers=[at], timeout=PATIENCE, tries=1, **settings))


def in_columns(at: str, settings: resquery.BulkSettings) -> None:
    """The same as columns."""
    consume(resquery.bulk_columns(["a.example"], servers=[at], timeout=PATIENCE, tries=1, **settings))


def command(*words: str) -> None:
    """The command, which tells an interrupt by its status."""
    if main([*words, "--timeout", str(PATIENCE), "--tries", "1"]) == INTERRUPTED:
        raise KeyboardInterrupt


CALLS: dict[str, Callable[[str], object]] = {
    "bulk": lambda at: many(at, {}),
    "bulk in threads": lambda at: many(at, {"threads": 2}),
    "bulk over TCP": lambda at: many(at, {"transport": "tcp"}),
    "bulk that waits for its turn": lambda at: many(at, {"rate": 0.001}),
    "columns": lambda at: in_columns(at, {}),
    "columns in threads": lambda at: in_columns(at, {"threads": 2}),
    "res_query": lambda at: patient(at).res_query("a.example", "A", bytearray(512)),
    "res_search": lambda at: patient(at).res_search("a", "A", bytearray(512)),
    "resolve": lambda at: patient(at).resolve("a.example"),
    "resquery query": lambda at: command("query", "a.example", "--server", at),
    "resquery bulk": lambda at: command("bulk", ONE_NAME, "--server", at, "--output", os.devnull),
}


def interrupted(call: Callable[[str], object], at: str, delay: float) -> float:
    """Seconds from an interrupt, which comes that long after the call began, to its end."""
    sent: list[float] = []

    def interrupt() -> None:
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(delay, interrupt)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        call(at)
    took = time.monotonic() - sent[0]
    timer.join()
    return took


@pytest.mark.parametrize("name", CALLS)
def test_an_interrupt_ends_any_call_within_a_tenth_of_a_second(name: str, silent: str, interruptible: None) -> None:
    """The best of three: a busy machine may hold one up, but not what the call itself waits for."""
    with ExitStack() as held:
        if name == "bulk over TCP":  # connects, and hears nothing
            held.enter_context(socket.create_server(("127.0.0.1", int(silent.rpartition(":")[2]))))
        took = [interrupted(CALLS[name], silent, delay) for delay in (0.15, 0.17, 0.19)]
    assert min(took) < WAKES_WITHIN


@pytest.mark.parametrize("taken", [0, 1, 500])
def test_an_iterator_that_is_let_go_gives_all_back(taken: int, silent: str) -> None:
    """A thousand lookups pending, over TCP and UDP, a few rows taken: no descriptor stays."""
    before = len(os.listdir("/proc/self/fd"))
    with Server(synthesize="many.example.") as server:
        during = len(os.listdir("/proc/self/fd"))
        names = (f"n{number}.many.example" for number in range(2000))
        rows = resquery.bulk(names, servers=[server.address, silent], timeout=5.0, max_in_flight=1000)
        for _ in range(taken):
            next(rows)
        rows.close()
        assert len(os.listdir("/proc/self/fd")) == during
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_fork_with_a_thousand_in_flight_leaves_the_parents_alone(silent: str) -> None:
    """The child asks on its own and lets the parent's iterator go; the parent's lookups all come back."""
    with Server(synthesize="many.example.", delay=0.3) as server:
        names = (f"n{number}.many.example" for number in range(1000))
        rows = resquery.bulk(names, servers=[server.address], timeout=PATIENCE, max_in_flight=1000)
        first = next(rows)
        child = os.fork()
        if child == 0:
            try:
                told = list(resquery.bulk(["child.many.example"], servers=[server.address], timeout=PATIENCE))
                rows.close()
                os._exit(0 if [row.status for row in told] == ["NOERROR"] else 1)
            except BaseException:
                os._exit(2)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        rest = list(rows)
    assert sorted(row.index for row in [first, *rest]) == list(range(1000))
    assert {row.status for row in [first, *rest]} == {"NOERROR"}
