#!/bin/sh
# Makes the Python environment that writes GGUF files: gguf-py of llama.cpp. Fixtures/valid uses it.
#
#   Scripts/venv-gguf.sh [DIRECTORY]        default: .venv-gguf at the repository's root
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
venv=${1:-"$root/.venv-gguf"}
stamp="$venv/.complete"

if [ -e "$stamp" ]; then
  echo "$venv is complete" >&2
  exit 0
fi

rm -rf "$venv"
"${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/python" -m pip --disable-pip-version-check --quiet install \
  'gguf==0.19.0' 'safetensors==0.8.0' 'numpy==2.4.*'
touch "$stamp"
