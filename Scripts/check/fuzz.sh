#!/bin/sh
# Fuzzes the readers: Scripts/check/fuzz.sh TARGET --seconds N | --runs N, where TARGET is a name of FuzzTarget.all
# (zip, gguf, …), or `all`; N counts for each target. A table at the end shows executions, speed and coverage. Seeds are
# Fixtures/corpus/TARGET and Fixtures/malformed; new inputs of the fuzzer stay in .build-fuzz/corpus for the next run.
# An input that crashes is left in Fixtures/corpus/TARGET, to be committed with the fix: the ordinary tests replay that
# folder.
set -eu

usage() {
  echo "usage: $0 TARGET|all --seconds N | --runs N" >&2
  exit 64
}

[ $# -eq 3 ] || usage
# `timeout -k` is the fallback for libFuzzer's own time limit.
case $2 in
--seconds) limit=-max_total_time=$3 deadline=$(($3 + 60)) ;;
--runs) limit=-runs=$3 deadline=$(($3 / 100 + 600)) ;;
*) usage ;;
esac
cd "$(dirname "$0")/../.."
PATH=$PWD/.toolchain/usr/bin:$PATH # where Scripts/setup.sh puts Swift

scratch=.build-fuzz
fuzzer=$scratch/fuzz
# An archive keeps the objects of files that were renamed since.
rm -f "$scratch/release/libFuzzTargets.a"
POCKETCLIP_FUZZ=1 swift build -c release --product FuzzTargets --scratch-path "$scratch"
swiftc -use-ld=lld -sanitize=fuzzer,address -parse-as-library -Xlinker -u -Xlinker LLVMFuzzerTestOneInput \
  -o "$fuzzer" "$scratch/release/libFuzzTargets.a" -lz -ljpeg -lpng -lwebp

known=$(POCKETCLIP_FUZZ_TARGET=list "$fuzzer" 2>/dev/null)
if [ "$1" = all ]; then
  targets=$known
elif echo "$known" | grep -qxF -- "$1"; then
  targets=$1
else
  printf '%s is not a target; the targets are:\n%s\n' "$1" "$known" >&2
  exit 64
fi

# The last figure that libFuzzer prints for a word, `cov:` or `stat::…:`.
figure() { grep -aoE "$1 +[0-9]+" "$2" | tail -n 1 | grep -oE '[0-9]+$' || echo 0; }

# Fuzzes one target and prints its row of the table; fails when an input crashed.
fuzz() {
  found=$scratch/corpus/$1
  seeds=Fixtures/corpus/$1
  log=$scratch/$1.log
  mkdir -p "$found" "$seeds"
  status=0
  # Swift's crash handler would hang for minutes.
  SWIFT_BACKTRACE=enable=no POCKETCLIP_FUZZ_TARGET=$1 timeout -k 10 "$deadline" \
    "$fuzzer" "$limit" -max_len=65536 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$seeds/" "$found" "$seeds" Fixtures/malformed/*/ >"$log" 2>&1 || status=$?
  crashes=$(grep -ac 'Test unit written to' "$log") || true
  printf '%-14s %12s %10s %8s %9s %8s\n' "$1" "$(figure number_of_executed_units: "$log")" \
    "$(figure average_exec_per_sec: "$log")" "$(figure cov: "$log")" "$(figure ft: "$log")" "$crashes"
  if [ "$status" -ne 0 ]; then
    echo "$1: status $status, see $log; the failing input was left in $seeds" >&2
    return 1
  fi
}

summary=$scratch/summary.txt
printf '%-14s %12s %10s %8s %9s %8s\n' target executions per-second edges features crashes | tee "$summary"
for target in $targets; do
  row=$(fuzz "$target") || failed=1
  echo "$row" | tee -a "$summary"
done
awk 'NR > 1 { executions += $2; crashes += $6 } END { printf "%-14s %12d %37d\n", "all", executions, crashes }' \
  "$summary" | tee -a "$summary"
exit "${failed:-0}"
