#!/bin/sh
# Fuzzes one reader: Scripts/fuzz.sh TARGET SECONDS, where TARGET is a name of FuzzTarget.all (zip, onnx, …), or `all`.
# Seeds are Fixtures/corpus/TARGET and Fixtures/malformed. An input that crashes is left in Fixtures/corpus/TARGET, to
# be committed with the fix: the ordinary tests replay that folder for ever.
set -eu

if [ $# -ne 2 ]; then
  echo "usage: $0 TARGET SECONDS" >&2
  exit 64
fi
target=$1
seconds=$2
cd "$(dirname "$0")/.."

scratch=.build-fuzz
POCKETCLIP_FUZZ=1 swift build -c release --product FuzzTargets --scratch-path "$scratch"

library=$scratch/release/libFuzzTargets.a
fuzzer=$scratch/fuzz
swiftc -use-ld=lld -sanitize=fuzzer,address -parse-as-library -Xlinker -u -Xlinker LLVMFuzzerTestOneInput \
  -o "$fuzzer" "$library" -lz -ljpeg -lpng -lwebp

if [ "$target" = all ]; then
  for each in $(POCKETCLIP_FUZZ_TARGET=list "$fuzzer"); do
    sh Scripts/fuzz.sh "$each" "$seconds"
  done
  exit 0
fi

found=$scratch/corpus/$target
seeds=Fixtures/corpus/$target
mkdir -p "$found" "$seeds"

# Swift's crash handler would otherwise hang for minutes; `timeout -k` is the net below libFuzzer's own clock.
status=0
SWIFT_BACKTRACE=enable=no POCKETCLIP_FUZZ_TARGET=$target timeout -k 10 "$((seconds + 60))" \
  "$fuzzer" -max_total_time="$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
  -artifact_prefix="$seeds/" "$found" "$seeds" Fixtures/malformed/* || status=$?
if [ "$status" -ne 0 ]; then
  echo "$target: a failing input was left in $seeds" >&2
  exit 1
fi
