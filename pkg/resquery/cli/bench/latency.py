"""How long one blocking lookup takes, beside a bare sendto and recvfrom in C; each contender a process, in turns.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...errors import ResqueryError
from .contenders import build
from .lookup import Case, run, served_by
from .measure import spread
from .report import Row, block, digits
from .served import Served, write_names

FLOOR = "sendto, recvfrom in C"
_CLIENTS = Path(__file__).with_name("clients.py")
_PYTHON = {
    "socket": "sendto, recvfrom in Python",
    "resolve": "Resolver.resolve",
    "res_query": "Resolver.res_query",
    "pycares": "pycares, waited for",
    "dnspython": "dnspython",
}
_MODULES = {"pycares": "pycares", "dnspython": "dns"}


def measure(server: str, names: int, rounds: int, sources: Path | None, folder: Path) -> dict[str, Any]:
    """Microseconds of a lookup, the median of each turn, and how many more than the floor's in the same round."""
    file = folder / "names"
    write_names(file, names)
    floor, no_floor = build(sources, folder, "floor")
    glibc, no_glibc = build(sources, folder, "latency", "-lresolv")
    missing = [why for why in (no_floor, no_glibc) if why]
    times: dict[str, list[float]] = {}
    with served_by(server, folder, Case(names)) as served:
        commands: dict[str, list[str]] = {}
        if floor:
            commands[FLOOR] = [str(floor), "latency", str(file), served.hosts[0], str(served.port)]
        if glibc:
            commands["glibc res_nquery"] = [str(glibc), str(file), served.hosts[0], str(served.port)]
        for who, title in _PYTHON.items():
            if who in _MODULES and not find_spec(_MODULES[who]):
                missing.append(f"{title} is not installed: pip install 'resquery[bench]'")
            else:
                commands[title] = _python(who, file, served)
        for _ in range(rounds):
            for title, command in commands.items():
                times.setdefault(title, []).append(_median_us(command, folder))
    return {"us": {title: spread(each) for title, each in times.items()}, "more": beyond(times), "missing": missing}


def _python(who: str, file: Path, served: Served) -> list[str]:
    return [sys.executable, str(_CLIENTS), who, str(file), "latency", served.addresses[0]]


def _median_us(command: list[str], folder: Path) -> float:
    said = json.loads(run(command, folder).said)
    if not said["us"] > 0:
        raise ResqueryError(f"{command[0]} timed nothing")
    return float(said["us"])


def beyond(times: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    """Microseconds more than the floor's in the same round; nothing without a floor.

    >>> beyond({FLOOR: [10.0, 20.0], "other": [15.0, 26.0]})["other"]["median"]
    5.5
    """
    floor = times.get(FLOOR)
    if floor is None:
        return {}
    return {
        title: spread([a - b for a, b in zip(each, floor, strict=True)])
        for title, each in times.items()
        if title != FLOOR
    }


def table(found: dict[str, Any]) -> str:
    """A line for each contender."""
    rows: list[Row] = [("", ["µs a lookup", "(p10-p90)", "more than the floor"])]
    for title, us in found["us"].items():
        more = found["more"].get(title)
        cells = [digits(us["median"]), f"({digits(us['p10'])}-{digits(us['p90'])})"]
        rows.append((title, [*cells, f"{more['median']:+.1f}" if more else ""]))
    return "\n\n".join([block("Medians of the turns", rows), *(f"not measured: {why}" for why in found["missing"])])
