#!/bin/sh
# Measures PocketCLIP on the nine checkpoints that OpenAI published; a maintainer with a network runs it (docs/OFFICIAL.md).
#
#   official.sh run [--only ViT-B/32] [--from DIR] [--keep] [--json]    download, convert, verify; writes a report
#   official.sh render REPORT                                           writes docs/OFFICIAL.md's results from a report
#
# `official.sh run --help` lists the options. Needs Python 3.10 and a built pocketclip.
exec python3 -B "$(dirname "$0")/official" "$@"
