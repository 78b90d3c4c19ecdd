"""`resquery query`: one question, printed as dig prints it. SPDX-License-Identifier: MIT"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from .. import Message, Resolver
from ..errors import LookupFailure
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
    parser.add_argument("type", metavar="TYPE", nargs="?", default="A", help="MX, TYPE15, ... (A)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--short", action="store_true", help="print the data of the answer's records only")
    form.add_argument("--multiline", action="store_true", help="print long data on several lines, with comments")
    for shape, options in (
        ("zdns", ["--json", "--json=zdns"]),
        ("rfc8427", ["--json=rfc8427"]),
        ("massdns", ["--json=massdns"]),
    ):
        form.add_argument(
            *options, dest="json", action="store_const", const=shape, help=f"one line of JSON, shaped as {shape}"
        )
    parser.add_argument("--class", dest="rrclass", default="IN", metavar="CLASS", help="CH, CLASS3, ... (IN)")
    add_settings(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Asks and prints. Raises LookupFailure when there is no usable answer, once the response is printed."""
    name = os.fsencode(arguments.name)
    with Resolver(servers(arguments), cache=False, **settings(arguments)) as resolver:
        try:
            show(resolver.resolve(name, arguments.type, rrclass=arguments.rrclass), arguments)
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
