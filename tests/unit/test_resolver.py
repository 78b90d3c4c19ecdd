"""Blocking lookups against the test server: answers, buffers, failures, search lists, threads, signals, forks."""

from __future__ import annotations

import array
import gc
import mmap
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import resquery
from resquery import Message, Resolver, Stored, errors
from resquery.resolver import _System  # pyright: ignore[reportPrivateUsage]
from resquery.testing import Drop, Fault, Query, Rcode, Reply, Server, Truncate

ZONE = """
$ORIGIN example.
@ 300 IN SOA ns root 1 2 3 4 60
@ 300 IN NS ns
ns 300 IN A 192.0.2.53
www 300 IN A 192.0.2.1
mail 300 IN MX 10 mx1
alias 300 IN CNAME www
text 300 IN TXT "only text"
*.lab 300 IN A 192.0.2.7
""" + "".join(f"big 300 IN MX {i} exchanger-number-{i}.of.a.rather.long.domain\n" for i in range(100))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server with a small zone."""
    with Server(text=ZONE) as running:
        yield running


@pytest.fixture(scope="module")
def resolver(server: Server) -> Iterator[Resolver]:
    """A resolver that asks it, each time."""
    with Resolver(server.address, timeout=5.0, cache=False) as made:
        yield made


# -- answers


def test_an_answer_is_a_message(resolver: Resolver) -> None:
    """Type and class may be names in any case, or numbers."""
    for rrtype in ("MX", "mx", "TYPE15", 15):
        answer = resolver.resolve("mail.example", rrtype, rrclass="in")
        assert [record.to_text() for record in answer.answer] == ["mail.example. 300 IN MX 10 mx1.example."]


def test_any_is_asked_for_like_a_type(resolver: Resolver) -> None:
    """Whatever records the name has are the answer; without one there is none."""
    assert {str(record.type) for record in resolver.resolve("example", "ANY").answer} == {"SOA", "NS"}
    with pytest.raises(errors.NXDomain):
        resolver.resolve("nothing.example", "any")


def test_a_type_without_a_format_is_asked_for_as_well(resolver: Resolver) -> None:
    """A name without such records, and a server that does not do transfers this way, are told as such."""
    with pytest.raises(errors.NoAnswer):
        resolver.resolve("www.example", "UINFO")
    with pytest.raises(errors.NotImp):
        resolver.resolve("example", "AXFR")


def test_a_chain_of_cnames_answers(resolver: Resolver) -> None:
    """The record at its end answers the question."""
    assert [str(record.type) for record in resolver.resolve("alias.example").answer] == ["CNAME", "A"]


@pytest.mark.parametrize("shuffled", [False, True])
def test_a_chain_answers_in_any_order(shuffled: bool) -> None:
    """Also when the records stand the wrong way round, and in another case."""
    lines = ["a.test. 60 IN CNAME B.test.", "b.test. 60 IN CNAME c.test.", "C.test. 60 IN A 192.0.2.1"]
    with Server(answer=lambda query: Reply(answer=lines[::-1] if shuffled else lines)) as server:
        assert len(Resolver(server.address).resolve("a.test").answer) == 3


@pytest.mark.parametrize(
    "lines",
    [
        ["other.test. 60 IN A 192.0.2.1"],
        ["a.test. 60 IN CNAME b.test.", "c.test. 60 IN A 192.0.2.1"],
        ["a.test. 60 IN CNAME b.test.", "b.test. 60 IN CNAME a.test."],
        ["a.test. 60 IN TXT nothing"],
    ],
)
def test_records_off_the_chain_are_no_answer(lines: list[str]) -> None:
    """What belongs to neither the question nor its chain is NoAnswer, and can be read from the response."""
    with Server(answer=lambda query: Reply(answer=lines)) as server, pytest.raises(errors.NoAnswer) as caught:
        Resolver(server.address, hops=0).resolve("a.test")
    assert caught.value.response is not None
    assert len(caught.value.response.answer) == len(lines)


def test_any_record_answers_a_question_for_any(server: Server) -> None:
    """Type ANY (RFC 8482) is answered by whatever there is at the name."""
    with Server(answer=lambda query: Reply(answer=["a.test. 60 IN TXT x"])) as other:
        assert Resolver(other.address).resolve("a.test", 255).answer[0].name == "a.test."


def test_tcp_alone_will_do(server: Server) -> None:
    """transport="tcp" sends nothing over UDP."""
    before = server.counts
    with Resolver(server.address, transport="tcp") as resolver:
        assert resolver.resolve("www.example").answer
    after = server.counts
    assert (after.udp, after.tcp) == (before.udp, before.tcp + 1)


# -- failures


def failing(rcode: str) -> Callable[[Query], Reply]:
    """A server's function that answers everything with this rcode."""
    return lambda query: Reply(rcode=rcode)


@pytest.mark.parametrize(
    ("rcode", "kind", "number", "said"),
    [
        ("FORMERR", errors.FormErr, 1, "did not understand"),
        ("SERVFAIL", errors.ServFail, 2, "failed"),
        ("NXDOMAIN", errors.NXDomain, 3, "does not exist"),
        ("NOTIMP", errors.NotImp, 4, "does not do this"),
        ("REFUSED", errors.Refused, 5, "refused"),
        ("NOTAUTH", errors.OtherRcode, 9, "failed"),
    ],
)
def test_each_rcode_has_its_exception(rcode: str, kind: type[errors.LookupFailure], number: int, said: str) -> None:
    """It carries the response, the question, the server and the tries, and says so in one line."""
    with Server(answer=failing(rcode)) as server, pytest.raises(kind) as caught:
        Resolver(server.address).resolve("a\\032b.test", "MX")
    failure = caught.value
    assert type(failure) is kind
    assert failure.response is not None
    assert failure.response.rcode == number
    assert (failure.name, failure.type, failure.server) == ("a\\032b.test", "MX", server_of(failure))
    assert failure.tries >= 1
    assert f"{said} ({rcode} from" in str(failure)
    assert "\n" not in str(failure)
    if isinstance(failure, errors.OtherRcode):
        assert failure.rcode == number


def server_of(failure: errors.LookupFailure) -> str | None:
    """The server, which must stand in the message too."""
    assert failure.server is not None
    assert failure.server in str(failure)
    return failure.server


def test_a_name_without_such_a_record_is_no_answer(resolver: Resolver) -> None:
    """NOERROR with an empty answer section."""
    with pytest.raises(errors.NoAnswer) as caught:
        resolver.resolve("text.example", "A")
    assert caught.value.response is not None
    assert caught.value.response.rcode == 0


def test_silence_is_a_timeout(silent: str) -> None:
    """After all tries, without a response."""
    made = Resolver(silent, timeout=60.0, tries=3, try_timeout=0.1)
    with made as resolver, pytest.raises(errors.Timeout) as caught:
        resolver.resolve("www.example")
    assert (caught.value.response, caught.value.tries, caught.value.server) == (None, 3, silent)
    assert isinstance(caught.value, TimeoutError)


def test_a_closed_port_is_a_network_error() -> None:
    """With the errno of the refusal."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as held:
        held.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{held.getsockname()[1]}"
        with Resolver(address, transport="tcp", timeout=2.0) as resolver, pytest.raises(errors.NetworkError) as caught:
            resolver.resolve("www.example")
    assert caught.value.errno
    assert os.strerror(caught.value.errno) in str(caught.value)


def test_an_answer_cut_over_tcp_is_truncated(server: Server) -> None:
    """TC over TCP ends the lookup (RFC 7766, 5)."""
    with Server(text=ZONE, faults=[Fault(action=Truncate())]) as cutting, pytest.raises(errors.Truncated):
        Resolver(cutting.address, timeout=2.0).resolve("www.example")


def test_a_lost_query_is_sent_again() -> None:
    """Two lost, the third answered."""
    with Server(text=ZONE, faults=[Fault(times=2, action=Drop())]) as lossy:
        assert Resolver(lossy.address, timeout=5.0, try_timeout=0.05).resolve("www.example").answer


@pytest.mark.parametrize("name", ["a..b", "", "é.example", "a" * 64])
def test_an_illegal_name_is_never_asked(name: str, silent: str) -> None:
    """IllegalName at once, from each of the calls."""
    with Resolver(silent) as resolver:
        for call in (
            lambda: resolver.resolve(name),
            lambda: resolver.res_query(name, "A", bytearray(10)),
            lambda: resolver.res_search(name, "A", bytearray(10)),
        ):
            with pytest.raises(errors.IllegalName) as caught:
                call()
            assert caught.value.value == name


# -- res_query


@pytest.mark.parametrize("cap", [0, 1, 11, 12, 100, 1500, 65535])
def test_res_query_never_stores_more_than_fits(resolver: Resolver, cap: int) -> None:
    """min(actual, cap) octets, a prefix of the answer, what lies behind untouched; the actual length is told apart."""
    whole = resolver.resolve("big.example", "MX").wire
    buf = bytearray(b"\xa5" * (cap + 64))
    n = resolver.res_query("big.example", "MX", memoryview(buf)[:cap])
    assert (n, n.actual, n.clipped) == (min(len(whole), cap), len(whole), len(whole) > cap)
    assert buf[2:n] == whole[2:n]
    assert buf[n:] == b"\xa5" * (cap + 64 - n)


def test_a_clipped_answer_gives_the_records_that_are_whole(resolver: Resolver) -> None:
    """A Message of what was stored knows that it was cut."""
    buf = bytearray(1500)
    n = resolver.res_query("big.example", "MX", buf)
    message = Message(memoryview(buf)[:n])
    assert message.truncated
    assert 0 < len(message.answer) < 100


def test_every_kind_of_writable_buffer_will_do(resolver: Resolver) -> None:
    """bytearray, memoryview, array of any item, mmap, ctypes."""
    import ctypes

    buffers: list[Any] = [
        bytearray(512),
        memoryview(bytearray(600))[50:562],
        array.array("B", bytes(512)),
        array.array("I", bytes(512)),
        mmap.mmap(-1, 512),
        (ctypes.c_uint8 * 512)(),
    ]
    for buf in buffers:
        n = resolver.res_query("www.example", "A", buf)
        assert Message(memoryview(buf).cast("B")[:n]).answer[0].name == "www.example."


@pytest.mark.parametrize(
    ("buf", "said"),
    [
        (b"bytes", "read-only"),
        (memoryview(b"bytes"), "read-only"),
        (memoryview(bytearray(10))[::2], "contiguous"),
        ("text", "str"),
        (None, "NoneType"),
        ([0] * 10, "list"),
    ],
)
def test_an_unfit_buffer_is_a_type_error(resolver: Resolver, buf: Any, said: str) -> None:
    """The message says what is wrong with it, and nothing is asked."""
    for call in (resolver.res_query, resolver.res_search):
        with pytest.raises(TypeError, match=said):
            call("www.example", "A", buf)


def test_a_response_that_is_a_failure_is_in_the_buffer_too(resolver: Resolver) -> None:
    """NXDOMAIN raises, and its octets, SOA included, are stored."""
    buf = bytearray(512)
    with pytest.raises(errors.NXDomain) as caught:
        resolver.res_query("nowhere.example", "A", buf)
    assert caught.value.response is not None
    assert caught.value.response.wire == buf[: len(caught.value.response.wire)]
    assert caught.value.response.authority[0].type == 6
    with pytest.raises(errors.NXDomain) as caught:
        resolver.res_query("nowhere.example", "A", bytearray(5))
    assert caught.value.response is None


def test_a_kept_exception_does_not_keep_the_buffer(resolver: Resolver, silent: str) -> None:
    """It may be resized while the exception, and the frames in its traceback, are alive."""
    with Resolver(silent, timeout=0.1, tries=1, search=["one"]) as deaf:
        for call in (resolver.res_query, resolver.res_search, deaf.res_query, deaf.res_search):
            buf = bytearray(512)
            with pytest.raises(errors.LookupFailure) as caught:
                call("nowhere.example", "A", buf)
            buf.extend(b"x")
            assert caught.value.__traceback__ is not None


def test_stored_is_an_int_and_a_value() -> None:
    """It cannot be changed, adds up as an int, and survives pickling."""
    n = Stored(1500, 8546)
    assert (n + 1, f"{n}", str(n), n == 1500, hash(n)) == (1501, "1500", "1500", True, hash(1500))
    back = pickle.loads(pickle.dumps(n))
    assert (back, back.actual, back.clipped, type(back)) == (1500, 8546, True, Stored)
    with pytest.raises(AttributeError):
        n.actual = 1
    assert not Stored(10, 10).clipped


# -- res_search


def asked(server: Server) -> list[str]:
    """The names that were asked for, in order, and no more."""
    return [query.name for query in server.log]


def search(server: Server, name: str, **settings: Any) -> Stored:
    """One search with a resolver of its own."""
    with Resolver(server.address, **settings) as resolver:
        return resolver.res_search(name, "A", bytearray(512))


@pytest.mark.parametrize(
    ("name", "ndots", "order"),
    [
        ("host", 1, ["host.one.", "host.two.", "host."]),
        ("a.host", 1, ["a.host.", "a.host.one.", "a.host.two."]),
        ("a.host", 2, ["a.host.one.", "a.host.two.", "a.host."]),
        ("host", 0, ["host.", "host.one.", "host.two."]),
        ("host.", 1, ["host."]),
        ("a\\.host", 1, ["a\\.host.", "a\\.host.one.", "a\\.host.two."]),
        ("host\\.", 2, ["host\\..one.", "host\\..two.", "host\\.."]),
    ],
)
def test_names_are_asked_for_in_the_order_of_res_search(name: str, ndots: int, order: list[str]) -> None:
    """As it stands first with enough dots, last without; alone with a dot at its end."""
    with Server(answer=failing("NXDOMAIN"), log=10) as server:
        with pytest.raises(errors.NXDomain) as caught:
            search(server, name, search=["one", "two"], ndots=ndots)
        assert asked(server) == order
    assert caught.value.name == name


def test_the_search_ends_with_the_first_answer(server: Server) -> None:
    """Later domains are not asked."""
    buf = bytearray(512)
    with Resolver(server.address, search=["none.example", "lab.example", "example"]) as resolver:
        n = resolver.res_search("host", "A", buf)
    assert Message(memoryview(buf)[:n]).question[0].name == "host.lab.example."
    assert (n, n.clipped) == (n.actual, False)


def test_the_root_in_the_search_list_is_the_name_as_it_stands() -> None:
    """It is not asked for twice."""
    with Server(answer=failing("NXDOMAIN"), log=10) as server:
        with pytest.raises(errors.NXDomain):
            search(server, "host", search=["one", "."])
        assert asked(server) == ["host.one.", "host."]


def test_a_domain_that_makes_the_name_too_long_is_passed_over() -> None:
    """The others are still tried."""
    long = ".".join(["d" * 60] * 4)
    with Server(answer=failing("NXDOMAIN"), log=10) as server:
        with pytest.raises(errors.NXDomain):
            search(server, "host-with-a-name", search=[long, "two"])
        assert asked(server) == ["host-with-a-name.two.", "host-with-a-name."]


@pytest.mark.parametrize(
    ("name", "rcodes", "kind", "asked_last"),
    [
        ("x.as", {"as": "NXDOMAIN", "as.one": "NOERROR"}, errors.NXDomain, "x.as."),
        ("x.as", {"as": "SERVFAIL", "as.one": "NXDOMAIN"}, errors.ServFail, "x.as."),
        ("x", {"one": "NOERROR", "two": "NXDOMAIN", "": "NXDOMAIN"}, errors.NoAnswer, "x.one."),
        ("x", {"one": "SERVFAIL", "two": "NXDOMAIN", "": "NXDOMAIN"}, errors.ServFail, "x.one."),
        ("x", {"one": "SERVFAIL", "two": "NOERROR", "": "NXDOMAIN"}, errors.NoAnswer, "x.two."),
        ("x", {"one": "NXDOMAIN", "two": "NXDOMAIN", "": "SERVFAIL"}, errors.ServFail, "x."),
        ("x", {"one": "NXDOMAIN", "two": "REFUSED", "": "NOERROR"}, errors.Refused, "x.two."),
    ],
)
def test_the_most_telling_failure_is_raised(
    name: str, rcodes: dict[str, str], kind: type[errors.LookupFailure], asked_last: str
) -> None:
    """That of the name as it stands if asked first, else NoAnswer, else ServFail; anything worse ends the search."""

    def answer(query: Query) -> Reply:
        domain = query.name.rstrip(".").partition(".")[2]
        return Reply(rcode=rcodes.get(domain, "NXDOMAIN"))

    buf = bytearray(512)
    with (
        Server(answer=answer) as server,
        Resolver(server.address, search=["one", "two"]) as resolver,
        pytest.raises(errors.LookupFailure) as caught,
    ):
        resolver.res_search(name, "A", buf)
    assert type(caught.value) is kind
    assert caught.value.response is not None
    assert caught.value.response.question[0].name == asked_last
    assert buf.startswith(caught.value.response.wire)


def test_a_shorter_answer_leaves_nothing_of_an_earlier_failure(server: Server) -> None:
    """Only the octets of the answer that counts are stored."""

    def answer(query: Query) -> Reply:
        if query.name == "x.one.":
            return Reply(rcode="NXDOMAIN", authority=["one. 60 IN SOA a-long-name-server. a-long-mailbox. 1 2 3 4 5"])
        return Reply(answer=["x.two. 60 IN A 192.0.2.1"])

    buf = bytearray(b"\xa5" * 512)
    with Server(answer=answer) as server, Resolver(server.address, search=["one", "two"]) as resolver:
        n = resolver.res_search("x", "A", buf)
    assert buf[n:] == b"\xa5" * (512 - n)


# -- the system's resolver


def test_the_system_resolver_follows_its_file(tmp_path: Path) -> None:
    """Looked at once a second at the most, read again when it has changed, kept while it has not."""
    file = tmp_path / "resolv.conf"
    file.write_text("nameserver 192.0.2.1\n")
    system = _System(str(file))
    first = system.resolver(100.0)
    assert first.servers == ("192.0.2.1:53",)
    file.write_text("nameserver 192.0.2.22\n")
    assert system.resolver(100.9) is first
    second = system.resolver(101.1)
    assert second.cache is not first.cache  # answers of other servers are forgotten
    assert second.servers == ("192.0.2.22:53",)
    assert system.resolver(103.0) is second
    file.unlink()
    assert system.resolver(105.0).servers == ("127.0.0.1:53",)


def test_the_system_resolver_may_be_asked_while_it_looks_at_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a signal handler does, or the child of a fork: nothing is locked."""
    file = tmp_path / "resolv.conf"
    file.write_text("nameserver 192.0.2.1\n")
    system, inner, stat = _System(str(file)), list[Resolver](), os.stat

    def interrupted(path: str) -> os.stat_result:
        if not inner:
            monkeypatch.setattr(os, "stat", stat)
            inner.append(system.resolver(100.0))
        return stat(path)

    monkeypatch.setattr(os, "stat", interrupted)
    assert system.resolver(100.0).servers == ("192.0.2.1:53",)
    assert [resolver.servers for resolver in inner] == [("192.0.2.1:53",)]


def test_module_level_calls_ask_the_system_resolver(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """resolve, res_query and res_search."""

    class System:
        def resolver(self, now: float) -> Resolver:
            return Resolver(server.address, search=["example"])

    monkeypatch.setattr("resquery.resolver._system", System())
    buf = bytearray(512)
    assert resquery.resolve("www.example").answer
    assert resquery.res_query("www.example", "A", buf) > 12
    assert resquery.res_search("www", "A", buf) > 12


# -- life


def open_files() -> int:
    """File descriptors that this process has open."""
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


def test_close_gives_every_descriptor_back(server: Server) -> None:
    """Closed or merely forgotten; close may be called twice, and a closed resolver says so."""
    before = open_files()
    resolver = Resolver(server.address)
    resolver.resolve("www.example")
    assert open_files() > before
    resolver.close()
    resolver.close()
    assert open_files() == before
    with pytest.raises(errors.ResqueryError, match="closed"):
        resolver.resolve("www.example")
    Resolver(server.address).resolve("www.example")
    assert open_files() == before


def test_threads_may_share_a_resolver(resolver: Resolver) -> None:
    """Every thread gets the answers to its own questions."""
    wrong: list[str] = []

    def work(number: int) -> None:
        for i in range(50):
            name = f"host-{number}-{i}.lab.example."
            if resolver.resolve(name).answer[0].name != name:
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_fork_asks_on_sockets_of_its_own(server: Server) -> None:
    """Parent and child go on with the same resolver, and share no source port."""
    with Server(text=ZONE, log=100) as logged, Resolver(logged.address) as resolver:
        resolver.resolve("www.example")
        child = os.fork()
        if child == 0:
            status = 1
            try:
                status = 0 if resolver.resolve("child.lab.example").answer else 2
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert resolver.resolve("parent.lab.example").answer
        ports = {query.name: query.client[1] for query in logged.log}
    assert ports["child.lab.example."] not in (ports["www.example."], ports["parent.lab.example."])


def test_an_engine_that_cannot_be_served_is_used_no_more(server: Server) -> None:
    """A failing epoll ends the one call with an error; the next call has an engine that works."""
    with Resolver(server.address) as resolver, open(os.devnull) as other:
        resolver.resolve("www.example")
        (engine,) = resolver._idle  # pyright: ignore[reportPrivateUsage]
        os.dup2(other.fileno(), engine.fileno())
        with pytest.raises(errors.ResqueryError, match="cannot be served"):
            resolver.resolve("www.example")
        assert resolver.resolve("www.example").answer


def test_a_signal_ends_a_lookup(silent: str, interruptible: None) -> None:
    """KeyboardInterrupt while it waits; the resolver works on afterwards."""
    with Resolver(silent, timeout=60.0, tries=1) as resolver:
        timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            resolver.resolve("www.example")
        timer.join()
        with pytest.raises(errors.IllegalName):
            resolver.resolve("a..b")


def test_importing_resquery_opens_nothing() -> None:
    """No socket, no thread, and neither rich nor dnspython."""
    code = (
        "import os, sys, threading; before = os.listdir('/proc/self/fd'); import resquery.cli; "
        "assert len(os.listdir('/proc/self/fd')) == len(before), 'descriptors'; assert threading.active_count() == 1; "
        "assert not {'rich', 'dns', 'asyncio'} & set(sys.modules), 'modules'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_rcode_of_edns_is_told_by_its_number() -> None:
    """BADCOOKIE needs the upper bits of EDNS."""
    faults = [Fault(action=Rcode("BADCOOKIE"))]
    with Server(text=ZONE, faults=faults) as server, pytest.raises(errors.OtherRcode) as caught:
        Resolver(server.address).resolve("www.example")
    assert caught.value.rcode == 23
    assert "23" in str(caught.value)
