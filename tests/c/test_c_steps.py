"""Linear time, by counted steps: nothing that a message holds makes it cost more than so many steps an octet."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'csrc'}", f"-I{ROOT / 'tests'}"]
COUNTED = ["-fsanitize-coverage=trace-pc", "-fno-tree-loop-distribute-patterns", "-fno-tree-vectorize"]
LAYERS = ("wire", "render", "lookup", "arrow")


def test_the_costliest_messages_take_linear_time(tmp_path: Path) -> None:
    """At twice the octets at most 2.1 times the steps, and never more an octet than is written down in steps.c."""
    sources = [path for layer in LAYERS for path in sorted((ROOT / "csrc" / layer).glob("*.c"))]
    subprocess.run(["gcc", *FLAGS, *COUNTED, "-c", *sources], cwd=tmp_path, check=True)
    objects = sorted(tmp_path.glob("*.o"))
    subprocess.run(["gcc", *FLAGS, ROOT / "tests/c/steps.c", *objects, "-o", "steps"], cwd=tmp_path, check=True)
    done = subprocess.run([tmp_path / "steps"], capture_output=True, text=True, check=False)
    print(done.stdout)
    assert done.returncode == 0, "\n".join(line for line in done.stdout.splitlines() if "TOO MANY" in line)
    found = re.search(r"^steps: (\d+) families, all linear$", done.stdout, re.MULTILINE)
    assert found is not None
    assert int(found[1]) > 20
