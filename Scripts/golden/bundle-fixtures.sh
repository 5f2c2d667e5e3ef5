#!/bin/sh
# Rewrites every committed bundle after a change of the draft format. Change docs/BUNDLE.md and its readers first.
#   usage: bundle-fixtures.sh   (installs PyTorch into .venv-goldens)
set -eu
cd "$(dirname "$0")/../.."

# The valid ones, and the page's worked example; then, from those, the broken ones and the fuzzers' seeds.
for tests in CommittedBundlesTests PageTests; do # the page shows a bundle that the former write
  PCLIP_BLESS=1 python3 Scripts/check/test.py -c release --disable-testable-imports --filter "$tests"
done
python3 Fixtures/malformed/bundle/make_malformed.py
cp Fixtures/valid/bundle/least-int8.pclip Fixtures/corpus/pclip/image
cp Fixtures/valid/bundle/text-int8.pclip Fixtures/corpus/pclip/text

# Those of the runtime's tests, by a separate writer.
Scripts/environments/venv-goldens.sh
.venv-goldens/bin/python Fixtures/runtime/make_runtime_fixtures.py
