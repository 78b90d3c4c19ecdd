"""Presentation text beside dig, kdig and drill: all three print what we send them, we print the same octets.

dig is what `to_text` follows: its text is ours, character by character but for runs of blanks. kdig and drill have
styles of their own, so beside them each word counts without case, quotes, escapes and padding. Each difference that
remains is in tests/compare.py with its reason, counted, and printed at the end of the run.
"""

from __future__ import annotations

import json
import re
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from layouts import TABLE, near_miss_of, rdata_of

from bad_input import CASES, Case
from compare import AGREE, verdict
from oracles import CLIENTS, Printer, Record
from resquery import Message
from resquery._lib import call_text, lib, type_number
from resquery.rdata import Raw

DATA = Path(__file__).parents[1] / "data"
NO_RECORDS = (41, 249, 250)  # dig shows OPT and TSIG in sections of their own, and no TKEY
PRINTED = [rrtype for rrtype in sorted(TABLE) if rrtype not in NO_RECORDS]
EXAMPLES = settings(  # each is many records and some processes, so there are few, and none is made smaller
    max_examples=8, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.reuse, Phase.generate]
)
Tally = dict[str, Counter[str]]


@pytest.fixture(scope="module", params=CLIENTS)
def printer(request: pytest.FixtureRequest) -> Iterator[Printer]:
    """Each of the clients, with a server to answer it."""
    with Printer(CLIENTS[request.param]) as printer:
        yield printer


@pytest.fixture(scope="module")
def dig() -> Iterator[Printer]:
    """Dig alone."""
    with Printer(CLIENTS["dig"]) as printer:
        yield printer


def vectors() -> list[Record]:
    """All records of the data files."""
    rows: list[dict[str, Any]] = [row for file in sorted(DATA.glob("r*.json")) for row in json.loads(file.read_text())]
    found = dict.fromkeys((type_number(row["type"]), bytes.fromhex(row["wire"])) for row in rows)
    return [record for record in found if record[0] not in NO_RECORDS]


def ours(record: Record) -> tuple[str, str]:
    """The record's type and RDATA as we print them."""
    rrtype, rdata = record
    return call_text(lib.rq_type_name, rrtype), call_text(lib.rq_rdata_text, rrtype, rdata, len(rdata))


def is_raw(rrtype: int, rdata: bytes) -> bool:
    """Whether the RDATA does not fit its type, or its type has no layout."""
    wire = struct.pack("!6HxHHIH", 0, 0x8000, 0, 1, 0, 0, rrtype, 1, 0, len(rdata)) + rdata
    return isinstance(Message(wire).answer[0].rdata, Raw)


def settle(tally: Tally, printer: Printer, records: list[Record]) -> None:
    """Holds our text of the records against the client's, and counts."""
    client = printer.client.program
    for record, theirs in zip(records, printer.records(records), strict=True):
        found = verdict(client, record[1], ours(record), theirs, fits=not is_raw(*record))
        if found is None:
            pytest.fail(f"{client}: {theirs}, ours: {ours(record)}, octets: {record[1].hex()}", pytrace=False)
        tally[f"{client}, prints as we do"][found if found == AGREE else f"{ours(record)[0]}: {found}"] += 1


def test_the_records_of_the_data_files_print_alike(tally: Tally, printer: Printer) -> None:
    """Those of RFCs and those of each type."""
    settle(tally, printer, vectors())


@EXAMPLES
@given(
    st.lists(
        st.sampled_from(PRINTED).flatmap(lambda rrtype: st.tuples(st.just(rrtype), rdata_of(rrtype))), min_size=100
    )
)
def test_generated_records_print_alike(tally: Tally, printer: Printer, records: list[Record]) -> None:
    """Any RDATA that fits its type."""
    settle(tally, printer, records)


@EXAMPLES
@given(
    st.lists(
        st.sampled_from(PRINTED).flatmap(lambda rrtype: st.tuples(st.just(rrtype), near_miss_of(rrtype))), max_size=20
    )
)
def test_near_misses_print_alike(tally: Tally, dig: Printer, records: list[Record]) -> None:
    """What nearly fits: where dig refuses it, we print octets, or differ for a reason."""
    settle(tally, dig, records)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_dig_reads_each_wrong_message_as_documented(dig: Printer, case: Case) -> None:
    """What dig makes of the messages of tests/bad_input.py."""
    printed = dig.print(lambda query: query.wire[:2] + case.wire[2:], "+norec", asked=("x.", "A"))
    records = re.findall(r"^x\.\s+\d+\s+IN", printed, re.MULTILINE)
    wrong = re.search(r"warning|bad packet", printed, re.IGNORECASE)
    assert case.dig == ("refused" if not records else "warned" if wrong else "read")
    assert wrong or case.dig == "read"
