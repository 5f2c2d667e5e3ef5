#!/bin/sh
# Makes the Python environment of TensorFlow, Keras and Flax files: transformers 4.46.3, the last line with
# TensorFlow's and Flax's CLIP, and KerasHub. Fixtures/valid uses it.
#
#   Scripts/environments/venv-keras.sh [DIRECTORY]
set -eu
. "$(dirname "$0")/venv.sh"

begin keras "${1:-}" python3.11
pip_install 'transformers==4.46.3' 'tensorflow-cpu==2.21.0' 'tf_keras==2.21.0' 'keras==3.15.1' 'keras-hub==0.32.0' \
  'jax==0.10.2' 'flax==0.12.8' 'h5py==3.14.0' msgpack 'numpy<2.5' safetensors
finish
