"""Settings: limits, server addresses, resolv.conf(5). Checked here, once: an engine is made of good values only.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from errno import EACCES, EISDIR, ELOOP, ENOENT, ENOTDIR, EPERM
from typing import Any, Literal

from msgspec import Struct

from ._lib import call_text, ffi, lib, octets_of
from .errors import BadServer, shown

Transport = Literal["udp", "tcp"]

SLOTS_MAX = 65536
RESOLV_CONF = "/etc/resolv.conf"
_LIBC_PATIENCE = (5.0, 2)  # timeout and attempts of resolv.conf(5) when it says nothing of them
_SWITCHES = ("edns", "dnssec_ok", "recurse", "rotate")
TRANSPORTS: tuple[Transport, Transport] = ("udp", "tcp")


class Limits(Struct, frozen=True, kw_only=True):
    """How an engine behaves; seconds are floats. The same words as in `Resolver` and `bulk`."""

    timeout: float = 5.0
    tries: int = 3
    try_timeout: float | None = None
    transport: Transport = "udp"
    edns: bool = True
    dnssec_ok: bool = False
    recurse: bool = True
    authentic: bool = False
    rotate: bool = False
    max_in_flight: int = 1
    slots: int = 1
    sockets: int = 4


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
    servers: str | Iterable[str] | None, conf: SystemConf | None, **given: Any
) -> tuple[tuple[str, ...], Limits]:
    """The servers and the limits of an engine, `None` left open for resolv.conf(5) or the defaults; see `Resolver`.

    Raises BadServer, and TypeError or ValueError that names the limit out of range, and the rule.
    """
    limits = Limits(**_system_limits(conf) | {name: value for name, value in given.items() if value is not None})
    return server_list(conf.servers if servers is None and conf else servers or ()), _checked(limits)


def _system_limits(conf: SystemConf | None) -> dict[str, Any]:
    """What resolv.conf(5) sets: its timeout and attempts where they differ from what it means by saying nothing."""
    if conf is None:
        return {}
    limits: dict[str, Any] = {"rotate": conf.rotate, "authentic": conf.trust_ad}
    if conf.use_vc:
        limits["transport"] = "tcp"
    if (conf.timeout, conf.attempts) != _LIBC_PATIENCE:
        each, tries = max(conf.timeout, 1.0), min(max(conf.attempts, 1) * len(conf.servers), 100)
        limits |= {"try_timeout": each, "tries": tries, "timeout": min(each * tries, 3600.0)}
    return limits


def _checked(limits: Limits) -> Limits:
    """The same limits; raises TypeError or ValueError that names the one out of range, and the rule."""
    within("timeout", limits.timeout, 0.001, 3600)
    within("tries", limits.tries, 1, 100)
    within("max_in_flight", limits.max_in_flight, 1, SLOTS_MAX)
    if limits.try_timeout is not None:
        within("try_timeout", limits.try_timeout, 0.001, 3600)
    if limits.transport not in TRANSPORTS:
        raise ValueError(f"transport is 'udp' or 'tcp', not {shown(repr(limits.transport))}")
    for name in _SWITCHES:
        value = getattr(limits, name)
        if not isinstance(value, bool):
            raise TypeError(f"{name} is True or False, not {shown(repr(value))}")
    if limits.dnssec_ok and not limits.edns:
        raise ValueError("dnssec_ok needs edns: the DO bit stands in the OPT record")
    return limits


def within(name: str, value: Any, low: float, high: float) -> None:
    """Raises TypeError or ValueError that names the setting and its range; it is an int where `low` is one."""
    whole = isinstance(low, int)
    kind = "an int" if whole else "a number of seconds"
    if not isinstance(value, int if whole else (int, float)) or isinstance(value, bool):
        raise TypeError(f"{name} is {kind}, not {type(value).__name__}")
    if not low <= value <= high:
        raise ValueError(f"{name} is {kind} from {low} to {high}, not {value}")


def engine_conf(limits: Limits) -> Any:
    """The C struct of checked limits."""
    timeout_ms = max(1, round(limits.timeout * 1000))
    each = limits.timeout / limits.tries if limits.try_timeout is None else limits.try_timeout
    return ffi.new(
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
        },
    )


def server_list(servers: str | Iterable[str]) -> tuple[str, ...]:
    """The addresses in one form, "127.0.0.1:53", "[::1]:53". Raises BadServer for a text that is none, or for none.

    >>> server_list(["9.9.9.9", "[::1]:5301"])
    ('9.9.9.9:53', '[::1]:5301')
    >>> server_list("localhost")
    Traceback (most recent call last):
    resquery.errors.BadServer: 'localhost' is no server address: give an IP address, '9.9.9.9:53' or '[::1]:53'
    """
    if isinstance(servers, bytes) or not isinstance(servers, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"servers are a str or a list of them, not {type(servers).__name__}: {shown(repr(servers))}")
    listed = addresses((servers,) if isinstance(servers, str) else tuple(servers))
    return tuple(_address_text(listed[i]) for i in range(len(listed)))


def addresses(servers: tuple[str, ...]) -> Any:
    """The C array of these servers. Raises BadServer."""
    if not servers:
        raise BadServer("no servers are given: name at least one, or leave them out to use /etc/resolv.conf")
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
