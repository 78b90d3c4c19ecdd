"""Hypothesis strategies for DNS octets: well-formed, nearly so, and not at all.

Random octets alone hardly get past a header. These are laid out as messages are, from the C core's own record table,
and then lie here and there: about counts, lengths and pointers.
"""

import struct
from dataclasses import dataclass

from hypothesis import strategies as st

from resquery._rq import ffi, lib

OPT = 41

u8, u16, u32 = (st.integers(0, 256**octets - 1) for octets in (1, 2, 4))
offsets = st.one_of(st.integers(0, 40), st.integers(0, 0x3FFF))
labels = st.one_of(st.binary(min_size=1, max_size=8), st.binary(min_size=1, max_size=63))


def table() -> dict[int, list[str]]:
    """Read the record table: the kinds of the fields of each type."""
    rows: dict[int, list[str]] = {}
    out, actual = ffi.new("char[]", 512), ffi.new("uint32_t *")
    row = 0
    while (stored := lib.rq_table_row(lib.RQ_TABLE_TYPES, row, out, 512, actual)) >= 0:
        head, *fields = ffi.unpack(out, stored).decode().splitlines()
        if head.split()[1] != "NONE":
            rows[int(head.split()[0])] = [field.split()[0].lower() for field in fields]
        row += 1
    return rows


TABLE = table()


def counted(octets: bytes) -> bytes:
    """Put a length octet before the octets."""
    return bytes([len(octets)]) + octets


def pair(pair: tuple[int, bytes]) -> bytes:
    """Lay out a service parameter or an EDNS option."""
    return struct.pack("!HH", pair[0], len(pair[1])) + pair[1]


@st.composite
def wire_names(draw: st.DrawFn) -> bytes:
    """Draw labels and then the root label or a pointer to anywhere."""
    head = b"".join(counted(label) for label in draw(st.lists(labels, max_size=4)))
    pointer = draw(st.one_of(st.none(), offsets))
    return head + (b"\0" if pointer is None else struct.pack("!H", 0xC000 + pointer))


@st.composite
def legal_names(draw: st.DrawFn) -> bytes:
    """Draw a name in wire format: any octets in its labels, at most 255 octets in all."""
    name = b""
    for label in draw(st.lists(labels, max_size=8)):
        if len(name) + len(label) + 2 <= 255:
            name += counted(label)
    return name + b"\0"


strings = st.binary(max_size=20).map(counted)
pairs = st.tuples(st.one_of(st.integers(0, 8), u16), st.binary(max_size=16))
windows = st.dictionaries(u8, st.binary(min_size=1, max_size=32), max_size=3)
FIELDS: dict[str, st.SearchStrategy[bytes]] = {
    **{
        kind: st.binary(min_size=size, max_size=size)
        for kind, size in {"u8": 1, "u16": 2, "u32": 4, "u48": 6, "u64": 8}.items()
    },
    **{
        kind: st.binary(min_size=size, max_size=size)
        for kind, size in {"time": 4, "type": 2, "a": 4, "aaaa": 16}.items()
    },
    **dict.fromkeys(("text", "hex", "base64"), st.binary(max_size=24)),
    **dict.fromkeys(("string", "tag", "salt", "base32"), strings),
    "name": wire_names(),
    "whole_name": legal_names(),
    "strings": st.lists(strings, min_size=1, max_size=4).map(b"".join),
    "types": windows.map(lambda found: b"".join(bytes([w, len(found[w])]) + found[w] for w in sorted(found))),
    "params": st.lists(pairs, max_size=4, unique_by=lambda p: p[0]).map(
        lambda found: b"".join(map(pair, sorted(found)))
    ),
    "options": st.lists(pairs, max_size=4).map(lambda found: b"".join(map(pair, found))),
}


def rdata_of(rrtype: int, *, honest: bool = False) -> st.SearchStrategy[bytes]:
    """RDATA laid out as the table says, when honest with uncompressed names; any octets for a type it does not have."""
    if rrtype not in TABLE:
        return st.binary(max_size=24)
    fields = FIELDS | {"name": legal_names()} if honest else FIELDS
    return st.tuples(*(fields.get(kind, st.binary(max_size=24)) for kind in TABLE[rrtype])).map(b"".join)


types = st.one_of(st.sampled_from(sorted(TABLE)), u16)
classes = st.one_of(st.just(1), u16)


@st.composite
def records(draw: st.DrawFn) -> bytes:
    """Draw a record that may state a wrong RDLENGTH or hold octets that do not fit its type."""
    rrtype = draw(types)
    rdata = draw(st.one_of(rdata_of(rrtype), st.binary(max_size=24)))
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
            ttl, rdata = draw(u32), draw(rdata_of(rrtype, honest=True))
            wire += shown + struct.pack("!HHIH", rrtype, rrclass, ttl, len(rdata)) + rdata
            laid.append(Laid(section, owner, rrtype, rrclass, ttl, rdata, len(wire)))
    return wire, laid
