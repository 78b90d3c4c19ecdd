"""The test server answers as its zone or function says, fails as its script says, and leaves nothing behind."""

from __future__ import annotations

import gc
import os
import random
import selectors
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from resquery import Resolver
from resquery.errors import IllegalName, ServFail
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
    Query,
    Rcode,
    Reorder,
    Reply,
    Send,
    Server,
    ServerError,
    Slow,
    Truncate,
    WrongId,
    WrongQuestion,
    WrongSource,
    ZoneError,
)
from resquery.testing.demo import BIG_MX, ZONE, demo_names, demo_zone
from resquery.testing.tcp import TcpService, _Connection, _Piece
from resquery.testing.zone import Zones

ZONE_TEXT = """
$ORIGIN example.
@ 300 IN SOA ns root 1 2 3 4 60
@ NS ns
ns A 192.0.2.1
www A 192.0.2.2
www A 192.0.2.3
www AAAA 2001:db8::2
alias CNAME www
alias2 CNAME alias
away CNAME www.elsewhere.test.
ring CNAME ring2
ring2 CNAME ring
*.wild TXT "hi"
deep.in.empty A 192.0.2.4
sub NS ns.sub
ns.sub A 192.0.2.5
renamed DNAME empty
unknown TYPE65280 \\# 3 010203
"""
BIG = "".join(f"big 300 IN MX {i} mx{i:03d}.{'x' * 40}.example.\n" for i in range(100))
OK = "ok.example. 300 IN A 192.0.2.9\nbad.example. 300 IN A 192.0.2.8\n"
PATIENCE = 20.0  # seconds that an answer may take on a busy machine; nothing waits so long when all is well


@pytest.fixture(scope="module")
def zone_server() -> Iterator[Server]:
    """One server of the zone above on both loopback addresses."""
    with Server(text=ZONE_TEXT + BIG, hosts=["127.0.0.1", "::1"]) as server:
        yield server


def ask(
    server: Server, name: str, rrtype: str = "A", *, tcp: bool = False, host: str = "127.0.0.1", **options: object
) -> dns.message.Message:
    """What dnspython gets from the server, checked by dnspython against the question."""
    query = dns.message.make_query(name, rrtype, **options)
    via = dns.query.tcp if tcp else dns.query.udp
    return via(query, host, port=server.port, timeout=PATIENCE)


def exchange(server: Server, wire: bytes, wanted: int, *, first: bytes | None = None) -> list[bytes]:
    """The first `wanted` datagrams that come back for a datagram (and one sent `first`), in order."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.settimeout(PATIENCE)
        sock.connect(("127.0.0.1", server.port))
        for one in (wire,) if first is None else (first, wire):
            sock.send(one)
        return [sock.recv(65535) for _ in range(wanted)]


def exchange_tcp(server: Server, wire: bytes) -> tuple[bytes, str]:
    """The octets that come back over TCP until a whole frame is there or the server ends, and how it ended."""
    got = b""
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)) as sock:
        sock.sendall(struct.pack("!H", len(wire)) + wire)
        while len(got) < 2 or len(got) < 2 + int.from_bytes(got[:2], "big"):
            try:
                octets = sock.recv(65535)
            except ConnectionResetError:
                return got, "reset"
            if not octets:
                return got, "fin"
            got += octets
    return got, "open"


def query_wire(name: str = "bad.example.", *, edns: bool = True, id: int = 0x1234) -> bytes:
    """An A query."""
    return dns.message.make_query(name, "A", use_edns=0 if edns else -1, id=id).to_wire()


def answers(response: dns.message.Message) -> set[str]:
    """The answer section as lines."""
    return {f"{one.name} {dns.rdatatype.to_text(one.rdtype)} {rdata}" for one in response.answer for rdata in one}


# --- zones ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "rrtype", "rcode", "expected"),
    [
        ("www", "A", "NOERROR", {"www.example. A 192.0.2.2", "www.example. A 192.0.2.3"}),
        ("WwW", "AAAA", "NOERROR", {"WwW.example. AAAA 2001:db8::2"}),
        ("unknown", "TYPE65280", "NOERROR", {"unknown.example. TYPE65280 \\# 3 010203"}),
        ("www", "MX", "NOERROR", set()),
        ("nowhere", "A", "NXDOMAIN", set()),
        ("below.www", "A", "NXDOMAIN", set()),
        ("empty", "A", "NOERROR", set()),
        ("in.empty", "A", "NOERROR", set()),
        ("other.in.empty", "A", "NXDOMAIN", set()),
        (
            "alias2",
            "AAAA",
            "NOERROR",
            {
                "alias2.example. CNAME alias.example.",
                "alias.example. CNAME www.example.",
                "www.example. AAAA 2001:db8::2",
            },
        ),
        ("alias2", "CNAME", "NOERROR", {"alias2.example. CNAME alias.example."}),
        ("alias", "LOC", "NOERROR", {"alias.example. CNAME www.example."}),
        ("away", "A", "NOERROR", {"away.example. CNAME www.elsewhere.test."}),
        ("any.thing.wild", "TXT", "NOERROR", {'any.thing.wild.example. TXT "hi"'}),
        ("any.wild", "A", "NOERROR", set()),
        ("wild", "TXT", "NOERROR", set()),
        (
            "deep.in.renamed",
            "A",
            "NOERROR",
            {
                "renamed.example. DNAME empty.example.",
                "deep.in.renamed.example. CNAME deep.in.empty.example.",
                "deep.in.empty.example. A 192.0.2.4",
            },
        ),
    ],
)
@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_a_zone_is_answered(
    zone_server: Server, name: str, rrtype: str, rcode: str, expected: set[str], tcp: bool
) -> None:
    """Records, chains, wildcards, DNAME, no data and NXDOMAIN (RFC 1034, 4.3.2), the same over UDP and TCP."""
    response = ask(zone_server, f"{name}.example.", rrtype, tcp=tcp)
    assert dns.rcode.to_text(response.rcode()) == rcode
    assert answers(response) == expected
    assert response.flags & dns.flags.AA


@pytest.mark.parametrize("name", ["nowhere", "www", "alias"])
def test_negative_answers_carry_the_soa_with_the_smaller_ttl(zone_server: Server, name: str) -> None:
    """RFC 2308, 5: min(TTL of the SOA, its minimum), here 60."""
    [soa] = ask(zone_server, f"{name}.example.", "TXT").authority
    assert (soa.name.to_text(), soa.ttl) == ("example.", 60)


def test_a_delegation_is_a_referral_without_aa(zone_server: Server) -> None:
    """NS records in the authority section, addresses in the additional one."""
    response = ask(zone_server, "host.sub.example.")
    assert not response.flags & dns.flags.AA
    assert [one.to_text() for one in response.authority] == ["sub.example. 300 IN NS ns.sub.example."]
    assert [one.to_text() for one in response.additional] == ["ns.sub.example. 300 IN A 192.0.2.5"]


def test_a_ring_of_cnames_ends_in_servfail(zone_server: Server) -> None:
    """The chain is followed a bounded number of times."""
    assert ask(zone_server, "ring.example.").rcode() == dns.rcode.SERVFAIL


def test_names_outside_every_zone_are_refused(zone_server: Server) -> None:
    """REFUSED, not NXDOMAIN: the server knows nothing about them."""
    assert ask(zone_server, "www.elsewhere.test.").rcode() == dns.rcode.REFUSED


@pytest.mark.parametrize(("payload", "truncated"), [(None, True), (512, True), (100, True), (4000, True), (8000, True)])
def test_large_answers_are_truncated_over_udp_and_whole_over_tcp(
    zone_server: Server, payload: int | None, truncated: bool
) -> None:
    """TC and no records beyond 512 octets without EDNS, beyond the client's payload or 4,096 octets with it."""
    options = {"use_edns": -1} if payload is None else {"payload": payload}
    response = ask(zone_server, "big.example.", "MX", **options)
    assert bool(response.flags & dns.flags.TC) == truncated
    assert not response.answer
    assert len(ask(zone_server, "big.example.", "MX", tcp=True, **options).answer[0]) == 100


@pytest.mark.parametrize(("payload", "truncated"), [(511, True), (1023, True), (1024, False), (1025, False)])
def test_truncation_begins_exactly_beyond_the_payload(payload: int, truncated: bool) -> None:
    """An answer of 1,024 octets, OPT included, fits into a payload of 1,024 and not into one less."""
    empty = 12 + 8 + 4 + 11 + 12  # header, question t.test., OPT, one record without RDATA
    size = 1024 - empty - 3 * 256
    text = f't.test. TXT {" ".join([chr(34) + "x" * 255 + chr(34)] * 3)} "{"y" * (size - 1)}"'
    with Server(text=text) as server:
        query = dns.message.make_query("t.test.", "TXT", payload=payload)
        [wire] = exchange(server, query.to_wire(), 1)
    assert bool(wire[2] & 2) == truncated
    assert truncated or len(wire) == 1024


def test_edns_is_answered_with_edns_and_do_is_echoed(zone_server: Server) -> None:
    """OPT for OPT (RFC 6891, 6.1.1), DO for DO (RFC 3225, 3)."""
    assert ask(zone_server, "www.example.", use_edns=-1).edns == -1
    assert ask(zone_server, "www.example.", use_edns=0).ednsflags == 0
    assert ask(zone_server, "www.example.", want_dnssec=True).ednsflags == dns.flags.DO


def test_a_later_edns_version_is_badvers(zone_server: Server) -> None:
    """RFC 6891, 6.1.3."""
    assert ask(zone_server, "www.example.", use_edns=1).rcode() == dns.rcode.BADVERS


@pytest.mark.parametrize("name", ["www.example.", "nowhere.example.", "any.wild.example.", "alias.example."])
def test_ipv6_gives_the_same_answers_on_the_same_port(zone_server: Server, name: str) -> None:
    """127.0.0.1 and ::1 are one server."""
    one, other = (ask(zone_server, name, host=host, id=1).to_text() for host in ("127.0.0.1", "::1"))
    assert one == other
    assert zone_server.addresses == [f"127.0.0.1:{zone_server.port}", f"[::1]:{zone_server.port}"]


@pytest.mark.parametrize(
    ("wire", "rcode"),
    [
        (query_wire()[:2] + b"\x20" + query_wire()[3:], dns.rcode.NOTIMP),  # opcode 4
        (query_wire()[:12], dns.rcode.FORMERR),
        (query_wire()[:20], dns.rcode.FORMERR),
        (dns.message.make_query("www.example.", "A", rdclass=3).to_wire(), dns.rcode.REFUSED),
        (dns.message.make_query("example.", "AXFR").to_wire(), dns.rcode.NOTIMP),
    ],
    ids=["opcode", "no question", "half a name", "class", "transfer"],
)
def test_odd_queries_get_the_rcode_that_fits(zone_server: Server, wire: bytes, rcode: int) -> None:
    """What is no plain question is refused, not ignored."""
    [response] = exchange(zone_server, wire, 1)
    assert (response[:2], response[3] & 15) == (wire[:2], rcode)


@pytest.mark.parametrize("wire", [b"", b"x" * 11, query_wire()[:2] + b"\x81" + query_wire()[3:]])
def test_what_is_no_query_is_not_answered(zone_server: Server, wire: bytes) -> None:
    """Fewer than 12 octets, or a response: the next answer is the one to the next query."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.settimeout(PATIENCE)
        sock.connect(("127.0.0.1", zone_server.port))
        sock.send(wire)
        sock.send(query_wire("www.example.", id=0x4321))
        assert sock.recv(512)[:2] == b"\x43\x21"


def test_any_octets_leave_the_server_alive(zone_server: Server) -> None:
    """Random and mangled queries, 3,000 of them, over UDP; in between and afterwards it answers as before."""
    rng = random.Random(7)
    good = query_wire("www.example.")
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        for i in range(3000):
            wire = bytearray(good if rng.random() < 0.8 else rng.randbytes(rng.randrange(100)))
            for _ in range(rng.randrange(4) if wire else 0):
                wire[rng.randrange(len(wire))] = rng.randrange(256)
            sock.sendto(wire, ("127.0.0.1", zone_server.port))
            if i % 100 == 99:  # as many as a socket holds, and to spare
                assert len(ask(zone_server, "www.example.").answer[0]) == 2


def test_several_zones_and_files_are_one_server(tmp_path: Path) -> None:
    """Text and paths mix, relative names are below `origin`, and each name belongs to the zone nearest to it."""
    path = tmp_path / "one.zone"
    path.write_text("@ SOA a b 1 2 3 4 5\nwww A 192.0.2.1\n")
    with Server(path, text="child.one.test. SOA a b 1 2 3 4 6\n", origin="one.test.") as server:
        assert answers(ask(server, "www.one.test.")) == {"www.one.test. A 192.0.2.1"}
        assert ask(server, "x.child.one.test.").authority[0].name.to_text() == "child.one.test."
        assert ask(server, "x.one.test.").authority[0].name.to_text() == "one.test."


def test_the_same_plain_answers_come_from_c_and_from_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name of the zone, eight types, with and without EDNS: with an empty table the octets are the same."""
    names = [line.split()[0] for line in ZONE_TEXT.split("\n") if line and line[0].isalnum()]
    types = ["A", "AAAA", "MX", "TXT", "CNAME", "NS", "SOA", "TYPE65280"]
    queries = [
        dns.message.make_query(f"{prefix}{name}.example.", rrtype, id=7, use_edns=edns).to_wire()
        for name in names
        for prefix in ("", "x.")
        for rrtype in types
        for edns in (-1, 0)
    ]
    with monkeypatch.context() as patch:
        patch.setattr(Zones, "fill", lambda self, loop: None)
        (slow := Server(text=ZONE_TEXT + BIG)).start()
    with Server(text=ZONE_TEXT + BIG) as fast, closing(slow):
        for wire in queries:
            assert exchange(fast, wire, 1) == exchange(slow, wire, 1)
        assert fast.counts.handed < len(queries) / 2
        assert slow.counts.fast == 0


def test_synthesized_names_have_one_address_each() -> None:
    """Every name below the suffix has an A record in 198.18.0.0/15, its own each time; other types have no data."""
    with Server(synthesize="many.test.") as server:
        first = [ask(server, f"n{i}.many.test.").answer[0][0].address for i in range(50)]
        again = [ask(server, f"N{i}.Many.test.").answer[0][0].address for i in range(50)]
        assert first == again
        assert len(set(first)) > 40
        assert all(address.startswith(("198.18.", "198.19.")) for address in first)
        assert ask(server, "x.many.test.", "MX").rcode() == dns.rcode.NOERROR
        assert ask(server, "x.few.test.").rcode() == dns.rcode.REFUSED


def test_the_table_grows_with_the_zone() -> None:
    """4,000 names, each found in C, none invented."""
    with Server(text="".join(f"n{i}.test. A 192.0.2.{i % 256}\n" for i in range(4000))) as server:
        for i in (0, 1, 1023, 1024, 2047, 3999):
            assert answers(ask(server, f"n{i}.test.")) == {f"n{i}.test. A 192.0.2.{i % 256}"}
        assert ask(server, "n4000.test.").rcode() == dns.rcode.NXDOMAIN
        assert server.counts.handed == 0


# --- functions --------------------------------------------------------------------------------------------------------


def test_a_function_answers_with_lines_reply_octets_or_silence() -> None:
    """The four things it may return, over UDP and TCP."""

    def answer(query: Query) -> Reply | bytes | str | None:
        kind = query.name.partition(".")[0]
        if kind == "line":
            return f"{query.name} 60 IN A 192.0.2.1"
        if kind == "reply":
            return Reply(["reply.test. MX 10 mx.test."], additional=["mx.test. A 192.0.2.7"], rcode="SERVFAIL")
        return query.wire[:2] + b"\x81\x05" + query.wire[4:] if kind == "octets" else None

    with Server(answer=answer) as server:
        for tcp in (False, True):
            assert answers(ask(server, "line.test.", tcp=tcp)) == {"line.test. A 192.0.2.1"}
            reply = ask(server, "reply.test.", "MX", tcp=tcp)
            assert (reply.rcode(), answers(reply)) == (dns.rcode.SERVFAIL, {"reply.test. MX 10 mx.test."})
            assert [one.to_text() for one in reply.additional] == ["mx.test. 300 IN A 192.0.2.7"]
            assert ask(server, "octets.test.", tcp=tcp).rcode() == dns.rcode.REFUSED
        assert (
            exchange(server, query_wire("line.test.", id=9), 1, first=query_wire("silence.test."))[0][:2] == b"\0\x09"
        )


def test_a_function_sees_the_query() -> None:
    """Name, also in the case sent, type, class, ID, transport, payload and DO."""
    seen: list[Query] = []
    with Server(answer=lambda query: seen.append(query) or "") as server:
        ask(server, "MiXed.test.", "MX", payload=1400, want_dnssec=True, id=77)
        ask(server, "root-of-all.", "TYPE999", tcp=True, use_edns=-1)
    one, two = seen
    assert (one.name, one.type, one.rrclass, one.id, one.transport) == ("mixed.test.", "MX", 1, 77, "udp")
    assert one.name_wire == b"\5MiXed\4test\0"
    assert (one.payload, one.dnssec_ok, two.payload, two.dnssec_ok) == (1400, True, None, False)
    assert (two.name, two.type, two.transport, two.client[0]) == ("root-of-all.", "TYPE999", "tcp", "127.0.0.1")


def test_a_failing_function_is_servfail_and_told_at_the_end() -> None:
    """The client gets SERVFAIL, the test that forgot a case gets the exception."""
    with (
        pytest.raises(ServerError, match="ZeroDivisionError") as caught,
        Server(answer=lambda _: str(1 // 0)) as server,
    ):
        assert ask(server, "x.test.").rcode() == dns.rcode.SERVFAIL
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have notes from Python 3.11 on")
def test_a_failure_that_the_function_caused_says_so() -> None:
    """All that the client saw is a SERVFAIL: the exception of the function stands in a note below it."""
    with pytest.raises(ServFail) as caught, Server(answer=lambda _: str(1 // 0)) as server:
        Resolver(server.address).resolve("x.test")
    assert caught.value.__notes__ == [
        "the server's script failed: ZeroDivisionError('integer division or modulo by zero')"
    ]


def test_a_server_shows_its_addresses() -> None:
    """While it runs."""
    with Server(text=OK) as server:
        assert repr(server) == f"<Server {server.address}>"
    assert repr(server) == "<Server that does not run>"


# --- faults -----------------------------------------------------------------------------------------------------------


def faulty(action: Action, **conditions: object) -> Server:
    """A server whose name bad.example. suffers."""
    return Server(text=OK, faults=[Fault(name="bad.example.", action=action, **conditions)])  # type: ignore[arg-type]


GOOD = b"\x12\x34"


@pytest.mark.parametrize(
    ("action", "check"),
    [
        (WrongId(), lambda wire: wire[:2] == b"\x12\x35"),
        (WrongQuestion(), lambda wire: wire[12:16] == b"\x03xad"),
        (NotReply(), lambda wire: wire[:2] == GOOD and not wire[2] & 0x80),
        (Truncate(), lambda wire: wire[:2] == GOOD and wire[2] & 2 and wire[6:8] == b"\0\0"),
        (Garbage(b"abc"), lambda wire: wire == b"abc"),
        (Garbage(size=30, keep_id=True), lambda wire: wire[:2] == GOOD and len(wire) == 30),
        (Rcode("SERVFAIL"), lambda wire: wire[3] & 15 == 2),
        (Rcode(9), lambda wire: wire[3] & 15 == 9),
        (Rcode(0xABC), lambda wire: dns.message.from_wire(wire).rcode() == 0xABC),
        (NoEdns(), lambda wire: wire[3] & 15 == 1 and wire[10:12] == b"\0\0"),
        (All(WrongId(), NotReply()), lambda wire: wire[:2] == b"\x12\x35" and not wire[2] & 0x80),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_an_answer_is_wrong_as_scripted_and_only_for_its_name(
    action: Action, check: Callable[[bytes], bool], tcp: bool
) -> None:
    """The name of the fault suffers, another does not."""
    with faulty(action) as server:
        wire = exchange_tcp(server, query_wire())[0][2:] if tcp else exchange(server, query_wire(), 1)[0]
        assert check(wire), wire.hex()
        assert answers(ask(server, "ok.example.", tcp=tcp)) == {"ok.example. A 192.0.2.9"}


@pytest.mark.parametrize(("forward", "ahead"), [(False, 0), (True, 2)])
def test_a_loop_points_at_itself_or_ahead(forward: bool, ahead: int) -> None:
    """The record's name is a pointer that must not be followed."""
    with faulty(Loop(forward)) as server:
        [wire] = exchange(server, query_wire(), 1)
    at = 12 + len(b"\x03bad\x07example\x00") + 4
    assert wire[at : at + 2] == struct.pack("!H", 0xC000 | at + ahead)
    with pytest.raises(dns.exception.DNSException):
        dns.message.from_wire(wire)


def test_dropped_answers_do_not_come() -> None:
    """After `times` drops the third try is answered: the first datagram to arrive belongs to it."""
    with faulty(Drop(), times=2) as server, closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.settimeout(PATIENCE)
        for id in (1, 2, 3):
            sock.sendto(query_wire(id=id), ("127.0.0.1", server.port))
        assert sock.recv(512)[:2] == b"\0\x03"
        assert server.counts.udp == 3


def test_skip_spares_the_first_queries() -> None:
    """Two right answers, then the fault."""
    with faulty(Rcode("SERVFAIL"), skip=2) as server:
        assert [ask(server, "bad.example.").rcode() for _ in range(4)] == [0, 0, 2, 2]


def test_duplicates_come_as_often_as_scripted() -> None:
    """Three equal datagrams for one query."""
    with faulty(Duplicate(2)) as server:
        one, two, three = exchange(server, query_wire(), 3)
    assert one == two == three


@pytest.mark.parametrize("count", [1, 1000])
def test_wrong_packets_come_before_the_right_one(count: int) -> None:
    """Noise first, then the answer."""
    with faulty(Before(WrongId(), count)) as server:
        got = exchange(server, query_wire(), 1 + count) if count < 100 else exchange(server, query_wire(), 50)
    assert all(wire[:2] != GOOD for wire in got[:count])
    assert count >= 100 or got[-1][:2] == GOOD


def test_a_stray_answer_comes_from_another_port() -> None:
    """An unconnected socket sees it, with a port that was not asked."""
    with faulty(WrongSource()) as server, closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.settimeout(PATIENCE)
        sock.sendto(query_wire(), ("127.0.0.1", server.port))
        wire, (host, port) = sock.recvfrom(512)
        assert wire[:2] == GOOD
        assert host == "127.0.0.1"
        assert port != server.port


def test_a_delayed_answer_comes_after_a_later_one() -> None:
    """The order tells of the delay: no clock is needed."""
    with faulty(Delay(0.5)) as server, closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.settimeout(PATIENCE)
        for name, id in (("bad.example.", 1), ("ok.example.", 2)):
            sock.sendto(query_wire(name, id=id), ("127.0.0.1", server.port))
        assert [sock.recv(512)[:2] for _ in range(2)] == [b"\0\x02", b"\0\x01"]


def test_a_reordered_answer_comes_after_the_next_one() -> None:
    """Held until the next scripted answer is gone; alone it comes all the same."""
    with faulty(Reorder(by=1, seconds=PATIENCE * 2), times=1) as server:
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
            sock.settimeout(PATIENCE)
            for id in (1, 2):
                sock.sendto(query_wire(id=id), ("127.0.0.1", server.port))
            assert [sock.recv(512)[:2] for _ in range(2)] == [b"\0\x02", b"\0\x01"]
        server.script(Fault(name="bad.example.", action=Reorder(seconds=0.01)))
        assert exchange(server, query_wire(), 1)[0][:2] == GOOD


def test_silence_to_edns_ends_when_the_query_has_none() -> None:
    """NoEdns(None) drops queries with OPT and answers those without."""
    with faulty(NoEdns(None)) as server, closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.settimeout(PATIENCE)
        for edns, id in ((True, 1), (False, 2)):
            sock.sendto(query_wire(edns=edns, id=id), ("127.0.0.1", server.port))
        assert sock.recv(512)[:2] == b"\0\x02"


@pytest.mark.parametrize(
    ("action", "size", "end"),
    [
        (Frame(0), 2 + 56, "open"),
        (All(Frame(9999), Cut(10000)), 2 + 56, "fin"),
        (Cut(0), 0, "fin"),
        (Cut(1), 1, "fin"),
        (Cut(2), 2, "fin"),
        (Cut(20), 20, "fin"),
        (Cut(20, end="reset"), 20, "reset"),
        (Cut(0, end="reset"), 0, "reset"),
        (Slow(octets=1, seconds=0.0001), 2 + 56, "open"),
        (Slow(octets=50, seconds=0.0001), 2 + 56, "open"),
    ],
    ids=repr,
)
def test_tcp_frames_break_as_scripted(action: Action, size: int, end: str) -> None:
    """Wrong lengths, early FIN, RST, pieces: as many octets as scripted, then the end as scripted."""
    with faulty(action, transport="tcp") as server:
        got, ended = exchange_tcp(server, query_wire())
        assert ended == end
        assert len(got) <= size if end == "reset" or action == Frame(0) else len(got) == size
        assert exchange(server, query_wire(), 1)[0][:2] == GOOD  # UDP is spared


def test_frames_of_a_pipeline_keep_whole_and_may_change_order() -> None:
    """A delayed answer lets a later one pass, and a slow one is not interleaved with another."""
    faults = [
        Fault(name="bad.example.", action=Delay(0.5), times=1),
        Fault(name="ok.example.", action=Slow(octets=30, seconds=0.0005)),
    ]
    wires = [query_wire(name, id=id) for name, id in (("bad.example.", 1), ("ok.example.", 2), ("ok.example.", 3))]
    got: list[bytes] = []
    with (
        Server(text=OK, faults=faults) as server,
        closing(socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)) as sock,
    ):
        sock.sendall(b"".join(struct.pack("!H", len(wire)) + wire for wire in wires))
        stream = sock.makefile("rb")
        for _ in wires:
            got.append(stream.read(int.from_bytes(stream.read(2), "big")))
        stream.close()
    assert sorted(wire[:2] for wire in got) == [b"\0\x01", b"\0\x02", b"\0\x03"]
    assert got[-1][:2] == b"\0\x01"
    assert all(dns.message.from_wire(wire).answer for wire in got)


def test_a_pause_that_is_over_is_not_slept_through() -> None:
    """A piece that fell due between two looks at the clock goes out at once, not with the next event."""
    wake, sock = socket.socketpair()
    service = TcpService(None, [], wake, threading.Event(), None, None)  # type: ignore[arg-type]
    with closing(wake), closing(sock), closing(service):
        connection = _Connection(sock, ("127.0.0.1", 1))
        service._connections.add(connection)
        assert service._wait() is None
        connection.pieces.append(_Piece(b"x"))
        connection.ready_at = 1.0  # long ago
        assert service._wait() == 0.0
        connection.events = selectors.EVENT_WRITE  # now the client has to read: no clock is needed
        assert service._wait() is None
        connection.events = 0


def test_a_slow_reader_gets_every_frame_whole(zone_server: Server) -> None:
    """1,500 large answers, 10 MB, are written as the client makes room, and none is lost or torn."""
    query = dns.message.make_query("big.example.", "MX").to_wire()
    frames = struct.pack("!H", len(query)) + query
    with closing(socket.create_connection(("127.0.0.1", zone_server.port), timeout=PATIENCE)) as sock:
        sock.sendall(frames * 1500)
        sock.shutdown(socket.SHUT_WR)
        stream = sock.makefile("rb")
        got = [stream.read(int.from_bytes(stream.read(2), "big")) for _ in range(1500)]
        assert stream.read() == b""
        stream.close()
    assert len(set(got)) == 1
    assert len(dns.message.from_wire(got[0]).answer[0]) == 100


def test_a_dname_that_makes_a_name_too_long_is_yxdomain() -> None:
    """RFC 6672, 2.2."""
    long = ".".join(["x" * 60] * 3)
    with Server(text=f"short.test. DNAME {long}.test.") as server:
        assert ask(server, f"{'y' * 60}.{'z' * 20}.short.test.").rcode() == dns.rcode.YXDOMAIN


def test_the_wrong_question_for_the_root_has_another_type() -> None:
    """There is no letter to change."""
    with Server(text=". NS ns.test.", faults=[Fault(name=".", action=WrongQuestion())]) as server:
        [wire] = exchange(server, dns.message.make_query(".", "NS", id=1).to_wire(), 1)
    assert dns.message.from_wire(wire, ignore_trailing=True).question[0].rdtype == 3


def test_probability_is_repeatable_and_about_right() -> None:
    """Half of 2,000 queries struck, within 6 standard deviations, and the same ones with the same seed."""

    def struck(seed: int) -> list[int]:
        with Server(text=OK, faults=[Fault(action=Rcode(2), probability=0.5)], seed=seed) as server:
            return [exchange(server, query_wire(), 1)[0][3] & 15 for _ in range(2000)]

    first = struck(1)
    assert abs(first.count(2) - 1000) < 135
    assert first == struck(1)
    assert first != struck(2)


@pytest.mark.parametrize(
    ("conditions", "struck"),
    [
        ({"name": "*.example."}, ("bad.example.", "ok.example.")),
        ({"name": "BAD.example."}, ("bad.example.",)),
        ({"name": "*.bad.example."}, ()),
        ({}, ("bad.example.", "ok.example.")),
        ({"type": "MX"}, ()),
        ({"type": "A", "name": "ok.example."}, ("ok.example.",)),
        ({"transport": "tcp"}, ()),
    ],
    ids=str,
)
def test_conditions_choose_the_queries(conditions: dict[str, str], struck: tuple[str, ...]) -> None:
    """Name, names below a name, type and transport."""
    with Server(text=OK, faults=[Fault(action=Rcode(2), **conditions)]) as server:  # type: ignore[arg-type]
        assert tuple(name for name in ("bad.example.", "ok.example.") if ask(server, name).rcode() == 2) == struck


def test_a_script_may_change_while_the_server_runs() -> None:
    """New faults take over at once, and none means right answers, from C again."""
    with faulty(Rcode(2)) as server:
        assert ask(server, "bad.example.").rcode() == 2
        server.script(Fault(name="ok.example.", action=Rcode(5)))
        assert (ask(server, "bad.example.").rcode(), ask(server, "ok.example.").rcode()) == (0, 5)
        server.script()
        handed = server.counts.handed
        assert (ask(server, "bad.example.").rcode(), ask(server, "ok.example.").rcode()) == (0, 0)
        assert server.counts.handed == handed


def test_any_callable_is_an_action() -> None:
    """A user's own fault: it sees the query and what would be sent."""

    def shout(query: Query, sends: list[Send], rng: random.Random) -> list[Send]:
        return [send.but(send.wire.replace(b"bad", b"BAD")) for send in sends if query.type == "A"]

    with faulty(shout) as server:
        assert b"BAD" in exchange(server, query_wire(), 1)[0]


# --- counts, log, delay -----------------------------------------------------------------------------------------------


def test_queries_are_counted_and_logged_in_order() -> None:
    """IDs, ports, types, transports of the first queries, as many as asked for, also after the end."""
    with Server(text=OK, log=3, faults=[Fault(name="bad.example.", action=Drop())]) as server:
        ask(server, "ok.example.", id=5)
        ask(server, "ok.example.", "MX", id=6, tcp=True)
        exchange(server, query_wire("ok.example.", id=8), 1, first=query_wire("bad.example.", id=7))
        assert server.queries == 4
    assert server.queries == 4
    assert (server.counts.udp, server.counts.tcp) == (3, 1)
    assert [(one.id, one.name, one.type, one.transport) for one in server.log] == [
        (5, "ok.example.", "A", "udp"),
        (6, "ok.example.", "MX", "tcp"),
        (7, "bad.example.", "A", "udp"),
    ]
    assert all(one.client[0] == "127.0.0.1" and one.client[1] > 0 for one in server.log)
    assert sorted(one.time for one in server.log) == [one.time for one in server.log]


def test_a_fixed_delay_keeps_the_order_and_loses_nothing() -> None:
    """A hundred queries at once are answered in their order, all of them from C."""
    with Server(text=OK, delay=0.2) as server, closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.settimeout(PATIENCE)
        for id in range(100):
            sock.sendto(query_wire("ok.example.", id=id), ("127.0.0.1", server.port))
        assert [sock.recv(512)[:2] for _ in range(100)] == [struct.pack("!H", id) for id in range(100)]
        assert server.counts.fast == 100


def lost_of_a_thousand(seed: int) -> list[bool]:
    """Which of a thousand queries, sent one after another, a server does not answer."""
    with (
        Server(text=OK, loss=0.25, seed=seed) as server,
        closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock,
    ):
        sock.settimeout(PATIENCE)
        answered: set[int] = set()
        for first in range(0, 1000, 100):  # no more at once than a receive buffer takes
            for id in range(first, first + 100):
                sock.sendto(query_wire("ok.example.", id=id), ("127.0.0.1", server.port))
            while (counts := server.counts).fast + counts.lost < first + 100:
                time.sleep(0.001)
            while len(answered) < counts.fast:
                answered.add(struct.unpack("!H", sock.recv(512)[:2])[0])
        assert counts.udp == counts.fast
    return [id not in answered for id in range(1000)]


def test_a_share_of_the_queries_is_lost() -> None:
    """As many as said, the same ones for the same seed, and others for another."""
    lost = lost_of_a_thousand(1)
    assert 180 < sum(lost) < 320  # five standard deviations
    assert lost == lost_of_a_thousand(1)
    assert lost != lost_of_a_thousand(2)


def test_a_hundred_addresses_are_served_at_once() -> None:
    """Each answers from the address that was asked, over UDP and TCP."""
    hosts = [f"127.0.0.{at}" for at in range(1, 101)]
    with Server(text=OK, hosts=hosts) as server:
        for address in (server.addresses[0], server.addresses[57], server.addresses[99]):
            for transport in ("udp", "tcp"):
                with Resolver([address], timeout=PATIENCE, transport=transport) as resolver:
                    assert resolver.resolve("ok.example.").answer
        assert server.queries == 6


# --- manners ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hosts", ["127.0.0.1", b"127.0.0.1", 5, None])
def test_hosts_are_a_list(hosts: Any) -> None:
    """A text is an iterable too, of letters, none of which is an address."""
    with pytest.raises(TypeError, match=f"hosts are a list of loopback addresses, not {type(hosts).__name__}: "):
        Server(hosts=hosts)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "2001:db8::1"])
def test_only_loopback_is_bound(host: str) -> None:
    """A test server never listens where others can reach it."""
    with pytest.raises(ValueError, match="loopback"):
        Server(text=OK, hosts=[host])


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"text": "www.example. A 192.0.2.999"}, ZoneError, ":1:"),
        ({"text": OK, "loss": 1.5}, ValueError, "loss is 1.5"),
        ({"zone": "/nonexistent/zone"}, FileNotFoundError, "/nonexistent/zone"),
        ({"text": OK, "answer": str}, ValueError, "not both"),
        ({"synthesize": "a..b"}, IllegalName, "empty label"),
        ({"faults": [Fault(name="a..b", action=Drop())]}, IllegalName, "empty label"),
        ({"faults": [Drop()]}, TypeError, r"Fault\(action=Drop\(\)\), not Drop\(\)"),
        ({"faults": [Fault(action=Drop)]}, TypeError, "not <class .*Drop"),  # type: ignore[arg-type]
        ({"text": OK, "delay": -0.1}, ValueError, r"delay is -0\.1: give seconds, 0 to 3,600"),
        ({"text": OK, "delay": float("inf")}, ValueError, "delay is inf"),
        ({"text": OK, "delay": float("nan")}, ValueError, "delay is nan"),
        ({"hosts": ["localhost"]}, ValueError, "localhost"),
        ({"hosts": []}, ValueError, "hosts are 0: give 1 to 2,048"),
        ({"hosts": ["127.0.0.1"] * 2049}, ValueError, "hosts are 2049"),
        ({"port": 65536}, ValueError, "port is 65536"),
        ({"port": -1}, ValueError, "port is -1"),
    ],
    ids=str,
)
def test_bad_options_are_refused_with_the_reason(
    options: dict[str, object], error: type[Exception], words: str
) -> None:
    """At construction, naming the value."""
    with pytest.raises(error, match=words):
        Server(**options)  # type: ignore[arg-type]


def test_a_server_that_does_not_run_has_no_port() -> None:
    """Before the start and after the end."""
    server = Server(text=OK)
    with pytest.raises(RuntimeError, match="does not run"):
        _ = server.address
    with server, pytest.raises(RuntimeError, match="runs already"):
        server.start()
    with pytest.raises(RuntimeError, match="does not run"):
        _ = server.port
    server.close()


def test_a_taken_port_is_an_error() -> None:
    """Two servers cannot share one; the error tells the address."""
    with Server(text=OK) as one, pytest.raises(OSError, match=f"in use: '{one.address}'"):
        Server(text=OK, port=one.port).start()


def test_nothing_is_left_behind() -> None:
    """After 20 servers with strays, delays and open connections there are as many threads and descriptors as before."""

    def used() -> tuple[int, int]:
        gc.collect()  # what other tests forgot is not ours
        return threading.active_count(), len(os.listdir("/proc/self/fd"))

    before = used()
    for _ in range(20):
        with faulty(All(WrongSource(), Delay(60.0)), transport="udp") as server:
            sock = socket.create_connection(("127.0.0.1", server.port))
            sock.send(b"\0")
            with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as udp:
                udp.sendto(query_wire(), ("127.0.0.1", server.port))
                ask(server, "ok.example.")
        sock.close()
    assert used() == before


def test_several_servers_run_at_once(resquery_server: Callable[..., Server]) -> None:
    """Ten servers from the fixture, each with its own answer."""
    servers = [resquery_server(text=f"who.test. A 192.0.2.{i}") for i in range(10)]
    for i, server in enumerate(servers):
        assert answers(ask(server, "who.test.")) == {f"who.test. A 192.0.2.{i}"}


def test_a_forked_child_can_leave_the_context() -> None:
    """The child has no threads of the server's; closing there neither hangs nor harms the parent's server."""
    with Server(text=OK) as server:
        child = os.fork()
        if child == 0:
            server.close()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert answers(ask(server, "ok.example.")) == {"ok.example. A 192.0.2.9"}


def test_the_plugin_imports_no_zone_reader_and_no_server() -> None:
    """pytest loads the plugin in every project that has resquery installed: it must cost them nothing."""
    code = "import sys, resquery.testing.plugin; print([m for m in sys.modules if m.split('.')[0] in ('dns', 'rich')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_dnspython_the_error_says_what_to_install() -> None:
    """Only zones need it; synthesized names and functions that return octets do not."""
    code = (
        "import sys; sys.modules['dns'] = None\n"
        "from resquery.testing import Server\n"
        "with Server(synthesize='x.test.'): pass\n"
        "try: Server(text='www.test. A 192.0.2.1')\n"
        "except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "resquery[testing]" in done.stdout


# --- the demonstration's data -----------------------------------------------------------------------------------------


def test_the_shipped_zone_is_what_the_generator_makes() -> None:
    """Names and zone belong together, and the zone is small."""
    assert ZONE.read_text() == demo_zone(demo_names())
    assert ZONE.stat().st_size < 1_000_000


def test_the_shipped_names_are_distinct_domain_names() -> None:
    """At least 2,000, each with a dot, none twice."""
    names = demo_names()
    assert len(names) == len(set(names)) >= 2000
    for name in names:
        assert len(dns.name.from_text(name)) > 2


def test_the_demonstration_answers_every_name_and_the_big_question() -> None:
    """Every name gets NOERROR or NXDOMAIN; the 100 MX records are 8,546 octets."""
    with Server(ZONE) as server:
        rcodes = [exchange(server, query_wire(f"{name}."), 1)[0][3] & 15 for name in demo_names()]
        assert set(rcodes) == {0, 3}
        assert rcodes.count(0) > rcodes.count(3) > 0
        wire = dns.message.make_query(BIG_MX, "MX", use_edns=-1).to_wire()
        assert len(exchange_tcp(server, wire)[0]) == 2 + 8546


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_until_a_signal(how: signal.Signals) -> None:
    """It prints its addresses on one line, answers, and exits with 0; also where SIGINT is ignored at first."""
    command = [sys.executable, "-m", "resquery.testing", "--ipv6", "--synthesize", "x.test"]

    def background() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=background) as process:
        assert process.stdout is not None
        one, other = process.stdout.readline().split()
        assert other == one.replace("127.0.0.1", "[::1]")
        query = dns.message.make_query("a.x.test.", "A")
        assert dns.query.udp(query, "::1", port=int(one.partition(":")[2]), timeout=PATIENCE).answer
        process.send_signal(how)
        assert process.wait(PATIENCE) == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_command_ends_quietly_while_it_reads_a_zone(how: signal.Signals) -> None:
    """Also in the midst of RDATA, where dnspython takes whatever is raised for a syntax error."""
    code = (
        "import dns.tokenizer, signal, sys; from resquery.testing.__main__ import main; "
        f"dns.tokenizer.Tokenizer.get_identifier = lambda *_: signal.raise_signal({int(how)}); sys.exit(main([]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_interrupt_is_no_syntax_error_of_a_zone(monkeypatch: pytest.MonkeyPatch, interruptible: None) -> None:
    """Who reads one in a test of their own gets it as it was raised."""
    monkeypatch.setattr(dns.tokenizer.Tokenizer, "get_identifier", lambda *_: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        Server(text="x.test. 300 IN A 192.0.2.1").start()


def test_the_command_says_in_one_line_why_it_cannot_start(tmp_path: Path) -> None:
    """A bad zone: exit 1, the file and the line named, no traceback."""
    path = tmp_path / "bad.zone"
    path.write_text("www.example. A 192.0.2.1\nwww.example. A nonsense\n")
    command = [sys.executable, "-m", "resquery.testing", "--zone", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("resquery.testing: no zone: ")
    assert str(path) in done.stderr
    assert done.stderr.count("\n") == 1
