#!/bin/sh
# Computes the golden files of the trained minis: committed images and all labels, by OpenAI's clip and by transformers in
# PyTorch.
#
#   PYTHON=.venv-goldens/bin/python Fixtures/minis/make_goldens.sh
set -eu
cd "$(dirname "$0")"

images=$(ls images/*.jpg images/*.png | LC_ALL=C sort | awk 'NR % 5 == 2')
mkdir -p goldens
golden() {
  "${PYTHON:-python3}" ../../Scripts/golden/make_golden.py "$@" \
    --texts images/labels.txt --template 'a picture of a {}.'
}
golden mini-vit.pt -o goldens/mini-vit.safetensors --images $images
golden mini-rn.pt -o goldens/mini-rn.safetensors --images $images
# Two images, because this file holds them and their levels, too.
golden mini-siglip -o goldens/mini-siglip.safetensors --images $(echo "$images" | head -2)
