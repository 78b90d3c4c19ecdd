"""Scripted faults: what can go wrong with an answer, as small values that are put together.

A `Fault` says which queries it strikes, how often and with what chance; its action turns the list of messages that
would be sent into another. Any callable `(query, sends, rng) -> sends` will do as an action.
SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import hashlib
import random
import struct
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from .._lib import type_number
from ._lib import name_wire
from .query import QR, TC, Query, Sections, Send, ancestors, message, rcode_number

_POINTER = 0xC000
_COOKIE, _OPT_SIZE = 10, 11


class Action(Protocol):
    """Turns what would be sent in answer to a query into what is sent instead."""

    def __call__(self, query: Query, sends: list[Send], rng: random.Random, /) -> list[Send]:
        """The messages to send; `rng` is the server's seeded source of randomness."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Strikes the queries that match all of its conditions.

    `name` is one name, or `*.` and a name for all names below it; `type` a record type; `transport` "udp" or "tcp".
    The first `skip` queries that match are spared, then `times` are struck (None: all), each with `probability`.

    >>> Fault(name="slow.example.", transport="udp", times=2, action=Drop()).times
    2
    """

    action: Action
    name: str | None = None
    type: str | int | None = None
    transport: Literal["udp", "tcp"] | None = None
    times: int | None = None
    skip: int = 0
    probability: float = 1.0


@dataclass(frozen=True, slots=True)
class Drop:
    """Sends nothing. Over TCP the connection stays open and silent."""

    def __call__(self, query: Query, sends: list[Send], rng: random.Random) -> list[Send]:
        """See Action."""
        return []


@dataclass(frozen=True, slots=True)
class Delay:
    """Sends everything `seconds` later."""

    seconds: float

    def __call__(self, query: Query, sends: list[Send], rng: random.Random) -> list[Send]:
        """See Action."""
        return [replace(send, after=send.after + self.seconds) for send in sends]


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Sends everything `copies` times more."""

    copies: int = 1

    def __call__(self, query: Query, sends: list[Send], rng: random.Random) -> list[Send]:
        """See Action."""
        return sends * (1 + self.copies)


@dataclass(frozen=True, slots=True)
class Reorder:
    """UDP: holds the answer back until `by` later answers of scripted names are sent, for `seconds` at the most."""

    by: int = 1
    seconds: float = 0.05

    def __call__(self, query: Query, sends: list[Send], rng: random.Random) -> list[Send]:
        """See Action."""
        return [replace(send, hold=self.by, hold_seconds=self.seconds) for send in sends]


@dataclass(frozen=True, slots=True)
class WrongId:
    """Changes the ID."""

    add: int = 1

    def __call__(self, query: Query, sends: list[Send], rng: random.Random) -> list[Send]:
        """See Action."""
        return [send.but(struct.pack("!H", (query.id + self.add) % 65536) + send.wire[2:]) for send in sends]


@dataclass(frozen=True, slots=True)
class WrongSource:
    """UDP: sends from a port that was not asked."""

    def __call__(self, query: Query, sends: list[Send], rng: random.Random) -> list[Send]:
        """See Action."""
        return [replace(send, stray=True) for send in sends]


@dataclass(frozen=True, slots=True)
class WrongQuestion:
    """Answers another question: one letter of the name is another (for the root, the type)."""

    def __call__(self, query: Query, sends: list[Send], rng: random.Random) -> list[Send]:
        """See Action."""
        return [send.but(_other_question(send.wire, len(query.name_wire))) for send in sends]


@dataclass(frozen=True, slots=True)
class NotReply:
    """Clears QR: sends a query instead of an answer."""

    def __call__(self, query: Query, sends: list[Send], rng: random.Random) -> list[Send]:
        """See Action."""
        return [send.but(_flags(send.wire, clear=QR)) for send in sends]


@dataclass(frozen=True, slots=True)
class Truncate:
    """Sets TC and sends no record (RFC 2181, 9). Strikes both transports unless the Fault names one."""

    def __call__(self, query: Query, sends: list[Send], rng: random.Random) -> list[Send]:
        """See Action."""
        return [send.but(message(query, Sections(flags=TC))) for send in sends]


@dataclass(frozen=True, slots=True)
class Garbage:
    """Sends `octets`, or `size` random ones; `keep_id` puts the right ID in front."""

    octets: bytes | None = None
    size: int = 40
    keep_id: bool = False

    def __call__(self, query: Query, sends: list[Send], rng: random.Random) -> list[Send]:
        """See Action."""
        octets = rng.randbytes(self.size) if self.octets is None else self.octets
        return [send.but(struct.pack("!H", query.id) + octets[2:] if self.keep_id else octets) for send in sends]


@dataclass(frozen=True, slots=True)
class Loop:
    """Answers with a record whose name is a compression pointer to itself (RFC 9267, 2), or with `forward` ahead."""

    forward: bool = False

    def __call__(self, query: Query, sends: list[Send], rng: random.Random) -> list[Send]:
        """See Action."""
        at = 12 + len(query.question)
        record = struct.pack("!HHHIHI", _POINTER | (at + 2 if self.forward else at), 1, 1, 60, 4, 0xC0000201)
        return [send.but(message(query, Sections(answer=(record,)))) for send in sends]


@dataclass(frozen=True, slots=True)
class Rcode:
    """Answers with a response code (a mnemonic or a number) and no records."""

    rcode: str | int

    def __call__(self, query: Query, sends: list[Send], rng: random.Random) -> list[Send]:
        """See Action."""
        return [send.but(message(query, Sections(), rcode=rcode_number(self.rcode))) for send in sends]


@dataclass(frozen=True, slots=True)
class NoEdns:
    """Treats EDNS as servers do that never heard of it: an `rcode` and no OPT record, or silence (None)."""

    rcode: str | int | None = "FORMERR"

    def __call__(self, query: Query, sends: list[Send], rng: random.Random) -> list[Send]:
        """See Action."""
        if query.payload is None:
            return sends
        if self.rcode is None:
            return []
        number = rcode_number(self.rcode)
        refusal = message(query, Sections(), rcode=number, edns=number > 15)  # its upper bits stand in the OPT record
        return [send.but(refusal) for send in sends]


@dataclass(frozen=True, slots=True)
class LowerCase:
    """Repeats the question in lower case, as servers do that break "0x20"."""

    def __call__(self, query: Query, sends: list[Send], rng: random.Random) -> list[Send]:
        """See Action."""
        end = 12 + len(query.name_wire)
        return [send.but(send.wire[:12] + send.wire[12:end].lower() + send.wire[end:]) for send in sends]


@dataclass(frozen=True, slots=True)
class Cookies:
    """Gives a client that sends a DNS cookie one of ours (RFC 7873); `required`: over UDP, BADCOOKIE to one without.

    `wrong` changes the client's part of what is sent back.
    """

    secret: bytes = b"secret"
    required: bool = False
    wrong: bool = False

    def __call__(self, query: Query, sends: list[Send], rng: random.Random) -> list[Send]:
        """See Action."""
        cookie = _cookie_of(query)
        if cookie is None:
            return sends
        client, server = cookie[:8], hashlib.sha256(self.secret + cookie[:8]).digest()[:8]
        if self.required and query.transport == "udp" and cookie[8:] != server:
            refusal = message(query, Sections(), rcode=rcode_number("BADCOOKIE"))
            sends = [send.but(refusal) for send in sends]
        if self.wrong:
            client = bytes([client[0] ^ 1]) + client[1:]
        option = struct.pack("!HH", _COOKIE, 16) + client + server
        return [send.but(send.wire[:-2] + struct.pack("!H", len(option)) + option) for send in sends]


@dataclass(frozen=True, slots=True)
class Before:
    """Sends `count` wrong messages, made by `wrong` from the right ones, before the right ones."""

    wrong: Action
    count: int = 1

    def __call__(self, query: Query, sends: list[Send], rng: random.Random) -> list[Send]:
        """See Action."""
        noise: list[Send] = []
        for _ in range(self.count):
            noise += self.wrong(query, list(sends), rng)
        return noise + sends


@dataclass(frozen=True, slots=True)
class Frame:
    """TCP: puts a wrong length in front of the message."""

    length: int

    def __call__(self, query: Query, sends: list[Send], rng: random.Random) -> list[Send]:
        """See Action."""
        return [replace(send, prefix=self.length) for send in sends]


@dataclass(frozen=True, slots=True)
class Cut:
    """TCP: closes (or resets) the connection after `octets` of the frame, its two octets of length included."""

    octets: int = 0
    end: Literal["fin", "reset"] = "fin"

    def __call__(self, query: Query, sends: list[Send], rng: random.Random) -> list[Send]:
        """See Action."""
        return [replace(send, keep=self.octets, end=self.end) for send in sends]


@dataclass(frozen=True, slots=True)
class Slow:
    """TCP: sends `octets` at a time, `seconds` apart."""

    octets: int = 1
    seconds: float = 0.001

    def __call__(self, query: Query, sends: list[Send], rng: random.Random) -> list[Send]:
        """See Action."""
        return [replace(send, chunk=self.octets, pause=self.seconds) for send in sends]


@dataclass(frozen=True, slots=True)
class All:
    """Applies several actions, one after another.

    >>> All(WrongId(), Delay(0.1)).actions
    (WrongId(add=1), Delay(seconds=0.1))
    """

    actions: tuple[Action, ...]

    def __init__(self, *actions: Action) -> None:
        object.__setattr__(self, "actions", actions)

    def __call__(self, query: Query, sends: list[Send], rng: random.Random) -> list[Send]:
        """See Action."""
        for action in self.actions:
            sends = action(query, sends, rng)
        return sends


class Script:
    """The faults of a server, and how often each has struck. Safe to use from several threads."""

    def __init__(self, faults: Iterable[Fault], seed: int) -> None:
        self._rules = [_Rule(fault) for fault in faults]
        self._rng = random.Random(seed)
        self._lock = threading.Lock()

    def names(self) -> set[bytes] | None:
        """The names that the faults strike, in lower-case wire format; None when they may strike any."""
        keys = {rule.key for rule in self._rules if rule.key is not None and not rule.below}
        return (
            keys if len(self._rules) == sum(rule.key is not None and not rule.below for rule in self._rules) else None
        )

    def apply(self, query: Query, sends: list[Send]) -> list[Send]:
        """What is sent in answer to the query."""
        with self._lock:
            for rule in self._rules:
                if rule.strikes(query, self._rng):
                    sends = rule.fault.action(query, sends, self._rng)
            return sends


class _Rule:
    """A fault with its conditions in wire format, and its counts."""

    __slots__ = ("below", "fault", "key", "rrtype", "seen", "struck")

    def __init__(self, fault: Fault) -> None:
        if not isinstance(fault, Fault):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"a fault is a Fault, as in Fault(action=Drop()), not {fault!r}")
        if not callable(fault.action) or isinstance(fault.action, type):
            raise TypeError(
                f"an action is an instance that can be called, as in Fault(action=Drop()), not {fault.action!r}"
            )
        self.fault = fault
        self.below = fault.name is not None and fault.name.startswith("*.")
        name = fault.name[2:] if fault.name is not None and self.below else fault.name
        self.key = None if name is None else name_wire(name or ".").lower()
        self.rrtype = None if fault.type is None else type_number(fault.type)
        self.seen = self.struck = 0

    def strikes(self, query: Query, rng: random.Random) -> bool:
        fault = self.fault
        if not self._matches(query):
            return False
        self.seen += 1
        if self.seen <= fault.skip or (fault.times is not None and self.struck >= fault.times):
            return False
        if fault.probability < 1 and rng.random() >= fault.probability:
            return False
        self.struck += 1
        return True

    def _matches(self, query: Query) -> bool:
        if self.rrtype is not None and self.rrtype != query.rrtype:
            return False
        if self.fault.transport is not None and self.fault.transport != query.transport:
            return False
        if self.key is None:
            return True
        return _is_below(query.key, self.key) if self.below else query.key == self.key


def _is_below(name: bytes, above: bytes) -> bool:
    return above in ancestors(name)


def _cookie_of(query: Query) -> bytes | None:
    """What the query's COOKIE option holds."""
    options = query.wire[12 + len(query.question) + _OPT_SIZE :] if query.payload is not None else b""
    while options:
        code, length = struct.unpack_from("!HH", options)
        if code == _COOKIE:
            return options[4 : 4 + length]
        options = options[4 + length :]
    return None


def _flags(wire: bytes, *, clear: int) -> bytes:
    flags = int.from_bytes(wire[2:4], "big") & ~clear
    return wire[:2] + flags.to_bytes(2, "big") + wire[4:]


def _other_question(wire: bytes, name_len: int) -> bytes:
    if name_len <= 1:  # the root, or no question at all: the last octet of the type
        at = 12 + name_len + 1
        return wire[:at] + bytes([wire[at] ^ 1]) + wire[at + 1 :] if len(wire) > at else wire
    other = b"y" if wire[13:14] in b"xX" else b"x"
    return wire[:13] + other + wire[14:]
