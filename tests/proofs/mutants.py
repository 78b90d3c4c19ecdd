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
    """One change of a file of csrc/wire, and the function whose proof must break; "" where Eva must refuse a table."""

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
        "n < RQ_OUT_MAX - at ?",
        "n < RQ_OUT_MAX ?",
    ),
    Mutant("a step back may go forward", "rq_bytes.h", "rq_cur_back", "pos >= end || end > c->pos ||", "pos >= end ||"),
    Mutant(
        "the last eight octets of a name are looked for before its beginning",
        "rq_name.c",
        "rq_name_flip",
        "last = len > 8 ? len",
        "last = len > 6 ? len",
    ),
    Mutant(
        "the last of eight octets are not compared",
        "rq_bytes.h",
        "rq_octets_same",
        "if (!rq_octets_eight_same(a + (n - 8), b + (n - 8))) return 0;",
        "if (!rq_octets_eight_same(a + (n - 8), a + (n - 8))) return 0;",
    ),
    Mutant(
        "a match goes past the end",
        "rq_bytes.h",
        "rq_cur_match",
        "c->end - c->pos < n || !rq_octets_same",
        "!rq_octets_same",
    ),
    Mutant(
        "the length of a cookie is left out of its option",
        "rq_msg.c",
        "option_write",
        "  rq_out_u16(out, code);\n  rq_out_u16(out, len);\n",
        "  rq_out_u16(out, code);\n",
    ),
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
    Mutant(
        "a window of a bitmap is longer than 32 octets",
        "rq_check.c",
        "types_check",
        "len < 1 || len > 32)",
        "len < 1 || len > 33)",
    ),
    Mutant(
        "octets may follow the last field",
        "rq_rdata.c",
        "field_next",
        "return rq_cur_done(&it->cur) ? 0 : -1;",
        "return rq_cur_good(&it->cur) ? 0 : -1;",
    ),
    Mutant(
        "a field more than there are", "rq_rdata.c", "field_next", "if (it->at == it->count)", "if (it->at > it->count)"
    ),
    Mutant(
        "an option's length counts one octet too few",
        "rq_inside.c",
        "rq_pairs_next",
        "rq_cur_take(octets, len, value);",
        "rq_cur_take(octets, len + 1u, value);",
    ),
    Mutant(
        "a gateway of one form is taken for another",
        "rq_rdata.c",
        "gateway_read",
        "if (value->told == RQ_GATEWAY_NAME)",
        "if (value->told == RQ_GATEWAY_NAME - 1)",
    ),
    Mutant(
        "a gateway of a form that does not exist is taken for none",
        "rq_rdata.c",
        "gateway_read",
        "else if (value->told > RQ_GATEWAY_NAME)",
        "else if (value->told > RQ_GATEWAY_NAME + 1)",
    ),
    Mutant(
        "what is wrong inside a field does not fail the record",
        "rq_rdata.c",
        "rest_read",
        "if (state != RQ_CUR_GOOD) rq_cur_fail(&it->cur, state);",
        "",
    ),
    Mutant("strings of one kind are not looked into", "rq_check.c", "rest_check", "      ids_check(rest);\n", ""),
    Mutant(
        "a prefix is longer than an address", "rq_rdata.c", "suffix_read", "if (prefix > 128) {", "if (prefix > 136) {"
    ),
    Mutant(
        "bits are counted on and on",
        "rq_inside.c",
        "bits_load",
        "it->at = (it->at + 1u) % 8192u;",
        "it->at = it->at + 1u;",
    ),
    Mutant(
        "the size of an address prefix keeps its top bit",
        "rq_inside.c",
        "rq_prefixes_next",
        "size_t size = len >= 128 ? len - 128u : len;",
        "size_t size = len;",
    ),
    Mutant("a character has five octets", "rq_utf8.c", "utf8_tail", "return 3;", "return 4;"),
    Mutant(
        "a row that is none",
        "rq_rr.c",
        "type_row",
        "row != ROW_NONE ? &types[row - 1]",
        "row != ROW_NONE ? &types[row]",
    ),
    Mutant(
        "an OPT record counts in any section", "rq_msg.c", "rq_walk_is_edns", "walk->section != RQ_ADDITIONAL || ", ""
    ),
    Mutant(
        "a kind depends on a slot that does not exist",
        "rq_kind.def",
        "",
        "RQ_KIND(HIP_KEY, SIZED, 2, 0)",
        "RQ_KIND(HIP_KEY, SIZED, 3, 0)",
    ),
    Mutant(
        "a kind that is looked into has its size counted",
        "rq_kind.def",
        "",
        "RQ_KIND(PREFIXES, REST, 0, 0)",
        "RQ_KIND(PREFIXES, COUNT8, 0, 0)",
    ),
)


def is_noticed(mutant: Mutant, folder: Path, environment: dict[str, str]) -> bool:
    """Whether the proof of the changed function fails."""
    copy = folder / f"mutant-{MUTANTS.index(mutant)}"
    shutil.copytree(wp.ROOT / "csrc", copy / "csrc")
    source = copy / "csrc/wire" / mutant.file
    source.write_text(source.read_text().replace(mutant.old, mutant.new))
    if not mutant.function:
        tables = copy / "tests/proofs/tables.c"
        tables.parent.mkdir(parents=True)
        shutil.copy(wp.ROOT / "tests/proofs/tables.c", tables)
        return wp.check_tables(tables, copy) != []
    report = wp.run(source, (mutant.function,), environment, copy, smoke=False, seconds=SECONDS)
    return len(report.unproved) > 0


def survivors(pool: ThreadPoolExecutor, environment: dict[str, str], folder: Path) -> list[str]:
    """The mutants that the proof does not notice."""
    noticed = list(pool.map(lambda mutant: is_noticed(mutant, folder, environment), MUTANTS))
    return [mutant.what for mutant, seen in zip(MUTANTS, noticed, strict=True) if not seen]
