#!/bin/sh
# Installs what the build needs and this machine lacks, on Debian 12 and 13 and on Ubuntu 22.04 and 24.04.
#
# System packages, and those given as arguments, come from apt, as root or with sudo. Swift 6.3 itself must be there
# already: https://www.swift.org/install
#
#   Scripts/setup.sh [PACKAGE]...    (a|b: the first name that apt knows)
set -eu
cd "$(dirname "$0")/.."

fail() {
  echo "setup: $1" >&2
  exit 1
}

. Scripts/setup-packages.sh

packages="make pkg-config git python3 python3-venv libopenblas-dev zlib1g-dev libpng-dev libwebp-dev
  libjpeg62-turbo-dev|libjpeg-turbo8-dev|libjpeg-dev"

command -v swift >/dev/null || fail "swift is not on the PATH; install Swift 6.3 from swift.org first"
# shellcheck disable=SC2086
install_packages $packages "$@"
