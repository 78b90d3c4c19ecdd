"""The server itself: sockets on loopback, a thread for UDP and one for TCP, and what both ask: what to send.

It never binds anything but loopback and needs no root. The UDP thread spends its time in C, without the GIL, and comes
to Python only for what the loop hands over. SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import functools
import ipaddress
import os
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

from ._lib import HOSTS_MAX, Loop, name_wire
from .faults import Fault, Script
from .query import Query, Sections, Send, message
from .respond import Function, respond
from .tcp import TcpService
from .udp import Decide, Report, UdpService
from .zone import Zones, read_zones

_SERVFAIL = 2
_TTL = 300
_BACKLOG = 1024
_RECEIVE_BUFFER = 1 << 22
_PORT_TRIES = 50
_DELAY_MAX = 3600


class ServerError(RuntimeError):
    """The user's function or action failed while the server ran; the cause is attached."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What a server has done: queries seen, UDP answers made by the C loop, UDP queries that Python handled, and those
    that `loss` took, which count nowhere else."""

    udp: int
    tcp: int
    fast: int
    handed: int
    lost: int = 0


class Server:
    """A DNS server on a free loopback port, for tests: a context manager.

    It answers from a `zone` file (or several), from `text` in the same format, or by a function `answer(query)` that
    returns a whole message as bytes, a `Reply`, lines of records, or None for silence. `faults` script what goes wrong.

    `hosts` are loopback addresses that share one port (0: a free one). `synthesize` names a domain below which every
    name has an A record. `delay` holds every answer back (seconds), `loss` is the share of queries over UDP that get
    none; both cost no speed. `log` is how many queries `Server.log` keeps. `seed` makes chance repeatable. Names
    in zones are relative to `origin`.

    Raises TypeError for hosts that are no list, ValueError for a host that is not loopback, for none or more than
    2,048, for a bad port, a delay or a loss out of range, or contradictory options, OSError when no port can be bound,
    ZoneError for a bad zone, ImportError when a zone is given and dnspython (extra `testing`) is missing; leaving the
    context raises ServerError when the function or an action failed; an exception that leaves it gets a note of that
    instead (Python 3.11).

    >>> with Server(text="www.example. 300 IN A 192.0.2.1") as server:
    ...     server.address.rpartition(":")[0]
    '127.0.0.1'
    """

    def __init__(
        self,
        zone: str | PathLike[str] | Iterable[str | PathLike[str]] = (),
        *,
        text: str | None = None,
        origin: str = ".",
        answer: Function | None = None,
        faults: Iterable[Fault] = (),
        hosts: Sequence[str] = ("127.0.0.1",),
        port: int = 0,
        synthesize: str | None = None,
        delay: float = 0.0,
        loss: float = 0.0,
        log: int = 0,
        seed: int = 0,
    ) -> None:
        files = [zone] if isinstance(zone, (str, PathLike)) else list(zone)
        if answer is not None and (files or text is not None or synthesize is not None):
            raise ValueError("give a function or records, not both: the function answers every query")
        if isinstance(hosts, (str, bytes)) or not isinstance(hosts, Sequence):  # pyright: ignore
            raise TypeError(f"hosts are a list of loopback addresses, not {type(hosts).__name__}: {hosts!r}")
        if not 1 <= len(hosts) <= HOSTS_MAX:
            raise ValueError(f"hosts are {len(hosts)}: give 1 to {HOSTS_MAX:,}")
        for host in hosts:
            if not ipaddress.ip_address(host).is_loopback:
                raise ValueError(f"{host} is not a loopback address: a test server listens on loopback only")
        if not 0 <= delay <= _DELAY_MAX:
            raise ValueError(f"delay is {delay}: give seconds, 0 to {_DELAY_MAX:,}")
        if not 0 <= loss <= 1:
            raise ValueError(f"loss is {loss}: give a share of the queries, 0 to 1")
        if not 0 <= port <= 65535:
            raise ValueError(f"port is {port}: give 1 to 65535, or 0 for a free one")
        self._hosts, self._wanted_port = tuple(hosts), port
        self._function, self._delay, self._log_max, self._seed = answer, delay, log, seed
        self._loss = loss
        self._suffix = None if synthesize is None else name_wire(synthesize)
        self._zones = read_zones(files, text, origin) if files or text is not None else Zones()
        self._script = Script(faults, seed)
        self._marked: set[bytes] = set()
        self._errors: list[Exception] = []
        self._running: _Running | None = None
        self._last_counts, self._last_log = Counts(0, 0, 0, 0), list[Query]()

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, kind: object, failure: BaseException | None, trace: object) -> None:
        self.close()
        if not self._errors:
            return
        said = f"the server's script failed: {self._errors[0]!r}"
        if failure is None:
            raise ServerError(said) from self._errors[0]
        add_note: Callable[[str], None] | None = getattr(failure, "add_note", None)  # from Python 3.11 on
        if add_note is not None:  # all that the client saw is a SERVFAIL
            add_note(said)

    def __repr__(self) -> str:
        return f"<Server {' '.join(self.addresses) if self._running else 'that does not run'}>"

    def start(self) -> None:
        """Binds the sockets and begins to answer."""
        if self._running is not None:
            raise RuntimeError("this server runs already")
        running = _Running(self._hosts, self._wanted_port)
        try:
            self._prepare(running.loop)
            running.start(functools.partial(self._decide, running.loop), self._errors.append)
        except BaseException:
            running.close()
            raise
        self._running = running

    def close(self) -> None:
        """Stops answering and gives back port, threads and memory; counts and log stay. May be called twice."""
        running, self._running = self._running, None
        if running is None:
            return
        running.stop()
        self._last_counts, self._last_log = Counts(*running.loop.counts()), list(running.loop.logged())
        running.close()

    def script(self, *faults: Fault) -> None:
        """Replaces the faults, also while the server runs; their counts begin anew."""
        self._script = Script(faults, self._seed)
        if self._running is not None:
            self._mark(self._running.loop)

    @property
    def port(self) -> int:
        """The port of all addresses. Raises RuntimeError when the server does not run, as the addresses do."""
        if self._running is None:
            raise RuntimeError("this server does not run: use it in a with statement, or call start()")
        return self._running.port

    @property
    def addresses(self) -> list[str]:
        """All addresses: "127.0.0.1:5301", "[::1]:5301"."""
        return [_address(host, self.port) for host in self._hosts]

    @property
    def address(self) -> str:
        """The first address, as `servers=[...]` takes it."""
        return self.addresses[0]

    @property
    def counts(self) -> Counts:
        """What the server has done so far, or had done when it was closed."""
        return self._last_counts if self._running is None else Counts(*self._running.loop.counts())

    @property
    def queries(self) -> int:
        """Queries seen over both transports."""
        return self.counts.udp + self.counts.tcp

    @property
    def log(self) -> list[Query]:
        """The first queries in order of arrival, as many as the option `log` allows."""
        return list(self._last_log) if self._running is None else list(self._running.loop.logged())

    def _prepare(self, loop: Loop) -> None:
        """Tells the C loop all that it has to know before it serves."""
        if self._log_max:
            loop.log(self._log_max)
        if self._delay:
            loop.delay(self._delay)
        if self._loss:
            loop.lose(self._loss, self._seed)
        if self._suffix is not None:
            loop.synthesize(self._suffix, _TTL)
        self._zones.fill(loop)
        self._marked = set()
        self._mark(loop)

    def _mark(self, loop: Loop) -> None:
        """Tells the C loop which queries it must leave to us."""
        names = self._script.names()
        loop.ask_all(names is None or self._function is not None)
        wanted = names or set[bytes]()
        for name in self._marked ^ wanted:
            loop.mark(name, name in wanted)
        self._marked = wanted

    def _decide(self, loop: Loop, raw: Any) -> tuple[Query, list[Send]]:
        """What is sent in answer to a query that the C loop handed over, or that came over TCP."""
        query = loop.query(raw)
        try:
            wire = respond(loop, raw, query, self._zones, self._function)
            sends = self._script.apply(query, [] if wire is None else [Send(wire)])
        except Exception as error:
            self._errors.append(error)
            sends = [Send(message(query, Sections(), rcode=_SERVFAIL))]
        return query, [replace(send, after=send.after + self._delay) for send in sends]


class _Running:
    """What a server has only while it runs: sockets, the C loop and two threads."""

    def __init__(self, hosts: Sequence[str], port: int) -> None:
        self._pid = os.getpid()
        self._stop = threading.Event()
        self._services: list[UdpService | TcpService] = []
        self._udp, self._tcp = _bind(hosts, port)
        self._wake, self._waker = socket.socketpair()
        self.port: int = self._udp[0].getsockname()[1]
        self.loop = Loop(self._wake, self._udp)

    def start(self, decide: Decide, report: Report) -> None:
        """Starts the threads."""
        self._services = [
            UdpService(self.loop, self._udp, self._stop, decide, report),
            TcpService(self.loop, self._tcp, self._wake, self._stop, decide, report),
        ]
        for service in self._services:
            service.thread.start()

    def stop(self) -> None:
        """Ends the threads; in a forked child, which has none of them, does nothing."""
        self._stop.set()
        self._waker.send(b"\0")
        if os.getpid() == self._pid:
            for service in self._services:
                service.thread.join()

    def close(self) -> None:
        """Gives everything back, after `stop`."""
        for service in self._services:
            service.close()
        self.loop.free()
        for one in (*self._udp, *self._tcp, self._wake, self._waker):
            one.close()


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _bind(hosts: Sequence[str], port: int) -> tuple[list[socket.socket], list[socket.socket]]:
    """UDP and TCP sockets on all hosts, all with one port; a free one if `port` is 0."""
    for attempt in range(_PORT_TRIES):
        bound: list[socket.socket] = []
        wanted = port
        try:
            for host in hosts:
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    bound.append(_socket(host, kind, wanted))
                    wanted = bound[0].getsockname()[1]
        except OSError:
            for one in bound:
                one.close()
            if port or attempt == _PORT_TRIES - 1:
                raise
            continue
        return bound[1::2], bound[0::2]
    raise AssertionError("unreachable: the last attempt raises")


def _socket(host: str, kind: socket.SocketKind, port: int) -> socket.socket:
    one = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
    try:
        if kind == socket.SOCK_STREAM:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        try:
            one.bind((host, port))
        except OSError as error:
            raise OSError(error.errno, error.strerror, _address(host, port)) from None
        if kind == socket.SOCK_STREAM:
            one.listen(_BACKLOG)
            one.setblocking(False)
    except BaseException:
        one.close()
        raise
    return one
