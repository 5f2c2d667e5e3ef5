#!/bin/sh
# Makes the Python environment of the differential runs (Scripts/check/differential): the original libraries of every
# format that a reader of ours is compared with, and h5py, which writes the HDF5 seeds.
#
#   Scripts/environments/venv-differential.sh [DIRECTORY]        (3.11 tried)
set -eu
. "$(dirname "$0")/venv.sh"

begin differential "${1:-}" python3
install_torch
pip_install 'numpy==2.4.*' 'safetensors==0.8.0' 'gguf==0.19.0' 'onnx==1.23.2' 'flax==0.12.8' 'jax==0.10.2' \
  'ml_dtypes==0.6.0' 'msgpack==1.2.4' 'h5py==3.14.0'
finish
