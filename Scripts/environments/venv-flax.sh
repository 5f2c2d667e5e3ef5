#!/bin/sh
# Makes the Python environment that writes Flax, NumPy and MLX fixtures: transformers 4.46.3, the last line with Flax
# classes, on flax and jax; mlx for the processor.
#
#   Scripts/environments/venv-flax.sh [DIRECTORY]
set -eu
. "$(dirname "$0")/venv.sh"

begin flax "${1:-}" python3.11
pip_install 'transformers==4.46.3' 'flax==0.12.8' 'jax==0.10.2' 'ml_dtypes==0.6.0' 'msgpack==1.2.4' 'numpy==2.4.6' \
  'safetensors==0.8.0' 'mlx[cpu]==0.32.4'
finish
