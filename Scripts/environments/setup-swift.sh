# Installs the official Swift into .toolchain; Scripts/setup.sh sources this file.
#
# It writes nothing elsewhere, and keeps the toolchain only if the archive is complete and signed by Swift's key.

swift_minimum=6.3
swift_version=6.3.1
swift_site=${POCKETCLIP_SWIFT_URL:-https://download.swift.org}
# "Swift 6.x Release Signing Key", as https://www.swift.org/keys/active publishes it. The key itself is committed too:
# swift-release-key.asc, from the repository of that site (August 2026).
swift_fingerprint=52BB7E3DE28A71BE22EC05FFEF80A866B47A981F
# To run, to link (gold, which Swift prefers, is no longer part of binutils in Debian 13), and to be fetched.
swift_packages="libxml2 libsqlite3-0 libncurses6 libuuid1 libcurl4t64|libcurl4 tzdata
  binutils-gold|binutils
  curl ca-certificates gpgv"
os_release=/etc/os-release
toolchain=$PWD/.toolchain

has_swift() {
  found=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p')
  [ -n "$found" ] && [ "$(printf '%s\n' "$swift_minimum" "$found" | sort -V | head -n 1)" = "$swift_minimum" ]
}

# The name of swift.org's build for this system, such as debian12 or ubuntu24.04-aarch64.
swift_platform() {
  system=$(uname -s)
  if [ -r "$os_release" ]; then system=$(. "$os_release" && echo "${ID:-} ${VERSION_ID:-}"); fi
  case $system in
  "debian 12" | "debian 13") platform=debian12 ;; # 6.3 has no build for Debian 13; the one for 12 runs there.
  "ubuntu 22.04" | "ubuntu 24.04") platform=ubuntu${system#* } ;;
  *) no_build "$system" ;;
  esac
  case $(uname -m) in
  x86_64) echo "$platform" ;;
  aarch64) echo "$platform-aarch64" ;;
  *) no_build "$(uname -m)" ;;
  esac
}

no_build() {
  fail "this script knows no Swift $swift_version for '$1'; install Swift $swift_minimum or newer \
(https://www.swift.org/install), put it on the PATH and repeat this command"
}

fetch_swift() { # PLATFORM
  release=swift-$swift_version-RELEASE
  archive=$release-$1.tar.gz
  if [ "$(cat "$toolchain/usr/archive" 2>/dev/null)" = "$archive" ] && is_version "$toolchain"; then return; fi
  command -v gpgv >/dev/null || fail "gpgv is missing, which checks Swift's signature; install it and repeat this command"

  url=$swift_site/swift-$swift_version-release/$(echo "$1" | tr -d .)/$release/$archive
  size=$(size_of "$url")
  echo "setup: no Swift $swift_minimum on the PATH: fetching $archive ($size) from $swift_site into $toolchain" >&2
  trap discard_incoming EXIT
  trap 'exit 1' HUP INT TERM
  discard_abandoned
  # A private folder of this run, because another run may be active.
  incoming=$toolchain/incoming.$$
  mkdir -p "$incoming" || fail "$toolchain cannot be written; make its folder writable and repeat this command"
  download "$url.sig"
  download "$url"
  check_signature
  tar -xzf "$incoming/$archive" -C "$incoming" --strip-components=1 --no-same-owner ||
    fail "$archive cannot be unpacked into $toolchain, which needs 5 GB; free some space and repeat this command"
  # The signature does not cover the name: an older archive under this one would pass it.
  is_version "$incoming" ||
    fail "$url does not hold Swift $swift_version; nothing was installed; set POCKETCLIP_SWIFT_URL to another mirror"

  echo "$archive" >"$incoming/usr/archive"
  rm -rf "$toolchain/usr"
  mv "$incoming/usr" "$toolchain/usr"
}

is_version() { # FOLDER
  "$1/usr/bin/swift" --version 2>/dev/null | grep -q "Swift version $swift_version "
}

# Remains of killed runs.
discard_abandoned() {
  for folder in "$toolchain"/incoming.*; do
    kill -0 "${folder##*.}" 2>/dev/null || rm -rf "$folder"
  done
}

discard_incoming() {
  if [ -n "${incoming:-}" ]; then rm -rf "$incoming"; fi
  rmdir "$toolchain" 2>/dev/null || true
}

size_of() { # URL
  headers=$(curl -fsSIL "$1") || not_downloaded "$1"
  bytes=$(echo "$headers" | sed -n 's/^[Cc]ontent-[Ll]ength: *\([0-9]*\).*/\1/p' | tail -n 1)
  if [ -n "$bytes" ]; then numfmt --to=si --round=nearest --suffix=B "$bytes"; else echo "size unknown"; fi
}

download() { # URL
  progress=-sS
  if [ -t 2 ]; then progress=--progress-bar; fi
  curl -fL --retry 3 $progress -o "$incoming/${1##*/}" "$1" || not_downloaded "$1"
}

not_downloaded() {
  fail "$1 was not downloaded completely; repeat this command, or set POCKETCLIP_SWIFT_URL to a mirror of \
https://download.swift.org"
}

# A signature is valid even if the key has expired since, because releases keep their signatures.
check_signature() {
  sed '1,/^$/d; /^=/,$d' Scripts/environments/swift-release-key.asc | base64 -d >"$incoming/key.gpg"
  LC_ALL=C gpgv --homedir "$incoming" --keyring "$incoming/key.gpg" --status-fd 3 \
    "$incoming/$archive.sig" "$incoming/$archive" 3>"$incoming/status" 2>"$incoming/words" || true
  grep -q "^\[GNUPG:\] VALIDSIG .* $swift_fingerprint\$" "$incoming/status" ||
    fail "$url is not signed by Swift's key $swift_fingerprint ($(tail -n 1 "$incoming/words")); nothing was installed; \
repeat this command, and if it fails again, set POCKETCLIP_SWIFT_URL to another mirror"
}
