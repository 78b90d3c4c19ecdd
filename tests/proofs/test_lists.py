"""Holds the list of what `make prove` proves against the source, without proving anything."""

import prove


def test_every_function_of_the_proved_files_is_proved_or_excused() -> None:
    """A function that is added to a proved file has to be added to a run, or be left out with a reason."""
    assert prove.check_lists() == []


def test_a_function_that_no_list_names_is_noticed(monkeypatch) -> None:
    """The comparison itself can fail."""
    monkeypatch.setattr(prove, "RUNS", tuple(line for line in prove.RUNS if "rq_clip" not in line[1]))
    assert "rq_bytes.h: rq_clip is listed wrongly or not at all" in prove.check_lists()


def test_rq_query_copies_by_rq_clip_alone() -> None:
    """The caller's buffer is written by the one function whose contract is the promise."""
    assert prove.check_clip() == []
