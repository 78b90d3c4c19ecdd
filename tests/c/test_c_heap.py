"""Counts heap allocations: reading a message and rendering it in any form takes none."""

import re
import subprocess
from pathlib import Path

import compiled
from resquery.cli.bench.shapes import shapes

HEAP = ("malloc", "calloc", "realloc", "free")
PURE = compiled.core(
    "wire", "render", "lookup"
)  # not net and arrow: the engine and the columns have memory of their own
CALLED = {"memcpy", "memset", "memmove", "memcmp", "strlen"}  # what a compiler may put in on its own
MESSAGES = 200


def messages(folder: Path) -> list[Path]:
    """The messages of the benchmark and all that the fuzzer keeps; its first four octets are no part of a message."""
    wires = [*shapes().values()]
    corpus = compiled.TESTS / "fuzz/corpus"
    wires += [path.read_bytes()[4:] for path in sorted((corpus / "fuzz_message").iterdir())]
    wires += [path.read_bytes() for path in sorted(corpus.glob("*/*"))]
    for at, wire in enumerate(wires):
        (folder / f"{at}.wire").write_bytes(wire)
    return sorted(folder.glob("*.wire"))


def test_a_message_is_read_and_rendered_without_the_heap(tmp_path: Path) -> None:
    """No call of malloc, calloc, realloc or free, counted for each message and each form; the figure is printed.

    Compiled as it is shipped: a sanitizer has a heap of its own.
    """
    sources = [compiled.TESTS / "c/test_heap.c", *PURE]
    wrap = [f"-Wl,--wrap={call}" for call in HEAP]
    program = compiled.program(sources, tmp_path / "test_heap", link=wrap, alone=True)
    said = compiled.output(program, *messages(tmp_path))
    print(said)
    found = re.search(r"(\d+) messages, \d+ calls, \d+ octets rendered: 0 heap allocations", said)
    assert found is not None, said
    assert int(found[1]) > MESSAGES


def test_the_pure_layers_call_nothing_that_could_allocate() -> None:
    """Their object files ask for no function from outside but what moves and compares octets."""
    defined: set[str] = set()
    wanted: set[str] = set()
    for path in compiled.objects(PURE):
        for line in subprocess.check_output(["nm", path], text=True).splitlines():
            *_, kind, name = line.split()
            (wanted if kind == "U" else defined).add(name)
    assert wanted - defined - {"_GLOBAL_OFFSET_TABLE_"} <= CALLED
