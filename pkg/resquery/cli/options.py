"""Options that both commands have. SPDX-License-Identifier: MIT"""

from __future__ import annotations

import argparse
from typing import Any


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Adds the options that say how lookups are done; `settings` reads them back."""
    group = parser.add_argument_group("how lookups are done")
    group.add_argument(
        "--server", action="append", metavar="ADDRESS", help="9.9.9.9, 127.0.0.1:5301 or [::1]:53; may be repeated"
    )
    group.add_argument("--timeout", type=float, metavar="SECONDS", help="a lookup ends by then (5)")
    group.add_argument("--tries", type=int, metavar="N", help="queries sent for a lookup at the most (3)")
    group.add_argument("--try-timeout", type=float, metavar="SECONDS", help="one query is given up (timeout / tries)")
    group.add_argument("--dnssec", action="store_true", help="ask for DNSSEC records: set DO")
    group.add_argument("--no-edns", action="store_true", help="send no OPT record")
    group.add_argument("--no-recurse", action="store_true", help="clear RD")


def settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """What was given, in the words of `Resolver` and `bulk`, but for the servers."""
    return {
        "timeout": arguments.timeout,
        "tries": arguments.tries,
        "try_timeout": arguments.try_timeout,
        "dnssec_ok": arguments.dnssec,
        "edns": not arguments.no_edns,
        "recurse": not arguments.no_recurse,
    }
