"""Counts heap allocations: reading a message and rendering it in any form takes none."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from resquery.cli.bench.shapes import shapes

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'csrc'}"]
HEAP = ("malloc", "calloc", "realloc", "free")
LAYERS = ("wire", "render", "lookup")  # not net and arrow: the engine and the columns have memory of their own
CALLED = {"memcpy", "memset", "memmove", "memcmp", "strlen"}  # what a compiler may put in on its own
MESSAGES = 200


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The pure layers, compiled as they are shipped: no sanitizer, which has a heap of its own."""
    folder = tmp_path_factory.mktemp("objects")
    sources = [path for layer in LAYERS for path in (ROOT / "csrc" / layer).glob("*.c")]
    subprocess.run(["gcc", *FLAGS, "-c", *sources], cwd=folder, check=True)
    return sorted(folder.glob("*.o"))


def messages(folder: Path) -> list[Path]:
    """The messages of the benchmark and all that the fuzzer keeps; its first four octets are no part of a message."""
    wires = [*shapes().values()]
    corpus = ROOT / "tests/fuzz/corpus"
    wires += [path.read_bytes()[4:] for path in sorted((corpus / "fuzz_message").iterdir())]
    wires += [path.read_bytes() for path in sorted(corpus.glob("*/*"))]
    for at, wire in enumerate(wires):
        (folder / f"{at}.wire").write_bytes(wire)
    return sorted(folder.glob("*.wire"))


def test_a_message_is_read_and_rendered_without_the_heap(objects: list[Path], tmp_path: Path) -> None:
    """No call of malloc, calloc, realloc or free, counted for each message and each form; the figure is printed."""
    program = tmp_path / "test_heap"
    source = ROOT / "tests/c/test_heap.c"
    wrap = [f"-Wl,--wrap={call}" for call in HEAP]
    subprocess.run(["gcc", *FLAGS, source, *objects, *wrap, "-o", program], cwd=tmp_path, check=True)
    environment = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD"}
    command = [program, *messages(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout)
    found = re.search(r"(\d+) messages, \d+ calls, \d+ octets rendered: 0 heap allocations", done.stdout)
    assert found is not None, done.stdout
    assert int(found[1]) > MESSAGES


def test_the_pure_layers_call_nothing_that_could_allocate(objects: list[Path]) -> None:
    """Their object files ask for no function from outside but what moves and compares octets."""
    defined: set[str] = set()
    wanted: set[str] = set()
    for path in objects:
        for line in subprocess.check_output(["nm", path], text=True).splitlines():
            *_, kind, name = line.split()
            (wanted if kind == "U" else defined).add(name)
    assert wanted - defined - {"_GLOBAL_OFFSET_TABLE_"} <= CALLED
