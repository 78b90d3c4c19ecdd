"""The demonstration's data: a list of real domain names, and a zone with made-up answers for them and the README's.

`data/demo.zone` is what `python -m resquery.testing.demo` prints. All addresses are from the ranges for documentation
(RFC 5737, RFC 3849), nothing is asked of anybody: the names only look like a day's work. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ZONE = Path(__file__).parent / "data" / "demo.zone"
BIG_MX = "big-mx.example."
_NAMES = Path(__file__).parent / "data" / "names.txt"
_NETS = ("192.0.2", "198.51.100", "203.0.113")
_EDGES = 16
_BIG = 100
_BIG_LABEL = "mx-{}-of-a-company-with-an-exchanger-for-each-mood-and-season"
_HEAD = """\
; Made by `python -m resquery.testing.demo`: made-up answers for the names in names.txt.
$ORIGIN .
$TTL 300
. SOA ns.demo.invalid. root.demo.invalid. 1 3600 600 86400 60
. NS ns.demo.invalid.
example.com. A 192.0.2.1
example.com. MX 10 mx1.example.com.
example.net. A 192.0.2.2
1.2.0.192.in-addr.arpa. PTR example.com.
"""


def demo_names() -> list[str]:
    """The names, one of each, without a final dot.

    >>> len(demo_names()) == len(set(demo_names())) > 2000
    True
    """
    return _NAMES.read_text(encoding="ascii").split()


def demo_zone(names: Iterable[str]) -> str:
    """A zone for the names, the same one every time.

    Of a hundred names about 4 do not exist, 4 exist with a TXT record alone, 7 are a chain of two CNAMEs, and the rest
    has addresses, most of them mail exchangers. `big-mx.example.` has 100 MX records: 8,546 octets without EDNS.
    """
    lines = (line for lines in (_big_mx(), _edges(), *map(_records, names)) for line in lines)
    return _HEAD + "".join(f"{line}\n" for line in lines)


def _records(name: str) -> Iterator[str]:
    kind, a, aaaa, mx, *octets = hashlib.sha256(name.encode()).digest()
    if kind < 10:
        return
    if kind < 20:
        yield f'{name}. TXT "v=spf1 -all"'
    elif kind < 38:
        yield f"{name}. CNAME {name}.cdn.example."
        yield f"{name}.cdn.example. CNAME edge{octets[0] % _EDGES}.cdn.example."
    else:
        for i in range(1 + a % 16 // 7):
            yield f"{name}. A {_NETS[octets[i] % 3]}.{octets[4 + i]}"
        if aaaa < 150:
            yield f"{name}. AAAA 2001:db8:{octets[8]:x}:{octets[9]:x}::{octets[10]:x}"
        for i in range(mx % 3 if mx < 230 else 0):
            yield f"{name}. MX {10 + 10 * i} mx{i + 1}.{name}."


def _edges() -> Iterator[str]:
    for i in range(_EDGES):
        yield f"edge{i}.cdn.example. A 192.0.2.{i + 1}"
        yield f"edge{i}.cdn.example. AAAA 2001:db8::{i + 1:x}"


def _big_mx() -> Iterator[str]:
    """A hundred exchangers, none of whose names shortens another by much: 86 records of 85 octets and 14 of 86."""
    for i in range(_BIG):
        label = _BIG_LABEL.format(f"{i:02d}" if i < 86 else f"{i:03d}")
        yield f"{BIG_MX} MX {i} {label}.invalid."


if __name__ == "__main__":
    sys.stdout.write(demo_zone(demo_names()))
