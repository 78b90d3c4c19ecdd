"""Message: what it tells of octets, which octets it refuses and how it says so; and queries."""

import array
import itertools
import mmap
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dns.exception
import pytest

from columns import library
from resquery import message as message_module
from resquery import parse_columns
from resquery.errors import IllegalName, MessageError, UnknownType
from resquery.message import Message, make_query, parse
from resquery.options import Nsid, Port, RawOption
from resquery.rdata import MX, OPT, SOA, A, Raw
from resquery.types import (
    Edns,
    Flag,
    Opcode,
    Question,
    Rcode,
    Record,
    RRClass,
    RRType,
    Sections,
)
from wires import message, name, opt, question, record

MX_RDATA = b"\0\x0a" + name("mx1.example.com")
ADDRESS = bytes([192, 0, 2, 1])
SOA_RDATA = name("ns") + name("admin") + bytes(20)
ENTRIES = [
    question("example.com", 15),
    record("example.com", 15, MX_RDATA, ttl=300),
    record("com", 6, SOA_RDATA),
    record("mx1.example.com", 1, ADDRESS),
    opt(b"\0\x0a\0\x02hi", ttl=0x8000),
]
FULL = message(ENTRIES[:1], ENTRIES[1:2], ENTRIES[2:3], ENTRIES[3:], id=4711, flags=0x85B3)


def test_a_message_tells_all_it_says() -> None:
    """Header, sections, records with typed RDATA, and EDNS come out as they stand on the wire."""
    msg = Message(FULL)
    assert (msg.id, msg.opcode, msg.rcode, msg.truncated) == (4711, Opcode.QUERY, Rcode.NXDOMAIN, False)
    assert msg.flags == Flag.QR | Flag.AA | Flag.RD | Flag.RA | Flag.AD | Flag.CD
    assert msg.question == (Question("example.com.", RRType.MX, RRClass.IN),)
    (mx,) = msg.answer
    assert (mx.name, mx.type, mx.rrclass, mx.ttl) == ("example.com.", RRType.MX, RRClass.IN, 300)
    assert (mx.rdata, mx.rdata_wire) == (MX(preference=10, exchange="mx1.example.com."), MX_RDATA)
    assert msg.authority[0].rdata == SOA("ns.", "admin.", 0, 0, 0, 0, 0)
    assert [extra.rdata for extra in msg.additional] == [A("192.0.2.1")]
    assert msg.edns == Edns(1232, 0, 0x8000, (RawOption(10, b"hi"),))
    assert msg.edns.dnssec_ok
    assert msg.wire == FULL


def test_names_in_rdata_come_uncompressed() -> None:
    """A compressed name in RDATA is followed, in the typed value and in rdata_wire."""
    wire = message([question("example.com", 15)], [b"\xc0\x0c" + record("", 15, b"\0\x05\x01m\xc0\x0c")[1:]])
    (mx,) = Message(wire).answer
    assert (mx.name, mx.rdata) == ("example.com.", MX(5, "m.example.com."))
    assert mx.rdata_wire == b"\0\x05" + name("m.example.com")


def test_a_name_may_begin_in_the_header() -> None:
    """A pointer leads strictly backward, and be it to octet 0: the ID and the flags can spell a name."""
    pointer = b"\xc0\0"
    wire = message([pointer + b"\0\x01\0\x01"], [pointer + record("", 1, ADDRESS)[1:]], id=0x0161, flags=0)
    assert [entry.name for entry in entries(Message(wire))] == ["a.", "a."]


def test_a_clipped_message_gives_all_whole_records() -> None:
    """However many octets are missing, the records that are whole are told, in order, and `truncated` is set."""
    ends = list(itertools.accumulate(map(len, ENTRIES[:4]), initial=12))[1:]
    whole = entries(Message(FULL))
    for cut in range(12, len(FULL)):
        msg = Message(FULL[:cut])
        assert msg.truncated
        assert msg.edns is None
        assert entries(msg) == whole[: sum(end <= cut for end in ends)]


def entries(msg: Message) -> list[Question | Record]:
    """All entries of a message but EDNS."""
    return [*msg.question, *msg.answer, *msg.authority, *msg.additional]


def test_the_upper_bits_of_the_rcode_come_from_opt() -> None:
    """The rcode joins four bits of the header and eight of the OPT record."""
    assert Message(message([], [], [], [opt(ttl=1 << 24)], flags=0x8007)).rcode == Rcode.BADCOOKIE


def test_an_opt_record_is_edns_only_where_it_belongs() -> None:
    """OPT in another section, a second one, and one that does not parse are records like any other: nothing is lost."""
    broken = opt(b"\0\x03\0\x09")
    msg = Message(message([], [opt()], [], [broken, opt(payload=512), opt(b"\0\x01\0\0")]))
    assert msg.edns == Edns(512, 0, 0, ())
    assert [entry.rdata for entry in msg.answer] == [OPT(())]
    assert [entry.rdata for entry in msg.additional] == [Raw(RRType.OPT, b"\0\x03\0\x09"), OPT((RawOption(1, b""),))]


def test_rdata_that_does_not_fit_its_type_comes_raw() -> None:
    """A record whose RDATA does not fit the layout of its type, or whose type is unknown, keeps its octets."""
    msg = Message(message([], [record("x", 1, b"abc"), record("x", 65280, b"\xff")]))
    assert [entry.rdata for entry in msg.answer] == [Raw(RRType.A, b"abc"), Raw(RRType(65280), b"\xff")]
    assert [entry.rdata_wire for entry in msg.answer] == [b"abc", b"\xff"]


@pytest.mark.parametrize("size", range(12))
def test_octets_without_a_header_are_no_message(size: int) -> None:
    """Fewer than 12 octets raise MessageError, which says what is missing and carries them."""
    with pytest.raises(MessageError, match="without a header of 12 octets") as caught:
        Message(bytes(size))
    assert caught.value.value == bytes(size)


@pytest.mark.parametrize(
    ("wire", "where"),
    [
        (message([b"\x80" + question("x", 1)]), r"octet 12 of 20 .*0 question, 0 answer"),
        (message([b"\xc0\x0c\0\x01\0\x01"]), r"octet 12 of 18 .*0 question"),
        (
            message([question("x", 1)], [record("x", 1, ADDRESS), b"\xff\xff" + bytes(10)]),
            r"octet 36 of 48 .*1 question, 1 answer",
        ),
        (message([], [], [], [opt(), b"\x40" + bytes(20)]), r"octet 23 of 44 .*0 authority, 1 additional"),
    ],
    ids=["label type", "loop", "forward pointer", "after OPT"],
)
def test_an_entry_that_cannot_be_one_is_named_with_its_place(wire: bytes, where: str) -> None:
    """A malformed entry raises MessageError, which says at which octet it begins and what was whole before it."""
    with pytest.raises(MessageError, match=where):
        Message(wire)


@pytest.mark.parametrize("buffer", [bytes, bytearray, memoryview, lambda octets: array.array("B", octets)])
def test_any_buffer_will_do(buffer: object) -> None:
    """Whatever has octets can be opened, strided views too; the message keeps a copy of its own."""
    octets = buffer(FULL)  # type: ignore[operator]
    msg = Message(octets)
    assert msg == Message(FULL)
    if not isinstance(octets, (bytes, memoryview)):
        octets[0] ^= 0xFF
        assert msg.wire == FULL
    doubled = bytes(octet for pair in zip(FULL, FULL, strict=True) for octet in pair)
    assert Message(memoryview(doubled)[::2]) == msg


def test_a_mapped_file_can_be_opened() -> None:
    """An mmap is a buffer like any other, and can be closed afterwards."""
    with mmap.mmap(-1, len(FULL)) as area:
        area.write(FULL)
        msg = Message(area)
    assert msg.answer[0].ttl == 300


@pytest.mark.parametrize("value", [12, "x" * 12, None])
def test_what_is_no_buffer_is_refused(value: object) -> None:
    """A number is not a size and a str is not octets: TypeError."""
    with pytest.raises(TypeError):
        Message(value)  # type: ignore[arg-type]


def test_messages_are_equal_when_their_octets_are() -> None:
    """Messages compare and hash by their octets, survive pickling, and their repr tells the gist."""
    msg = Message(FULL)
    assert msg == Message(FULL)
    assert msg != Message(message())
    assert msg != FULL
    assert hash(msg) == hash(Message(FULL))
    assert pickle.loads(pickle.dumps(msg)) == msg
    assert repr(msg) == "<Message 4711 QUERY NXDOMAIN [example.com. MX] 1+1+1 records, 165 octets>"
    assert repr(Message(FULL[:40])).endswith("40 octets truncated>")


def test_opening_a_message_decodes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Header, rcode, comparison and pickling need no record; the first section decodes all, and no later one."""
    decoded: list[object] = []

    def counted(octets: bytes) -> Sections:
        decoded.append(sections := decode(octets))
        return sections

    decode = message_module._decode
    monkeypatch.setattr(message_module, "_decode", counted)
    msg = Message(FULL)
    assert (msg.id, msg.rcode, msg.truncated, msg.opcode, msg == Message(FULL)) == (4711, 3, False, 0, True)
    assert (msg.flags, hash(msg), len(pickle.dumps(msg)) > 0) == (Flag(0x85B0), hash(FULL), True)
    assert decoded == []
    assert msg.answer is msg.answer
    assert (msg.question, msg.authority, msg.additional, msg.edns) == msg_parts(msg.sections)
    assert [id(sections) for sections in decoded] == [id(msg.sections)]


def msg_parts(sections: Sections) -> tuple[object, ...]:
    """What a message gives one by one, but the answer."""
    return sections.question, sections.authority, sections.additional, sections.edns


def test_threads_read_the_same_from_one_message() -> None:
    """Many threads that ask an unread message for its sections at once all get equal ones, and one of them stays."""
    for _ in range(50):
        msg = Message(FULL)
        gate = threading.Barrier(4)

        def read(msg: Message = msg, gate: threading.Barrier = gate) -> Sections:
            gate.wait()
            return msg.sections

        with ThreadPoolExecutor(4) as pool:
            found = [one.result() for one in [pool.submit(read) for _ in range(4)]]
        assert found == [parse(FULL)] * 4
        assert msg.sections is msg.sections


def test_a_message_never_changes() -> None:
    """Nothing of it can be set, before it was read or after."""
    msg = Message(FULL)
    for _ in range(2):
        for what in ("wire", "sections", "rcode", "answer", "new"):
            with pytest.raises(AttributeError):
                setattr(msg, what, None)
        assert msg.sections == parse(FULL)
    with pytest.raises(AttributeError):
        msg.sections.answer = ()  # type: ignore[misc]


def test_an_unread_and_a_read_message_pickle_alike() -> None:
    """What goes through a pickle are the octets, whatever was decoded."""
    msg = Message(FULL)
    before = pickle.dumps(msg)
    assert msg.sections.rcode is Rcode.NXDOMAIN
    assert pickle.dumps(msg) == before
    assert pickle.loads(before).sections == msg.sections


def test_parse_gives_the_sections_in_one_step() -> None:
    """parse tells what Message does, from any buffer, whatever the rcode and however large the message is."""
    for octets in (FULL, bytearray(FULL), memoryview(FULL)):
        assert parse(octets) == Message(FULL).sections
    high = message([], [], [], [opt(ttl=0xFF << 24)], flags=0x800F)
    assert parse(high).rcode == Message(high).rcode == Message(high).sections.rcode == 4095
    large = message([question("x", 16)], [record("x", 16, b"\xff" + bytes(255))] * 100)
    assert parse(large) == Message(large).sections
    assert len(parse(large).answer) == 100


def test_parse_refuses_what_is_not_whole() -> None:
    """A message cut short, a malformed one and one without a header raise MessageError, which says where and why."""
    for cut in range(len(FULL)):
        with pytest.raises(
            MessageError, match="truncated DNS message: the entry at octet" if cut > 11 else "12 octets"
        ):
            parse(FULL[:cut])
    with pytest.raises(MessageError, match="malformed DNS message: the entry at octet 12 of 18"):
        parse(message([b"\xc0\x0c\0\x01\0\x01"]))
    with pytest.raises(TypeError):
        parse("x" * 12)  # type: ignore[arg-type]


def test_a_large_message_is_read_whole() -> None:
    """A message whose records outgrow any buffer kept at hand loses none of them."""
    owner = ".".join(["x" * 63] * 3)
    names = [b"\x02%02d" % i + b"\xc0\x0c" for i in range(100)]
    wire = message([question(owner, 2)], [b"\xc0\x0c" + record("", 2, target)[1:] for target in names])
    answer = Message(wire).answer
    assert [entry.rdata.target for entry in answer] == [f"{i:02d}.{owner}." for i in range(100)]  # type: ignore[union-attr]


@pytest.mark.parametrize("place", range(65534, 65539))
def test_what_is_longer_than_any_message_is_refused_and_still_read_right(place: int) -> None:
    """65,535 octets are the most; behind these the core, which columns use, reads a record wherever it begins."""
    padding = RawOption(65001, bytes(place - 12 - 11 - 4))
    wire = message([], [], [], [opt(padding.to_wire()), record("a.", 1, bytes(4))])
    assert wire.index(b"\1a\0") == place
    for call in (Message, parse):
        with pytest.raises(MessageError, match=f"{len(wire)} octets"):
            call(wire)
    (row,) = library("pyarrow").record_batch(parse_columns([wire], additional=True)).to_pylist()
    assert [found["name"] for found in row["additional"]] == ["a."]


# --- queries ---


def test_a_query_says_what_was_asked_for() -> None:
    """The question, the flags and the OPT record are as the options say."""
    msg = Message(
        make_query("Example.com", "mx", rrclass="CH", id=7, authentic=True, checking_disabled=True, dnssec_ok=True)
    )
    assert msg.question == (Question("Example.com.", RRType.MX, RRClass.CH),)
    assert (msg.id, msg.flags, msg.opcode) == (7, Flag.RD | Flag.AD | Flag.CD, Opcode.QUERY)
    assert msg.edns == Edns(1232, 0, 0x8000, ())


def test_a_query_can_do_without_edns_and_recursion() -> None:
    """Without EDNS there is no OPT record, without recursion no RD."""
    msg = Message(make_query("x.", 1, edns=False, recurse=False))
    assert (msg.edns, msg.additional, msg.flags) == (None, (), Flag(0))


def test_query_ids_are_random() -> None:
    """A thousand queries have hundreds of different IDs."""
    assert len({Message(make_query("x", "A")).id for _ in range(1000)}) > 900


@pytest.mark.parametrize("given", ["a..b", "", "x" * 64, "é", b"a b"])
def test_an_illegal_name_is_refused_with_its_rule(given: str | bytes) -> None:
    """A name that breaks a rule raises IllegalName, which carries it."""
    with pytest.raises(IllegalName) as caught:
        make_query(given, "A")
    assert caught.value.value == given


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"id": -1}, "id is -1"),
        ({"id": 65536}, "id is 65536"),
        ({"payload": 511}, "payload is 511"),
        ({"payload": 65536}, "payload is 65536"),
        ({"edns": False, "dnssec_ok": True}, "dnssec_ok needs edns"),
    ],
)
def test_a_number_out_of_range_is_refused_by_name(options: dict[str, int], told: str) -> None:
    """An option out of its range raises ValueError, which names the option and the value."""
    with pytest.raises(ValueError, match=told):
        make_query("x", "A", **options)


@pytest.mark.parametrize("option", [Port(443), MX(10, "m."), b"\0\x0a\0\0", None])
def test_only_options_are_options(option: Any) -> None:
    """Another value, whose octets would be read as some option or none, raises TypeError, which says what it is."""
    with pytest.raises(TypeError, match=rf"options are values .* not of type {type(option).__name__}"):
        make_query("x", "A", options=[option])


def test_an_unknown_type_or_class_is_refused() -> None:
    """A type or class that is none raises UnknownType."""
    with pytest.raises(UnknownType):
        make_query("x", "MXX")
    with pytest.raises(UnknownType):
        make_query("x", "MX", rrclass="INN")


def test_a_message_goes_over_to_dnspython() -> None:
    """dnspython reads the same octets: header, question, records and EDNS are what the message has."""
    wire = message([question("example.com", 15)], [record("example.com", 15, MX_RDATA)], [], [opt()])
    theirs = Message(wire).to_dnspython()
    assert theirs.question[0].to_text() == "example.com. IN MX"
    assert [rdata.to_text() for rdata in theirs.answer[0]] == ["10 mx1.example.com."]
    assert theirs.edns == 0


def test_what_dnspython_cannot_read_is_its_own_error() -> None:
    """A clipped message is a Message here and an exception of dnspython's there."""
    clipped = Message(message([question("example.com", 15)], [record("example.com", 15, MX_RDATA)])[:-1])
    assert clipped.truncated
    with pytest.raises(dns.exception.DNSException):
        clipped.to_dnspython()


@pytest.mark.parametrize("call", [Message, parse])
@pytest.mark.parametrize("wire", ["x", 5, [1, 2], None])
def test_what_is_no_buffer_is_told_in_one_sentence(call: Any, wire: Any) -> None:
    """With what a message is, and what was given."""
    with pytest.raises(TypeError, match=f"^a message is a bytes-like object, not {type(wire).__name__}: "):
        call(wire)


@pytest.mark.parametrize("options", [5, None, "nsid", Nsid(b"")])
def test_what_is_no_list_of_options_is_told_in_one_sentence(options: Any) -> None:
    """As for a Resolver."""
    with pytest.raises(TypeError, match=r"^options are a list of values of resquery\.options, not "):
        make_query("example.com", "A", options=options)
