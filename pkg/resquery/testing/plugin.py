"""The pytest plugin: a `resquery_server` fixture. Starts nothing, and reads no zones, until a test asks for a server.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .server import Server


@pytest.fixture
def resquery_server() -> Iterator[Callable[..., Server]]:
    """A factory of running `resquery.testing.Server`s, with their options; the test's end stops them.

    A test that ends well fails all the same when the function or a fault's action of one of its servers raised.
    """
    from .server import Server

    with contextlib.ExitStack() as stack:

        def start(*args: Any, **options: Any) -> Server:
            return stack.enter_context(Server(*args, **options))

        yield start
