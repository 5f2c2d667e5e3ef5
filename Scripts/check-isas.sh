#!/bin/bash
# Compares the kernels of every instruction set with scalar (Tests/RuntimeChecks/isas.c): on this processor, and under
# qemu-user on x86 ones without and with AVX2 and on 64-bit Arm ones without and with dot products.
#
# Fused sums must have the same bits on all of them. Under a minute. Needs qemu-user and libc6-dev-arm64-cross
# (`make check-isas` installs them); clang is the Swift toolchain's.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
clang=$(dirname "$(readlink -f "$(command -v swiftc)")")/clang
arm=/usr/aarch64-linux-gnu
sources=(Tests/RuntimeChecks/isas.c Sources/CKernels/*.c)
flags=(-std=c11 -O2 -D_GNU_SOURCE -Wall -Wextra -Wconversion -Wshadow -Werror -I Sources/CKernels/include)

"$clang" "${flags[@]}" "${sources[@]}" -lm -o "$work/isas-$(uname -m)"
# From object files on, by hand: the start files of GCC's cross compiler are not needed.
build_arm() {
  "$clang" --target=aarch64-linux-gnu -isystem "$arm/include" -mno-outline-atomics "${flags[@]}" -fuse-ld=lld -nostdlib \
    "$arm/lib/crt1.o" "$arm/lib/crti.o" "${sources[@]}" -L "$arm/lib" -lm -lc "$arm/lib/crtn.o" -o "$work/isas-aarch64"
}

# Without what the emulator lacks, of which it would warn.
haswell=Haswell-noTSX,-pcid,-x2apic,-tsc-deadline,-invpcid

check() { # TITLE COMMAND…
  echo "$1:"
  "${@:2}" | sed 's/^/  /' | tee -a "$work/found.txt"
}

check "this processor" "$work/isas-$(uname -m)"
if [ "$(uname -m)" = x86_64 ]; then
  build_arm
  check "x86 without AVX (Nehalem)" qemu-x86_64 -cpu Nehalem "$work/isas-x86_64" sse41
  check "x86 with AVX2 (Haswell)" qemu-x86_64 -cpu "$haswell" "$work/isas-x86_64" sse41 avx2
  check "Arm (Cortex-A53)" qemu-aarch64 -L "$arm" -cpu cortex-a53 "$work/isas-aarch64" neon
  check "Arm with dotprod (Neoverse N1)" qemu-aarch64 -L "$arm" -cpu neoverse-n1 "$work/isas-aarch64" neon dotprod
  check "Arm with i8mm" qemu-aarch64 -L "$arm" -cpu max "$work/isas-aarch64" neon dotprod i8mm
fi
if [ "$(grep -o 'fused sums .*' "$work/found.txt" | sort -u | wc -l)" -gt 1 ]; then
  echo "error: fused sums have different bits on different processors" >&2
  exit 1
fi
