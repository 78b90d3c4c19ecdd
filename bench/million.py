"""Runs `resquery bulk` over many distinct names against Knot DNS on loopback and accounts for it.

Knot DNS (package `knot`) serves one zone with a wildcard from one UDP worker; the names are n0000000.bench.example and
up. Each run is a process of its own, so CPU seconds (user + system) and peak memory are the operating system's figures.
Before a figure is believed the output is read back: as many rows as names, each name once, all NOERROR.

    python bench/million.py --names 100000 1000000 --runs 3 --json million.json
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import resquery

ZONE = """$ORIGIN bench.example.
$TTL 300
@ SOA ns hostmaster 1 3600 600 86400 300
@ NS ns
ns A 127.0.0.1
* A 192.0.2.1
"""

CONFIG = """server:
    listen: 127.0.0.1@{port}
    rundir: {folder}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {folder}
zone:
  - domain: bench.example
    file: {folder}/bench.example.zone
    zonefile-load: whole
    journal-content: none
"""


@contextmanager
def knot(folder: Path) -> Iterator[int]:
    """A knotd of our own on a free loopback port; the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "bench.example.zone").write_text(ZONE)
    (folder / "knot.conf").write_text(CONFIG.format(port=port, folder=folder))
    binary = shutil.which("knotd", path=os.environ["PATH"] + ":/usr/sbin")
    if binary is None:
        sys.exit("bench/million.py needs knotd (Debian package knot)")
    server = subprocess.Popen(
        [binary, "-c", str(folder / "knot.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        await_answer(port)
        yield port
    finally:
        server.terminate()
        server.wait(10)


def await_answer(port: int) -> None:
    """Returns once the server answers; gives up after ten seconds."""
    for _ in range(100):
        try:
            with resquery.Resolver(servers=[f"127.0.0.1:{port}"], timeout=0.1, tries=1) as resolver:
                resolver.resolve("ready.bench.example", "A")
            return
        except resquery.errors.LookupFailure:
            time.sleep(0.1)
    sys.exit("knotd did not answer within ten seconds")


def run(names: Path, output: Path, stats: Path, port: int) -> dict[str, float]:
    """One run of the command; its CPU seconds, wall seconds and peak memory."""
    command = [sys.executable, "-m", "resquery", "bulk", str(names), "--type", "A", "--server", f"127.0.0.1:{port}"]
    began = time.perf_counter()
    child = subprocess.Popen([*command, "--output", str(output), "--stats", str(stats)])
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"resquery bulk failed: wait status {status}")
    return {
        "wall_s": time.perf_counter() - began,
        "cpu_s": usage.ru_utime + usage.ru_stime,
    }


def check(output: Path, stats: Path, count: int) -> dict[str, Any]:
    """Reads the rows back: `count` of them, each name once, all NOERROR; the run's own totals agree."""
    seen: set[str] = set()
    rows = 0
    with output.open() as lines:
        for line in lines:
            row = json.loads(line)
            rows += 1
            seen.add(row["name"])
            if row["results"]["A"]["status"] != "NOERROR":
                sys.exit(f"not NOERROR: {line}")
    totals = json.loads(stats.read_text())
    if not rows == len(seen) == count == totals["rows"] == totals["inputs"]:
        sys.exit(f"rows {rows}, distinct names {len(seen)}, expected {count}, totals {totals}")
    return totals


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--names", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    report = []
    with tempfile.TemporaryDirectory() as temp, knot(Path(temp)) as port:
        folder = Path(temp)
        for count in options.names:
            names, output, stats = folder / "names", folder / "rows.ndjson", folder / "stats.json"
            names.write_text("".join(f"n{i:07}.bench.example\n" for i in range(count)))
            runs = []
            for _ in range(options.runs):
                figures = run(names, output, stats, port)
                totals = check(output, stats, count)
                runs.append(figures | {"peak_rss_mib": totals["peak_rss_bytes"] / 2**20})
            cpu = [one["cpu_s"] / count * 1e6 for one in runs]
            rate = [count / one["wall_s"] for one in runs]
            rss = [one["peak_rss_mib"] for one in runs]
            print(
                f"{count:>9} names: {statistics.median(cpu):5.2f} CPU s/10^6 ({min(cpu):.2f}-{max(cpu):.2f}), "
                f"{statistics.median(rate):>8.0f} lookups/s, peak RSS {statistics.median(rss):.1f} MiB, "
                f"queries {totals['queries']}, each name once, all NOERROR",
                flush=True,
            )
            report.append({"names": count, "runs": runs, "totals": totals})
    if options.json:
        options.json.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
