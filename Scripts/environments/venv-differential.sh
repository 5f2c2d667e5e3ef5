#!/bin/sh
# Makes the Python environment of the differential runs (Scripts/check/differential): the original libraries of every
# format that a reader of PocketCLIP is compared with, and h5py, which writes the HDF5 seeds.
#
#   Scripts/environments/venv-differential.sh [DIRECTORY]        (3.11 tried)
set -eu
. "$(dirname "$0")/venv.sh"

begin differential "${1:-}" python3
install_torch
install_lock differential
finish
