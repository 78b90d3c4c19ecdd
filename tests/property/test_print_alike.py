"""dig prints a message as `to_text` does, character by character in each style; kdig's JSON says what RFC 8427's does.

The messages hold the vectors of tests/data/records.json that the client reads.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oracles import CLIENTS, Client, Printer, Query, owner
from resquery.message import Message
from resquery.types import RRType

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "data/records.json").read_text())
DIG = Client("dig", "bind9-dnsutils", ("-r", "+tcp", "+nocmd", "+nostats", "+nocookie", "+tries=1", "+time=20"))
OPTIONS = bytes.fromhex(
    "000300026162 0005000108 000800070001180cc00020 0009000400093a80 000b00020064 000c00020000 000e00044f664a5c"
    "000f00090012636166c3a97321"
)

OTHERWISE = {  # what BIND 9.18 does in another way, by the beginning of our text
    "RRSIG TYPE65280 8 0 0 19700101000000 21060207": "takes a time for one near today (RFC 4034, 3.1.5)",
    "SVCB 1 x. mandatory=alpn,port": "does not know dohpath and ohttp, which are newer: key7, key8",
    "NSEC .": "refuses an NSEC record without types (RFC 4034, 4.1.2 has at least NSEC itself)",
    "A6 128 .": "prints two blanks where an address would stand",
    "HHIT": "has the parenthesis behind the blank",
    "BRID": "has the parenthesis behind the blank",
    "TKEY . 1 2 3": "prints two blanks where a key would stand",
    "TSIG": "knows it in class ANY only",
    "NXNAME": "does not know the type",
    "CLA": "does not know the type",
    "IPN": "does not know the type",
    "OPT": "takes it for EDNS wherever it stands",
}
READ = ["TYPE65280", "NULL", "UINFO", "UID", "GID", "UNSPEC"]  # printed as octets, by BIND too


def is_alike(vector: dict[str, Any]) -> bool:
    """BIND reads the record, and there is no reason to print it otherwise."""
    shown = f"{vector['type']} {vector['text']}"
    read = not vector["text"].startswith("\\#") or vector["type"] in READ
    return read and not any(shown.startswith(one) for one in OTHERWISE)


ALIKE = [vector for vector in VECTORS if is_alike(vector)]


def response(query: Query, vectors: list[dict[str, Any]] = ALIKE) -> bytes:
    """All these records as the answer, and EDNS with an option of each sort that dig has words for."""
    head = struct.pack("!6H", query.id, 0x8580, 1, len(vectors), 0, 1) + query.question
    opt = b"\0" + struct.pack("!HHIH", 41, 1232, 0x8000, len(OPTIONS)) + OPTIONS
    return head + b"".join(map(record, range(len(vectors)), vectors)) + opt


def record(number: int, vector: dict[str, Any]) -> bytes:
    """A record with an owner of its own."""
    rdata = bytes.fromhex(vector["wire"])
    return owner(number) + struct.pack("!BHHIH", 0, RRType.parse(vector["type"]), 1, 300, len(rdata)) + rdata


@pytest.fixture(scope="module")
def dig() -> Iterator[Printer]:
    """dig as people have it, long data in words."""
    with Printer(DIG) as printer:
        yield printer


@pytest.mark.parametrize(
    ("option", "style"), [("+nomultiline", {}), ("+multiline", {"multiline": True}), ("+short", {"short": True})]
)
def test_dig_prints_a_message_as_we_do(dig: Printer, option: str, style: dict[str, bool], tally: Any) -> None:
    """Header, EDNS and its options, question, records of every type: the same characters."""
    printed = dig.print(response, option)
    theirs = [
        line for line in printed.splitlines() if not re.match(r"; <<>>|;; (Got answer|global)|; \(1 server", line)
    ]
    ours = Message(dig.sent).to_text(**style).splitlines()
    assert [line for line in theirs if line] == [line for line in ours if line]
    tally[f"dig {option}"]["agree"] += len(ALIKE)


def test_kdig_has_the_same_in_rfc_8427(tally: Any) -> None:
    """The header, and of each record the owner, type, class, TTL and the octets."""
    vectors = [vector for vector in ALIKE if vector["wire"]]  # it stops at a record without octets
    with Printer(CLIENTS["kdig"]) as kdig:
        theirs = json.loads(kdig.print(lambda query: response(query, vectors), "+json").split("\n;;")[0])
        ours = json.loads(Message(kdig.sent).to_json("rfc8427"))
    for their_one, our_one in zip(theirs["answerRRs"], ours["answerRRs"], strict=True):
        members = {key: value for key, value in our_one.items() if not key.startswith("rdata")}
        if their_one["TYPEname"] == f"TYPE{our_one['TYPE']}":  # it does not know all types
            members["TYPEname"] = their_one["TYPEname"]
        assert {key: their_one[key] for key in members} == members
        tally["kdig +json"]["agree"] += 1
    header = {key: value for key, value in ours.items() if not key.endswith("RRs")}
    assert {key: theirs[key] for key in header} == header
