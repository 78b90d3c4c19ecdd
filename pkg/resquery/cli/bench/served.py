"""Servers for benchmarks, on loopback: Knot DNS, NSD, or the embedded one, and names that each has one right answer.

The zone has 65,536 wildcards, each with an address of its own, so that it serves any number of names and a wrong or
swapped answer shows: `n0000007.w0007.bench.example` is 10.0.0.7, and only that. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import ipaddress
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ...errors import LookupFailure, ResqueryError
from ...resolver import Resolver

ZONE = "bench.example"
WILDCARDS = 65536
EMBEDDED_NET = ipaddress.ip_network("198.18.0.0/15")  # its addresses are hashes of names
_START_SECONDS = 30.0
_BLOCK = 10_000  # names written at once
_ROW = re.compile(
    rb"n(\d+)x*\.w([0-9a-f]{4})\.bench\.example.*?(?<![\d.])((?:10|198)\.\d{1,3}\.\d{1,3}\.\d{1,3})(?![\d.]*\d)", re.I
)

_KNOT = """server:
{listen}
    rundir: {folder}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
    tcp-max-clients: 1000
database:
    storage: {folder}
zone:
  - domain: {zone}
    file: {folder}/zone
    zonefile-load: whole
    journal-content: none
"""
_NSD = """server:
{listen}
    server-count: 1
    username: ""
    zonesdir: "{folder}"
    database: ""
    pidfile: "{folder}/pid"
    xfrdfile: "{folder}/xfrd"
    zonelistfile: "{folder}/zones"
    tcp-count: 1000
    rrl-ratelimit: 0
    rrl-whitelist-ratelimit: 0
    verbosity: 0
remote-control:
    control-enable: no
zone:
    name: {zone}
    zonefile: zone
"""


class Served(NamedTuple):
    """Servers that answer for the zone: consecutive addresses from 127.0.0.1 on, and their port."""

    who: str
    hosts: list[str]
    port: int

    @property
    def addresses(self) -> list[str]:
        """All of them, as `servers=[...]` takes them."""
        return [f"{host}:{self.port}" for host in self.hosts]


def hosts(count: int) -> list[str]:
    """So many loopback addresses, from 127.0.0.1 on.

    >>> hosts(2), hosts(300)[-1]
    (['127.0.0.1', '127.0.0.2'], '127.0.1.44')
    """
    first = int(ipaddress.IPv4Address("127.0.0.1"))
    return [str(ipaddress.IPv4Address(first + i)) for i in range(count)]


def name(index: int, *, mixed: bool = False) -> str:
    """The name with this number; of one length, or of lengths that spread over sixteen octets.

    >>> name(65543), name(65543, mixed=True)
    ('n00065543.w0007.bench.example', 'n00065543xxxxxx.w0007.bench.example')
    """
    return f"n{index:08}{'x' * (index * 7919 % 104729 % 16) * mixed}.w{index % WILDCARDS:04x}.{ZONE}"


def write_names(path: Path, count: int, *, mixed: bool = False) -> None:
    """A file with so many names, one on a line, in blocks: a list of ten million is not kept."""
    with path.open("w", encoding="ascii") as file:
        for at in range(0, count, _BLOCK):
            file.write("".join(f"{name(index, mixed=mixed)}\n" for index in range(at, min(at + _BLOCK, count))))


class Rows(NamedTuple):
    """What rows of a client say: names with their right address, and names that are not answered."""

    right: int
    missing: int


def check_rows(lines: Iterator[bytes], count: int) -> Rows:
    """Holds each line that has a name of ours and an address against what is right, whatever its format.

    Raises ResqueryError for a wrong address, a name that was not asked, or one that is answered twice.
    """
    seen = bytearray(count)
    right = 0
    for line in lines:
        match = _ROW.search(line)
        if match is None:  # a failure, or nothing about a name
            continue
        index = int(match[1])
        if index >= count or int(match[2], 16) != index % WILDCARDS:
            raise ResqueryError(f"an answer for a name that was not asked: {line[:200]!r}")
        if not is_right(index, match[3].decode()):
            raise ResqueryError(f"a wrong answer: {line[:200]!r}")
        if seen[index]:
            raise ResqueryError(f"two answers for one name: {line[:200]!r}")
        seen[index] = 1
        right += 1
    return Rows(right, count - right)


def is_right(index: int, address: str) -> bool:
    """Whether the zone, or the embedded server, gives this address to the name with that number.

    >>> is_right(65543, "10.0.0.7"), is_right(65543, "10.0.0.8")
    (True, False)
    """
    at = ipaddress.ip_address(address)
    return at in EMBEDDED_NET or str(at) == _address(index % WILDCARDS)


def _address(wildcard: int) -> str:
    return f"10.0.{wildcard >> 8}.{wildcard & 255}"


def _zone_text() -> str:
    head = f"$ORIGIN {ZONE}.\n$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 300\n@ NS ns\nns A 127.0.0.1\n"
    return head + "".join(f"*.w{at:04x} A {_address(at)}\n" for at in range(WILDCARDS))


@contextmanager
def knot(folder: Path, count: int = 1) -> Generator[Served, None, None]:
    """A knotd of our own, with one UDP worker. Raises ResqueryError when it is not there or does not start."""
    yield from _daemon("knot", ["knotd", "-c"], _KNOT, "    listen: {host}@{port}", folder, count)


@contextmanager
def nsd(folder: Path, count: int = 1) -> Generator[Served, None, None]:
    """An nsd of our own, with one process that answers; otherwise as `knot`."""
    yield from _daemon("nsd", ["nsd", "-d", "-c"], _NSD, "    ip-address: {host}@{port}", folder, count)


@contextmanager
def embedded(folder: Path, count: int = 1, *, loss: float = 0.0, delay: float = 0.0) -> Generator[Served, None, None]:
    """The server of resquery.testing, in a process of its own, which may lose (a share) and delay (seconds)."""
    command = [sys.executable, "-m", "resquery.testing", "--synthesize", f"{ZONE}.", "--hosts", str(count)]
    command += ["--loss", str(loss), "--delay", str(delay)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=folder)
    try:
        assert process.stdout is not None
        with process.stdout as stdout:
            said = stdout.readline().decode().split()
        if len(said) != count:
            raise ResqueryError("the embedded server does not start")
        yield Served("embedded", hosts(count), int(said[0].rpartition(":")[2]))
    finally:
        _stop(process)


def _daemon(
    who: str, command: list[str], config: str, listen: str, folder: Path, count: int
) -> Generator[Served, None, None]:
    program = shutil.which(command[0], path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
    if program is None:
        raise ResqueryError(f"{command[0]} is not installed (Debian package {who})")
    folder = (folder / f"{who}-{count}").resolve()
    folder.mkdir(exist_ok=True)
    served, port = hosts(count), _free_port(count)
    lines = "\n".join(listen.format(host=host, port=port) for host in served)
    (folder / "zone").write_text(_zone_text(), encoding="ascii")
    (folder / "conf").write_text(config.format(listen=lines, folder=folder, zone=ZONE), encoding="utf-8")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, *command[1:], str(folder / "conf")], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder
        )
    try:
        _await_answer(process, served[-1], port, folder / "log")
        yield Served(who, served, port)
    finally:
        _stop(process)


def _await_answer(process: subprocess.Popen[bytes], host: str, port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            with Resolver([f"{host}:{port}"], timeout=0.2, tries=1) as resolver:
                resolver.resolve(name(0), "A")
            return
        except LookupFailure:
            if process.poll() is not None or time.monotonic() > deadline:
                raise ResqueryError(f"a server does not start:\n{log.read_text(errors='replace')[-2000:]}") from None
            time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port(count: int) -> int:
    """A port that is free on the first addresses; below those that the kernel gives to whoever asks for any."""
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    for _ in range(100):
        port = random.SystemRandom().randrange(min(10_000, first - 1000), first)
        if all(_is_free(host, port) for host in hosts(min(count, 4))):
            return port
    raise ResqueryError("there is no free port on loopback")


def _is_free(host: str, port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as one:
            try:
                one.bind((host, port))
            except OSError:
                return False
    return True
