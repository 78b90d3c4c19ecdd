"""Every exception that resquery raises for a reason of its own.

Misuse is told by `IllegalName`, `IllegalValue`, `IllegalSetting`, `UnknownType`, `BadServer`, `BeyondLimits` and
`MessageError`, all of them `ValueError`s. A lookup without a usable answer is a `LookupFailure`, with its response.
Text that came from outside is shown escaped (RFC 4343, 2.1), so a hostile name cannot paint on a terminal.
SPDX-License-Identifier: MIT
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .message import Message

_SHOWN_MAX = 100


class ResqueryError(Exception):
    """The base of all of resquery's own exceptions."""

    def __str__(self) -> str:
        """The one sentence, whatever a built-in base class would print."""
        return str(self.args[0]) if self.args else ""


class _Misuse(ResqueryError, ValueError):
    """A value that breaks a rule; `.value` is the value as given."""

    def __init__(self, message: str, value: str | bytes | float = "") -> None:
        super().__init__(message)
        self.value = value


class IllegalName(_Misuse):
    """A text that is no domain name; `.value` is the text, `.rule` the rule it breaks.

    >>> str(IllegalName("a..b", "it has an empty label"))
    "'a..b' is no domain name: it has an empty label"
    """

    def __init__(self, value: str | bytes, rule: str) -> None:
        super().__init__(f"'{shown(value)}' is no domain name: {rule}", value)
        self.rule = rule

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.value, self.rule)


class IllegalValue(ResqueryError, ValueError):
    """A value that cannot be written to a message; `.value` is it, `.field` the name of the field that is wrong.

    `.rule` says what that field may be, or what is wrong with it. `.field` is "" when no single one is, as with too
    many octets in all; `.rule` is "" when it depends on more than the field.
    """

    def __init__(self, value: Any, field: str, rule: str = "") -> None:
        what = f"{type(value).__name__}.{field} = {shown(repr(getattr(value, field)))}" if field else shown(repr(value))
        super().__init__(f"{what} cannot stand in a message" + (f": {rule}" if rule else ""))
        self.value = value
        self.field = field
        self.rule = rule

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.value, self.field, self.rule)


class IllegalSetting(_Misuse):
    """A setting out of its range, or beside one that it cannot stand with; `.setting` names it, `.rule` says why.

    >>> str(IllegalSetting("tries", "is an int from 1 to 100, not 0", 0))
    'tries is an int from 1 to 100, not 0'
    """

    def __init__(self, setting: str, rule: str, value: str | float = "") -> None:
        super().__init__(f"{setting} {rule}", value)
        self.setting = setting
        self.rule = rule

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.setting, self.rule, self.value)


class UnknownType(_Misuse):
    """A text or number that is no record type or class; `.value` is what was given."""


class BadServer(_Misuse):
    """A text that is no server address, or a list without servers; `.value` is the text."""


class BeyondLimits(_Misuse):
    """More lookups at once than this process may open sockets for; `.value` is how many."""


class MessageError(_Misuse):
    """Octets that are no DNS message (RFC 1035, 4.1)."""


class BatchTooLarge(ResqueryError, OverflowError):
    """Rows that one Arrow record batch cannot hold: a column would exceed 2^31-1 octets or records."""


class LookupFailure(ResqueryError):
    """A lookup that ended without a usable answer.

    `.response` is the message that said so (None when no answer came), `.name` and `.type` the question, `.server` the
    server that was asked last ("127.0.0.1:53", None for none), `.tries` how many queries were sent.
    """

    def __init__(
        self,
        message: str,
        *,
        name: str = "",
        type: str = "",
        server: str | None = None,
        tries: int = 0,
        response: Message | None = None,
    ) -> None:
        super().__init__(message)
        self.name = name
        self.type = type
        self.server = server
        self.tries = tries
        self.response = response


class NXDomain(LookupFailure):
    """The name does not exist (RFC 1035, 4.1.1, RCODE 3)."""


class NoAnswer(LookupFailure):
    """The name exists, but has no record of this type (RFC 2308, 2.2)."""


class OtherRcode(LookupFailure):
    """The server answered with an RCODE that is an error; `.rcode` is its number, also in the classes below."""

    def __init__(self, message: str, *, rcode: int = 0, **about: Any) -> None:
        super().__init__(message, **about)
        self.rcode = rcode


class FormErr(OtherRcode):
    """The server did not understand the query (RCODE 1)."""


class ServFail(OtherRcode):
    """The server failed to find the answer (RCODE 2)."""


class NotImp(OtherRcode):
    """The server does not do this kind of query (RCODE 4)."""


class Refused(OtherRcode):
    """The server refuses to answer (RCODE 5)."""


class Timeout(LookupFailure, TimeoutError):
    """No acceptable answer came before the deadline."""


class Truncated(LookupFailure):
    """The answer was cut short even over TCP (RFC 7766, 5)."""


class CnameLoop(LookupFailure):
    """The chain of CNAMEs loops, or leads on for more hops than are followed."""


class Cancelled(LookupFailure):
    """The lookup was given up before it had ended."""


class NetworkError(LookupFailure, OSError):
    """The network refused: a system call failed; `.errno` and `.strerror` say how."""

    def __init__(self, message: str, *, errno: int = 0, strerror: str = "", **about: Any) -> None:
        super().__init__(message, **about)
        self.errno = errno
        self.strerror = strerror

    def __reduce__(self) -> tuple[Any, ...]:
        return _network_error, (self.args[0], self.errno, self.strerror), self.__dict__


def _network_error(message: str, errno: int, strerror: str) -> NetworkError:
    """Rebuilds a pickled NetworkError: `errno` lives in OSError's own fields."""
    return NetworkError(message, errno=errno, strerror=strerror)


def shown(text: str | bytes) -> str:
    r"""The text with everything but printable ASCII as \\DDD, cut when it is very long.

    >>> shown("a\x1b[2Jb"), shown("b\xfccher"), shown("x" * 500)[-9:]
    ('a\\027[2Jb', 'b\\195\\188cher', 'xxxxxx...')
    """
    octets = _octets(text) if isinstance(text, str) else text
    clear = "".join(chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03d}" for octet in octets[:_SHOWN_MAX])
    return clear if len(octets) <= _SHOWN_MAX else clear + "..."


def _octets(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")  # what came from the system as octets is shown as those
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def rcode_failure(rcode: int) -> type[OtherRcode]:
    """The exception class for an RCODE that is neither NOERROR nor NXDOMAIN.

    >>> rcode_failure(2), rcode_failure(9)
    (<class 'resquery.errors.ServFail'>, <class 'resquery.errors.OtherRcode'>)
    """
    return _BY_RCODE.get(rcode, OtherRcode)


_BY_RCODE: dict[int, type[OtherRcode]] = {1: FormErr, 2: ServFail, 4: NotImp, 5: Refused}
