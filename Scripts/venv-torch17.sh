#!/bin/sh
# Makes the Python environment of the line that wrote OpenAI's archives: Python 3.8, torch 1.7.1, and
# transformers 4.20.1 for old Hugging Face layouts. Fixtures/valid uses it.
#
#   PYTHON=python3.8 Scripts/venv-torch17.sh [DIRECTORY]        default: .venv-torch17 at the repository's root
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
venv=${1:-"$root/.venv-torch17"}
stamp="$venv/.complete"

if [ -e "$stamp" ]; then
  echo "$venv is complete" >&2
  exit 0
fi

rm -rf "$venv"
"${PYTHON:-python3.8}" -m venv "$venv"
pip() { "$venv/bin/python" -m pip --disable-pip-version-check --quiet "$@"; }
pip install 'torch==1.7.1' 'numpy==1.21.6' typing_extensions future 'transformers==4.20.1' 'pillow==9.5.0'
pip install --no-deps 'clip-anytorch==2.6.0'  # its model alone is used: torchvision stays out
touch "$stamp"
