"""The res_query contract over the network: any answer, any capacity, in memory that punishes one octet too many.

At most `cap` octets are written, min(actual, cap) is returned, what is stored is an exact prefix of what the server
sent, and nothing else is touched. Answers travel over UDP or, after TC, over TCP, up to 65,535 octets.
"""

import hashlib
import struct
from collections.abc import Iterator

import pytest
from guarded import SIDES, Guarded, Side
from hostile import capacities
from hypothesis import given
from hypothesis import strategies as st

from resquery import Message, Resolver
from resquery.errors import LookupFailure
from resquery.testing import Query, Server

NAME, LARGEST, UDP_LIMIT = "example.com.", 65535, 1232
QR, TC, OPCODE, RCODE = 0x8000, 0x0200, 0x7800, 0x000F
ADDRESS = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 300, 4) + bytes([192, 0, 2, 1])

flags = st.integers(0, 0xFFFF).map(lambda word: (word | QR) & ~(TC | OPCODE | RCODE))
failures = st.sampled_from([2, 3, 5, 6, 9])  # FORMERR and NOTIMP would make the lookup try without EDNS first
sizes = st.one_of(st.integers(0, 2000), st.integers(0, LARGEST), st.just(LARGEST))
sides = st.sampled_from(SIDES)


class Script:
    """What the server says next, and what it said last: its question in the letter case of NAME, which the resolver
    changes at random and puts back."""

    flags = QR
    section = b""
    count = 0
    size = 0
    sent = b""

    def answer(self, query: Query) -> bytes:
        """Say it; over UDP, when it is too large for that, only that it is."""
        head = struct.pack("!HHHHHH", query.id, self.flags, 1, self.count + 1, 0, 0) + query.question
        whole = padded(head + self.section, self.size)
        self.sent = whole[:12] + query.key + whole[12 + len(query.key) :]
        if query.transport == "udp" and len(whole) > UDP_LIMIT:
            return struct.pack("!HHHHHH", query.id, QR | TC, 1, 0, 0, 0) + query.question
        return whole


def padded(wire: bytes, size: int) -> bytes:
    """Append a record of an unknown type that fills the message up to `size` octets, as far as that is possible."""
    filler = max(0, min(size, LARGEST) - len(wire) - 11)
    return wire + struct.pack("!BHHIH", 0, 65280, 1, 0, filler) + hashlib.shake_128(wire).digest(filler)


@st.composite
def sections(draw: st.DrawFn) -> tuple[int, bytes]:
    """Draw an answer section: records of any kind, whose RDATA may be anything, with a right RDLENGTH."""
    found = draw(st.lists(st.binary(max_size=200), max_size=4))
    kinds = draw(st.lists(st.integers(0, 300), min_size=len(found), max_size=len(found)))
    laid = [struct.pack("!BHHIH", 0, kind, 1, 0, len(rdata)) + rdata for kind, rdata in zip(kinds, found, strict=True)]
    return len(laid), b"".join(laid)


@pytest.fixture(scope="module")
def script() -> Script:
    """Give the tests of this module something to script."""
    return Script()


@pytest.fixture(scope="module")
def resolver(script: Script) -> Iterator[Resolver]:
    """Start a server that says what the script says, and a resolver that asks it."""
    with Server(answer=script.answer) as server, Resolver(server.address, timeout=20.0, tries=1) as resolver:
        yield resolver


def check_query(resolver: Resolver, script: Script, cap: int, side: Side) -> None:
    """Ask with a buffer of `cap` octets against a forbidden page, and hold the outcome to the contract."""
    with Guarded(cap, side=side) as area:
        stored = resolver.res_query(NAME, "A", area.view)
        assert stored.actual == len(script.sent)
        assert stored == min(stored.actual, cap)
        assert stored.clipped == (stored.actual > cap)
        assert area.view[:stored] == script.sent[:stored]
        assert area.untouched(stored)
        if stored >= 12:
            check_message(Message(area.view[:stored]), Message(script.sent), clipped=stored.clipped)


def check_message(part: Message, whole: Message, *, clipped: bool) -> None:
    """Hold what a clipped answer says against what the whole one says."""
    assert part.truncated == clipped
    assert part.question == whole.question[: len(part.question)]
    assert part.answer == whole.answer[: len(part.answer)]


@given(flags, sections(), sizes, capacities, sides)
def test_any_answer_and_any_capacity(
    resolver: Resolver, script: Script, flags: int, section: tuple[int, bytes], size: int, cap: int, side: Side
) -> None:
    """Whatever the answer and the capacity, min(actual, cap) octets of it are stored and no other octet changes."""
    script.flags, script.size = flags, size
    script.count, script.section = section[0] + 1, ADDRESS + section[1]
    check_query(resolver, script, cap, side)


@pytest.mark.parametrize("side", SIDES)
def test_every_capacity_around_an_answer(resolver: Resolver, script: Script, side: Side) -> None:
    """Each capacity from none to more than the answer has stores exactly what fits."""
    script.flags, script.count, script.section, script.size = QR, 1, ADDRESS, 200
    for cap in range(220):
        check_query(resolver, script, cap, side)
    assert len(script.sent) == 200


@pytest.mark.parametrize("cap", [0, 1, 11, 12, 1500, 65534, 65535])
def test_the_largest_answer(resolver: Resolver, script: Script, cap: int) -> None:
    """An answer of 65,535 octets is received whole over TCP and clipped to any capacity."""
    script.flags, script.count, script.section, script.size = QR, 1, ADDRESS, LARGEST
    check_query(resolver, script, cap, "end")
    assert len(script.sent) == LARGEST


@given(failures, sizes, capacities, sides)
def test_a_failure_is_clipped_as_an_answer_is(
    resolver: Resolver, script: Script, rcode: int, size: int, cap: int, side: Side
) -> None:
    """A response that is a failure raises; what fits of it is in the buffer and in the exception."""
    script.flags, script.count, script.section, script.size = QR | rcode, 0, b"", size
    with Guarded(cap, side=side) as area:
        with pytest.raises(LookupFailure) as failure:
            resolver.res_query(NAME, "A", area.view)
        stored = min(len(script.sent), cap)
        assert area.view[:stored] == script.sent[:stored]
        assert area.untouched(stored)
        response = failure.value.response
        assert (b"" if response is None else response.wire) == (script.sent[:stored] if stored >= 12 else b"")
