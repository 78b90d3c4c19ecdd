"""`resquery bench lookup` with the floor, whose program stands beside this file; see method.md.

python bench/lookup.py [--names N ...] [--servers N ...] [--loss PERCENT ...] [--delay-ms MS ...] [--rounds N] ...
"""

import sys
from pathlib import Path

from resquery.cli import main

if __name__ == "__main__":
    sys.exit(main(["bench", "lookup", "--sources", str(Path(__file__).resolve().parents[1]), *sys.argv[1:]]))
