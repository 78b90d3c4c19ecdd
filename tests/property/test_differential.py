"""Messages beside dnspython, on the same octets: where both read them, they read the same. RDATA alone: see
test_differential_rdata.py."""

import struct
from operator import itemgetter
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rdata
import dns.rdatatype
import dns.rrset
from hostile import honest_messages, messages, types
from hypothesis import given
from hypothesis import strategies as st
from layouts import TABLE, legal_names, near_miss_of, options, pair, pairs_of, u16, u32

from resquery.message import Message, make_query
from resquery.types import Record, RRClass, RRType

REFUSALS = (dns.exception.DNSException, ValueError, struct.error)
Entry = tuple[bytes, int, int, int, bytes]


def dnspython_message(wire: bytes) -> Any | None:
    """The message as dnspython reads it, None if it refuses."""
    try:
        return dns.message.from_wire(wire, ignore_trailing=True, one_rr_per_rrset=True)
    except REFUSALS:
        return None


def entry(record: Record, read: dns.rrset.RRset) -> tuple[Entry, Entry]:
    """What we and what dnspython read of a record, made comparable.

    dnspython takes a TTL with its first bit set for 0 when it reads (RFC 2181, 8); we leave that to who uses it. It has
    layouts of some types in class IN alone, where we have them in any.
    """
    ttl = record.ttl if record.ttl < 1 << 31 else 0
    rdata = record.rdata_wire
    if isinstance(read[0], dns.rdata.GenericRdata) and record.rrclass != RRClass.IN and record.type in TABLE:
        rdata = read[0].to_wire()
    return (
        (wire_of(record.name), record.type, record.rrclass, ttl, rdata),
        (read.name.to_wire(), read.rdtype, read.rdclass, read.ttl, read[0].to_wire()),
    )


def assert_alike(records: tuple[Record, ...], read: list[dns.rrset.RRset]) -> None:
    """Assert that a section's records are the same ones, in the same order."""
    assert len(records) == len(read)
    for ours, theirs in map(entry, records, read):
        assert ours == theirs


def is_whole(octets: bytes) -> bool:
    """Whether the octets are options to their end, whatever is in these."""
    found = pairs_of(octets)
    return all(len(one) >= 4 and len(one) == 4 + int.from_bytes(one[2:4], "big") for one in found)


def wire_of(name: str) -> bytes:
    """The wire format of a name, by dnspython."""
    return dns.name.from_text(name).to_wire()


@given(st.one_of(honest_messages().map(itemgetter(0)), messages()))
def test_what_dnspython_reads_we_read_alike(wire: bytes) -> None:
    """A message that dnspython accepts is one for us, with the same header, questions, records and EDNS."""
    read = dnspython_message(wire)
    if read is None or read.opcode() == dns.opcode.UPDATE:  # whose classes and empty RDATA dnspython reads its own way
        return
    msg = Message(wire)
    assert not msg.truncated
    assert (msg.id, msg.opcode, msg.rcode) == (read.id, read.opcode(), read.rcode())
    assert [(wire_of(q.name), q.type, q.rrclass) for q in msg.question] == [
        (q.name.to_wire(), q.rdtype, q.rdclass) for q in read.question
    ]
    assert_alike(msg.answer, read.answer)
    assert_alike(msg.authority, read.authority)
    assert_alike(msg.additional, read.additional)
    assert (msg.edns is not None) == (read.edns >= 0)


loose = st.lists(st.tuples(u16, st.binary(max_size=20)), max_size=5).map(lambda found: b"".join(map(pair, found)))


@given(st.one_of(loose, options(), near_miss_of(RRType.OPT).filter(is_whole)), u16, u32)
def test_edns_is_what_dnspython_reads(held: bytes, payload: int, ttl: int) -> None:
    """Payload, version, flags, options and the upper bits of the rcode are read alike; no option loses an octet."""
    wire = struct.pack("!6HxHHIH", 0, 0, 0, 0, 0, 1, RRType.OPT, payload, ttl, len(held)) + held
    read, msg = dnspython_message(wire), Message(wire)
    assert msg.edns is not None
    assert b"".join(option.to_wire() for option in msg.edns.options) == held
    if read is not None:
        assert msg.rcode == read.rcode()
        assert (msg.edns.version, msg.edns.payload, msg.edns.flags) == (
            read.edns,
            read.payload,
            read.ednsflags & 0xFFFF,
        )
        codes = [int.from_bytes(option.to_wire()[:2], "big") for option in msg.edns.options]
        assert codes == [option.otype for option in read.options]


@given(legal_names(), types, u16, u16, st.booleans(), st.integers(512, 65535))
def test_a_query_is_what_dnspython_reads(
    name: bytes, rrtype: int, rrclass: int, ident: int, dnssec_ok: bool, payload: int
) -> None:
    """Any query that we build says to dnspython what it was built to say."""
    text = dns.name.from_wire(name, 0)[0].to_text()
    wire = make_query(text, rrtype, rrclass=rrclass, id=ident, dnssec_ok=dnssec_ok, payload=payload)
    read = dns.message.from_wire(wire)
    (question,) = read.question
    assert (question.name.to_wire(), question.rdtype, question.rdclass) == (name, rrtype, rrclass)
    assert (read.id, read.payload, bool(read.ednsflags & dns.flags.DO)) == (ident, payload, dnssec_ok)
    assert dns.flags.to_text(read.flags) == "RD"
