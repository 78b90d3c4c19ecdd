"""What passes between the server, the scripts and the user's function: queries, replies, and what is sent.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

QR, AA, TC, RD, CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0010
OPCODE, ECHOED = 0x7800, RD | CD
RCODES = {
    "NOERROR": 0,
    "FORMERR": 1,
    "SERVFAIL": 2,
    "NXDOMAIN": 3,
    "NOTIMP": 4,
    "REFUSED": 5,
    "YXDOMAIN": 6,
    "YXRRSET": 7,
    "NXRRSET": 8,
    "NOTAUTH": 9,
    "NOTZONE": 10,
    "BADVERS": 16,
    "BADCOOKIE": 23,
}
_HEADER = struct.Struct("!6H")
_OPT = struct.Struct("!BHHIH")
_PAYLOAD = 1232


@dataclass(frozen=True, slots=True)
class Query:
    """A query as the server saw it.

    `name` is the text with its final dot in lower case ("" when no question could be read), `name_wire` its octets as
    they were sent (resolvers that are hard to deceive ask in random letter case), `client` the address and port it came
    from, `payload` what EDNS says that the client takes (None without EDNS), `time` seconds of the monotonic clock,
    `wire` the whole message (b"" in `Server.log`).
    """

    name: str
    type: str
    rrclass: int
    id: int
    flags: int
    transport: Literal["udp", "tcp"]
    client: tuple[str, int]
    payload: int | None
    dnssec_ok: bool
    time: float
    wire: bytes
    rrtype: int
    name_wire: bytes
    question: bytes
    edns_version: int
    plain: bool

    @property
    def key(self) -> bytes:
        """The name in wire format and lower case."""
        return self.name_wire.lower()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in the user's words: records are lines of a zone file, `"www.example. 300 IN A 192.0.2.1"`.

    `rcode` is a mnemonic or a number up to 4095 (above 15 needs EDNS in the query).
    """

    answer: Sequence[str] = ()
    authority: Sequence[str] = ()
    additional: Sequence[str] = ()
    rcode: str | int = "NOERROR"
    authoritative: bool = True
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Send:
    """One message on its way to the client, as faults see and change it.

    `wire` is the message, `after` seconds to wait before it. UDP: `stray` sends it from a port that was not asked,
    `hold` keeps it back until that many later answers are gone (at most `hold_seconds`). TCP: `prefix` replaces the
    length in front, `keep` cuts the frame (prefix included) after so many octets, `chunk` sends so many octets at a
    time with `pause` seconds between, `end` closes or resets the connection afterwards.
    """

    wire: bytes
    after: float = 0.0
    stray: bool = False
    hold: int = 0
    hold_seconds: float = 0.05
    prefix: int | None = None
    keep: int | None = None
    chunk: int = 0
    pause: float = 0.0
    end: Literal["", "fin", "reset"] = ""

    def but(self, wire: bytes) -> Send:
        """The same with other octets."""
        return replace(self, wire=wire)


@dataclass(frozen=True, slots=True)
class Sections:
    """An answer ready to be written: records in wire format, which may point at the question's name (offset 12)."""

    flags: int = 0
    answer: tuple[bytes, ...] = ()
    authority: tuple[bytes, ...] = ()
    additional: tuple[bytes, ...] = ()

    @property
    def counts(self) -> tuple[int, int, int]:
        """Records in each section."""
        return len(self.answer), len(self.authority), len(self.additional)

    @property
    def body(self) -> bytes:
        """All records, one after another."""
        return b"".join((*self.answer, *self.authority, *self.additional))


def rcode_number(rcode: str | int) -> int:
    """The number of a response code. Raises ValueError for what is none."""
    number = RCODES.get(rcode.upper(), -1) if isinstance(rcode, str) else rcode
    if not 0 <= number <= 4095:
        raise ValueError(f"{rcode!r} is no response code: give 0 to 4095 or one of {', '.join(RCODES)}")
    return number


def message(query: Query, sections: Sections, *, rcode: int = 0, limit: int = 65535, edns: bool = True) -> bytes:
    """The response to a query, truncated with TC when it exceeds `limit` octets (RFC 2181, 9)."""
    opt = b""
    if edns and query.payload is not None:
        ttl = (rcode >> 4) << 24 | (0x8000 if query.dnssec_ok else 0)
        opt = _OPT.pack(0, 41, _PAYLOAD, ttl, 0)
    flags = QR | (query.flags & (ECHOED | OPCODE)) | sections.flags | (rcode & 15)
    questions = 1 if query.question else 0
    an, ns, ar = sections.counts
    head = _HEADER.pack(query.id, flags, questions, an, ns, ar + bool(opt))
    whole = head + query.question + sections.body + opt
    if len(whole) <= limit:
        return whole
    return _HEADER.pack(query.id, flags | TC, questions, 0, 0, bool(opt)) + query.question + opt


def udp_limit(query: Query, maximum: int) -> int:
    """Octets of the largest UDP answer to a query: 512 without EDNS (RFC 1035, 2.3.4; RFC 6891, 6.2.3)."""
    return min(max(query.payload or 0, 512), maximum)


def ancestors(name: bytes) -> list[bytes]:
    r"""The names above a name in wire format, nearest first, the root last.

    >>> ancestors(b"\x01a\x07example\x00")
    [b'\x07example\x00', b'\x00']
    """
    above: list[bytes] = []
    while name[:1] not in (b"", b"\0"):
        name = name[1 + name[0] :]
        above.append(name)
    return above
