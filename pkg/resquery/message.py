"""DNS messages: octets from the network, opened; and queries, built.

To open a message is to check it, one call of C. Its entries become values when they are first asked for, all at once: C
writes them as MessagePack, msgspec builds the Structs of `types`. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from . import _lib
from ._lib import lib
from .errors import IllegalSetting, MessageError, shown
from .options import EdnsOption
from .types import Edns, Flag, Opcode, Question, Rcode, Record, RRType, Sections

if TYPE_CHECKING:
    from collections.abc import Iterable

    import dns.message
    from _typeshed import ReadableBuffer

JSON_SHAPES: dict[str, int] = {
    "zdns": lib.RQ_JSON_ZDNS,
    "rfc8427": lib.RQ_JSON_RFC8427,
    "massdns": lib.RQ_JSON_MASSDNS,
}
_FLAGS = 0x87F0  # of the header's second 16 bits, those that are flags
_OPTIONS_MAX = 65_253  # octets: what the largest message leaves beside a header, a question and an OPT record
_SIZE_MAX: int = lib.RQ_MESSAGE_MAX
_CUT: int = lib.RQ_CUT
_SCRATCH = _lib.SCRATCH
_take, _give = _lib.pool.pop, _lib.pool.append
_check: Callable[[bytes, int], int] = lib.rq_msg_check
_fill: Callable[[bytes, int, Any, int], int] = lib.rq_msg_fill
_decode = msgspec.msgpack.Decoder(Sections).decode


_RCODES = tuple(Rcode(number) for number in range(24))


class Message:
    """A DNS message (RFC 1035, 4). Takes any buffer and keeps a copy of its octets; never changes.

    The header costs nothing more; the sections are decoded when one of them is first asked for, once, together.
    A message that ends early gives all records that are whole, and `truncated` says so. Raises `MessageError` for
    octets without a header, or with an entry that cannot be one (RFC 9267), or more than 65,535 of them.

    >>> msg = Message(make_query("example.com", "MX", id=7))
    >>> msg.id, str(msg.rcode), msg.question[0].name, msg.truncated
    (7, 'NOERROR', 'example.com.', False)
    """

    __slots__ = ("_found", "_sections", "_wire")
    _sections: Sections | None

    def __init__(self, wire: ReadableBuffer) -> None:
        octets = wire if type(wire) is bytes else _lib.message_octets(wire)
        self._found = found = _check(octets, len(octets))
        if found < 0 or len(octets) > _SIZE_MAX:
            raise _malformed(octets)
        self._wire = octets
        self._sections = None

    @property
    def sections(self) -> Sections:
        """The question, the records and EDNS in one value: the same one each time."""
        sections = self._sections
        if sections is None:  # two threads may both decode; what they get is equal
            sections = parse(self._wire) if self._found < _CUT else _unpack(self._wire)
            self._sections = sections
        return sections

    @property
    def wire(self) -> bytes:
        """The octets."""
        return self._wire

    @property
    def id(self) -> int:
        """The ID, by which a response is matched to its query."""
        return int.from_bytes(self._wire[:2], "big")

    @property
    def flags(self) -> Flag:
        """The header's flags, `Flag.TC` (the server cut the answer short) among them."""
        return Flag(int.from_bytes(self._wire[2:4], "big") & _FLAGS)

    @property
    def opcode(self) -> Opcode:
        """The kind of query."""
        return Opcode(self._wire[2] >> 3 & 15)

    @property
    def rcode(self) -> Rcode:
        """How it went, with the upper bits of the OPT record if there is one (RFC 6891, 6.1.3)."""
        found = self._found
        return _RCODES[found] if found < 24 else Rcode(found % _CUT)

    @property
    def truncated(self) -> bool:
        """Whether the octets end before the last record that the header counts: these were clipped."""
        return self._found >= _CUT

    @property
    def question(self) -> tuple[Question, ...]:
        """What was asked."""
        return self.sections.question

    @property
    def answer(self) -> tuple[Record, ...]:
        """The records that answer the question."""
        return self.sections.answer

    @property
    def authority(self) -> tuple[Record, ...]:
        """The records that say who is in charge, or the SOA of a negative answer (RFC 2308)."""
        return self.sections.authority

    @property
    def additional(self) -> tuple[Record, ...]:
        """Records that may help. The OPT record is not among them: see `edns`."""
        return self.sections.additional

    @property
    def edns(self) -> Edns | None:
        """What the OPT record says; None when there is none."""
        return self.sections.edns

    def to_text(self, *, short: bool = False, multiline: bool = False) -> str:
        """The message as dig prints it.

        `short` gives the data of the answer section alone, one record on a line (`dig +short`); `multiline` puts long
        data on several lines and explains some of it (`dig +multiline`).

        >>> Message(make_query("m.", "MX", id=1)).to_text().splitlines()[0]
        ';; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1'
        """
        style = lib.RQ_TEXT_SHORT * short | lib.RQ_TEXT_MULTILINE * multiline
        return _lib.call_text(lib.rq_msg_text, self._wire, len(self._wire), style)

    def to_json(self, shape: Literal["zdns", "rfc8427", "massdns"] = "zdns") -> str:
        """The message as one line of JSON: as the `data` of a zdns result, as RFC 8427 says, or as massdns prints it.

        Octets that are not UTF-8 stand as \\DDD. Raises ValueError for another shape.

        >>> Message(make_query("m.", "MX", id=1, edns=False)).to_json("massdns")
        '{"status":"NOERROR","name":"m.","type":"MX","class":"IN","data":{},"flags":["rd"]}'
        """
        if shape not in JSON_SHAPES:
            raise ValueError(f"'{shown(str(shape))}' is no shape: give {', '.join(JSON_SHAPES)}")
        return _lib.call_text(lib.rq_msg_json, self._wire, len(self._wire), JSON_SHAPES[shape])

    def to_dnspython(self) -> dns.message.Message:
        """The message as dnspython has it. Raises `ImportError` where dnspython is not installed, and what dnspython
        raises for a message that it cannot read (`dns.exception.DNSException`), a truncated one among them.

        >>> Message(make_query("example.com", "MX", id=7)).to_dnspython().question[0].to_text()
        'example.com. IN MX'
        """
        import dns.message  # an extra; and it takes longer to import than all of this package

        return dns.message.from_wire(self._wire, ignore_trailing=True)

    def __eq__(self, other: object) -> bool:
        return self._wire == other._wire if isinstance(other, Message) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._wire)

    def __reduce__(self) -> tuple[Any, ...]:
        return Message, (self._wire,)

    def __repr__(self) -> str:
        asked = " ".join(f"{q.name} {q.type}" for q in self.question)
        counts = "+".join(str(len(part)) for part in (self.answer, self.authority, self.additional))
        size = f"{len(self._wire)} octets{' truncated' if self.truncated else ''}"
        return f"<Message {self.id} {self.opcode} {self.rcode} [{asked}] {counts} records, {size}>"


def parse(wire: ReadableBuffer) -> Sections:
    """The question, the records, EDNS and the rcode of a whole message, as `Message(wire).sections` in one step.

    Raises `MessageError` for octets that `Message` refuses, and for those that end before the last record: of these it
    gives what there is.

    >>> parse(make_query("example.com", "MX")).question
    (Question(name='example.com.', type=RRType.MX, rrclass=RRClass.IN),)
    """
    octets = wire if type(wire) is bytes else _lib.message_octets(wire)
    if len(octets) > _SIZE_MAX:
        raise _malformed(octets)
    try:
        scratch = _take()
    except IndexError:
        scratch = _lib.Scratch()
    status = _fill(octets, len(octets), scratch.out, _SCRATCH)
    if status == 0:
        sections = _decode(scratch.octets)  # all of the buffer, see rq_msg_fill
        _give(scratch)
        return sections
    _give(scratch)
    if status < 0:
        raise _malformed(octets)
    return _unpack(octets)


def _unpack(octets: bytes) -> Sections:
    """The entries that are whole of a message of any size, in more steps."""
    return _lib.call_with(_decode, lib.rq_msg_pack, octets, len(octets))


def _malformed(octets: bytes) -> Exception:
    """What is wrong with the octets, and where."""
    if len(octets) > _SIZE_MAX:
        return MessageError(f"{len(octets)} octets are no DNS message: the largest has {_SIZE_MAX}", octets)
    counts, length, status = _lib.whole_entries(octets)
    if length == 0:
        return _lib.status_error(lib.RQ_MALFORMED, octets)
    parts = zip(("question", "answer", "authority", "additional"), counts, strict=True)
    whole = ", ".join(f"{count} {part}" for part, count in parts)
    kind, flaw = ("truncated", "is not whole") if status == lib.RQ_TRUNCATED else ("malformed", "does not parse")
    return MessageError(
        f"{kind} DNS message: the entry at octet {length} of {len(octets)} {flaw}; before it: {whole}", octets
    )


def make_query(
    name: str | bytes,
    rrtype: str | int,
    *,
    rrclass: str | int = "IN",
    id: int | None = None,
    recurse: bool = True,
    authentic: bool = False,
    checking_disabled: bool = False,
    edns: bool = True,
    payload: int = lib.RQ_UDP_PAYLOAD,
    dnssec_ok: bool = False,
    options: Iterable[EdnsOption] = (),
) -> bytes:
    """A query with one question, in wire format; the ID is random unless given.

    `recurse`, `authentic` and `checking_disabled` set RD, AD and CD. `edns` adds an OPT record that offers to take
    `payload` octets over UDP, asks for signatures if `dnssec_ok`, and holds `options` (RFC 6891). Raises `IllegalName`,
    `UnknownType`, `IllegalValue` for an option, and `IllegalSetting` for a number out of its range.

    >>> make_query("m.", "MX", id=1, edns=False).hex()
    '000101000001000000000000016d00000f0001'
    >>> from resquery.options import Cookie, Nsid
    >>> Message(make_query("m.", "MX", options=[Nsid(b""), Cookie(b"12345678")])).edns.options
    (Nsid(data=b''), Cookie(client=b'12345678', server=b''))
    """
    if id is None:
        id = secrets.randbits(16)
    if not 0 <= id <= 65535:
        raise IllegalSetting("id", f"is {id}: a message ID is 0 to 65535", id)
    if not 512 <= payload <= 65535:
        raise IllegalSetting("payload", f"is {payload}: EDNS offers 512 to 65535 octets (RFC 6891, 6.2.3)", payload)
    if dnssec_ok and not edns:
        raise IllegalSetting("dnssec_ok", "needs edns: the DO bit stands in the OPT record", True)
    data = options_wire(options, edns)
    flags = Flag.RD * recurse | Flag.AD * authentic | Flag.CD * checking_disabled
    octets = _lib.name_octets(name)
    asked = RRType.parse(rrtype), _lib.class_number(rrclass), id, flags
    offer = payload if edns else 0, bool(dnssec_ok), data, len(data)
    return _lib.call_bytes(lib.rq_make_query, octets, len(octets), *asked, *offer)


def _option_octets(option: EdnsOption) -> bytes:
    if not isinstance(option, EdnsOption):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"options are values of resquery.options, such as Cookie, not of type {type(option).__name__}")
    return option.to_wire()


def options_wire(options: Iterable[EdnsOption], edns: bool) -> bytes:
    """The options as octets, if there is room for them. Raises TypeError, IllegalValue and IllegalSetting."""
    if isinstance(options, (EdnsOption, str, bytes)) or not hasattr(options, "__iter__"):
        raise TypeError(f"options are a list of values of resquery.options, not {shown(repr(options))}")
    octets = b"".join(map(_option_octets, options))
    if octets and not edns:
        raise IllegalSetting("options", "need edns: they stand in the OPT record")
    if len(octets) > _OPTIONS_MAX:
        raise IllegalSetting("options", f"take {len(octets)} octets: {_OPTIONS_MAX} fit into a message")
    return octets
