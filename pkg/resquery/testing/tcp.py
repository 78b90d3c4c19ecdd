"""The TCP half of the server: frames in, frames out (RFC 7766, 8), whole or as broken as the script wants them.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import selectors
import socket
import struct
import threading
import time
from collections import deque
from dataclasses import dataclass, replace

from ._lib import Loop
from .query import Send
from .udp import Decide, Report

_READ = 65536
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close sends RST


class _Connection:
    """One client: what it sent, what it is to get, and when the next piece may go."""

    __slots__ = ("ended", "eof", "events", "inbox", "peer", "pieces", "ready_at", "sock", "waiting")

    def __init__(self, sock: socket.socket, peer: tuple[str, int]) -> None:
        self.sock, self.peer = sock, peer
        self.inbox = bytearray()
        self.pieces: deque[_Piece] = deque()
        self.ready_at = 0.0
        self.waiting = 0  # answers that are not due yet
        self.events = 0
        self.eof = self.ended = False  # the client's direction; ours


class TcpService:
    """A thread that answers on listening sockets until `stop` is set and `wake` is readable."""

    def __init__(
        self,
        loop: Loop,
        listeners: list[socket.socket],
        wake: socket.socket,
        stop: threading.Event,
        decide: Decide,
        report: Report,
    ) -> None:
        self._loop, self._stop, self._decide, self._report = loop, stop, decide, report
        self._selector = selectors.DefaultSelector()
        self._selector.register(wake, selectors.EVENT_READ)
        for listener in listeners:
            self._selector.register(listener, selectors.EVENT_READ, listener)
        self._connections: set[_Connection] = set()
        self._due: list[tuple[float, int, _Connection, Send]] = []
        self._count = itertools.count()
        self.thread = threading.Thread(target=self._run, name="resquery-testing-tcp", daemon=True)

    def close(self) -> None:
        """Closes all connections; to be called after the thread has ended."""
        for connection in list(self._connections):
            self._drop(connection)
        self._selector.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                for key, _ in self._selector.select(self._wait()):
                    self._serve(key.data)
                self._send_due()
            except Exception as error:
                self._report(error)

    def _wait(self) -> float | None:
        """Seconds until something is due; a connection that waits for its client to read needs no clock."""
        times = [one.ready_at for one in self._connections if one.pieces and not one.events & selectors.EVENT_WRITE]
        if self._due:
            times.append(self._due[0][0])
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _serve(self, what: socket.socket | _Connection | None) -> None:
        if isinstance(what, socket.socket):
            self._accept(what)
        elif what is not None and what in self._connections:
            self._read(what)
            self._pump(what)

    def _accept(self, listener: socket.socket) -> None:
        try:
            sock, peer = listener.accept()
        except (BlockingIOError, ConnectionError):  # the client has gone before we came
            return
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = _Connection(sock, (peer[0], peer[1]))
        self._connections.add(connection)
        self._watch(connection)

    def _read(self, connection: _Connection) -> None:
        if connection.eof:
            return
        try:
            octets = connection.sock.recv(_READ)
        except BlockingIOError:
            return
        except OSError:  # the client reset the connection: nobody is left to answer
            self._drop(connection)
            return
        connection.eof = not octets
        if connection.ended:
            return
        connection.inbox += octets
        while (frame := _take_frame(connection.inbox)) is not None:
            self._answer(connection, frame)

    def _answer(self, connection: _Connection, wire: bytes) -> None:
        _, sends = self._decide(self._loop.note_tcp(wire, connection.peer, time.monotonic_ns()))
        for send in sends:
            if send.after > 0:
                connection.waiting += 1
                heapq.heappush(self._due, (time.monotonic() + send.after, next(self._count), connection, send))
            else:
                connection.pieces.extend(_pieces(send))

    def _send_due(self) -> None:
        now = time.monotonic()
        while self._due and self._due[0][0] <= now:
            _, _, connection, send = heapq.heappop(self._due)
            connection.waiting -= 1
            connection.pieces.extend(_pieces(send))
        for connection in [one for one in self._connections if one.pieces and one.ready_at <= now]:
            self._pump(connection)

    def _pump(self, connection: _Connection) -> None:
        """Sends the pieces whose time has come, as far as the client takes them."""
        while connection in self._connections and connection.pieces and connection.ready_at <= time.monotonic():
            piece = connection.pieces.popleft()
            try:
                sent = connection.sock.send(piece.octets)
            except BlockingIOError:
                sent = 0
            except OSError:  # the client is gone
                self._drop(connection)
                return
            if sent < len(piece.octets):
                connection.pieces.appendleft(replace(piece, octets=piece.octets[sent:]))
                break
            connection.ready_at = time.monotonic() + piece.pause
            self._end(connection, piece.end)
        self._watch(connection)

    def _end(self, connection: _Connection, end: str) -> None:
        """Closes our direction, or the whole connection with RST."""
        if not end:
            return
        connection.ended = True
        connection.pieces.clear()
        if end == "reset":
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._drop(connection)
        else:
            with contextlib.suppress(OSError):  # the client may have been faster
                connection.sock.shutdown(socket.SHUT_WR)

    def _watch(self, connection: _Connection) -> None:
        """Waits for what the connection needs next; closes it when both sides are through."""
        if connection not in self._connections:
            return
        if connection.eof and (connection.ended or not (connection.pieces or connection.waiting)):
            self._drop(connection)
            return
        blocked = bool(connection.pieces) and connection.ready_at <= time.monotonic()
        events = (0 if connection.eof else selectors.EVENT_READ) | (selectors.EVENT_WRITE if blocked else 0)
        if events == connection.events:
            return
        if connection.events:
            self._selector.unregister(connection.sock)
        if events:
            self._selector.register(connection.sock, events, connection)
        connection.events = events

    def _drop(self, connection: _Connection) -> None:
        self._connections.discard(connection)
        if connection.events:
            self._selector.unregister(connection.sock)
            connection.events = 0
        connection.sock.close()


@dataclass(frozen=True, slots=True)
class _Piece:
    """Octets for one send, the pause after them, and how the connection ends then."""

    octets: bytes
    pause: float = 0.0
    end: str = ""


def _pieces(send: Send) -> list[_Piece]:
    """A message as the pieces of its frame."""
    prefix = len(send.wire) if send.prefix is None else send.prefix
    frame = (prefix.to_bytes(2, "big") + send.wire)[: send.keep]
    size = send.chunk or len(frame) or 1
    pieces = [_Piece(frame[at : at + size], send.pause) for at in range(0, len(frame), size)] or [_Piece(b"")]
    pieces[-1] = replace(pieces[-1], pause=0.0, end=send.end)
    return pieces


def _take_frame(inbox: bytearray) -> bytes | None:
    """Takes the next whole message out of what came, None when there is none yet."""
    if len(inbox) < 2:
        return None
    size = int.from_bytes(inbox[:2], "big")
    if len(inbox) < 2 + size:
        return None
    frame = bytes(inbox[2 : 2 + size])
    del inbox[: 2 + size]
    return frame
