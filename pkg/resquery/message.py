"""DNS messages: octets from the network, opened; and queries, built.

A message is checked once, in C, when it is made. Its sections become values when the first of them is asked for, all in
one step: C writes them as MessagePack, msgspec builds the Structs of `types`. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import msgspec

from . import _lib
from ._lib import lib
from .errors import MessageError
from .types import Edns, Flag, Opcode, Question, Rcode, Record, RRType

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_FLAGS = 0x87F0  # of the header's second 16 bits, those that are flags


class _Sections(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What rq_msg_pack writes."""

    question: tuple[Question, ...]
    answer: tuple[Record, ...]
    authority: tuple[Record, ...]
    additional: tuple[Record, ...]
    edns: Edns | None


_sections = msgspec.msgpack.Decoder(_Sections).decode


class Message:
    """A DNS message (RFC 1035, 4). Takes any buffer and keeps a copy of its octets; never changes.

    A message that ends early gives all records that are whole, and `truncated` says so. Raises `MessageError` for
    octets without a header, or with an entry that cannot be one (RFC 9267).

    >>> msg = Message(make_query("example.com", "MX", id=7))
    >>> msg.id, str(msg.rcode), msg.question[0].name, msg.truncated
    (7, 'NOERROR', 'example.com.', False)
    """

    __slots__ = ("_decoded", "_summary", "wire")
    wire: bytes

    def __init__(self, wire: ReadableBuffer) -> None:
        octets = wire if type(wire) is bytes else bytes(memoryview(wire))
        self._summary = summary = _lib.open_message(octets)
        if summary[8] == lib.RQ_MALFORMED:
            raise _malformed(octets, summary)
        self.wire = octets
        self._decoded: _Sections | None = None

    @property
    def id(self) -> int:
        """The ID, by which a response is matched to its query."""
        return self._summary[0]

    @property
    def flags(self) -> Flag:
        """The header's flags, `Flag.TC` (the server cut the answer short) among them."""
        return Flag(self._summary[1] & _FLAGS)

    @property
    def opcode(self) -> Opcode:
        """The kind of query."""
        return Opcode(self._summary[1] >> 11 & 15)

    @property
    def rcode(self) -> Rcode:
        """How it went, with the upper bits of the OPT record if there is one (RFC 6891, 6.1.3)."""
        return Rcode(self._summary[2])

    @property
    def truncated(self) -> bool:
        """Whether the octets end before the last record that the header counts: these were clipped."""
        return self._summary[8] != 0

    @property
    def question(self) -> tuple[Question, ...]:
        """What was asked."""
        return (self._decoded or self._decode()).question

    @property
    def answer(self) -> tuple[Record, ...]:
        """The records that answer the question."""
        return (self._decoded or self._decode()).answer

    @property
    def authority(self) -> tuple[Record, ...]:
        """The records that say who is in charge, or the SOA of a negative answer (RFC 2308)."""
        return (self._decoded or self._decode()).authority

    @property
    def additional(self) -> tuple[Record, ...]:
        """Records that may help. The OPT record is not among them: see `edns`."""
        return (self._decoded or self._decode()).additional

    @property
    def edns(self) -> Edns | None:
        """What the OPT record says; None when there is none."""
        return (self._decoded or self._decode()).edns

    def _decode(self) -> _Sections:
        self._decoded = decoded = _lib.call_with(_sections, lib.rq_msg_pack, self.wire, len(self.wire))
        return decoded

    def to_text(self) -> str:
        """The message as dig prints it."""
        return _lib.call_text(lib.rq_msg_text, self.wire, len(self.wire))

    def to_json(self) -> str:
        """The message as JSON, in the shape of the `data` of a zdns result."""
        return _lib.call_text(lib.rq_msg_json, self.wire, len(self.wire))

    def __eq__(self, other: object) -> bool:
        return self.wire == other.wire if isinstance(other, Message) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.wire)

    def __reduce__(self) -> tuple[Any, ...]:
        return Message, (self.wire,)

    def __repr__(self) -> str:
        asked = " ".join(f"{q.name} {q.type}" for q in self.question)
        counts = "+".join(str(len(part)) for part in (self.answer, self.authority, self.additional))
        size = f"{len(self.wire)} octets{' truncated' if self.truncated else ''}"
        return f"<Message {self.id} {self.opcode} {self.rcode} [{asked}] {counts} records, {size}>"


def _malformed(octets: bytes, summary: tuple[int, ...]) -> MessageError:
    """What is wrong with the octets, and where."""
    if len(octets) < 12:
        return MessageError(f"a DNS message has a header of 12 octets; here are only {len(octets)}", octets)
    parts = zip(("question", "answer", "authority", "additional"), summary[3:7], strict=True)
    whole = ", ".join(f"{count} {part}" for part, count in parts)
    return MessageError(
        f"malformed DNS message: the entry at octet {summary[7]} of {len(octets)} does not parse; before it: {whole}",
        octets,
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
) -> bytes:
    """A query with one question, in wire format; the ID is random unless given.

    `recurse`, `authentic` and `checking_disabled` set RD, AD and CD. `edns` adds an OPT record that offers to take
    `payload` octets over UDP and asks for signatures if `dnssec_ok` (RFC 6891). Raises `IllegalName`, `UnknownType`,
    and `ValueError` for a number out of its range.

    >>> make_query("m.", "MX", id=1, edns=False).hex()
    '000101000001000000000000016d00000f0001'
    """
    if id is None:
        id = secrets.randbits(16)
    if not 0 <= id <= 65535:
        raise ValueError(f"id is {id}: a message ID is 0 to 65535")
    if not 512 <= payload <= 65535:
        raise ValueError(f"payload is {payload}: EDNS offers 512 to 65535 octets (RFC 6891, 6.2.3)")
    if dnssec_ok and not edns:
        raise ValueError("dnssec_ok needs edns: the DO bit stands in the OPT record")
    flags = Flag.RD * recurse | Flag.AD * authentic | Flag.CD * checking_disabled
    octets = _lib.name_octets(name)
    number = RRType.parse(rrtype)
    return _lib.call_bytes(
        lib.rq_make_query, octets, len(octets), number, _lib.class_number(rrclass), id, flags, payload * edns, dnssec_ok
    )
