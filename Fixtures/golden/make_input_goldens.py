#!/usr/bin/env python3
"""Computes golden files with images, texts, pixels and ids, by each library: inputs/*.safetensors (docs/GOLDEN.md).

    mini-vit                    clip-anytorch: the trained mini, images and texts
    mini-vit-canonical          the same weights; texts by open_clip's tokenizer with another cleaning
    vit-open-clip               open_clip, images alone: the tiny model has no tokenizer
    vit-hugging-face            transformers, resizing with Pillow
    vit-hugging-face-torchvision    transformers, resizing with torchvision
    vit-hugging-face-white          transformers, two transparent images, which it composites on white

Environment: Scripts/environments/venv-goldens.sh.
"""

import pathlib
import sys

import torch

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parent
sys.path[:0] = [str(FIXTURES.parent / "Scripts" / "golden"), str(FIXTURES / "valid")]
import golden_file
import golden_inputs
import golden_models
from make_goldens import ids as tiny_ids

OUTPUT = HERE / "inputs"
MINI = FIXTURES / "minis" / "mini-vit.pt"


def write(name, original, inputs, pixels, ids, weights="folder"):
    OUTPUT.mkdir(exist_ok=True)
    golden_file.write(OUTPUT / f"{name}.safetensors", original.subject, pixels, ids, model=name, weights=weights,
                      inputs=inputs, viewed=1)


def mini():
    original = golden_models.load(MINI)
    texts = golden_inputs.probe_texts(original.subject.library)
    images = golden_inputs.probe_images(original.size, original.subject.library)
    inputs, pixels, ids = original.inputs(images, texts, None)
    digest = golden_file.sha256(MINI)
    write("mini-vit", original, inputs, pixels, ids, digest)
    # Two images suffice for files that test texts.
    inputs, pixels, _ = original.inputs(images[2:4], texts, None)
    ids, inputs.tokenizer = golden_inputs.tokenize_open_clip(texts, original.context, {"clean": "canonicalize"})
    write("mini-vit-canonical", original, inputs, pixels, ids, digest)


def tiny(folder, name, backend, images=None):
    original = golden_models.load(FIXTURES / "valid" / folder)
    images = images or golden_inputs.probe_images(original.size, original.subject.library)
    levels, pixels, found, preprocessor = original.prepared(images, backend)
    inputs = golden_inputs.Inputs(images, levels, [], found, preprocessor, "")
    write(name, original, inputs, pixels, tiny_ids())


def main():
    torch.set_num_threads(1)
    mini()
    tiny("vit-open-clip", "vit-open-clip", None)
    tiny("vit-hugging-face", "vit-hugging-face", "pillow")
    tiny("vit-hugging-face", "vit-hugging-face-torchvision", "torchvision")
    transparent = [golden_inputs.probe("RGBA", 31, 40, 7), golden_inputs.probe("LA", 37, 28, 8)]
    tiny("vit-hugging-face", "vit-hugging-face-white", "torchvision", transparent)


if __name__ == "__main__":
    main()
