"""Mistakes that the proof must notice: each is put into a copy of the source, and some goal has to fail.

A proof that holds of anything is worth nothing. So these are the mistakes that resolvers really made: off by one, a
missing check, a clamp the wrong way round, a compression pointer that goes forward.
"""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import wp

SECONDS = 5  # for one goal; a goal that fails takes them all


@dataclass(frozen=True)
class Mutant:
    """One change of one file of csrc/wire, and the function whose proof must break."""

    what: str
    file: str
    function: str
    old: str
    new: str


MUTANTS = (
    Mutant(
        "rq_clip copies all of the answer",
        "rq_bytes.h",
        "rq_clip",
        "rq_octets_copy(to, from, n);",
        "rq_octets_copy(to, from, actual);",
    ),
    Mutant(
        "rq_clip returns what was wanted, as glibc",
        "rq_bytes.h",
        "rq_clip",
        "  return n;\n}\n\n/* --- reader",
        "  return actual;\n}\n\n/* --- reader",
    ),
    Mutant(
        "the clamp is the wrong way round",
        "rq_bytes.h",
        "rq_clip",
        "actual < cap ? actual : cap",
        "actual > cap ? actual : cap",
    ),
    Mutant("the copy goes one too far", "rq_bytes.h", "rq_octets_copy", "i < n; i++) to[i]", "i <= n; i++) to[i]"),
    Mutant(
        "u16 reads one octet past the end",
        "rq_bytes.h",
        "rq_cur_u16",
        "if (c->end - c->pos < 2)",
        "if (c->end - c->pos < 1)",
    ),
    Mutant(
        "the writer stores at cap",
        "rq_bytes.h",
        "rq_out_u8",
        "  if (at < o->cap) {",
        "  if (at <= o->cap) {",
    ),
    Mutant(
        "the count of wanted octets wraps",
        "rq_bytes.h",
        "rq_out_octets",
        "n < RQ_OUT_MAX - o->len ?",
        "n < RQ_OUT_MAX ?",
    ),
    Mutant("a step back may go forward", "rq_bytes.h", "rq_cur_back", "pos >= end || end > c->pos ||", "pos >= end ||"),
    Mutant("pointers may go on forever", "rq_name.c", "labels_read", " && jumps < JUMPS_MAX", ""),
    Mutant(
        "no room is kept for the root label",
        "rq_name.c",
        "run_read",
        "RQ_NAME_MAX - 1 - end <= next",
        "RQ_NAME_MAX - 1 - end < next",
    ),
    Mutant(
        "the length of a label is not checked",
        "rq_name.c",
        "label_parse",
        "    if (n == LABEL_MAX) return RQ_FLAW_LONG_LABEL;\n",
        "",
    ),
    Mutant(
        "a section more than there is",
        "rq_msg.c",
        "section_next",
        "if (walk->section == RQ_ADDITIONAL)",
        "if (walk->section > RQ_ADDITIONAL)",
    ),
    Mutant(
        "a frame counts its length octets",
        "rq_msg.c",
        "rq_frame_next",
        "rq_cur_skip(stream, 2u + len)",
        "rq_cur_skip(stream, len)",
    ),
)


def is_noticed(mutant: Mutant, folder: Path, environment: dict[str, str]) -> bool:
    """Whether the proof of the changed function fails."""
    copy = folder / f"mutant-{MUTANTS.index(mutant)}"
    shutil.copytree(wp.ROOT / "csrc", copy)
    source = copy / "wire" / mutant.file
    source.write_text(source.read_text().replace(mutant.old, mutant.new))
    report = wp.run(source, (mutant.function,), environment, copy, smoke=False, seconds=SECONDS)
    return len(report.unproved) > 0


def survivors(pool: ThreadPoolExecutor, environment: dict[str, str], folder: Path) -> list[str]:
    """The mutants that the proof does not notice."""
    noticed = list(pool.map(lambda mutant: is_noticed(mutant, folder, environment), MUTANTS))
    return [mutant.what for mutant, seen in zip(MUTANTS, noticed, strict=True) if not seen]
