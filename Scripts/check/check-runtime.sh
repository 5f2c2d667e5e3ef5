#!/bin/bash
# Tests the promises of dist/lib/libpocketclip.so from outside: its size, dependencies and exports (build-runtime.sh has
# checked them); the licence texts next to it; the same bits for any batch, order and thread count, in a forked child,
# under an affinity limit, in C, Swift and Python, on each instruction set of this machine; no memory allocated by 1,000
# calls; the three examples agree. Every request for memory may fail; a call needs little stack; the library may be
# unloaded; AMX is requested and refused as the header says; built again, it is the same.
#
# Every mistake that a caller can make ends in an error code (abuse.c); in a real cgroup, if this machine allows one,
# its quota is the number of threads.
#
# usage: check-runtime.sh    (after build-runtime.sh; uses .build/release/pocketclip for the examples' bundle)
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=$PWD/.toolchain/usr/bin:$PATH # where Scripts/setup.sh puts Swift

library=$PWD/dist/lib
[ -f "$library/libpocketclip.so" ] || Scripts/build/build-runtime.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tools=$(dirname "$(readlink -f "$(command -v swiftc)")")
for text in LICENSE NOTICE THIRD_PARTY.md; do cmp "$text" "dist/share/doc/pocketclip/$text"; done

compile_c() { # SOURCE OUTPUT STANDARD
  "$tools/clang" -std="$3" -Wall -Wextra -pedantic -Werror -O1 "$1" -o "$2" -Idist/include -L"$library" -lpocketclip \
    -Wl,-rpath,"$library"
}

# The Swift API over the shared library, without the package: the same sources that the package builds.
printf 'module CPocketCLIP { header "%s/dist/include/pocketclip.h" export * }\n' "$PWD" >"$work/CPocketCLIP.modulemap"
swift_flags=(-O -swift-version 6 -enable-upcoming-feature InternalImportsByDefault
  -enable-upcoming-feature MemberImportVisibility -Xcc "-fmodule-map-file=$work/CPocketCLIP.modulemap" -I "$work")
swiftc "${swift_flags[@]}" -package-name PocketCLIP -emit-module -emit-library -static -module-name PocketCLIP -parse-as-library \
  -emit-module-path "$work/PocketCLIP.swiftmodule" -o "$work/libPocketCLIP.a" Sources/PocketCLIP/*.swift
compile_swift() { # SOURCE OUTPUT
  cp "$1" "$work/main.swift"
  swiftc "${swift_flags[@]}" "$work/main.swift" -o "$2" -L "$work" -lPocketCLIP -L "$library" -lpocketclip \
    -Xlinker -rpath -Xlinker "$library"
}

export POCKETCLIP_LIBRARY=$library/libpocketclip.so PYTHONPATH=$PWD/Python/src
compile_c Tests/RuntimeChecks/same_bits.c "$work/same_bits_c" c11
compile_swift Tests/RuntimeChecks/same_bits.swift "$work/same_bits_swift"
isas=$(PCLIP_ISA=none "$work/same_bits_c" Fixtures/runtime/vit-fp32.pclip 2>&1 | sed -n 's/.*which has //p' || true)
if PCLIP_ISA=amx "$work/same_bits_c" Fixtures/runtime/vit-int8.pclip 2>&1 | grep -q 'the system refuses AMX'; then
  isas=${isas/ amx/}
fi
echo "instruction sets of this machine: $isas"
for bundle in Fixtures/runtime/{vit,resnet}-*.pclip; do
  for isa in $isas; do
    in_c=$("$work/same_bits_c" "$bundle" "$isa")
    in_swift=$("$work/same_bits_swift" "$bundle" "$isa")
    in_python=$(python3 Tests/RuntimeChecks/same_bits.py "$bundle" "$isa")
    if [ "$in_c" != "$in_swift" ] || [ "$in_c" != "$in_python" ]; then
      echo "error: $bundle: '$in_c' in C, '$in_swift' in Swift, '$in_python' in Python" >&2
      exit 1
    fi
    echo "same bits, no allocation: $(basename "$bundle") $in_c"
  done
done

compile_c Tests/RuntimeChecks/abuse.c "$work/abuse" c11
for bundle in Fixtures/runtime/{vit,resnet}-int8.pclip; do
  PCLIP_THREADS=8 "$work/abuse" "$bundle"
  echo "error codes, no crash: $(basename "$bundle")"
done

# Failing allocations, small stacks, hosts that unload the library.
compile_c Tests/RuntimeChecks/memory.c "$work/memory" c11
compile_c Tests/RuntimeChecks/stack.c "$work/stack" c11
compile_c Tests/RuntimeChecks/unload.c "$work/unload" c11
for bundle in Fixtures/runtime/{vit,resnet}-{int8,fp16}.pclip; do
  echo "$(basename "$bundle"): $(PCLIP_THREADS=3 "$work/memory" "$bundle")"
  for isa in $isas; do
    echo "$(basename "$bundle"), $isa: $(PCLIP_ISA=$isa PCLIP_THREADS=1 "$work/stack" "$bundle")"
  done
  PCLIP_THREADS=3 "$work/unload" "$library/libpocketclip.so" "$bundle"
done
compile_c Tests/RuntimeChecks/tiles.c "$work/tiles" c11
"$work/tiles" Fixtures/runtime/vit-int8.pclip Fixtures/runtime/vit-fp16.pclip
mkdir "$work/headers"
python3 Tests/RuntimeChecks/hostile_headers.py "$work/headers"
for header in "$work"/headers/*.pclip; do
  echo "one reservation serves $(basename "$header"): $("$work/memory" -open "$header")"
done

# The same sources give the same bytes, in any folder.
mkdir "$work/elsewhere"
cp -r Sources Scripts LICENSE NOTICE THIRD_PARTY.md "$work/elsewhere/"
"$work/elsewhere/Scripts/build/build-runtime.sh" >"$work/elsewhere.txt"
for file in libpocketclip.so libpocketclip.a; do cmp "$library/$file" "$work/elsewhere/dist/lib/$file"; done
echo "built twice, byte for byte"

group=/sys/fs/cgroup/cpu/pclip-check-$$
if [ -w /sys/fs/cgroup/cpu/cgroup.procs ] && mkdir "$group" 2>"$work/cgroup.txt"; then
  echo 50000 >"$group/cpu.cfs_quota_us"
  threads=$(bash -c 'echo $$ >"$1/cgroup.procs" && exec python3 -c "import pocketclip, sys
print(pocketclip.Model(sys.argv[1]).info.threads)" "$2"' - "$group" Fixtures/runtime/vit-int8.pclip)
  rmdir "$group"
  if [ "$threads" != 1 ]; then
    echo "error: $threads threads under a quota of half a processor, expected 1" >&2
    exit 1
  fi
  echo "the quota of a cgroup is honoured"
else
  echo "no cgroup can be made here: PlatformTests reads written ones"
fi

compile_c Examples/c/classify.c "$work/classify_c" c99
compile_swift Examples/swift/Sources/classify/main.swift "$work/classify_swift"
.build/release/pocketclip convert Fixtures/minis/mini-vit.pt -o "$work/mini.pclip" --precision int8
labels=("a picture of a balloon." "a picture of a camera." "a picture of a crab.")
"$work/same_bits_c" "$work/mini.pclip"
"$work/classify_c" "$work/mini.pclip" Examples/balloon.ppm "${labels[@]}" | tee "$work/c.txt"
"$work/classify_swift" "$work/mini.pclip" Examples/balloon.ppm "${labels[@]}" >"$work/swift.txt"
diff "$work/c.txt" "$work/swift.txt"
python3 Examples/python/classify.py "$work/mini.pclip" Examples/balloon.ppm "${labels[@]}" >"$work/python.txt"
diff "$work/c.txt" "$work/python.txt"
for example in Examples/c/classify.c Examples/swift/Sources/classify/main.swift Examples/python/classify.py; do
  lines=$(wc -l <"$example")
  if [ "$lines" -gt 40 ]; then
    echo "error: $example has $lines lines, the promise is 40" >&2
    exit 1
  fi
done
echo "the runtime keeps its promises"
