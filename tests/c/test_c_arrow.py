"""Compiles and runs the C test of Arrow columns, under the sanitizers: consumers release what we made."""

from pathlib import Path

import compiled


def test_columns_as_a_consumer_sees_them(tmp_path: Path) -> None:
    """Values, growth, limits, release in any order and thread, and every allocation that fails leave nothing behind."""
    assert compiled.checks("test_arrow.c", tmp_path, compiled.ASAN, link=("-Wl,--wrap=malloc",)) > 5000
