"""The harness of these tests keeps its promises: it skips aloud, leaves no process and binds loopback alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import daemons
import pytest
from daemons import KINDS, Daemon, Missing, is_free
from served_zone import ORIGIN, zone_text


def test_a_missing_program_is_told_with_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The reason names what to install; conftest.py makes a skip of it, or a failure where servers are required."""
    kind = dataclasses.replace(KINDS["nsd"], program="no-such-server")
    monkeypatch.setitem(daemons.KINDS, "nsd", kind)
    with pytest.raises(Missing, match="no-such-server is not installed"):
        Daemon("nsd", tmp_path, ORIGIN, tmp_path / "zone").__enter__()


@pytest.mark.parametrize("name", KINDS)
def test_configurations_bind_loopback_alone(name: str, tmp_path: Path) -> None:
    """No other address stands in any configuration."""
    conf = KINDS[name].configure(tmp_path, 5353, ORIGIN, 5354)
    assert "127.0.0.1" in conf
    assert "::1" in conf
    assert "0.0.0.0" not in conf


def test_a_stopped_server_is_gone(tmp_path: Path, start: Callable[[str], Daemon]) -> None:
    """Its port is free again and its process has been waited for."""
    start("knot")  # installed, or this test is skipped
    zone = tmp_path / "zone"
    zone.write_text(zone_text())
    with Daemon("knot", tmp_path / "knot", ORIGIN, zone) as daemon:
        process = daemon._process
        assert not is_free(daemon.port)
    assert process.returncode is not None
    assert is_free(daemon.port)
