"""The demonstration that `make demo` runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from resquery.cli import demo
from resquery.testing import Server


def test_the_demonstration_shows_rows_totals_and_both_contracts() -> None:
    """Three rows for each of more than 2,000 names, and the 100-MX answer in 1,500 octets beside glibc's."""
    done = subprocess.run(
        [sys.executable, "-m", "resquery.cli.demo"], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    (totals,) = [line for line in lines if " x 3 types = " in line]
    names, rows = (int(totals.split(word)[0].split()[-1].replace(",", "")) for word in (" names x", " rows in"))
    assert rows == 3 * names > 6000
    (ours,) = [line.split() for line in lines if line.startswith("resquery.res_query")]
    (theirs,) = [line.split() for line in lines if line.startswith("glibc res_query")]
    assert ours[1:3] == ["1,500", "1,500"]
    assert theirs[2:4] == ["8,546", "1,500"]


def test_without_dnspython_the_demonstration_says_what_is_missing(tmp_path: Path) -> None:
    """One line, and status 1."""
    (tmp_path / "dns.py").write_text("raise ImportError('hidden')\n")
    command = [sys.executable, "-m", "resquery.cli.demo"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("resquery: zones are read with dnspython")
    assert done.stderr.count("\n") == 1


def test_an_interrupted_demonstration_is_status_130(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a traceback."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Server, "start", interrupted)
    assert demo.main() == 130
