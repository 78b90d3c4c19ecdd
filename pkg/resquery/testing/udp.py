"""The UDP half of the server: serves in C, and sends what Python decided, when it is due.

SPDX-License-Identifier: MIT
"""

from __future__ import annotations

import heapq
import itertools
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ._lib import Loop
from .query import Query, Send

SLICE = 0.05  # seconds that the thread stays in C at the most
Decide = Callable[[Any], tuple[Query, list[Send]]]
Report = Callable[[Exception], None]


@dataclass(slots=True)
class _Pending:
    """A datagram that waits for its time, or for `left` later ones."""

    index: int
    client: tuple[str, int]
    send: Send
    left: int = 0
    done: bool = False


class UdpService:
    """A thread that answers on bound UDP sockets until `stop` is set (and the loop's wake socket is readable)."""

    def __init__(
        self, loop: Loop, sockets: list[socket.socket], stop: threading.Event, decide: Decide, report: Report
    ) -> None:
        self._loop, self._sockets, self._stop = loop, sockets, stop
        self._decide, self._report = decide, report
        self._strays: dict[int, socket.socket] = {}
        self._due: list[tuple[float, int, _Pending]] = []
        self._held: list[_Pending] = []
        self._count = itertools.count()
        self.thread = threading.Thread(target=self._run, name="resquery-testing-udp", daemon=True)

    def close(self) -> None:
        """Closes the sockets that the thread opened; to be called after it has ended."""
        for stray in self._strays.values():
            stray.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                for index, raw in self._loop.serve(self._wait()):
                    self._answer(index, raw)
                self._send_due()
            except Exception as error:
                self._report(error)

    def _wait(self) -> float:
        return min(SLICE, self._due[0][0] - time.monotonic()) if self._due else SLICE

    def _answer(self, index: int, raw: Any) -> None:
        query, sends = self._decide(raw)
        for send in sends:
            pending = _Pending(index, query.client, send, send.hold)
            seconds = max(send.after, send.hold_seconds) if send.hold else send.after
            if send.hold:
                self._held.append(pending)
            if seconds > 0:
                heapq.heappush(self._due, (time.monotonic() + seconds, next(self._count), pending))
            else:
                self._send(pending)

    def _send_due(self) -> None:
        now = time.monotonic()
        while self._due and self._due[0][0] <= now:
            self._send(heapq.heappop(self._due)[2])

    def _send(self, pending: _Pending) -> None:
        if pending.done:
            return
        pending.done = True
        source = self._stray(pending.index) if pending.send.stray else self._sockets[pending.index]
        source.sendto(pending.send.wire, pending.client)
        if pending.left == 0:
            self._release()

    def _release(self) -> None:
        """One more answer is gone: what was held back for it follows."""
        for held in self._held:
            held.left -= 1
        free = [held for held in self._held if held.left <= 0 and not held.done]
        self._held = [held for held in self._held if held.left > 0 and not held.done]
        for held in free:
            held.done = True
            self._sockets[held.index].sendto(held.send.wire, held.client)

    def _stray(self, index: int) -> socket.socket:
        """A socket on the same address and another port."""
        if index not in self._strays:
            asked = self._sockets[index]
            stray = socket.socket(asked.family, socket.SOCK_DGRAM)
            stray.bind((asked.getsockname()[0], 0))
            self._strays[index] = stray
        return self._strays[index]
