"""Linear time, by counted steps: nothing that a message holds makes it cost more than so many steps an octet."""

import re
from pathlib import Path

import compiled

FLAGS = ("-O1",)
COUNTED = ("-fsanitize-coverage=trace-pc", "-fno-tree-loop-distribute-patterns", "-fno-tree-vectorize")


def test_the_costliest_messages_take_linear_time(tmp_path: Path) -> None:
    """At twice the octets at most 2.1 times the steps, and never more an octet than is written down in steps.c."""
    core = compiled.objects(compiled.core("wire", "render", "lookup", "arrow"), (*FLAGS, *COUNTED))
    source = compiled.TESTS / "c/steps.c"
    said = compiled.output(compiled.program([source], tmp_path / "steps", FLAGS, link=core, alone=True))
    print(said)
    found = re.search(r"^steps: (\d+) families, all linear$", said, re.MULTILINE)
    assert found is not None
    assert int(found[1]) > 20
