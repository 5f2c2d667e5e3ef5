#!/bin/sh
# Makes the Python environment that writes Flax, NumPy and MLX fixtures: transformers 4.46.3, the last line with Flax
# classes, on flax and jax; mlx for the processor.
#
#   Scripts/environments/venv-flax.sh [DIRECTORY]
set -eu
. "$(dirname "$0")/venv.sh"

begin flax "${1:-}" python3.11
install_lock flax
finish
