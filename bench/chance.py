"""Are the ports and IDs of queries as random as they should be? Chi-squared tests of what a server sees.

python bench/chance.py [--lookups N] [--engines N] [--json FILE]

IDs: all queries of one `bulk`, in 256 bins by their high octet, their low octet, and the difference of one query's ID
from the one before. Ports: the first of each of many engines, in 64 bins of the kernel's ephemeral range, by its low
bits, and by the difference from the one before; and within one engine, how many there were and for how many queries
each was used. A p-value below 10^-6 fails: chance alone gives it once in a million.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import socket
import sys
import threading
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import resquery

P_LEAST = 1e-6
PORT_BINS = 64
RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


class Watcher:
    """A server that answers every query with NOERROR and no records, and remembers ports and IDs in order."""

    def __enter__(self) -> Watcher:
        self.seen: list[tuple[int, int]] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.2)
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._ended = False
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def _serve(self) -> None:
        while not self._ended:
            try:
                query, at = self._socket.recvfrom(1500)
            except TimeoutError:
                continue
            self.seen.append((at[1], int.from_bytes(query[:2], "big")))
            end = query.index(0, 12) + 5
            self._socket.sendto(query[:2] + b"\x80\x00\x00\x01\x00\x00\x00\x00\x00\x00" + query[12:end], at)

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._thread.join()
        self._socket.close()


def main() -> int:
    """Ports and IDs; 1 when chance can hardly be the reason."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--lookups", type=int, default=200_000)
    parser.add_argument("--engines", type=int, default=20_000)
    parser.add_argument("--json", help="write the figures there")
    given = parser.parse_args()
    figures = {"ids": ids(given.lookups), "ports": ports(given.engines), "use": use(given.lookups // 10)}
    for title, figure in figures.items():
        print(title, json.dumps(figure))
    if given.json:
        Path(given.json).write_text(json.dumps(figures, indent=1) + "\n")
    values = [value for figure in figures.values() for name, value in figure.items() if name.startswith("p_")]
    return 0 if min(values) >= P_LEAST else 1


def ids(lookups: int) -> dict[str, Any]:
    """IDs of one engine's queries."""
    with Watcher() as watcher:
        look_up(watcher, lookups, max_in_flight=200)
    drawn = [number for _, number in watcher.seen]
    steps = [(after - before) % 65536 for before, after in itertools.pairwise(drawn)]
    return {
        "queries": len(drawn),
        "p_high": fit((number >> 8 for number in drawn), 256),
        "p_low": fit((number & 255 for number in drawn), 256),
        "p_step": fit((step >> 8 for step in steps), 256),
    }


def ports(engines: int) -> dict[str, Any]:
    """The port of the first query of each of many engines."""
    first, last = map(int, RANGE.read_text().split())
    with Watcher() as watcher:
        for _ in range(engines):
            look_up(watcher, 1, max_in_flight=1)
    drawn = [port for port, _ in watcher.seen if first <= port <= last]
    span = last - first + 1
    width = span / PORT_BINS
    steps = [(after - before) % span for before, after in itertools.pairwise(drawn)]
    return {
        "queries": len(drawn),
        "range": [first, last],
        "p_port": fit((int((port - first) / width) for port in drawn), PORT_BINS),
        "p_step": fit((int(step / width) for step in steps), PORT_BINS),
        "p_low": fit((port // 2 % 16 for port in drawn), 16),
    }


def use(lookups: int) -> dict[str, Any]:
    """How one engine uses its ports."""
    with Watcher() as watcher:
        look_up(watcher, lookups, max_in_flight=10)
    spells: dict[int, list[int]] = {}
    for at, (port, _) in enumerate(watcher.seen):
        spells.setdefault(port, []).append(at)
    counts = sorted(len(places) for places in spells.values())
    return {"queries": len(watcher.seen), "ports": len(spells), "median": counts[len(counts) // 2], "most": counts[-1]}


def look_up(watcher: Watcher, lookups: int, **options: Any) -> None:
    """So many lookups of different names by one engine."""
    names = (f"n{number}.example" for number in range(lookups))
    for row in resquery.bulk(names, servers=[watcher.address], cookies=False, timeout=20.0, **options):
        if row.status != "NOERROR":
            raise RuntimeError(f"{row.name}: {row.status}")


def fit(values: Iterable[int], bins: int) -> float:
    """How likely values that are spread evenly over the bins would look at least so uneven: the p-value."""
    counts = Counter(values)
    expected = counts.total() / bins
    squares = sum((counts[place] - expected) ** 2 / expected for place in range(bins))
    # the cube root of chi-squared is all but normal (Wilson and Hilferty)
    freedom = bins - 1
    deviation = ((squares / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / math.sqrt(2 / (9 * freedom))
    return math.erfc(deviation / math.sqrt(2)) / 2


if __name__ == "__main__":
    sys.exit(main())
