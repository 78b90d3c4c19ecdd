"""threads=N: several engines over one input, whose rows are those of one engine, and nothing stays behind."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from resquery import _crew, _engine, _pump, bulk, bulk_columns, errors
from resquery._engine import Engine, Types
from resquery._files import Reader, Sink, Whole
from resquery._pump import Pump
from resquery.bulk import bulk_plan
from resquery.testing import Delay, Drop, Fault, Server

ZONE = """
$ORIGIN example.
@ 300 IN SOA ns root 1 2 3 4 60
*.lab 300 IN A 192.0.2.7
"""
COMMAND = [sys.executable, "-m", "resquery"]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server with a small zone."""
    with Server(text=ZONE) as running:
        yield running


def at_work(expected: int) -> int:
    """Threads of lookups: `expected` of them within two seconds, for one that has ended its work has yet to leave."""
    end = time.monotonic() + 2.0
    while (count := sum(thread.name == "resquery" for thread in threading.enumerate())) != expected:
        if time.monotonic() > end:
            break
        time.sleep(0.001)
    return count


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    """Whatever a test does, the threads of its lookups are gone at its end."""
    yield
    assert at_work(0) == 0


def some_names(count: int) -> list[str]:
    """Names that there are."""
    return [f"host-{i}.lab.example" for i in range(count)]


@pytest.mark.parametrize("threads", [0, 1, 2, 5])
def test_every_name_and_type_is_one_row_whoever_looks_it_up(server: Server, threads: int) -> None:
    """With the index of its name; illegal ones too."""
    names: list[str | bytes] = [*some_names(3000), "a..b", b"\xff", "nowhere.example"]
    rows = list(bulk(iter(names), ["A", "MX"], servers=server.address, threads=threads))
    assert sorted((row.index, row.type) for row in rows) == [(i, t) for i in range(3003) for t in ("A", "MX")]
    assert all(names[row.index] in (row.name, b"\xff") for row in rows)
    assert {row.status for row in rows if row.index < 3000} == {"NOERROR"}
    assert [row.status for row in sorted(rows, key=lambda row: row.index) if row.index >= 3000] == [
        "ILLEGAL_INPUT"
    ] * 4 + ["NXDOMAIN"] * 2


def test_no_names_give_no_rows(server: Server) -> None:
    """And the threads end."""
    assert list(bulk([], servers=server.address, threads=3)) == []
    assert list(bulk_columns([], servers=server.address, threads=3)) == []


@pytest.mark.parametrize("rows", [7, 1000, 100_000])
def test_columns_of_several_engines_have_every_row_once(server: Server, rows: int) -> None:
    """In batches of any size, also one that more than all engines together hold would fill."""
    batches = list(
        bulk_columns(some_names(5000), servers=server.address, threads=2, batch_rows=rows, batch_seconds=9.0)
    )
    assert sum(map(len, batches)) == 5000
    assert max(map(len, batches)) <= rows


def test_a_stream_of_columns_runs_in_the_thread_that_pulls_it(server: Server) -> None:
    """One engine has all the limits, whatever `threads` says."""
    from columns import library

    before = threading.active_count()
    table = library("pyarrow").table(bulk_columns(some_names(1000), servers=server.address, threads=3))
    assert threading.active_count() == before
    assert sorted(table["index"].to_pylist()) == list(range(1000))


# -- limits hold in all


def test_no_more_lookups_are_on_the_network_than_asked_for() -> None:
    """Three threads share seven."""
    with Server(text=ZONE, faults=[Fault(action=Drop())]) as silent:
        rows = bulk(
            some_names(50), servers=silent.address, threads=3, max_in_flight=7, timeout=0.5, tries=1, adapt=False
        )
        start = time.monotonic()
        assert {row.status for row in rows} == {"TIMEOUT"}
        assert time.monotonic() - start >= 8 * 0.5 - 0.5  # fifty in rounds of seven


def test_more_threads_than_lookups_are_not_started(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two in flight take two engines."""
    made: list[int] = []
    init = Engine.__init__

    def counted(self: Engine, *args: Any) -> None:
        init(self, *args)
        made.append(self.limits.max_in_flight)

    monkeypatch.setattr(Engine, "__init__", counted)
    assert len(list(bulk(some_names(20), servers=server.address, threads=8, max_in_flight=2))) == 20
    assert made == [1, 1]


def test_a_rate_holds_for_all_threads_together(server: Server) -> None:
    """200 queries at 400 a second take half a second, but for the first of each thread."""
    start = time.monotonic()
    rows = list(bulk(some_names(200), servers=server.address, threads=4, rate=400.0))
    assert len(rows) == 200
    assert time.monotonic() - start > (200 - 2 * 4 - 4) / 400


# -- slow and failing callers


def test_a_slow_consumer_costs_no_answers() -> None:
    """While it sleeps, the threads take what comes: no lookup is asked again, none times out."""
    with Server(text=ZONE, faults=[Fault(action=Delay(0.02))]) as slow:
        rows = bulk(some_names(600), servers=slow.address, threads=2, max_in_flight=300, timeout=2.0, tries=1)
        first = next(rows)
        time.sleep(2.5)
        rest = list(rows)
    assert {(row.status, row.tries) for row in [first, *rest]} == {("NOERROR", 1)}
    assert len(rest) == 599


def test_an_input_that_fails_is_told_after_the_rows_before_it(server: Server) -> None:
    """Once, as with one thread."""

    def names() -> Iterator[Any]:
        yield from some_names(500)
        raise OSError("the input broke")

    seen: list[int] = []
    with pytest.raises(OSError, match="the input broke"):
        seen.extend(row.index for row in bulk(names(), servers=server.address, threads=2))
    assert sorted(seen) == list(range(500))


@pytest.mark.parametrize("call", ["submit", "step", "drain"])
def test_a_failure_in_any_thread_comes_out_once(server: Server, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """And ends all of them."""
    right = getattr(Engine, call)
    turns = iter(range(1000))

    def failing(self: Engine, *args: Any) -> Any:
        if next(turns) == 5:
            raise MemoryError("the fifth")
        return right(self, *args)

    monkeypatch.setattr(Engine, call, failing)
    rows = bulk(some_names(5000), servers=server.address, threads=3, max_in_flight=30)
    with pytest.raises(MemoryError, match="the fifth"):
        list(rows)
    assert list(rows) == []


def test_a_failing_thread_ends_the_pump_with_its_failure(server: Server, tmp_path: Path) -> None:
    """A full disk is one line on standard error, and status 1."""
    (tmp_path / "names").write_text("\n".join(some_names(3000)))
    words = ["bulk", tmp_path / "names", "--server", server.address, "--threads", "3", "--output", "/dev/full"]
    done = subprocess.run([*COMMAND, *words], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (1, b"resquery: /dev/full: No space left on device\n")


def test_closing_ends_all_threads(server: Server) -> None:
    """Within moments, with lookups under way; a second time too, and as soon as the iterator is forgotten."""
    for end in ("close", "close columns", "forget", "forget columns"):
        rows: Any = (bulk_columns if "columns" in end else bulk)(
            (f"h{i}.lab.example" for i in range(10**9)), servers=server.address, threads=3
        )
        next(rows)
        assert at_work(3) == 3
        if end.startswith("close"):
            rows.close()
            rows.close()
        del rows  # no cycle keeps it
        assert at_work(0) == 0


def test_a_thread_that_cannot_start_leaves_nothing_behind(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The failure comes out; those that had started end."""
    start = _crew.start_new_thread
    turns = iter([True, False])

    def refused(work: Any, arguments: tuple[()]) -> int:
        if not next(turns):
            raise RuntimeError("can't start new thread")
        return start(work, arguments)

    monkeypatch.setattr(_crew, "start_new_thread", refused)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(RuntimeError, match="can't start"):
        list(bulk(some_names(5), servers=server.address, threads=2))
    assert len(os.listdir("/proc/self/fd")) == before


# -- signals, forks, ends


@pytest.mark.parametrize("call", [bulk, bulk_columns])
@pytest.mark.parametrize("raised", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_at_any_moment_ends_all_threads(
    server: Server, monkeypatch: pytest.MonkeyPatch, call: Any, raised: type[BaseException]
) -> None:
    """While they start, work and end; what they used is freed after them. Whatever a signal's handler raises."""

    def interrupt(*_: object) -> None:
        raise raised

    before, moments = signal.signal(signal.SIGALRM, interrupt), random.Random(7)
    files = len(os.listdir("/proc/self/fd"))
    try:
        for _ in range(60):
            rows = iter(())
            try:
                signal.setitimer(signal.ITIMER_REAL, moments.uniform(0.0005, 0.03))
                rows = call((f"h{i}.lab.example" for i in range(10**9)), servers=server.address, threads=3)
                for _row in rows:
                    pass
            except raised:
                pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    del rows
    assert at_work(0) == 0
    assert len(os.listdir("/proc/self/fd")) == files


def test_no_engine_is_freed_in_the_middle_of_a_step(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Also when a second interrupt keeps the pump from waiting for its threads."""
    close, work, go_on, freed = Engine.close, Engine.work, threading.Event(), list[Engine]()

    def long_work(*arguments: Any) -> tuple[int, int, int]:
        assert go_on.wait(30)
        return work(*arguments)

    def seen(engine: Engine) -> None:
        if engine.usable:
            freed.append(engine)
        close(engine)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Engine, "work", long_work)
    monkeypatch.setattr(Engine, "close", seen)
    monkeypatch.setattr(_pump, "join", interrupted)
    (tmp_path / "names").write_text("a..b\n" * 50)
    with open(tmp_path / "names") as names, open(tmp_path / "rows", "wb") as rows, ExitStack() as engines:
        made = [engines.enter_context(engine) for engine in bulk_plan(1, "127.0.0.1:9", {"threads": 2})()]
        pump = Pump(made, Types([1]), Reader(names.fileno(), "names"), Sink(rows.fileno(), "rows"), Whole())
        with pytest.raises(KeyboardInterrupt):
            pump.run(interrupted)
    assert freed == []
    go_on.set()
    assert at_work(0) == 0


@pytest.mark.parametrize("raised", [KeyboardInterrupt, SystemExit, TimeoutError])
def test_what_a_signal_raises_while_a_thread_ends_waits_for_its_end(raised: type[BaseException]) -> None:
    """And comes then, whatever it is."""
    go_on, ended = threading.Event(), threading.Event()

    def work() -> None:
        go_on.wait(30)
        ended.set()

    def handler(*_: object) -> None:
        go_on.set()
        raise raised

    before = signal.signal(signal.SIGALRM, handler)
    try:
        thread = _crew.Thread(work)
        thread.start()
        while threading.active_count() < 2 or thread._owner != {"owner": "work"}:
            time.sleep(0.001)
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        with pytest.raises(raised):
            thread.join()
        assert ended.is_set()
    finally:
        signal.signal(signal.SIGALRM, before)


def in_a_child(program: str, *, sent: int = 0) -> tuple[int, str]:
    """The exit status and the output of a program, to which a signal is sent once it says that it is ready."""
    with subprocess.Popen(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program],  # from 3.12 on: threads and fork
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        if sent:
            process.send_signal(sent)
        said = first + process.stdout.read()
        return process.wait(60), said


ENDLESS = """
import os, sys, threading, time
from resquery import bulk, errors
from resquery.testing import Drop, Fault, Server
server = Server(text="x. 300 IN A 192.0.2.1", faults=[Fault(action=Drop(), probability=0.5)]).__enter__()
rows = bulk((f"h{i}.x" for i in range(10**9)), servers=server.address, threads=2, timeout=60, tries=1)
next(rows)
"""


def test_an_interrupt_ends_the_lookups_and_their_threads() -> None:
    """KeyboardInterrupt comes soon, though no row may come for a minute."""
    status, said = in_a_child(
        ENDLESS
        + """
import signal
from resquery.testing import Server
deaf = Server(text="x. 300 IN A 192.0.2.1", faults=[Fault(action=Drop())]).__enter__()
rows = bulk(["a.x"] * 10, servers=deaf.address, threads=2, timeout=60, tries=1)
try:
    print("ready", flush=True)
    next(rows)
except KeyboardInterrupt:
    end = time.monotonic() + 2
    while len(left := [t.name for t in threading.enumerate() if t.name == "resquery"]) > 2 and time.monotonic() < end:
        time.sleep(0.001)
    print(left[2:])
""",
        sent=signal.SIGINT,
    )
    assert (status, said) == (0, "ready\n[]\n")


def test_a_program_may_end_with_lookups_under_way() -> None:
    """The iterator is neither closed nor exhausted: the threads see that nobody waits for them."""
    assert in_a_child(ENDLESS + "print('done')") == (0, "done\n")


def test_a_daemon_that_looks_names_up_does_not_keep_the_program_running() -> None:
    """Its threads end with the program, though it takes rows for as long as they come."""
    program = """
def consume():
    for _ in rows:
        pass
threading.Thread(target=consume, daemon=True).start()
time.sleep(0.1)
print("done", flush=True)
"""
    status, said = in_a_child(ENDLESS + program)
    assert (status, said.splitlines()[0]) == (0, "done")


def test_lookups_go_on_in_whatever_thread_keeps_the_program_running() -> None:
    """The main thread has ended, and so has the one that took the first row."""
    program = """
rows.close()
rows = bulk((f"h{i}.x" for i in range(300)), servers=server.address, threads=2, max_in_flight=10, timeout=0.05)
def first():
    next(rows)
def rest():
    threading.main_thread().join()
    taker.join()
    time.sleep(0.3)
    print(len(list(rows)), flush=True)
taker = threading.Thread(target=first)
taker.start()
threading.Thread(target=rest).start()
"""
    assert in_a_child(ENDLESS + program) == (0, "299\n")


def test_a_forked_child_is_refused_the_lookups_and_may_end_or_ask_anew() -> None:
    """Its parent goes on undisturbed."""
    status, said = in_a_child(
        ENDLESS
        + """
child = os.fork()
if child == 0:
    try:
        list(rows)
    except errors.ResqueryError as error:
        print(error, flush=True)
    del rows
    again = list(bulk(["h.x"] * 3, servers=server.address, threads=2, timeout=0.05, adapt=False))
    print(len(again), flush=True)
    os._exit(0)
print(os.waitpid(child, 0)[1], type(next(rows)).__name__)
"""
    )
    assert (status, said.splitlines()) == (
        0,
        ["these lookups belong to the parent process; start new ones after a fork", "3", "0 Row"],
    )


# -- the command line


def test_the_pump_writes_whole_rows_of_all_threads(server: Server, tmp_path: Path) -> None:
    """To a file and to a pipe; each name once, and totals that add up."""
    names = tmp_path / "names"
    names.write_text("\n".join(some_names(20_000)))
    for output in (tmp_path / "rows", "-"):
        words = ["bulk", names, "--server", server.address, "--threads", "3", "--output", output]
        done = subprocess.run(
            [*COMMAND, *words, "--stats", tmp_path / "stats"], capture_output=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, b"")
        text = done.stdout if output == "-" else Path(output).read_bytes()
        rows = [json.loads(line)["name"] for line in text.splitlines()]
        assert sorted(rows) == sorted(some_names(20_000))
        totals = json.loads((tmp_path / "stats").read_text())
        assert (totals["inputs"], totals["rows"], totals["statuses"]) == (20_000, 20_000, {"NOERROR": 20_000})
        assert totals["interrupted"] is False


def test_the_pump_reads_a_pipe_that_pauses(server: Server) -> None:
    """Rows come while it does; a line that comes in two parts is one name."""
    words = ["bulk", "--server", server.address, "--threads", "2"]
    with subprocess.Popen([*COMMAND, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"host-1.lab.example\nhost-2.l")
        assert json.loads(process.stdout.readline())["name"] == "host-1.lab.example"
        process.stdin.write(b"ab.example\n")
        assert json.loads(process.stdout.readline())["name"] == "host-2.lab.example"
        process.stdin.close()
        assert process.stdout.read() == b""
    assert process.returncode == 0


def test_a_reader_that_stalls_gets_whole_rows_in_the_end(server: Server, tmp_path: Path) -> None:
    """Threads whose output is blocked wait for it, and for each other."""
    names = tmp_path / "names"
    names.write_text("\n".join(some_names(5000)))
    words = ["bulk", str(names), "--server", server.address, "--threads", "3"]
    with subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        time.sleep(1.0)
        rows = [json.loads(line)["name"] for line in process.stdout]
    assert process.returncode == 0
    assert sorted(rows) == sorted(some_names(5000))


@pytest.mark.parametrize("threads", ["1", "3"])
@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_an_interrupted_bulk_writes_the_totals_of_what_was_done(
    tmp_path: Path, threads: str, sent: int, status: int
) -> None:
    """They say that it was interrupted, and count the rows that are in the file; the status is a shell's."""
    with Server(text=ZONE, faults=[Fault(action=Drop(), probability=0.3)]) as server:
        words = ["bulk", "--server", server.address, "--threads", threads, "--timeout", "60", "--tries", "1"]
        words += ["--output", str(tmp_path / "rows"), "--stats", str(tmp_path / "stats"), "--max-in-flight", "5000"]
        with subprocess.Popen(
            [*COMMAND, *words],
            stdin=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(sent, signal.SIG_DFL),
        ) as process:
            assert process.stdin is not None
            process.stdin.write("\n".join(some_names(2000)).encode() + b"\n")
            process.stdin.flush()
            while not (tmp_path / "rows").exists() or not (tmp_path / "rows").read_bytes():
                assert process.poll() is None
                time.sleep(0.01)
            process.send_signal(sent)
            process.stdin.close()
            assert process.wait(10) == status
    totals = json.loads((tmp_path / "stats").read_text())
    rows = [json.loads(line)["name"] for line in (tmp_path / "rows").read_text().splitlines()]
    assert len(set(rows)) == len(rows) == totals["rows"] > 0
    assert (totals["interrupted"], sum(totals["statuses"].values())) == (True, totals["rows"])


def test_totals_of_engines_add_up() -> None:
    """Counts and dictionaries of counts."""
    numbers = dict.fromkeys(_engine.Stats.__struct_fields__, 1)
    counts = {name: {} for name in ("queries", "received", "statuses", "dropped")}
    one = _engine.Stats(**{**numbers, **counts, "statuses": {"NOERROR": 2, "TIMEOUT": 1}})
    other = _engine.Stats(**{**numbers, **counts, "statuses": {"NOERROR": 3, "SERVFAIL": 1}})
    both = _engine.summed([one, other])
    assert (both.rows, both.statuses) == (2, {"NOERROR": 5, "TIMEOUT": 1, "SERVFAIL": 1})


@pytest.mark.parametrize(("value", "kind"), [(-1, ValueError), (65, ValueError), (1.5, TypeError), ("2", TypeError)])
def test_a_number_of_threads_out_of_range_is_refused(value: Any, kind: type[Exception]) -> None:
    """0 to 64, before anything is sent."""
    for call in (bulk, bulk_columns):
        with pytest.raises(kind, match="threads"):
            call([], servers="127.0.0.1", threads=value)


def test_too_few_sockets_for_the_threads_are_told_before_anything_is_sent() -> None:
    """With the limit, and what is needed, one or many; it is a typed error."""
    program = """
import resource
from resquery import bulk, errors
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
print(len(list(bulk(["a..b"], servers=[f"127.0.0.{i}" for i in range(1, 9)]))))
try:
    bulk([], servers=[f"127.0.0.{i}" for i in range(1, 9)], threads=4)
except errors.BeyondLimits as error:
    print(error)
resource.setrlimit(resource.RLIMIT_NOFILE, (5, 5))
try:
    bulk([], servers="127.0.0.1")
except errors.BeyondLimits as error:
    print(error)
"""
    status, said = in_a_child(program)
    assert status == 0
    one, many, few = said.splitlines()
    assert one == "1"
    assert many.startswith("144 sockets are needed for 1,000 lookups at once in 4 threads at 8 servers, and ")
    assert "limit of 64" in many
    assert few.startswith("8 sockets are needed for 1,000 lookups at once in 1 thread at 1 server, and ")
    assert issubclass(errors.BeyondLimits, ValueError)
