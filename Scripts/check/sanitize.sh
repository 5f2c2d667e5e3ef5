#!/bin/bash
# The runtime under the address, undefined-behaviour and thread sanitizers, abused with 8 threads: the programs of
# Tests/RuntimeChecks, linked with the C modules and the Embedded Swift modules, all instrumented (Swift has no
# undefined-behaviour sanitizer: its own checks of overflow and bounds stay on).
#
# usage: sanitize.sh [SANITIZERS]...    (default: address,undefined thread)
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=$PWD/.toolchain/usr/bin:$PATH # where Scripts/setup.sh puts Swift

tools=$(dirname "$(readlink -f "$(command -v swiftc)")")
swift_libraries=$(dirname "$tools")/lib/swift/linux # the toolchain's thread sanitizer knows about Dispatch
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# LeakSanitizer needs ptrace, which containers forbid: abuse.c compares allocated bytes instead. The SIGBUS that the
# header names must reach the program. Every Embedded Swift module has its own copy of shared constants: no violation.
export ASAN_OPTIONS=detect_leaks=0:detect_odr_violation=0:handle_sigbus=0:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1
# A child forked from a process with threads starts its own pool, which is the subject of the test.
export TSAN_OPTIONS=die_after_fork=0:handle_sigbus=0:halt_on_error=1
export PCLIP_THREADS=8

try() { # SANITIZERS
  local folder=$work/$1 program bundle
  SANITIZE=$1 Scripts/build/build-runtime.sh "$folder"
  for program in abuse pool; do
    "$tools/clang" -std=c11 -Wall -Wextra -Werror -O1 -g "-fsanitize=$1" -fno-sanitize-recover=all -fuse-ld=lld -DCYCLES=200 \
      -I "$folder/include" -I Sources/CPlatform/include "Tests/RuntimeChecks/$program.c" \
      "$folder/lib/libpocketclip.a" -o "$folder/$program" -lpthread \
      -L"$swift_libraries" -Wl,--as-needed -ldispatch -lBlocksRuntime -Wl,-rpath,"$swift_libraries"
  done
  "$folder/pool"
  for bundle in Fixtures/runtime/{vit-int8,resnet-int8,vit-fp16}.pclip; do
    "$folder/abuse" "$bundle"
    echo "clean: $1, 8 threads, $(basename "$bundle")"
  done
}

[ $# -gt 0 ] || set -- address,undefined thread
for sanitizers in "$@"; do try "$sanitizers"; done
