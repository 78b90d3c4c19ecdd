"""The zone that all servers of these tests serve."""

from __future__ import annotations

ORIGIN = "example."
NAMES = 10_000
HEAD = """\
$ORIGIN example.
$TTL 300
@ SOA ns.example. root.example. 1 3600 600 86400 60
@ NS ns.example.
ns A 127.0.0.1
www A 192.0.2.1
www A 192.0.2.2
www AAAA 2001:db8::1
text TXT "no address"
chain1 CNAME chain2
chain2 CNAME chain3
chain3 CNAME www
dangling CNAME nowhere
*.wild A 192.0.2.3
"""


def name_and_address(i: int) -> tuple[str, str]:
    """The i-th of the many names, and its address."""
    return f"n{i}.many.example.", f"198.18.{i // 256}.{i % 256}"


def zone_text() -> str:
    """The zone: a few of everything, 100 MX records, and 10,000 names."""
    big = (f"big-mx MX {i} mail-exchanger-{i:03d}.{'rack' * 8}-{i:03d}.example.net." for i in range(100))
    many = (" A ".join(name_and_address(i)) for i in range(NAMES))
    return HEAD + "".join(f"{line}\n" for line in (*big, *many))
