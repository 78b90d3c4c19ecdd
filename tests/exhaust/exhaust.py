"""Tries everything there is of what is small enough: short strings of hostile octets, and capacities of a buffer.

`make exhaust` calls it. A line for each job: cases, seconds. The first breach is told with the octets that show
it and makes the exit status 1. `--mutants` instead puts known mistakes into a copy of the core, one at a time; each has
to be caught.
"""

import argparse
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests/exhaust"
BUILD = ROOT / "build/exhaust"
sys.path[:0] = [str(HERE), str(ROOT / "tests/proofs")]
import inputs  # noqa: E402
from mutants import MUTANTS, Mutant  # noqa: E402

LAYERS = ("wire", "render", "lookup")
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror"]
SHORTER = 4  # octets of the longest string that a mutant is tried with
RENDERERS = (  # beside those that the proof has to notice
    Mutant("a column stores at its end", "../render/rq_sheet.h", "", "at < column->cap", "at <= column->cap"),
    Mutant("a text may be cut", "../render/rq_sheet.h", "", "if (end > rq_out_stored(&column->octets))", "if (0)"),
    Mutant("more is stored than told", "../render/rq_dig.c", "", "rq_out_stored(&o)", "rq_out_wanted(&o)"),
)
NOT_REACHED = {
    "the count of wanted octets wraps": "takes 2 GiB of output",
    "a step back may go forward": "no caller asks for that; the proof is of rq_cur_back alone",
    "no room is kept for the root label": "takes a name of 255 octets; tests/c/test_wire.c has one",
    "pointers may go on forever": "takes 128 pointers; tests/c/test_wire.c has them",
    "the length of a label is not checked": "takes a text of 64 octets; tests/c/test_wire.c has one",
}


@dataclass(frozen=True, slots=True)
class Job:
    """A program to run, and what it reads."""

    what: str
    command: tuple[str | Path, ...]
    stdin: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job came to: what it said, or how it failed."""

    job: Job
    cases: int
    seconds: float
    failure: str

    def __str__(self) -> str:
        """Show it as one line."""
        return f"{self.job.what:<24}{self.cases:>13,} cases {self.seconds:7.1f} s  {self.failure or 'holds'}"


def main() -> int:
    """Compile and run; return the exit status."""
    args = arguments()
    if args.mutants is not None:
        return 1 if survivors(args.mutants) else 0
    started = time.perf_counter()
    with ThreadPoolExecutor(args.parallel) as pool:
        outcomes = list(pool.map(told, jobs(built(ROOT / "csrc", BUILD, "-O2"), args.longest)))
    cases, seconds = sum(outcome.cases for outcome in outcomes), time.perf_counter() - started
    failed = [outcome.job.what for outcome in outcomes if outcome.failure]
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    verdict = f"{', '.join(failed)} BROKEN" if failed else "all hold"
    print(f"exhaust: {cases:,} cases in {seconds:.0f} s ({used:.0f} s of CPU), {verdict}")
    return 1 if failed else 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--longest", type=int, default=7, help="octets of the longest string (default: %(default)s)")
    parser.add_argument("--parallel", type=int, default=min(2, os.cpu_count() or 1), help="jobs at once")
    parser.add_argument("--mutants", nargs="?", const="", help="see that broken cores are caught, whose name has this")
    return parser.parse_args()


def built(csrc: Path, folder: Path, level: str) -> dict[str, Path]:
    """Compile the programs with the core in `csrc`; return where they are."""
    objects = folder / "objects"
    shutil.rmtree(objects, ignore_errors=True)
    objects.mkdir(parents=True)
    core = [path for layer in LAYERS for path in sorted((csrc / layer).glob("*.c"))]
    command = ["gcc", *FLAGS, level, f"-I{csrc}", f"-I{ROOT / 'tests'}"]
    halves = [subprocess.Popen([*command, "-c", *core[part::2]], cwd=objects) for part in range(2)]
    failed = [half for half in halves if half.wait() != 0]
    if failed:
        raise ValueError("the core does not compile, see above")
    programs = {name: folder / name for name in ("short", "capacities", "columns")}
    for name, program in programs.items():
        subprocess.run([*command, HERE / f"{name}.c", *objects.glob("*.o"), "-o", program], check=True)
    return programs


def jobs(programs: dict[str, Path], longest: int) -> Iterator[Job]:
    """The short strings by shape, the capacities in parts, the long ones first."""
    shapes = subprocess.run([programs["short"]], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    lines = sorted(inputs.lines())
    for part in range(4):
        yield Job(f"capacities {part + 1}/4", (programs["capacities"],), "".join(lines[part::4]))
        yield Job(f"columns {part + 1}/4", (programs["columns"],), "".join(lines[part::4]))
    for shape in shapes:
        yield Job(shape, (programs["short"], shape, str(longest)))


def told(job: Job) -> Outcome:
    """Run a job and print its line, and what is wrong if something is."""
    outcome = run(job)
    print(outcome, flush=True)
    return outcome


def run(job: Job) -> Outcome:
    """Run a job; a signal or an exit status is its failure."""
    started = time.perf_counter()
    done = subprocess.run(job.command, input=job.stdin, capture_output=True, text=True, check=False)
    found = re.match(r"(\d+)", done.stdout)
    failure = "" if done.returncode == 0 and found else f"BROKEN, status {done.returncode}\n{done.stderr}"
    return Outcome(job, int(found[1]) if found else 0, time.perf_counter() - started, failure)


def survivors(named: str) -> list[str]:
    """Print for each mutant how it was caught; return those that were not."""
    missed = []
    for mutant in (mutant for mutant in (*MUTANTS, *RENDERERS) if named in mutant.what):
        if mutant.what in NOT_REACHED:
            print(f"{mutant.what:<50} not tried: {NOT_REACHED[mutant.what]}")
            continue
        caught = caught_by(mutant, BUILD / "mutant")
        print(f"{mutant.what:<50} {caught or 'SURVIVES'}", flush=True)
        if not caught:
            missed.append(mutant.what)
    return missed


def caught_by(mutant: Mutant, folder: Path) -> str:
    """Which job notices the mistake; nothing when none does."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "csrc", folder / "csrc")
    source = folder / "csrc/wire" / mutant.file
    text = source.read_text()
    if mutant.old not in text:
        raise ValueError(f"{mutant.file} has nothing like: {mutant.old}")
    source.write_text(text.replace(mutant.old, mutant.new))
    for job in jobs(built(folder / "csrc", folder, "-O1"), SHORTER):
        if (outcome := run(job)).failure:
            return f"caught by {job.what}: {outcome.failure.splitlines()[1].rpartition('/')[2]}"
    return ""


if __name__ == "__main__":
    sys.exit(main())
