"""Runs Frama-C's WP plug-in over one C file and reads its report.

What is checked beside the contracts: every memory access, signed and unsigned overflow, termination, and with smoke
tests that no contract contradicts itself. A warning of Frama-C counts as a failure, for it means that something was
assumed.
"""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROVER = "cvc4"
TOOLS = ("frama-c", "why3", PROVER)
OPTIONS = ("-c11", "-wp", "-wp-rte", "-warn-unsigned-overflow", "-wp-prover", PROVER, "-wp-par", "1")
# Initialisers of constant tables stay out of the goals: what is used of them is admitted, and check_tables shows it.
SPEED = (
    "-wp-no-init-const",
    "-wp-no-pruning",
    "-wp-smoke-timeout",
    "1",
)  # the pruning of branches costs three times what it saves


class ProofError(Exception):
    """The proof could not be run at all."""


@dataclass(frozen=True)
class Report:
    """What came of one run. Goals are proof obligations; smoke tests are counted apart."""

    goals: dict[str, int]  # by function
    unproved: tuple[str, ...]
    smoke_tests: int
    failed_smoke_tests: tuple[str, ...]
    checked: frozenset[str]  # functions whose accesses and arithmetic were turned into goals
    warnings: tuple[str, ...]


def prepare(folder: Path) -> dict[str, str]:
    """Find the tools and make a why3 configuration in `folder`, whatever HOME holds; the environment to run in."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        raise ProofError(f"not installed: {', '.join(missing)} (apt install frama-c-base why3 cvc4)")
    config = folder / "why3.conf"
    subprocess.run(["why3", "-C", config, "config", "detect"], cwd=folder, capture_output=True, check=False)
    if not config.exists() or "CVC4" not in config.read_text():
        raise ProofError(f"why3 config detect does not find {PROVER}")
    return {**os.environ, "WHY3CONFIG": str(config)}


def run(
    source: Path, functions: tuple[str, ...], environment: dict[str, str], folder: Path, *, smoke: bool, seconds: int
) -> Report:
    """Prove the functions of one file, `seconds` for a goal at the most. ProofError if Frama-C refuses the file."""
    report = folder / f"{source.stem}.{functions[0]}.json"
    arguments = ["frama-c", *OPTIONS, *SPEED, "-wp-timeout", str(seconds), "-wp-report-json", str(report)]
    arguments += ["-wp-smoke-tests"] if smoke else []
    arguments += ["-wp-fct", ",".join(functions), str(source)]
    done = subprocess.run(arguments, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0 or not report.exists():
        raise ProofError(f"frama-c refuses {source.name}:\n{done.stdout}{done.stderr}")
    return read(json.loads(report.read_text()), done.stdout)


def check_tables(source: Path, folder: Path) -> list[str]:
    """Run Eva over a program without input: what does not hold in it, or "nothing was checked"."""
    arguments = [
        "frama-c",
        "-c11",
        "-eva",
        "-eva-slevel",
        "10000",
        "-eva-slevel-function",
        "places_check:0",
        str(source),
    ]
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False)
    checked = re.search(r"Assertions +(\d+) valid +(\d+) unknown +(\d+) invalid", done.stdout)
    if done.returncode != 0 or checked is None or int(checked[1]) == 0:
        return ["nothing was checked", done.stdout[-2000:], done.stderr]
    failed = [line for line in done.stdout.splitlines() if "[eva:alarm]" in line]
    return failed if checked[2] == checked[3] == "0" and "100% coverage" in done.stdout else [*failed, checked[0]]


def read(report: dict[str, dict[str, dict[str, dict[str, dict[str, int]]]]], log: str) -> Report:
    """Turn Frama-C's report and log into ours."""
    goals: dict[str, int] = {}
    unproved: list[str] = []
    failed: list[str] = []
    smoke_tests = 0
    for function, entries in report["wp:functions"].items():
        for name, provers in entries.items():
            if name == "wp:section":
                continue
            total, valid = provers["wp:main"]["total"], provers["wp:main"].get("valid", 0)
            smoke = "_wp_smoke_" in name
            if smoke:
                smoke_tests += total
            else:
                goals[function] = goals.get(function, 0) + total
            (failed if smoke else unproved).extend([name] * (total - valid))
    return Report(
        goals=goals,
        unproved=tuple(unproved),
        smoke_tests=smoke_tests,
        failed_smoke_tests=tuple(failed),
        checked=frozenset(re.findall(r"^\[rte:annot\] annotating function (\w+)$", log, re.MULTILINE)),
        warnings=tuple(line for line in log.splitlines() if "Warning" in line),
    )
