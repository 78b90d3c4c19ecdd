"""Arguments of lookups, each stored under the name of the setting that it stands for. SPDX-License-Identifier: MIT"""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

from .._conf import server_file, server_list
from .._settings import BulkSettings
from ..errors import IllegalSetting
from ..options import ClientSubnet, EdnsOption, Nsid
from .tell import tell


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Adds the options that say how lookups are done; `settings` and `servers` read them back."""
    group = parser.add_argument_group("servers (those of /etc/resolv.conf)")
    group.add_argument(
        "--server", action="append", metavar="ADDRESS", help="9.9.9.9, 127.0.0.1:5301 or [::1]:53; may be repeated"
    )
    group.add_argument(
        "--servers", metavar="FILE", help="addresses, one on a line, # for comments; - is standard input"
    )
    group = parser.add_argument_group("patience")
    group.add_argument("--timeout", type=float, metavar="SECONDS", help="a lookup ends by then, 0.001 to 3600 (5)")
    group.add_argument(
        "--tries",
        type=int,
        metavar="N",
        help="queries for a name at the most, 1 to 100, free ones and repeats aside (3)",
    )
    group.add_argument(
        "--try-timeout", type=float, metavar="SECONDS", help="one query is given up, 0.001 to 3600 (timeout / tries)"
    )
    group = parser.add_argument_group("queries")
    transport = group.add_mutually_exclusive_group()
    transport.add_argument(
        "--transport", choices=("udp", "tcp"), help="how queries go; a cut answer is followed over tcp (udp)"
    )
    transport.add_argument(
        "--tcp", dest="transport", action="store_const", const="tcp", help="the same as --transport tcp"
    )
    group.add_argument("--dnssec", dest="dnssec_ok", action="store_true", help="ask for DNSSEC records: set DO")
    group.add_argument("--subnet", metavar="NETWORK", help="ask for a network, 192.0.2.0/24: EDNS client subnet")
    group.add_argument("--nsid", action="store_true", help="ask which of many servers answers: EDNS NSID")
    _off(group, "--no-edns", "edns", "send no OPT record")
    _off(group, "--no-recurse", "recurse", "clear RD")
    group.add_argument("--hops", type=int, metavar="N", help="CNAMEs followed across answers, 0 to 16 (8)")
    group = parser.add_argument_group("safety: on, unless a server cannot bear it")
    _off(group, "--no-case", "mixed_case", "do not ask in random letter case (0x20)")
    _off(group, "--no-cookies", "cookies", "send no DNS cookies (RFC 7873)")


def add_load(parser: argparse.ArgumentParser) -> None:
    """Adds the options that say how much is done at once; `settings` reads them back, too."""
    group = parser.add_argument_group("load, in all threads together")
    group.add_argument(
        "--max-in-flight", type=int, default=1000, metavar="N", help="lookups at once, 1 to 65536 (1000)"
    )
    group.add_argument(
        "--max-in-flight-per-server", type=int, metavar="N", help="the same at one server (100 at the system's)"
    )
    group.add_argument("--rate", type=float, metavar="N", help="queries a second, 0.001 to 1e9 or inf (inf)")
    group.add_argument(
        "--rate-per-server", type=float, metavar="N", help="the same to one server (inf; 500 to the system's)"
    )
    group.add_argument(
        "--threads", type=int, default=1, metavar="N", help="threads, 1 to 64; 0 for one on each core (1)"
    )
    _off(group, "--no-adapt", "adapt", "ask silent and overloaded servers as others")
    _off(group, "--no-rotate", "rotate", "begin every lookup at the first server")
    _off(group, "--no-share", "share", "ask again for what is being asked already")
    _off(group, "--no-spread", "spread", "begin lookups in the order of the input")
    group.add_argument("--cache", action="store_true", help="remember answers for as long as their TTLs say")
    group.add_argument(
        "--cache-entries",
        dest="entries",
        type=int,
        metavar="N",
        help="the same, and how many at the most, 1 to 16777216 (10000)",
    )


def _off(group: Any, option: str, setting: str, what: str) -> None:
    """Adds an option that switches off what is on."""
    group.add_argument(option, dest=setting, action="store_const", const=False, help=what)


def settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """What was given, in the words of `Resolver` and `bulk`, but for the servers: each option is stored under its own.

    Raises IllegalSetting, and ValueError for what is no network.
    """
    for name in ("dnssec_ok", "subnet", "nsid"):
        if getattr(arguments, name) and arguments.edns is False:
            raise IllegalSetting(name, "needs EDNS: leave out --no-edns")
    options: list[EdnsOption] = [Nsid(b"")] if arguments.nsid else []
    if arguments.subnet is not None:
        options.append(ClientSubnet.of(arguments.subnet))
    given: dict[str, Any] = {
        name: value for name, value in vars(arguments).items() if name in BulkSettings.__annotations__
    }
    given["options"] = options
    return given


def servers(arguments: argparse.Namespace) -> list[str] | None:
    """The servers that were given, each once; what came again is told on standard error. None when none were."""
    listed = [address for given in arguments.server or () for address in server_list(given)]
    if arguments.servers is not None:
        listed += _standard_input() if arguments.servers == "-" else server_file(arguments.servers)
    counts = Counter(listed)
    again = ", ".join(address for address, count in counts.items() if count > 1)
    if again:
        tell(f"note: asked once, though listed more than once: {again}")
    return list(counts) or None


def _standard_input() -> list[str]:
    try:
        return server_file("standard input", 0)
    except OSError as error:
        raise OSError(error.errno, error.strerror, "standard input") from None
