#!/bin/sh
# Makes the Python environment of transformers 4.50.0, the first release with SigLIP 2, without torch: it writes files as published
# folders have them. Fixtures/siglip/make_tokenizer_folders.py uses it.
#
#   Scripts/environments/venv-transformers4.sh [DIRECTORY]        (3.11 tried)
set -eu
. "$(dirname "$0")/venv.sh"

begin transformers4 "${1:-}" python3
install_lock transformers4
finish
