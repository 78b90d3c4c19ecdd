"""Compiles and runs the C tests of addresses and lines, as a release build would be and with warnings as errors."""

from pathlib import Path

from test_c_net import run


def test_units_of_addresses_and_lines(tmp_path: Path) -> None:
    """Numbers, IPv4, IPv6 and lines do what their headers say, case by case, with what they leave unread."""
    assert run("test_lookup.c", tmp_path) > 100
