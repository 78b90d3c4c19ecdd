"""Compiles and runs the C tests of the wire layer, as a release build would be and with warnings as errors."""

from pathlib import Path

from compiled import checks


def test_units_of_the_wire_layer(tmp_path: Path) -> None:
    """Reader, writer, names, record table, messages and framing do what their headers say, case by case."""
    assert checks("test_wire.c", tmp_path) > 60_000
