"""The only module that imports the C extension: calls with output buffers, statuses as exceptions, names and types.

Everything here is thin: convert, call, raise. Scratch buffers come from a pool (a list's pop and append are atomic,
with and without the GIL), so no two calls ever share one, also when a signal handler looks something up in between.
SPDX-License-Identifier: MIT
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn, TypeVar

from ._rq import ffi as ffi
from ._rq import lib as lib
from .errors import BatchTooLarge, IllegalName, MessageError, ResqueryError, UnknownType, shown

T = TypeVar("T")

FLAWS = {
    lib.RQ_FLAW_EMPTY: "it is empty",
    lib.RQ_FLAW_EMPTY_LABEL: "it has an empty label",
    lib.RQ_FLAW_LONG_LABEL: "a label is longer than 63 octets",
    lib.RQ_FLAW_LONG_NAME: "it is longer than 255 octets",
    lib.RQ_FLAW_ESCAPE: "it has a bad escape (\\X or \\DDD up to 255)",
    lib.RQ_FLAW_OCTET: "it has a space, a control character or an octet outside ASCII; IDNA-encode it or use \\DDD",
}
_CLASSES = {"IN": 1, "CH": 3, "HS": 4, "NONE": 254, "ANY": 255}
SCRATCH = 4096  # octets to begin with: nearly every answer fits, as MessagePack and as text


class Scratch:
    """A buffer that C writes and Python reads, without a copy or an allocation in between."""

    __slots__ = ("actual", "cap", "octets", "out", "view")

    def __init__(self, cap: int = SCRATCH) -> None:
        self.octets = bytearray(cap)
        self.cap = cap
        self.view = memoryview(self.octets)
        self.out = ffi.from_buffer("uint8_t[]", self.octets)
        self.actual = ffi.new("uint32_t *")


pool: list[Scratch] = []


def call_with(use: Callable[[memoryview], T], fn: Any, *args: Any) -> T:
    """`use(octets)` of what `fn(*args, out, cap, actual)` writes; the view is only good during `use`.

    Raises what the status stands for, see `raise_status`.
    """
    try:
        scratch = pool.pop()
    except IndexError:
        scratch = Scratch()
    stored = fn(*args, scratch.out, scratch.cap, scratch.actual)
    if stored < 0:
        pool.append(scratch)
        raise_status(stored, args[0])
    if stored == scratch.cap and scratch.actual[0] > stored:  # a one-off buffer: a large one is not kept
        large = Scratch(scratch.actual[0])
        pool.append(scratch)
        return use(large.view[: fn(*args, large.out, large.cap, large.actual)])
    try:
        return use(scratch.view[:stored])
    finally:
        pool.append(scratch)


def owned(free: Any, new: Any, *args: Any) -> Any:
    """What `new(*args)` makes, to be freed by `free`; or what stands for NULL.

    It is one step to Python, which looks for signals between steps: an interrupt cannot come between the two calls.
    """
    made: Iterator[Any] = map(new, *([arg] for arg in args))
    kept: Iterator[Any] = map(ffi.gc, made, (free,))
    return next(kept)


def whole_entries(wire: bytes) -> tuple[list[int], int, int]:
    """How many entries of each section are whole, how many octets they and the header take, and the status."""
    summary = ffi.new("rq_summary *")
    lib.rq_msg_open(wire, len(wire), summary)
    return list(summary.counts), summary.length, summary.status


def call_bytes(fn: Any, *args: Any) -> bytes:
    """What `fn(*args, out, cap, actual)` writes, as bytes."""
    return call_with(bytes, fn, *args)


def call_text(fn: Any, *args: Any) -> str:
    """What `fn(*args, out, cap, actual)` writes, as text; C writes only valid UTF-8."""
    return call_with(_decode, fn, *args)


def write_value(fn: Any, *args: Any) -> bytes | int:
    """What `fn(*args, out, cap, actual)` writes for a value, or the place of the field that it cannot write."""
    try:
        scratch = pool.pop()
    except IndexError:
        scratch = Scratch()
    stored = fn(*args, scratch.out, scratch.cap, scratch.actual)
    actual = scratch.actual[0]
    octets = bytes(scratch.view[: max(stored, 0)])
    pool.append(scratch)
    if stored < 0:
        return int(actual)
    return octets if stored == actual else call_bytes(fn, *args)


def _decode(octets: memoryview) -> str:
    return str(octets, "utf-8")


def status_error(status: int, value: Any = b"") -> Exception:
    """The exception that a negative rq_status stands for; `value` is the name or message that was refused."""
    if status == lib.RQ_ILLEGAL_INPUT:
        return illegal_name(value)
    if status in (lib.RQ_MALFORMED, lib.RQ_TRUNCATED):
        return MessageError("octets without a header of 12 octets are no DNS message", value)
    if status == lib.RQ_NO_MEMORY:
        return MemoryError("no memory")
    if status == lib.RQ_TOO_LARGE:
        return BatchTooLarge("a column would exceed 2^31-1 octets or records: give fewer messages at once")
    if status == lib.RQ_BAD_ARGUMENT:
        return ValueError("an argument is out of range")
    return ResqueryError(f"the C core failed with status {status}")


def raise_status(status: int, value: Any = b"") -> NoReturn:
    """Raises `status_error(status, value)`."""
    raise status_error(status, value)


def octets_of(text: str | bytes) -> bytes:
    """A name's octets as the C core takes them. Never fails: what is no ASCII is refused there, as an illegal name."""
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


def illegal_name(value: str | bytes) -> IllegalName:
    """The exception for a text that is no domain name, with the rule it breaks."""
    octets = octets_of(value)
    return IllegalName(value, FLAWS.get(lib.rq_name_flaw(octets, len(octets)), "it breaks RFC 1035, 2.3.4"))


def name_octets(name: str | bytes) -> bytes:
    r"""The octets of a legal domain name. Raises IllegalName for another text, TypeError for what is no text.

    >>> name_octets("example.com")
    b'example.com'
    >>> name_octets("a..b")
    Traceback (most recent call last):
    resquery.errors.IllegalName: 'a..b' is no domain name: it has an empty label
    """
    octets = text_octets(name)
    if lib.rq_name_flaw(octets, len(octets)):
        raise illegal_name(name)
    return octets


def iterator_of(values: Iterable[T], what: str) -> Iterator[T]:
    """An iterator over the values. Raises TypeError, with what they are, for what is no iterable."""
    try:
        return iter(values)
    except TypeError:
        raise TypeError(f"{what}, not {type(values).__name__}: {shown(repr(values))}") from None


def message_octets(wire: Any) -> bytes:
    """The octets of any buffer. Raises TypeError for what is none."""
    try:
        return bytes(memoryview(wire))
    except TypeError:
        kind = type(wire).__name__
        raise TypeError(f"a message is a bytes-like object, not {kind}: {shown(repr(wire))}") from None


def text_octets(name: str | bytes) -> bytes:
    """The octets of a name that is yet to be checked. Raises TypeError for what is no text."""
    if isinstance(name, str):
        return name.encode("utf-8", "surrogatepass")
    if isinstance(name, bytes):  # pyright: ignore[reportUnnecessaryIsInstance]
        return name
    raise TypeError(f"a domain name is a str, not {type(name).__name__}: {shown(repr(name))}")


def type_number(rrtype: str | int) -> int:
    """The number of a record type: "MX", "mx", "TYPE15", "15" and 15 are all 15. Raises UnknownType.

    >>> type_number("MX"), type_number("type65280"), type_number("28"), type_number(28)
    (15, 65280, 28, 28)
    """
    if isinstance(rrtype, int) and not isinstance(rrtype, bool):
        number = rrtype
    else:
        text = _text(rrtype, "a record type")
        octets = octets_of(text)
        number = lib.rq_type_number(octets, len(octets))
        number = _from_digits(text) if number < 0 else number
    if not 0 <= number <= 65535:
        raise UnknownType(f"'{shown(str(rrtype))}' is no record type: give a mnemonic, TYPEn, or 0 to 65535", rrtype)
    return int(number)


def type_name(number: int) -> str:
    """The mnemonic of a record type, or TYPEn (RFC 3597, 5).

    >>> type_name(15), type_name(65280)
    ('MX', 'TYPE65280')
    """
    return call_text(lib.rq_type_name, number)


def class_number(rrclass: str | int) -> int:
    """The number of a class: "IN", "CLASS1", "1" and 1 are all 1. Raises UnknownType.

    >>> class_number("in"), class_number("CLASS42"), class_number("42"), class_number(3)
    (1, 42, 42, 3)
    """
    if isinstance(rrclass, int) and not isinstance(rrclass, bool):
        number = rrclass
    else:
        number = _class_from_text(_text(rrclass, "a class").upper())
    if not 0 <= number <= 65535:
        expected = "give IN, CH, HS, NONE, ANY, CLASSn, or 0 to 65535"
        raise UnknownType(f"'{shown(str(rrclass))}' is no class: {expected}", rrclass)
    return number


def _class_from_text(text: str) -> int:
    number = _CLASSES.get(text, -1)
    return _from_digits(text.removeprefix("CLASS")) if number < 0 else number


def _from_digits(text: str) -> int:
    """The number, or -1 for what is none, or too long for one of 16 bits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{what} is a str or an int, not {type(value).__name__}: {shown(repr(value))}")
    return value
