"""Times the contenders in turns: CPU time, so that a busy machine shows little, and ratios round by round.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import statistics
import sys
import time
import timeit
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .peers import Contender

SLICE = 0.02  # seconds that a contender runs in a round
_LONG = 0.5  # seconds: who takes longer than that for one message runs in fewer rounds
_FEW = 5
RATIOS = (("dnspython", "columns"), ("dnspython", "rcode"), ("dnspython", "typed"), ("dnslib", "typed"))


def measure(messages: dict[str, bytes], rounds: int, *, quick: bool = False) -> dict[str, Any]:
    """Nanoseconds a message and ratios, by shape."""
    from . import peers  # here: timing lookups uses this module too, and needs no opponent that reads messages

    found: dict[str, Any] = {}
    for shape, wire in messages.items():
        _tell(f"timing {shape}, {len(wire)} octets")
        times = _turns(peers.contenders(wire), rounds, SLICE / 20 if quick else SLICE)
        found[shape] = summary(len(wire), times, RATIOS)
    return found


def summary(octets: int, times: dict[str, list[float]], ratios: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """Spreads of times, and of how many times longer one contender takes than another in the same round."""
    return {
        "octets": octets,
        "ns": {who: spread(values) for who, values in times.items()},
        "ratio": {
            f"{slow}/{fast}": spread([a / b for a, b in zip(times[slow], times[fast], strict=True)])
            for slow, fast in ratios
            if slow in times and fast in times
        },
    }


def spread(values: list[float]) -> dict[str, float]:
    """Median, 10th and 90th percentile.

    >>> spread([1.0, 2.0, 3.0])
    {'median': 2.0, 'p10': 1.0, 'p90': 3.0}
    """
    tenths = statistics.quantiles(values, n=10, method="inclusive") if len(values) > 9 else [min(values), max(values)]
    return {"median": statistics.median(values), "p10": tenths[0], "p90": tenths[-1]}


def _turns(contenders: dict[str, Contender], rounds: int, slice_s: float) -> dict[str, list[float]]:
    """Nanoseconds a message in each round, by contender."""
    timers = {
        who: timeit.Timer(one.run, "import gc; gc.enable()", time.process_time, one.names)
        for who, one in contenders.items()
    }
    once = {who: timer.timeit(1) for who, timer in timers.items()}
    loops = {who: _loops(timer, once[who], slice_s) for who, timer in timers.items()}
    times: dict[str, list[float]] = {who: [] for who in timers}
    for _ in range(min(rounds, _FEW) if max(once.values()) > _LONG else rounds):
        for who, timer in timers.items():
            times[who].append(timer.timeit(loops[who]) / loops[who] / contenders[who].messages * 1e9)
    return times


def _loops(timer: timeit.Timer, once: float, slice_s: float) -> int:
    """How often a contender runs in its turn; the first time, which fills caches, tells little."""
    if once > slice_s:
        return 1
    count = 1
    while timer.timeit(count) < slice_s / 10:
        count *= 2
    return max(1, int(slice_s / (timer.timeit(count) / count)))


def _tell(text: str) -> None:
    """Progress, for who sits in front of it."""
    if sys.stderr.isatty():
        print(text, file=sys.stderr)
