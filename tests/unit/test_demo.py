"""The demonstration that `make demo` runs."""

from __future__ import annotations

import subprocess
import sys


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
