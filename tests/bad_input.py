"""Messages that are wrong in one way each, and what we, dnspython and dig make of them; docs/records.md explains them.

`ours`: "MessageError", or "typed" / "raw" for the first record with ", truncated" when the octets end early.
`dnspython`: "read" or "refused". `dig`: "read", "warned" (it prints the records and says that something is wrong) or
"refused" (it prints no record).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

A, NS, SOA, MX, TXT, OPT, DS, NSEC, DNSKEY, SVCB = 1, 2, 6, 15, 16, 41, 43, 47, 48, 64
GOOD = bytes([192, 0, 2, 1])


@dataclass(frozen=True)
class Case:
    """A message by what is wrong with it."""

    what: str
    wire: bytes
    ours: str
    dnspython: str
    dig: str


def rr(rrtype: int, rdata: bytes, *, length: int | None = None, ttl: int = 60, owner: bytes = b"\1x\0") -> bytes:
    """A record, whose RDLENGTH may be another than its RDATA has."""
    return owner + struct.pack("!HHIH", rrtype, 1, ttl, len(rdata) if length is None else length) + rdata


def opt(options: bytes = b"") -> bytes:
    """An OPT record of version 0."""
    return b"\0" + struct.pack("!HHIH", OPT, 1232, 0, len(options)) + options


def response(*answer: bytes, additional: tuple[bytes, ...] = (), counts: tuple[int, int] | None = None) -> bytes:
    """A response with the question `x. IN A`; `counts` are those that it states of answer and additional section."""
    answers, additionals = counts or (len(answer), len(additional))
    head = struct.pack("!6H", 7, 0x8580, 1, answers, 0, additionals)
    return head + b"\1x\0" + struct.pack("!HH", A, 1) + b"".join(answer + additional)


def param(key: int, value: bytes) -> bytes:
    """A service parameter."""
    return struct.pack("!HH", key, len(value)) + value


SERVICE = b"\0\1\0"
RAW = ("raw", "refused", "refused")
REFUSED = ("MessageError", "refused", "refused")
CUT = ("truncated", "refused", "refused")
WARNED = ("typed", "refused", "warned")
CASES = [
    Case("RDLENGTH one too short for the type", response(rr(A, GOOD[:3])), *RAW),
    Case("RDLENGTH one too long for the type", response(rr(A, GOOD + b"\0")), *RAW),
    Case("RDLENGTH zero for a type that has fields", response(rr(MX, b"")), *RAW),
    Case("RDLENGTH ends inside a field", response(rr(SOA, b"\0\0" + bytes(19))), *RAW),
    Case("RDLENGTH beyond the end of the message", response(rr(A, GOOD, length=5)), *CUT),
    Case("a character string longer than its RDATA", response(rr(TXT, b"\x05abc")), *RAW),
    Case("a name that runs out of its RDATA", response(rr(NS, b"\x07exam", length=5), rr(A, GOOD)), *RAW),
    Case("a name without its root label", response(rr(NS, b"\x03foo")), *RAW),
    Case("a name above 255 octets", response(rr(NS, b"\x3f" + b"a" * 63 + (b"\x3f" + b"a" * 63) * 3 + b"\0")), *RAW),
    Case("a pointer forward in RDATA", response(rr(NS, b"\xc0\xff")), *RAW),
    Case("a pointer to itself in RDATA", response(rr(NS, b"\xc0\x20")), *RAW),
    Case(
        "a pointer forward in an owner", response(rr(A, GOOD, owner=b"\xc0\xff")), "MessageError", "refused", "refused"
    ),
    Case(
        "a label of a reserved kind in an owner",
        response(rr(A, GOOD, owner=b"\x80x\0")),
        "MessageError",
        "refused",
        "refused",
    ),
    Case("bitmap windows out of order", response(rr(NSEC, b"\0" + b"\1\1\x80" + b"\0\1\x40")), *RAW),
    Case("a bitmap window that comes twice", response(rr(NSEC, b"\0" + b"\0\1\x40" + b"\0\1\x20")), *RAW),
    Case("a bitmap window of no octets", response(rr(NSEC, b"\0" + b"\0\0")), *RAW),
    Case("a bitmap window of 33 octets", response(rr(NSEC, b"\0" + b"\0\x21" + b"\1" * 33)), *RAW),
    Case(
        "a bitmap window that ends in a zero octet",
        response(rr(NSEC, b"\0" + b"\0\2\x40\0")),
        "raw",
        "refused",
        "refused",
    ),
    Case("SVCB keys out of order", response(rr(SVCB, SERVICE + param(3, b"\0\1") + param(1, b"\2h2"))), *RAW),
    Case("an SVCB key that comes twice", response(rr(SVCB, SERVICE + param(3, b"\0\1") * 2)), *RAW),
    Case("an SVCB value longer than its RDATA", response(rr(SVCB, SERVICE + b"\0\3\0\3\0\1")), *RAW),
    Case("TTL with the top bit set", response(rr(A, GOOD, ttl=0x80000001)), "typed", "read", "read"),
    Case(
        "counts larger than the message", response(rr(A, GOOD), counts=(3, 0)), "typed, truncated", "refused", "warned"
    ),
    Case(
        "counts smaller than the message",
        response(rr(A, GOOD), rr(A, GOOD), counts=(1, 0)),
        "typed",
        "refused",
        "warned",
    ),
    Case("octets after the last record", response(rr(A, GOOD)) + b"\0\1\2", *WARNED),
    Case("two OPT records", response(rr(A, GOOD), additional=(opt(), opt())), *WARNED),
    Case("an OPT record in the answer section", response(rr(A, GOOD), opt()), *WARNED),
    Case(
        "an OPT record with a name", response(rr(A, GOOD), additional=(b"\1x" + opt(),)), "typed", "refused", "warned"
    ),
    Case(
        "an EDNS option longer than the OPT record",
        response(rr(A, GOOD), additional=(opt(b"\0\x0a\0\x09\1"),)),
        "typed",
        "refused",
        "warned",
    ),
    Case("a header and nothing else, with counts", response()[:12], *CUT),
]
