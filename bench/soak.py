"""Looks names up for as long as it is told, on loopback, and watches whether memory or descriptors grow.

python bench/soak.py [--lookups N | --minutes M] [--warmup N] [--server knot|embedded] [--json FILE] [-- OPTIONS]

The names are made as they go and reach `resquery bulk` through a pipe, its rows go to /dev/null, and every ten seconds
the client's resident memory and open descriptors are read from /proc. Fails when, from the end of the warm-up (10^5
lookups) to the end, memory grew by more than 5 MiB or descriptors by more than 8, or when a lookup was lost.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from resquery.testing import Server

SAMPLE_SECONDS = 10.0
GROWTH_MIB = 5.0
GROWTH_DESCRIPTORS = 8
BLOCK = 5000  # names written at once
ZONE = "example."


def main() -> int:
    """One soak; 1 when something grew or was lost."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--lookups", type=int, default=10**8)
    parser.add_argument("--minutes", type=float, default=60.0, help="end by then, whatever is left")
    parser.add_argument("--warmup", type=int, default=10**5, help="lookups before the first sample counts")
    parser.add_argument("--server", choices=["knot", "embedded"], default="knot")
    parser.add_argument("--json", help="write the figures there")
    parser.add_argument("options", nargs="*", help="for resquery bulk, behind --")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, served(given.server, Path(folder)) as address:
        figures = soak(given, address, Path(folder))
    print(json.dumps({name: value for name, value in figures.items() if name != "samples"}))
    if given.json:
        Path(given.json).write_text(json.dumps(figures, indent=1) + "\n")
    return 0 if figures["held"] else 1


@contextlib.contextmanager
def served(kind: str, folder: Path) -> Iterator[str]:
    """The address of a server that has an answer for every name."""
    if kind == "embedded":
        with Server(synthesize=ZONE) as server:
            yield server.address
        return
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/servers"))
    from daemons import Daemon  # the tests' own, which start servers on free ports and stop them

    zone = folder / "example.zone"
    zone.write_text(f"$ORIGIN {ZONE}\n$TTL 60\n@ SOA ns hostmaster 1 2 3 4 5\n@ NS ns\nns A 127.0.0.1\n* A 127.0.0.2\n")
    with Daemon("knot", folder / "knotd", ZONE, zone) as daemon:
        yield f"127.0.0.1:{daemon.port}"


def soak(given: argparse.Namespace, address: str, folder: Path) -> dict[str, Any]:
    """Runs the client to its end beside a thread that feeds it; what was seen meanwhile."""
    stats = folder / "stats"
    words = ["bulk", "-", "--server", address, "--output", os.devnull, "--stats", stats, "--quiet", *given.options]
    client = subprocess.Popen([sys.executable, "-m", "resquery", *map(str, words)], stdin=subprocess.PIPE)
    start = time.monotonic()
    fed = Feeder(client, given.lookups, start + given.minutes * 60)
    samples: list[dict[str, float]] = []
    while fed.is_alive():
        if fed.count >= given.warmup:
            samples.append({"seconds": time.monotonic() - start, "names": fed.count, **seen(client.pid)})
        fed.join(SAMPLE_SECONDS if samples else 0.05)
    client.wait()
    totals = json.loads(stats.read_text()) if client.returncode == 0 else {}
    lost = fed.count - sum(totals.get("statuses", {}).values())
    grown = {name: samples[-1][name] - samples[0][name] if samples else 0.0 for name in ("mib", "descriptors")}
    held = lost == 0 and bool(samples) and grown["mib"] <= GROWTH_MIB and grown["descriptors"] <= GROWTH_DESCRIPTORS
    places = {"start": 0, "middle": len(samples) // 2, "end": -1} if samples else {}
    return {
        "lookups": fed.count,
        "seconds": round(time.monotonic() - start, 1),
        "lost": lost,
        "statuses": totals.get("statuses"),
        "held": held,
        **{name: samples[at] for name, at in places.items()},
        "grown": grown,
        "samples": samples,
    }


class Feeder(threading.Thread):
    """Writes names into the client's input until there are enough, or the time is up."""

    def __init__(self, client: subprocess.Popen[bytes], lookups: int, until: float) -> None:
        super().__init__(daemon=True)
        self.count = 0
        self._client, self._lookups, self._until = client, lookups, until
        self.start()

    def run(self) -> None:
        """The whole input, then its end."""
        assert self._client.stdin is not None
        with contextlib.suppress(BrokenPipeError), self._client.stdin as pipe:
            while self.count < self._lookups and time.monotonic() < self._until:
                more = min(BLOCK, self._lookups - self.count)
                pipe.write(b"".join(b"n%d.example\n" % number for number in range(self.count, self.count + more)))
                self.count += more


def seen(pid: int) -> dict[str, float]:
    """Resident memory and open descriptors of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    kib = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
    return {"mib": kib / 1024, "descriptors": len(os.listdir(f"/proc/{pid}/fd"))}


if __name__ == "__main__":
    sys.exit(main())
