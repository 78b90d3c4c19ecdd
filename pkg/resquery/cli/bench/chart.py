"""The figures as a bar chart in SVG: how many times faster than dnspython, on a log scale.

No background and one grey for all text, so that light and dark pages both do. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import math
from html import escape
from typing import Any, NamedTuple

from .report import digits, duration

TEXT = "#7d8590"
GRID = "#8b949e"
_EDGE, _LEFT, _TOP, _PANEL, _GAP = 8, 160, 88, 330, 66  # pixels: margin, shape names, heading, a panel, between panels
_BAR, _PITCH, _GROUP = 10, 12, 62  # a bar, from bar to bar, from shape to shape
_DECADES = 4  # 1x to 10,000x


class _Bar(NamedTuple):
    key: str  # of the figures
    title: str
    colour: str


class _Panel(NamedTuple):
    part: str  # of the figures
    title: str
    bars: tuple[_Bar, ...]


_PANELS = (
    _Panel(
        "python",
        "in Python",
        (
            _Bar("columns", "resquery, Arrow columns", "#0969da"),
            _Bar("rcode", "resquery, open + rcode", "#54aeff"),
            _Bar("typed", "resquery, all typed", "#1f883d"),
            _Bar("dnslib", "dnslib", "#bf8700"),
        ),
    ),
    _Panel(
        "c",
        "in C",
        (
            _Bar("resquery", "resquery, MessagePack", "#1f883d"),
            _Bar("ldns", "ldns", "#bf8700"),
            _Bar("c-ares", "c-ares", "#cf222e"),
        ),
    ),
)


def svg(found: dict[str, Any]) -> str:
    """The chart of what was measured."""
    panels = [panel for panel in _PANELS if panel.part in found]
    shapes = found["python"]
    width = _LEFT + len(panels) * (_PANEL + _GAP)
    height = _TOP + len(shapes) * _GROUP + 24
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="system-ui, sans-serif" font-size="11" fill="{TEXT}">',
        "<title>Reading DNS messages: times faster than dnspython</title>",
        text(_EDGE, 16, "Times faster than dnspython, log scale; CPU time a message", size=14, weight="bold"),
    ]
    for at, panel in enumerate(panels):
        lines += _panel(panel, found, _LEFT + at * (_PANEL + _GAP), height)
    for at, (shape, figures) in enumerate(shapes.items()):
        top = _TOP + at * _GROUP
        lines += [
            text(_EDGE, top + 12, shape, size=12, weight="bold"),
            text(_EDGE, top + 26, f"{figures['octets']:,} octets"),
            text(_EDGE, top + 40, f"dnspython {duration(figures['ns']['dnspython']['median'])}"),
        ]
    return "\n".join([*lines, "</svg>", ""])


def _panel(panel: _Panel, found: dict[str, Any], left: int, height: int) -> list[str]:
    """Heading, legend, grid and the bars of one language."""
    figures = found[panel.part]
    bars = [bar for bar in panel.bars if all(bar.key in one["ns"] for one in figures.values())]
    lines = [text(left, 38, panel.title, size=12, weight="bold")]
    for at, bar in enumerate(bars):  # the legend, two to a line
        x, y = left + at % 2 * _PANEL / 2, 48 + at // 2 * 16
        lines += [box(x, y, 9, 9, bar.colour), text(x + 13, y + 8, bar.title)]
    for decade in range(_DECADES + 1):
        x = left + decade * _PANEL / _DECADES
        lines.append(f'<path d="M{x:.1f} {_TOP}V{height - 20}" stroke="{GRID}" stroke-opacity=".35"/>')
        lines.append(text(x, height - 6, f"{10**decade:,}×", anchor="middle"))
    for at, (shape, one) in enumerate(figures.items()):
        slow = found["python"][shape]["ns"]["dnspython"]["median"]
        for row, bar in enumerate(bars):
            lines += _bar(left, _TOP + at * _GROUP + 3 + row * _PITCH, slow / one["ns"][bar.key]["median"], bar.colour)
    return lines


def _bar(left: float, top: float, ratio: float, colour: str) -> list[str]:
    length = min(max(math.log10(ratio) / _DECADES, 0), 1) * _PANEL
    return [box(left, top, length, _BAR, colour), text(left + length + 4, top + 9, f"{digits(ratio)}×", size=10)]


def box(x: float, y: float, width: float, height: float, colour: str) -> str:
    """A filled rectangle."""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def text(x: float, y: float, words: str, *, size: int = 11, weight: str = "normal", anchor: str = "start") -> str:
    """Words at a place."""
    look = f'font-size="{size}" font-weight="{weight}" text-anchor="{anchor}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {look}>{escape(words)}</text>'
