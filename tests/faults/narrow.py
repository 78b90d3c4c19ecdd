"""Runs inside a network namespace: lookups over a link with an MTU of 576 octets, to a server in a second namespace.

narrow.py FILE: what the rows were goes to FILE as JSON. With --serve it is that server: names that begin with u have an
answer of some 1,200 octets over UDP, which the link takes in fragments; all others TC, and 4,000 octets over TCP.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import resquery

OURS, THEIRS, PORT = "10.99.0.1", "10.99.0.2", 5300
EACH = 40


def reply(query: bytes, size: int, flags: bytes = b"\x81\x80") -> bytes:
    """An answer of records of an unknown type, about so large; none with size 0."""
    end = query.index(0, 12) + 5
    record = b"\xc0\x0c\xff\x14\x00\x01\x00\x00\x00\x3c\x00\xc8" + bytes(200)
    count = size // len(record)
    return query[:2] + flags + b"\x00\x01" + count.to_bytes(2, "big") + bytes(4) + query[12:end] + count * record


def serve() -> None:
    """Until the process is stopped: a thread for TCP, this one for UDP."""
    deadline = time.monotonic() + 20
    while subprocess.run(["ip", "link", "set", "v1", "up"], capture_output=True, check=False).returncode:
        if time.monotonic() > deadline:
            sys.exit("the link did not come")
        time.sleep(0.01)
    subprocess.run(["ip", "addr", "add", f"{THEIRS}/24", "dev", "v1"], check=True)
    stream = socket.create_server((THEIRS, PORT))

    def streams() -> None:
        while True:
            connection, _ = stream.accept()
            threading.Thread(target=converse, args=(connection,), daemon=True).start()

    threading.Thread(target=streams, daemon=True).start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind((THEIRS, PORT))
        print("ready", flush=True)
        while True:
            query, at = held.recvfrom(1500)
            large = query[13] | 0x20 == ord("u")
            held.sendto(reply(query, 1150) if large else reply(query, 0, b"\x83\x80"), at)


def converse(connection: socket.socket) -> None:
    """One connection, to its end."""
    with connection, connection.makefile("rwb") as both:
        while length := both.read(2):
            answer = reply(both.read(int.from_bytes(length, "big")), 4000)
            both.write(len(answer).to_bytes(2, "big") + answer)
            both.flush()


def main() -> None:
    """The link, the server, the lookups."""
    words = ["unshare", "--net", sys.executable, __file__, "--serve"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        try:
            subprocess.run(["ip", "link", "add", "v0", "mtu", "576", "type", "veth", "peer", "name", "v1"], check=True)
            wait_for_namespace(server.pid)
            subprocess.run(["ip", "link", "set", "v1", "mtu", "576", "netns", str(server.pid)], check=True)
            subprocess.run(["ip", "addr", "add", f"{OURS}/24", "dev", "v0"], check=True)
            subprocess.run(["ip", "link", "set", "v0", "up"], check=True)
            assert server.stdout is not None
            assert server.stdout.readline() == "ready\n"
            names = [f"{letter}{number}.example" for number in range(EACH) for letter in "ut"]
            rows = list(resquery.bulk(names, servers=[f"{THEIRS}:{PORT}"], timeout=30.0, tries=5))
        finally:
            server.terminate()
    told = [[row.name, row.status, row.transport, row.size, row.tries] for row in rows]
    Path(sys.argv[1]).write_text(json.dumps(told))


def wait_for_namespace(pid: int) -> None:
    """Until that process has left ours."""
    while os.readlink(f"/proc/{pid}/ns/net") == os.readlink("/proc/self/ns/net"):
        time.sleep(0.01)


if __name__ == "__main__":
    serve() if sys.argv[1] == "--serve" else main()
