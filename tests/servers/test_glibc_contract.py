"""The old contract stays a fact: glibc's res_query returns more than the buffer holds, and resquery does not."""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import resquery
from resquery.testing import LibcResult, Server, Truncate, glibc_res_query
from resquery.testing.demo import BIG_MX, ZONE
from resquery.testing.faults import Fault

ACTUAL = 8546
MX, TXT = 15, 16
SMALL_UDP = "udp.example."  # an answer of 480 octets: it needs no TCP

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this machine's C library is not glibc")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """The demonstration's zone, and one answer that fits into a datagram."""
    with Server(ZONE, text=f'{SMALL_UDP} TXT "{"x" * 250}" "{"y" * 184}"') as server:
        yield server


@pytest.fixture(scope="module")
def helper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The C program, compiled."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    assert compiler is not None, "a C compiler is needed, as for resquery itself"
    program = tmp_path_factory.mktemp("glibc") / "glibc_query"
    source = Path(__file__).with_name("glibc_query.c")
    subprocess.run([compiler, "-D_GNU_SOURCE", "-Wall", "-o", str(program), str(source), "-lresolv"], check=True)
    return program


def run(helper: Path, server: Server, name: str, rrtype: int, cap: int) -> tuple[int, int, int, int]:
    """What the C program prints: returned, octets changed, the last of them, TC."""
    command = [str(helper), str(server.port), name, str(rrtype), str(cap)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    returned, changed, last, tc = map(int, done.stdout.split())
    return returned, changed, last, tc


@pytest.mark.parametrize("cap", [12, 512, 1500, 8545])
def test_glibc_returns_more_than_the_buffer_holds(helper: Path, server: Server, cap: int) -> None:
    """Over TCP: the length of the whole answer is returned, `cap` octets are stored, TC is set in the copy."""
    assert run(helper, server, BIG_MX, MX, cap) == (ACTUAL, cap, cap - 1, 1)


@pytest.mark.parametrize("cap", [ACTUAL, ACTUAL + 1, 65535])
def test_glibc_stores_all_when_there_is_room(helper: Path, server: Server, cap: int) -> None:
    """The whole answer, not truncated."""
    assert run(helper, server, BIG_MX, MX, cap) == (ACTUAL, ACTUAL, ACTUAL - 1, 0)


def test_glibc_clips_silently_over_udp(helper: Path, server: Server) -> None:
    """Over UDP it returns what it stored and says nothing of the rest."""
    whole = run(helper, server, SMALL_UDP, TXT, 65535)[0]
    assert 400 < whole <= 512
    assert run(helper, server, SMALL_UDP, TXT, 100)[:2] == (100, 100)


def test_glibc_writes_into_a_buffer_of_no_octets(helper: Path, server: Server) -> None:
    """It clears the rcode, in the fourth octet, before it looks at the capacity."""
    assert run(helper, server, BIG_MX, MX, 0) == (-1, 1, 3, 1)


@pytest.mark.parametrize("cap", [0, 1, 11, 12, 512, 1500, 8546, 65535])
def test_resquery_returns_what_it_stored(server: Server, cap: int) -> None:
    """The same question, the same server: min(actual, cap), with `actual` beside it, and nothing else touched."""
    room = bytearray(b"\x55" * 65600)
    with resquery.Resolver([server.address], edns=False) as resolver:
        stored = resolver.res_query(BIG_MX, "MX", memoryview(room)[:cap])
    assert (stored, stored.actual, stored.clipped) == (min(ACTUAL, cap), ACTUAL, cap < ACTUAL)
    assert room[stored:] == b"\x55" * (65600 - stored)


@pytest.mark.parametrize(("cap", "changed"), [(12, 12), (1500, 1500), (8546, 8546), (65535, 8546)])
def test_the_call_from_python_shows_the_same(server: Server, cap: int, changed: int) -> None:
    """`glibc_res_query`, for the demonstration: through ctypes, in a process of its own."""
    assert glibc_res_query(BIG_MX, "MX", cap, server.address) == LibcResult(ACTUAL, changed)


def test_a_missing_answer_is_minus_one() -> None:
    """As res_query(3) says."""
    with Server(text="only.test. A 192.0.2.1", faults=[Fault(transport="tcp", action=Truncate())]) as server:
        assert glibc_res_query("other.test.", "A", 512, server.address).returned == -1


@pytest.mark.parametrize(("cap", "address"), [(-1, "127.0.0.1:53"), (65537, "127.0.0.1:53"), (1, "127.0.0.1"), (1, "")])
def test_bad_arguments_are_refused(cap: int, address: str) -> None:
    """Before any process is started."""
    with pytest.raises(ValueError, match="capacity of 0 to 65536"):
        glibc_res_query("x.test.", "A", cap, address)
