#!/bin/sh
# Makes the Python environment of the goldens: OpenAI's `clip`, open_clip and transformers on a CPU PyTorch.
#
#   Scripts/environments/venv-goldens.sh [DIRECTORY]        (3.11 tried)
set -eu
. "$(dirname "$0")/venv.sh"

begin goldens "${1:-}" python3
install_torch
# torchvision, clip-anytorch and open_clip_torch without their dependencies: the CUDA build of torch, or one another.
install_lock goldens

"$venv/bin/python" "$root/Scripts/environments/venv_goldens_patch.py"
"$venv/bin/python" - <<'CHECK'
import clip, open_clip, torch, torchvision, transformers
from clip.model import CLIP
from transformers import CLIPModel
print("goldens environment: torch", torch.__version__, "torchvision", torchvision.__version__)
CHECK
finish
