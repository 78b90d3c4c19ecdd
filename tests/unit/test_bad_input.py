"""Each way in which a message can be wrong, one by one: what we make of it, and what dnspython makes of it.

The cases are in tests/bad_input.py, their explanation in docs/records.md; dig reads them in
tests/property/test_differential_dig.py.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path

import dns.exception
import dns.message
import dns.rdata
import pytest

from bad_input import CASES, DNSKEY, DS, GOOD, OPT, A, Case, opt, response, rr
from beside_dnspython import OLD
from resquery import Message
from resquery.errors import MessageError
from resquery.rdata import Raw
from wires import message, record

READ_BY_OLD = ("a bitmap window that ends in a zero octet", "an SVCB key that comes twice")
GUIDE = Path(__file__).parents[2] / "docs/records.md"


def verdict(wire: bytes) -> str:
    """What we make of a message, in the words of the cases."""
    try:
        msg = Message(wire)
    except MessageError:
        return "MessageError"
    first = [("raw" if isinstance(record.rdata, Raw) else "typed") for record in msg.answer[:1]]
    return ", ".join(first + ["truncated"] * msg.truncated)


def dnspython_verdict(wire: bytes) -> str:
    """What dnspython makes of a message."""
    try:
        dns.message.from_wire(wire)
    except dns.exception.DNSException:
        return "refused"
    return "read"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_each_wrong_message_has_the_outcome_that_is_documented(case: Case) -> None:
    """Ours and dnspython's, as the cases say; an old dnspython reads some of them."""
    assert verdict(case.wire) == case.ours
    assert dnspython_verdict(case.wire) == case.dnspython or (OLD and case.what in READ_BY_OLD)


@pytest.mark.parametrize("case", [case for case in CASES if case.ours == "raw"], ids=lambda case: case.what)
def test_no_octet_of_a_wrong_record_is_lost(case: Case) -> None:
    """What is raw has exactly the octets that stand in the message, and prints as \\# with all of them."""
    begin = 12 + 7 + 3 + 10  # header, question, owner, type to RDLENGTH
    length = int.from_bytes(case.wire[begin - 2 : begin], "big")
    first = Message(case.wire).answer[0]
    assert first.rdata == Raw(first.type, case.wire[begin : begin + length])
    shown = f"\\# {length} {case.wire[begin : begin + length].hex().upper()}".rstrip()
    assert first.to_text().endswith(shown)


def test_the_guide_explains_each_case() -> None:
    """The table of docs/records.md has the cases, no more and no fewer, with the verdicts of this test."""
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \| (.+?) \| .+ \|$", GUIDE.read_text(), re.MULTILINE)
    told = [row for row in rows if row[0] not in ("what is wrong", "---")]
    assert told == [(case.what, case.ours, case.dnspython, case.dig) for case in CASES]


def test_a_wrong_record_does_not_cost_its_neighbours() -> None:
    """RDLENGTH says where the next record begins, whatever the RDATA says."""
    msg = Message(response(rr(A, GOOD[:3]), rr(A, GOOD)))
    assert [isinstance(entry.rdata, Raw) for entry in msg.answer] == [True, False]


def test_a_ttl_with_the_top_bit_set_is_given_as_it_stands() -> None:
    """RFC 2181, 8 has its reader take it for 0; we do not say that a server said 0 when it did not."""
    msg = Message(response(rr(A, GOOD, ttl=0x80000001)))
    assert msg.answer[0].ttl == 0x80000001
    assert "2147483649" in msg.to_text()
    assert dns.message.from_wire(msg.wire).answer[0].ttl == 0


def test_counts_larger_than_the_message_give_what_is_whole() -> None:
    """Every whole record, and `truncated`; the text names the octet where the message ends."""
    msg = Message(response(rr(A, GOOD), rr(A, GOOD), counts=(9, 0)))
    assert len(msg.answer) == 2
    assert msg.truncated
    assert ";; WARNING: the message ends inside the entry at octet" in msg.to_text()


def test_octets_after_the_last_record_are_kept_but_not_read() -> None:
    """They stand in `wire` alone."""
    msg = Message(response(rr(A, GOOD)) + b"\0\1\2")
    assert len(msg.answer) == 1
    assert not msg.truncated
    assert msg.wire.endswith(b"\0\1\2")


def test_of_two_opt_records_the_first_is_edns_and_the_second_is_kept() -> None:
    """RFC 6891, 6.1.1 wants FORMERR of a server that gets two; a reader of answers loses nothing."""
    msg = Message(response(rr(A, GOOD), additional=(opt(b"\0\x03\0\1a"), opt(b"\0\x03\0\1b"))))
    assert msg.edns is not None
    assert len(msg.edns.options) == 1
    (other,) = msg.additional
    assert (other.type, other.rdata_wire) == (OPT, b"\0\x03\0\1b")


@pytest.mark.parametrize("size", range(1, 8))
def test_base64_of_any_number_of_octets_is_padded(size: int) -> None:
    """On the wire there is no odd size; the text has the padding that readers ask for."""
    octets = bytes(range(size))
    (one,) = Message(message([], [record("x", DNSKEY, b"\1\0\3\x08" + octets)])).answer
    assert one.to_text().split()[-1] == base64.b64encode(octets).decode()
    assert dns.rdata.from_text("IN", "DNSKEY", one.to_text().split(" ", 4)[4]).to_wire() == one.rdata_wire


@pytest.mark.parametrize("size", range(1, 5))
def test_hexadecimal_has_two_digits_for_each_octet(size: int) -> None:
    """So the number of digits is never odd, and each octet keeps its leading zero."""
    (one,) = Message(message([], [record("x", DS, b"\0\1\x08\0" + bytes(range(size)))])).answer
    assert one.to_text().split()[-1] == bytes(range(size)).hex().upper()


@pytest.mark.parametrize("text", ["256 3 8 AQA", "256 3 8 A"])
def test_base64_of_odd_size_is_refused_by_who_reads_text(text: str) -> None:
    """resquery reads no text of records; dnspython, which reads zone files for resquery.testing, refuses these."""
    with pytest.raises(dns.exception.SyntaxError):
        dns.rdata.from_text("IN", "DNSKEY", text)
