"""parse_columns() on any octets: the rows are the messages, one by one, whatever stands beside them."""

from __future__ import annotations

from guarded import Guarded
from hostile import messages
from hypothesis import given
from hypothesis import strategies as st

from columns import SECTIONS, message_cells, opens, rows
from resquery import parse_columns

wires = st.lists(st.one_of(messages(), st.binary(max_size=14), st.none()), max_size=6)


@given(wires)
def test_rows_are_what_messages_say(wires: list[bytes | None]) -> None:
    """A row for each, in order, with the cells of a Message; of a refused one what its header says."""
    found = rows(parse_columns(wires, authority=True, additional=True, wire=True))
    assert len(found) == len(wires)
    for index, (row, wire) in enumerate(zip(found, wires, strict=True)):
        if wire is None or len(wire) < 12 or opens(wire):
            assert row == message_cells(wire, index)
        else:
            assert (row["index"], row["status"], row["wire"]) == (index, "MALFORMED", wire)
            assert (row["id"], row["flags"]) == (wire[0] << 8 | wire[1], wire[2] << 8 | wire[3])


@given(st.lists(messages(), min_size=1, max_size=4))
def test_nothing_outside_the_buffer_is_read(wires: list[bytes]) -> None:
    """Messages cut from a buffer against a forbidden page give the same rows as by themselves."""
    offsets = [sum(map(len, wires[:n])) for n in range(len(wires) + 1)]
    with Guarded(b"".join(wires), side="end") as area:
        cut = rows(parse_columns(area.view, offsets=offsets, authority=True))
    assert cut == rows(parse_columns(wires, authority=True))


@given(messages())
def test_a_flaw_hides_no_record_before_it(wire: bytes) -> None:
    """Every cut of a message shows a prefix of its records."""
    (whole,) = rows(parse_columns([wire], authority=True, additional=True))
    for row in rows(parse_columns([wire[:n] for n in range(len(wire))], authority=True, additional=True)):
        for section in SECTIONS:
            assert row[section] == whole[section][: len(row[section])]
