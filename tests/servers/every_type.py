"""A zone with a record of every type, in our own text; what a server does not take in that form it gets as octets.

Which types a server knows is found out by trying: its loader names the lines that it refuses.
"""

from __future__ import annotations

import json
import re
import struct
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from daemons import KINDS, free_port

from oracles import ENVIRONMENT, find, run
from resquery import Message
from resquery._lib import call_text, lib, type_number
from resquery.codes import RRType
from resquery.rdata import Raw

ORIGIN = "example."
HEAD = """\
$ORIGIN example.
$TTL 60
@ SOA ns.example. root.example. 1 3600 600 86400 60
@ NS ns.example.
ns A 127.0.0.1
"""
AFTER = "$TTL 60\n"  # NSD notices some mistakes a line too late
DATA = Path(__file__).parents[1] / "data"
LEFT_OUT = {
    6: "a zone has one, at its apex",
    41: "OPT is no record of a zone",
    249: "TKEY is none",
    250: "TSIG is none",
}
TRIES = 6


@dataclass(frozen=True)
class Entry:
    """A record of the zone, with an owner of its own: 32 digits, as NSEC3 wants it."""

    number: int
    rrtype: int
    rdata: bytes

    @property
    def owner(self) -> str:
        """The owner, absolute."""
        return f"{self.number:032}.{ORIGIN}"

    @property
    def type(self) -> str:
        """The type's name."""
        return call_text(lib.rq_type_name, self.rrtype)

    @property
    def text(self) -> str:
        """The RDATA as we print it."""
        return call_text(lib.rq_rdata_text, self.rrtype, self.rdata, len(self.rdata))

    def line(self, form: str) -> str:
        """The record as a line of the zone: in our text, or as octets."""
        if form == "text":
            return f"{self.owner} {self.type} {self.text}"
        return f"{self.owner} TYPE{self.rrtype} \\# {len(self.rdata)} {self.rdata.hex()}"


def entries() -> list[Entry]:
    """The records of the data files that fit their type and can stand in a zone, each once."""
    rows: list[dict[str, Any]] = [
        row for name in ("records", "rfc") for row in json.loads((DATA / f"{name}.json").read_text())
    ]
    found = dict.fromkeys((type_number(row["type"]), bytes.fromhex(row["wire"])) for row in rows)
    kept = [pair for pair in found if pair[0] not in LEFT_OUT and fits(*pair)]
    return [Entry(number, *pair) for number, pair in enumerate(kept)]


def fits(rrtype: int, rdata: bytes) -> bool:
    """Whether the RDATA fits its type; what does not has no place in a zone, though some servers take it as octets."""
    wire = struct.pack("!6HxHHIH", 0, 0x8000, 0, 1, 0, 0, rrtype, 1, 0, len(rdata)) + rdata
    return not isinstance(Message(wire).answer[0].rdata, Raw) or not hasattr(
        RRType, call_text(lib.rq_type_name, rrtype)
    )


def make_zone(server: str, path: Path, found: list[Entry]) -> dict[Entry, str]:
    """Writes a zone that the server loads; how each record stands in it: as "text" or "octets", or not at all."""
    forms = dict.fromkeys(found, "text")
    for _ in range(TRIES):
        lines = [entry.line(form) for entry, form in forms.items()]
        path.write_text(HEAD + "".join(f"{line}\n{AFTER}" for line in lines))
        bad = {list(forms)[(number - HEAD.count("\n") - 1) // 2] for number in LOADERS[server](path)}
        if not bad:
            return forms
        forms = {
            entry: "octets" if entry in bad else form
            for entry, form in forms.items()
            if entry not in bad or form == "text"
        }
    raise AssertionError(f"{server} still refuses {[entry.line('text') for entry in bad]}")


def nsd_refuses(zone: Path) -> set[int]:
    """The numbers of the lines that NSD does not take."""
    done = run([find("nsd-checkzone", "nsd"), ORIGIN, str(zone)])
    return {int(number) for number in re.findall(r"error: .*zone:(\d+): ", done.stdout + done.stderr)}


def bind_refuses(zone: Path) -> set[int]:
    """The numbers of the lines that BIND does not take."""
    done = run([find("named-checkzone", "bind9-utils"), "-i", "none", ORIGIN, str(zone)])
    wrong = r"^(?:dns_\w+: .*zone:(\d+): |.*zone:(\d+): (?:.*: obsolete|unknown RR type))"
    return {int("".join(found)) for found in re.findall(wrong, done.stdout + done.stderr, re.MULTILINE)}


def knot_refuses(zone: Path) -> set[int]:
    """The numbers of the lines that Knot DNS does not take: its checker is no part of it, so the server itself says."""
    conf, log, port = zone.with_name("trial.conf"), zone.with_name("trial.log"), free_port()
    folder = zone.with_name("trial")
    folder.mkdir(exist_ok=True)
    conf.write_text(KINDS["knot"].configure(folder, port, ORIGIN, zone).replace("any: warning", "any: info"))
    with log.open("wb") as out:
        arguments = [find("knotd", "knot"), *KINDS["knot"].arguments(conf)]
        process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=ENVIRONMENT)
    try:
        deadline = time.monotonic() + 30
        while not re.search(r"zone event 'load' failed|\] loaded, serial", said := log.read_text()):
            assert time.monotonic() < deadline, said
            time.sleep(0.05)
    finally:
        process.terminate()
        process.wait(10)
    return {int(number) for number in re.findall(r"error in zone, file '.*zone', line (\d+)", said)}


LOADERS: dict[str, Callable[[Path], set[int]]] = {"nsd": nsd_refuses, "bind": bind_refuses, "knot": knot_refuses}
