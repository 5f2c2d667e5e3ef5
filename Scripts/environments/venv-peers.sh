#!/bin/sh
# Makes the Python environment of the peer benchmarks (Benchmarks/peers): PyTorch, OpenAI's `clip`, ONNX Runtime,
# OpenVINO with nncf.
#
#   Scripts/environments/venv-peers.sh [DIRECTORY]        (3.11 tried)
set -eu
. "$(dirname "$0")/venv.sh"

begin peers "${1:-}" python3
install_torch
pip_install 'onnx==1.23.2' 'onnxscript==0.7.2' 'onnxruntime==1.32.0' 'openvino==2026.4.1' 'nncf==3.4.0' psutil \
  'numpy==2.4.*' 'pillow==13.0.0' 'safetensors==0.8.0' 'ftfy==6.*' regex tqdm packaging setuptools
# --no-deps: these ask for the CUDA build of torch, or for one another.
pip_install --no-deps 'torchvision==0.28.0' 'clip-anytorch==2.6.0'

"$venv/bin/python" "$root/Scripts/environments/venv_goldens_patch.py"
"$venv/bin/python" - <<'CHECK'
import clip, nncf, onnx, onnxruntime, onnxscript, openvino, torch
print("peers environment: torch", torch.__version__, "onnxruntime", onnxruntime.__version__, "openvino",
      openvino.__version__)
CHECK
finish
