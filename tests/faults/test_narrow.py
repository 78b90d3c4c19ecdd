"""A link with a small MTU, between two network namespaces: answers arrive, in fragments or over TCP."""

from __future__ import annotations

from pathlib import Path

from inside import Inside

SCRIPT = Path(__file__).with_name("narrow.py")


def test_answers_cross_a_link_of_576_octets(inside: Inside) -> None:
    """Up to 1,232 octets over UDP, as our EDNS payload allows, which the server's kernel cuts; the rest over TCP."""
    rows = inside(SCRIPT)
    assert len(rows) == 80
    for name, status, transport, size, _ in rows:
        assert status == "NOERROR"
        assert transport == ("udp" if name.startswith("u") else "tcp")
        assert (900 < size < 1232) if transport == "udp" else size > 3500
