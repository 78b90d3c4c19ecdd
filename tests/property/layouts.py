"""Hypothesis strategies for RDATA, EDNS options and service parameters, from the C core's own tables of layouts.

`rdata_of` lays out what fits its type; `near_miss_of` does the same and then spoils one thing: an octet too few or too
many, a length that lies, a bitmap or a parameter out of order. A strategy for each kind of field, none for a type.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from hypothesis import strategies as st

from resquery._rq import ffi, lib

Octets = st.SearchStrategy[bytes]
u8, u16, u32 = (st.integers(0, 256**octets - 1) for octets in (1, 2, 4))
labels = st.one_of(st.binary(min_size=1, max_size=8), st.binary(min_size=1, max_size=63))


class Row(NamedTuple):
    """A row of a table: its shape, the kinds of its fields, and their names in zdns JSON."""

    shape: str
    mnemonic: str
    kinds: list[str]
    keys: list[str]


def rows(table: int) -> Iterator[tuple[int, Row]]:
    """The rows of a table by their number, as C tells them."""
    out, actual = ffi.new("char[]", 512), ffi.new("uint32_t *")
    for row in itertools.count():
        stored = lib.rq_table_row(table, row, out, 512, actual)
        if stored < 0:
            return
        head, *fields = ffi.unpack(out, stored).decode().splitlines()
        number, shape, mnemonic = head.split()
        words = [field.split() for field in fields]
        yield int(number), Row(shape, mnemonic, [kind for kind, *_ in words], [names[-1] for _, *names in words])


TYPES, OPTIONS, PARAMS = (
    dict(rows(table)) for table in (lib.RQ_TABLE_TYPES, lib.RQ_TABLE_OPTIONS, lib.RQ_TABLE_PARAMS)
)
TABLE = {number: row.kinds for number, row in TYPES.items() if row.shape != "NONE"}


def counted(octets: bytes) -> bytes:
    """Put a length octet before the octets."""
    return bytes([len(octets)]) + octets


def pair(pair: tuple[int, bytes]) -> bytes:
    """Lay out a service parameter or an EDNS option."""
    return struct.pack("!HH", pair[0], len(pair[1])) + pair[1]


def exactly(size: int) -> Octets:
    """So many octets."""
    return st.binary(min_size=size, max_size=size)


@st.composite
def legal_names(draw: st.DrawFn) -> bytes:
    """Draw a name in wire format: any octets in its labels, at most 255 octets in all."""
    name = b""
    for label in draw(st.lists(labels, max_size=8)):
        if len(name) + len(label) + 2 <= 255:
            name += counted(label)
    return name + b"\0"


def tight(octets: bytes) -> bytes:
    """Without zeros at the end."""
    return octets.rstrip(b"\0")


def window(one: tuple[int, bytes]) -> bytes:
    """Lay out a window of a type bitmap, nothing for one without types."""
    return bytes([one[0]]) + counted(one[1]) if one[1] else b""


@st.composite
def prefixes(draw: st.DrawFn) -> bytes:
    """Draw an item of an APL record (RFC 3123, 4)."""
    family = draw(st.integers(1, 2))
    size = 4 if family == 1 else 16
    address = tight(draw(st.binary(max_size=size)))
    head = struct.pack("!HBB", family, draw(st.integers(0, size * 8)), len(address) + 128 * draw(st.integers(0, 1)))
    return head + address


@st.composite
def params(draw: st.DrawFn) -> bytes:
    """Draw service parameters in the order of their keys; those that are mandatory are there (RFC 9460, 8)."""
    keys = sorted(draw(st.sets(st.one_of(st.integers(1, 12), u16.filter(bool)), max_size=5)))
    found = [(key, draw(laid_out(PARAMS[key]) if key in PARAMS else st.binary(max_size=16))) for key in keys]
    if keys and draw(st.booleans()):
        listed = sorted(draw(st.sets(st.sampled_from(keys), min_size=1)))
        found.insert(0, (0, b"".join(struct.pack("!H", key) for key in listed)))
    return b"".join(map(pair, found))


@st.composite
def options(draw: st.DrawFn) -> bytes:
    """Draw EDNS options, known and unknown, in any order."""
    codes = draw(st.lists(st.one_of(st.sampled_from(sorted(OPTIONS)), u16), max_size=4))
    return b"".join(
        pair((code, draw(laid_out(OPTIONS[code]) if code in OPTIONS else st.binary(max_size=16)))) for code in codes
    )


strings = st.binary(max_size=20).map(counted)
rest = st.binary(max_size=24)
letters = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12).map(str.encode)
SIMPLE: dict[str, Octets] = {
    **dict.fromkeys(("U8", "ALGORITHM", "SCHEME", "FORMAT"), exactly(1)),
    **dict.fromkeys(("U16", "TYPE", "ERROR", "CERT_TYPE"), exactly(2)),
    **dict.fromkeys(("U32", "TIME", "A"), exactly(4)),
    **dict.fromkeys(("U48", "EUI48"), exactly(6)),
    **dict.fromkeys(("U64", "EUI64", "LOCATOR", "COOKIE"), exactly(8)),
    "AAAA": exactly(16),
    **dict.fromkeys(("NAME", "WHOLE_NAME"), legal_names()),
    "NAMES": st.lists(legal_names(), max_size=3).map(b"".join),
    **dict.fromkeys(("STRING", "SALT", "BASE32"), strings),
    "TAG": st.one_of(letters.map(counted), strings),
    "COUNTED": st.binary(max_size=20).map(lambda octets: struct.pack("!H", len(octets)) + octets),
    **dict.fromkeys(("TEXT", "HEX", "NSAP", "ATM", "BASE64", "DATA64", "OCTETS", "U8S"), rest),
    "UTF8": st.text(max_size=12).map(str.encode),
    "STRINGS": st.lists(strings, min_size=1, max_size=4).map(b"".join),
    "MAYBE_STRING": st.one_of(st.just(b""), strings),
    "TYPES": st.dictionaries(u8, st.binary(max_size=32).map(tight), max_size=3).map(
        lambda found: b"".join(map(window, sorted(found.items())))
    ),
    "LOW_TYPES": st.binary(max_size=16).map(lambda octets: tight(bytes(o % 128 for o in octets[:1]) + octets[1:])),
    "PORTS": st.binary(max_size=32).map(tight),
    "PREFIXES": st.lists(prefixes(), max_size=4).map(b"".join),
    "OPTIONS": st.deferred(options),
    "PARAMS": st.deferred(params),
    "U16S": st.lists(exactly(2), max_size=4).map(b"".join),
    "KEYS": st.sets(u16, min_size=1, max_size=4).map(lambda keys: struct.pack(f"!{len(keys)}H", *sorted(keys))),
    "IDS": st.lists(st.binary(min_size=1, max_size=12).map(counted), min_size=1, max_size=3).map(b"".join),
    "AS": st.lists(exactly(4), min_size=1, max_size=3).map(b"".join),
    "AAAAS": st.lists(exactly(16), min_size=1, max_size=3).map(b"".join),
    "SERVER_COOKIE": st.one_of(st.just(b""), st.binary(min_size=8, max_size=32)),
}  # fmt: skip


class Told:
    """The numbers on which later fields of the same layout depend."""

    number = 0
    bits = 0
    top = 0
    sizes = (0, 0)


def told_by(draw: st.DrawFn, told: Told, numbers: st.SearchStrategy[int], size: int = 1) -> bytes:
    """Draw the number that a later field depends on."""
    told.number = draw(numbers)
    return told.number.to_bytes(size, "big")


def top_bit(draw: st.DrawFn, told: Told) -> bytes:
    """Draw the bit before the type of a relay, in whose octet it stands."""
    told.top = draw(st.integers(0, 1)) * 128
    return b""


def relay_type(draw: st.DrawFn, told: Told) -> bytes:
    """Draw the type of a relay, below the bit."""
    return bytes([told.top + told_by(draw, told, st.integers(0, 3))[0]])


def gateway(draw: st.DrawFn, told: Told) -> bytes:
    """Draw what the gateway's type asks for."""
    return draw([st.just(b""), exactly(4), exactly(16), legal_names()][told.number])


def suffix(draw: st.DrawFn, told: Told) -> bytes:
    """Draw the bits that a prefix leaves of an IPv6 address (RFC 2874, 3.1)."""
    bits = 128 - told.number
    return draw(st.integers(0, 2**bits - 1)).to_bytes((bits + 7) // 8, "big")


def prefix_name(draw: st.DrawFn, told: Told) -> bytes:
    """Draw the name that has the rest of the address."""
    return draw(legal_names()) if told.number else b""


def source(draw: st.DrawFn, told: Told) -> bytes:
    """Draw the number of bits of a subnet."""
    told.bits = draw(st.integers(0, 32 if told.number == 1 else 128))
    return bytes([told.bits])


def subnet(draw: st.DrawFn, told: Told) -> bytes:
    """Draw so many bits of an address, and zeros up to a whole octet (RFC 7871, 6)."""
    size = (told.bits + 7) // 8
    return (draw(st.integers(0, 2**told.bits - 1)) << (size * 8 - told.bits)).to_bytes(size, "big")


def hip_algorithm(draw: st.DrawFn, told: Told) -> bytes:
    """Draw the sizes of HIT and key, and the algorithm between them (RFC 8005, 5)."""
    told.sizes = draw(st.integers(0, 20)), draw(st.integers(0, 24))
    return struct.pack("!BBH", told.sizes[0], draw(u8), told.sizes[1])


DEPENDENT: dict[str, Callable[[st.DrawFn, Told], bytes]] = {
    "GATEWAY_TYPE": lambda draw, told: told_by(draw, told, st.integers(0, 3)),
    "BIT": top_bit,
    "RELAY_TYPE": relay_type,
    "GATEWAY": gateway,
    "PREFIX": lambda draw, told: told_by(draw, told, st.one_of(st.integers(0, 128), st.sampled_from([0, 128]))),
    "SUFFIX": suffix,
    "PREFIX_NAME": prefix_name,
    "FAMILY": lambda draw, told: told_by(draw, told, st.integers(1, 2), 2),
    "SOURCE": source,
    "SUBNET": subnet,
    "HIP_ALGORITHM": hip_algorithm,
    "HIT": lambda draw, told: draw(exactly(told.sizes[0])),
    "HIP_KEY": lambda draw, told: draw(exactly(told.sizes[1])),
}


@st.composite
def fields_of(draw: st.DrawFn, row: Row) -> list[bytes]:
    """Draw the octets of each field of a layout."""
    told = Told()
    return [DEPENDENT[kind](draw, told) if kind in DEPENDENT else draw(SIMPLE[kind]) for kind in row.kinds]


def laid_out(row: Row) -> Octets:
    """Octets that fit a layout."""
    whole = fields_of(row).map(b"".join)
    return st.one_of(whole, st.just(b"")) if row.shape == "OR_EMPTY" else whole


def rdata_of(rrtype: int) -> Octets:
    """RDATA that fits its type, names uncompressed; any octets for a type that has no layout."""
    return laid_out(TYPES[rrtype]) if rrtype in TABLE else rest


# --- near misses ---


def windows_of(octets: bytes) -> list[bytes]:
    """The windows of a type bitmap."""
    found = []
    while octets:
        found.append(octets[: 2 + octets[1]])
        octets = octets[2 + octets[1] :]
    return found


def pairs_of(octets: bytes) -> list[bytes]:
    """The service parameters or options."""
    found = []
    while octets:
        size = 4 + int.from_bytes(octets[2:4], "big")
        found.append(octets[:size])
        octets = octets[size:]
    return found


ITEMS = {"TYPES": windows_of, "PARAMS": pairs_of, "OPTIONS": pairs_of}


@st.composite
def shuffled(draw: st.DrawFn, items: list[bytes]) -> bytes:
    """Draw the items in another order, or with one of them twice, or one of them without its last octet."""
    if not items:
        return draw(st.sampled_from([b"\0", b"\0\0", b"\0\1\0", b"\1\0\0"]))
    at = draw(st.integers(0, len(items) - 1))
    return draw(
        st.one_of(
            st.permutations(items).map(b"".join),
            st.just(b"".join([*items[: at + 1], *items[at:]])),
            st.just(b"".join([*items[:at], items[at][:-1], *items[at + 1 :]])),
            st.just(b"".join([*items[: at + 1], b"\0", *items[at + 1 :]])),
        )
    )


@st.composite
def near_miss_of(draw: st.DrawFn, rrtype: int) -> bytes:
    """Draw RDATA that fits its type but for one thing; by chance it may fit all the same."""
    fields = draw(fields_of(TYPES[rrtype]))
    kinds = TABLE[rrtype]
    movable = [i for i, kind in enumerate(kinds) if kind in ITEMS]
    if movable and draw(st.booleans()):
        i = movable[0]
        return b"".join([*fields[:i], draw(shuffled(ITEMS[kinds[i]](fields[i]))), *fields[i + 1 :]])
    whole = b"".join(fields)
    at = draw(st.integers(0, len(whole)))
    octet = draw(st.one_of(st.sampled_from([0, 1, 0x3F, 0x40, 0x80, 0xC0, 0xFF]), u8))
    return draw(
        st.sampled_from(
            [
                whole[:at],  # ends early
                whole[:-1],  # one octet too few
                whole + bytes([octet]),  # one too many
                whole[:at] + whole[at + 1 :],  # one lost on the way
                whole[:at] + bytes([octet]) + whole[at:],  # one put in
                whole[:at] + bytes([octet]) + whole[at + 1 :],  # one changed: a length, a type, a character
                b"",
            ]
        )
    )
