"""Compiles and runs the C tests of what csrc/lookup decides, as a release build would be, warnings as errors."""

import os
from pathlib import Path

from test_c_net import run


def test_units_of_addresses_and_lines(tmp_path: Path) -> None:
    """Numbers, IPv4, IPv6 and lines do what their headers say, case by case, with what they leave unread."""
    assert run("test_lookup.c", tmp_path) > 100


def test_units_of_a_servers_health(tmp_path: Path) -> None:
    """On virtual time: no stretch exceeds a rate, a rise of loss slows, a silent server is left out and probed."""
    assert run("test_health.c", tmp_path) > 100_000


def test_units_of_the_cache_and_of_chains(tmp_path: Path) -> None:
    """A shard gives nothing that a plain model does not have; bounds hold after each step; chains, octet by octet."""
    assert run("test_cache.c", tmp_path) > 1_000_000


def test_a_cache_in_threads_has_no_races(tmp_path: Path) -> None:
    """ThreadSanitizer sees none, where no other sanitizer is at work."""
    other = "-fsanitize" in os.environ.get("RESQUERY_CFLAGS", "")
    assert run("test_cache.c", tmp_path, *(() if other else ("-fsanitize=thread", "-g"))) > 1_000_000
