#!/bin/sh
# Writes the table of docs/FORMATS.md anew from what FormatTableTests finds: Scripts/build/format-table.sh
set -eu
cd "$(dirname "$0")/../.."
PATH=$PWD/.toolchain/usr/bin:$PATH # where Scripts/setup.sh puts Swift

page=docs/FORMATS.md
new=$(mktemp)
trap 'rm -f "$new"' EXIT
grep -v '^| `' "$page" > "$new"
cp "$new" "$page"
# With no row on the page, the test names them all.
swift test -c release --disable-testable-imports --filter FormatTableTests 2>&1 \
  | sed -n 's/^.*\(| `.* |\)$/\1/p' | LC_ALL=C sort -u >> "$new"
cp "$new" "$page"
