#!/bin/sh
# Builds dist/pocketclip-*.whl and tests it: types, size, contents, licence texts, an import from a folder that holds
# nothing else.
#   usage: build-python.sh PYTHON     (with hatchling, mypy and numpy; after build-runtime.sh)
set -eu
cd "$(dirname "$0")/../.."
python=$PWD/$1
limit_bytes=1000000

(cd Python && "$python" -m mypy)
rm -f dist/pocketclip-*.whl
(cd Python && "$python" -m hatchling build -t wheel -d ../dist)
wheel=$(echo dist/pocketclip-*.whl)
size=$(stat -c %s "$wheel")
if [ "$size" -ge "$limit_bytes" ]; then
  echo "error: $wheel has $size bytes, the limit is $limit_bytes" >&2
  exit 1
fi

installed=$(mktemp -d)
trap 'rm -rf "$installed"' EXIT
"$python" -m pip install --quiet --no-deps --no-index --no-compile --target "$installed" "$wheel"
[ -f "$installed/pocketclip/py.typed" ] || { echo "error: $wheel has no py.typed" >&2; exit 1; }
for text in LICENSE NOTICE THIRD_PARTY.md; do
  cmp "$text" "$installed"/pocketclip-*.dist-info/licenses/$text || { echo "error: $wheel lacks $text" >&2; exit 1; }
done
grep -qx 'License-Expression: Apache-2.0' "$installed"/pocketclip-*.dist-info/METADATA ||
  { echo "error: the metadata of $wheel states no licence" >&2; exit 1; }
bundle=$PWD/Fixtures/runtime/vit-int8.pclip
(cd "$installed" && env -u POCKETCLIP_LIBRARY -u PYTHONPATH "$python" -S -c '
import sys, pocketclip
with pocketclip.Model(sys.argv[1]) as model:
    model.self_test()' "$bundle")
echo "$wheel: $size bytes"
