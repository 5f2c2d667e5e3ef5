#!/bin/sh
# Makes the Python environment of the tokenizers: sentencepiece with its trainer, tokenizers and transformers, without
# torch. Scripts/golden/make_tokenizers.py and Scripts/check/differential/tokenizer_lines.py use it.
#
#   Scripts/environments/venv-tokenizers.sh [DIRECTORY]        (3.11 tried)
set -eu
. "$(dirname "$0")/venv.sh"

begin tokenizers "${1:-}" python3
install_lock tokenizers
finish
