"""How late rows come: lookups at a server that loses 30 % of the queries, and at one that is dead.

python bench/deadlines.py [--lookups N] [--timeout SECONDS] [--json FILE]

Every name must come back exactly once. How late a row is: the time at which it was finished, less the first moment at
which its lookup can have begun (no earlier than when its name was taken from the input) and `timeout`; so what is
printed is never less than the truth. Fails when a name is missing or doubled, or a row is more than 100 ms late.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import resquery
from resquery.testing import Server

LATE_MS_MOST = 100.0
LOSS = 0.3


def main() -> int:
    """Both servers; 1 when a row was late, lost or doubled."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--lookups", type=int, default=100_000)
    parser.add_argument("--timeout", type=float, default=2.0)
    parser.add_argument("--in-flight", type=int, default=5000)
    parser.add_argument("--json", help="write the figures there")
    given = parser.parse_args()
    with Server(synthesize="example.", loss=LOSS) as server:
        lossy = timed("30 % loss", server.address, given)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:  # takes everything and says nothing
        held.bind(("127.0.0.1", 0))
        dead = timed("dead", f"127.0.0.1:{held.getsockname()[1]}", given)
    for figures in (lossy, dead):
        print(json.dumps(figures))
    if given.json:
        Path(given.json).write_text(json.dumps([lossy, dead], indent=1) + "\n")
    return 0 if all(figures["held"] for figures in (lossy, dead)) else 1


def timed(title: str, address: str, given: argparse.Namespace) -> dict[str, Any]:
    """Looks all names up at one server: how late the latest row was."""
    taken: list[float] = []

    def names() -> Iterator[str]:
        for number in range(given.lookups):
            taken.append(time.time())
            yield f"n{number}.example"

    rows: list[tuple[int, float, str]] = []
    options = {"timeout": given.timeout, "max_in_flight": given.in_flight, "adapt": False, "spread": False}
    for row in resquery.bulk(names(), servers=[address], tries=3, **options):
        rows.append((row.index, row.time, row.status))
    # at most so many are in flight: a lookup began when the one that made room for it had finished, or later
    finished = sorted(at for _, at, _ in rows)
    late = [
        at - given.timeout - max(taken[index], finished[index - given.in_flight] if index >= given.in_flight else 0.0)
        for index, at, _ in rows
    ]
    once = sorted(index for index, _, _ in rows) == list(range(given.lookups))
    latest_ms = round(max(late) * 1000, 2)
    return {
        "server": title,
        "lookups": given.lookups,
        "timeout": given.timeout,
        "each_once": once,
        "latest_ms": latest_ms,
        "statuses": Counter(status for _, _, status in rows),
        "held": once and latest_ms <= LATE_MS_MOST,
    }


if __name__ == "__main__":
    sys.exit(main())
