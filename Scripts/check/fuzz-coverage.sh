#!/bin/sh
# The coverage of the fuzzer's inputs: lines of each parser's folder that the seeds, the malformed files and the inputs
# that Scripts/check/fuzz.sh has found so far (.build-fuzz/corpus) execute.
set -eu
cd "$(dirname "$0")/../.."
PATH=$PWD/.toolchain/usr/bin:$PATH # where Scripts/setup.sh puts Swift

scratch=.build-coverage
fuzzer=$scratch/fuzz
tools=$(dirname "$(readlink -f "$(command -v swiftc)")")
rm -f "$scratch/release/libFuzzTargets.a" # it keeps the objects of files that were renamed since
POCKETCLIP_FUZZ=1 swift build -c release --product FuzzTargets --scratch-path "$scratch" \
  -Xswiftc -profile-generate -Xswiftc -profile-coverage-mapping
swiftc -use-ld=lld -sanitize=fuzzer,address -profile-generate -parse-as-library -Xlinker -u -Xlinker \
  LLVMFuzzerTestOneInput -o "$fuzzer" "$scratch/release/libFuzzTargets.a" -lz -ljpeg -lpng -lwebp

rm -f "$scratch"/*.profraw
for target in $(POCKETCLIP_FUZZ_TARGET=list LLVM_PROFILE_FILE=/dev/null "$fuzzer" 2>/dev/null); do
  set --
  for folder in ".build-fuzz/corpus/$target" "Fixtures/corpus/$target" Fixtures/malformed/*/; do
    [ ! -d "$folder" ] || set -- "$@" "$folder"
  done
  POCKETCLIP_FUZZ_TARGET=$target LLVM_PROFILE_FILE="$scratch/$target.profraw" SWIFT_BACKTRACE=enable=no \
    "$fuzzer" -runs=0 "$@" > "$scratch/$target.log" 2>&1
done
"$tools/llvm-profdata" merge -o "$scratch/all.profdata" "$scratch"/*.profraw
"$tools/llvm-cov" report "$fuzzer" -instr-profile "$scratch/all.profdata" Sources/Archives Sources/Checkpoints \
  Sources/BundleFormat Sources/Models/Bundle Sources/Tokenizer > "$scratch/report.txt"

# Lines by folder, from the columns Filename … Lines Missed Cover.
awk '/\.swift / { path = $1; sub(/\/[^\/]*$/, "", path); lines[path] += $8; missed[path] += $9 }
  END { for (path in lines) if (lines[path]) printf "%-60s %6d lines %5.1f %%\n", path, lines[path],
          100 * (1 - missed[path] / lines[path]) }' "$scratch/report.txt" | sort
