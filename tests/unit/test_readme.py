"""The README's examples do what it says, as they stand there; only the server's address is another."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from resquery.options import EdnsOption
from resquery.rdata import Rdata
from resquery.testing import Server
from resquery.testing.demo import ZONE

README = (Path(__file__).parents[2] / "README.md").read_text()
ADDRESS = "127.0.0.1:5301"


@pytest.fixture
def address() -> Iterator[str]:
    """What `python -m resquery.testing` serves."""
    with Server(ZONE) as server:
        yield server.address


def test_the_programs_of_the_readme_run(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In the order in which they stand, one after another."""
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == 6
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block.replace(ADDRESS, address), "README.md", "exec"), names)
    assert capsys.readouterr().out == "example.com. 300 10 mx1.example.com.\n"
    assert names["counts"] == ["NOERROR", "NOERROR"]
    assert names["message"].answer == names["answer"].answer
    assert (names["value"].to_text(), len(names["value"].to_wire())) == ('1 . alpn="h3,h2" port=8443', 19)


def test_the_readme_counts_what_is_typed() -> None:
    """Record types and EDNS options that have a Struct."""
    types, options = (len(base.__subclasses__()) - 1 for base in (Rdata, EdnsOption))  # one is for the raw ones
    assert f"All {types} record types" in README
    assert f"{options} EDNS options" in README


def test_the_commands_of_the_readme_run(address: str, tmp_path: Path) -> None:
    """Those of "On the command line"."""
    (tmp_path / "names.txt").write_text("example.com\n\nexample.net\n")
    (tmp_path / "servers.txt").write_text(f"# ours\n{address}\n")
    commands = [line for line in README.splitlines() if line.startswith("    resquery ")]
    assert len(commands) == 4
    for command in commands:
        words = shlex.split(command.replace(ADDRESS, address), comments=True)
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=tmp_path, capture_output=True, check=False, timeout=60
        )
        assert (done.returncode, done.stderr) == (0, b"")
        if "--type" in words:
            assert len((tmp_path / "rows.ndjson").read_text().splitlines()) == 4
    assert len((tmp_path / "rows.ndjson").read_text().splitlines()) == 2
    assert (tmp_path / "stats.json").exists()
