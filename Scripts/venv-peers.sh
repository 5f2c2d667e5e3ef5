#!/bin/sh
# Makes the Python environment of the peer benchmarks (Benchmarks/peers): PyTorch, OpenAI's `clip`, ONNX Runtime,
# OpenVINO with nncf.
#
#   Scripts/venv-peers.sh [DIRECTORY]        default: .venv-peers at the repository's root
#
# A complete environment is kept; an incomplete one is made anew. PYTHON names the interpreter (3.11 tried).
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
venv=${1:-"$root/.venv-peers"}
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
pip install 'onnx==1.23.2' 'onnxscript==0.7.2' 'onnxruntime==1.32.0' 'openvino==2026.4.1' 'nncf==3.4.0' psutil \
  'numpy==2.4.*' 'pillow==13.0.0' 'safetensors==0.8.0' 'ftfy==6.*' regex tqdm packaging setuptools
# --no-deps: these ask for the CUDA build of torch, or for one another.
pip install --no-deps 'torchvision==0.28.0' 'clip-anytorch==2.6.0'

"$venv/bin/python" "$root/Scripts/venv_goldens_patch.py"
"$venv/bin/python" - <<'CHECK'
import clip, nncf, onnx, onnxruntime, onnxscript, openvino, torch
print("peers environment: torch", torch.__version__, "onnxruntime", onnxruntime.__version__, "openvino",
      openvino.__version__)
CHECK
touch "$stamp"
