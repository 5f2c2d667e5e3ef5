#!/bin/sh
# Full-size synthetic ViT-B/32 in each published format, converted and verified: Benchmarks/formats/run.sh [FOLDER]
# Prints the table of docs/FORMATS.md. Makes four environments (5 GB) and FOLDER (2.8 GB; default .build-formats).
set -eu
cd "$(dirname "$0")/../.."

folder=${1:-.build-formats}
source=$folder/hugging-face
written=$folder/written
mkdir -p "$written"

for environment in goldens keras gguf onnx; do sh "Scripts/environments/venv-$environment.sh"; done
[ -d "$source" ] || .venv-goldens/bin/python Scripts/golden/make_checkpoint.py ViT-B-32 hugging-face "$source"

write() { # ENVIRONMENT FORMAT OUTPUT
  [ -e "$written/$3" ] || "$1/bin/python" Benchmarks/formats/write.py "$2" "$source" "$written/$3" >&2
}
for format in flax-msgpack hdf5 npz; do write .venv-keras "$format" "$format"; done
for format in onnx pytorch-legacy; do write .venv-onnx "$format" "$format"; done
write .venv-gguf gguf gguf.gguf

python3 Benchmarks/formats/measure.py "$written" Fixtures/golden/ViT-B-32.safetensors
