"""Compiles and runs the C test of Arrow columns, under the sanitizers: consumers release what we made."""

from pathlib import Path

from test_c_net import run

SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g")


def test_columns_as_a_consumer_sees_them(tmp_path: Path) -> None:
    """Values, growth, limits, release in any order and thread, and every allocation that fails leave nothing behind."""
    assert run("test_arrow.c", tmp_path, "-Wl,--wrap=malloc", *SANITIZERS) > 5000
