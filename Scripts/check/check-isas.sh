#!/bin/bash
# Compares the kernels of every instruction set with scalar (Sources/CKernelChecks): on this processor, and under
# qemu-user on x86 ones without and with AVX2 and on 64-bit Arm ones without and with dot products.
#
# Fused sums must have the same bits on all of them, and the complete runtime, built for Arm, must give the embeddings of
# this processor. Two minutes. Needs qemu-user and libc6-dev-arm64-cross (`make check-isas` installs them); clang is the
# Swift toolchain's.
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=$PWD/.toolchain/usr/bin:$PATH # where Scripts/setup.sh puts Swift

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
clang=$(dirname "$(readlink -f "$(command -v swiftc)")")/clang
arm=/usr/aarch64-linux-gnu
sources=(Tests/RuntimeChecks/isas.c Sources/CKernelChecks/*.c Sources/CKernels/*.c)
flags=(-std=c11 -O2 -D_GNU_SOURCE -Wall -Wextra -Wconversion -Wshadow -Werror -I Sources/CKernels/include -I Sources/CKernelChecks/include)

"$clang" "${flags[@]}" "${sources[@]}" -lm -o "$work/isas-$(uname -m)"
# Without the start files of GCC's cross compiler, which are not needed.
build_arm() { # OUTPUT ARGUMENT…
  "$clang" --target=aarch64-linux-gnu -isystem "$arm/include" -mno-outline-atomics -fuse-ld=lld -nostdlib \
    "$arm/lib/crt1.o" "$arm/lib/crti.o" "${@:2}" -L "$arm/lib" -lm -lc "$arm/lib/crtn.o" -o "$1"
}

# Without features that the emulator lacks and would warn about.
haswell=Haswell-noTSX,-pcid,-x2apic,-tsc-deadline,-invpcid

check() { # TITLE COMMAND…
  echo "$1:"
  "${@:2}" | sed 's/^/  /' | tee -a "$work/found.txt"
}

check "this processor" "$work/isas-$(uname -m)"
if [ "$(uname -m)" = x86_64 ]; then
  build_arm "$work/isas-aarch64" "${flags[@]}" "${sources[@]}"
  check "x86 without AVX (Nehalem)" qemu-x86_64 -cpu Nehalem "$work/isas-x86_64" sse41
  check "x86 with AVX2 (Haswell)" qemu-x86_64 -cpu "$haswell" "$work/isas-x86_64" sse41 avx2
  check "Arm (Cortex-A53)" qemu-aarch64 -L "$arm" -cpu cortex-a53 "$work/isas-aarch64" neon
  check "Arm with dotprod (Neoverse N1)" qemu-aarch64 -L "$arm" -cpu neoverse-n1 "$work/isas-aarch64" neon dotprod
  check "Arm with i8mm" qemu-aarch64 -L "$arm" -cpu max "$work/isas-aarch64" neon dotprod i8mm
fi
for result in 'fused sums' 'resized images'; do
  if [ "$(grep -o "$result .*" "$work/found.txt" | sort -u | wc -l)" -ne 1 ]; then
    echo "error: $result have different bits on different processors" >&2
    exit 1
  fi
done

[ "$(uname -m)" = x86_64 ] || exit 0
[ -f dist/lib/libpocketclip.so ] || Scripts/build/build-runtime.sh
TARGET=aarch64 Scripts/build/build-runtime.sh "$work/arm"
program=Tests/RuntimeChecks/same_bits.c
"$clang" -O1 -I dist/include "$program" -L dist/lib -lpocketclip -o "$work/same_bits"
build_arm "$work/same_bits-aarch64" -O1 -I "$work/arm/include" "$program" -L "$work/arm/lib" -lpocketclip
for bundle in Fixtures/runtime/{vit,resnet}-{int8,fp16}.pclip; do
  here=$(LD_LIBRARY_PATH=dist/lib "$work/same_bits" "$bundle" "" emulated)
  there=$(qemu-aarch64 -L "$arm" -E LD_LIBRARY_PATH="$work/arm/lib" -cpu max "$work/same_bits-aarch64" "$bundle" "" emulated)
  echo "$(basename "$bundle"): $here, $there"
  if [ "${here% *}" != "${there% *}" ]; then
    echo "error: the embeddings of $bundle have other bits on Arm" >&2
    exit 1
  fi
done
