"""Real DNS servers on loopback: each in a folder of its own, on a free port, in the foreground, stopped by its own pid.

Nothing of the machine's configuration is read or changed, and nothing but 127.0.0.1 and ::1 is bound.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import dns.exception
import dns.message
import dns.query
import dns.rcode

START_SECONDS = 30.0
SBIN = "/usr/sbin:/usr/local/sbin:/sbin"


class Missing(Exception):
    """The server's program is not installed."""


@dataclass(frozen=True)
class Kind:
    """A server's program, its arguments in the foreground, and how its configuration is written."""

    program: str
    package: str
    arguments: Callable[[Path], list[str]]
    configure: Callable[[Path, int, str, Path | int], str]


@dataclass
class Daemon:
    """A running server: a context manager. `source` is a zone file, for unbound the port of the server to ask."""

    name: str
    folder: Path
    origin: str
    source: Path | int
    port: int = 0
    log: Path = field(init=False)

    def __enter__(self) -> Daemon:
        kind = (KINDS | WITH_COOKIES)[self.name]
        program = shutil.which(kind.program, path=os.environ["PATH"] + ":" + SBIN)
        if program is None:
            raise Missing(f"{kind.program} is not installed (Debian package {kind.package})")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.log = self.folder / "log"
        conf = self.folder / "conf"
        conf.write_text(kind.configure(self.folder, self.port, self.origin, self.source))
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [program, *kind.arguments(conf)], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder
            )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """On 127.0.0.1, as `servers=[...]` takes it."""
        return f"127.0.0.1:{self.port}"

    @property
    def address6(self) -> str:
        """On ::1."""
        return f"[::1]:{self.port}"

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for a server that does not listen to it."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait(self) -> None:
        """Returns when the server answers for its zone on both addresses."""
        deadline = time.monotonic() + START_SECONDS
        for host in ("127.0.0.1", "::1"):
            while not self._answers(host):
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{self.name} does not start:\n{self.log.read_text()[-4000:]}")
                time.sleep(0.05)

    def _answers(self, host: str) -> bool:
        query = dns.message.make_query(self.origin, "SOA")
        try:
            response = dns.query.udp(query, host, port=self.port, timeout=1.0)
        except (dns.exception.DNSException, OSError):
            return False
        return response.rcode() == dns.rcode.NOERROR and bool(response.answer)


def free_port() -> int:
    """A port that is free for UDP and TCP on both loopback addresses.

    It is below those that the kernel gives to whoever asks for any: nobody gets it before the server binds it.
    """
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while not is_free(port := random.SystemRandom().randrange(min(10_000, first - 1000), first)):
        pass
    return port


def is_free(port: int) -> bool:
    """Whether nobody has the port, over UDP and TCP, on both loopback addresses."""
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(family, kind) as one:
                if kind == socket.SOCK_STREAM:  # connections that are only remembered do not count
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    one.bind((host, port))
                except OSError:
                    return False
    return True


def nsd_conf(folder: Path, port: int, origin: str, source: Path | int) -> str:
    """NSD: response rate limiting off, no user to change to, no control channel; transfers to loopback."""
    return f"""
server:
  ip-address: 127.0.0.1@{port}
  ip-address: ::1@{port}
  server-count: 1
  username: ""
  zonesdir: "{folder}"
  database: ""
  pidfile: "{folder}/pid"
  xfrdfile: "{folder}/xfrd"
  zonelistfile: "{folder}/zonelist"
  xfrdir: "{folder}"
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: "{origin}"
  zonefile: "{source}"
  provide-xfr: 127.0.0.1 NOKEY
"""


def knot_conf(folder: Path, port: int, origin: str, source: Path | int) -> str:
    """Knot DNS: one worker, everything below the folder; transfers to loopback."""
    return f"""
server:
  rundir: "{folder}"
  listen: [ "127.0.0.1@{port}", "::1@{port}" ]
  udp-workers: 1
  tcp-workers: 1
log:
  - target: stderr
    any: warning
database:
  storage: "{folder}"
acl:
  - id: transfers
    address: 127.0.0.1
    action: transfer
template:
  - id: default
    storage: "{folder}"
    zonefile-sync: -1
    journal-content: none
zone:
  - domain: "{origin}"
    file: "{source}"
    acl: transfers
"""


def nsd_cookies_conf(folder: Path, port: int, origin: str, source: Path | int) -> str:
    """NSD with DNS cookies (RFC 7873)."""
    return nsd_conf(folder, port, origin, source).replace("\nserver:\n", "\nserver:\n  answer-cookie: yes\n")


def knot_cookies_conf(folder: Path, port: int, origin: str, source: Path | int) -> str:
    """Knot DNS with its module for DNS cookies: BADCOOKIE to whoever has none of its own."""
    return knot_conf(folder, port, origin, source).replace(
        "  - id: default\n", "  - id: default\n    global-module: mod-cookies\n"
    )


def named_conf(folder: Path, port: int, origin: str, source: Path | int) -> str:
    """BIND: authoritative only, no control channel."""
    return f"""
options {{
  directory "{folder}";
  pid-file "{folder}/pid";
  session-keyfile "{folder}/session.key";
  managed-keys-directory "{folder}";
  listen-on port {port} {{ 127.0.0.1; }};
  listen-on-v6 port {port} {{ ::1; }};
  recursion no;
  dnssec-validation no;
  notify no;
}};
controls {{ }};
zone "{origin}" {{ type primary; file "{source}"; }};
"""


def unbound_conf(folder: Path, port: int, origin: str, source: Path | int) -> str:
    """Unbound: a resolver that knows one server, on loopback, for the zone and for all else."""
    return f"""
server:
  interface: 127.0.0.1@{port}
  interface: ::1@{port}
  port: {port}
  num-threads: 1
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: "{folder}/pid"
  use-syslog: no
  logfile: ""
  module-config: "iterator"
  do-not-query-localhost: no
  outgoing-range: 2048
  num-queries-per-thread: 2048
  root-hints: ""
  minimal-responses: yes
remote-control:
  control-enable: no
stub-zone:
  name: "{origin}"
  stub-addr: 127.0.0.1@{source}
stub-zone:
  name: "."
  stub-addr: 127.0.0.1@{source}
"""


KINDS = {
    "nsd": Kind("nsd", "nsd", lambda conf: ["-d", "-c", str(conf)], nsd_conf),
    "knot": Kind("knotd", "knot", lambda conf: ["-c", str(conf)], knot_conf),
    "bind": Kind("named", "bind9", lambda conf: ["-g", "-n", "1", "-c", str(conf)], named_conf),
    "unbound": Kind("unbound", "unbound", lambda conf: ["-d", "-c", str(conf)], unbound_conf),
}
# BIND gives cookies to whoever sends one; these two have to be told.
WITH_COOKIES = {
    "nsd-cookies": Kind("nsd", "nsd", KINDS["nsd"].arguments, nsd_cookies_conf),
    "knot-cookies": Kind("knotd", "knot", KINDS["knot"].arguments, knot_cookies_conf),
}
