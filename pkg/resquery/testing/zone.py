"""Zones: read from files with dnspython, answered as RFC 1034, 4.3.2 says, from octets that are ready to send.

Knows delegations, wildcards (RFC 4592), CNAME chains, DNAME (RFC 6672) and negative answers (RFC 2308); no DNSSEC, no
transfers. dnspython (extra `testing`) is imported when the first record has to be read. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import importlib
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from os import PathLike, fspath
from typing import Any

from ._lib import ASK_BELOW, ASK_HERE, NODE, Loop
from .query import AA, Query, Sections, ancestors

CNAME, NS, SOA, DNAME, DS, ANY = 5, 2, 6, 39, 43, 255
NXDOMAIN, REFUSED, SERVFAIL, YXDOMAIN = 3, 5, 2, 6
_TO_QUESTION = b"\xc0\x0c"
_FIXED = struct.Struct("!HHIH")
_CHAIN_MAX = 16
_SOA_TEXT = ". 300 IN SOA ns.invalid. root.invalid. 1 3600 600 86400 300"


class ZoneError(ValueError):
    """A text that is no zone; the message says where it fails."""


@dataclass(frozen=True, slots=True)
class _Set:
    """The records of one name and type: what follows the owner in each."""

    tails: tuple[bytes, ...]
    targets: tuple[bytes, ...] = ()  # names in the RDATA that a server would look up

    def under(self, owner: bytes) -> tuple[bytes, ...]:
        return tuple(owner + tail for tail in self.tails)


_NOTHING = _Set(())
_Node = dict[int, _Set]
_Record = tuple[bytes, int, bytes, bytes]  # owner, type, what follows the owner, RDATA of it


@dataclass(slots=True)
class Zones:
    """All records of a server, by name in lower-case wire format; names between them exist too, without records."""

    nodes: dict[bytes, _Node] = field(default_factory=dict[bytes, _Node])
    apexes: set[bytes] = field(default_factory=set[bytes])

    def answer(self, name: bytes, rrtype: int) -> Sections:
        """What the zones say to a question; the name may have any case."""
        found = _Answer()
        owner, at = _TO_QUESTION, name.lower()
        for _ in range(_CHAIN_MAX):
            apex = self._apex(at)
            if apex is None:
                return found.sections(0 if found.answer else REFUSED)
            target = self._step(found, owner, at, rrtype, apex)
            if target is None:
                return found.sections(found.rcode)
            owner, at = target, target.lower()
        return found.sections(SERVFAIL)

    def fill(self, loop: Loop) -> None:
        """Puts everything that is plain into the C table, and says there what is not."""
        types = {rrtype for node in self.nodes.values() for rrtype in node} - {CNAME, DNAME}
        for name, node in self.nodes.items():
            apex = self._apex(name)
            if apex is None or self._cut(name, apex) not in (None, name):
                continue  # hidden below a delegation or DNAME: the loop asks us for that name's ancestor
            loop.add(name, NODE, AA, (0, 1, 0), self._negative(apex)[0], self._asks(name, node, apex))
            if self._cut(name, apex) is None:
                for rrtype in types if CNAME in node else node:
                    one = self.answer(name, rrtype)
                    loop.add(name, rrtype, one.flags, one.counts, one.body, 0)

    def _asks(self, name: bytes, node: _Node, apex: bytes) -> int:
        if self._cut(name, apex) is not None:
            return ASK_HERE | ASK_BELOW
        below = ASK_BELOW if b"\x01*" + name in self.nodes or DNAME in node else 0
        return below | (ASK_HERE if CNAME in node else 0)

    def _step(self, found: _Answer, owner: bytes, at: bytes, rrtype: int, apex: bytes) -> bytes | None:
        """Adds what one name contributes; returns the name that the answer goes on with."""
        cut = self._cut(at, apex)
        if cut is not None and not (cut == at and rrtype == DS):
            return self._refer(found, cut, at)
        for above in ancestors(at):
            if len(above) >= len(apex) and DNAME in self.nodes.get(above, {}):
                return _rename(found, owner, at, above, self.nodes[above][DNAME])
        node = self.nodes.get(at)
        if node is None:
            node = self._wildcard(at)
        if node is None:
            found.rcode = NXDOMAIN
            found.authority += self._negative(apex)
            return None
        return self._take(found, owner, node, rrtype, apex)

    def _take(self, found: _Answer, owner: bytes, node: _Node, rrtype: int, apex: bytes) -> bytes | None:
        if rrtype == ANY and node:
            for records in node.values():
                found.answer += records.under(owner)
        elif rrtype in node:
            found.answer += node[rrtype].under(owner)
        elif CNAME in node:
            found.answer += node[CNAME].under(owner)
            return node[CNAME].targets[0]
        else:
            found.authority += self._negative(apex)
        return None

    def _refer(self, found: _Answer, cut: bytes, at: bytes) -> None:
        """A delegation: name servers and their addresses, without AA."""
        servers = self.nodes[cut][NS]
        found.authoritative = bool(found.answer)
        found.authority += servers.under(cut)
        for target in servers.targets:
            for rrtype in (1, 28):
                found.additional += self.nodes.get(target.lower(), {}).get(rrtype, _NOTHING).under(target)

    def _apex(self, name: bytes) -> bytes | None:
        return next((above for above in (name, *ancestors(name)) if above in self.apexes), None)

    def _cut(self, name: bytes, apex: bytes) -> bytes | None:
        """The delegation nearest to the apex at or above the name, None without one."""
        cut = None
        for above in (name, *ancestors(name)):
            if above == apex:
                break
            if NS in self.nodes.get(above, {}):
                cut = above
        return cut

    def _wildcard(self, name: bytes) -> _Node | None:
        closest = next((above for above in ancestors(name) if above in self.nodes), None)
        return None if closest is None else self.nodes.get(b"\x01*" + closest)

    def _negative(self, apex: bytes) -> tuple[bytes, ...]:
        """The SOA record with the TTL of a negative answer (RFC 2308, 5)."""
        tail = self.nodes[apex][SOA].tails[0]
        ttl = min(tail[4:8], tail[-4:])
        return (apex + tail[:4] + ttl + tail[8:],)


@dataclass(slots=True)
class _Answer:
    """An answer that grows while its chain is followed."""

    answer: tuple[bytes, ...] = ()
    authority: tuple[bytes, ...] = ()
    additional: tuple[bytes, ...] = ()
    rcode: int = 0
    authoritative: bool = True

    def sections(self, rcode: int) -> Sections:
        aa = AA if self.authoritative and rcode not in (REFUSED, SERVFAIL) else 0
        return Sections(aa | rcode, self.answer, self.authority, self.additional)


def _rename(found: _Answer, owner: bytes, at: bytes, above: bytes, records: _Set) -> bytes | None:
    """Adds a DNAME and the CNAME that follows from it (RFC 6672, 3.1)."""
    target = at[: len(at) - len(above)] + records.targets[0]
    found.answer += records.under(above)
    if len(target) > 255:
        found.rcode = YXDOMAIN
        return None
    ttl = int.from_bytes(records.tails[0][4:8], "big")
    found.answer += (owner + _FIXED.pack(CNAME, 1, ttl, len(target)) + target,)
    return target


def read_zones(files: Iterable[str | PathLike[str]], text: str | None, origin: str) -> Zones:
    """Reads master files and text. Raises ZoneError for a bad one, OSError, and ImportError without dnspython."""
    zones = Zones()
    for path in files:
        with open(path, encoding="utf-8") as file:
            _add(zones, _parse(file.read(), fspath(path), origin))
    if text is not None:
        _add(zones, _parse(text, "<text>", origin))
    if not zones.apexes:
        _add(zones, _parse(_SOA_TEXT, "<default>", "."))
    return zones


def read_records(lines: Iterable[str], query: Query) -> tuple[bytes, ...]:
    """Lines of a zone file as records, their owners pointing at the question where they are its name."""
    return tuple(
        (_TO_QUESTION if name.lower() == query.key else name) + tail
        for name, _, tail, _ in _parse("\n".join(lines), "<record>", ".")
    )


class _Collector:
    """Stands where dnspython wants a transaction, and keeps the records: several zones may be in a file."""

    def __init__(self, dns: Any, origin: str) -> None:
        self._origin, self._class = dns.name.from_text(origin), dns.rdataclass.IN
        self.manager = self
        self.records: list[_Record] = []

    def origin_information(self) -> tuple[Any, bool, Any]:
        return self._origin, False, self._origin

    def get_class(self) -> Any:
        return self._class

    def check_put_rdataset(self, check: Any) -> None:
        """Odd zones are welcome in tests: nothing is checked."""

    def _set_origin(self, origin: Any) -> None:
        """$ORIGIN: the reader itself keeps it."""

    def add(self, name: Any, ttl: int, rdata: Any) -> None:
        wire, rrtype = rdata.to_wire(), int(rdata.rdtype)
        tail = _FIXED.pack(rrtype, int(rdata.rdclass), ttl, len(wire)) + wire
        self.records.append((name.to_wire(), rrtype, tail, wire))


def _parse(text: str, source: str, origin: str) -> list[_Record]:
    """The records of a master file. A missing TTL is 300."""
    dns = _dnspython()
    collector = _Collector(dns, origin)
    tokenizer = dns.tokenizer.Tokenizer(text, filename=source)
    try:
        dns.zonefile.Reader(tokenizer, dns.rdataclass.IN, collector, default_ttl=300).read()
    except dns.exception.DNSException as error:
        interrupt = _interrupt(error)
        if interrupt is not None:
            raise interrupt from None
        raise ZoneError(f"no zone: {error}") from error
    return collector.records


def _interrupt(error: BaseException) -> BaseException | None:
    """What the handler of a signal raised while dnspython read RDATA: dnspython makes a syntax error of that, too."""
    while error.__cause__ is None and error.__context__ is not None:
        error = error.__context__
    return None if isinstance(error.__cause__, Exception) else error.__cause__


def _add(zones: Zones, records: Iterable[_Record]) -> None:
    for name, rrtype, tail, wire in records:
        key = name.lower()
        node = zones.nodes.setdefault(key, {})
        old = node.get(rrtype, _NOTHING)
        if tail in old.tails:
            continue
        targets = (*old.targets, wire) if rrtype in (CNAME, DNAME, NS) else ()
        node[rrtype] = _Set((*old.tails, tail), targets)
        if rrtype == SOA:
            zones.apexes.add(key)
    for key in list(zones.nodes):
        above = ancestors(key)
        for i, name in enumerate(above):
            if name not in zones.nodes and not zones.apexes.isdisjoint(above[i:]):
                zones.nodes[name] = {}


def _dnspython() -> Any:
    try:
        for module in ("exception", "name", "rdataclass", "tokenizer", "zonefile"):
            importlib.import_module(f"dns.{module}")
        return importlib.import_module("dns")
    except ImportError as error:
        raise ImportError("zones are read with dnspython: pip install 'resquery[testing]'") from error
