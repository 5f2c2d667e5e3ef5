#!/usr/bin/env python3
"""Zero-shot top-1 of the trained minis on the 2,400 held-out images, in PyTorch FP32: accuracy.json.

    evaluate.py [--heldout DIR]        DIR as written by `render.py --heldout DIR`; rendered again if absent

All code is OpenAI's: `clip.load` reads the archive, widens it to FP32 and returns the preprocessing; `clip.tokenize`
computes the token ids of TEMPLATE. Environment: Scripts/environments/venv-goldens.sh.
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
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import render

TEMPLATE = "a picture of a {}."
MINIS = ("vit", "rn")


def read_truth(folder):
    """[(file, label)]"""
    return [tuple(line.split("\t")) for line in (folder / "truth.tsv").read_text().splitlines()[1:]]


def unit(x):
    return x / x.norm(dim=-1, keepdim=True)


def predict(kind, folder, truth):
    """Index of the best label for each image."""
    model, preprocess = clip.load(str(HERE / f"mini-{kind}.pt"), device="cpu", jit=False)
    texts = clip.tokenize([TEMPLATE.format(label) for label in render.LABELS])
    found = []
    with torch.no_grad():
        labels = unit(model.encode_text(texts))
        for start in range(0, len(truth), 100):
            pixels = [preprocess(Image.open(folder / name)) for name, _ in truth[start:start + 100]]
            found.append((unit(model.encode_image(torch.stack(pixels))) @ labels.T).argmax(dim=-1))
    return torch.cat(found)


def evaluate(folder):
    truth = read_truth(folder)
    expected = torch.tensor([render.LABELS.index(label) for _, label in truth])
    results = {}
    for kind in MINIS:
        right = int((predict(kind, folder, truth) == expected).sum())
        results[f"mini-{kind}.pt"] = {"right": right, "top1": round(right / len(truth), 5)}
        print(f"mini-{kind}.pt: {right} of {len(truth)}", file=sys.stderr)
    return {
        "what": "zero-shot top-1 on the held-out images of render.py, PyTorch FP32, OpenAI's preprocessing",
        "images": len(truth), "classes": len(render.LABELS), "template": TEMPLATE, "results": results,
        "versions": {
            "python": platform.python_version(), "torch": torch.__version__, "pillow": PIL.__version__,
            "numpy": numpy.__version__, "clip-anytorch": "2.6.0", "fonts-noto-color-emoji": "2.042-0+deb12u1",
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
