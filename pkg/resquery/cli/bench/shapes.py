"""The messages that are timed: ten shapes of answers as fixed octets, made here octet by octet, by no DNS library.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import struct

_A, _NS, _SOA, _MX, _TXT, _AAAA, _OPT, _RRSIG, _HTTPS = 1, 2, 6, 15, 16, 28, 41, 46, 65
_ASKED = b"\xc0\x0c"  # a pointer to the question's name
_LONG = "-of-a-company-with-an-exchanger-for-each-mood-and-season"
_HOPS = 16  # pointers that dnspython 2.9 follows for one name; c-ares and resquery follow 127 and more
CROWD = 3500  # records of the largest message, which make about 64,000 octets


def _name(text: str) -> bytes:
    """A name in wire format."""
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label) + b"\0"


def _pointer(at: int) -> bytes:
    """A compression pointer (RFC 1035, 4.1.4)."""
    return struct.pack("!H", 0xC000 + at)


def _rr(rrtype: int, rdata: bytes, *, owner: bytes = _ASKED) -> bytes:
    """A record in class IN."""
    return owner + struct.pack("!HHIH", rrtype, 1, 300, len(rdata)) + rdata


def _response(asked: bytes, rrtype: int, *sections: list[bytes], rcode: int = 0) -> bytes:
    """A response to one question: answer, authority, additional with EDNS."""
    parts = [*sections, [], [], []][:3]
    parts[2] = [*parts[2], b"\0" + struct.pack("!HHIH", _OPT, 1232, 0, 0)]
    head = struct.pack("!6H", 0x1234, 0x8180 + rcode, 1, *map(len, parts))
    return head + asked + struct.pack("!HH", rrtype, 1) + b"".join(record for part in parts for record in part)


def _addresses(count: int) -> bytes:
    return _response(_name("www.example.com"), _A, [_rr(_A, bytes([192, 0, 2, i + 1])) for i in range(count)])


def _mx_and_glue() -> bytes:
    """Four MX records, which share the suffix of the question's name, and the addresses of their hosts."""
    asked = _name("mail.org")
    mx = [_rr(_MX, struct.pack("!H", 10 * i) + b"\x03mx%d" % i + _ASKED) for i in range(1, 5)]
    hosts = [_pointer(12 + len(asked) + 4 + 20 * i + 14) for i in range(4)]
    return _response(asked, _MX, mx, [], [_rr(_A, bytes([192, 0, 2, i]), owner=host) for i, host in enumerate(hosts)])


def _nxdomain() -> bytes:
    """The SOA record of the zone, whose name is the end of the question's."""
    zone = _pointer(17)
    soa = b"\x03ns1" + zone + b"\x0ahostmaster" + zone + struct.pack("!5I", 2026010101, 7200, 3600, 1209600, 300)
    return _response(_name("nope.example.com"), _A, [], [_rr(_SOA, soa, owner=zone)], rcode=3)


def _txt() -> bytes:
    """Three TXT records of one string each."""
    strings = [
        b"google-site-verification=0123456789abcdefghijklmnopqrstuvwxyzABCDEFG",
        b"v=spf1 include:_spf.example.com ~all",
        b"MS=ms0123456789012345678901234",
    ]
    return _response(_name("example.com"), _TXT, [_rr(_TXT, bytes([len(string)]) + string) for string in strings])


def _https() -> bytes:
    """An HTTPS record with ALPN and two address hints of each family."""
    v6 = [bytes.fromhex("20010db8") + bytes(11) + bytes([i]) for i in (1, 2)]
    params = [(1, b"\x02h3\x02h2"), (4, bytes([192, 0, 2, 1, 192, 0, 2, 2])), (6, b"".join(v6))]
    rdata = b"\0\x01\0" + b"".join(struct.pack("!HH", key, len(value)) + value for key, value in params)
    return _response(_name("example.com"), _HTTPS, [_rr(_HTTPS, rdata)])


def _dnssec() -> bytes:
    """Two addresses and their signature (ECDSA P-256: 64 octets)."""
    signer = _name("example.com")
    times = struct.pack("!IIH", 1800000000, 1798000000, 34567)
    rrsig = struct.pack("!HBBI", _A, 13, 3, 300) + times + signer + bytes(range(64))
    records = [_rr(_A, bytes([192, 0, 2, i])) for i in (1, 2)]
    return _response(_name("www.example.com"), _A, [*records, _rr(_RRSIG, rrsig)])


def _referral() -> bytes:
    """Four servers of the zone below, and two addresses of each."""
    asked, zone = _name("www.example.com"), _pointer(16)
    at = 12 + len(asked) + 4
    servers = [_rr(_NS, b"\x03ns%d" % i + zone, owner=zone) for i in range(4)]
    hosts = [_pointer(at + 18 * i + 12) for i in range(4)]
    v4 = [_rr(_A, bytes([192, 0, 2, i]), owner=host) for i, host in enumerate(hosts)]
    v6 = [_rr(_AAAA, bytes.fromhex("20010db8") + bytes(11) + bytes([i]), owner=host) for i, host in enumerate(hosts)]
    return _response(asked, _A, [], servers, v4 + v6)


def _hundred_mx() -> bytes:
    """A hundred exchangers with long names of their own: the answer that overran a mail server's 1,500 octets."""
    hosts = [f"mx-{i:03}{_LONG}".encode() for i in range(100)]
    mx = [_rr(_MX, struct.pack("!HB", i, len(host)) + host + b"\x05inbox" + _ASKED) for i, host in enumerate(hosts)]
    return _response(_name("big-mx.example"), _MX, mx)


def _pointer_chains(crowd: int) -> bytes:
    """Records of two names each, every name of 251 octets and more: 125 labels, read by way of 16 pointers.

    The first 16 owners are links of a chain: eight labels and a pointer to the owner before. All that follow point to
    the end of the chain, once as the owner and once behind a label of their own, so that no two are alike.
    """
    labels = b"".join(b"\x01" + bytes([97 + i]) for i in range(8))
    asked = labels + b"\0"
    at = 12
    chain: list[bytes] = []
    start = 12 + len(asked) + 4
    for i in range(1, _HOPS):
        link = labels[: 10 if i == _HOPS - 1 else 16] + _pointer(at)
        at = start + sum(map(len, chain))
        chain.append(_rr(_NS, b"\x03%03x" % i + b"\0", owner=link))
    deepest = _pointer(at)
    rest = [_rr(_NS, b"\x03%03x" % i + deepest, owner=deepest) for i in range(_HOPS, crowd + 1)]
    return _response(asked, _NS, chain + rest)


def shapes(*, crowd: int = CROWD) -> dict[str, bytes]:
    """The messages by name; `crowd` is how many records the last one has."""
    return {
        "A x1": _addresses(1),
        "A x4": _addresses(4),
        "MX + glue": _mx_and_glue(),
        "NXDOMAIN + SOA": _nxdomain(),
        "TXT": _txt(),
        "HTTPS": _https(),
        "A + RRSIG": _dnssec(),
        "referral": _referral(),
        "MX x100": _hundred_mx(),
        "pointer chains": _pointer_chains(crowd),
    }
