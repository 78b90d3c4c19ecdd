"""`resquery bench parse` with the opponents in C, whose program stands beside this file; see method.md.

python bench/parse.py [--rounds N] [--quick] [--json FILE] [--markdown FILE] [--svg FILE]
"""

import sys
from pathlib import Path

from resquery.cli import main

if __name__ == "__main__":
    sys.exit(main(["bench", "parse", "--sources", str(Path(__file__).resolve().parents[1]), *sys.argv[1:]]))
