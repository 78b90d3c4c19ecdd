"""Lines on standard error for who runs the command: one that cannot be written costs nothing.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import sys
from contextlib import suppress


def tell(text: str) -> None:
    """Says it in a line, under the command's name, if anybody can hear it."""
    if sys.stderr is not None:  # pyright: ignore[reportUnnecessaryComparison]
        with suppress(OSError):
            print(f"resquery: {text}", file=sys.stderr, flush=True)


def drop_untold() -> None:
    """Spares standard error the interpreter's last flush when it fails: that would be an exit status of its own."""
    try:
        if sys.stderr is not None:  # pyright: ignore[reportUnnecessaryComparison]
            sys.stderr.flush()
    except OSError:
        sys.stderr = None
