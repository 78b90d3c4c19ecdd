"""Builds bench/parse_c.c of the sources with the libraries that are found, and runs it.

pkg-config finds them: libcares from 1.28 on (which has ares_dns_parse) and ldns. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import ResqueryError
from .measure import summary

_FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-O3", "-flto=auto"]  # as the extension is built
_LAYERS = ("wire", "render")


class Library(NamedTuple):
    """An opponent in C."""

    who: str
    modules: tuple[str, ...]  # names it may have for pkg-config
    least: str  # version
    macro: str


_LIBRARIES = (
    Library("c-ares", ("libcares",), "1.28", "HAVE_CARES"),
    Library("ldns", ("ldns", "libldns"), "1.7", "HAVE_LDNS"),
)


def measure(messages: dict[str, bytes], rounds: int, sources: Path | None) -> dict[str, Any]:
    """{"c": figures by shape, "c_versions": ...}, or {"c_missing": why there is nothing, or who is missing}."""
    if sources is None:
        return {"c_missing": ["the opponents in C need resquery's sources: --sources"]}
    found = {library: _module(library) for library in _LIBRARIES}
    with tempfile.TemporaryDirectory() as folder:
        program = _build(sources, Path(folder), {library: name for library, name in found.items() if name})
        if program is None:
            return {"c_missing": ["there is no C compiler"]}
        figures = _figures(_run(program, Path(folder), messages, rounds), messages)
    return {
        "c": figures,
        "c_versions": {library.who: _ask("--modversion", name) for library, name in found.items() if name},
        "c_missing": [f"pkg-config does not find {one.modules[0]} >= {one.least}" for one in found if not found[one]],
    }


def _ask(*words: str) -> str:
    """What pkg-config says; "" when it says no, or is not there."""
    try:
        done = subprocess.run(["pkg-config", *words], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _module(library: Library) -> str:
    """The library's name for pkg-config; "" when it is not there, or too old."""
    return next((name for name in library.modules if _ask("--modversion", f"{name} >= {library.least}")), "")


def _build(sources: Path, folder: Path, found: dict[Library, str]) -> Path | None:
    """Compiles the program; None without a compiler."""
    program = folder / "parse_c"
    core = [path for layer in _LAYERS for path in sorted((sources / "csrc" / layer).glob("*.c"))]
    command = [*shlex.split(os.environ.get("CC", "cc")), *_FLAGS, f"-I{sources / 'csrc'}"]
    command += [f"-D{library.macro}" for library in found]
    command += [word for name in found.values() for word in shlex.split(_ask("--cflags", name))]
    command += [str(sources / "bench" / "parse_c.c"), *map(str, core), "-o", str(program)]
    for name in found.values():
        command += [*shlex.split(_ask("--libs", name)), f"-Wl,-rpath,{_ask('--variable=libdir', name)}"]
    try:
        _must(command)
    except FileNotFoundError:
        return None
    return program


def _run(program: Path, folder: Path, messages: dict[str, bytes], rounds: int) -> str:
    """What the program prints. Raises ResqueryError when an opponent reads a message otherwise than we do."""
    files: list[str] = []
    for at, wire in enumerate(messages.values()):
        path = folder / f"{at}.message"
        path.write_bytes(wire)
        files.append(str(path))
    return _must([str(program), str(rounds), *files])


def _must(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ResqueryError(f"{command[0]} failed: {done.stderr.strip()[:2000]}")
    return done.stdout


def _figures(report: str, messages: dict[str, bytes]) -> dict[str, Any]:
    times: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for line in report.splitlines():
        _, who, at, _, ns = line.split()
        times[int(at)][who].append(float(ns))
    ratios = tuple((library.who, "resquery") for library in _LIBRARIES)
    return {shape: summary(len(wire), dict(times[at]), ratios) for at, (shape, wire) in enumerate(messages.items())}
