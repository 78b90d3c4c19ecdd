"""Where the scripts of these tests stand, and how they are run in a network namespace of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
from namespace import INSIDE, NoNamespace, command  # noqa: E402

Inside = Callable[..., Any]


def runner(folder: Path) -> Inside:
    """Runs a Python script in a namespace of its own; returns what it wrote, as JSON, to the file it was given last.

    Where no namespace can be made the test is skipped, and says why; with RESQUERY_REQUIRE_SERVERS=1, as in .ci/run,
    it fails.
    """
    try:
        words = command()
    except NoNamespace as reason:
        if os.environ.get("RESQUERY_REQUIRE_SERVERS") == "1":
            raise
        pytest.skip(str(reason))

    def run(script: Path, *arguments: str, timeout: float = 120) -> Any:
        told = folder / f"told-{len(list(folder.iterdir()))}.json"
        shell = ["sh", "-c", 'ip link set lo up && exec "$@"', "sh", sys.executable, script, *arguments, told]
        environment = {**os.environ, INSIDE: "1"}
        done = subprocess.run(
            [*words, *shell], env=environment, capture_output=True, text=True, check=False, timeout=timeout
        )
        assert told.exists(), done.stdout + done.stderr
        return json.loads(told.read_text())

    return run
