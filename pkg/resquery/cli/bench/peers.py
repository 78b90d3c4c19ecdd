"""Who reads messages in Python, and whether all of them read the same. SPDX-License-Identifier: MIT"""

from __future__ import annotations

import platform
from importlib import import_module
from typing import Any, NamedTuple

import dns.message
import dns.rdata
import dns.version

from ... import __version__, parse_columns
from ...errors import ResqueryError
from ...message import Message, parse

_dnslib: Any = import_module("dnslib")  # has no types
_OPT = 41
_BATCH, _BATCH_OCTETS = 1000, 1 << 20  # messages that become columns at once, and octets of them at the most


class Contender(NamedTuple):
    """A way to read: a statement, the names in it, and how many messages it reads."""

    run: str
    names: dict[str, Any]
    messages: int = 1


def contenders(wire: bytes) -> dict[str, Contender]:
    """All ways to read a message: four of ours, then the opponents. Statements: no wrapper costs any of them time."""
    batch = [wire] * max(1, min(_BATCH, _BATCH_OCTETS // len(wire)))
    names = {
        "wire": wire, "batch": batch, "Message": Message, "parse": parse, "parse_columns": parse_columns,
        "from_wire": dns.message.from_wire, "from_octets": _dnslib.DNSRecord.parse,
    }  # fmt: skip
    return {
        "columns": Contender("parse_columns(batch, authority=True, additional=True)", names, len(batch)),
        "rcode": Contender("Message(wire).rcode", names),
        "typed": Contender("parse(wire)", names),
        "text": Contender("Message(wire).to_text()", names),
        "dnspython": Contender("from_wire(wire)", names),
        "dnslib": Contender("from_octets(wire)", names),
    }


def versions() -> dict[str, str]:
    """Versions of all that is timed here."""
    return {
        "resquery": __version__,
        platform.python_implementation(): platform.python_version(),
        "dnspython": dns.version.version,
        "dnslib": _dnslib.version,
    }


# --- what each of them read, in one form -----------------------------------------------------------------------------

Row = tuple[str, int, int, int, bytes]  # owner, type, class, TTL, RDATA with names uncompressed


class Facts(NamedTuple):
    """What a message says; records sorted within their section, OPT apart."""

    head: tuple[int, int]  # ID, rcode
    question: list[tuple[str, int, int]]
    sections: list[list[Row]]
    payload: int  # of EDNS


def check_alike(messages: dict[str, bytes]) -> None:
    """Raises ResqueryError when an opponent reads a message otherwise than we do."""
    for shape, wire in messages.items():
        ours = _facts_resquery(wire)
        for who, facts in (("dnspython", _facts_dnspython), ("dnslib", _facts_dnslib)):
            theirs = facts(wire)
            for what in Facts._fields:
                if getattr(ours, what) != getattr(theirs, what):
                    raise ResqueryError(f"{shape}: {who} does not read the same {what}; nothing was timed")


def _facts_resquery(wire: bytes) -> Facts:
    msg = Message(wire)
    sections = [
        sorted((r.name, int(r.type), int(r.rrclass), r.ttl, r.rdata_wire) for r in section)
        for section in (msg.answer, msg.authority, msg.additional)
    ]
    question = [(q.name, int(q.type), int(q.rrclass)) for q in msg.question]
    return Facts((msg.id, int(msg.rcode)), question, sections, msg.edns.payload if msg.edns else 0)


def _facts_dnspython(wire: bytes) -> Facts:
    msg: Any = dns.message.from_wire(wire)
    sections: list[list[Row]] = [
        sorted((s.name.to_text(), int(s.rdtype), int(s.rdclass), s.ttl, r.to_wire()) for s in section for r in s)
        for section in (msg.answer, msg.authority, msg.additional)
    ]
    question = [(q.name.to_text(), int(q.rdtype), int(q.rdclass)) for q in msg.question]
    return Facts((msg.id, int(msg.rcode())), question, sections, msg.payload)


def _facts_dnslib(wire: bytes) -> Facts:
    """dnslib packs RDATA with its names compressed: dnspython undoes that."""
    msg = _dnslib.DNSRecord.parse(wire)
    sections: list[list[Row]] = []
    for section in (msg.rr, msg.auth, msg.ar):
        rows = [(str(r.rname), r.rtype, r.rclass, r.ttl, _dnslib_rdata(r)) for r in section if r.rtype != _OPT]
        sections.append(sorted(rows))
    question = [(str(q.qname), q.qtype, q.qclass) for q in msg.questions]
    return Facts(
        (msg.header.id, msg.header.rcode), question, sections, sum(r.edns_len for r in msg.ar if r.rtype == _OPT)
    )


def _dnslib_rdata(record: Any) -> bytes:
    packed = _dnslib.DNSBuffer()
    record.rdata.pack(packed)
    octets = bytes(packed.data)
    return dns.rdata.from_wire(record.rclass, record.rtype, octets, 0, len(octets)).to_wire() or b""
