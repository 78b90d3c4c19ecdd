"""Stands between clients and a DNS server over UDP, in a process of its own: loses, delays, reorders and doubles.

proxy.py SERVER LOSS: LOSS percent of the queries are lost and as many of the answers; what is left takes up to 60 ms
each way, so that nothing keeps its order, and a tenth of it comes twice. Prints its address; runs until it is stopped.
"""

from __future__ import annotations

import heapq
import itertools
import random
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import PIPE, Popen

DELAY_SECONDS = 0.06
TWICE = 0.1
Address = tuple[str, int]
Parcel = tuple[float, int, socket.socket, bytes, Address]


class Proxy:
    """A socket for the clients, and one towards the server for each of them."""

    def __init__(self, server: Address, loss: float) -> None:
        self.server, self.loss = server, loss
        self.chance = random.Random(1)
        self.parcels: list[Parcel] = []
        self.numbers = itertools.count()
        self.selector = selectors.DefaultSelector()
        self.front = self.opened(None)
        self.backs: dict[Address, socket.socket] = {}

    def opened(self, client: Address | None) -> socket.socket:
        """A socket; what comes in at it is for that client, or for the server."""
        held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        held.setblocking(False)
        held.bind(("127.0.0.1", 0))
        self.selector.register(held, selectors.EVENT_READ, client)
        return held

    def accept(self, sender: socket.socket, packet: bytes, to: Address) -> None:
        """Lost, or to be sent once or twice, each time when it likes."""
        if self.chance.random() < self.loss:
            return
        for _ in range(1 + (self.chance.random() < TWICE)):
            due = time.monotonic() + self.chance.random() * DELAY_SECONDS
            heapq.heappush(self.parcels, (due, next(self.numbers), sender, packet, to))

    def receive(self, held: socket.socket, client: Address | None) -> None:
        """All that has come in at one socket."""
        while True:
            try:
                packet, at = held.recvfrom(4096)
            except BlockingIOError:
                return
            if client:
                self.accept(self.front, packet, client)
                continue
            if at not in self.backs:
                self.backs[at] = self.opened(at)
            self.accept(self.backs[at], packet, self.server)

    def run(self) -> None:
        """For ever."""
        while True:
            wait = max(0.0, self.parcels[0][0] - time.monotonic()) if self.parcels else None
            for key, _ in self.selector.select(wait):
                self.receive(key.fileobj, key.data)  # type: ignore[arg-type]
            while self.parcels and self.parcels[0][0] <= time.monotonic():
                _, _, sender, packet, to = heapq.heappop(self.parcels)
                sender.sendto(packet, to)


@contextmanager
def proxied(server: str, loss: int) -> Iterator[str]:
    """The address of a proxy that runs meanwhile."""
    with Popen([sys.executable, __file__, server, str(loss)], stdout=PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def main() -> None:
    """One proxy."""
    host, _, port = sys.argv[1].rpartition(":")
    proxy = Proxy((host, int(port)), int(sys.argv[2]) / 100)
    print("{}:{}".format(*proxy.front.getsockname()), flush=True)
    proxy.run()


if __name__ == "__main__":
    main()
