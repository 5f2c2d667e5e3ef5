#!/bin/sh
# Kills ten conversions at random times. Each must leave a complete file under the output's name, or none, and only
# files that the next run removes.
#   usage: kill_conversions.sh POCKETCLIP CHECKPOINT
set -eu
pocketclip=$1
checkpoint=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

started=$(date +%s%N)
"$pocketclip" convert "$checkpoint" -o "$folder/complete.pclip" --precision int8 --quiet >/dev/null 2>&1
took=$(($(date +%s%N) - started))
complete=$(sha256sum <"$folder/complete.pclip")
mkdir "$folder/out"
left=0
none=0
for round in 1 2 3 4 5 6 7 8 9 10; do
  rm -f "$folder/out/model.pclip"
  "$pocketclip" convert "$checkpoint" -o "$folder/out/model.pclip" --precision int8 --quiet >/dev/null 2>&1 &
  process=$!
  # At any time during a conversion, or shortly after it.
  sleep "$(od -An -N2 -tu2 /dev/urandom | awk -v took="$took" '{ print $1 / 65536 * took * 1.2e-9 }')"
  kill -KILL "$process" 2>/dev/null || true
  wait "$process" 2>/dev/null || true
  if [ -e "$folder/out/model.pclip" ]; then
    [ "$(sha256sum <"$folder/out/model.pclip")" = "$complete" ] || { echo "round $round left part of a file" >&2; exit 1; }
    left=$((left + 1))
  else
    none=$((none + 1))
  fi
done
"$pocketclip" convert "$checkpoint" -o "$folder/out/model.pclip" --precision int8 --force --quiet >/dev/null 2>&1
[ "$(ls -A "$folder/out")" = model.pclip ] || { echo "left behind: $(ls -A "$folder/out")" >&2; exit 1; }
echo "ten conversions killed: $left complete files, $none times none, nothing else left"
