#!/bin/sh
# Makes the Python environment of ONNX: the goldens' (OpenAI's `clip`, open_clip and transformers on a CPU PyTorch) with
# onnx, both of torch's exporters, ONNX Runtime and its quantizer.
#
#   Scripts/environments/venv-onnx.sh [DIRECTORY]        (3.11 tried)
set -eu
. "$(dirname "$0")/venv.sh"

venv=${1:-"$root/.venv-onnx"}
"$root/Scripts/environments/venv-goldens.sh" "$venv"
if ! "$venv/bin/python" -c 'import onnx, onnxruntime, onnxscript' 2>/dev/null; then
  install_lock onnx
fi
