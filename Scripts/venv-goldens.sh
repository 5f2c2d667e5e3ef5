#!/bin/sh
# Makes the Python environment of the goldens: OpenAI's `clip`, open_clip and transformers on a CPU PyTorch.
#
#   Scripts/venv-goldens.sh [DIRECTORY]        default: .venv-goldens at the repository's root
#
# A complete environment is kept; an incomplete one is made anew. PYTHON names the interpreter (3.11 tried).
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
venv=${1:-"$root/.venv-goldens"}
python=${PYTHON:-python3}
stamp="$venv/.complete"

if [ -e "$stamp" ]; then
  echo "$venv is complete" >&2
  exit 0
fi

rm -rf "$venv"
"$python" -m venv "$venv"
pip() { "$venv/bin/python" -m pip --disable-pip-version-check --quiet "$@"; }

# The +cpu wheel where it is offered: the plain one works too but brings gigabytes of CUDA.
pip install 'torch==2.13.0+cpu' || pip install 'torch==2.13.0'
pip install 'numpy==2.4.*' 'pillow==13.0.0' 'safetensors==0.8.0' 'transformers==5.23.0' \
  'ftfy==6.*' regex packaging setuptools
# --no-deps: these ask for the CUDA build of torch, or for one another.
pip install --no-deps 'torchvision==0.28.0' 'clip-anytorch==2.6.0' 'open_clip_torch==3.3.0' timm

"$venv/bin/python" "$root/Scripts/venv_goldens_patch.py"
"$venv/bin/python" - <<'CHECK'
import clip, open_clip, torch, torchvision, transformers
from clip.model import CLIP
from transformers import CLIPModel
print("goldens environment: torch", torch.__version__, "torchvision", torchvision.__version__)
CHECK
touch "$stamp"
