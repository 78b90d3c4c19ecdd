"""`resquery bench latency` with the programs in C that stand beside this file; see method.md.

python bench/latency.py [--names N] [--rounds N] [--server knot|nsd|embedded] [--json FILE]
"""

import sys
from pathlib import Path

from resquery.cli import main

if __name__ == "__main__":
    sys.exit(main(["bench", "latency", "--sources", str(Path(__file__).resolve().parents[1]), *sys.argv[1:]]))
