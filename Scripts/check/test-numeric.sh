#!/bin/sh
# The suites whose numbers depend on the reference, on every kernel set of OpenBLAS that this processor runs, and on the
# portable product. If OPENBLAS_CORETYPE is already set, the machine's OpenBLAS may need it, so only that set runs.
set -eu

suites='ReferenceForwardTests|VerificationTests|ModelsTests'

run() {
  printf '\n==> numeric suites on %s\n' "$*"
  env "$@" python3 Scripts/check/test.py -c release --disable-testable-imports --filter "$suites"
}

has() { grep -qw "$1" /proc/cpuinfo; }

if [ -n "${OPENBLAS_CORETYPE:-}" ]; then
  run OPENBLAS_CORETYPE="$OPENBLAS_CORETYPE"
elif [ "$(uname -m)" = x86_64 ]; then
  run OPENBLAS_CORETYPE=Prescott
  if has avx2; then
    run OPENBLAS_CORETYPE=Haswell
    run OPENBLAS_CORETYPE=Zen
  fi
  if has avx512vl; then run OPENBLAS_CORETYPE=SkylakeX; fi
else
  run POCKETCLIP_TEST_REFERENCE=openblas
fi
run POCKETCLIP_TEST_REFERENCE=portable
