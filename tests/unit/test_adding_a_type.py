"""CONTRIBUTING's three steps to a new record type, followed to the letter on a copy of the project."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COPIED = ("csrc", "pkg", "tests", "docs", "build_ext.py", "setup.py", "pyproject.toml", "README.md")
# A step names files in code quotes; each block of code that follows goes into the next of them.
STEPS = re.compile(r"^(\d)\. (.*?)(?=^\d\. |^`tests)", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`(\w+/[\w/.]+)`")
BLOCK = re.compile(r"^ *```\w+\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
# Where it goes: before what, and how far to the right.
PLACES = {
    "csrc/wire/rq_rr.def": (r"\Z", ""),
    "pkg/resquery/rdata.py": (r"^class Raw\(", ""),
    "pkg/resquery/codes.py": (r"\n    def __str__\(self\) -> str:\n        return self\.name\.replace", "    "),
    "tests/data/records.json": (r"^\{", ""),
}
PYTEST = ("-m", "pytest", "-p", "no:cacheprovider")
SHOWN = {
    "test_a_struct_has_the_fields_of_its_row",
    "test_a_record_is_text",
    "test_a_record_is_a_typed_value",
    "test_a_record_is_json",
    "test_a_value_goes_back_to_its_octets",
}


def documented() -> list[tuple[str, str]]:
    """File and code of each addition that the three steps tell."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    text = text[text.index("## How do I add a record type?") :]
    steps = STEPS.findall(text)
    assert [number for number, _ in steps] == ["1", "2", "3"]
    found: list[tuple[str, str]] = []
    for _, step in steps:
        files, blocks = FILE.findall(step), [textwrap.dedent(block) for block in BLOCK.findall(step)]
        found += zip(files, blocks, strict=True)
    return found


def put(path: Path, code: str, before: str, indent: str) -> int:
    """Add the code to the file; how many lines of it are not blank."""
    text = path.read_text()
    at = next(re.finditer(before, text, re.MULTILINE)).start()
    blank = "\n\n" if code.startswith("class ") else ""
    path.write_text(text[:at] + textwrap.indent(code, indent) + blank + text[at:])
    return sum(bool(line.strip()) for line in code.splitlines())


def run(folder: Path, *command: str) -> str:
    """What a command prints that has to succeed; instruments of this process are not for it."""
    ours = {
        name: value for name, value in os.environ.items() if not name.startswith(("LD_", "RESQUERY_", "COV", "PYTEST"))
    }
    environment = ours | {"PYTHONPATH": str(folder / "pkg"), "RESQUERY_CFLAGS": "-O0"}
    done = subprocess.run([sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_three_steps_add_a_type(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The lines in CONTRIBUTING are all it takes: the new type goes from octets to a value, text and JSON, and back."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(
                source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "_rq*.so", "_rq.c", "corpus")
            )
        else:
            shutil.copy(source, tmp_path / name)
    additions = documented()
    assert [file for file, _ in additions] == list(PLACES)
    lines = sum(put(tmp_path / file, code, *PLACES[file]) for file, code in additions)
    run(tmp_path, "setup.py", "-q", "build_ext", "--inplace")
    assert run(tmp_path, "-c", "import resquery; print(resquery.__file__)").startswith(str(tmp_path))
    told = run(tmp_path, *PYTEST, "-v", *(f"tests/unit/test_{part}.py" for part in ("types", "render", "rdata")))
    about = {re.sub(r"\[.*", "", line).split("::")[1] for line in told.splitlines() if "[ROUTE" in line}
    assert about >= SHOWN
    assert "1 passed" in run(tmp_path, *PYTEST, "-q", "tests/property/test_values.py", "-k", "ROUTE")
    with capsys.disabled():
        print(f"\na new record type took {lines} lines in {len(additions)} files")
