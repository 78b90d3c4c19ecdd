"""Programs in C for the tests: each file is compiled once for each set of flags, and again only when it has changed.

Objects lie in build/objects, in a folder for each compiler and its flags, named after what they were made of; they are
made on all cores, and processes that test side by side share them. What is preloaded for Python is not for the compiler
and the programs, which bring sanitizers of their own.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CSRC, TESTS = ROOT / "csrc", ROOT / "tests"
BUILD = Path(os.environ.get("RESQUERY_OBJECTS", ROOT / "build/objects"))
LAYERS = ("wire", "render", "lookup", "arrow", "net")
ALWAYS = ("-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-pthread", f"-I{CSRC}", f"-I{TESTS}")
RELEASE = ("-O2",)
ASAN = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
TSAN = ("-O1", "-g", "-fsanitize=thread")
CORES = min(4, os.cpu_count() or 1)
DIGITS = 16


def core(*layers: str) -> list[Path]:
    """The C files of the core, or of some of its layers."""
    return [path for layer in layers or LAYERS for path in sorted((CSRC / layer).glob("*.c"))]


def checks(source: str, folder: Path, flags: Sequence[str] = RELEASE, **options: Any) -> int:
    """Compile a test of tests/c with the core and run it in `folder`; how many checks held, when all did."""
    made = program([TESTS / "c" / source, *core()], folder / Path(source).stem, flags, **options)
    said = output(made)
    found = re.search(r"(\d+) checks, 0 failures", said)
    assert found is not None, said
    return int(found[1])


def program(
    sources: Sequence[Path],
    to: Path,
    flags: Sequence[str] = RELEASE,
    *,
    link: Sequence[str | Path] = (),
    compiler: str = "gcc",
    alone: bool = False,
) -> Path:
    """Compile files and link them to the program `to`, which is returned; a warning is an error.

    The flags in RESQUERY_CFLAGS and RESQUERY_LDFLAGS are added, so that `make asan` and `make coverage` reach these
    programs too, but not to one that is `alone`, whose instruments go with no others. `link` is for the linker.
    """
    cflags, ldflags = ([] if alone else outside(name) for name in ("RESQUERY_CFLAGS", "RESQUERY_LDFLAGS"))
    flags = [*flags, *cflags]
    call([compiler, *flags, "-pthread", *objects(sources, flags, compiler), *link, *ldflags, "-o", to])
    return to


def outside(name: str) -> list[str]:
    """Flags that a variable adds."""
    return shlex.split(os.environ.get(name, ""))


def objects(sources: Sequence[Path], flags: Sequence[str] = RELEASE, compiler: str = "gcc") -> list[Path]:
    """The objects of C files: those that are there, and the others compiled now."""
    command = [compiler, *ALWAYS, *flags]
    folder = BUILD / digest("\n".join(command).encode())
    ours, theirs = (b"".join(map(Path.read_bytes, headers(top))) for top in (CSRC, TESTS))

    def target(source: Path) -> Path:
        included = ours if source.is_relative_to(CSRC) else ours + theirs
        return folder / f"{source.stem}-{digest(source.read_bytes() + included)}.o"

    targets = {source: target(source) for source in sources}
    with held(folder), ThreadPoolExecutor(CORES) as pool:
        missing = [pair for pair in targets.items() if not pair[1].exists()]
        list(pool.map(lambda pair: compile_one(command, *pair), missing))
    return list(targets.values())


def compile_one(command: Sequence[str], source: Path, target: Path) -> None:
    """Compile a file: what it was before goes, and nothing that is not whole ever has the target's name."""
    for former in target.parent.glob(f"{source.stem}-{'?' * DIGITS}.*"):
        former.unlink()
    part = target.with_suffix(".part.o")
    call([*command, "-c", source, "-o", part])
    part.rename(target)


def headers(top: Path) -> list[Path]:
    """All that may be included from a folder: a change in any of them makes the objects old."""
    return sorted(path for end in ("*.h", "*.def") for path in top.rglob(end))


def digest(octets: bytes) -> str:
    """A name for octets."""
    return hashlib.sha256(octets).hexdigest()[:DIGITS]


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Makes a folder, and lets other processes that would compile into it wait."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def call(command: Sequence[str | Path]) -> None:
    """Run the compiler; what it complains of is in the test's output."""
    subprocess.run(command, env=plain_environment(), check=True)


def plain_environment() -> dict[str, str]:
    """Ours, without what is preloaded for Python."""
    return {key: value for key, value in os.environ.items() if key not in {"LD_PRELOAD", "ASAN_OPTIONS"}}


def output(program: Path, *arguments: str | Path, stdin: str = "") -> str:
    """What a program says, run in its folder; it has to succeed."""
    done = subprocess.run(
        [program, *arguments],
        input=stdin,
        env={**plain_environment(), "UBSAN_OPTIONS": "halt_on_error=1"},
        cwd=program.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-10_000:] + done.stderr[-10_000:]
    return done.stdout
