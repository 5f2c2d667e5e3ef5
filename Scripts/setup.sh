#!/bin/sh
# Installs the system packages that the build needs, and those given, where they are missing (Debian and Ubuntu).
# Swift 6.3 itself must be there already: https://www.swift.org/install
set -eu

packages="make pkg-config git python3 python3-venv libopenblas-dev zlib1g-dev libjpeg62-turbo-dev libpng-dev libwebp-dev $*"

command -v swift >/dev/null || { echo "setup: swift is not on the PATH; install Swift 6.3 from swift.org first" >&2; exit 1; }

if ! command -v dpkg-query >/dev/null; then
  echo "setup: not a Debian system; please install the equivalents of: $packages" >&2
  exit 0
fi

missing=""
for package in $packages; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=""
[ "$(id -u)" = 0 ] || as_root=sudo
echo "setup: installing$missing" >&2
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
