"""`resquery bench`: how fast this machine does it, beside the peers; `bench/parse.py` of the sources is the same.

Nothing is timed before all sides were found to read the same. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ...errors import ResqueryError

KINDS = ("knot", "nsd", "embedded")


def add_to(commands: Any) -> None:
    """Adds the command to the parser."""
    bench = commands.add_parser("bench", help="measure speed", description="Measures speed beside the peers.")
    what = bench.add_subparsers(required=True, dest="what", metavar="WHAT")
    _add_parse(what)
    _add_lookup(what)
    _add_latency(what)


def _add_parse(commands: Any) -> None:
    parser = commands.add_parser(
        "parse",
        help="reading messages, beside dnspython, dnslib, c-ares and ldns",
        description="Times reading DNS messages beside dnspython and dnslib, and in C beside c-ares and ldns.",
        epilog="Each opponent must have read the same before it is timed. Times are CPU time.",
        allow_abbrev=False,
    )
    parser.add_argument("--rounds", type=_rounds, metavar="N", help="rounds, 2 or more, in which all take turns (21)")
    parser.add_argument("--quick", action="store_true", help="one short round and smaller messages: does it work?")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="also draw them as a bar chart into FILE")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write their medians as tables to FILE")
    parser.add_argument("--sources", type=Path, metavar="FOLDER", help="resquery's sources, for the opponents in C")
    parser.set_defaults(run=run_parse)


def _add_lookup(commands: Any) -> None:
    parser = commands.add_parser(
        "lookup",
        help="looking names up on loopback, beside massdns, dnsperf, blastdns, aiodns, dnspython and others",
        description="Times lookups at servers of its own on loopback, in turns with the peers that are found.",
        epilog="Several values of --names, --servers, --loss or --delay-ms give a table for each combination.",
        allow_abbrev=False,
    )
    parser.add_argument("--names", type=_count, nargs="+", default=[1_000_000], metavar="N", help="names (1000000)")
    parser.add_argument("--servers", type=_count, nargs="+", default=[1], metavar="N", help="server addresses (1)")
    parser.add_argument("--loss", type=_percent, nargs="+", default=[0.0], metavar="PERCENT", help="queries lost (0)")
    parser.add_argument("--delay-ms", type=_delay, nargs="+", default=[0.0], metavar="MS", help="before an answer (0)")
    parser.add_argument("--mixed", action="store_true", help="names of many lengths: packets that cannot leave as one")
    parser.add_argument(
        "--server", choices=KINDS, action="append", help="which (knot, nsd); with loss or delay embedded"
    )
    parser.add_argument("--only", metavar="KEY,KEY", help="these contenders only; `list` lists them")
    parser.add_argument(
        "--rounds", type=_rounds, default=5, metavar="N", help="rounds, 2 or more, in which all take turns (5)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="also draw the first case as a bar chart into FILE")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write the medians as tables to FILE")
    parser.add_argument("--sources", type=Path, metavar="FOLDER", help="resquery's sources, for the floor")
    parser.set_defaults(run=run_lookup)


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


def _add_latency(commands: Any) -> None:
    parser = commands.add_parser(
        "latency",
        help="one blocking lookup on loopback, beside dnspython, pycares and glibc",
        description="Times single lookups at a server of its own on loopback, in turns with the peers that are found.",
        allow_abbrev=False,
    )
    parser.add_argument("--names", type=_count, default=2000, metavar="N", help="lookups in each turn (2000)")
    parser.add_argument("--server", choices=KINDS, default="knot", help="which (knot)")
    parser.add_argument(
        "--rounds", type=_rounds, default=11, metavar="N", help="rounds, 2 or more, in which all take turns (11)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    parser.add_argument("--sources", type=Path, metavar="FOLDER", help="resquery's sources, for the programs in C")
    parser.set_defaults(run=run_latency)


def run_latency(arguments: argparse.Namespace) -> None:
    """Measures and prints. Raises ResqueryError when a lookup is not answered."""
    import json
    import tempfile

    from . import latency, report

    with tempfile.TemporaryDirectory(prefix="resquery-bench-") as temp:
        found = latency.measure(arguments.server, arguments.names, arguments.rounds, arguments.sources, Path(temp))
    print(f"{report.machine()}; {arguments.server}, {arguments.names:,} lookups a turn\n\n{latency.table(found)}")
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def run_lookup(arguments: argparse.Namespace) -> None:
    """Checks, measures, prints; writes what was asked for. Raises ResqueryError when an answer is missing or wrong."""
    import json
    import tempfile
    from itertools import product

    from . import contenders, lookup, lookup_report, report, versions

    with tempfile.TemporaryDirectory(prefix="resquery-bench-") as temp:
        folder = Path(temp)
        floor, why = contenders.build(arguments.sources, folder, "floor")
        parties, missing = contenders.chosen(contenders.contenders(floor), arguments.only)
        if arguments.only == "list":
            print("\n".join(f"{one.key:12} {one.title}" for one in parties))
            return
        found: dict[str, Any] = {
            "machine": report.machine(),
            "versions": versions.of(parties),
            "rounds": arguments.rounds,
            "cases": [],
            "missing": [why, *missing] if why else missing,
        }
        varied = product(arguments.names, arguments.servers, arguments.loss, arguments.delay_ms)
        cases = [lookup.Case(*one, arguments.mixed) for one in dict.fromkeys(varied)]
        servers = lookup.measure(cases, arguments.server or KINDS[:2], parties, arguments.rounds, folder)
        for case, figures in zip(cases, servers, strict=True):
            found["cases"].append({"title": case.title(), "case": case._asdict(), "servers": figures})
    print(lookup_report.tables(found))
    sys.stdout.flush()
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if arguments.markdown is not None:
        arguments.markdown.write_text(lookup_report.markdown(found), encoding="utf-8")
    if arguments.svg is not None:
        arguments.svg.write_text(lookup_report.svg(found), encoding="utf-8")


def _rounds(text: str) -> int:
    if not text.isdecimal() or int(text) < 2:
        raise argparse.ArgumentTypeError("give 2 rounds or more: one has no spread")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100_000_000:
        raise argparse.ArgumentTypeError("give a number from 1 to 100000000")
    return int(text)


def _percent(text: str) -> float:
    return _within(text, 0, 99) / 100


def _delay(text: str) -> float:
    return _within(text, 0, 10_000) / 1000


def _within(text: str, low: float, high: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise argparse.ArgumentTypeError(f"give a number from {low:g} to {high:g}")
    return number
