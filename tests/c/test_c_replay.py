"""Compiles and plays whole sessions of lookups on a simulated kernel and network, with sanitizers."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

import compiled

SOURCES = [
    *(compiled.TESTS / "c" / f"{name}.c" for name in ("test_replay", "replay_world", "replay_kernel", "replay_peers")),
    *compiled.core(),
]
MSAN = ("-O1", "-fsanitize=memory")


def play(program: Path, sessions: int) -> tuple[int, int, int]:
    """Play seeds from 1 on; returns lookups, forgeries and checks that held."""
    said = compiled.output(program, "1", str(sessions))
    found = re.search(r"(\d+) lookups, (\d+) forgeries.*\n.* (\d+) checks, 0 failures", said)
    assert found is not None, said
    return int(found[1]), int(found[2]), int(found[3])


def test_sessions_from_thousands_of_seeds_under_asan(tmp_path: Path) -> None:
    """One row each, in time, none forged, nothing leaked, whatever the servers, the kernel and the caller do."""
    program = compiled.program(SOURCES, tmp_path / "replay", compiled.ASAN)
    lookups, forgeries, checks = play(program, sessions=1300)
    assert lookups > 50_000
    assert forgeries > 25_000
    assert checks > 5_000_000


def test_every_octet_that_is_sent_was_written_before(tmp_path: Path) -> None:
    """Under MSan, which tells queries with octets that nobody set (CVE-2026-0915)."""
    if shutil.which("clang-14") is None:
        if os.environ.get("RESQUERY_REQUIRE_SERVERS") == "1":
            pytest.fail("clang-14 is not installed")
        pytest.skip("clang-14 is not installed")
    program = compiled.program(SOURCES, tmp_path / "replay", MSAN, compiler="clang-14", alone=True)
    lookups, _, _ = play(program, sessions=100)
    assert lookups > 4_000
