#!/bin/sh
# Makes the Python environment of the goldens: OpenAI's `clip`, open_clip and transformers on a CPU PyTorch.
#
#   Scripts/environments/venv-goldens.sh [DIRECTORY]        (3.11 tried)
set -eu
. "$(dirname "$0")/venv.sh"

begin goldens "${1:-}" python3
install_torch
pip_install 'numpy==2.4.*' 'pillow==13.0.0' 'safetensors==0.8.0' 'transformers==5.23.0' \
  'ftfy==6.*' regex packaging setuptools
# --no-deps: these ask for the CUDA build of torch, or for one another.
pip_install --no-deps 'torchvision==0.28.0' 'clip-anytorch==2.6.0' 'open_clip_torch==3.3.0' timm

"$venv/bin/python" "$root/Scripts/environments/venv_goldens_patch.py"
"$venv/bin/python" - <<'CHECK'
import clip, open_clip, torch, torchvision, transformers
from clip.model import CLIP
from transformers import CLIPModel
print("goldens environment: torch", torch.__version__, "torchvision", torchvision.__version__)
CHECK
finish
