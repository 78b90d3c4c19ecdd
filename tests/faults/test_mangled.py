"""Packets that the kernel loses, changes or doubles (nftables, in a network namespace): one row for each name."""

from __future__ import annotations

from pathlib import Path

import pytest
from inside import Inside

SCRIPT = Path(__file__).with_name("mangled.py")
NAMES = 1500


@pytest.mark.parametrize(
    ("fault", "succeed"),
    [("none", 1.0), ("loss", 0.95), ("loss of queries", 0.9), ("corruption", 0.5), ("duplication", 1.0)],
)
def test_each_name_is_one_row_whatever_becomes_of_packets(inside: Inside, fault: str, succeed: float) -> None:
    """30 % of the answers lost, 50 % of the queries, 5 octets of each answer changed with 8 % each, all sent twice."""
    told = inside(SCRIPT, fault)
    assert (told["names"], told["rows"]) == (NAMES, NAMES)
    assert told["statuses"].get("NOERROR", 0) >= NAMES * succeed
    if fault == "duplication":
        assert told["dropped"]["id"] > NAMES // 2  # the second one finds its lookup finished
    if fault == "corruption":
        assert {"id", "question"} <= set(told["dropped"])
