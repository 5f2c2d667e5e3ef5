#!/bin/sh
# Makes the Python environment of the peer benchmarks (Benchmarks/peers): PyTorch, OpenAI's `clip`, ONNX Runtime,
# OpenVINO with nncf.
#
#   Scripts/environments/venv-peers.sh [DIRECTORY]        (3.11 tried)
set -eu
. "$(dirname "$0")/venv.sh"

begin peers "${1:-}" python3
install_torch
# torchvision and clip-anytorch without their dependencies: the CUDA build of torch, or one another.
install_lock peers

"$venv/bin/python" "$root/Scripts/environments/venv_goldens_patch.py"
"$venv/bin/python" - <<'CHECK'
import clip, nncf, onnx, onnxruntime, onnxscript, openvino, torch
print("peers environment: torch", torch.__version__, "onnxruntime", onnxruntime.__version__, "openvino",
      openvino.__version__)
CHECK
finish
