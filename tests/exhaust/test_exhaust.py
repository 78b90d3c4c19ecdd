"""`make exhaust` runs, on shorter strings than it does by itself; it knows all renderers, and it bites."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUN = [sys.executable, ROOT / "tests/exhaust/exhaust.py"]
# With an engine: tests/c/test_engine.c, test_pace.c, tests/property/test_query_clip.py. rq_msg_fill, which takes all of
# its buffer: test_core_buffers.py. The others say what is wrong with an input.
ELSEWHERE = {
    "rq_engine_drain", "rq_engine_work", "rq_query", "rq_query_finish", "rq_msg_fill",
    "rq_columns_read_array", "rq_columns_read_stream",
}  # fmt: skip


def test_short_strings_and_all_capacities_keep_the_contracts() -> None:
    """Strings of up to two hostile octets, and capacities from 0 to 1,024 on every input."""
    done = subprocess.run([*RUN, "--longest", "2"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(
        r"^exhaust: [1-9][\d,]{6,} cases in \d+ s \(\d+ s of CPU\), all hold$", done.stdout, re.MULTILINE
    ), done.stdout


@pytest.mark.parametrize("mutant", ["the clamp is the wrong way round", "u16 reads one octet past the end"])
def test_a_broken_core_is_caught(mutant: str) -> None:
    """A mistake put into rq_bytes.h is told with the job that found it; `exhaust.py --mutants` tries all there are."""
    done = subprocess.run([*RUN, "--mutants", mutant], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "caught by" in done.stdout


def test_every_function_that_fills_a_buffer_is_in_the_list() -> None:
    """A function of rq_api.h with a capacity stands in renderers.h, or among those that are tested elsewhere."""
    api = (ROOT / "csrc/rq_api.h").read_text()
    fills = set(re.findall(r"^\w[\w ]*?[ *](rq_\w+)\([^;]*?\buint32_t cap\b", api, re.MULTILINE))
    listed = (ROOT / "tests/c/renderers.h").read_text()
    assert len(fills) > 10
    assert [name for name in sorted(fills - ELSEWHERE) if name not in listed] == []
