"""Compiles and runs the C tests of what csrc/lookup decides, as a release build would be, warnings as errors."""

from pathlib import Path

import compiled
from compiled import checks


def test_units_of_addresses_and_lines(tmp_path: Path) -> None:
    """Numbers, IPv4, IPv6 and lines do what their headers say, case by case, with what they leave unread."""
    assert checks("test_lookup.c", tmp_path) > 100


def test_units_of_a_servers_health(tmp_path: Path) -> None:
    """On virtual time: no stretch exceeds a rate, a rise of loss slows, a silent server is left out and probed."""
    assert checks("test_health.c", tmp_path) > 100_000


def test_units_of_the_cache_and_of_chains(tmp_path: Path) -> None:
    """A shard gives nothing that a plain model does not have; bounds hold after each step; chains, octet by octet."""
    assert checks("test_cache.c", tmp_path) > 1_000_000


def test_a_cache_in_threads_has_no_races(tmp_path: Path) -> None:
    """ThreadSanitizer, which goes with no other, sees none."""
    assert checks("test_cache.c", tmp_path, compiled.TSAN, alone=True) > 1_000_000
