"""Runs inside a network namespace: lookups while nftables loses, changes or doubles the packets of a server.

mangled.py FAULT FILE: the rows' statuses, and what was dropped, go to FILE as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from resquery.testing import Server

NAMES = 1500
PORT = 5300
FILTER = """
table ip faults {
  chain sent {
    type filter hook output priority 0; policy accept;
    %s
  }
}
"""
DOUBLING = f"""
table netdev faults {{
  chain received {{
    type filter hook ingress device "lo" priority 0; policy accept;
    udp sport {PORT} meta mark != 1 meta mark set 1 dup to "lo"
  }}
}}
"""
RULES = {
    "none": "",
    "loss": FILTER % f"udp sport {PORT} numgen random mod 100 < 30 drop",
    "loss of queries": FILTER % f"udp dport {PORT} numgen random mod 100 < 50 drop",
    # one octet of the message: of the header (8 octets of UDP before it), of the question, of the record
    "corruption": FILTER
    % "\n    ".join(
        f"udp sport {PORT} numgen random mod 100 < 8 @th,{8 * (8 + octet)},8 set 0x5a" for octet in (0, 2, 7, 16, 40)
    ),
    "duplication": DOUBLING,
}


def main() -> None:
    """One fault."""
    fault, told = sys.argv[1:]
    subprocess.run(["nft", "-f", "-"], input=RULES[fault], text=True, check=True)
    with Server(synthesize="many.example.", port=PORT) as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.joinpath("names").write_text("".join(f"n{number}.many.example\n" for number in range(NAMES)))
        words = ["bulk", "names", "--server", server.address, "--stats", "stats", "--output", "rows", "--quiet"]
        words += ["--timeout", "4", "--tries", "8", "--max-in-flight", "300"]
        start = time.monotonic()
        subprocess.run([sys.executable, "-m", "resquery", *words], cwd=folder, check=True)
        seconds = time.monotonic() - start
        rows = [json.loads(line) for line in folder.joinpath("rows").read_text().splitlines()]
        stats = json.loads(folder.joinpath("stats").read_text())
    Path(told).write_text(
        json.dumps(
            {
                "names": len({row["name"] for row in rows}),
                "rows": len(rows),
                "statuses": Counter(row["results"]["A"]["status"] for row in rows),
                "dropped": stats["dropped"],
                "seconds": seconds,
            }
        )
    )


if __name__ == "__main__":
    main()
