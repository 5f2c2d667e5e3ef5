#!/bin/sh
# Makes the Python environment of the PyTorch line that wrote OpenAI's archives: Python 3.8, torch 1.7.1, and
# transformers 4.20.1 for old Hugging Face layouts. Fixtures/valid uses it.
#
#   PYTHON=python3.8 Scripts/environments/venv-torch17.sh [DIRECTORY]
set -eu
. "$(dirname "$0")/venv.sh"

begin torch17 "${1:-}" python3.8
pip_install 'torch==1.7.1' 'numpy==1.21.6' typing_extensions future 'transformers==4.20.1' 'pillow==9.5.0'
pip_install --no-deps 'clip-anytorch==2.6.0'  # only its model is used, so torchvision is not installed
finish
