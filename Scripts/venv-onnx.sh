#!/bin/sh
# Makes the Python environment of the ONNX fixtures: OpenAI's `clip`, open_clip and transformers on a CPU PyTorch, with
# both of torch's ONNX exporters and ONNX Runtime's quantizer.
#
#   Scripts/venv-onnx.sh [DIRECTORY]        default: .venv-onnx at the repository's root
#
# A complete environment is kept; an incomplete one is made anew. PYTHON names the interpreter (3.11 tried).
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
venv=${1:-"$root/.venv-onnx"}

"$root/Scripts/venv-goldens.sh" "$venv"
[ -e "$venv/.complete-onnx" ] && exit 0
"$venv/bin/python" -m pip --disable-pip-version-check --quiet install 'onnx==1.23.2' 'onnxruntime==1.32.0' \
  'onnxscript==0.7.2'
"$venv/bin/python" - <<'CHECK'
import onnx, onnxruntime, onnxscript, torch
print("ONNX environment: torch", torch.__version__, "onnx", onnx.__version__, "onnxruntime", onnxruntime.__version__)
CHECK
touch "$venv/.complete-onnx"
