"""Floods a resolver with forged answers from raw sockets, and counts what it believed: nothing.

python bench/spoof.py [--forgeries N] [--attack NAME ...] [--each N] [--servers N] [--json FILE]

Everything happens in a network namespace of its own: the embedded server, which takes 20 ms for an answer so that each
forgery comes first, `resquery bulk`, and flood.c, whose attacks are listed there. Fails when a forgery was accepted or
fewer than 90 % of the lookups succeeded. Needs root or user namespaces, gcc and ip.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import namespace
from resquery.testing import Server

ATTACKS = ("spray", "id", "name", "source", "case", "icmp")
FORGED = "66.66.66.66"
DELAY_SECONDS = 0.02
IN_FLIGHT = 50
SUCCESS_LEAST = 0.9


def main() -> int:
    """Each attack in turn; 1 when one of them got through."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--forgeries", type=int, default=200_000, help="packets of each attack")
    parser.add_argument("--attack", nargs="+", choices=ATTACKS, default=list(ATTACKS))
    parser.add_argument("--each", type=int, default=50, help="packets at one query")
    parser.add_argument("--servers", type=int, default=1, help="with more than 16 they share sockets")
    parser.add_argument("--json", help="write the figures there")
    given = parser.parse_args()
    namespace.enter()
    with tempfile.TemporaryDirectory() as folder:
        program = compiled(Path(folder))
        results = [under(attack, program, Path(folder), given) for attack in given.attack]
    print(f"{'attack':8} {'forgeries':>10} {'lookups':>8} {'accepted':>8} {'succeeded':>9}  dropped")
    for result in results:
        print(
            f"{result['attack']:8} {result['forgeries']:10} {result['lookups']:8} {result['accepted']:8} "
            f"{result['succeeded']:9.2%}  {result['dropped']}"
        )
    if given.json:
        Path(given.json).write_text(json.dumps(results, indent=1) + "\n")
    held = all(result["accepted"] == 0 and result["succeeded"] >= SUCCESS_LEAST for result in results)
    return 0 if held else 1


def compiled(folder: Path) -> Path:
    """The flooder's program."""
    source = Path(__file__).with_name("flood.c")
    command = ["gcc", "-O2", "-std=c11", "-D_GNU_SOURCE", source, "-o", folder / "flood"]
    subprocess.run(command, env={k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}, check=True)
    return folder / "flood"


def under(attack: str, program: Path, folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """What became of lookups while an attack lasted."""
    rows, stats = folder / "rows", folder / "stats"
    hosts = [f"127.0.0.{number}" for number in range(1, given.servers + 1)]
    with Server(synthesize="many.example.", delay=DELAY_SECONDS, hosts=hosts) as server:
        port = server.address.rpartition(":")[2]
        with flood(program, attack, port, given.forgeries, given.each) as (flooder, said):
            words = ["bulk", "-", "--output", rows, "--stats", stats, "--quiet"]
            words += [word for address in server.addresses for word in ("--server", address)]
            words += ["--max-in-flight", str(IN_FLIGHT), "--timeout", "6", "--tries", "4"]
            # a small pipe: what it holds is looked up when the flood is over
            words = [sys.executable, "-m", "resquery", *map(str, words)]
            client = subprocess.Popen(words, stdin=subprocess.PIPE, pipesize=4096)
            feed(client, flooder)
    if client.returncode != 0:
        raise RuntimeError(f"resquery bulk failed: {client.returncode}")
    told = Counter(status(json.loads(line)) for line in rows.read_text().splitlines())
    totals = json.loads(stats.read_text())
    lookups = sum(told.values())
    return {
        "attack": attack,
        "servers": given.servers,
        "forgeries": said["sent"],
        "lookups": lookups,
        "accepted": told["forged"],
        "succeeded": told["NOERROR"] / lookups,
        "statuses": told,
        "dropped": totals["dropped"],
    }


@contextmanager
def flood(
    program: Path, attack: str, port: str, forgeries: int, each: int
) -> Iterator[tuple[subprocess.Popen[str], dict[str, int]]]:
    """The running flooder, and what it says at its end."""
    said: dict[str, int] = {}
    flooder = subprocess.Popen([program, attack, port, str(forgeries), str(each)], stdout=subprocess.PIPE, text=True)
    assert flooder.stdout is not None
    try:
        if flooder.stdout.readline() != "ready\n":
            raise RuntimeError("the flooder did not start")
        yield flooder, said
    finally:
        if flooder.poll() is None:
            flooder.send_signal(signal.SIGTERM)
        said |= json.loads(flooder.stdout.readline() or "{}")
        flooder.wait()


def feed(client: subprocess.Popen[bytes], flooder: subprocess.Popen[str]) -> None:
    """Names for as long as forgeries come, then the end of the input."""
    assert client.stdin is not None
    number, ended = 0, threading.Event()
    threading.Thread(target=lambda: (flooder.wait(), ended.set()), daemon=True).start()
    with client.stdin as pipe:
        while not ended.is_set():
            pipe.write(b"".join(b"Name%d.many.example\n" % (number + n) for n in range(50)))
            pipe.flush()
            number += 50
    client.wait()


def status(row: dict[str, Any]) -> str:
    """How a lookup ended; "forged" if it says what only the forger does."""
    result = row["results"]["A"]
    answers = result.get("data", {}).get("answers", [])
    return "forged" if any(answer.get("answer") == FORGED for answer in answers) else result["status"]


if __name__ == "__main__":
    sys.exit(main())
