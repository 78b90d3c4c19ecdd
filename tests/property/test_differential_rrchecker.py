"""BIND reads our text: named-rrchecker turns it back into the octets that it was made from, for every type it knows.

It reads one record in a process, so the examples are few for each type; dig (test_differential_dig.py) prints many.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from layouts import TABLE, TYPES, near_miss_of, rdata_of
from test_differential_dig import is_raw

from compare import AGREE, DIFFERENCES, NO_NAMES, is_generic
from oracles import Checker, run
from resquery._lib import call_text, lib, type_number

DATA = Path(__file__).parents[1] / "data"
VECTORS: list[dict[str, Any]] = json.loads((DATA / "rfc.json").read_text())
UNKNOWN = ("CLA", "IPN")  # of our types, those that BIND 9.18 does not know
NO_RECORDS = ("OPT", "TKEY", "TSIG")  # it calls them meta values and reads none
READ = [rrtype for rrtype in sorted(TABLE) if TYPES[rrtype].mnemonic not in (*UNKNOWN, *NO_RECORDS)]
EXAMPLES = settings(
    max_examples=4, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.reuse, Phase.generate]
)
Tally = dict[str, Counter[str]]


@pytest.fixture(scope="module")
def checker() -> Checker:
    """named-rrchecker."""
    return Checker()


def our_text(rrtype: int, rdata: bytes) -> str:
    """RDATA as we print it."""
    return call_text(lib.rq_rdata_text, rrtype, rdata, len(rdata))


def refusal(mnemonic: str, rdata: bytes, text: str) -> str | None:
    """Why BIND refuses a record that we type: the reasons are those for which dig does."""
    mine = [one for one in DIFFERENCES if "dig" in one.clients and (one.types == "*" or mnemonic in one.types.split())]
    return next((one.reason for one in mine if one.holds(rdata, text, None)), None)


def test_it_knows_the_types_that_we_know(checker: Checker) -> None:
    """But for those that came after it; NXNAME is no type of records."""
    known = set(run([checker.path, "-T"]).stdout.split())
    assert {TYPES[rrtype].mnemonic for rrtype in TABLE} - known == {*UNKNOWN, *NO_RECORDS}


@pytest.mark.parametrize("rrtype", READ, ids=lambda number: TYPES[number].mnemonic)
@EXAMPLES
@given(data=st.data())
def test_our_text_is_read_as_the_same_octets(tally: Tally, checker: Checker, rrtype: int, data: st.DataObject) -> None:
    """Text that we print of what fits gives the octets back, or BIND refuses the octets too, for a known reason."""
    rdata = data.draw(rdata_of(rrtype))
    mnemonic, text = TYPES[rrtype].mnemonic, our_text(rrtype, rdata)
    octets = checker.generic(f"{mnemonic} {text}")
    if octets is not None:
        assert octets == rdata, (mnemonic, text)
        outcome = AGREE
    elif checker.text(rrtype, rdata) is None:
        outcome = refusal(mnemonic, rdata, text)
    else:
        outcome = NO_NAMES if re.search(r"ohttp|dohpath|\b(CLA|IPN)\b", text) else None
    assert outcome is not None, (mnemonic, text, rdata.hex())
    tally["named-rrchecker, reads our text"][outcome if outcome == AGREE else f"{mnemonic}: {outcome}"] += 1


@pytest.mark.parametrize("rrtype", READ, ids=lambda number: TYPES[number].mnemonic)
@EXAMPLES
@given(data=st.data())
def test_what_is_raw_is_refused(tally: Tally, checker: Checker, rrtype: int, data: st.DataObject) -> None:
    """Octets that nearly fit: what is raw here BIND refuses or prints as octets."""
    rdata = data.draw(near_miss_of(rrtype))
    if not is_raw(rrtype, rdata):
        return
    theirs = checker.text(rrtype, rdata)
    assert theirs is None or is_generic(theirs, rdata), (TYPES[rrtype].mnemonic, theirs, rdata.hex())
    tally["named-rrchecker, refuses what is raw"][AGREE] += 1


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['rfc']} {vector['type']}")
def test_it_reads_the_text_of_rfcs_as_their_octets(checker: Checker, vector: dict[str, Any]) -> None:
    """The vectors themselves: what the RFC prints, and our text, give the octets; some forms it does not know."""
    unread = {"TYPE62347": "\\# 0", "ZONEMD": " 241 ", "HTTPS": "ohttp", "SVCB": "dohpath"}
    origin = vector.get("origin", ".")
    for text in (vector["printed"], vector["text"]):
        octets = checker.generic(f"{vector['type']} {text}", origin)
        assert octets in (bytes.fromhex(vector["wire"]), None)
        assert octets is not None or unread.get(vector["type"], "?") in text


def test_numbers_are_known() -> None:
    """The tables above name types that exist."""
    assert all(type_number(mnemonic) in TABLE for mnemonic in (*UNKNOWN, *NO_RECORDS))
