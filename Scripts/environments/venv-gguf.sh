#!/bin/sh
# Makes the Python environment that writes GGUF files: gguf-py of llama.cpp. Fixtures/valid uses it.
#
#   Scripts/environments/venv-gguf.sh [DIRECTORY]
set -eu
. "$(dirname "$0")/venv.sh"

begin gguf "${1:-}" python3
install_lock gguf
finish
