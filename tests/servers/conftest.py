"""The four servers, each started when the first test needs it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from daemons import KINDS, Daemon, Missing
from served_zone import ORIGIN, zone_text

Start = Callable[[str], Daemon]


def missing_server(missing: Missing) -> NoReturn:
    """Skips the test and says why; with RESQUERY_REQUIRE_SERVERS=1, as in .ci/run, fails it."""
    if os.environ.get("RESQUERY_REQUIRE_SERVERS") == "1":
        raise missing
    pytest.skip(str(missing))


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts servers by name, each once; all stop at the end of the session."""
    folder = tmp_path_factory.mktemp("servers")
    zone = folder / "example.zone"
    zone.write_text(zone_text())
    running: dict[str, Daemon] = {}
    with contextlib.ExitStack() as stack:

        def get(name: str) -> Daemon:
            if name not in running:
                source: Path | int = get("nsd").port if name == "unbound" else zone
                running[name] = stack.enter_context(Daemon(name, folder / name, ORIGIN, source))
            return running[name]

        def get_or_skip(name: str) -> Daemon:
            try:
                return get(name)
            except Missing as missing:
                missing_server(missing)

        yield get_or_skip


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest, start: Start) -> Daemon:
    """Each of the four servers in turn."""
    return start(request.param)
