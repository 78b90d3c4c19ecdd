"""Hypothesis strategies for DNS octets: well-formed, nearly so, and not at all.

Random octets alone hardly get past a header. These are laid out as messages are, from the C core's own record table,
and then lie here and there: about counts, lengths and pointers.
"""

import struct
from dataclasses import dataclass

from hypothesis import strategies as st
from layouts import TABLE, counted, labels, legal_names, near_miss_of, rdata_of, u16, u32

OPT = 41

offsets = st.one_of(st.integers(0, 40), st.integers(0, 0x3FFF))


@st.composite
def wire_names(draw: st.DrawFn) -> bytes:
    """Draw labels and then the root label or a pointer to anywhere."""
    head = b"".join(counted(label) for label in draw(st.lists(labels, max_size=4)))
    pointer = draw(st.one_of(st.none(), offsets))
    return head + (b"\0" if pointer is None else struct.pack("!H", 0xC000 + pointer))


def hostile_rdata(rrtype: int) -> st.SearchStrategy[bytes]:
    """RDATA that fits its type, nearly does, or does not; its names may point anywhere."""
    if rrtype not in TABLE:
        return rdata_of(rrtype)
    names = {"NAME": wire_names(), "WHOLE_NAME": wire_names()}
    pointing = st.tuples(*(names.get(kind, st.binary(max_size=16)) for kind in TABLE[rrtype])).map(b"".join)
    return st.one_of(rdata_of(rrtype), near_miss_of(rrtype), pointing, st.binary(max_size=24))


types = st.one_of(st.sampled_from(sorted(TABLE)), u16)
classes = st.one_of(st.just(1), u16)


@st.composite
def records(draw: st.DrawFn) -> bytes:
    """Draw a record that may state a wrong RDLENGTH or hold octets that do not fit its type."""
    rrtype = draw(types)
    rdata = draw(hostile_rdata(rrtype))
    stated = draw(st.one_of(st.just(len(rdata)), st.just(len(rdata)), u16))
    return draw(wire_names()) + struct.pack("!HHIH", rrtype, draw(classes), draw(u32), stated) + rdata


@st.composite
def messages(draw: st.DrawFn, *, most: int = 5) -> bytes:
    """Draw a message whose header mostly tells the truth, whole or cut short, or any octets."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=64))
    asked = draw(st.lists(wire_names(), max_size=2))
    found = [draw(st.lists(records(), max_size=most)) for _ in range(3)]
    counts = [len(asked), *map(len, found)]
    if draw(st.integers(0, 4)) == 0:
        counts[draw(st.integers(0, 3))] = draw(u16)
    body = b"".join(name + struct.pack("!HH", draw(types), draw(u16)) for name in asked)
    body += b"".join(record for section in found for record in section)
    wire = struct.pack("!HH4H", draw(u16), draw(u16), *counts) + body
    return wire[: draw(st.integers(0, len(wire)))] if draw(st.integers(0, 4)) == 0 else wire


capacities = st.one_of(st.integers(0, 32), st.integers(0, 600), st.integers(0, 65535))


@dataclass(frozen=True)
class Laid:
    """A question, or a record when it has RDATA, as it was put into a message that tells the truth."""

    section: int
    owner: bytes
    rrtype: int
    rrclass: int
    ttl: int = 0
    rdata: bytes | None = None
    end: int = 0


@st.composite
def honest_messages(draw: st.DrawFn) -> tuple[bytes, list[Laid]]:
    """Draw a well-formed message with compressed owner names, and what was put into it."""
    sections = [0] * draw(st.integers(0, 2)) + draw(st.lists(st.integers(1, 3), max_size=6).map(sorted))
    counts = [sections.count(section) for section in range(4)]
    wire = struct.pack("!HH4H", draw(u16), draw(u16), *counts)
    laid: list[Laid] = []
    written: list[tuple[int, bytes]] = []
    for section in sections:
        head, at, tail = draw(labels.map(counted)), *draw(st.sampled_from([*written, (0, b"\0")]))
        owner, shown = (head + tail, head + struct.pack("!H", 0xC000 + at)) if at else (b"\0", b"\0")
        if not at or len(owner) > 255:
            owner = shown = draw(legal_names())
        written.append((len(wire), owner))
        rrtype, rrclass = draw(types.filter(lambda number: number != OPT)), draw(classes)
        if section == 0:
            wire += shown + struct.pack("!HH", rrtype, rrclass)
            laid.append(Laid(section, owner, rrtype, rrclass, end=len(wire)))
        else:
            ttl, rdata = draw(u32), draw(rdata_of(rrtype))
            wire += shown + struct.pack("!HHIH", rrtype, rrclass, ttl, len(rdata)) + rdata
            laid.append(Laid(section, owner, rrtype, rrclass, ttl, rdata, len(wire)))
    return wire, laid
