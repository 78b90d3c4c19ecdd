"""The compiled driver, once for a test session."""

from __future__ import annotations

from pathlib import Path

import pytest
from lookup_player import compile_player


@pytest.fixture(scope="session")
def player(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The driver of tests/scenario/play.c."""
    return compile_player(tmp_path_factory.mktemp("player"))
