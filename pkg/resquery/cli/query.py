"""`resquery query`: one question, printed as dig prints it. SPDX-License-Identifier: MIT"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from .. import Message, Resolver, reverse_name
from ..errors import LookupFailure
from ..message import JSON_SHAPES
from .options import add_settings, servers, settings


def add_to(commands: Any) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "query",
        help="look one name up",
        description="Looks one name up and prints the response as dig does, also when it is a failure.",
        allow_abbrev=False,
    )
    parser.add_argument("name", metavar="NAME", help="a domain name; what is not ASCII IDNA-encoded or as \\DDD")
    parser.add_argument("type", metavar="TYPE", nargs="?", help="MX, TYPE15, 15, ... (A)")
    parser.add_argument("-x", "--reverse", action="store_true", help="NAME is an address: ask for its PTR record")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--short", action="store_true", help="print the data of the answer's records only")
    form.add_argument("--multiline", action="store_true", help="print long data on several lines, with comments")
    form.add_argument(
        "--json",
        metavar="SHAPE",
        action=_Once,
        choices=tuple(JSON_SHAPES),
        help="print one line of JSON, shaped as zdns, rfc8427 or massdns (zdns)",
    )
    parser.alone["--json"] = tuple(JSON_SHAPES)
    parser.add_argument("--class", dest="rrclass", default="IN", metavar="CLASS", help="CH, CLASS3, 3, ... (IN)")
    add_settings(parser)
    parser.set_defaults(run=run)


class _Once(argparse.Action):
    """An option that may not be given twice."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option: str | None = None) -> None:
        if getattr(namespace, self.dest) is not None:
            parser.error(f"argument {option}={values}: not allowed with another {option}")
        setattr(namespace, self.dest, values)


def run(arguments: argparse.Namespace) -> None:
    """Asks and prints. Raises LookupFailure when there is no usable answer, once the response is printed."""
    name = reverse_name(arguments.name) if arguments.reverse else os.fsencode(arguments.name)
    rrtype = arguments.type or ("PTR" if arguments.reverse else "A")
    with Resolver(servers(arguments), cache=False, **settings(arguments)) as resolver:
        try:
            show(resolver.resolve(name, rrtype, rrclass=arguments.rrclass), arguments)
        except LookupFailure as failure:
            if failure.response is not None:
                show(failure.response, arguments)
            raise


def show(message: Message, arguments: argparse.Namespace) -> None:
    """Prints a response in the form that was asked for."""
    if arguments.json:
        text = message.to_json(arguments.json)
    elif arguments.short:
        text = message.to_text(short=True).rstrip("\n")
    else:
        text = message.to_text(multiline=arguments.multiline).rstrip()
        text += f"\n\n;; MSG SIZE  rcvd: {len(message.wire)}"
    if text:
        try:
            sys.stdout.buffer.write(text.encode() + b"\n")
            sys.stdout.flush()
        except OSError as error:
            raise OSError(error.errno, error.strerror, "standard output") from None
