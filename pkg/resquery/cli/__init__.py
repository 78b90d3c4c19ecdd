"""The `resquery` command: arguments in, exit status out, and never a traceback.

Results go to standard output, everything else to standard error, one line for each failure. Exit status: 0 done, 1
failed, 2 wrong usage, 130 interrupted, 143 ended by SIGTERM, 129 by SIGHUP. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NoReturn

from .. import __version__
from ..errors import IllegalSetting, ResqueryError
from . import bench, bulk, query
from .tell import drop_untold, tell

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the arguments. `alone` has options whose value may be left out."""

    def __init__(self, **about: Any) -> None:
        super().__init__(**about)
        self.alone: dict[str, tuple[str, ...]] = {}  # their values, first what they mean alone
        self.set_defaults(typed=self._typed)

    def _typed(self, setting: str) -> str:
        """The option that stands for a setting, as it is typed."""
        options = (action.option_strings for action in self._actions if action.dest == setting)
        return next(options, [setting])[0]

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # pyright: ignore
        words = list(sys.argv[1:] if args is None else args)
        plain = words.index("--") if "--" in words else len(words)
        for option, shape in pairwise(words[:plain]):
            if option in self.alone and shape in self.alone[option]:
                self.error(f"argument {option}: a value follows it with =, as in {option}={shape}")
        given = [f"{word}={self.alone[word][0]}" if word in self.alone else word for word in words[:plain]]
        known, unknown = super().parse_known_args(given + words[plain:], namespace)
        if unknown and self._subparsers is None:  # else the whole command would tell it, and point to its own --help
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return known, unknown

    def format_help(self) -> str:
        text = super().format_help()
        for option in self.alone:  # two characters more, out of the blanks behind it
            text = re.sub(rf"{option} ([A-Z]+)( {{2}})?", rf"{option}[=\1]", text)
        return text

    def error(self, message: str) -> NoReturn:
        tell(f"{message}; see {self.prog} --help")
        self.exit(USAGE)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status."""
    try:
        _fill_standard_descriptors()
        arguments = _arguments(argv)
        _run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has seen enough
        _discard_output()
        return FAILED
    except (ResqueryError, MemoryError) as error:
        return _fail(USAGE if isinstance(error, ValueError) else FAILED, str(error) or "no memory")
    except OSError as error:
        _discard_output()
        return _fail(FAILED, f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error))
    except ValueError as error:
        return _fail(USAGE, str(error))
    finally:
        drop_untold()
    return DONE


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """What was given. --help and --version end here, and must have been written."""
    try:
        return _parser().parse_args(argv)
    except SystemExit:
        try:
            sys.stdout.flush()
        except OSError as error:
            raise OSError(error.errno, error.strerror, "standard output") from None
        raise


def _run(arguments: argparse.Namespace) -> None:
    """Does it. Raises ValueError in the words of the command line for a setting that is none."""
    try:
        arguments.run(arguments)
    except IllegalSetting as error:
        raise ValueError(f"{arguments.typed(error.setting)} {error.rule}") from None


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="resquery",
        description="DNS lookups: one name, or as many as a file holds.",
        epilog="Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted, 143 ended by SIGTERM, 129 by SIGHUP.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"resquery {__version__}")
    commands = parser.add_subparsers(required=True, dest="command", metavar="COMMAND")
    query.add_to(commands)
    bulk.add_to(commands)
    bench.add_to(commands)
    return parser


def _fail(status: int, message: str) -> int:
    tell(message)
    return status


def _fill_standard_descriptors() -> None:
    """Opens what the caller closed of 0, 1 and 2: a socket must not take the place of standard output."""
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDONLY if fd else os.O_WRONLY)  # using it fails, as using what was closed should
    if sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison]
        sys.stdout = sys.__stdout__ = open(1, "w", closefd=False)  # noqa: SIM115


def _discard_output() -> None:
    """Spares standard output the interpreter's last flush: what failed once would fail again, in lines of its own."""
    sys.stdout = None  # pyright: ignore[reportAttributeAccessIssue]
