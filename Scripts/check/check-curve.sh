#!/bin/sh
# Runs Benchmarks/curve on a trained mini and its committed images, without the simulation in PyTorch; then checks that
# the calibration items of Benchmarks/peers give the bundle of the built-in ones.
#   usage: check-curve.sh POCKETCLIP PYTHON
set -eu
pocketclip=$1
python=$2
minis=Fixtures/minis
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
export PYTHONPATH=Benchmarks POCKETCLIP="$pocketclip"

tab=$(printf '\t')
tail -n +2 $minis/images/truth.tsv | while IFS=$tab read -r file label; do
  mkdir -p "$out/images/$label"
  cp "$minis/images/$file" "$out/images/$label"
done
"$python" -m curve $minis/mini-rn.pt --images "$out/images" --no-simulation -o "$out/points" 2>"$out/log" ||
  { cat "$out/log" >&2; exit 1; }
[ "$(wc -l <"$out/points.csv")" -eq 7 ] && [ -s "$out/points.svg" ] || { echo "points are missing" >&2; exit 1; }

convert() {
  "$pocketclip" convert $minis/mini-rn.pt --precision int8 --effort calibrated --no-measure --quiet "$@" >"$out/log"
}
"$python" -m peers.calibration "$out/calibration"
convert -o "$out/built-in.pclip"
convert -o "$out/given.pclip" --calibrate "$out/calibration" --calibrate-texts "$out/calibration/texts.txt"
for bundle in built-in given; do
  "$python" Scripts/check/bundle_without_provenance.py "$out/$bundle.pclip"
done | sort -u | wc -l | grep -qx 1 || { echo "the peers' calibration items give another bundle" >&2; exit 1; }
echo "the same bundle from the calibration items of Benchmarks/peers: yes"
