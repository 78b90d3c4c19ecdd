"""The inputs of capacities.c: real messages, records of every type, names, addresses, as lines of kind and octets.

Messages are the shapes of `resquery bench parse`, what the fuzzers keep, and an answer for each record of
tests/data/records.json; what the kinds mean stands in tests/c/renderers.h.
"""

import json
import struct
from collections.abc import Iterator
from pathlib import Path

import msgspec

from resquery._rq import lib
from resquery.cli.bench.shapes import shapes
from resquery.message import Message

encode = msgspec.msgpack.Encoder().encode

ROOT = Path(__file__).resolve().parents[2]
LARGEST = 10_000  # octets of a message: every one is rendered a thousand times for each renderer

NAMES = (
    *(b".", b"example.com.", rb"a\.b.c", rb"\000\255.x", b"..", b"a..b", rb"\25", b"xn--bcher-kva.ch", b"", b"a b"),
    b"a" * 63,
    b"a" * 64,
    b".".join([b"b" * 61] * 4),
    rb"\255" * 63 + b"." + rb"\000" * 63 + b"." + rb"\.\\" * 31 + b"." + b"z" * 61 + b".",
)
WIRE_NAMES = (
    b"\0",
    b"\3www\7example\3com\0",
    b"\1a\2.\\\1\xff\0",
    (b"\x3f" + b"\xff" * 63) * 3 + b"\x3d" + bytes(62),
    b"\1a",
)
ADDRESSES = (
    (4, bytes([192, 0, 2, 1]) + bytes(12), 53, 0),
    (6, bytes(16), 65535, 0),
    (6, bytes.fromhex("20010db8" * 4), 5301, 4294967295),
)


def lines() -> Iterator[str]:
    """Every input, each once."""
    for kind, octets in dict.fromkeys(all_inputs()):
        yield f"{kind} {octets.hex()}\n"


def all_inputs() -> Iterator[tuple[str, bytes]]:
    """Every input."""
    for rrtype, rdata in records():
        yield "m", answer(rrtype, rdata)
        yield "r", struct.pack("!H", rrtype) + rdata
        yield from values(rrtype, rdata)
    yield from (("m", wire) for wire in messages() if 0 < len(wire) <= LARGEST)
    yield from (("i", struct.pack("!H", row)) for row in range(128))
    yield from (("t", name) for name in NAMES if name)
    yield from (("n", name) for name in WIRE_NAMES)
    yield from (("a", struct.pack("=B16sxHI", *address)) for address in ADDRESSES)


def records() -> Iterator[tuple[int, bytes]]:
    """Type and RDATA of the test vectors, and of each a near miss: an octet less, an octet more."""
    for vector in json.loads((ROOT / "tests/data/records.json").read_text()):
        name, rdata = vector["type"].encode(), bytes.fromhex(vector["wire"])
        rrtype = lib.rq_type_number(name, len(name))
        yield from ((rrtype, octets) for octets in (rdata, rdata[:-1], rdata + b"\0"))


def answer(rrtype: int, rdata: bytes) -> bytes:
    """A response with one record and EDNS with three options."""
    options = b"\0\3\0\2ns" + b"\0\x0f\0\5\0\x12why" + b"\xfd\xe9\0\1\xff"
    opt = b"\0" + struct.pack("!HHIH", 41, 1232, 0x8000, len(options)) + options
    record = b"\xc0\x0c" + struct.pack("!HHIH", rrtype, 1, 300, len(rdata)) + rdata
    return struct.pack("!6H", 4242, 0x8180, 1, 1, 0, 1) + b"\1a\0" + struct.pack("!HH", rrtype, 1) + record + opt


def values(rrtype: int, rdata: bytes) -> Iterator[tuple[str, bytes]]:
    """The record and what it is made of as MessagePack, and of each a near miss: an octet less."""
    message = Message(answer(rrtype, rdata))
    record, edns = message.answer[0], message.edns
    packs = [("e", encode(record)), ("v", bytes([lib.RQ_TABLE_TYPES]) + encode(record.rdata))]
    packs += [("v", bytes([lib.RQ_TABLE_OPTIONS]) + encode(option)) for option in (edns.options if edns else ())]
    packs += [("v", bytes([lib.RQ_TABLE_PARAMS]) + encode(param)) for param in getattr(record.rdata, "params", ())]
    for kind, pack in packs:
        yield kind, pack
        yield kind, pack[:-1]


def messages() -> Iterator[bytes]:
    """The benchmark's shapes, and the corpus of the message fuzzer without its four octets of instructions."""
    yield from shapes(crowd=100).values()
    for path in sorted((ROOT / "tests/fuzz/corpus/fuzz_message").iterdir()):
        yield path.read_bytes()[4:]
