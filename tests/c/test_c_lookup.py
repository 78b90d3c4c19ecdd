"""Compiles and runs the C tests of addresses, lines and a server's health, as a release build would be and with warnings as errors."""

from pathlib import Path

from test_c_net import run


def test_units_of_addresses_and_lines(tmp_path: Path) -> None:
    """Numbers, IPv4, IPv6 and lines do what their headers say, case by case, with what they leave unread."""
    assert run("test_lookup.c", tmp_path) > 100


def test_units_of_a_servers_health(tmp_path: Path) -> None:
    """On virtual time: no stretch exceeds a rate, a rise of loss slows, a silent server is left out, probed and back."""
    assert run("test_health.c", tmp_path) > 100_000
