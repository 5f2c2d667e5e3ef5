#!/bin/sh
# Makes the Python environment of layouts: that of ONNX with the libraries that wrap, adapt and bundle CLIPs.
#
#   Scripts/environments/venv-layouts.sh [DIRECTORY]        (3.11 tried)
set -eu
. "$(dirname "$0")/venv.sh"

venv=${1:-"$root/.venv-layouts"}
"$root/Scripts/environments/venv-onnx.sh" "$venv"
if ! "$venv/bin/python" -c 'import accelerate, diffusers, peft' 2>/dev/null; then
  install_lock layouts
fi
