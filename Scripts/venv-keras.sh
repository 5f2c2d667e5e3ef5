#!/bin/sh
# Makes the Python environment of TensorFlow, Keras and Flax files: transformers 4.46.3, the last line with
# TensorFlow's and Flax's CLIP, and KerasHub. Fixtures/valid uses it.
#
#   PYTHON=python3.11 Scripts/venv-keras.sh [DIRECTORY]        default: .venv-keras at the repository's root
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
venv=${1:-"$root/.venv-keras"}
stamp="$venv/.complete"

if [ -e "$stamp" ]; then
  echo "$venv is complete" >&2
  exit 0
fi

rm -rf "$venv"
"${PYTHON:-python3.11}" -m venv "$venv"
"$venv/bin/python" -m pip --disable-pip-version-check --quiet install \
  'transformers==4.46.3' 'tensorflow-cpu==2.21.0' 'tf_keras==2.21.0' 'keras==3.15.1' 'keras-hub==0.32.0' \
  'jax==0.10.2' 'flax==0.12.8' 'h5py==3.14.0' msgpack 'numpy<2.5' safetensors
touch "$stamp"
