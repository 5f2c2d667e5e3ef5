#!/bin/sh
# Rewrites the table of docs/FORMATS.md from the results of FormatTableTests: Scripts/build/format-table.sh
set -eu
cd "$(dirname "$0")/../.."
PATH=$PWD/.toolchain/usr/bin:$PATH # where Scripts/setup.sh puts Swift

page=docs/FORMATS.md
new=$(mktemp)
trap 'rm -f "$new"' EXIT
grep -v '^| `' "$page" > "$new"
cp "$new" "$page"
# Without rows on the page, the test prints all of them.
swift test -c release --disable-testable-imports --filter FormatTableTests 2>&1 \
  | sed -n 's/^.*\(| `.* |\)$/\1/p' | LC_ALL=C sort -u >> "$new"
cp "$new" "$page"
