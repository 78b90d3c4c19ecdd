"""`resquery bench`: how fast this machine does it, beside the peers; `bench/parse.py` of the sources is the same.

Nothing is timed before all sides were found to read the same. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ...errors import ResqueryError


def add_to(commands: Any) -> None:
    """Adds the command to the parser."""
    bench = commands.add_parser("bench", help="measure speed", description="Measures speed beside the peers.")
    parser = bench.add_subparsers(required=True, dest="what", metavar="WHAT").add_parser(
        "parse",
        help="reading messages, beside dnspython, dnslib, c-ares and ldns",
        description="Times reading DNS messages beside dnspython and dnslib, and in C beside c-ares and ldns.",
        epilog="Each opponent must have read the same before it is timed. Times are CPU time.",
        allow_abbrev=False,
    )
    parser.add_argument("--rounds", type=_rounds, metavar="N", help="rounds, in which all take turns (21)")
    parser.add_argument("--quick", action="store_true", help="one short round and smaller messages: does it work?")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="also draw them as a bar chart into FILE")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write their medians as tables to FILE")
    parser.add_argument("--sources", type=Path, metavar="FOLDER", help="resquery's sources, for the opponents in C")
    parser.set_defaults(run=run_parse)


def run_parse(arguments: argparse.Namespace) -> None:
    """Compares, measures, prints; writes what was asked for. Raises ResqueryError when the sides read differently."""
    try:
        from . import peers
    except ImportError as error:
        raise ResqueryError(f"bench parse needs {error.name}: pip install 'resquery[bench]'") from None
    import json

    from . import chart, measure, native, report, shapes

    messages = shapes.shapes(crowd=60 if arguments.quick else shapes.CROWD)
    peers.check_alike(messages)
    rounds = arguments.rounds or (2 if arguments.quick else 21)
    found = {
        "machine": report.machine(),
        "versions": peers.versions(),
        "rounds": rounds,
        "python": measure.measure(messages, rounds, quick=arguments.quick),
        **native.measure(messages, rounds, arguments.sources),
    }
    print(report.tables(found))
    sys.stdout.flush()
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if arguments.markdown is not None:
        arguments.markdown.write_text(report.markdown(found), encoding="utf-8")
    if arguments.svg is not None:
        arguments.svg.write_text(chart.svg(found), encoding="utf-8")


def _rounds(text: str) -> int:
    if not text.isdecimal() or int(text) < 2:
        raise argparse.ArgumentTypeError("give 2 rounds or more: one has no spread")
    return int(text)
