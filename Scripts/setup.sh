#!/bin/sh
# Installs the packages that the build needs and this machine lacks, on Debian 12 and 13 and on Ubuntu 22.04 and 24.04.
#
# System packages, and those given as arguments, come from apt, as root or with sudo. If the PATH has no Swift that
# is new enough, the official one is installed into .toolchain, without root. POCKETCLIP_SWIFT_URL names a mirror of
# https://download.swift.org.
#
#   Scripts/setup.sh [PACKAGE]...    (a|b: the first name that apt knows)
set -eu
cd "$(dirname "$0")/.."

fail() {
  echo "setup: $1" >&2
  exit 1
}

. Scripts/environments/setup-packages.sh
. Scripts/environments/setup-swift.sh

packages="make pkg-config g++ git python3 python3-venv libopenblas0 zlib1g-dev libpng-dev libwebp-dev
  libjpeg62-turbo-dev|libjpeg-turbo8-dev|libjpeg-dev"

# shellcheck disable=SC2086
if has_swift; then
  install_packages $packages "$@"
else
  platform=$(swift_platform)
  install_packages $packages $swift_packages "$@"
  fetch_swift "$platform"
fi
