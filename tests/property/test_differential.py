"""The C core beside dnspython, on the same octets: where both read them, they read the same."""

import struct
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rdata
import dns.rdatatype
import dns.rrset
import pytest
from hostile import FIELDS, TABLE, legal_names, messages, records, types, u16
from hypothesis import given
from hypothesis import strategies as st

from resquery._lib import call_text, lib
from resquery.errors import MessageError
from resquery.message import Message, make_query
from resquery.types import Raw, Record, RRType

REFUSALS = (dns.exception.DNSException, ValueError, struct.error)
PLAIN = sorted(set(TABLE) - {RRType.OPT})
Entry = tuple[bytes, int, int, int, bytes]


def rdata_text(rrtype: int, rdata: bytes) -> str:
    """RDATA as text, from C."""
    return call_text(lib.rq_rdata_text, rrtype, rdata, len(rdata))


def dnspython_rdata(rrtype: int, rdata: bytes) -> Any | None:
    """RDATA as dnspython reads it, None if it refuses."""
    try:
        return dns.rdata.from_wire("IN", rrtype, rdata, 0, len(rdata))
    except REFUSALS:
        return None


def dnspython_message(wire: bytes) -> Any | None:
    """The message as dnspython reads it, None if it refuses."""
    try:
        return dns.message.from_wire(wire, ignore_trailing=True, one_rr_per_rrset=True)
    except REFUSALS:
        return None


def theirs(section: list[dns.rrset.RRset]) -> list[Entry]:
    """What dnspython read of a section's records."""
    return [(s.name.to_wire(), s.rdtype, s.rdclass, s.ttl, s[0].to_wire()) for s in section]


def ours(section: tuple[Record, ...]) -> list[Entry]:
    """The same of ours; a TTL with its first bit set counts as 0 (RFC 2181, 8), which dnspython applies when it reads."""
    return [
        (wire_of(r.name), r.type, r.rrclass, r.ttl if r.ttl < 1 << 31 else 0, r.rdata_wire) for r in section
    ]


def wire_of(name: str) -> bytes:
    """The wire format of a name, by dnspython."""
    return dns.name.from_text(name).to_wire()


@pytest.mark.parametrize("rrtype", PLAIN, ids=lambda number: RRType(number).name)
@given(data=st.data())
def test_rdata_text_reads_back(rrtype: int, data: st.DataObject) -> None:
    """Our text of any RDATA that dnspython accepts is read by dnspython as the same RDATA."""
    rdata = data.draw(st.one_of(truthful_rdata(rrtype), st.binary(max_size=40)))
    read = dnspython_rdata(rrtype, rdata)
    if read is not None:
        assert dns.rdata.from_text("IN", rrtype, rdata_text(rrtype, rdata)).to_wire() == read.to_wire()


@pytest.mark.parametrize("rrtype", PLAIN, ids=lambda number: RRType(number).name)
@given(data=st.data())
def test_rdata_that_dnspython_reads_is_typed(rrtype: int, data: st.DataObject) -> None:
    """RDATA that dnspython accepts fits our layout too: it comes typed, not raw."""
    rdata = data.draw(st.one_of(truthful_rdata(rrtype), st.binary(max_size=40)))
    wire = struct.pack("!6HxHHIH", 0, 0, 0, 1, 0, 0, rrtype, 1, 0, len(rdata)) + rdata
    (record,) = Message(wire).answer
    read = dnspython_rdata(rrtype, rdata)
    if read is not None:
        assert not isinstance(record.rdata, Raw)
        assert record.rdata_wire == read.to_wire()


def truthful_rdata(rrtype: int) -> st.SearchStrategy[bytes]:
    """RDATA laid out as the table says, its names uncompressed and legal."""
    return st.tuples(*(legal_names() if kind == "name" else FIELDS[kind] for kind in TABLE[rrtype])).map(b"".join)


@st.composite
def truthful_messages(draw: st.DrawFn) -> bytes:
    """Draw a message whose counts and lengths are right and whose names are legal."""
    asked = [name + struct.pack("!HH", draw(types), 1) for name in draw(st.lists(legal_names(), max_size=2))]
    found = [draw(st.lists(records(lies=False), max_size=3)) for _ in range(3)]
    head = struct.pack("!HH4H", draw(u16), draw(u16), len(asked), *map(len, found))
    return head + b"".join(asked) + b"".join(record for section in found for record in section)


@given(st.one_of(truthful_messages(), messages()))
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
    assert ours(msg.answer) == theirs(read.answer)
    assert ours(msg.authority) == theirs(read.authority)
    assert ours(msg.additional) == theirs(read.additional)
    assert (msg.edns is not None) == (read.edns >= 0)
    if msg.edns is not None:
        assert (msg.edns.version, msg.edns.payload, msg.edns.dnssec_ok) == (
            read.edns,
            read.payload,
            bool(read.ednsflags & dns.flags.DO),
        )
        assert [option.code for option in msg.edns.options] == [option.otype for option in read.options]


@given(messages())
def test_any_octets_are_a_message_or_a_typed_error(wire: bytes) -> None:
    """Octets are opened and rendered in every form, or refused with MessageError; nothing else ever happens."""
    try:
        msg = Message(wire)
    except MessageError:
        return
    records = [*msg.answer, *msg.authority, *msg.additional]
    assert all(record.to_text().isascii() for record in records)
    assert msg.to_text().startswith(";; ->>HEADER<<- ")
    assert msg.to_json().startswith("{")


@given(messages(), st.data())
def test_a_clipped_message_yields_nothing_that_the_whole_one_does_not(wire: bytes, data: st.DataObject) -> None:
    """The entries of a clipped message are the first ones of the whole message."""
    cut = data.draw(st.integers(0, len(wire)))
    try:
        whole = entries(Message(wire))
    except MessageError:
        return
    try:
        part = entries(Message(wire[:cut]))
    except MessageError:
        assert cut < 12
        return
    assert part == whole[: len(part)]


def entries(msg: Message) -> list[object]:
    """All entries in the order of the wire; EDNS, which stands among the last, is left out."""
    return [*msg.question, *msg.answer, *msg.authority, *msg.additional]


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
