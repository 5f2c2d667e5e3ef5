#!/usr/bin/env python3
"""Zero-shot top-1 of the trained minis on the 2,400 held-out images, in PyTorch FP32: accuracy.json.

    evaluate.py [--heldout DIR]        DIR as written by `render.py --heldout DIR`; rendered again if absent

All code is the original library's. OpenAI's: `clip.load` reads the archive, widens it to FP32 and returns the preprocessing;
`clip.tokenize` computes the token ids of TEMPLATE. transformers': the classes that the folder names, with Pillow as the library
that resizes. Environment: Scripts/environments/venv-goldens.sh.
"""

import argparse
import json
import pathlib
import platform
import sys
import tempfile

import clip
import numpy
import PIL
import torch
import transformers
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import render

TEMPLATE = "a picture of a {}."
MINIS = ("mini-vit.pt", "mini-rn.pt", "mini-siglip")


def read_truth(folder):
    """[(file, label)]"""
    return [tuple(line.split("\t")) for line in (folder / "truth.tsv").read_text().splitlines()[1:]]


def unit(x):
    return x / x.norm(dim=-1, keepdim=True)


def openai(path):
    """(preprocessing of one image, image tower, unit vectors of the labels) of OpenAI's archive."""
    model, preprocess = clip.load(str(path), device="cpu", jit=False)
    return preprocess, model.encode_image, unit(model.encode_text(clip.tokenize(captions())))


def siglip(folder):
    """The same of transformers' folder."""
    model = transformers.SiglipModel.from_pretrained(folder, dtype=torch.float32).eval()
    images = transformers.AutoImageProcessor.from_pretrained(folder, backend="pil")
    ids = transformers.AutoTokenizer.from_pretrained(folder)(captions(), padding="max_length", return_tensors="pt").input_ids
    return (lambda image: images(image, return_tensors="pt").pixel_values[0],
            lambda pixels: model.get_image_features(pixel_values=pixels).pooler_output,
            unit(model.get_text_features(input_ids=ids).pooler_output))


def captions():
    return [TEMPLATE.format(label) for label in render.LABELS]


def predict(mini, folder, truth):
    """Index of the best label for each image."""
    found = []
    with torch.no_grad():
        preprocess, encode_image, labels = (siglip if (HERE / mini).is_dir() else openai)(HERE / mini)
        for start in range(0, len(truth), 100):
            pixels = [preprocess(Image.open(folder / name)) for name, _ in truth[start:start + 100]]
            found.append((unit(encode_image(torch.stack(pixels))) @ labels.T).argmax(dim=-1))
    return torch.cat(found)


def evaluate(folder):
    truth = read_truth(folder)
    expected = torch.tensor([render.LABELS.index(label) for _, label in truth])
    results = {}
    for mini in MINIS:
        right = int((predict(mini, folder, truth) == expected).sum())
        results[mini] = {"right": right, "top1": round(right / len(truth), 5)}
        print(f"{mini}: {right} of {len(truth)}", file=sys.stderr)
    return {
        "what": "zero-shot top-1 on the held-out images of render.py, PyTorch FP32, the original library's preprocessing",
        "images": len(truth), "classes": len(render.LABELS), "template": TEMPLATE, "results": results,
        "versions": {
            "python": platform.python_version(), "torch": torch.__version__, "pillow": PIL.__version__,
            "numpy": numpy.__version__, "clip-anytorch": "2.6.0", "transformers": transformers.__version__,
            "fonts-noto-color-emoji": "2.042-0+deb12u1",
        },
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--heldout", type=pathlib.Path, metavar="DIR")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.heldout or pathlib.Path(scratch)
        if not (folder / "truth.tsv").exists():
            render.write_set(folder, render.held_out(16))
        report = evaluate(folder)
    (HERE / "accuracy.json").write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
