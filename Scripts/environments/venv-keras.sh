#!/bin/sh
# Makes the Python environment of TensorFlow, Keras and Flax files: transformers 4.46.3, the last line with
# TensorFlow's and Flax's CLIP, and KerasHub. Fixtures/valid uses it.
#
#   Scripts/environments/venv-keras.sh [DIRECTORY]
set -eu
. "$(dirname "$0")/venv.sh"

begin keras "${1:-}" python3.11
install_lock keras
finish
