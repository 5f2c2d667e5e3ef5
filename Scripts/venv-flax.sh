#!/bin/sh
# Makes the Python environment that writes Flax, NumPy and MLX fixtures: transformers 4.46.3, the last line with Flax
# classes, on flax and jax; mlx for the processor.
#
#   Scripts/venv-flax.sh [DIRECTORY]        default: .venv-flax at the repository's root
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
venv=${1:-"$root/.venv-flax"}
stamp="$venv/.complete"

if [ -e "$stamp" ]; then
  echo "$venv is complete" >&2
  exit 0
fi

rm -rf "$venv"
"${PYTHON:-python3.11}" -m venv "$venv"
pip() { "$venv/bin/python" -m pip --disable-pip-version-check --quiet "$@"; }
pip install 'transformers==4.46.3' 'flax==0.12.8' 'jax==0.10.2' 'ml_dtypes==0.6.0' 'msgpack==1.2.4' 'numpy==2.4.6' \
  'safetensors==0.8.0' 'mlx[cpu]==0.32.4'
touch "$stamp"
