"""Whether a client prints a record as we do, and if not, why.

dig is what our text follows: beside it the characters count, but not runs of blanks. kdig and drill have styles of
their own: beside them the words count, without case, quotes, escapes and padding. What is left is in DIFFERENCES, each
with its reason; a difference that no reason explains is a failure.
"""

from __future__ import annotations

import re
import socket
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


def verdict(client: str, rdata: bytes, ours: Shown, theirs: Shown | None, *, fits: bool = True) -> str | None:
    """AGREE, or the reason for the difference, or None when there is none in the table. `fits`: not raw to us."""
    if not fits:
        return AGREE if theirs is None or is_generic(theirs[1], rdata) else LESS_STRICT
    if theirs is not None and alike(client, rdata, ours, theirs):
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


def alike(client: str, rdata: bytes, ours: Shown, theirs: Shown) -> bool:
    """Whether both say the same, in the client's style."""
    if is_generic(ours[1], rdata) and is_generic(theirs[1], rdata):
        return True
    if ours[0] != theirs[0]:
        return False
    if client == "dig":
        return ours[1] == single_spaced(theirs[1])
    return words(*ours) == words(*theirs) or squeezed(ours[1]) == squeezed(theirs[1])


def single_spaced(text: str) -> str:
    """The text with single blanks between its words."""
    return " ".join(re.findall(r'(?:"(?:\\.|[^"\\])*"|\\.|[^\s"\\])+', text))


def words(rrtype: str, text: str) -> list[str]:
    """The words of a text: without case, quotes, escapes, padding, and comments at the end."""
    text = re.sub(r" ;\{.*\}$", "", text)
    found = [unescaped(word).lower().rstrip("=") for word in re.findall(r'(?:"(?:\\.|[^"\\])*"|\\.|[^\s"\\])+', text)]
    return (
        [re.sub(r"^(-?)0*(\d+?)(?:\.0*|(\.\d*?[1-9])0*)?(m?)$", r"\1\2\3\4", word) for word in found]
        if rrtype == "LOC"
        else found
    )


def squeezed(text: str) -> str:
    """The text without blanks too: drill puts quotes into names that it neither escapes nor closes."""
    return re.sub(r'[\s"]', "", unescaped(re.sub(r" ;\{.*\}$", "", text)).lower())


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


def without_zeros(rdata: bytes, ours: str, theirs: str | None) -> bool:
    """The same groups of digits when zeros before them are put away."""
    return re.sub(r"\b0+(?=[0-9a-f])", "", (theirs or "").lower()) == ours


def same_address(rdata: bytes, ours: str, theirs: str | None) -> bool:
    """The same IPv6 address, written otherwise."""
    return theirs is not None and "." in ours and socket.inet_pton(socket.AF_INET6, theirs.strip()) == rdata


def other_numbers(rdata: bytes, ours: str, theirs: str | None) -> bool:
    """As many words, of which some are a mnemonic for one and a number for the other."""
    one, other = ours.split(), (theirs or "").split()
    pairs = [pair for pair in zip(one, other, strict=False) if unescaped(pair[0]) != unescaped(pair[1])]
    return len(one) == len(other) and all(re.search(r"\d", theirs) for _, theirs in pairs)


def same_but(*edits: tuple[str, str]) -> Callable[[bytes, str, str | None], bool]:
    """Both texts are the same when these patterns are put away."""

    def holds(rdata: bytes, ours: str, theirs: str | None) -> bool:
        both = [ours, theirs or ""]
        for pattern, instead in edits:
            both = [re.sub(pattern, instead, text) for text in both]
        return squeezed(both[0]) == squeezed(both[1])

    return holds


LESS_STRICT = "it has a text for what does not fit its type"
NO_TEXT = "a value without a text that reads back: we print \\#"
OCTETS_THERE = "it does not know the type, or not this form of it: prints \\#"
OTHER_NUMBERS = "it prints numbers without a mnemonic, or with one of its own"
OTHER_FORMAT = "it prints another format than BIND"
IN_WORDS = "it names protocols and services as the machine does: we print their numbers"
FOUR_DIGITS = "it prints four digits for each group"
ALIKE_TIMES = "it takes times for those nearest to today"
NO_NAMES = "it has no name for what is newer than it"
UNEXPECTED = "it reads none whose algorithm or sizes it does not expect"
JUDGED = "BIND holds digests to the length of their algorithm"
TIMES = (r"\b\d{14}\b", "time")
NEW_TYPES = (("CLA", "TYPE263"), ("IPN", "TYPE264"))
ESCAPED_ONCE = "it escapes commas and backslashes in alpn once, where RFC 9460, A.1 asks for twice"
NEW_KEYS = (("dohpath", "key7"), ("ohttp", "key8"))
LONE_NO_DEFAULT = r"^(?!.* alpn=).* no-default-alpn"
PRIVATE = r"^\d+ \d+ 253 "  # RFC 4034, A.1.1: the name of the algorithm stands before the key
BARE_DOHPATH = r' dohpath(?!=".*\{.*dns.*\})'
ALL = "dig kdig drill"
DIFFERENCES: list[Difference] = [
    Difference(ALL, "*", OCTETS_THERE, octets_there),
    Difference(ALL, "*", NO_TEXT, refused_where(r"^\\#")),
    Difference(ALL, "*", NO_TEXT, octets_here),
    Difference("dig", "X25", "BIND reads no address of fewer than four digits", refused_where(r'^"')),
    Difference("dig", "KEY", "BIND reads no key after flags that say that there is none", refused_where(r"^\d{5} ")),
    Difference("dig", "KEY DNSKEY CDNSKEY RKEY", "BIND reads no private key without its name", refused_where(PRIVATE)),
    Difference("dig", "RKEY", "BIND reads only flags of 0", refused_where(r"^[1-9]")),
    Difference("dig", "NAPTR", "BIND reads no regexp that does not compile", refused_where("")),
    Difference("dig", "RRSIG", "BIND reads no signer with more labels than were signed", refused_where("")),
    Difference("dig", "NSEC", "BIND reads no record without types", refused_where(r"^\S+$")),
    Difference(
        "dig", "NSEC3", "BIND reads no hash shorter than one of SHA-1", refused_where(r"^(\S+ ){4}\w{1,31}( |$)")
    ),
    Difference("dig", "DS CDS TA DLV SSHFP ZONEMD", JUDGED, refused_where(r" [0-9A-F]+$")),
    Difference("dig", "SVCB HTTPS", "BIND reads no no-default-alpn without alpn", refused_where(LONE_NO_DEFAULT)),
    Difference("dig", "SVCB HTTPS", "BIND reads no dohpath without a dns variable", refused_where(BARE_DOHPATH)),
    Difference("dig", "SVCB HTTPS", "BIND reads no mandatory keys that are not there", refused_where("mandatory=")),
    Difference("dig", "SIG NXT", OTHER_NUMBERS, same_but((r"\bTYPE(?=\d)", ""), TIMES)),
    Difference("dig", "NSEC NSEC3 CSYNC", OTHER_NUMBERS, same_but(*NEW_TYPES)),
    Difference(ALL, "RRSIG SIG", ALIKE_TIMES, same_but(TIMES)),
    Difference(ALL, "SVCB HTTPS", NO_NAMES, same_but(*NEW_KEYS)),
    Difference("kdig drill", "CERT NSEC NSEC3 CSYNC DSYNC RRSIG SIG SVCB HTTPS", OTHER_NUMBERS, other_numbers),
    Difference("kdig drill", "NID L64", FOUR_DIGITS, without_zeros),
    Difference("kdig drill", "IPSECKEY HIP CAA", UNEXPECTED, refused),
    Difference("kdig drill", "AAAA", "it prints ::1.2.3.4 as ::102:304", same_address),
    Difference("drill", "WKS", IN_WORDS, lambda rdata, ours, theirs: ours.split()[0] == (theirs or "").split()[0]),
    Difference("drill", "NSAP-PTR NXT ATMA SINK APL", OTHER_FORMAT, lambda rdata, ours, theirs: True),
    Difference("drill", "SVCB HTTPS", ESCAPED_ONCE, same_but((r"\\+(?=[,\\])", ""), *NEW_KEYS)),
    Difference("drill", "URI CAA", "it prints nothing for an empty string", same_but((r' ""$', ""))),
]
