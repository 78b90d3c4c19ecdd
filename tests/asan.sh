#!/bin/sh
# asan.sh: the whole test suite on a build with AddressSanitizer and UndefinedBehaviorSanitizer; `make asan` calls it.
#
# The instrumented extension goes to build/asan and leaves the usual one alone. Python itself is not instrumented, so the
# sanitizer's library is preloaded, into Python alone: name servers, compilers and provers started by tests do without. What
# the C tests compile is instrumented whole and has leak detection on. Options go to pytest. SPDX-License-Identifier: MIT
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
python=$(command -v "$python")
case $python in /*) ;; *) python=$PWD/$python ;; esac
build=$PWD/build/asan

rm -rf "$build/lib"
mkdir -p "$build/lib" "$build/bin"
cp -r pkg/resquery "$build/lib/"
rm -f "$build"/lib/resquery/*.so
export RESQUERY_CFLAGS="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1 -g"
export RESQUERY_LDFLAGS="-fsanitize=address,undefined"
"$python" setup.py -q build_ext --force --build-temp "$build/temp" --build-lib "$build/lib"

# A Python that preloads the sanitizer and then forgets it; its children are this one again when they are Python.
cat >"$build/bin/python" <<END
#!/bin/sh
LD_PRELOAD=$(gcc -print-file-name=libasan.so) exec "$python" "\$@"
END
chmod +x "$build/bin/python"
cat >"$build/lib/sitecustomize.py" <<END
import os, sys
os.environ.pop("LD_PRELOAD", None)
sys.executable = "$build/bin/python"
END

export PYTHONPATH="$build/lib${PYTHONPATH:+:$PYTHONPATH}"
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
"$build/bin/python" -c 'import resquery._rq as rq; assert "/build/asan/" in rq.__file__, rq.__file__'
if "$build/bin/python" -m pytest "$@" tests "$build/lib/resquery"; then
  echo "asan: the test suite passes under AddressSanitizer and UndefinedBehaviorSanitizer"
else
  echo "asan: FAILED, see above" >&2
  exit 1
fi
