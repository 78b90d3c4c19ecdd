"""RDATA beside dnspython, for every type that it has a format for: from wire, to text, both ways, and the verdict.

What fits a layout here is read there, and what is raw here is refused there; our text is read there as the same octets,
and its text says what ours says. Differences have their reasons in tests/beside_dnspython.py; a case that none explains
fails. The counts are printed at the end of the run (docs/decisions/0016).
"""

from __future__ import annotations

import struct
from collections import Counter
from typing import Any

import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layouts import TABLE, TYPES, near_miss_of, rdata_of

from beside_dnspython import OLD, OTHER_OCTETS, RAW_HERE, REFUSALS, TEXTS, TYPED_HERE, UNREAD, Reason, explain
from compare import squeezed, words
from resquery import Message
from resquery._lib import call_text, lib
from resquery.rdata import Raw
from resquery.types import Record

OPT, TKEY, TSIG = 41, 249, 250
Tally = dict[str, Counter[str]]


def holding(rrtype: int, rdata: bytes) -> bytes:
    """A message with the record; its RDATA is at the end."""
    return struct.pack("!6HxHHIH", 0, 0x8000, 0, 1, 0, 0, rrtype, 1, 0, len(rdata)) + rdata


def dnspython(rrtype: int, rdata: bytes) -> dns.rdata.Rdata | str:
    """RDATA as dnspython reads it in that message, or why it refuses."""
    wire = holding(rrtype, rdata)
    try:
        return dns.rdata.from_wire("IN", rrtype, wire, len(wire) - len(rdata), len(rdata))
    except REFUSALS as refusal:
        return str(refusal)


def has_format(rrtype: int) -> bool:
    """Whether dnspython has more for a type than octets."""
    known = dns.rdata.get_rdata_class(dns.rdataclass.IN, dns.rdatatype.RdataType.make(rrtype))
    return known is not dns.rdata.GenericRdata


KNOWN = [rrtype for rrtype in sorted(TABLE) if has_format(rrtype)]
UNKNOWN = sorted(TYPES[rrtype].mnemonic for rrtype in set(TABLE) - set(KNOWN))


def ours(rrtype: int, rdata: bytes) -> Record:
    """The record as we read it."""
    (record,) = Message(holding(rrtype, rdata)).answer
    return record


def our_text(rrtype: int, rdata: bytes) -> str:
    """RDATA as we print it."""
    return call_text(lib.rq_rdata_text, rrtype, rdata, len(rdata))


def settle(tally: Tally, oracle: str, reasons: list[Reason], rrtype: int, said: str | None, case: Any) -> None:
    """Counts a case: agreed when nothing was said, else by the reason, which there has to be."""
    reason = "agree" if said is None else explain(reasons, TYPES[rrtype].mnemonic, said)
    assert reason is not None, (TYPES[rrtype].mnemonic, said, case)
    tally[oracle][reason if said is None else f"{TYPES[rrtype].mnemonic}: {reason}"] += 1


EXAMPLES = settings(max_examples=settings().max_examples // 4)  # of each of 90 types
by_type = pytest.mark.parametrize("rrtype", KNOWN, ids=lambda number: TYPES[number].mnemonic)


@by_type
@EXAMPLES
@given(data=st.data())
def test_what_fits_is_read_and_what_is_raw_is_refused(tally: Tally, rrtype: int, data: st.DataObject) -> None:
    """On RDATA that fits, or nearly does, our verdict is dnspython's; what both read has the same octets."""
    rdata = data.draw(st.one_of(rdata_of(rrtype), near_miss_of(rrtype)))
    read, record = dnspython(rrtype, rdata), ours(rrtype, rdata)
    oracle = "dnspython, does RDATA fit its type"
    if isinstance(record.rdata, Raw):
        assert record.rdata.data == rdata
        said = None if isinstance(read, str) else read.to_text()
        settle(tally, oracle, RAW_HERE, rrtype, said, rdata.hex())
    else:
        settle(tally, oracle, TYPED_HERE, rrtype, read if isinstance(read, str) else None, rdata.hex())
        if not isinstance(read, str):
            said = None if record.rdata_wire == read.to_wire() else "other octets"
            settle(tally, "dnspython, gives the octets that we give", OTHER_OCTETS, rrtype, said, rdata.hex())


@by_type
@EXAMPLES
@given(data=st.data())
def test_text_is_read_as_the_same_octets(tally: Tally, rrtype: int, data: st.DataObject) -> None:
    """dnspython reads our text of what it accepts from wire, and gets the octets back."""
    rdata = data.draw(rdata_of(rrtype))
    read, text = dnspython(rrtype, rdata), our_text(rrtype, rdata)
    if isinstance(read, str):
        return
    try:
        said = None if dns.rdata.from_text("IN", rrtype, text).to_wire() == read.to_wire() else "other octets"
    except REFUSALS as refusal:
        said = str(refusal)
    settle(tally, "dnspython, reads our text", UNREAD, rrtype, said, (text, rdata.hex()))


@by_type
@EXAMPLES
@given(data=st.data())
def test_text_says_what_dnspython_s_says(tally: Tally, rrtype: int, data: st.DataObject) -> None:
    """The words of both texts are the same, but for case, quotes, escapes and padding."""
    rdata = data.draw(rdata_of(rrtype))
    read, text = dnspython(rrtype, rdata), our_text(rrtype, rdata)
    if isinstance(read, str):
        return
    mnemonic = TYPES[rrtype].mnemonic
    try:
        theirs = read.to_text()
    except UnicodeDecodeError:  # from an old one, for octets that are no UTF-8
        theirs = "nothing"
    same = words(mnemonic, text) == words(mnemonic, theirs) or squeezed(text) == squeezed(theirs)
    said = None if same else f"{text} | {theirs}"
    settle(tally, "dnspython, prints as we do", TEXTS, rrtype, said, rdata.hex())


NO_FORMAT = ("A6", "ATMA", "CLA", "DOA", "EID", "IPN", "MB", "MD", "MF", "MG", "MINFO", "MR", "NIMLOC", "NULL", "NXT")
NO_FORMAT += ("RKEY", "SINK", "TA", "TALINK")
NEW_FORMAT = ("BRID", "HHIT", "KEY", "SIG")  # since 2.9


def test_the_types_that_dnspython_does_not_know_are_these() -> None:
    """For them it is no oracle: it reads any octets, and prints them as octets."""
    assert sorted(UNKNOWN) == sorted(NO_FORMAT + NEW_FORMAT * OLD)
