"""Compiles the fuzz targets with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer, and runs them.

`make fuzz-ci` calls it. The one target in Python reads messages beside dnspython, under atheris, which brings its own
libFuzzer. One line for each target: executions, seconds of CPU, coverage, result. A crash leaves the input in
build/fuzz, is told with the command that reproduces it, and makes the exit status 1.
"""

import argparse
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests/fuzz"
BUILD = ROOT / "build/fuzz"
LAYERS = ("wire", "render", "lookup", "arrow")  # csrc/net needs a network, csrc/python a Python
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-O2", "-g", "-fno-omit-frame-pointer", "-fno-sanitize-recover=all"]
SANITIZERS = "address,undefined"
LONGEST = 1024  # octets of an input; for all the limits of a message there is to reach, and quickly rendered
LONGER = {"fuzz_conf": 4096}  # to overflow the search list
# Of the executions that are asked for, where each takes long: all renderings at once.
SHARES = {
    "fuzz_conf": 0.25,
    "fuzz_row": 0.25,
    "fuzz_pairs": 0.1,
    "fuzz_rdata": 0.2,
    "fuzz_json": 0.5,
    "fuzz_columns": 0.5,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a target's run came to."""

    target: str
    executions: int
    seconds: float  # of CPU
    coverage: str
    crash: str

    def __str__(self) -> str:
        """Show it as one line."""
        figures = f"{self.executions:>9,} executions {self.seconds:6.0f} s of CPU  coverage {self.coverage}"
        return f"{self.target:<16}{figures:<56} {self.crash or 'clean'}"


def main() -> int:
    """Compile, run or merge; return the exit status."""
    args = arguments()
    clang = shutil.which(args.clang)
    if clang is None:
        print(f"fuzz: no {args.clang} here: apt install clang-14", file=sys.stderr)
        return 1
    targets = args.targets or sorted(path.stem for path in HERE.glob("fuzz_*.*") if path.suffix in {".c", ".py"})
    if any(map(is_python, targets)) and importlib.util.find_spec("atheris") is None:
        print("fuzz: no atheris here: pip install -e '.[fuzz]'", file=sys.stderr)
        return 1
    with ThreadPoolExecutor(args.parallel) as pool:
        objects = list(pool.map(lambda source: compiled(clang, source), core_sources()))
        list(pool.map(lambda target: linked(clang, target, objects), targets))
        if args.merge:
            list(pool.map(merged, targets))
            return 0
        outcomes = list(pool.map(lambda target: reported(target, args.runs), targets))
    return 1 if any(outcome.crash for outcome in outcomes) else 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", help="targets, as fuzz_name; all by default")
    parser.add_argument("--runs", type=int, default=1_000_000, help="executions of each target (default: %(default)s)")
    parser.add_argument("--parallel", type=int, default=min(2, os.cpu_count() or 1), help="targets at once")
    parser.add_argument("--clang", default="clang-14", help="the compiler (default: %(default)s)")
    parser.add_argument("--merge", action="store_true", help="keep the fewest inputs with all coverage as the corpus")
    return parser.parse_args()


def is_python(target: str) -> bool:
    """Whether the target is a Python program, with atheris, not a C one."""
    return (HERE / f"{target}.py").exists()


def core_sources() -> Iterator[Path]:
    """List the C files that the targets are linked with."""
    for layer in LAYERS:
        yield from sorted((ROOT / "csrc" / layer).glob("*.c"))


def compiled(clang: str, source: Path) -> Path:
    """Compile one file of the core with instrumentation."""
    target = BUILD / "objects" / f"{source.stem}.o"
    target.parent.mkdir(parents=True, exist_ok=True)
    instrument = f"-fsanitize=fuzzer-no-link,{SANITIZERS}"
    subprocess.run([clang, *FLAGS, instrument, f"-I{ROOT / 'csrc'}", "-c", source, "-o", target], check=True)
    return target


def linked(clang: str, target: str, objects: list[Path]) -> None:
    """Compile a target and link it with the core; one in Python becomes a program that starts it."""
    if is_python(target):
        started = f'FUZZ_PROGRAM="$0" exec {sys.executable} {HERE / target}.py "$@"'
        (BUILD / target).write_text(f"#!/bin/sh\n{started}\n")
        (BUILD / target).chmod(0o755)
        return
    warnings = ["-Wall", "-Wextra", "-Werror"]
    instrument = f"-fsanitize=fuzzer,{SANITIZERS}"
    command = [
        clang,
        *FLAGS,
        *warnings,
        instrument,
        f"-I{ROOT / 'csrc'}",
        f"-I{ROOT / 'tests'}",
        HERE / f"{target}.c",
        *objects,
    ]
    subprocess.run([*command, "-o", BUILD / target], check=True)


def reported(target: str, runs: int) -> Outcome:
    """Run a target and print its line, and how to reproduce a crash."""
    outcome = run(target, runs)
    lines = [str(outcome)]
    if outcome.crash:
        log = BUILD / f"{target}.log"
        lines += log.read_text(errors="replace").splitlines()[-40:]
        lines.append(f"reproduce: {(BUILD / target).relative_to(ROOT)} {outcome.crash}")
    print("\n".join(lines), flush=True)
    return outcome


def run(target: str, runs: int) -> Outcome:
    """Run a target; what it says goes to build/fuzz/<target>.log, new inputs to build/fuzz/corpus/<target>."""
    grown, kept, log = BUILD / "corpus" / target, HERE / "corpus" / target, BUILD / f"{target}.log"
    grown.mkdir(parents=True, exist_ok=True)
    kept.mkdir(parents=True, exist_ok=True)
    prefix = f"{(BUILD / target).relative_to(ROOT)}-"
    options = [
        f"-runs={int(runs * SHARES.get(target, 1))}",
        "-seed=1",
        f"-max_len={LONGER.get(target, LONGEST)}",
        "-timeout=20",
        "-print_final_stats=1",
    ]
    options += [f"-artifact_prefix={prefix}", f"-dict={HERE / 'dns.dict'}"]
    command = [BUILD / target, *options, grown, kept]
    environment = os.environ | {"UBSAN_OPTIONS": "print_stacktrace=1"}
    with log.open("wb") as sink:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=sink, stderr=sink)
        _, waited, used = os.wait4(process.pid, 0)
        status = process.returncode = os.waitstatus_to_exitcode(waited)
    said = log.read_text(errors="replace")
    executions = int(last(r"stat::number_of_executed_units: (\d+)", said, "0"))
    coverage = last(r"cov: (\d+)", said, "0")
    written = last(r"Test unit written to (\S+)", said, f"exit status {status}, see {log.relative_to(ROOT)}")
    return Outcome(target, executions, used.ru_utime + used.ru_stime, coverage, written if status != 0 else "")


def last(pattern: str, text: str, otherwise: str) -> str:
    """Return the last match of the pattern's group."""
    found = re.findall(pattern, text)
    return found[-1] if found else otherwise


def merged(target: str) -> None:
    """Replace a target's corpus by the fewest of its inputs and of those found since that keep all coverage."""
    grown, kept, fresh = BUILD / "corpus" / target, HERE / "corpus" / target, BUILD / "merged" / target
    shutil.rmtree(fresh, ignore_errors=True)
    for folder in (grown, kept, fresh):
        folder.mkdir(parents=True, exist_ok=True)
    command = [
        BUILD / target,
        "-set_cover_merge=1",
        "-use_counters=0",
        f"-max_len={LONGER.get(target, LONGEST)}",
        fresh,
        kept,
        grown,
    ]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    shutil.rmtree(kept)
    shutil.copytree(fresh, kept)
    files = list(kept.iterdir())
    print(f"{target:<16}{len(files):>5} inputs, {sum(path.stat().st_size for path in files):,} octets", flush=True)


if __name__ == "__main__":
    sys.exit(main())
