"""The test server says what NSD and Knot DNS say: its own judge in the other tests is judged here."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import dns.flags
import dns.message
import dns.query
import dns.rrset
import pytest
from daemons import Daemon
from served_zone import zone_text

from resquery.testing import Server

NAMES = [
    "", "ns", "www", "WWW", "text", "chain1", "chain2", "chain3", "dangling", "wild", "a.wild", "a.b.wild", "big-mx",
    "many", "n7.many", "x.n7.many", "n10000.many", "nowhere", "a.b.c.nowhere", "x.www", "x.chain1", "*.wild",
]  # fmt: skip
TYPES = ["A", "AAAA", "MX", "TXT", "CNAME", "NS", "SOA", "TYPE65280"]


@pytest.fixture(scope="module")
def ours() -> Iterator[Server]:
    """The test server with the zone of the others."""
    with Server(text=zone_text()) as server:
        yield server


def says(port: int, name: str, rrtype: str, via: Callable[..., dns.message.Message]) -> tuple[object, ...]:
    """What an answer means: rcode, AA, TC, the answer section, and the SOA of a negative answer."""
    query = dns.message.make_query(f"{name}.example.".lstrip("."), rrtype, use_edns=0, payload=1232)
    response = via(query, "127.0.0.1", port=port, timeout=30)
    aa, tc = bool(response.flags & dns.flags.AA), bool(response.flags & dns.flags.TC)
    negative = lines([one for one in response.authority if one.rdtype == dns.rdatatype.SOA])
    return response.rcode(), aa, tc, set() if tc else lines(response.answer), negative


def lines(section: list[dns.rrset.RRset]) -> set[str]:
    """The records of a section, in lower case."""
    return {line.lower() for one in section for line in one.to_text().split("\n")}


@pytest.mark.parametrize("other", ["nsd", "knot"])
@pytest.mark.parametrize("via", [dns.query.udp, dns.query.tcp], ids=["udp", "tcp"])
def test_answers_mean_the_same(
    ours: Server, start: Callable[[str], Daemon], other: str, via: Callable[..., dns.message.Message]
) -> None:
    """22 names, eight types, UDP and TCP."""
    theirs = start(other)
    for name in NAMES:
        for rrtype in TYPES:
            expected = says(theirs.port, name, rrtype, via)
            assert says(ours.port, name, rrtype, via) == expected, (name, rrtype)
