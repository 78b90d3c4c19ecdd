"""Messages as JSON in the shapes of RFC 8427 and massdns, and EDNS options in the shape of zdns."""

import json
from pathlib import Path
from typing import Any

import pytest

from resquery.message import Message, make_query
from resquery.types import RRType
from wires import message, name, opt, question, record

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "data/records.json").read_text())
POINTER = b"\xc0\x0c"  # to the question's name


def shaped(shape: Any, wire: bytes) -> dict[str, Any]:
    """The JSON of a message."""
    return json.loads(Message(wire).to_json(shape))


def by_text(vector: dict[str, Any]) -> str:
    """The ID of a vector's test."""
    return f"{vector['type']} {vector['text'][:30]}"


def test_rfc8427_has_the_header_and_the_first_question() -> None:
    """Bits are 0 and 1, numbers that have names have them beside, names end in a dot."""
    shown = shaped("rfc8427", make_query("example.com", "MX", id=7, edns=False, rrclass="CH"))
    assert shown == {
        "ID": 7,
        "QR": 0,
        "Opcode": 0,
        "AA": 0,
        "TC": 0,
        "RD": 1,
        "RA": 0,
        "AD": 0,
        "CD": 0,
        "RCODE": 0,
        "QDCOUNT": 1,
        "ANCOUNT": 0,
        "NSCOUNT": 0,
        "ARCOUNT": 0,
        "QNAME": "example.com.",
        "QTYPE": 15,
        "QTYPEname": "MX",
        "QCLASS": 3,
        "QCLASSname": "CH",
        "questionRRs": [{"NAME": "example.com.", "TYPE": 15, "TYPEname": "MX", "CLASS": 3, "CLASSname": "CH"}],
        "answerRRs": [],
        "authorityRRs": [],
        "additionalRRs": [],
    }


@pytest.mark.parametrize(
    ("flags", "ones"),
    [(0x8000, ["QR"]), (0x0400, ["AA"]), (0x0200, ["TC"]), (0x0080, ["RA"]), (0x0020, ["AD"]), (0x0010, ["CD"])],
)
def test_rfc8427_shows_each_bit(flags: int, ones: list[str]) -> None:
    """Each bit of the header is a member of its own; opcode and rcode are numbers."""
    shown = shaped("rfc8427", message(flags=flags | 0x2805))
    assert [key for key in ("QR", "AA", "TC", "RD", "RA", "AD", "CD") if shown[key]] == ones
    assert (shown["Opcode"], shown["RCODE"]) == (5, 5)


def test_rfc8427_undoes_compression() -> None:
    """RDATAHEX has names in full, and RDLENGTH is its length: pointers mean nothing outside their message."""
    wire = message([question("example.com", 15)], [POINTER + record("", 15, b"\0\x0a\x03mx1" + POINTER, ttl=300)[1:]])
    [answer] = shaped("rfc8427", wire)["answerRRs"]
    whole = b"\0\x0a" + name("mx1.example.com")
    assert answer == {
        "NAME": "example.com.",
        "TYPE": 15,
        "TYPEname": "MX",
        "CLASS": 1,
        "CLASSname": "IN",
        "TTL": 300,
        "RDLENGTH": len(whole),
        "RDATAHEX": whole.hex().upper(),
        "rdataMX": "10 mx1.example.com.",
    }


@pytest.mark.parametrize("vector", VECTORS, ids=by_text)
def test_every_type_is_in_rfc8427_as_octets_and_as_text(vector: dict[str, Any]) -> None:
    """RDATAHEX has the octets of every record, `rdata` and the type's mnemonic its presentation text."""
    wire = message([], [], [record("x", RRType.parse(vector["type"]), bytes.fromhex(vector["wire"]))])
    [shown] = shaped("rfc8427", wire)["authorityRRs"]
    assert (shown["RDATAHEX"], shown["RDLENGTH"]) == (vector["wire"].upper(), len(vector["wire"]) // 2)
    assert shown[f"rdata{vector['type']}"] == vector["text"]


@pytest.mark.parametrize("vector", VECTORS, ids=by_text)
def test_every_type_is_in_massdns_as_text(vector: dict[str, Any]) -> None:
    """All data is presentation text."""
    wire = message([], [record("x", RRType.parse(vector["type"]), bytes.fromhex(vector["wire"]))])
    assert shaped("massdns", wire)["data"]["answers"] == [
        {"ttl": 60, "type": vector["type"], "class": "IN", "name": "x.", "data": vector["text"]}
    ]


def test_massdns_has_the_question_the_sections_and_the_flags() -> None:
    """The status is the rcode's name, sections without records are left out, flags are a list."""
    a = record("x", 1, bytes(4))
    shown = shaped("massdns", message([question("x", 1)], [a, a], [], [a, opt(ttl=0x01000000)], flags=0x87B7))
    entry = {"ttl": 60, "type": "A", "class": "IN", "name": "x.", "data": "0.0.0.0"}
    edns = {"ttl": 16777216, "type": "OPT", "class": "CLASS1232", "name": ".", "data": "\\# 0"}
    assert shown == {
        "status": "BADCOOKIE",
        "name": "x.",
        "type": "A",
        "class": "IN",
        "data": {"answers": [entry, entry], "additionals": [entry, edns]},
        "flags": ["aa", "tc", "rd", "ra", "ad", "cd"],
    }


@pytest.mark.parametrize("shape", ["rfc8427", "massdns"])
def test_a_clipped_message_shows_its_whole_records(shape: Any) -> None:
    """Every shape has the records that are whole; none is made up."""
    wire = message([question("x", 1)], [record("x", 1, bytes(4)), record("x", 1, bytes(4))])
    shown = shaped(shape, wire[:-1])
    assert len(shown["answerRRs"] if shape == "rfc8427" else shown["data"]["answers"]) == 1
    assert "x." not in str(shaped(shape, wire[:14]))


@pytest.mark.parametrize("shape", ["", "ZDNS", "dig", None])
def test_another_shape_is_refused(shape: Any) -> None:
    """The shapes there are are told."""
    with pytest.raises(ValueError, match="is no shape: give zdns, rfc8427, massdns"):
        Message(message()).to_json(shape)


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (b"\0\x03\0\x02ab", {"code": 3, "name": "NSID", "nsid": "6162"}),
        (b"\0\x05\0\x02\x08\x0d", {"code": 5, "name": "DAU", "algorithms": [8, 13]}),
        (
            b"\0\x08\0\x07\0\x01\x18\0\xc0\0\x02",
            {
                "code": 8,
                "name": "CLIENT-SUBNET",
                "family": 1,
                "source_netmask": 24,
                "source_scope": 0,
                "address": "192.0.2.0",
            },
        ),
        (b"\0\x09\0\x04\0\x09\x3a\x80", {"code": 9, "name": "EXPIRE", "expire": 604800}),
        (b"\0\x09\0\0", {"code": 9, "name": "EXPIRE", "expire": None}),
        (
            b"\0\x0a\0\x10" + bytes(range(16)),
            {"code": 10, "name": "COOKIE", "client": "0001020304050607", "server": "08090a0b0c0d0e0f"},
        ),
        (b"\0\x0b\0\x02\0\x64", {"code": 11, "name": "TCP-KEEPALIVE", "timeout": 100}),
        (b"\0\x0c\0\x02\0\0", {"code": 12, "name": "PADDING", "padding": "0000"}),
        (b"\0\x0d\0\x03\x01x\0", {"code": 13, "name": "CHAIN", "trust_point": "x"}),
        (b"\0\x0e\0\x04\0\x01\0\x02", {"code": 14, "name": "KEY-TAG", "key_tags": [1, 2]}),
        (
            b"\0\x0f\0\x07\0\x12caf\xc3\xa9",
            {"code": 15, "name": "EDE", "info_code": 18, "extra_text": "café"},
        ),
        (b"\0\x0f\0\x03\0\x12\xff", {"code": 15, "name": "EDE", "data": "0012FF"}),
        (b"\0\x12\0\x03\x01x\0", {"code": 18, "name": "REPORT-CHANNEL", "agent_domain": "x"}),
        (
            b"\0\x13\0\x06\x02\0\0\0\0\x01",
            {"code": 19, "name": "ZONEVERSION", "labels": 2, "type": 0, "version": "00000001"},
        ),
        (b"\xfd\xe8\0\x01\xab", {"code": 65000, "data": "AB"}),
    ],
)
def test_options_are_json_by_the_names_of_their_fields(options: bytes, shown: dict[str, Any]) -> None:
    """An option has its code, its name and its fields; octets in hexadecimal where it is unknown or does not fit."""
    [edns] = shaped("zdns", message([], [], [], [opt(options)]))["additionals"]
    assert edns["options"] == [shown]
