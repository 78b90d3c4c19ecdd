"""What docs/threat-model.md names as evidence exists."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/threat-model.md").read_text()
NAMES = set(re.findall(r"`([^`\s]+)`", PAGE))


def test_every_test_that_is_named_exists() -> None:
    """Functions, files (a bare name stands in the folder named before it) and scenarios."""
    files = {path.name for folder in ("tests", "bench") for path in (ROOT / folder).rglob("*")}
    source = "\n".join(
        path.read_text() for path in (ROOT / "tests").rglob("test_*.[cp]*") if path.suffix in {".py", ".c"}
    )
    functions = {name for name in NAMES if re.fullmatch(r"test_\w+", name)}
    paths = {name for name in NAMES if name.endswith((".py", ".c"))}
    scenarios = {name for cell in re.findall(r"scenarios? ([^;|\n]+)", PAGE) for name in re.findall(r"`(\w+)`", cell)}
    assert len(functions) >= 5
    assert len(scenarios) >= 10
    assert [name for name in functions if not re.search(rf"^(def|static void) {name}\(", source, re.MULTILINE)] == []
    assert [name for name in paths if name.rpartition("/")[2] not in files] == []
    assert [name for name in paths if "/" in name and not (ROOT / name).exists()] == []
    assert [name for name in scenarios if f"{name}.scenario" not in files] == []


def test_every_make_target_that_is_named_exists() -> None:
    """`make prove` and its like are targets of the Makefile."""
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"`make ([\w-]+)`", PAGE))
    assert {"prove", "fuzz-ci"} <= named
    assert [target for target in named if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []
