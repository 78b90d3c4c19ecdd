"""Records that RFCs print, kept in tests/data/rfc.json: where each stands, its octets, and its text as BIND writes it.

`printed` is the RFC's text on one line, `octets` says who knows the wire format: the RFC itself, or a program that
read the RFC's text. `why` says why `text` is not what the RFC prints.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dns.exception
import dns.name
import dns.rdata
import pytest

from beside_dnspython import OLD
from resquery import Message
from resquery.codes import RRType
from resquery.rdata import Raw
from wires import message, record

DATA = Path(__file__).parents[1] / "data"
VECTORS: list[dict[str, Any]] = json.loads((DATA / "rfc.json").read_text())
REFUSED: list[dict[str, Any]] = json.loads((DATA / "rfc_refused.json").read_text())
UNREAD_BY_DNSPYTHON = {
    "MB": "it knows the number but no format",
    "MG": "it knows the number but no format",
    "NXT": "it knows the number but no format",
    "ZONEMD": "it holds the digest of any scheme to the length that scheme 1 gives it",
}
FOUR_DIGITS = ("NID", "L64")  # BIND and we leave out leading zeros, which dnspython wants


def by_place(vector: dict[str, Any]) -> str:
    """The ID of a vector's test."""
    return f"{vector['rfc']} {vector['type']} {vector['printed'][:24]}"


def holding(vector: dict[str, Any]) -> Message:
    """A message with the vector's record."""
    return Message(message([], [record("x", RRType.parse(vector["type"]), bytes.fromhex(vector["wire"]))]))


@pytest.mark.parametrize("vector", VECTORS, ids=by_place)
def test_a_record_of_an_rfc_prints_as_bind_prints_it(vector: dict[str, Any]) -> None:
    """The octets give the text; where that is not the RFC's own, the vector says why."""
    assert holding(vector).answer[0].to_text() == f"x. 60 IN {vector['type']} {vector['text']}"
    assert "why" in vector or vector["text"] == " ".join(vector["printed"].replace("( ", "").replace(" )", "").split())


@pytest.mark.parametrize("vector", VECTORS, ids=by_place)
def test_a_record_of_an_rfc_is_typed(vector: dict[str, Any]) -> None:
    """It becomes the Struct of its type, from which its octets can be made again; without a Struct it is raw."""
    (one,) = holding(vector).answer
    assert isinstance(one.rdata, Raw) == (not hasattr(RRType, vector["type"]))
    assert one.rdata_wire == bytes.fromhex(vector["wire"])


@pytest.mark.parametrize("vector", VECTORS, ids=by_place)
def test_dnspython_reads_the_rfc_s_text_as_the_same_octets(vector: dict[str, Any]) -> None:
    """The vectors themselves are right: another reader gets the octets from the RFC's text, and from ours."""
    if OLD and vector["type"] == "SIG":
        return
    if is_unread(vector):
        with pytest.raises(dns.exception.DNSException):
            dns.rdata.from_text("IN", vector["type"], vector["printed"])
        return
    origin = dns.name.from_text(vector.get("origin", "."))
    for text in {vector["printed"], vector["text"]} if vector["type"] not in FOUR_DIGITS else {vector["printed"]}:
        read = dns.rdata.from_text("IN", vector["type"], text, origin=origin, relativize=False)
        assert read.to_wire() == bytes.fromhex(vector["wire"])


def is_unread(vector: dict[str, Any]) -> bool:
    """Whether dnspython cannot read the vector's text."""
    return vector["type"] in UNREAD_BY_DNSPYTHON and (vector["type"] != "ZONEMD" or " 241 " in vector["printed"])


@pytest.mark.parametrize("vector", REFUSED, ids=lambda vector: vector["what"])
def test_a_record_that_an_rfc_calls_malformed_is_raw(vector: dict[str, Any]) -> None:
    """RFC 9460, D.3: dnspython refuses to read it; here it is raw and prints as octets, or the vector says why not."""
    wire = bytes.fromhex(vector["wire"])
    if not OLD:
        with pytest.raises(dns.exception.FormError):
            dns.rdata.from_wire("IN", vector["type"], wire, 0, len(wire))
    (one,) = holding(vector).answer
    assert isinstance(one.rdata, Raw) == (vector["ours"] == "raw")
    assert ("why" in vector) == (vector["ours"] != "raw")
    assert one.rdata_wire == wire
    if vector["ours"] == "raw":
        assert one.to_text() == f"x. 60 IN {vector['type']} \\# {len(wire)} {wire.hex().upper()}"


def test_the_vectors_are_of_many_types_and_rfcs() -> None:
    """Nobody removes half of them unseen."""
    assert len(VECTORS) >= 130
    assert len({vector["type"] for vector in VECTORS}) >= 52
    assert len({vector["rfc"].split(",")[0] for vector in VECTORS}) >= 42
