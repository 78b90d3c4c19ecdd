"""Runs a test server until it is interrupted: `python -m resquery.testing --zone FILE [--port N]`.

It prints its address on one line, so that scripts can wait for it. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import argparse
import ipaddress
import signal
import sys
from typing import NoReturn

from .demo import ZONE
from .server import Server


def main(argv: list[str] | None = None) -> int:
    """Serves a zone file (without one, the demonstration's). Exit 0 on SIGINT or SIGTERM, 1 when it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m resquery.testing", description="A DNS test server on loopback.")
    parser.add_argument(
        "--zone",
        action="append",
        metavar="FILE",
        help="zone file (default: the demonstration's, which has the README's names)",
    )
    parser.add_argument("--port", type=int, default=0, help="port (default: a free one)")
    parser.add_argument("--ipv6", action="store_true", help="listen on ::1 too")
    parser.add_argument("--synthesize", metavar="NAME", help="answer A questions for every name below NAME")
    parser.add_argument("--delay", type=float, default=0.0, metavar="SECONDS", help="hold every answer back")
    parser.add_argument("--loss", type=float, default=0.0, metavar="SHARE", help="of the queries over UDP, 0 to 1")
    parser.add_argument("--hosts", type=int, default=1, metavar="N", help="addresses, from 127.0.0.1 on, on one port")
    try:
        _serve(parser.parse_args(argv))
    except KeyboardInterrupt:
        return 0
    except (OSError, ValueError, ImportError) as error:
        print(f"resquery.testing: {_said(error)}", file=sys.stderr)
        return 1


def _serve(options: argparse.Namespace) -> NoReturn:
    """Until KeyboardInterrupt, which may come at any moment."""
    for ending in (signal.SIGINT, signal.SIGTERM):  # also SIGINT, which a shell lets its background jobs ignore
        signal.signal(ending, signal.default_int_handler)
    first = ipaddress.IPv4Address("127.0.0.1")
    server = Server(
        options.zone or ([] if options.synthesize else [ZONE]),
        hosts=[str(first + i) for i in range(options.hosts)] + ["::1"] * options.ipv6,
        port=options.port,
        synthesize=options.synthesize,
        delay=options.delay,
        loss=options.loss,
    )
    with server:
        print(" ".join(server.addresses), flush=True)
        while True:
            signal.pause()


def _said(error: Exception) -> str:
    return f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else str(error)


if __name__ == "__main__":
    sys.exit(main())
