"""Other programs that print or read DNS records, made to say what they make of ours: dig, kdig, drill, named-rrchecker.

A client prints a message of our choice: a server on loopback answers it with those octets, over TCP.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pytest

from resquery.testing import Query, Server

PATH = os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin:/sbin"
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"} | {"TZ": "UTC"}
RESPONSE = 0x8580  # QR, AA, RD, RA
ROOM = 60_000  # octets of records in one message
TTL = 60

Record = tuple[int, bytes]  # type and RDATA, names uncompressed


@dataclass(frozen=True)
class Client:
    """A program that asks a server and prints what it gets. Its answer lines are owner, TTL, class, type, RDATA."""

    program: str
    package: str
    options: tuple[str, ...]


CLIENTS = {
    client.program: client
    for client in (
        Client("dig", "bind9-dnsutils", ("-r", "+tcp", "+nosplit", "+nocmd", "+nostats", "+tries=1", "+time=20")),
        Client("kdig", "knot-dnsutils", ("+tcp", "+retry=0", "+time=20")),
        Client("drill", "ldnsutils", ("-t",)),
    )
}


def find(program: str, package: str) -> str:
    """The program's path. Without it the test is skipped aloud, or fails with RESQUERY_REQUIRE_SERVERS=1 (.ci/run)."""
    path = shutil.which(program, path=PATH)
    if path is not None:
        return path
    missing = f"{program} is not installed (Debian package {package})"
    if os.environ.get("RESQUERY_REQUIRE_SERVERS") == "1":
        pytest.fail(missing)
    pytest.skip(missing)


def run(arguments: Sequence[str], text: str = "") -> subprocess.CompletedProcess[str]:
    """Runs a program that ends by itself within a minute."""
    return subprocess.run(
        arguments, input=text, capture_output=True, text=True, timeout=60, env=ENVIRONMENT, check=False
    )


class Printer:
    """A client, and a server that answers what it asks with the message that is to be printed: a context manager."""

    def __init__(self, client: Client) -> None:
        self.client, self.path = client, find(client.program, client.package)
        self._server = Server(answer=self._answer)
        self._reply: Callable[[Query], bytes] = lambda query: b""
        self.sent = b""

    def __enter__(self) -> Printer:
        self._server.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.close()

    def _answer(self, query: Query) -> bytes:
        self.sent = self._reply(query)
        return self.sent

    def print(self, reply: Callable[[Query], bytes], *options: str, asked: tuple[str, str] = ("x.", "ANY")) -> str:
        """What the client prints of the reply; the octets are then in `sent`."""
        self._reply = reply
        host, port = self._server.address.rsplit(":", 1)
        done = run([self.path, *self.client.options, *options, f"@{host}", "-p", port, *asked])
        return done.stdout + done.stderr

    def records(self, records: Sequence[Record]) -> list[tuple[str, str] | None]:
        """The type and the RDATA of each record as the client prints them, None for one that it refuses to read."""
        shown: list[tuple[str, str] | None] = []
        for some in parcels(records):
            shown += self._parcel(some)
        return shown

    def _parcel(self, records: Sequence[Record]) -> list[tuple[str, str] | None]:
        """One message; a client that refuses it is given less, until it is known which records are to blame."""
        if not records:
            return []
        shown = answer_lines(self.print(lambda query: answer(query, records)))
        if len(shown) == len(records):
            return [*shown]
        if len(records) == 1:
            return [None]
        if shown:  # dig prints those before one that it refuses; drill ends no line behind one that it garbles
            next_one = len(shown)
            return [*shown, *self._parcel(records[next_one:][:1]), *self._parcel(records[next_one + 1 :])]
        half = len(records) // 2
        return self._parcel(records[:half]) + self._parcel(records[half:])


def parcels(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """The records in runs that fit into a message."""
    begin = size = 0
    for i, (_, rdata) in enumerate(records):
        if size + len(rdata) + 46 > ROOM:
            yield records[begin:i]
            begin, size = i, 0
        size += len(rdata) + 46
    yield records[begin:]


def owner(number: int) -> bytes:
    """A label that each type may have as owner: 32 digits, as NSEC3 wants it."""
    return b"\x20" + f"{number:032}".encode()


def answer(query: Query, records: Sequence[Record]) -> bytes:
    """A response with the records, each with an owner of its own."""
    head = struct.pack("!6H", query.id, RESPONSE, 1, len(records), 0, 0) + query.question
    return head + b"".join(
        owner(i) + struct.pack("!BHHIH", 0, rrtype, 1, TTL, len(rdata)) + rdata
        for i, (rrtype, rdata) in enumerate(records)
    )


def answer_lines(printed: str) -> list[tuple[str, str]]:
    """Type and RDATA of the records among what a client prints, in their order, up to the first that it leaves out."""
    found = re.findall(rf"^(\d{{32}})\.\s+{TTL}\s+IN\s+(\S+)[ \t]*(.*)$", printed, re.MULTILINE)
    return [(rrtype, text) for place, (number, rrtype, text) in enumerate(found) if int(number) == place]


class Checker:
    """named-rrchecker: reads one record and prints it."""

    def __init__(self) -> None:
        self.path = find("named-rrchecker", "bind9")

    def generic(self, text: str, origin: str = ".") -> bytes | None:
        """The RDATA of a record's text (type and RDATA), None if it is refused."""
        shown = run([self.path, "-u", "-o", origin], f"IN {text}\n").stdout
        return bytes.fromhex("".join(shown.split("\\#")[1].split()[1:])) if shown else None

    def text(self, rrtype: int, rdata: bytes) -> str | None:
        """BIND's text of RDATA, None if it is refused."""
        shown = run([self.path, "-p"], f"IN TYPE{rrtype} \\# {len(rdata)} {rdata.hex()}\n").stdout
        return unsplit(shown.rstrip("\n").split("\t", 2)[2]) if shown else None


def unsplit(text: str) -> str:
    """Joins what BIND splits for the eye: base64 and hexadecimal, after each 56th character."""
    while (joined := re.sub(r"(?<!\S)((?:[A-Za-z0-9+/]{56})+) (?=[A-Za-z0-9+/=]+(?: |$))", r"\1", text)) != text:
        text = joined
    return text
