#!/bin/sh
# Compares PocketCLIP's readers with the original libraries, over valid and mutated files, and fails on a difference
# without a known cause: Scripts/check/differential.sh [FORMAT]… [--files N] [--keep FOLDER]
#
# `differential.sh tokenizers [KIND]… [--lines N]` compares token ids with sentencepiece, tokenizers and transformers.
set -eu
cd "$(dirname "$0")/../.."
PATH=$PWD/.toolchain/usr/bin:$PATH # where Scripts/setup.sh puts Swift

if [ "${1:-}" = tokenizers ]; then
  shift
  Scripts/environments/venv-tokenizers.sh
  swift build -c release --product ReaderListing
  exec .venv-tokenizers/bin/python -W ignore Scripts/check/differential/tokenizer_lines.py "$@"
fi

sh Scripts/setup.sh libhdf5-dev
Scripts/environments/venv-differential.sh
swift build -c release --product ReaderListing
# shellcheck disable=SC2046
cc -std=gnu11 -O2 -Wall -Wextra -o .build/judge_hdf5 Scripts/check/differential/judge_hdf5.c \
  $(pkg-config --cflags --libs hdf5) -lz
exec .venv-differential/bin/python -W ignore Scripts/check/differential/differential.py "$@"
