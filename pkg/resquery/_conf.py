"""Server addresses and resolv.conf(5), and the C struct of an engine's limits.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import math
import os
import resource
from collections.abc import Iterable
from errno import EACCES, EISDIR, ELOOP, EMFILE, ENOENT, ENOTDIR, EPERM
from typing import Any, Union

from msgspec import Struct, structs

from ._lib import call_text, ffi, lib, octets_of
from ._settings import RESOLV_CONF, SOCKETS_LEAST, TRANSPORTS, Limits, limits_of
from .errors import BadServer, BeyondLimits, shown

Servers = Union[str, "os.PathLike[str]", Iterable[str]]

SERVERS_MAX = 65536
_BESIDE = 4  # descriptors of an engine beside its UDP sockets: epoll's, and those of a few TCP connections
_APART = 16  # up to so many servers have sockets of their own; RQ_CONNECTED_SERVERS of the core
_LIBC_PATIENCE = (5.0, 2)  # timeout and attempts of resolv.conf(5) when it says nothing of them
POLITE: dict[str, Any] = {
    "max_in_flight_per_server": 100,
    "rate_per_server": 500.0,
}  # many lookups that a home router survives


class SystemConf(Struct, frozen=True):
    """What resolv.conf(5) says; as libc does, 127.0.0.1 is asked when it names no server."""

    servers: tuple[str, ...]
    search: tuple[str, ...]
    ndots: int
    timeout: float
    attempts: int
    rotate: bool
    use_vc: bool
    edns0: bool
    trust_ad: bool


def settled(
    servers: Servers | None, given: dict[str, Any], **defaults: Any
) -> tuple[tuple[str, ...], Limits, SystemConf | None]:
    """The servers and the limits of an engine, and the resolv.conf(5) that was read in place of servers.

    What was given goes before the defaults, and these before what resolv.conf(5) says. Raises BadServer, and TypeError
    or IllegalSetting that names the one out of range.
    """
    given = dict(given)
    path = given.pop("resolv_conf", RESOLV_CONF)
    if not (isinstance(path, str) or hasattr(path, "__fspath__")):
        raise TypeError(f"resolv_conf is the path of a file, not {type(path).__name__}: {shown(repr(path))}")
    if servers is not None:
        return server_list(servers), limits_of(defaults | given), None
    conf = system_conf(path)
    limits = limits_of(_system_limits(conf) | defaults | given)
    return server_list(conf.servers), limits, conf


def _system_limits(conf: SystemConf) -> dict[str, Any]:
    """What resolv.conf(5) sets: its timeout and attempts where they differ from what it means by saying nothing."""
    limits: dict[str, Any] = {"rotate": conf.rotate, "authentic": conf.trust_ad}
    if conf.use_vc:
        limits["transport"] = "tcp"
    if (conf.timeout, conf.attempts) != _LIBC_PATIENCE:
        each, tries = max(conf.timeout, 1.0), min(max(conf.attempts, 1) * len(conf.servers), 100)
        limits |= {"try_timeout": each, "tries": tries, "timeout": min(each * tries, 3600.0)}
    return limits


def engine_conf(limits: Limits) -> tuple[Any, Any]:
    """The C struct of checked limits, and the octets to which it points, which must live as long."""
    timeout_ms = max(1, round(limits.timeout * 1000))
    each = limits.timeout / limits.tries if limits.try_timeout is None else limits.try_timeout
    options = ffi.from_buffer("uint8_t[]", limits.options)
    conf = ffi.new(
        "rq_engine_conf *",
        {
            "slots": limits.slots,
            "max_in_flight": limits.max_in_flight,
            "timeout_ms": timeout_ms,
            "try_ms": min(max(1, round(each * 1000)), timeout_ms),
            "tries": limits.tries,
            "transport": TRANSPORTS.index(limits.transport),
            "edns": limits.edns,
            "dnssec_ok": limits.dnssec_ok,
            "recurse": limits.recurse,
            "authentic": limits.authentic,
            "rotate": limits.rotate,
            "sockets": limits.sockets,
            "mixed_case": limits.mixed_case,
            "cookies": limits.cookies,
            "share": limits.share,
            "spread": limits.spread,
            "adapt": limits.adapt,
            "hops": limits.hops,
            "server_flight": min(limits.max_in_flight_per_server or 0, limits.slots),
            "rate": _rate(limits.rate),
            "server_rate": _rate(limits.rate_per_server),
            "options": options,
            "options_len": len(limits.options),
        },
    )
    return conf, options


def affordable(limits: list[Limits], servers: tuple[str, ...]) -> list[Limits]:
    """The limits of several engines, with no more sockets than this process may open.

    Raises BeyondLimits when these are too few.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    left = _files_left(soft)
    if left is None:
        return limits
    groups = len(servers) if len(servers) <= _APART else len({server[0] == "[" for server in servers})
    fair = (left // len(limits) - _BESIDE) // groups
    if fair < SOCKETS_LEAST:
        flight = sum(each.max_in_flight for each in limits)
        needed = len(limits) * (SOCKETS_LEAST * groups + _BESIDE)
        raise BeyondLimits(
            f"{needed:,} sockets are needed for {_counted(flight, 'lookup')} at once in "
            f"{_counted(len(limits), 'thread')} at {_counted(len(servers), 'server')}, and this process may open "
            f"{_counted(left, 'more file')}: raise the limit of {soft} (ulimit -n), or ask for less",
            flight,
        )
    return [structs.replace(each, sockets=min(each.sockets, fair)) for each in limits]


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def _files_left(soft: int) -> int | None:
    """How many more files may be opened with that limit; None for any number, or where nothing tells it."""
    if soft == resource.RLIM_INFINITY:
        return None
    try:
        return max(0, soft - len(os.listdir("/dev/fd")))
    except OSError as error:  # no file can be opened to look, or there is no /proc
        return 0 if error.errno == EMFILE else None


def _rate(rate: float | None) -> float:
    """As C takes it: 0 for no limit."""
    return 0.0 if rate is None or rate == math.inf else float(rate)


def server_list(servers: Servers) -> tuple[str, ...]:
    """The addresses in one form, "127.0.0.1:53", "[::1]:53", each once. Raises BadServer for a text that is none, or
    for none at all, and OSError when a file of them cannot be read.

    >>> server_list(["9.9.9.9", "[::1]:5301", "9.9.9.9:53"])
    ('9.9.9.9:53', '[::1]:5301')
    >>> server_list("localhost")
    Traceback (most recent call last):
    resquery.errors.BadServer: 'localhost' is no server address: give an IP address, '9.9.9.9:53' or '[::1]:53'
    """
    if isinstance(servers, os.PathLike):
        return tuple(dict.fromkeys(server_file(servers)))
    if isinstance(servers, bytes) or not isinstance(servers, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"servers are a str or a list of them, not {type(servers).__name__}: {shown(repr(servers))}")
    listed = addresses((servers,) if isinstance(servers, str) else tuple(servers))
    return tuple(dict.fromkeys(_address_text(listed[i]) for i in range(len(listed))))


def server_file(path: str | os.PathLike[str], fd: int | None = None) -> list[str]:
    """The addresses of a file, one on a line, in one form; blank lines and what follows a # are skipped.

    With a descriptor, which stays open, that is read, and `path` is what errors call it. Raises OSError, and BadServer
    that names the line with something else, or a file without servers.
    """
    listed: list[str] = []
    source = path if fd is None else fd
    with open(source, encoding="utf-8-sig", errors="surrogateescape", closefd=fd is None) as file:
        for number, line in enumerate(file, 1):
            address = line.partition("#")[0].strip()
            try:
                listed += server_list(address) if address else ()
            except BadServer as error:
                raise BadServer(f"{os.fspath(path)}:{number}: {error}", address) from None
    if not listed:
        raise BadServer(f"{os.fspath(path)}: there is no server in it")
    return listed


def addresses(servers: tuple[str, ...]) -> Any:
    """The C array of these servers. Raises BadServer."""
    if not servers:
        raise BadServer("no servers are given: name at least one, or leave them out to use /etc/resolv.conf")
    if len(servers) > SERVERS_MAX:
        raise BadServer(f"{len(servers):,} servers are given: {SERVERS_MAX:,} can be asked at once")
    listed = ffi.new("rq_addr[]", len(servers))
    for i, server in enumerate(servers):
        if not isinstance(server, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"a server is a str, not {type(server).__name__}: {shown(repr(server))}")
        octets = octets_of(server)
        if lib.rq_addr_parse(octets, len(octets), listed + i) < 0:
            raise BadServer(
                f"'{shown(server)}' is no server address: give an IP address, '9.9.9.9:53' or '[::1]:53'", server
            )
    return listed


def _address_text(address: Any) -> str:
    return call_text(lib.rq_addr_text, ffi.addressof(address))


def system_conf(path: str | os.PathLike[str] = RESOLV_CONF) -> SystemConf:
    """What the file says; a file that is not there says nothing, as for libc. Raises OSError for other failures."""
    try:
        with open(path, "rb") as file:
            text = file.read(1 << 20)
    except OSError as error:
        if error.errno not in (EACCES, EISDIR, ELOOP, ENOENT, ENOTDIR, EPERM):
            raise
        text = b""
    raw = ffi.new("rq_conf *")
    lib.rq_conf_parse(text, len(text), raw)
    servers = tuple(_address_text(raw.servers[i]) for i in range(raw.server_count))
    return SystemConf(
        servers or ("127.0.0.1:53",),
        tuple(ffi.string(raw.search).decode("utf-8", "surrogateescape").split()),
        raw.ndots,
        float(raw.timeout_s),
        raw.attempts,
        bool(raw.rotate),
        bool(raw.use_vc),
        bool(raw.edns0),
        bool(raw.trust_ad),
    )
