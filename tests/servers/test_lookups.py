"""NSD, Knot DNS, BIND and Unbound (in front of NSD) answer, and every way to ask them gives what is in their zone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from daemons import Daemon
from served_zone import NAMES, name_and_address

import resquery
from resquery.errors import NoAnswer, NXDomain

CAPACITIES = [0, 1, 11, 12, 13, 511, 512, 513, 1232, 1500, 4096, 8191, 8192, 65535]
PATIENCE = 30.0  # seconds: what a lookup may take on a busy machine
GENTLE = {"max_in_flight": 200, "timeout": PATIENCE, "tries": 15}  # a server's socket holds some 270 queries


@pytest.fixture(params=[False, True], ids=["ipv4", "ipv6"])
def resolver(request: pytest.FixtureRequest, server: Daemon) -> resquery.Resolver:
    """A resolver that asks the server over IPv4 or IPv6."""
    return resquery.Resolver([server.address6 if request.param else server.address], timeout=PATIENCE)


def data(message: resquery.Message, rrtype: str) -> set[str]:
    """The records of a type in the answer section, as text."""
    return {record.to_text().split(" ", 4)[4] for record in message.answer if str(record.type) == rrtype}


def test_addresses_are_those_of_the_zone(resolver: resquery.Resolver) -> None:
    """A and AAAA."""
    assert data(resolver.resolve("www.example", "A"), "A") == {"192.0.2.1", "192.0.2.2"}
    assert data(resolver.resolve("WWW.example.", "AAAA"), "AAAA") == {"2001:db8::1"}


def test_a_hundred_mx_records_come_whole(resolver: resquery.Resolver) -> None:
    """Too large for UDP: TC, then TCP, then all of them in one message."""
    message = resolver.resolve("big-mx.example.", "MX")
    assert not message.truncated
    assert sorted(record.rdata.preference for record in message.answer) == list(range(100))


@pytest.mark.parametrize("cap", CAPACITIES)
def test_no_capacity_is_exceeded_and_the_actual_length_is_told(server: Daemon, cap: int) -> None:
    """min(actual, cap) octets are stored, a prefix of the answer; what lies beyond is untouched."""
    with resquery.Resolver([server.address], timeout=PATIENCE) as resolver:
        whole = bytearray(65535)
        full = resolver.res_query("big-mx.example.", "MX", whole)
        room = bytearray(b"\xa5" * (cap + 64))
        stored = resolver.res_query("big-mx.example.", "MX", memoryview(room)[:cap])
    assert not full.clipped
    assert full.actual > 5000
    assert stored == min(full.actual, cap)
    assert stored.actual == full.actual
    assert stored.clipped == (full.actual > cap)
    assert room[stored:] == b"\xa5" * (cap + 64 - stored)
    assert same_but_for_id_and_order(room[:stored], whole[:stored])


def same_but_for_id_and_order(one: bytes, other: bytes) -> bool:
    """Header and question are the same; servers may rotate records, so of those the length alone is compared."""
    fixed = 12 + len(b"\x06big-mx\x07example\0") + 4
    return len(one) == len(other) and one[2:fixed] == other[2:fixed]


def test_the_large_answer_came_over_tcp_and_the_small_one_over_udp(server: Daemon) -> None:
    """Rows tell the transport."""
    names = ["big-mx.example.", "www.example."]
    rows = {row.name: row for row in resquery.bulk(names, "MX", servers=[server.address], timeout=PATIENCE)}
    assert rows["big-mx.example."].transport == "tcp"
    assert len(rows["big-mx.example."].answer) == 100
    assert rows["www.example."].transport == "udp"


def test_tcp_alone_gives_the_same(server: Daemon) -> None:
    """transport="tcp" asks over TCP from the start."""
    [row] = resquery.bulk(["www.example."], "A", servers=[server.address], transport="tcp", timeout=PATIENCE)
    assert (row.status, row.transport, len(row.answer)) == ("NOERROR", "tcp", 2)


def test_edns_is_spoken_when_asked_and_only_then(server: Daemon) -> None:
    """An OPT record in the query brings one in the answer."""
    for edns in (True, False):
        with resquery.Resolver([server.address], edns=edns, timeout=PATIENCE) as resolver:
            assert (resolver.resolve("www.example.").edns is not None) == edns


def test_a_missing_name_is_nxdomain_with_the_soa(resolver: resquery.Resolver) -> None:
    """The error carries the response, and the response the SOA (RFC 2308, 3)."""
    with pytest.raises(NXDomain) as caught:
        resolver.resolve("nowhere.example.", "A")
    response = caught.value.response
    assert response is not None
    assert [(record.name, str(record.type)) for record in response.authority] == [("example.", "SOA")]


def test_a_name_without_the_type_is_no_answer(resolver: resquery.Resolver) -> None:
    """NODATA is another error than NXDOMAIN."""
    with pytest.raises(NoAnswer) as caught:
        resolver.resolve("text.example.", "A")
    assert caught.value.response is not None


def test_a_chain_of_cnames_is_followed_in_the_answer(resolver: resquery.Resolver) -> None:
    """Three CNAMEs, then both addresses."""
    message = resolver.resolve("chain1.example.", "A")
    assert data(message, "CNAME") == {"chain2.example.", "chain3.example.", "www.example."}
    assert data(message, "A") == {"192.0.2.1", "192.0.2.2"}


def test_a_chain_to_nowhere_is_nxdomain(resolver: resquery.Resolver) -> None:
    """The CNAME exists, its target does not (RFC 6604, 3)."""
    with pytest.raises(NXDomain):
        resolver.resolve("dangling.example.", "A")


def test_a_wildcard_answers_for_names_below(resolver: resquery.Resolver) -> None:
    """The owner is the name that was asked."""
    message = resolver.resolve("any.thing.wild.example.", "A")
    assert [record.name for record in message.answer] == ["any.thing.wild.example."]


def test_ten_thousand_names_from_a_file_are_answered_once_each(server: Daemon, tmp_path: Path) -> None:
    """One run over a file of names: as many rows as names, each with its own address."""
    path = tmp_path / "names"
    path.write_text("".join(f"{name_and_address(i)[0]}\n" for i in range(NAMES)))
    with path.open() as lines:
        names = (line.strip() for line in lines)
        rows = list(resquery.bulk(names, "A", servers=[server.address], **GENTLE))
    assert sorted(row.index for row in rows) == list(range(NAMES))
    wrong = [row for row in rows if [record.rdata.address for record in row.answer] != [name_and_address(row.index)[1]]]
    assert not wrong, wrong[:3]


def test_two_servers_share_the_names(start: Callable[[str], Daemon]) -> None:
    """Lookups rotate over NSD and Knot DNS: both answer some, and each name is answered once."""
    servers = [start("nsd"), start("knot")]
    names = [name_and_address(i)[0] for i in range(500)]
    rows = list(resquery.bulk(names, "A", servers=[one.address for one in servers], **GENTLE))
    assert sorted(row.name for row in rows) == sorted(names)
    assert {row.server for row in rows} == {one.address for one in servers}
