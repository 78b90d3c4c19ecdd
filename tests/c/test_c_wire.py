"""Compiles and runs the C tests of the wire layer, as a release build would be and with warnings as errors."""

import os
import re
import shlex
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'csrc'}"]


def run(source: str, folder: Path) -> str:
    """Compile a test with the wire layer and run it; return what it prints.

    RESQUERY_CFLAGS and RESQUERY_LDFLAGS are honoured, so that `make asan` and `make coverage` reach these tests too.
    What is preloaded for Python's sake is not for the compiler and the program, which brings its own sanitizer.
    """
    environment = {key: value for key, value in os.environ.items() if key not in {"LD_PRELOAD", "ASAN_OPTIONS"}}
    extra = shlex.split(os.environ.get("RESQUERY_CFLAGS", "") + " " + os.environ.get("RESQUERY_LDFLAGS", ""))
    program = folder / Path(source).stem
    sources = [ROOT / "tests/c" / source, *sorted((ROOT / "csrc/wire").glob("*.c"))]
    subprocess.run(["gcc", *FLAGS, *extra, *sources, "-o", program], env=environment, cwd=folder, check=True)
    done = subprocess.run([program], env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_units_of_the_wire_layer(tmp_path: Path) -> None:
    """Reader, writer, names, record table, messages and framing do what their headers say, case by case."""
    report = run("test_wire.c", tmp_path)
    found = re.search(r"test_wire: (\d+) checks, 0 failures", report)
    assert found is not None, report
    assert int(found[1]) > 60_000
