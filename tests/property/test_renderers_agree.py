"""Every renderer has the same opinion of a record: what fits in one fits in all, what is raw in one is raw in all.

RDATA of every type, well-formed and nearly so: never a crash, never a record that is missing, and no octet lost.
"""

from __future__ import annotations

import json
import struct
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layouts import TABLE, TYPES, near_miss_of, rdata_of

from resquery import Message
from resquery.rdata import Raw
from resquery.types import Record

Tally = dict[str, Counter[str]]
BARE = [rrtype for rrtype in TYPES if rrtype not in TABLE]
UNKNOWN = 65280
EXAMPLES = settings(max_examples=settings().max_examples // 4)  # of each of 100 types
HEAD = {"name", "type", "class", "ttl"}
NO_TEXT = {  # kinds and shapes whose values may have no text that reads back
    **dict.fromkeys(("HEX", "BASE64", "BASE32", "NSAP", "ATM"), "no octets in a field that shows them"),
    **dict.fromkeys(("OCTETS", "OPTIONS"), "a type without a text"),
    "TAG": "a tag of other characters than letters and digits",
    "HIT": "no octets in a field that shows them",
    "HIP_KEY": "no octets in a field that shows them",
    "LOC": "a place off the Earth, or another version",
    "PARAMS": "a value whose text would read back otherwise",
}


def holding(rrtype: int, rdata: bytes) -> Message:
    """A message with the record and one after it."""
    head = struct.pack("!6H", 0, 0x8000, 0, 2, 0, 0)
    one, after = ((rrtype, rdata), (1, bytes(4)))
    return Message(head + b"".join(struct.pack("!xHHIH", number, 1, 0, len(o)) + o for number, o in (one, after)))


def generic(rdata: bytes) -> str:
    """The text of octets (RFC 3597, 5)."""
    return f"\\# {len(rdata)} {rdata.hex().upper()}".rstrip()


def check(tally: Tally, rrtype: int, rdata: bytes) -> Record:
    """Holds all renderers against each other."""
    msg = holding(rrtype, rdata)
    record, after = msg.answer
    assert (record.type, after.type) == (rrtype, 1)
    zdns, shown = (json.loads(msg.to_json(shape)) for shape in ("zdns", "rfc8427"))
    massdns: dict[str, Any] = json.loads(msg.to_json("massdns"))["data"]["answers"][0]
    text = record.to_text().split(" ", 4)[4] if record.rdata.to_text() else ""
    assert text == record.rdata.to_text() == massdns["data"] == shown["answerRRs"][0][f"rdata{record.type}"]
    assert "".join(text.split()) in "".join(msg.to_text().split())  # where long words are split, as dig does
    assert shown["answerRRs"][0]["RDATAHEX"].lower() == record.rdata_wire.hex()
    if isinstance(record.rdata, Raw):
        assert (record.rdata.rrtype, record.rdata.data) == (rrtype, rdata)
        assert record.rdata_wire == rdata
        assert text == zdns["answers"][0]["answer"] == generic(rdata)
    else:
        check_typed(tally, record, rdata, zdns["answers"][0], text)
    return record


def check_typed(tally: Tally, record: Record, rdata: bytes, shown: dict[str, Any], text: str) -> None:
    """Holds the renderers of a value that fits against each other."""
    row = TYPES[record.type]
    assert type(record.rdata).__name__ == row.mnemonic.replace("-", "_")
    assert set(shown) - HEAD == {*row.keys, *(["coordinates"] if row.shape == "LOC" and "coordinates" in shown else [])}
    if record.rdata_wire != rdata:  # a name that was compressed
        assert any(octet >= 0xC0 for octet in rdata)
    if text == generic(record.rdata_wire):
        reasons = [NO_TEXT[kind] for kind in (*row.kinds, row.shape) if kind in NO_TEXT]
        assert reasons, (row.mnemonic, rdata.hex())
        tally["typed, but \\# in text"][f"{row.mnemonic}: {reasons[0]}"] += 1


by_type = pytest.mark.parametrize("rrtype", TABLE, ids=lambda number: TYPES[number].mnemonic)


@by_type
@EXAMPLES
@given(data=st.data())
def test_what_fits_is_typed_everywhere(tally: Tally, rrtype: int, data: st.DataObject) -> None:
    """RDATA that is laid out as the table says has a Struct, the keys of its fields in JSON, and its octets again."""
    rdata = data.draw(rdata_of(rrtype))
    record = check(tally, rrtype, rdata)
    assert not isinstance(record.rdata, Raw)
    assert record.rdata_wire == rdata


@by_type
@EXAMPLES
@given(data=st.data())
def test_what_nearly_fits_is_never_lost(tally: Tally, rrtype: int, data: st.DataObject) -> None:
    """RDATA with one mistake is typed everywhere or raw everywhere, with all octets, and so is its neighbour."""
    check(tally, rrtype, data.draw(near_miss_of(rrtype)))


@pytest.mark.parametrize("rrtype", [*BARE, UNKNOWN])
@EXAMPLES
@given(rdata=st.binary(max_size=40))
def test_a_type_without_a_layout_is_raw_everywhere(tally: Tally, rrtype: int, rdata: bytes) -> None:
    """Types of queries, types without a published format, and types that are not in the table."""
    assert isinstance(check(tally, rrtype, rdata).rdata, Raw)
