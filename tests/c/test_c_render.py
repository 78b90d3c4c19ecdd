"""Compiles and runs the C tests of the renderers, as a release build would be and with warnings as errors."""

from pathlib import Path

from compiled import checks


def test_units_of_the_renderers(tmp_path: Path) -> None:
    """Rows, sentences, MessagePack's forms, dates and encodings are what their headers say, octet for octet."""
    assert checks("test_render.c", tmp_path) > 80
