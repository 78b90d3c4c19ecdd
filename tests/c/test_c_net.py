"""Compiles and runs the C tests of the network layer, as a release build would be and with warnings as errors."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'csrc'}", "-pthread"]
FAULTY = (
    *("malloc", "calloc", "sendmmsg", "recvmmsg", "epoll_wait", "epoll_ctl"),
    *("socket", "connect", "send", "recv", "getrandom"),
)  # the calls that test_engine.c makes fail
LAYERS = ("wire", "render", "lookup", "arrow", "net")


def run(source: str, folder: Path, *flags: str) -> int:
    """Compile a test with the core and run it; return how many checks held.

    RESQUERY_CFLAGS and RESQUERY_LDFLAGS are honoured, so that `make asan` and `make coverage` reach these
    tests too. What is preloaded for Python is not for the compiler and the program, which brings its own sanitizer.
    """
    environment = {key: value for key, value in os.environ.items() if key not in {"LD_PRELOAD", "ASAN_OPTIONS"}}
    extra = shlex.split(os.environ.get("RESQUERY_CFLAGS", "") + " " + os.environ.get("RESQUERY_LDFLAGS", ""))
    program = folder / Path(source).stem
    core = [path for layer in LAYERS for path in sorted((ROOT / "csrc" / layer).glob("*.c"))]
    command = ["gcc", *FLAGS, *flags, *extra, ROOT / "tests/c" / source, *core, "-o", program]
    subprocess.run(command, env=environment, cwd=folder, check=True)
    done = subprocess.run(
        [program], env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"(\d+) checks, 0 failures", done.stdout)
    assert found is not None, done.stdout
    return int(found[1])


def test_units_of_the_network_layer(tmp_path: Path) -> None:
    """Timers, the table of IDs, random numbers and addresses do what their headers say."""
    assert run("test_net.c", tmp_path) > 2_000_000


def test_the_engine_against_a_faulty_server_and_a_faulty_kernel(tmp_path: Path) -> None:
    """Each input becomes one row, whatever the server, the network, the kernel or the allocator does."""
    assert run("test_engine.c", tmp_path, *(f"-Wl,--wrap={call}" for call in FAULTY)) > 400_000


def test_the_pace_of_the_engine(tmp_path: Path) -> None:
    """On virtual time: no stretch exceeds a rate, nobody waits for another's turn, what has begun ends in time."""
    assert run("test_pace.c", tmp_path) > 100_000


def test_engines_in_threads_race_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four engines in four threads, one cache for all, under ThreadSanitizer, which goes with no other sanitizer."""
    monkeypatch.delenv("RESQUERY_CFLAGS", raising=False)
    monkeypatch.delenv("RESQUERY_LDFLAGS", raising=False)
    assert run("test_threads.c", tmp_path, "-O1", "-fsanitize=thread") >= 14


def test_connections_of_many_servers(tmp_path: Path) -> None:
    """Few places and few descriptors cost no lookup, and every connection stands in its lists once."""
    assert run("test_links.c", tmp_path) > 500
