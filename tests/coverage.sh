#!/bin/sh
# coverage.sh: how much of csrc/ (lines, branches) and of pkg/ (branches) the test suite reaches; `make coverage` calls it.
#
# The extension is built with gcov counters and without optimisation into build/coverage and leaves the usual one alone.
# What the C tests compile is counted too. Options go to pytest. SPDX-License-Identifier: MIT
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
build=$PWD/build/coverage

rm -rf "$build"
mkdir -p "$build/lib"
cp -r pkg/resquery "$build/lib/"
rm -f "$build"/lib/resquery/*.so
export RESQUERY_CFLAGS="--coverage -O0 -fprofile-update=atomic" RESQUERY_LDFLAGS="--coverage"
export RESQUERY_OBJECTS="$build/objects"
"$python" setup.py -q build_ext --force --build-temp "$build/temp" --build-lib "$build/lib"

# Coverage begins before pytest, whose plugins import resquery, and goes on in every process that a test starts or forks.
cat >"$build/coveragerc" <<END
[run]
branch = true
source = $build/lib/resquery
patch = subprocess, fork, _exit
sigterm = true
data_file = $build/coverage
disable_warnings = no-data-collected
[report]
exclude_also =
    if TYPE_CHECKING:
    \.\.\.$
[json]
output = $build/pkg.json
END
export PYTHONPATH="$build/lib${PYTHONPATH:+:$PYTHONPATH}" COVERAGE_RCFILE="$build/coveragerc"
status=0
# Without descriptors gcov cannot write its counters, and says so where the test left out here expects silence.
"$python" -m coverage run -m pytest --basetemp="$build/tmp" --deselect \
  tests/unit/test_cli.py::test_too_few_descriptors_are_told "$@" tests "$build/lib/resquery" || status=$?

"$python" -m coverage combine --quiet
"$python" -m coverage json --quiet
"$python" -m coverage report --sort=cover | sed "s|build/coverage/lib/|pkg/|"
gcovr --root . --filter csrc/ --exclude-unreachable-branches --exclude-throw-branches --json-summary "$build/csrc.json" \
  --txt "$build/csrc.txt" "$build" 2>"$build/gcovr.log"
"$python" - "$build" <<'END'
import json
import pathlib
import sys

build = pathlib.Path(sys.argv[1])
csrc, pkg = (json.loads((build / name).read_text()) for name in ("csrc.json", "pkg.json"))


def share(covered: int, total: int) -> str:
    return f"{covered} of {total} ({100 * covered / total if total else 100:.1f} %)"


def branches(file: dict[str, int]) -> float:
    return file["branch_covered"] / file["branch_total"] if file["branch_total"] else 1.0


print("\nleast covered of csrc/ (lines, branches):")
for file in sorted(csrc["files"], key=lambda file: (branches(file), file["filename"]))[:10]:
    print(f"  {file['filename']:<32} {file['line_percent']:6.1f} % {100 * branches(file):6.1f} %")
of = pkg["totals"]
print("coverage of csrc/: lines", share(csrc["line_covered"], csrc["line_total"]), end=", ")
print("branches", share(csrc["branch_covered"], csrc["branch_total"]))
print("coverage of pkg/: lines", share(of["covered_lines"], of["num_statements"]), end=", ")
print("branches", share(of["covered_branches"], of["num_branches"]))
END
exit $status
