"""A file of names becomes the engine's input: rq_lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resquery._lib import ffi, lib


def lines_of(text: bytes, *, last: bool = True, maximum: int = 1000) -> tuple[list[bytes], int]:
    """The lines that rq_lines finds, and how much of the text they used."""
    octets, offsets = ffi.new("uint8_t[]", max(1, len(text))), ffi.new("int32_t[]", maximum + 1)
    consumed, blank = ffi.new("uint32_t *"), ffi.new("uint32_t *")
    count = lib.rq_lines(text, len(text), last, octets, offsets, maximum, consumed, blank)
    assert 0 <= count <= maximum
    used = text[: consumed[0]]
    assert blank[0] == used.count(b"\n") + (used != b"" and not used.endswith(b"\n")) - count
    whole = bytes(ffi.buffer(octets, len(text)))
    return [whole[offsets[i] : offsets[i + 1]] for i in range(count)], consumed[0]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (b"", []),
        (b"\n", []),
        (b"a.example\n", [b"a.example"]),
        (b"a.example", [b"a.example"]),
        (b"a\r\nb\r\n", [b"a", b"b"]),
        (b"  a b \t\r\n", [b"a b"]),
        (b"\n\n a\n \t \nb\n\n", [b"a", b"b"]),
        (b"a\0b\n\xff\xfe\n", [b"a\0b", b"\xff\xfe"]),
        (b"# not a comment\n", [b"# not a comment"]),
        (b"a\rb\n", [b"a\rb"]),
    ],
)
def test_text_is_split_into_lines(text: bytes, lines: list[bytes]) -> None:
    """Without LF, CR LF and blanks around; blank lines are skipped; any other octets are kept as they are."""
    assert lines_of(text) == (lines, len(text))


def test_final_line_without_lf_waits_for_more() -> None:
    """Unless the text is said to be the last, what follows the last LF is left."""
    assert lines_of(b"a\nb", last=False) == ([b"a"], 2)
    assert lines_of(b"b", last=False) == ([], 0)
    assert lines_of(b"b", last=True) == ([b"b"], 1)


def test_no_more_lines_than_asked_for() -> None:
    """With `max` lines found the rest of the text is left for the next call."""
    assert lines_of(b"a\n\nb\nc\n", maximum=2) == ([b"a", b"b"], 5)
    assert lines_of(b"a\n", maximum=0) == ([], 0)


@given(
    st.lists(st.sampled_from([b"a", b"b.example", b" ", b"\t", b"\r", b"\n", b"\0", b"\xff"]), max_size=60).map(
        b"".join
    )
)
def test_lines_are_those_that_python_finds(text: bytes) -> None:
    """Held against bytes.split and bytes.strip."""
    expected = [line.strip(b" \t\r") for line in text.split(b"\n")]
    assert lines_of(text) == ([line for line in expected if line], len(text))


@given(
    st.lists(st.sampled_from([b"a", b"bc", b" ", b"\r", b"\n"]), max_size=60).map(b"".join),
    st.lists(st.integers(0, 10), max_size=20),
    st.integers(1, 4),
)
def test_lines_do_not_depend_on_how_the_text_arrives(text: bytes, pieces: list[int], maximum: int) -> None:
    """Cut anywhere, taken a few at a time, the lines are the same."""
    found: list[bytes] = []
    rest, ahead = b"", text
    for size in [*pieces, len(text)]:
        rest, ahead = rest + ahead[:size], ahead[size:]
        used = -1
        while used:
            lines, used = lines_of(rest, last=not ahead, maximum=maximum)
            found += lines
            rest = rest[used:]
    assert rest == b""
    assert found == lines_of(text)[0]
