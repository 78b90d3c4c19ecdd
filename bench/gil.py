"""How much a Python thread gets done while another one looks names up: the GIL is free inside the core.

python bench/gil.py [--seconds S] [--rounds N] [--json FILE]

A thread counts, alone and then beside a `bulk` whose server takes its time, so that the core waits more than it works;
both in turn, N times, on one machine. Prints the median share of the solo rate; fails below 90 %. On a machine with
fewer than two idle cores the counting thread also shares a core with the server, and gets less for that reason.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import resquery
from resquery.testing import Server

SHARE_LEAST = 0.9


def main() -> int:
    """Solo and beside lookups, in turn."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rate", type=float, default=2000.0, help="lookups a second")
    parser.add_argument("--json", help="write the figures there")
    given = parser.parse_args()
    shares: list[float] = []
    with Server(synthesize="example.", delay=0.02) as server:
        for _ in range(given.rounds):
            solo = rate_of_counting(given.seconds, lambda ended: ended.wait())
            beside = rate_of_counting(given.seconds, lambda ended: look_up(server.address, given.rate, ended))
            shares.append(beside / solo)
    figures = {"share": round(statistics.median(shares), 4), "least": min(shares), "most": max(shares)}
    print(json.dumps(figures))
    if given.json:
        Path(given.json).write_text(json.dumps(figures, indent=1) + "\n")
    return 0 if figures["share"] >= SHARE_LEAST else 1


def rate_of_counting(seconds: float, beside: Callable[[threading.Event], object]) -> float:
    """Rounds of a loop in Python each second, while something else runs in another thread."""
    ended = threading.Event()
    other = threading.Thread(target=beside, args=(ended,))
    other.start()
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        for _ in range(1000):
            count += 1
    took = time.perf_counter() - start
    ended.set()
    other.join()
    return count / took


def look_up(address: str, rate: float, ended: threading.Event) -> None:
    """Lookups until it is told to end."""
    names = itertools.takewhile(lambda _: not ended.is_set(), (f"n{number}.example" for number in itertools.count()))
    for _ in resquery.bulk(names, servers=[address], rate=rate, max_in_flight=200):
        pass


if __name__ == "__main__":
    sys.exit(main())
