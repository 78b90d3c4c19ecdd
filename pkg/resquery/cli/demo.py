"""`make demo`: what resquery does, in half a minute, against a server of its own on loopback.

Needs no root and no internet: `python -m resquery.cli.demo`, with the extra `testing`. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from .. import Resolver
from ..testing import Server, glibc_res_query
from ..testing.demo import BIG_MX, ZONE, demo_names

_TYPES = ("A", "AAAA", "MX")
_CAP = 1500


def main() -> int:
    """Runs the demonstration; returns the exit status."""
    try:
        return demonstrate(Server(ZONE))
    except ImportError as error:
        print(f"resquery: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def demonstrate(served: Server) -> int:
    """Many names, then one answer that is too large."""
    names = demo_names()
    with served as server, tempfile.TemporaryDirectory(prefix="resquery-demo-") as folder:
        print(f"A DNS server of our own answers on {server.address}, from a zone made for {len(names):,} real names.\n")
        status = look_up(names, server.address, Path(folder))
        if status == 0:
            ask_for_more_than_fits(server.address)
    return status


def look_up(names: list[str], server: str, folder: Path) -> int:
    """Every name for A, AAAA and MX, by the command line; then what came out."""
    source, rows, stats = folder / "names.txt", folder / "rows.ndjson", folder / "stats.json"
    source.write_text("\n".join(names) + "\n")
    types = [word for rrtype in _TYPES for word in ("--type", rrtype)]
    words = ["bulk", "names.txt", *types, "--server", server, "--output", "rows.ndjson", "--stats", "stats.json"]
    print(f"$ resquery {' '.join(words)}", flush=True)
    done = subprocess.run([sys.executable, "-m", "resquery", *words], cwd=folder, check=False)
    if done.returncode:
        return done.returncode
    totals = json.loads(stats.read_text())
    with rows.open(encoding="utf-8") as lines:
        first = next(lines)
        lines.seek(0)
        counts = Counter(kind(json.loads(line)) for line in lines)
    print(f"\nThe first of {totals['rows']:,} rows:\n{shortened(first, 200)}\n")
    print_counts(counts)
    print(
        f"\n{totals['inputs']:,} names x {len(_TYPES)} types = {totals['rows']:,} rows in {totals['seconds']:.2f} s, "
        f"{totals['cpu_seconds']:.2f} s of CPU, {totals['peak_rss_bytes'] / 2**20:.0f} MiB; "
        f"{totals['queries']['udp']:,} queries over UDP, {totals['queries']['tcp']:,} over TCP.\n"
    )
    return 0


def kind(row: dict[str, Any]) -> tuple[str, str]:
    """The type and what the row says of it."""
    ((rrtype, result),) = row["results"].items()
    status = result["status"]
    if status == "NOERROR" and not result["data"].get("answers"):
        status = "NOERROR, no such record"
    return rrtype, status


def print_counts(counts: Counter[tuple[str, str]]) -> None:
    """A line for each status, a column for each type."""
    statuses = sorted({status for _, status in counts}, key=lambda status: -counts[_TYPES[0], status])
    print(f"{'':<26}" + "".join(f"{rrtype:>8}" for rrtype in _TYPES))
    for status in statuses:
        print(f"{status:<26}" + "".join(f"{counts[rrtype, status]:>8,}" for rrtype in _TYPES))


def ask_for_more_than_fits(server: str) -> None:
    """The question of Microsoft KB 884874: an answer of a hundred MX records, and a buffer that is too small for it."""
    buffers = bytearray(b"\x55" * 65535), bytearray(b"\xaa" * 65535)
    with Resolver(server, edns=False) as resolver:
        n, _ = [resolver.res_query(BIG_MX, "MX", memoryview(buffer)[:_CAP]) for buffer in buffers]
    written = sum(first != 0x55 or second != 0xAA for first, second in zip(*buffers, strict=True))
    print(f"{BIG_MX} has 100 MX records: {n.actual:,} octets. Asked for with a buffer of {_CAP:,} octets:\n")
    print(f"{'':<24}{'returns':>10}{'writes':>10}   so that memoryview(buf)[:n] is")
    print(f"{'resquery.res_query':<24}{n:>10,}{written:>10,}   what was stored; n.actual is {n.actual:,}")
    try:
        libc = glibc_res_query(BIG_MX, "MX", _CAP, server)
    except OSError as error:
        print(f"{'res_query of this libc':<24}{'-':>10}{'-':>10}   {error}")
        return
    past = f"{libc.returned - _CAP:,} octets past the end of the buffer" if libc.returned > _CAP else "what was stored"
    print(f"{'glibc res_query':<24}{libc.returned:>10,}{libc.changed:>10,}   {past}")


def shortened(line: str, most: int) -> str:
    """The beginning of a long line."""
    line = line.rstrip()
    return line if len(line) <= most else line[: most - 3] + "..."


if __name__ == "__main__":
    sys.exit(main())
