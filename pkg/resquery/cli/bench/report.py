"""The figures as tables, for a terminal of a hundred columns and for a README. SPDX-License-Identifier: MIT"""

from __future__ import annotations

import platform
import statistics
from pathlib import Path
from typing import Any

_UNITS = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns"))
Figures = dict[str, Any]
Row = tuple[str, list[str]]


def machine() -> str:
    """The processor and the system, as the kernel names them."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {platform.system()} {platform.machine()}"


def tables(found: Figures) -> str:
    """All of it: CPU time a message, ratios in Python, then both in C."""
    versions = ", ".join(f"{who} {number}" for who, number in found["versions"].items())
    blocks = [f"{found['machine']}; {versions}"]
    titled = "CPU time a message in Python, median ± half of what lies between the 10th and the 90th percentile"
    blocks += [block(titled, _times(found["python"])), _ratios("Times longer, median (p10-p90)", found["python"])]
    if "c" in found:
        versions = ", ".join(f"{who} {number}" for who, number in found["c_versions"].items())
        blocks.append(block(f"The same in C{', ' if versions else ''}{versions}", _times(found["c"])))
        blocks += [_ratios("Times longer in C", found["c"])] if found["c_versions"] else []
    blocks += [f"not measured: {why}" for why in found["c_missing"]]
    return "\n\n".join(blocks)


def markdown(found: Figures) -> str:
    """The medians as tables for a README: times, and behind a bar the ratios."""
    blocks = [_markdown(found[part]) for part in ("python", "c") if part in found]
    return "\n".join(blocks)


def _markdown(figures: Figures) -> str:
    first = next(iter(figures.values()))
    rows = [
        ["message", "octets", *first["ns"], *first["ratio"]],
        ["---"] * (2 + len(first["ns"]) + len(first["ratio"])),
    ]
    for shape, one in figures.items():
        times = [duration(spread["median"]) for spread in one["ns"].values()]
        ratios = [f"{digits(spread['median'])}x" for spread in one["ratio"].values()]
        rows.append([shape, f"{one['octets']:,}", *times, *ratios])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def duration(ns: float) -> str:
    """A time in the unit that suits it, three digits.

    >>> duration(345.2), duration(1343), duration(67_614), duration(6.5e9)
    ('345 ns', '1.34 µs', '67.6 µs', '6.50 s')
    """
    size, unit = next((one for one in _UNITS if ns >= one[0] * 0.9995), _UNITS[-1])
    return f"{digits(ns / size)} {unit}"


def digits(number: float) -> str:
    """Three digits, or all before the point.

    >>> digits(1.2345), digits(50.42), digits(407.1), digits(12345)
    ('1.23', '50.4', '407', '12,345')
    """
    return f"{number:,.{0 if number >= 99.95 else 1 if number >= 9.995 else 2}f}"


def block(title: str, rows: list[Row]) -> str:
    """A title and a table whose first row heads its columns."""
    widths = [max(len(cells[at]) for _, cells in rows) for at in range(len(rows[0][1]))]
    left = max(len(name) for name, _ in rows)
    lines = [
        f"{name:<{left}}  " + "  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        for name, cells in rows
    ]
    return "\n".join([title, *(line.rstrip() for line in lines)])


def _times(figures: Figures) -> list[Row]:
    rows: list[Row] = [("", ["octets", *next(iter(figures.values()))["ns"]])]
    for shape, one in figures.items():
        rows.append((shape, [f"{one['octets']:,}", *map(_time, one["ns"].values())]))
    return rows


def _time(spread: dict[str, float]) -> str:
    around = (spread["p90"] - spread["p10"]) / 2 / spread["median"] * 100
    return f"{duration(spread['median'])} ±{around:2.0f}%"


def _ratios(title: str, figures: Figures) -> str:
    names = list(next(iter(figures.values()))["ratio"])
    rows: list[Row] = [("", names)]
    for shape, one in figures.items():
        rows.append((shape, [_ratio(one["ratio"][name]) for name in names]))
    medians = [[one["ratio"][name]["median"] for one in figures.values()] for name in names]
    rows.append(("least", [digits(min(column)) for column in medians]))
    rows.append(("median", [digits(statistics.median(column)) for column in medians]))
    return block(title, rows)


def _ratio(spread: dict[str, float]) -> str:
    return f"{digits(spread['median'])} ({digits(spread['p10'])}-{digits(spread['p90'])})"
