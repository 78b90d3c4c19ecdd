"""The figures of `resquery bench lookup` as tables and as a bar chart. SPDX-License-Identifier: MIT"""

from __future__ import annotations

import math
from typing import Any

from .chart import GRID, TEXT, box, text
from .measure import spread
from .report import Figures, Row, block, digits

_HEAD = ["CPU s/10^6", "(p10-p90)", "x floor", "lookups/s", "start ms", "peak MiB", "unanswered"]
_COLOURS = {"floor": "#8b949e", "resquery": "#1f883d", "peer": "#bf8700"}
_EDGE, _LEFT, _TOP, _WIDTH, _PITCH, _BAR = 8, 230, 60, 520, 20, 13  # pixels
_FIRST, _DECADES = 0.1, 4  # CPU seconds a million where the scale begins, and how many decades it has


def tables(found: Figures) -> str:
    """A table for each case and server, then what changes from case to case."""
    versions = ", ".join(f"{who} {number}" for who, number in found["versions"].items())
    blocks = [f"{found['machine']}; {versions}; {found['rounds']} rounds, medians"]
    for case in found["cases"]:
        for who, parties in case["servers"].items():
            rows: list[Row] = [("", _HEAD), *((one["title"], _cells(one)) for one in parties.values())]
            blocks.append(block(f"{who}, {case['title']}", rows))
    blocks += _growth(found["cases"])
    blocks += _threads(found["cases"])
    blocks += [f"not measured: {why}" for why in found["missing"]]
    return "\n\n".join(blocks)


def markdown(found: Figures) -> str:
    """The medians of each case and server as a table for a README."""
    lines: list[str] = []
    for case in found["cases"]:
        for who, parties in case["servers"].items():
            lines += [f"{who}, {case['title']}:", ""]
            lines += [_line(["client", "CPU s per 10^6", "times the floor", "lookups/s seen", "peak memory"])]
            lines += [_line(["---"] * 5)]
            lines += [_line(_markdown_cells(one)) for one in parties.values()] + [""]
    return "\n".join(lines)


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _markdown_cells(one: dict[str, Any]) -> list[str]:
    cpu = f"{digits(one['us']['median'])} ({digits(one['us']['p10'])} - {digits(one['us']['p90'])})"
    ratio = f"{digits(one['ratio']['median'])}x" if one["ratio"] else ""
    return [one["title"], cpu, ratio, f"{rounded(one['per_s']['median']):,}", f"{one['peak_mib']['median']:.0f} MiB"]


def _cells(one: dict[str, Any]) -> list[str]:
    us = one["us"]
    return [
        digits(us["median"]),
        f"({digits(us['p10'])}-{digits(us['p90'])})",
        digits(one["ratio"]["median"]) if one["ratio"] else "",
        f"{rounded(one['per_s']['median']):,}",
        f"{one['start_ms']['median']:.0f}",
        f"{one['peak_mib']['median']:.1f}",
        f"{one['unanswered']:.4%}" if one["unanswered"] else "0",
    ]


def rounded(number: float) -> int:
    """Three digits, and zeros.

    >>> rounded(123456.0), rounded(12.3)
    (123000, 12)
    """
    if number < 1000:
        return round(number)
    unit = 10 ** (math.floor(math.log10(number)) - 2)
    return round(number / unit) * unit


def _growth(cases: list[dict[str, Any]]) -> list[str]:
    """What each case takes beside the first: CPU a lookup, and memory."""
    blocks: list[str] = []
    first = cases[0]
    for case in cases[1:]:
        for who, parties in case["servers"].items():
            base = first["servers"].get(who)
            if base is None:
                continue
            rows: list[Row] = [("", ["CPU, times (p10-p90)", "peak MiB more"])]
            for key, one in parties.items():
                if key in base:
                    more = one["peak_mib"]["median"] - base[key]["peak_mib"]["median"]
                    rows.append((one["title"], [_times(one, base[key]), f"{more:+.1f}"]))
            blocks.append(block(f"{who}, {case['title']}, beside {first['title']}", rows))
    return blocks


def _times(one: dict[str, Any], other: dict[str, Any]) -> str:
    """CPU of a lookup beside the other's in the same round."""
    times = spread([a / b for a, b in zip(one["us_by_round"], other["us_by_round"], strict=True)])
    return f"{times['median']:.2f} ({times['p10']:.2f}-{times['p90']:.2f})"


def _threads(cases: list[dict[str, Any]]) -> list[str]:
    """Lookups a CPU second of two threads beside one."""
    lines: list[str] = []
    for case in cases:
        for who, parties in case["servers"].items():
            for key in ("ndjson", "rows"):
                if f"{key}_2" in parties and key in parties:
                    share = _times(parties[key], parties[f"{key}_2"])
                    lines.append(f"{who}, {case['title']}: {key}: in a CPU second two threads do {share} of one's work")
    return lines


# --- the chart --------------------------------------------------------------------------------------------------------


def svg(found: Figures) -> str:
    """CPU seconds a million lookups of the first case, a panel for each server."""
    case = found["cases"][0]
    heights = [len(parties) * _PITCH + 64 for parties in case["servers"].values()]
    width, height = _EDGE + _LEFT + _WIDTH + 60, _TOP + sum(heights)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="system-ui, sans-serif" font-size="11" fill="{TEXT}">',
        "<title>CPU seconds of the client for a million lookups</title>",
        text(_EDGE, 16, "Client CPU seconds for a million lookups, log scale: less is better", size=14, weight="bold"),
        text(_EDGE, 34, f"{case['title']}, loopback; {found['machine']}"),
    ]
    top = _TOP
    for (who, parties), tall in zip(case["servers"].items(), heights, strict=True):
        lines += _panel(who, list(parties.values()), top)
        top += tall
    return "\n".join([*lines, "</svg>", ""])


def _panel(who: str, parties: list[dict[str, Any]], top: int) -> list[str]:
    bottom = top + 16 + len(parties) * _PITCH
    lines = [text(_EDGE, top, who, size=12, weight="bold")]
    for decade in range(_DECADES + 1):
        x = _LEFT + decade * _WIDTH / _DECADES
        lines.append(f'<path d="M{x:.1f} {top + 8}V{bottom}" stroke="{GRID}" stroke-opacity=".35"/>')
        lines.append(text(x, bottom + 14, f"{_FIRST * 10**decade:g}", anchor="middle"))
    for at, one in enumerate(parties):
        y = top + 14 + at * _PITCH
        seconds = one["us"]["median"]
        length = min(max(math.log10(max(seconds, 1e-9) / _FIRST) / _DECADES, 0), 1) * _WIDTH
        lines += [
            text(_LEFT - 6, y + 10, one["title"], anchor="end"),
            box(_LEFT, y, length, _BAR, _COLOURS[one["group"]]),
            text(_LEFT + length + 4, y + 10, digits(seconds), size=10),
        ]
    return lines
