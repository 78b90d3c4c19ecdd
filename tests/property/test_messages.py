"""`Message` on any octets, on messages that are well-formed, and on every clipped part of those."""

import json

import dns.name
from guarded import SIDES, Guarded, Side
from hostile import Laid, honest_messages, messages, types
from hypothesis import given
from hypothesis import strategies as st
from layouts import legal_names, u16

from resquery.errors import IllegalName, MessageError
from resquery.message import Message, make_query
from resquery.types import Question, Record

Entry = Question | Record


def entries(message: Message) -> list[tuple[int, Entry]]:
    """List questions and records in the order of the message, each with its section."""
    sections = (message.question, message.answer, message.authority, message.additional)
    return [(number, entry) for number, section in enumerate(sections) for entry in section]


def check_entry(entry: Entry, laid: Laid) -> None:
    """Hold a question or record against what was put into the message; dnspython reads the text of its name."""
    assert dns.name.from_text(entry.name).to_wire() == laid.owner
    assert (entry.type, entry.rrclass) == (laid.rrtype, laid.rrclass)
    if isinstance(entry, Record):
        assert (entry.ttl, entry.rdata_wire) == (laid.ttl, laid.rdata)
        assert entry.to_text().isprintable()


@given(messages(), st.sampled_from(SIDES))
def test_any_octets_open_or_are_refused(wire: bytes, side: Side) -> None:
    """Any octets, lying against a forbidden page, are a Message that can be read and shown, or a MessageError."""
    with Guarded(wire, side=side) as area:
        try:
            message = Message(area.view)
        except MessageError:
            return
        assert area.view == wire
    assert message.wire == wire
    assert message == Message(wire)
    assert all(entry.to_text().isprintable() for _, entry in entries(message) if isinstance(entry, Record))
    assert message.to_text().isascii()
    assert isinstance(json.loads(message.to_json()), dict)
    assert repr(message).isprintable()


@given(honest_messages())
def test_messages_round_trip(drawn: tuple[bytes, list[Laid]]) -> None:
    """What was put into a message comes out: sections, names, types, classes, TTLs and the octets of the RDATA."""
    wire, laid = drawn
    message = Message(wire)
    assert not message.truncated
    assert message.id == int.from_bytes(wire[:2], "big")
    found = entries(message)
    assert [section for section, _ in found] == [entry.section for entry in laid]
    for (_, entry), put in zip(found, laid, strict=True):
        check_entry(entry, put)


@given(honest_messages())
def test_clipped_messages_give_what_is_whole(drawn: tuple[bytes, list[Laid]]) -> None:
    """Cut at every octet, a message gives exactly the entries that end before the cut, and says it is truncated."""
    wire, laid = drawn
    whole = entries(Message(wire))
    for cut in range(12, len(wire)):
        part = Message(wire[:cut])
        assert part.truncated
        assert entries(part) == whole[: sum(put.end <= cut for put in laid)]


@given(messages(most=3))
def test_clipped_messages_invent_nothing(wire: bytes) -> None:
    """Cut at every octet, a message that lies about itself still gives nothing that the whole one does not."""
    try:
        message = Message(wire)
    except MessageError:
        return
    whole = entries(message)
    for cut in range(12, len(wire)):
        part = Message(wire[:cut])
        found = entries(part)
        assert found == whole[: len(found)]
        assert part.edns in (None, message.edns)
        assert part.truncated or len(found) == len(whole)


@given(legal_names(), types, u16, u16, st.integers(512, 65535), st.booleans())
def test_queries_round_trip(wire: bytes, rrtype: int, rrclass: int, ident: int, payload: int, dnssec_ok: bool) -> None:
    """A query that was made opens as a message with that question and that EDNS, and nothing else."""
    name = dns.name.from_wire(wire, 0)[0].to_text()
    options = {"rrclass": rrclass, "id": ident, "payload": payload, "dnssec_ok": dnssec_ok}
    message = Message(make_query(name, rrtype, **options))
    check_entry(message.question[0], Laid(0, wire, rrtype, rrclass))
    assert len(entries(message)) == 1
    assert message.id == ident
    assert message.edns is not None
    assert (message.edns.payload, message.edns.dnssec_ok) == (payload, dnssec_ok)
    assert message.edns.options == ()


@given(st.one_of(st.text(max_size=80), st.from_regex(r"[a-c.\\0-9]{1,12}", fullmatch=True)))
def test_names_round_trip(text: str) -> None:
    """A text is refused as a name, or the name that it becomes shows as a text that becomes the same name."""
    try:
        query = make_query(text, "A", id=1, edns=False)
    except IllegalName:
        return
    shown = Message(query).question[0].name
    assert make_query(shown, "A", id=1, edns=False) == query
    assert Message(make_query(shown, "A", id=1)).question[0].name == shown
