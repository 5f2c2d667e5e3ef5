#!/bin/sh
# Computes the golden files of the trained minis: eight of the committed images and all labels, by OpenAI's clip in
# PyTorch.
#
#   PYTHON=.venv-goldens/bin/python Fixtures/minis/make_goldens.sh
set -eu
cd "$(dirname "$0")"

images=$(ls images/*.jpg images/*.png | LC_ALL=C sort | awk 'NR % 5 == 2')
mkdir -p goldens
for mini in mini-vit mini-rn; do
  "${PYTHON:-python3}" ../../Scripts/golden/make_golden.py "$mini.pt" -o "goldens/$mini.safetensors" \
    --images $images --texts images/labels.txt --template 'a picture of a {}.'
done
