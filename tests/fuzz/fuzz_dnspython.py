"""fuzz_dnspython: any octets as a message, read by us and by dnspython, whose branches guide the search.

Where dnspython reads a message, we read the same header, questions, owners, types, classes, TTLs, RDATA and EDNS; a
record that it reads is typed here, one that it refuses is raw here; what we call whole it reads, or a reason for the
difference is written down in tests/beside_dnspython.py. Input: a message. The log tells how often each reason held;
`--tally FILES` just reads these. Needs atheris (PyPI), which brings libFuzzer.
"""

from __future__ import annotations

import os
import struct
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import atheris

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / folder) for folder in ("", "property")]
with atheris.instrument_imports(include=["dns"]):
    import dns.edns
    import dns.message
    import dns.name
    import dns.opcode
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype

    dns.rdata.load_all_types()

from layouts import TABLE, TYPES  # noqa: E402

from beside_dnspython import CHAOS, MESSAGES, OTHER_OCTETS, RAW_HERE, REFUSALS, TYPED_HERE, UPDATE, Reason, explain  # noqa: E402
from resquery import Message  # noqa: E402
from resquery.errors import MessageError  # noqa: E402
from resquery.rdata import Raw  # noqa: E402

OPT, TSIG = 41, 250
OFTEN = 10_000  # executions
tally: Counter[str] = Counter()


class Disagreement(Exception):
    """We and dnspython differ, and no reason is known."""


class Entry(NamedTuple):
    """A record as it lies in the message."""

    section: int
    rrtype: int
    rrclass: int
    rdata_at: int
    rdata_len: int


def entries(wire: bytes) -> Iterator[Entry]:
    """The records of a message that is whole, found without us and without dnspython."""
    at, counts = 12, struct.unpack("!4H", wire[4:12])
    for _ in range(counts[0]):
        at = after_name(wire, at) + 4
    for section in (1, 2, 3):
        for _ in range(counts[section]):
            at = after_name(wire, at)
            rrtype, rrclass, _, length = struct.unpack("!HHIH", wire[at : at + 10])
            yield Entry(section, rrtype, rrclass, at + 10, length)
            at += 10 + length


def after_name(wire: bytes, at: int) -> int:
    """Where the name ends that begins there."""
    while wire[at] not in (0, *range(0xC0, 0x100)):
        at += 1 + wire[at]
    return at + (1 if wire[at] == 0 else 2)


def compare(wire: bytes) -> None:
    """Counts how this message compares. Raises Disagreement when no reason is known."""
    if wire[2:3] and wire[2] >> 3 & 15 == dns.opcode.UPDATE:
        tally[f"message: {UPDATE}"] += 1
        return
    theirs = read_message(wire)
    try:
        ours = Message(wire)
        refused = "truncated" if ours.truncated else ""
    except MessageError as error:
        ours, refused = None, str(error)
    if ours is None or refused:
        if not isinstance(theirs, str):
            raise Disagreement(f"we refuse: {refused}")
        tally["both refuse the message"] += 1
        return
    agreed = compare_rdata(wire, ours)
    if not isinstance(theirs, str):
        compare_messages(ours, theirs)
        tally["both read the message"] += 1
    elif agreed:
        reason = next((reason for said, reason in MESSAGES.items() if said in theirs), None)
        if reason is None:
            raise Disagreement(f"message: {theirs}")
        tally[f"message: {reason}"] += 1


def read_message(wire: bytes) -> Any:
    """The message as dnspython reads it, or why it does not."""
    try:
        return dns.message.from_wire(wire, ignore_trailing=True, one_rr_per_rrset=True)
    except REFUSALS as refusal:
        return f"{type(refusal).__name__}: {refusal}"


def settle(reasons: list[Reason], rrtype: int, said: str) -> None:
    """Counts a difference in RDATA by its reason, which there has to be."""
    mnemonic = TYPES[rrtype].mnemonic
    reason = explain(reasons, mnemonic, said)
    if reason is None:
        raise Disagreement(f"{mnemonic}: {said}")
    tally[f"{mnemonic}: {reason}"] += 1


def compare_rdata(wire: bytes, ours: Message) -> bool:
    """Compares each record's RDATA; True if dnspython reads all of them."""
    sections = [[], [*ours.answer], [*ours.authority], [*ours.additional]]
    all_read, edns = True, ours.edns
    for entry in entries(wire):
        if entry.section == 3 and entry.rrtype == OPT and edns is not None:
            edns = None  # the one that is no record here
            all_read &= not isinstance(read_rdata(wire, entry), str)
            continue
        record = sections[entry.section].pop(0)
        if (record.type, record.rrclass) != (entry.rrtype, entry.rrclass):
            raise Disagreement(f"{record} is not where {entry} lies")
        read = read_rdata(wire, entry)
        all_read &= not isinstance(read, str)
        compare_record(record, entry, read)
    if any(sections):
        raise Disagreement("records that are not in the message")
    return all_read


def read_rdata(wire: bytes, entry: Entry) -> Any:
    """RDATA as dnspython reads it, or why it does not."""
    try:
        return dns.rdata.from_wire(entry.rrclass, entry.rrtype, wire, entry.rdata_at, entry.rdata_len)
    except REFUSALS as refusal:
        return f"{type(refusal).__name__}: {refusal}"


def compare_record(record: Any, entry: Entry, read: Any) -> None:
    """Whether RDATA fits its type, and what it is."""
    name = dns.rdatatype.to_text(entry.rrtype)
    raw = isinstance(record.rdata, Raw)
    if isinstance(read, dns.rdata.GenericRdata):
        tally["octets to dnspython" if raw else "typed here alone"] += 1
    elif entry.rrtype == dns.rdatatype.A and entry.rrclass == dns.rdataclass.CH:
        tally[f"{name}: {CHAOS}"] += 1
    elif entry.rrtype not in TABLE:
        tally[f"{name}: typed there alone"] += 1
    elif isinstance(read, str):
        if raw:
            tally["both refuse the RDATA"] += 1
        else:
            settle(TYPED_HERE, entry.rrtype, read)
    elif raw:
        settle(RAW_HERE, entry.rrtype, read.to_text())
    elif record.rdata_wire != read.to_wire():
        settle(OTHER_OCTETS, entry.rrtype, f"{record.rdata_wire.hex()} | {read.to_wire().hex()}")
    else:
        tally["both read the RDATA"] += 1


def compare_messages(ours: Message, theirs: Any) -> None:
    """Header, questions, what stands before RDATA, and EDNS."""
    pairs = [
        ((ours.id, ours.opcode, ours.rcode), (theirs.id, theirs.opcode(), theirs.rcode())),
        (
            [(in_wire(q.name), q.type, q.rrclass) for q in ours.question],
            [(q.name.to_wire(), q.rdtype, q.rdclass) for q in theirs.question],
        ),
        (ours.edns is not None, theirs.edns >= 0),
    ]
    others = [record for record in ours.additional if record.type != TSIG]  # which dnspython keeps apart
    for mine, their in (
        (ours.answer, theirs.answer),
        (ours.authority, theirs.authority),
        (others, theirs.additional),
    ):
        pairs.append((heads(mine), [(r.name.to_wire(), r.rdtype, r.rdclass, r.ttl) for r in their]))
    if ours.edns is not None:
        told = (ours.edns.payload, ours.edns.version, ours.edns.flags)
        pairs.append((told, (theirs.payload, theirs.edns, theirs.ednsflags & 0xFFFF)))
    for mine, their in pairs:
        if mine != their:
            raise Disagreement(f"{mine} is not {their}")


def heads(records: Any) -> list[Any]:
    """Owner, type, class and TTL; one with its first bit set is 0 to dnspython, as it is to be used (RFC 2181, 8)."""
    return [(in_wire(r.name), r.type, r.rrclass, r.ttl if r.ttl < 1 << 31 else 0) for r in records]


def in_wire(name: str) -> bytes:
    """The wire format of a name, by dnspython."""
    return dns.name.from_text(name).to_wire()


def fuzz(wire: bytes) -> None:
    """One execution; libFuzzer leaves without a word of Python, so the tally is told now and then."""
    compare(wire)
    tally["executions"] += 1
    if tally["executions"] % OFTEN == 0:
        tell()


def tell() -> None:
    """Print the tally."""
    print(*(f"{count:>9,}  {what}" for what, count in tally.most_common()), sep="\n", flush=True)


def main() -> None:
    """Fuzz; or, with --tally, read the files that are named and print the tally."""
    if sys.argv[1:2] == ["--tally"]:
        for path in sys.argv[2:]:
            try:
                compare(Path(path).read_bytes())
            except Disagreement as error:
                print(path, error)
        tell()
        return
    atheris.Setup([os.environ.get("FUZZ_PROGRAM", sys.argv[0]), *sys.argv[1:]], fuzz)  # it starts itself for a merge
    atheris.Fuzz()


if __name__ == "__main__":
    main()
