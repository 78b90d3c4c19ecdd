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
"$python" setup.py -q build_ext --force --build-temp "$build/temp" --build-lib "$build/lib"

cat >"$build/coveragerc" <<END
[run]
branch = true
patch = subprocess
data_file = $build/coverage
[report]
exclude_also =
    if TYPE_CHECKING:
    \.\.\.$
END
export PYTHONPATH="$build/lib${PYTHONPATH:+:$PYTHONPATH}"
status=0
"$python" -m pytest --basetemp="$build/tmp" --cov=resquery --cov-branch --cov-config="$build/coveragerc" --cov-report= \
  "$@" tests "$build/lib/resquery" || status=$?

"$python" -m coverage report --rcfile="$build/coveragerc" --sort=cover | tee "$build/pkg.txt" | sed "s|$build/lib/|pkg/|"
gcovr --root . --filter csrc/ --exclude-unreachable-branches --exclude-throw-branches --json-summary "$build/csrc.json" \
  --txt "$build/csrc.txt" "$build" 2>"$build/gcovr.log"
"$python" - "$build" <<'END'
import json
import pathlib
import sys

build = pathlib.Path(sys.argv[1])
found = json.loads((build / "csrc.json").read_text())
print("\nleast covered of csrc/ (lines, branches):")
for file in sorted(found["files"], key=lambda file: (file["branch_percent"] or 100.0, file["filename"]))[:10]:
    print(f"  {file['filename']:<32} {file['line_percent']:6.1f} % {file['branch_percent'] or 100.0:6.1f} %")
total = (build / "pkg.txt").read_text().splitlines()[-1].split()[-1]
lines, branches = (f"{found[f'{what}_covered']} of {found[f'{what}_total']} ({found[f'{what}_percent']} %)" for what in ("line", "branch"))
print(f"coverage of csrc/: lines {lines}, branches {branches}")
print(f"coverage of pkg/: lines and branches {total}")
END
exit $status
