#!/bin/bash
# Builds the small runtime: dist/lib/libpocketclip.so, the static library, the header, the pkg-config file and the
# licence texts.
#
# Needs only the Swift toolchain (its clang and lld). Fails if the library needs more than libc, exports anything
# but the ABI of pocketclip.h, could be unloaded, or reaches 400 KB.
#
# usage: build-runtime.sh [OUTPUT_FOLDER]    (default: dist)
#
# SANITIZE=address,undefined or SANITIZE=thread builds only the static library, instrumented, for sanitize.sh.
# SYMBOLS=1 keeps the names of functions, for `make bench-profile`: the same code, without the limit of the size.
# TARGET=aarch64 builds for 64-bit Arm on another machine, with the C library of libc6-dev-arm64-cross.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
PATH=$root/.toolchain/usr/bin:$PATH # where Scripts/setup.sh puts Swift

mkdir -p "${1:-dist}"
output=$(realpath "${1:-dist}")
sanitize=${SANITIZE:-}
target=${TARGET:-}
limit_bytes=$((400 * 1000))
strip=-s
if [ -n "${SYMBOLS:-}" ]; then
  limit_bytes=$((1000 * 1000))
  strip=
fi
version=$(sed -n 's/.*cString("\([0-9.]*\)").*/\1/p' "Sources/PocketRuntime/ABI/ABI+Open.swift")
c_modules=(CKernels CPlatform CTextTables)
swift_modules=(Bytes TensorTypes Architecture Tokenizer BundleFormat ImagePreprocessing PocketRuntime)

tools=$(dirname "$(readlink -f "$(command -v swiftc)")")
tool() { if [ -x "$tools/$1" ]; then echo "$tools/$1"; else command -v "$1"; fi; }
clang=$(tool clang)

# Everything is built from one folder with relative paths, because the compiler orders some instructions by hashes of
# file names. The same sources then give the same bytes in every folder.
objects=$(mktemp -d)
trap 'rm -rf "$objects"' EXIT
cd "$objects"
ln -s "$root/Sources" Sources

module_map() { # NAME: the module map of a C module's header for Swift
  printf 'module %s { header "Sources/%s/include/%s" export * }\n' "$1" "$1" "$2" >"$1.modulemap"
}

c_mode=(-Os -fno-asynchronous-unwind-tables -fno-unwind-tables -fstack-protector -fstack-clash-protection
  -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
swift_mode=(-lto=llvm-full)
if [ -n "$sanitize" ]; then
  c_mode=(-O1 -g "-fsanitize=$sanitize" -fno-sanitize-recover=all)
  swift_mode=(-g "-sanitize=${sanitize%%,*}") # Swift's own checks of overflow and bounds stay on.
fi

c_target=()
swift_target=()
link_target=()
if [ "$target" = aarch64 ]; then
  system=/usr/aarch64-linux-gnu
  c_target=(--target=aarch64-linux-gnu -isystem "$system/include" -mno-outline-atomics)
  swift_target=(-target aarch64-none-none-elf -Xcc -isystem -Xcc "$system/include")
  link_target=(--target=aarch64-linux-gnu -nostdlib -L "$system/lib" -lc)
fi

# Small code and no unwind tables: the products are written in intrinsics, which -O3 makes larger, not faster.
compile_c() {
  local module=$1 source
  for source in Sources/"$module"/*.c; do
    "$clang" -c -std=c11 "${c_target[@]}" "${c_mode[@]}" -fPIC -fvisibility=hidden -ffunction-sections -fdata-sections -D_GNU_SOURCE \
      -I "Sources/$module/include" "$source" -o "$module-$(basename "$source" .c).o"
  done
}

# Link-time optimization drops code that only unused code of other modules needed.
compile_swift() {
  local module=$1 maps=() map sources
  # In the order of their names, whatever their folders: moving a file changes no byte of the library.
  mapfile -t sources < <(find "Sources/$module" -name '*.swift' -printf '%f %p\n' | LC_ALL=C sort | cut -d ' ' -f 2)
  for map in *.modulemap; do maps+=(-Xcc "-fmodule-map-file=$map"); done
  swiftc -c -parse-as-library -wmo -Osize "${swift_target[@]}" "${swift_mode[@]}" -swift-version 6 -package-name pocketclip \
    -enable-experimental-feature Embedded -enable-experimental-feature Lifetimes \
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault \
    -enable-upcoming-feature MemberImportVisibility -Xfrontend -function-sections -Xcc -fPIC -I . "${maps[@]}" \
    -module-name "$module" -emit-module -emit-module-path "$module.swiftmodule" -o "$module.o" "${sources[@]}"
}

for module in "${c_modules[@]}"; do
  module_map "$module" "$module.h"
  compile_c "$module"
done
module_map CPocketCLIP pocketclip.h
for module in "${swift_modules[@]}"; do compile_swift "$module"; done

# The ABI consists of exactly the header's declarations.
mapfile -t functions < <(grep -o '^PCLIP_API.*' Sources/CPocketCLIP/include/pocketclip.h |
  grep -o 'pclip_[a-z_0-9]*(' | tr -d '(' | sort)
{
  echo '{ global:'
  printf '  %s;\n' "${functions[@]}"
  echo 'local: *; };'
} >exports.map

mkdir -p "$output/lib/pkgconfig" "$output/include" "$output/share/doc/pocketclip"
cp Sources/CPocketCLIP/include/pocketclip.h "$output/include/"
(cd "$root" && cp LICENSE NOTICE THIRD_PARTY.md "$output/share/doc/pocketclip/")
rm -f "$output/lib/libpocketclip.a"
if [ -n "$sanitize" ]; then
  "$(tool llvm-ar)" rcs "$output/lib/libpocketclip.a" ./*.o
  exit
fi

# Embedded Swift ends the process if an allocation fails, so CPlatform serves its allocations from reservations.
allocations=(-Wl,--wrap=posix_memalign,--wrap=free)

# Repeated instructions of the Swift modules become functions: 3.5 KB less, not slower (the kernels are unchanged).
# Strings that end alike share their bytes (-O2 of the linker).
library=$output/lib/libpocketclip.so
"$clang" -shared -fuse-ld=lld -flto -o "$library" ./*.o ${strip:+"$strip"} -Wl,-O2,--gc-sections,-z,defs,-z,now,-z,relro,-z,nodelete,-z,noexecstack,--as-needed \
  -Wl,--icf=safe "${allocations[@]}" -Wl,-mllvm,-enable-machine-outliner=always -Wl,-soname,libpocketclip.so \
  -Wl,--version-script=exports.map "${link_target[@]}"

"$(tool llvm-objcopy)" --remove-section=.comment "$library" # the names of compilers

# The static library is one object of plain machine code, with the ABI as its only global names.
"$clang" -r "${c_target[@]}" -nostdlib -fuse-ld=lld -flto "${allocations[@]}" -o pocketclip.all ./*.o
printf '%s\n' "${functions[@]}" >exports.list
"$(tool llvm-objcopy)" --keep-global-symbols=exports.list pocketclip.all pocketclip-static.o
"$(tool llvm-ar)" rcs "$output/lib/libpocketclip.a" pocketclip-static.o

cat >"$output/lib/pkgconfig/pocketclip.pc" <<PC
prefix=\${pcfiledir}/../..
libdir=\${prefix}/lib
includedir=\${prefix}/include

Name: pocketclip
Description: CLIP text and image embeddings from a single-file bundle
Version: $version
Libs: -L\${libdir} -lpocketclip
Cflags: -I\${includedir}
PC

readobj=$(tool llvm-readobj || true)
if [ -z "$readobj" ]; then readobj=$(command -v readelf); fi
needed=$("$readobj" -d "$library" | grep -o 'NEEDED.*' | grep -o 'lib[a-zA-Z0-9_+-]*\.so[.0-9]*' | sort -u | tr '\n' ' ')
size=$(stat -c %s "$library")
echo "${library#"$root"/}: $size bytes, needs ${needed:-nothing}"
if [ "$needed" != "libc.so.6 " ]; then
  echo "error: needs '$needed', expected libc.so.6 alone" >&2
  exit 1
fi
for flag in NOW NODELETE; do
  if ! "$readobj" -d "$library" | grep -q "FLAGS_1.*$flag"; then
    echo "error: the library is not linked with $flag" >&2
    exit 1
  fi
done
exported=$("$(tool llvm-nm || command -v nm)" -D --defined-only "$library" | awk '{print $3}' | sed 's/@.*//' | sort)
if [ "$exported" != "$(printf '%s\n' "${functions[@]}")" ]; then
  echo "error: exports and pocketclip.h differ:" >&2
  diff <(printf '%s\n' "${functions[@]}") <(echo "$exported") >&2
  exit 1
fi
if [ "$size" -ge "$limit_bytes" ]; then
  echo "error: $size bytes, the limit is $limit_bytes" >&2
  exit 1
fi
