"""How lookups are done, said once: the keyword arguments of `Resolver`, `bulk` and `bulk_columns`, and their rules.

A call takes them as `**settings: Unpack[BulkSettings]`, so that type checkers and editors know each of them; `explicit`
shows them in the signature, so that help() does, too. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar

from msgspec import Struct, structs

from ._lib import lib
from .errors import IllegalSetting, shown
from .message import options_wire
from .options import Cookie, EdnsOption, TcpKeepalive

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._cache import Cache

Transport = Literal["udp", "tcp"]
F = TypeVar("F", bound=Callable[..., Any])

SLOTS_MAX = 65536
RESOLV_CONF = "/etc/resolv.conf"
TRANSPORTS: tuple[Transport, Transport] = ("udp", "tcp")
HOPS_MAX = 16
THREADS_MAX = 64
SOCKETS_LEAST = 4  # for a server, so that its answers are expected at more than one port
_GATHER = 256  # finished lookups that find room beside those on the network
RATE_MAX = 1e9
_SHOWN = {
    "resolv_conf": RESOLV_CONF,
    "adapt": True,
    "edns": True,
    "dnssec_ok": False,
    "recurse": True,
    "options": (),
    "mixed_case": True,
    "hops": 8,
    "cache": False,
    "share": True,
    "threads": 1,
}
_SWITCHES = ("edns", "dnssec_ok", "recurse", "rotate", "mixed_case", "cookies", "share", "spread", "adapt")


class Settings(TypedDict, total=False):
    """Keyword arguments of `Resolver`, `bulk` and `bulk_columns`; each may be left out. None stands for the default.

    When no servers are given, the options timeout, attempts and use-vc of resolv.conf(5) stand before the defaults of
    timeout, tries, try_timeout and transport; its search list and ndots are for `res_search`.

    Patience, in seconds:
      timeout          a lookup ends by then, whatever happens; one not sent yet gets back the time you were busy (5)
      tries            queries sent for it at the most (3), for each name of its chain; up to three more are free: over
                       TCP after a cut answer, without EDNS, and with a new cookie; and one over TCP beside each over
                       UDP whose answer cannot be trusted
      try_timeout      one query is given up (timeout / tries); over UDP it is repeated before, when its answer is late,
                       at half of that at the latest, and up to twice more at a server that answers others, unless
                       adapt is False
    Servers:
      resolv_conf      the file that tells them, and more, when no servers are given ("/etc/resolv.conf")
      rotate           begin each lookup at the next server (bulk: True; Resolver: as resolv.conf(5) says, else False)
      adapt            leave out servers that are silent or refuse all, ask less of those that begin to do so (True)
    Queries:
      transport        "udp": TCP follows a cut answer; "tcp": TCP only ("udp", or as resolv.conf(5) says)
      edns             send an OPT record, which offers to take 1,232 octets over UDP (True)
      dnssec_ok        ask for signatures: set DO (False)
      recurse          ask the server to find the answer: set RD (True)
      options          values of `resquery.options` for the OPT record of each query, such as ClientSubnet or Nsid
    Safety:
      mixed_case       over UDP, ask in random letter case and accept no answer in another one: "0x20" (True)
      cookies          send DNS cookies, RFC 7873, and expect them back from servers that know them (True, with edns)
    Answers:
      hops             CNAMEs that are followed across answers, 0 to 16; 0 takes what one server said (8)
      cache            a `Cache`, which may be shared; True for a new one, False or None for none (Resolver: True;
                       bulk: False)
    """

    timeout: float | None
    tries: int | None
    try_timeout: float | None
    resolv_conf: str | os.PathLike[str]
    rotate: bool | None
    adapt: bool | None
    transport: Transport | None
    edns: bool | None
    dnssec_ok: bool | None
    recurse: bool | None
    options: Iterable[EdnsOption] | None
    mixed_case: bool | None
    cookies: bool | None
    hops: int | None
    cache: Cache | bool | None


class BulkSettings(Settings, total=False):
    """Keyword arguments of `bulk` and `bulk_columns`: those of `Settings`, and what only many lookups have.

    In all, however many threads there are:
      max_in_flight    lookups on the network at once, 1 to 65536 (1000)
      max_in_flight_per_server    the same at one server (no limit; 100 at each of the system's)
      rate             queries a second; a lookup that has to wait has not begun: its time does not run (no limit)
      rate_per_server  the same to one server; math.inf for no limit (no limit; 500 to each of the system's)
      share            identical questions in flight share one query, and each has its row (True)
      spread           begin lookups in random order, so that the names of one zone do not come in a row (True)
      threads          engines, each in a thread of its own, over the one input; 0 for one on each core (1)
    """

    max_in_flight: int | None
    max_in_flight_per_server: int | None
    rate: float | None
    rate_per_server: float | None
    share: bool | None
    spread: bool | None
    threads: int | None


class Limits(Struct, frozen=True, kw_only=True):
    """How an engine behaves, settled and checked: the words of `BulkSettings`, and what it is made of."""

    timeout: float = 5.0
    tries: int = 3
    try_timeout: float | None = None
    transport: Transport = "udp"
    edns: bool = True
    dnssec_ok: bool = False
    recurse: bool = True
    authentic: bool = False
    rotate: bool = False
    mixed_case: bool = True
    cookies: bool = True
    share: bool = True
    spread: bool = False
    adapt: bool = True
    hops: int = 8
    max_in_flight: int = 1
    max_in_flight_per_server: int | None = None
    rate: float | None = None
    rate_per_server: float | None = None
    options: bytes = b""
    slots: int = 1
    sockets: int = SOCKETS_LEAST


def explicit(kind: Any, **defaults: Any) -> Callable[[F], F]:
    """Shows the settings of a TypedDict one by one in a function's signature, in place of its `**settings`."""

    def shown_by(function: F) -> F:
        plain = inspect.signature(function)
        own = [one for one in plain.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
        settings = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=(_SHOWN | defaults).get(name),
                annotation=getattr(hint, "__forward_arg__", hint),
            )
            for name, hint in kind.__annotations__.items()
        ]
        function.__signature__ = plain.replace(parameters=[*own, *settings])  # pyright: ignore
        return function

    return shown_by


def known(settings: Any, kind: Any, call: str) -> dict[str, Any]:
    """The settings that were given, without those that are None. Raises TypeError for one that there is not."""
    for name in settings:
        if name not in kind.__annotations__:
            raise TypeError(f"{call}() got an unexpected keyword argument '{name}'")
    return {name: value for name, value in settings.items() if value is not None}


def limits_of(given: dict[str, Any]) -> Limits:
    """Limits from settings and defaults. Raises TypeError or IllegalSetting that names the one out of range.

    >>> limits_of({"timeout": 2.0, "edns": False}).cookies
    False
    """
    _check_switches(given)
    edns: bool = given.get("edns", True)
    settled: dict[str, Any] = {"cookies": edns} | given
    settled["options"] = _options(given.get("options", ()), edns, settled["cookies"])
    return _checked(Limits(**settled))


def _check_switches(given: dict[str, Any]) -> None:
    for name in _SWITCHES:
        switch(name, given.get(name, True))
    if not given.get("edns", True):
        for name, rule in (("dnssec_ok", "needs edns: the DO bit stands"), ("cookies", "need edns: they stand")):
            if given.get(name):
                raise IllegalSetting(name, f"{rule} in the OPT record", True)


def _options(options: Any, edns: bool, cookies: bool) -> bytes:
    """The octets of EDNS options for every query. Raises TypeError, IllegalValue and IllegalSetting."""
    listed: Any = [*options] if hasattr(options, "__next__") else options  # it is gone through twice
    octets = options_wire(listed, edns)
    if len(octets) > lib.RQ_OPTIONS_MAX:
        raise IllegalSetting("options", f"take {len(octets)} octets: a query has room for {lib.RQ_OPTIONS_MAX}")
    for option in listed:
        if isinstance(option, Cookie) and cookies:
            raise IllegalSetting("options", "hold a Cookie: to send one of your own, give cookies=False, too")
        if isinstance(option, TcpKeepalive):
            raise IllegalSetting("options", "hold a TcpKeepalive: it goes over TCP anyway, and may not over UDP")
    return octets


def _checked(limits: Limits) -> Limits:
    within("timeout", limits.timeout, 0.001, 3600)
    within("tries", limits.tries, 1, 100)
    within("hops", limits.hops, 0, HOPS_MAX)
    within("max_in_flight", limits.max_in_flight, 1, SLOTS_MAX)
    if limits.try_timeout is not None:
        within("try_timeout", limits.try_timeout, 0.001, 3600)
    if limits.max_in_flight_per_server is not None:
        within("max_in_flight_per_server", limits.max_in_flight_per_server, 1, SLOTS_MAX)
    for name in ("rate", "rate_per_server"):
        if getattr(limits, name) not in (None, math.inf):
            within(name, getattr(limits, name), 0.001, RATE_MAX, "a number of queries a second")
    if limits.transport not in TRANSPORTS:
        raise IllegalSetting("transport", f"is 'udp' or 'tcp', not {shown(repr(limits.transport))}", limits.transport)
    return limits


def thread_count(threads: int) -> int:
    """How many threads these are. Raises TypeError or IllegalSetting."""
    within("threads", threads, 0, THREADS_MAX)
    return threads or min(len(os.sched_getaffinity(0)), THREADS_MAX)


def divided(limits: Limits, threads: int, types: int) -> list[Limits]:
    """The limits of that many engines, or fewer, which together keep to these limits, with slots and sockets.

    One of several holds few lookups that have not begun, which the others could begin.
    """
    at_server = limits.max_in_flight_per_server
    n = min(threads, limits.max_in_flight, at_server or threads)
    return [
        structs.replace(
            limits,
            max_in_flight=(flight := (limits.max_in_flight + i) // n),
            max_in_flight_per_server=at_server and (at_server + i) // n,
            rate=limits.rate and limits.rate / n,
            rate_per_server=limits.rate_per_server and limits.rate_per_server / n,
            slots=min(SLOTS_MAX, max(2 * flight, flight + (_GATHER if n == 1 else 0), 2 * types)),
            sockets=max(SOCKETS_LEAST, min(64, flight // 128)),
        )
        for i in range(n)
    ]


def fair(limits: Limits, most: int) -> int:
    """How many names one of several engines takes at once: no more than it looks up in a tenth of a second."""
    rates = [rate / 10 for rate in (limits.rate, limits.rate_per_server) if rate]
    return int(max(1, min([most, limits.max_in_flight, *rates])))


def switch(name: str, value: Any) -> None:
    """Raises TypeError that names the setting unless it is on or off."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} is True or False, not {shown(repr(value))}")


def within(name: str, value: Any, low: float, high: float, what: str = "a number of seconds") -> None:
    """Raises TypeError or IllegalSetting that names the setting and its range; it is an int where `low` is one."""
    whole = isinstance(low, int)
    kind = "an int" if whole else what
    if not isinstance(value, int if whole else (int, float)) or isinstance(value, bool):
        raise TypeError(f"{name} is {kind}, not {type(value).__name__}")
    if not low <= value <= high:
        raise IllegalSetting(name, f"is {kind} from {low:g} to {high:,.0f}, not {value}", value)
