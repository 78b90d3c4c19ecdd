"""Blocking lookups: `Resolver`, and the module-level calls that use the system's resolv.conf(5).

`res_query` and `res_search` keep the contract that the C library's do not: at most `len(buf)` octets are written, the
result is min(actual, len(buf)), and the actual length is told apart. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, SupportsIndex

from ._cache import Cache, cache_of
from ._conf import Servers, settled
from ._engine import RCODES, Answer, Engine
from ._lib import (
    class_number,
    iterator_of,
    lib,
    name_octets,
    octets_of,
    status_error,
    text_octets,
    type_name,
    type_number,
)
from ._settings import RESOLV_CONF, Limits, Settings, explicit, known, within
from .errors import (
    Cancelled,
    CnameLoop,
    LookupFailure,
    NetworkError,
    NoAnswer,
    NXDomain,
    ResqueryError,
    ServFail,
    Timeout,
    Truncated,
    rcode_failure,
    shown,
)
from .message import Message
from .rdata import CNAME, SOA

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from typing_extensions import Unpack

_SAYS = {1: "did not understand", 4: "does not do this", 5: "refused"}  # by rcode; any other: "failed"
_RECHECK = 1.0  # seconds: how often resolv.conf is looked at, at the most
_IDLE_MAX = 32  # engines kept for the next calls


class Stored(int):
    """Octets stored in the caller's buffer: an int, with `.actual` and `.clipped` beside it.

    >>> n = Stored(1500, 8546)
    >>> n, n.actual, n.clipped
    (1500, 8546, True)
    """

    actual: int
    """Octets of the whole answer."""

    def __new__(cls, stored: SupportsIndex, actual: int) -> Stored:
        self = super().__new__(cls, stored)
        self.__dict__["actual"] = actual
        return self

    @property
    def clipped(self) -> bool:
        """Whether the answer is larger than what was stored."""
        return self.actual > self

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name} cannot be set: a Stored is a value")

    def __reduce__(self) -> tuple[type[Stored], tuple[int, int]]:
        return Stored, (int(self), self.actual)


class Resolver:
    """Looks names up, one at a time for each thread; any number of threads may share it.

    `servers` are texts as "9.9.9.9", "127.0.0.1:5301" or "[::1]:53"; None reads `resolv_conf`, once: its servers,
    search list, ndots, rotate, use-vc, trust-ad, and, where they are set, timeout and attempts. `search` and `ndots`
    are for `res_search`. `help(resquery.Settings)` explains the settings. `resolve` remembers answers in `.cache`, of
    which each Resolver has its own unless it is given one. `.servers`, `.search` and `.ndots` are those in use.

    Raises BadServer for a text that is no address, TypeError or IllegalSetting for a setting that is none.

    >>> from resquery.testing import Server
    >>> with Server(text="example.com. 300 IN MX 10 mx1.example.com.") as server:
    ...     with Resolver([server.address], timeout=2.0) as resolver:
    ...         print(resolver.resolve("example.com", "MX").answer[0].to_text())
    example.com. 300 IN MX 10 mx1.example.com.
    """

    @explicit(Settings, cache=True)
    def __init__(
        self,
        servers: Servers | None = None,
        *,
        search: Iterable[str] | None = None,
        ndots: int | None = None,
        **settings: Unpack[Settings],
    ) -> None:
        self.cache = cache_of(settings.pop("cache", True))
        self.servers, self._limits, conf = settled(servers, known(settings, Settings, "Resolver"))
        self.search = _search_list(search) if search is not None else conf.search if conf else ()
        self.ndots = ndots if ndots is not None else conf.ndots if conf else 1
        within("ndots", self.ndots, 0, 15)
        self._idle: list[_OneEngine] = []
        self._closed = False

    def close(self) -> None:
        """Closes every socket, those of lookups that other threads wait for when these end. May be called twice."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    def __enter__(self) -> Resolver:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Resolver({list(self.servers)!r})"

    def resolve(self, name: str | bytes, rrtype: str | int = "A", *, rrclass: str | int = "IN") -> Message:
        """The answer to a question, as a Message.

        Raises IllegalName and UnknownType for a bad question; NXDomain, NoAnswer (no record in the answer section
        answers, by way of the CNAME chain), ServFail, Refused and the other LookupFailures, each with the `.response`
        if there was one; Timeout, Truncated and NetworkError when no answer came.
        """
        question = _Question(name, rrtype, rrclass)
        answer, wire = self._ask(question, as_received=False)
        if answer.status or answer.rcode or not answer.answered:
            raise self._failure(question, answer, wire, followed=self._limits.hops > 0)
        return Message(wire)

    def res_query(
        self, name: str | bytes, rrtype: str | int, buf: WriteableBuffer, *, rrclass: str | int = "IN"
    ) -> Stored:
        """Stores the answer's first octets in `buf`, as res_query(3) should have: never more than it holds.

        `buf` is any writable, contiguous buffer: bytearray, memoryview, array, mmap, NumPy array. Returns how many
        octets were stored, min(actual, octets of buf), as a `Stored`; octets past it are untouched. The buffer never
        changes what is asked: the answer is received whole, over TCP if need be, and then clipped.

        Raises what `resolve` raises; when a response is a failure (NXDomain, NoAnswer, ServFail...), its octets are in
        the buffer all the same, and `.response` is made of those. Raises TypeError for an unfit buffer.

        >>> from resquery.testing import Server
        >>> with Server(text="example.com. 300 IN A 192.0.2.1") as server:
        ...     n = Resolver(server.address, edns=False).res_query("example.com", "A", bytearray(20))
        >>> n, n.actual, n.clipped
        (20, 45, True)
        """
        with _writable(buf, "res_query") as view:  # released by then: who keeps the exception may resize the buffer
            question = _Question(name, rrtype, rrclass)
            answer = self._query(question, view)
            if answer.status or answer.rcode or not answer.answered:
                raise self._failure(question, answer, bytes(view[: answer.stored]))
            return Stored(answer.stored, answer.actual)

    def res_search(
        self, name: str | bytes, rrtype: str | int, buf: WriteableBuffer, *, rrclass: str | int = "IN"
    ) -> Stored:
        """As `res_query`, with the search list and ndots of resolv.conf(5), in the order of res_search(3).

        A name with at least `ndots` dots is asked as it stands first, one with fewer dots last; with a trailing dot it
        is asked for alone. NXDomain, NoAnswer and ServFail lead on to the next name, any other failure ends the search.
        In the end the failure of the name as it stands is raised if that was asked first, else a NoAnswer if there was
        one, else a ServFail, else the last; the octets of its response are in the buffer.
        """
        with _writable(buf, "res_search") as view:
            plan, as_is_first = self._plan(name)
            failures: list[LookupFailure] = []
            for candidate in plan:
                question = _Question(candidate, rrtype, rrclass)
                answer, wire = self._ask(question, as_received=True)
                if not (answer.status or answer.rcode or not answer.answered):
                    return _store(view, wire)
                failures.append(self._failure(question, answer, wire))
                if not isinstance(failures[-1], (NXDomain, NoAnswer, ServFail)):
                    break
            failure = _most_telling(failures, as_is_first)
            _store(view, failure.response.wire if failure.response else b"")
            raise failure

    def _plan(self, name: str | bytes) -> tuple[list[bytes], bool]:
        """The names to ask for in turn, and whether the name as it stands is the first."""
        octets = name_octets(name)
        if _absolute(octets):
            return [octets], True
        searched = [candidate for domain in self.search if _legal(candidate := _under(octets, domain))]
        if octets.count(b".") >= self.ndots:
            return [octets, *searched], True
        return searched if octets in searched else [*searched, octets], False

    def _ask(self, question: _Question, *, as_received: bool) -> tuple[Answer, bytes]:
        """One lookup, and the whole response."""
        engine = self._take()
        answer = self._lookup(engine, question, engine.scratch, as_received=as_received)
        wire = bytes(engine.scratch[: answer.stored])
        self._give(engine)
        return answer, wire

    def _query(self, question: _Question, view: memoryview) -> Answer:
        """One lookup straight into the caller's buffer: the core clips."""
        engine = self._take()
        answer = self._lookup(engine, question, view, as_received=True)
        self._give(engine)
        return answer

    def _lookup(self, engine: _OneEngine, question: _Question, view: memoryview, *, as_received: bool) -> Answer:
        try:
            return engine.query(question.octets, question.rrtype, question.rrclass, view, as_received=as_received)
        except BaseException:  # a signal's, most likely: the lookup is still under way in there
            engine.close()
            raise

    def _take(self) -> _OneEngine:
        """An engine for this thread alone: an idle one, or a new one."""
        while True:
            if self._closed:
                raise ResqueryError("the resolver is closed")
            try:
                engine = self._idle.pop()
            except IndexError:
                return _OneEngine(self.servers, self._limits, self.cache)
            if engine.usable:
                return engine
            engine.close()  # it came through a fork

    def _give(self, engine: _OneEngine) -> None:
        if len(self._idle) < _IDLE_MAX:
            self._idle.append(engine)
        else:
            engine.close()
        if self._closed:
            self.close()

    def _failure(self, question: _Question, answer: Answer, wire: bytes, *, followed: bool = False) -> LookupFailure:
        """The exception for a lookup without a usable answer; misuse and lack of memory are raised at once."""
        about: dict[str, Any] = {
            "name": question.name,
            "type": type_name(question.rrtype),
            "server": answer.server,
            "tries": answer.tries,
            "response": _message(wire),
        }
        asked = f"'{shown(question.name)}' {about['type']}"
        queries = "query" if answer.tries == 1 else "queries"
        told = f"{answer.server} after {answer.tries} {queries}" if answer.server else "the cache"
        if answer.status == lib.RQ_OK:
            return _rcode_failure(asked, answer.rcode, about, followed)
        if answer.status == lib.RQ_TIMEOUT:
            return Timeout(f"{asked}: no answer within {self._limits.timeout:g} s, last asked {told}", **about)
        if answer.status == lib.RQ_TRUNCATED:
            return Truncated(f"{asked}: the answer was cut short over TCP, from {told}", **about)
        if answer.status == lib.RQ_NETWORK:
            text = os.strerror(answer.error)
            return NetworkError(f"{asked}: {text}, asking {told}", errno=answer.error, strerror=text, **about)
        if answer.status == lib.RQ_CNAME_LOOP:
            return CnameLoop(f"{asked}: its chain of CNAMEs loops or is too long, last asked {told}", **about)
        if answer.status == lib.RQ_CANCELLED:
            return Cancelled(f"{asked}: the lookup was given up", **about)
        raise status_error(answer.status, question.given)


class _Question:
    """A checked question, as the core takes it."""

    __slots__ = ("given", "name", "octets", "rrclass", "rrtype")

    def __init__(self, name: str | bytes, rrtype: str | int, rrclass: str | int) -> None:
        self.given = name
        self.octets = text_octets(name)
        self.name = name if isinstance(name, str) else shown(name)
        self.rrtype = type_number(rrtype)
        self.rrclass = class_number(rrclass)


class _OneEngine(Engine):
    """An engine for one lookup at a time, with room for any answer."""

    __slots__ = ("scratch",)

    def __init__(self, servers: Iterable[str], limits: Limits, cache: Cache | None) -> None:
        super().__init__(servers, limits, cache)
        self.scratch = memoryview(bytearray(lib.RQ_MESSAGE_MAX))


# -- the system's resolver


class _System:
    """A Resolver made of resolv.conf(5), made anew when the file has changed.

    There is no lock that a signal handler or a forked child could find taken: threads that come at once each look.
    """

    def __init__(self, path: str = RESOLV_CONF) -> None:
        self._path = path
        self._last: tuple[Resolver, tuple[int, ...], float] | None = None  # with its file's stamp, and when we looked

    def resolver(self, now: float) -> Resolver:
        """The resolver as of `now`, in monotonic seconds; looks at the file at most once a second."""
        last = self._last
        if last is not None and now - last[2] < _RECHECK:
            return last[0]
        stamp = _file_stamp(self._path)
        resolver = last[0] if last is not None and last[1] == stamp else Resolver(resolv_conf=self._path)
        self._last = resolver, stamp, now
        return resolver


_system = _System()


def resolve(name: str | bytes, rrtype: str | int = "A", *, rrclass: str | int = "IN") -> Message:
    """`Resolver.resolve` with the servers of /etc/resolv.conf, which is read again when it has changed."""
    return _system.resolver(time.monotonic()).resolve(name, rrtype, rrclass=rrclass)


def res_query(name: str | bytes, rrtype: str | int, buf: WriteableBuffer, *, rrclass: str | int = "IN") -> Stored:
    """`Resolver.res_query` with the servers of /etc/resolv.conf, which is read again when it has changed."""
    return _system.resolver(time.monotonic()).res_query(name, rrtype, buf, rrclass=rrclass)


def res_search(name: str | bytes, rrtype: str | int, buf: WriteableBuffer, *, rrclass: str | int = "IN") -> Stored:
    """`Resolver.res_search` with the servers and search list of /etc/resolv.conf, read again when it has changed."""
    return _system.resolver(time.monotonic()).res_search(name, rrtype, buf, rrclass=rrclass)


def reverse_name(address: str) -> str:
    """The name whose PTR record names an address (RFC 1035, 3.5; RFC 3596, 2.5). Raises ValueError for another text.

    >>> reverse_name("192.0.2.1")
    '1.2.0.192.in-addr.arpa.'
    """
    import ipaddress

    if not isinstance(address, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"an address is a str, not {type(address).__name__}: {shown(repr(address))}")
    try:
        if "%" in address:  # a zone is this machine's, not the address's
            raise ValueError
        return ipaddress.ip_address(address).reverse_pointer + "."
    except ValueError:
        raise ValueError(f"'{shown(str(address))}' is no address such as 192.0.2.1 or 2001:db8::1") from None


# -- steps


def _file_stamp(path: str) -> tuple[int, ...]:
    try:
        info = os.stat(path)
    except OSError:
        return ()
    return info.st_mtime_ns, info.st_ino, info.st_size


def _writable(buf: WriteableBuffer, call: str) -> memoryview:
    """The buffer as octets; raises TypeError that says what is wrong with it."""
    kind = type(buf).__name__
    try:
        view = memoryview(buf)
    except TypeError:
        raise TypeError(f"{call} stores the answer in a writable buffer, such as a bytearray, not in {kind}") from None
    if view.readonly:
        raise TypeError(f"{call} stores the answer in a writable buffer, and this {kind} is read-only")
    if not view.c_contiguous:
        raise TypeError(f"{call} stores the answer in a contiguous buffer, and this {kind} is not")
    return view.cast("B")


def _store(view: memoryview, wire: bytes) -> Stored:
    stored = min(len(wire), len(view))
    view[:stored] = wire[:stored]
    return Stored(stored, len(wire))


def _search_list(search: Iterable[str]) -> tuple[str, ...]:
    """The domains of a search list, each a legal name. Raises IllegalName, and TypeError for what is no list."""
    domains = (search,) if isinstance(search, str) else tuple(iterator_of(search, "search is a list of domain names"))
    for domain in domains:
        name_octets(domain)
    return domains


def _absolute(octets: bytes) -> bool:
    r"""Whether a name ends in a dot of its own: not in "\.", which is part of a label."""
    bare = octets[:-1].rstrip(b"\\")
    return octets.endswith(b".") and (len(octets) - 1 - len(bare)) % 2 == 0


def _under(octets: bytes, domain: str) -> bytes:
    return octets if domain == "." else octets + b"." + octets_of(domain)


def _legal(octets: bytes) -> bool:
    return lib.rq_name_flaw(octets, len(octets)) == lib.RQ_FLAW_NONE


def _most_telling(failures: list[LookupFailure], as_is_first: bool) -> LookupFailure:
    """Which failure of a search is raised, in the order of res_search(3)."""
    last = failures[-1]
    if not isinstance(last, (NXDomain, NoAnswer, ServFail)):
        return last
    if as_is_first:
        return failures[0]
    for kind in (NoAnswer, ServFail):
        for failure in failures:
            if isinstance(failure, kind):
                return failure
    return last


def _rcode_failure(asked: str, rcode: int, about: dict[str, Any], followed: bool) -> LookupFailure:
    server = about["server"] or "the cache"
    if rcode == 0:
        alias = _alias(about["response"])
        asked_for = followed or not alias or _denied(about["response"])
        says = "has no such record" if asked_for else "was not asked for"
        which = f"is an alias of '{shown(alias)}', which {says}" if alias else says
        return NoAnswer(f"{asked}: the name {which} (NOERROR from {server})", **about)
    if rcode == 3:
        return NXDomain(f"{asked}: the name does not exist (NXDOMAIN from {server})", **about)
    said = f"{_SAYS.get(rcode, 'failed')} ({RCODES.get(rcode, f'RCODE {rcode}')} from {server})"
    return rcode_failure(rcode)(f"{asked}: the server {said}", rcode=rcode, **about)


def _denied(response: Message | None) -> bool:
    """Whether the answer says that there is no more: an SOA does (RFC 2308, 2.2)."""
    return response is not None and any(isinstance(record.rdata, SOA) for record in response.authority)


def _alias(response: Message | None) -> str:
    """Where the chain of CNAMEs in an answer leads; "" when there is none."""
    if response is None or not response.question:
        return ""
    aliases = {
        record.name.lower(): record.rdata.target for record in response.answer if isinstance(record.rdata, CNAME)
    }
    at, end = response.question[0].name.lower(), ""
    while at in aliases:
        end = aliases.pop(at)
        at = end.lower()
    return end


def _message(wire: bytes) -> Message | None:
    return Message(wire) if len(wire) >= 12 else None
