"""Whether a client prints a record as we do, and if not, why.

dig is what our text follows: beside it the characters count, but not runs of blanks. kdig and drill have styles of
their own: beside them the words count, without case, quotes, escapes and padding. What is left is in DIFFERENCES, each
with its reason; a difference that no reason explains is a failure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

AGREE = "agree"
Shown = tuple[str, str]  # type and RDATA as printed


@dataclass(frozen=True)
class Difference:
    """A reason for a client to print, or to refuse, records of these types otherwise than we do."""

    clients: str
    types: str  # separated by blanks; * for any
    reason: str
    holds: Callable[[bytes, str, str | None], bool]  # RDATA, our text, theirs (None: refused) -> is this the reason


def verdict(client: str, rdata: bytes, ours: Shown, theirs: Shown | None) -> str | None:
    """AGREE, or the reason for the difference, or None when there is none in the table."""
    if theirs is not None and alike(client, ours, theirs):
        return AGREE
    shown = None if theirs is None else theirs[1]
    for one in DIFFERENCES:
        concerned = client in one.clients.split() and (one.types == "*" or ours[0] in one.types.split())
        if concerned and one.holds(rdata, ours[1], shown):
            return one.reason
    return None


def is_generic(text: str | None, rdata: bytes) -> bool:
    """Whether the text is the generic form of just these octets (RFC 3597, 5)."""
    words = (text or "").split()
    return words[:2] == ["\\#", str(len(rdata))] and "".join(words[2:]).lower() == rdata.hex()


def alike(client: str, ours: Shown, theirs: Shown) -> bool:
    """Whether both say the same, in the client's style."""
    if ours[0] != theirs[0]:
        return False
    if client == "dig":
        return ours[1] == theirs[1].rstrip()
    return words(*ours) == words(*theirs)


def words(rrtype: str, text: str) -> list[str]:
    """The words of a text: without case, quotes, escapes, padding, and comments at the end."""
    text = re.sub(r" ;\{.*\}$", "", text)
    found = [unescaped(word).lower().rstrip("=") for word in re.findall(r'(?:"(?:\\.|[^"\\])*"|\\.|[^\s"\\])+', text)]
    return (
        [re.sub(r"^(-?)0*(\d+?)(?:\.0*|(\.\d*?[1-9])0*)?(m?)$", r"\1\2\3\4", word) for word in found]
        if rrtype == "LOC"
        else found
    )


def unescaped(word: str) -> str:
    r"""A word without quotes and escapes; only \. stays, which is no dot between labels."""

    def plain(escape: re.Match[str]) -> str:
        if escape[1]:
            return chr(int(escape[1]))
        return escape[0] if escape[2] == "." else escape[2] or ""

    return re.sub(r'\\(\d{3})|\\(.)|"', plain, word)


# --- what a difference can be ---


def refused(rdata: bytes, ours: str, theirs: str | None) -> bool:
    """The client does not read the record."""
    return theirs is None


def refused_where(pattern: str) -> Callable[[bytes, str, str | None], bool]:
    """The client does not read a record whose text, as we print it, is so."""
    return lambda rdata, ours, theirs: theirs is None and re.search(pattern, ours) is not None


def octets_there(rdata: bytes, ours: str, theirs: str | None) -> bool:
    """The client prints the octets where we have a text."""
    return is_generic(theirs, rdata) and not is_generic(ours, rdata)


def octets_here(rdata: bytes, ours: str, theirs: str | None) -> bool:
    """We print the octets where the client has a text."""
    return is_generic(ours, rdata) and theirs is not None


def same_but(*edits: tuple[str, str]) -> Callable[[bytes, str, str | None], bool]:
    """Both texts are the same when these patterns are put away."""

    def holds(rdata: bytes, ours: str, theirs: str | None) -> bool:
        both = [ours, theirs or ""]
        for pattern, instead in edits:
            both = [re.sub(pattern, instead, text) for text in both]
        return both[0] == both[1]

    return holds


NO_OCTETS = "a last field without octets: its text would not read back, so we print \\#"
DIFFERENCES: list[Difference] = [
    Difference("dig kdig drill", "*", "it does not know the type, or not this form of it: prints \\#", octets_there),
    Difference("dig", "*", NO_OCTETS, refused_where(r"^\\#")),
    Difference("dig", "*", NO_OCTETS, octets_here),
]
