"""Times reading a DNS message, all sections typed, beside dnspython and dnslib.

    python bench/parse.py [--rounds N] [--json FILE]

Six shapes of answers as fixed octets. Before anything is timed, all three must have read the same: questions, owners,
types, classes, TTLs, RDATA and EDNS. The contenders take turns in each round, so a slow moment of the machine hits all
of them; a ratio is the median of the rounds' ratios, its spread their 10th and 90th percentile.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import statistics
import struct
import sys
import timeit
from collections.abc import Callable
from functools import partial
from typing import Any

import dns.message
import dns.rdata
import dns.version
import dnslib

import resquery.message

SLICE = 0.02  # seconds that a contender runs in a round


def name(text: str) -> bytes:
    """A name in wire format."""
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label) + b"\0"


def rr(rrtype: int, rdata: bytes, *, owner: bytes = b"\xc0\x0c") -> bytes:
    """A record in class IN; its owner is the question's name unless given."""
    return owner + struct.pack("!HHIH", rrtype, 1, 300, len(rdata)) + rdata


def answer(asked: str, rrtype: int, *sections: list[bytes], rcode: int = 0) -> bytes:
    """A response to one question, with EDNS."""
    four = [*sections, [], [], []][:3]
    four[2] = [*four[2], b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)]
    head = struct.pack("!6H", 0x1234, 0x8180 + rcode, 1, *map(len, four))
    question = name(asked) + struct.pack("!HH", rrtype, 1)
    return head + question + b"".join(record for section in four for record in section)


def mx_and_glue() -> bytes:
    """Four MX records, which share the suffix of the question's name, and the addresses of their hosts."""
    mx = [rr(15, struct.pack("!H", 10 * i) + b"\x03mx%d" % i + b"\xc0\x0c") for i in range(1, 5)]
    at = 12 + len(name("mail.org")) + 4
    hosts = [struct.pack("!H", 0xC000 + at + 20 * i + 14) for i in range(4)]
    return answer("mail.org", 15, mx, [], [rr(1, bytes([192, 0, 2, i]), owner=host) for i, host in enumerate(hosts)])


def nxdomain() -> bytes:
    """The SOA record of the zone, whose name is the end of the question's."""
    zone = b"\xc0\x11"
    soa = b"\x03ns1" + zone + b"\x0ahostmaster" + zone + struct.pack("!5I", 2026010101, 7200, 3600, 1209600, 300)
    return answer("nope.example.com", 1, [], [rr(6, soa, owner=zone)], rcode=3)


def txt() -> bytes:
    """Three TXT records of one string each."""
    strings = [
        b"google-site-verification=0123456789abcdefghijklmnopqrstuvwxyzABCDEFG",
        b"v=spf1 include:_spf.example.com ~all",
        b"MS=ms0123456789012345678901234",
    ]
    return answer("example.com", 16, [rr(16, bytes([len(string)]) + string) for string in strings])


def https() -> bytes:
    """An HTTPS record with ALPN and two address hints of each family."""
    v6 = [bytes.fromhex("20010db8") + bytes(11) + bytes([i]) for i in (1, 2)]
    params = [(1, b"\x02h3\x02h2"), (4, bytes([192, 0, 2, 1, 192, 0, 2, 2])), (6, b"".join(v6))]
    rdata = b"\0\x01\0" + b"".join(struct.pack("!HH", key, len(value)) + value for key, value in params)
    return answer("example.com", 65, [rr(65, rdata)])


SHAPES = {
    "A x1": answer("www.example.com", 1, [rr(1, bytes([192, 0, 2, 1]))]),
    "A x4": answer("www.example.com", 1, [rr(1, bytes([192, 0, 2, i])) for i in range(1, 5)]),
    "MX + glue": mx_and_glue(),
    "NXDOMAIN + SOA": nxdomain(),
    "TXT": txt(),
    "HTTPS": https(),
}
OCTETS = {"A x1": 60, "A x4": 108, "MX + glue": 181, "NXDOMAIN + SOA": 96, "TXT": 213, "HTTPS": 113}


# --- the contenders: octets -> a message whose sections are all typed ----------------------------------------------


READERS: dict[str, Callable[[bytes], Any]] = {
    "resquery": resquery.message.Message,  # which decodes everything when it is made
    "dnspython": dns.message.from_wire,
    "dnslib": dnslib.DNSRecord.parse,
}


# --- what each of them read, in one form -----------------------------------------------------------------------------

Facts = tuple[list[tuple[str, int, int]], list[list[tuple[str, int, int, int, bytes]]], int]


def facts_resquery(wire: bytes) -> Facts:
    """Questions, the records of the three sections sorted, the EDNS payload."""
    msg = resquery.message.Message(wire)
    sections = [
        sorted((r.name, int(r.type), int(r.rrclass), r.ttl, r.rdata_wire) for r in section)
        for section in (msg.answer, msg.authority, msg.additional)
    ]
    return [(q.name, int(q.type), int(q.rrclass)) for q in msg.question], sections, msg.edns.payload if msg.edns else 0


def facts_dnspython(wire: bytes) -> Facts:
    """The same, from dnspython."""
    msg = dns.message.from_wire(wire)
    sections = [
        sorted((s.name.to_text(), int(s.rdtype), int(s.rdclass), s.ttl, r.to_wire() or b"") for s in section for r in s)
        for section in (msg.answer, msg.authority, msg.additional)
    ]
    return [(q.name.to_text(), int(q.rdtype), int(q.rdclass)) for q in msg.question], sections, msg.payload


def facts_dnslib(wire: bytes) -> Facts:
    """The same, from dnslib, which packs RDATA with names compressed: dnspython undoes that."""
    msg = dnslib.DNSRecord.parse(wire)
    payload = 0
    sections: list[list[tuple[str, int, int, int, bytes]]] = []
    for section in (msg.rr, msg.auth, msg.ar):
        found: list[tuple[str, int, int, int, bytes]] = []
        for r in section:
            if r.rtype == 41:
                payload = r.edns_len
                continue
            packed = dnslib.DNSBuffer()
            r.rdata.pack(packed)
            rdata = dns.rdata.from_wire(r.rclass, r.rtype, bytes(packed.data), 0, len(packed.data)).to_wire()
            found.append((str(r.rname), r.rtype, r.rclass, r.ttl, rdata or b""))
        sections.append(sorted(found))
    return [(str(q.qname), q.qtype, q.qclass) for q in msg.questions], sections, payload


def check_alike(shape: str, wire: bytes) -> None:
    """Ends the program when the three did not read the same, or the octets are not those of the shape."""
    read = facts_resquery(wire)
    if len(wire) != OCTETS[shape] or read != facts_dnspython(wire) or read != facts_dnslib(wire):
        sys.exit(f"{shape}: the contenders do not read the same")


# --- timing ----------------------------------------------------------------------------------------------------------


def measure(wire: bytes, rounds: int) -> dict[str, list[float]]:
    """Nanoseconds a message in each round, by contender."""
    timers = {who: timeit.Timer(partial(read, wire), gc.enable) for who, read in READERS.items()}
    loops = {who: max(1, int(SLICE / (timer.timeit(200) / 200))) for who, timer in timers.items()}
    times: dict[str, list[float]] = {who: [] for who in timers}
    for _ in range(rounds):
        for who, timer in timers.items():
            times[who].append(timer.timeit(loops[who]) / loops[who] * 1e9)
    return times


def spread(values: list[float]) -> dict[str, float]:
    """Median, 10th and 90th percentile."""
    tenths = statistics.quantiles(values, n=10)
    return {"median": statistics.median(values), "p10": tenths[0], "p90": tenths[-1]}


def summary(times: dict[str, list[float]]) -> dict[str, Any]:
    """Times of each contender, and how many times longer than resquery the others take."""
    ratios = {
        who: spread([theirs / ours for theirs, ours in zip(times[who], times["resquery"], strict=True)])
        for who in times
        if who != "resquery"
    }
    return {"ns": {who: spread(values) for who, values in times.items()}, "ratio": ratios}


def line(shape: str, found: dict[str, Any]) -> str:
    """A line of the table."""
    ns, ratio = found["ns"], found["ratio"]
    cells = [f"{shape:15} {OCTETS[shape]:6}"]
    cells += [f"{ns[who]['median']:9,.0f} {ns[who]['p10']:9,.0f}-{ns[who]['p90']:<9,.0f}" for who in ns]
    cells += [f"{ratio[who]['median']:6.1f} ({ratio[who]['p10']:.1f}-{ratio[who]['p90']:.1f})" for who in ratio]
    return "  ".join(cells)


def main() -> None:
    """Measures all shapes, prints a table, writes the figures."""
    parser = argparse.ArgumentParser(description="Times reading a DNS message beside dnspython and dnslib.")
    parser.add_argument("--rounds", type=int, default=21, help="rounds, in which all take turns (default: 21)")
    parser.add_argument("--json", metavar="FILE", help="also write the figures to FILE")
    options = parser.parse_args()
    for shape, wire in SHAPES.items():
        check_alike(shape, wire)
    print(f"CPython {platform.python_version()}, dnspython {dns.version.version}, dnslib {dnslib.version}")
    print(
        f"{'shape':15} {'octets':>6}  "
        + "  ".join(f"{who + ' ns, p10-p90':29}" for who in READERS)
        + "  dnspython/  dnslib/"
    )
    figures: dict[str, Any] = {}
    for shape, wire in SHAPES.items():
        figures[shape] = {"octets": len(wire), **summary(measure(wire, options.rounds))}
        print(line(shape, figures[shape]), flush=True)
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"rounds": options.rounds, "shapes": figures}, file, indent=1)


if __name__ == "__main__":
    main()
