"""Compiles and plays whole sessions of lookups on a simulated kernel and network, with sanitizers."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'csrc'}"]
LAYERS = ("wire", "render", "lookup", "arrow", "net")
SOURCES = [ROOT / "tests/c" / name for name in ("test_replay.c", "replay_world.c", "replay_kernel.c", "replay_peers.c")]


def play(compiler: str, folder: Path, *flags: str, sessions: int) -> tuple[int, int, int]:
    """Play seeds from 1 on; returns lookups, forgeries and checks that held.

    RESQUERY_CFLAGS and RESQUERY_LDFLAGS are honoured, so that `make coverage` reaches these tests too. What is
    preloaded for Python is not for the compiler and the program, which brings its own sanitizer.
    """
    environment = {key: value for key, value in os.environ.items() if key not in {"LD_PRELOAD", "ASAN_OPTIONS"}}
    core = [path for layer in LAYERS for path in sorted((ROOT / "csrc" / layer).glob("*.c"))]
    command = [compiler, *FLAGS, *flags, *SOURCES, *core, "-o", folder / "replay", "-pthread"]
    subprocess.run(command, env=environment, cwd=folder, check=True)
    done = subprocess.run(
        [folder / "replay", "1", str(sessions)],
        env={**environment, "UBSAN_OPTIONS": "halt_on_error=1"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    found = re.search(r"(\d+) lookups, (\d+) forgeries.*\n.* (\d+) checks, 0 failures", done.stdout)
    assert found is not None, done.stdout
    return int(found[1]), int(found[2]), int(found[3])


def test_sessions_from_thousands_of_seeds_under_asan(tmp_path: Path) -> None:
    """One row each, in time, none forged, nothing leaked, whatever the servers, the kernel and the caller do."""
    extra = shlex.split(os.environ.get("RESQUERY_CFLAGS", "") + " " + os.environ.get("RESQUERY_LDFLAGS", ""))
    lookups, forgeries, checks = play("gcc", tmp_path, "-fsanitize=address,undefined", *extra, sessions=1300)
    assert lookups > 50_000
    assert forgeries > 25_000
    assert checks > 5_000_000


def test_every_octet_that_is_sent_was_written_before(tmp_path: Path) -> None:
    """Under MSan, which tells queries with octets that nobody set (CVE-2026-0915)."""
    if shutil.which("clang-14") is None:
        if os.environ.get("RESQUERY_REQUIRE_SERVERS") == "1":
            pytest.fail("clang-14 is not installed")
        pytest.skip("clang-14 is not installed")
    lookups, _, _ = play("clang-14", tmp_path, "-fsanitize=memory", sessions=100)
    assert lookups > 4_000
