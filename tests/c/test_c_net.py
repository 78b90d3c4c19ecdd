"""Compiles and runs the C tests of the network layer, as a release build would be and with warnings as errors."""

from pathlib import Path

import pytest

import compiled
from compiled import checks

FAULTY = (
    *("malloc", "calloc", "free", "sendmmsg", "recvmmsg", "epoll_wait", "epoll_ctl"),
    *("socket", "connect", "send", "recv", "getrandom"),
)  # the calls that faults.h makes fail, or counts
ENGINE = {  # and how many checks there are at the least
    "test_engine.c": 400_000,
    "test_engine_answers.c": 500,
    "test_engine_faults.c": 5_000,
    "test_engine_sharing.c": 50_000,
}


def test_units_of_the_network_layer(tmp_path: Path) -> None:
    """Timers, the table of IDs, random numbers and addresses do what their headers say."""
    assert checks("test_net.c", tmp_path) > 2_000_000


@pytest.mark.parametrize("source", ENGINE)
def test_the_engine_against_a_faulty_server_and_a_faulty_kernel(tmp_path: Path, source: str) -> None:
    """Each input becomes one row, whatever the server, the network, the kernel or the allocator does."""
    assert checks(source, tmp_path, link=[f"-Wl,--wrap={call}" for call in FAULTY]) > ENGINE[source]


def test_the_pace_of_the_engine(tmp_path: Path) -> None:
    """On virtual time: no stretch exceeds a rate, nobody waits for another's turn, what has begun ends in time."""
    assert checks("test_pace.c", tmp_path) > 100_000


def test_engines_in_threads_race_for_nothing(tmp_path: Path) -> None:
    """Four engines in four threads, one cache for all, under ThreadSanitizer, which goes with no other sanitizer."""
    assert checks("test_threads.c", tmp_path, compiled.TSAN, alone=True) >= 14


def test_connections_of_many_servers(tmp_path: Path) -> None:
    """Few places and few descriptors cost no lookup, and every connection stands in its lists once."""
    assert checks("test_links.c", tmp_path) > 500
