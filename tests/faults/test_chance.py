"""The ports and IDs that a server sees: nothing that chance would not do (RFC 5452, section 9.2)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from inside import ROOT


def test_ports_and_ids_are_spread_as_by_chance(tmp_path: Path) -> None:
    """Chi-squared: a p-value below 10^-6 is no accident. More of it: bench/chance.py."""
    told = tmp_path / "told.json"
    command = [sys.executable, ROOT / "bench/chance.py", "--lookups", "20000", "--engines", "1000", "--json", told]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(told.read_text())
    assert figures["ids"]["queries"] >= 20_000
    assert figures["use"]["ports"] >= 4
