"""The largest function and the largest file of csrc/ and of pkg/, and what is over a screen; `make sizes` calls it.

A function's lines count from its first to its last, signature, docstring and braces included. C is read by its braces
alone: comments, strings and preprocessor lines are blanked first. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCREEN, FILE = 40, 500  # lines: more than this is listed
NO_CODE = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|^#(?:\\\n|[^\n])*', re.DOTALL | re.MULTILINE
)
Function = tuple[int, str]  # lines, and where


def c_functions(path: Path) -> Iterator[Function]:
    """Every outermost block behind a parameter list."""
    text = NO_CODE.sub(lambda match: "\n" * match[0].count("\n"), path.read_text())
    depth = begin = 0
    head = ""
    for at, sign in enumerate(text):
        if sign == "{":
            if depth == 0:
                head = text[begin:at].rstrip()
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth == 0 and head.endswith(")"):
                first = begin + len(text[begin:]) - len(text[begin:].lstrip())
                name = re.search(r"(\w+)\s*\(", head)
                assert name is not None, head
                yield text.count("\n", first, at) + 1, f"{name[1]} in {path.relative_to(ROOT)}"
        if depth == 0 and sign in ";}":
            begin = at + 1


def python_functions(path: Path) -> Iterator[Function]:
    """Every function and method."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield (node.end_lineno or 0) - node.lineno + 1, f"{node.name} in {path.relative_to(ROOT)}"


def report(folder: str, functions: list[Function], files: list[Function]) -> None:
    """One line for each of the two largest, then all that is over a screen."""
    for what, found, most in (("function", functions, SCREEN), ("file", files, FILE)):
        found.sort(reverse=True)
        print(f"{folder + '/':<6} {len(found):>4} {what + 's,':<10} the largest: {found[0][0]} lines, {found[0][1]}")
        for lines, where in found[1:]:
            if lines > most:
                print(f"{'':<11} over {most}: {lines} lines, {where}")


def main() -> None:
    """Prints both folders."""
    for folder, suffixes, read in (("csrc", "ch", c_functions), ("pkg", ["py"], python_functions)):
        paths = sorted(path for suffix in suffixes for path in (ROOT / folder).rglob(f"*.{suffix}"))
        paths = [path for path in paths if path.name != "_rq.c"]
        functions = [function for path in paths for function in read(path)]
        report(folder, functions, [(path.read_text().count("\n"), str(path.relative_to(ROOT))) for path in paths])


if __name__ == "__main__":
    main()
