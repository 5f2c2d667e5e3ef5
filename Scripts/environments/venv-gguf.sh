#!/bin/sh
# Makes the Python environment that writes GGUF files: gguf-py of llama.cpp. Fixtures/valid uses it.
#
#   Scripts/environments/venv-gguf.sh [DIRECTORY]
set -eu
. "$(dirname "$0")/venv.sh"

begin gguf "${1:-}" python3
pip_install 'gguf==0.19.0' 'safetensors==0.8.0' 'numpy==2.4.*'
finish
