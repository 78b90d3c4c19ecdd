"""Writes the inputs that the fuzz corpus began with: one for each thing a message, a name or a resolv.conf can hold.

Run it after a target's input format has changed, then `tests/fuzz/run.py --merge`. The messages are made by dnspython,
which shares no code with resquery.
"""

import hashlib
import json
import struct
from collections.abc import Iterator
from pathlib import Path

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.rdatatype
import dns.rrset
import msgspec

from resquery import Message
from resquery._rq import lib

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests/fuzz/corpus"
RECORDS = """A 192.0.2.1|NS ns1.example.com.|CNAME a\\.b.example.com.|PTR host.example.com.|HINFO "cpu" "os"
SOA ns1.example.com. root.example.com. 1 7200 3600 1209600 300|MX 10 mx1.example.com.|TXT "one" "two\\200" ""
AAAA 2001:db8::1|LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m|SRV 1 2 443 www.example.com.
NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:a@example.com!" .|DNAME other.example.com.
DS 12345 8 1 000102030405060708090a0b0c0d0e0f10111213|SSHFP 4 1 000102030405060708090a0b0c0d0e0f10111213
RRSIG A 8 2 3600 20300101000000 20200101000000 12345 example.com. AAECAwQFBgc=|DNSKEY 257 3 8 AwEAAcMnWBKLuvGA
NSEC b.example.com. A MX RRSIG NSEC TYPE1234|NSEC3 1 1 10 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr A RRSIG
NSEC3PARAM 1 0 10 aabbccdd|TLSA 3 1 0 00112233445566|CAA 0 issue "ca.example.net"|URI 10 1 "https://example.com/"
HTTPS 1 . alpn=h2,h3 port=443 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1|SVCB 0 svc.example.com.
SVCB 1 svc.example.com. mandatory=alpn alpn=h2 key667="x"|TYPE65280 \\# 3 010203"""
NAMES = [
    *(".", "example.com.", "a\\.b.c", "\\000\\255.x", "..", "a..b", "\\25", "xn--bcher-kva.ch"),
    "a" * 63,
    ".".join(["b" * 61] * 4),
]
PAIRS = [
    [(code, value) for value in (b"", b"\0", b"\0\1", b"\0\1\x18\0\xc0\0\2", b"\3abc", bytes(8), bytes(24))]
    for code in range(24)
]
DENIAL = "two. 300 IN SOA ns.two. root.two. 1 2 3 4 60"
CHAINS: list[tuple[tuple[str, ...], tuple[str, ...]]] = [  # answers, then an SOA or nothing
    (("a.one. 300 IN CNAME b.two.", ""), ("b.two. 60 IN A 192.0.2.1", "b.two. 60 IN A 192.0.2.2", "")),
    (("a.one. 300 IN CNAME b.two.", "b.two. 60 IN A 192.0.2.1", "x.two. 9 IN A 192.0.2.9", ""), ("",)),
    (("a.one. 300 IN CNAME b.two.", ""), (DENIAL,)),
    (("one. 300 IN DNAME two.", "a.one. 300 IN CNAME a.two.", ""), ("a.two. 60 IN CNAME a.one.", "")),
    (("a.one. 300 IN CNAME b.two.", "b.two. 60 IN CNAME a.one.", ""), ("",)),
    (
        (
            "a.one. 300 IN CNAME b.two.",
            "a.one. 300 IN RRSIG CNAME 8 2 300 20300101000000 20200101000000 1 one. AAAA",
            "",
        ),
        ("b.two. 60 IN A 192.0.2.1", "b.two. 60 IN RRSIG A 8 2 60 20300101000000 20200101000000 1 two. AAAA", ""),
    ),
]
CONFS = [
    "nameserver 127.0.0.1\nnameserver ::1\nsearch a.example b.example\noptions ndots:2 timeout:1 attempts:5 rotate\n",
    "domain example.com\r\noptions use-vc edns0 trust-ad\r\n# note\n; note\n",
    "nameserver fe80::1%2\nnameserver bogus\noptions ndots:999 timeout:-1\n" + "nameserver 192.0.2.1\n" * 9,
    *("9.9.9.9", "127.0.0.1:5301", "[::1]:53", "::ffff:1.2.3.4", "[fe80::1%2]:65535", "1.2.3.4:65536", "1.2.3"),
    *("example.com\n\n  b.example \r\nlast", "\n\n\n", "a\nb\nc\nd\n"),
]


def main() -> None:
    """Write the seeds of every target."""
    messages = list(all_messages())
    for wire in messages:
        write("fuzz_message", struct.pack("!HH", len(wire) // 2, len(wire) - 5) + wire)
        for target in ("fuzz_text", "fuzz_json", "fuzz_msgpack"):
            write(target, struct.pack("!H", len(wire)) + wire)
        write("fuzz_columns", b"\xff\xff" + 3 * (struct.pack("!H", len(wire)) + wire))
        write("fuzz_dnspython", wire)
        write("fuzz_name", struct.pack("!H", 12) + wire)
        write("fuzz_row", struct.pack("!HHHHHH", len(wire), 4096, 8, 15, 7, 17000) + b"a.exampl" + wire)
        write("fuzz_judge", struct.pack("!HH", 1, 1) + dns.name.from_text("www.example.com.").to_wire() + wire)
    for rrtype, rdata in all_rdata():
        write("fuzz_rdata", struct.pack("!HH", rrtype, 64) + rdata)
        record = b"\xc0\x0c" + struct.pack("!HHIH", rrtype, 1, 300, len(rdata)) + rdata
        write("fuzz_dnspython", struct.pack("!6H", 1, 0x8180, 1, 1, 0, 0) + b"\1a\0\0\1\0\1" + record)
        read = Message(struct.pack("!6H", 1, 0x8180, 0, 0, 0, 1) + b"\0" + record[2:]).additional
        for value in read:
            write("fuzz_unpack", struct.pack("!H", 64) + msgspec.msgpack.encode(value))
    for pairs in PAIRS:
        write(
            "fuzz_pairs", struct.pack("!H", 400) + b"".join(bytes([code, len(value)]) + value for code, value in pairs)
        )
    for first, second in CHAINS:
        parts = [answer_body(*part) for part in (first, second)]
        head = struct.pack("!HH", 1, len(parts[0]) - 6) + dns.name.from_text("a.one.").to_wire()
        write("fuzz_chain", head + parts[0] + parts[1])
    for text in NAMES:
        write("fuzz_name", bytes(2) + text.encode())
        write("fuzz_query", struct.pack("!HHHHHH", 15, 1, 4242, 0x0100, 1232, 41) + text.encode())
    for count in (1, 3):
        stream = b"".join(struct.pack("!H", len(wire)) + wire for wire in messages[:count])
        write("fuzz_frame", bytes([4, 1, 1, 2, 9]) + stream + b"\0\0\0")
    for conf in CONFS:
        write("fuzz_conf", bytes([7, 2]) + conf.encode())


def all_messages() -> Iterator[bytes]:
    """Make one answer for each record, and the messages that are shaped otherwise."""
    for record in RECORDS.replace("\n", "|").split("|"):
        yield answer(record)
    whole = answer("A 192.0.2.1", "A 192.0.2.2", authority="NS ns1.example.com.", additional="AAAA ::1", edns=True)
    yield whole
    yield whole[: len(whole) - 7]
    yield dns.message.make_query("www.example.com.", "MX", use_edns=0, want_dnssec=True).to_wire()
    yield bytes(12)
    header = struct.pack("!HHHHHH", 1, 0x8180, 1, 1, 0, 0)
    yield header + b"\xc0\x0c\x00\x01\x00\x01"  # a question that points to itself
    yield header + b"\x01a\xc0\x0c\x00\x01\x00\x01"


def answer_body(*lines: str) -> bytes:
    """Make what fuzz_chain takes of an answer: flags, counts, records; the last line is for the authority section."""
    answers, authority = lines[:-1], [line for line in lines[-1:] if line]
    body = b""
    for line in (*answers, *authority):
        owner, ttl, _, rrtype, rdata = line.split(" ", 4)
        data = dns.rdata.from_text("IN", rrtype, rdata).to_wire() or b""
        number = int(dns.rdatatype.from_text(rrtype))
        body += dns.name.from_text(owner).to_wire() + struct.pack("!HHIH", number, 1, int(ttl), len(data)) + data
    return struct.pack("!HHH", 0x8580, len(answers), len(authority)) + body


def all_rdata() -> Iterator[tuple[int, bytes]]:
    """Type and RDATA of each test vector."""
    for vector in json.loads((ROOT / "tests/data/records.json").read_text()):
        name = vector["type"].encode()
        yield lib.rq_type_number(name, len(name)), bytes.fromhex(vector["wire"])


def answer(*answers: str, authority: str = "", additional: str = "", edns: bool = False) -> bytes:
    """Make an answer to www.example.com. with these records."""
    query = dns.message.make_query("www.example.com.", "A", id=1)
    response = dns.message.make_response(query)
    if edns:
        options = [dns.edns.GenericOption(10, bytes(8)), dns.edns.EDEOption(18, "blocked")]
        response.use_edns(0, dns.flags.DO, 1232, options=options)
    for section, records in zip(response.sections[1:], (answers, [authority], [additional]), strict=True):
        for record in filter(None, records):
            rrtype, _, rdata = record.partition(" ")
            section.append(dns.rrset.from_text("www.example.com.", 3600, "IN", rrtype, rdata))
    return response.to_wire()


def write(target: str, octets: bytes) -> None:
    """Write one input under the name that libFuzzer would give it."""
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(octets, usedforsecurity=False).hexdigest()).write_bytes(octets)


if __name__ == "__main__":
    main()
