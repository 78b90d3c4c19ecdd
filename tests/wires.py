"""DNS messages laid out by hand: what the tests need, and nothing of the code that they test."""

import struct


def name(text: str) -> bytes:
    """A name without escapes, uncompressed."""
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label) + b"\0"


def question(owner: str, rrtype: int, rrclass: int = 1) -> bytes:
    """An entry of the question section."""
    return name(owner) + struct.pack(">HH", rrtype, rrclass)


def record(owner: str, rrtype: int, rdata: bytes, *, ttl: int = 60, rrclass: int = 1) -> bytes:
    """A resource record, its owner uncompressed."""
    return name(owner) + struct.pack(">HHIH", rrtype, rrclass, ttl, len(rdata)) + rdata


def opt(options: bytes = b"", *, payload: int = 1232, ttl: int = 0) -> bytes:
    """An OPT record; `ttl` holds the upper bits of the rcode, the version and the flags."""
    return record("", 41, options, ttl=ttl, rrclass=payload)


def message(*sections: list[bytes], id: int = 1, flags: int = 0x8400) -> bytes:
    """A message of up to four sections: question, answer, authority, additional."""
    four = [*sections, [], [], [], []][:4]
    return struct.pack(">6H", id, flags, *map(len, four)) + b"".join(entry for part in four for entry in part)
