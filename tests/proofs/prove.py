"""`make prove`: holds the shipped C source to its contracts, then shows that the proof notices mistakes.

Needs Frama-C, why3 and CVC4, nothing of Python's but the standard library. The last line it prints is
`proved N of N goals, F functions`. It fails if a goal is unproved, a smoke test fails, a function is missing from the
proof, a tool is not there, or a mutant survives. `--no-smoke` leaves out the smoke tests, a second of CPU each, which
look for contracts that contradict themselves: CI does, for its time.
"""

import argparse
import re
import resource
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mutants
import wp

SECONDS = 30  # for one goal; the slowest takes 3 on an idle core
WORKERS = 2

# What must be proved, by file of csrc/wire. A line is one run; the runs go side by side, the long ones first.
RUNS: tuple[tuple[str, str], ...] = (
    ("rq_inside.c", "bits_clear bits_load rq_bits_next rq_windows_begin rq_bits_begin window_next"),
    ("rq_inside.c", "rq_prefixes_next rq_pairs_next rq_strings_next rq_names_next"),
    ("rq_rdata.c", "rest_read suffix_read gateway_read hip_read prefix_name_read octet_ahead kind_find rq_rdata_begin"),
    ("rq_rdata.c", "field_read octets_read number_read rest_write has_names"),
    ("rq_rdata.c", "field_take field_next rq_rdata_next fields_fit params_fit rq_layout_fits rq_rdata_fits"),
    (
        "rq_check.c",
        "rest_check other_check rq_inside_check strings_check ids_check names_check options_check params_check"
        " rq_whole_name_read",
    ),
    (
        "rq_check.c",
        "keys_check tight_skip types_check low_types_check ports_check rq_address_size prefixes_check is_zero_padded"
        " subnet_check utf8_check multiple_check cookie_check",
    ),
    ("rq_rr.c", "row_of type_row rq_type_find row_find rq_option_find rq_param_find"),
    ("rq_utf8.c", "utf8_tail rq_utf8_next"),
    ("rq_msg.c", "rq_walk_is_edns summary_add owner_set questions_count rq_msg_open rq_msg_check"),
    ("rq_msg.c", "owner_read record_read rq_walk_next rq_walk_record"),
    ("rq_msg.c", "option_write options_write fields_write header_write rq_query_write rq_frame_next"),
    (
        "rq_msg.c",
        "rq_walk_begin cur_status rq_walk_question rq_walk_asks section_next questions_skip rq_walk_pos rq_edns_read"
        " rq_edns_rcode",
    ),
    ("rq_name.c", "run_read labels_read rq_name_read rq_name_place rq_name_skip name_end is_dot"),
    ("rq_name.c", "escape_read label_parse labels_parse is_plain plain_parse rq_name_parse"),
    (
        "rq_name.c",
        "form_of octet_text labels_text rq_name_plain rq_name_text rq_name_write lower rq_name_equal rq_name_identical"
        " rq_name_below flip_row rq_name_flip",
    ),
    ("rq_bytes.h", "rq_out_octets rq_out_take rq_out_text rq_out_init rq_out_wanted rq_out_stored rq_out_rewind"),
    ("rq_bytes.h", "rq_out_piece rq_out_unmarked"),
    ("rq_bytes.h", "rq_out_u8 rq_out_u16 rq_out_u32 rq_out_u64 rq_out_patch16 rq_octets_copy rq_clip"),
    ("rq_bytes.h", "rq_cur_init rq_cur_fail rq_cur_good rq_cur_state rq_cur_left rq_cur_pos rq_cur_done rq_cur_u8"),
    ("rq_bytes.h", "rq_cur_u16 rq_cur_u32 rq_cur_skip rq_cur_take rq_cur_back rq_cur_copy rq_cur_match"),
    ("rq_bytes.h", "rq_cur_peek rq_cur_before"),
    ("rq_bytes.h", "rq_octets_up rq_octets_load rq_octets_store rq_octets_eight_same rq_octets_same"),
)

# What is not, and why.
LEFT_OUT: dict[str, dict[str, str]] = {
    "rq_bytes.h": {},
    "rq_name.c": {
        "rotate sip_round tail_word rq_name_hash": "SipHash wraps around by design",
        "within lower_word flip_word": "compute with eight octets in one number, and touch no memory",
        "rq_name_to_wire rq_name_to_text rq_name_flaw": "cast char to octets, which the memory model does not follow",
    },
    "rq_msg.c": {
        "rq_make_query": "casts char to octets",
    },
    "rq_utf8.c": {},
    "rq_rr.c": {
        "rq_table_find field_text rq_table_row": "tell Python what is in the tables, and read nothing of a peer's",
        "upper is_mnemonic generic_parse rq_type_parse rq_type_text": "compare char with octets, as above",
        "rq_type_number rq_type_name": "cast char to octets",
    },
    "rq_inside.c": {},
    "rq_check.c": {},
    "rq_rdata.c": {
        "fields_write rq_rdata_expand": "readers, which are proved, and a writer in one loop: beyond the prover's time",
    },
}


def functions_of(file: str) -> set[str]:
    """The functions that a C file of ours defines: a name at the margin, its parameters, a brace."""
    text = (wp.ROOT / "csrc/wire" / file).read_text().replace("__attribute__((always_inline)) ", "")
    return set(re.findall(r"^[a-z][\w *]*?\b(\w+)\([^;{}]*\) \{", text, re.MULTILINE))


def check_lists() -> list[str]:
    """What the lists above say wrongly: a function without a run or an excuse, or one that is not there."""
    wrong = []
    for file, excused in LEFT_OUT.items():
        listed = {name for other, names in RUNS if other == file for name in names.split()}
        listed |= {name for names in excused for name in names.split()}
        wrong += [f"{file}: {name} is listed wrongly or not at all" for name in sorted(listed ^ functions_of(file))]
    for mutant in mutants.MUTANTS:
        if (wp.ROOT / "csrc/wire" / mutant.file).read_text().count(mutant.old) != 1:
            wrong.append(f"{mutant.file}: what is to be changed is not there once: {mutant.what}")
    return wrong


def check_clip() -> list[str]:
    """rq_query writes into the caller's buffer by rq_clip, whose contract is proved, and by nothing else."""
    text = (wp.ROOT / "csrc/net/rq_query.c").read_text()
    others = re.findall(r"\bout\[|\*out\b(?!,)|\bmem(?:cpy|move|set)\b|\brq_out_\w+", text.replace("uint8_t *out", ""))
    if others or text.count("rq_clip(out, cap, ") != 1:
        return [f"rq_query.c: the caller's buffer is not written by rq_clip alone {others}"]
    return []


def check_report(names: str, report: wp.Report) -> list[str]:
    """What is wrong with the proof of some functions."""
    wrong = [f"unproved: {goal}" for goal in report.unproved]
    wrong += [f"smoke test failed: {goal}" for goal in report.failed_smoke_tests]
    wrong += [f"assumed: {warning}" for warning in report.warnings]
    wrong += [f"no goals: {name}" for name in names.split() if report.goals.get(name, 0) == 0]
    wrong += [f"accesses and arithmetic not checked: {name}" for name in names.split() if name not in report.checked]
    return wrong


def say(what: str, began: float) -> None:
    """Tell what is done, and the time and processor time it took since the beginning."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{what} ({time.monotonic() - began:.0f} s, {used.ru_utime + used.ru_stime:.0f} s of CPU so far)", flush=True)


def prove(folder: Path, *, smoke: bool) -> int:
    """Run it all in a folder of its own; the exit status."""
    began = time.monotonic()
    environment = wp.prepare(folder)

    def prove_run(line: tuple[str, str]) -> wp.Report:
        file, names = line
        source = wp.ROOT / "csrc/wire" / file
        return wp.run(source, tuple(names.split()), environment, folder, smoke=smoke, seconds=SECONDS)

    wrong = check_lists() + check_clip()
    if wrong:
        raise wp.ProofError("\n".join(wrong))
    with ThreadPoolExecutor(WORKERS) as pool:
        reports = list(pool.map(prove_run, RUNS))
        for (_, names), report in zip(RUNS, reports, strict=True):
            wrong += check_report(names, report)
        say(f"{sum(report.smoke_tests for report in reports)} smoke tests" if smoke else "no smoke tests", began)
        wrong += [f"table: {line}" for line in wp.check_tables(wp.ROOT / "tests/proofs/tables.c", folder)]
        say("rows of the tables checked", began)
        survivors = mutants.survivors(pool, environment, folder)
    wrong += [f"not noticed: {mutant}" for mutant in survivors]
    say(f"{len(mutants.MUTANTS) - len(survivors)} of {len(mutants.MUTANTS)} mutants rejected", began)
    for line in wrong:
        print(line)
    goals = sum(sum(report.goals.values()) for report in reports)
    unproved = sum(len(report.unproved) for report in reports)
    functions = sum(len(report.goals) for report in reports)
    print(f"proved {goals - unproved} of {goals} goals, {functions} functions")
    return 1 if wrong else 0


def main() -> int:
    """Prove in a folder that is gone afterwards."""
    parser = argparse.ArgumentParser(description="Holds the shipped C source to its contracts.")
    parser.add_argument("--no-smoke", action="store_true", help="leave out the smoke tests")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="resquery-prove-") as folder:
        try:
            return prove(Path(folder), smoke=not options.no_smoke)
        except wp.ProofError as error:
            print(f"make prove: {error}", file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main())
