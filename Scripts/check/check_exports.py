#!/usr/bin/env python3
"""Opens every export with the library it is for, and compares its embeddings and token ids with PocketCLIP's own.

    Scripts/check/check_exports.py [--only NAME] [--large] [--markdown FILE]

Needs the command line (`make build`), the runtime (`make runtime`) and the environment of
Scripts/environments/venv-onnx.sh. The reference for FP32 and FP16 is the FP32 bundle of the same model, run by the
shipped library; for int8 it is the int8 bundle's weights as an FP32 bundle. Exit status 1 if a bound is missed.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field

import numpy as np
import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault("POCKETCLIP_LIBRARY", str(ROOT / "dist/lib/libpocketclip.so"))
sys.path.insert(0, str(ROOT / "Python/src"))
import pocketclip  # noqa: E402

from export_openers import openers  # noqa: E402

TOOL = ROOT / ".build/release/pocketclip"
TEXTS = ["a photo of a cat", "two dogs, running!", "it's 10 o'clock — don't panic", "naïve café", "x",
         "犬と猫 on a hill", "  many   spaces\there "]
POOLED_ID = 7  # of the hidden-state fixture


@dataclass
class Bound:
    least_cosine: float
    maximum_absolute: float = 1.0


# FP32 on both sides differs only by the order of sums: 1e-5 is also the bound of the reference forward pass.
SAME_WEIGHTS = Bound(0.999999, 1e-5)
# Weights that were FP32 are rounded: the bound of FP16 bundles.
ROUNDED = Bound(0.99999)
# ONNX Runtime also quantizes activations if it multiplies integers: the bound of `fast` int8 texts.
INTEGERS = Bound(0.999)


def bound(precision, opener):
    """The weights of the int8 bundle are those of the graph, so in floats only the order of sums differs."""
    if precision == "int8":
        return SAME_WEIGHTS if opener.settings else INTEGERS
    return {"fp32": SAME_WEIGHTS, "fp16": ROUNDED}[precision]


@dataclass
class Case:
    name: str
    source: list
    targets: dict  # target → precisions
    options: list = field(default_factory=list)
    is_large: bool = False
    is_hidden: bool = False


def fixture(*names):
    return [str(ROOT / "Fixtures" / name) for name in names]


FOLDERS = {"huggingface": ["fp32", "fp16"], "open-clip": ["fp32", "fp16"]}
ONNX = {"onnx": ["fp32", "fp16", "int8"]}
NATIVE = {"safetensors": ["fp32"]}
RESNET = {"open-clip": ["fp32", "fp16"], **ONNX, **NATIVE}
PIXELS = ["--preprocess", "openai"]
SMALL = [
    Case("mini-vit", fixture("minis/mini-vit.pt"), {**FOLDERS, **ONNX, **NATIVE}),
    Case("mini-rn", fixture("minis/mini-rn.pt"), RESNET),
    Case("vit", fixture("valid/vit-open-clip"), {**FOLDERS, **ONNX, **NATIVE}),
    # Its weights are random, and int8 loses too much on them.
    Case("rn", fixture("valid/rn-open-clip"), {**RESNET, "onnx": ["fp32", "fp16"]}),
    Case("head-80", fixture("valid/head-80-open-clip"), {**FOLDERS, **ONNX}),
    Case("sigmoid", fixture("valid/sigmoid-open-clip"), {"open-clip": FOLDERS["open-clip"], **ONNX}),
    Case("mini-vit int8 bundle", ["BUNDLE"], {"huggingface": ["fp32"], "onnx": ["fp32"]}),
    Case("two towers", fixture("valid/vit-hugging-face-image-projection", "valid/vit-hugging-face-text-projection"),
         {"huggingface": ["fp32"], "open-clip": ["fp32"], "onnx": ["fp32"]}, PIXELS),
    Case("image tower", fixture("valid/vit-hugging-face-image-projection"), {"huggingface": ["fp32"], "onnx": ["fp32"]},
         PIXELS),
    Case("text tower", fixture("valid/vit-hugging-face-text-projection"), {"huggingface": ["fp32"], "onnx": ["fp32"]}),
    Case("text tower, hidden", fixture("valid/vit-hugging-face-text"), {"huggingface": ["fp32"], "onnx": ["fp32"]},
         is_hidden=True),
    Case("hidden states", fixture("runtime/hidden-fp32.pclip"), {"onnx": ["fp32"]}, is_hidden=True),
]
LARGE = [
    Case("ViT-B/32, synthetic", ["synthetic:ViT-B-32"], {**FOLDERS, **ONNX, **NATIVE}, is_large=True),
    Case("RN50, synthetic", ["synthetic:RN50"], RESNET, is_large=True),
    # More than 2 GB of FP32 in the image tower: external data.
    Case("ViT-H-14, synthetic", ["synthetic:ViT-H-14"], {"onnx": ["fp32"]}, is_large=True),
]


def run(*arguments):
    result = subprocess.run([str(TOOL), *map(str, arguments)], capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"pocketclip {' '.join(map(str, arguments))}:\n{result.stderr}")


class Truth:
    """Inputs and PocketCLIP's own outputs for them."""

    def __init__(self, case, bundle):
        self.is_unit = not case.is_hidden
        with pocketclip.Model(str(bundle)) as model:
            info = model.info
            self.image_size, self.context = info.image_size, info.context_length
            self.pixels = self.images = self.ids = self.outputs = None
            self.texts = TEXTS if info.has_tokenizer else None
            if info.has_image:
                self.pixels = pixels(info.image_size)
                self.images = np.array(model.encode_pixels(self.pixels, unit=self.is_unit))
            if info.has_text:
                self.ids = self.token_ids(model, info)
                self.outputs = np.array(model.encode_ids(self.ids, unit=self.is_unit))

    def token_ids(self, model, info):
        if self.texts:
            return np.array([np.array(model.tokenize(text).ids) for text in self.texts], np.int32)
        return generated_ids(info)


def pixels(size):
    """float32 [4, 3, size, size]: coarse patterns, so that the images differ in more than noise."""
    random = np.random.RandomState(7)
    cells = -(-size // 8)
    coarse = random.standard_normal((4, 3, cells, cells)).repeat(8, axis=2).repeat(8, axis=3)[:, :, :size, :size]
    return (coarse + 0.25 * random.standard_normal((4, 3, size, size))).astype(np.float32)


def generated_ids(info):
    """int32 [4, context] for vocabularies without a tokenizer; the tower's own id, or the highest, ends a text."""
    random = np.random.RandomState(8)
    end = info.vocabulary_size - 1
    rows = np.zeros((4, info.context_length), np.int32)
    for row, length in zip(rows, (4, 3, info.context_length // 2, info.context_length)):
        row[:length] = [end - 1, *random.randint(8, end - 1, length - 3), POOLED_ID, end]
    return rows


def compare(ours, theirs):
    """(worst cosine, largest difference of a value)"""
    ours, theirs = np.float64(ours), np.float64(theirs)
    lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    return ((ours * theirs).sum(axis=1) / lengths).min(), np.abs(ours - theirs).max()


def check(case, target, precision, folder, truths):
    """Rows of the table: cells, and whether they are within bounds."""
    out = folder / f"{target}-{precision}"
    run("export", *case.source, "--to", target, "--precision", precision, "-o", out, "--quiet", *case.options)
    size = sum(p.stat().st_size for p in ([out] if out.is_file() else out.rglob("*")) if p.is_file())
    for opener in openers(target, precision):
        results, same_ids, opened_by, passed = measure(opener, out, precision, truths)
        largest = max(r[1] for r in results if r)
        yield [target, precision, case.name, opened_by,
               *("–" if r is None else f"{r[0]:.7f}" for r in results), f"{largest:.1e}",
               {True: "yes", False: "NO", None: "–"}[same_ids], f"{size / 1e6:.1f}", "pass" if passed else "FAIL"], passed


def measure(make, out, precision, truths):
    """([image, text] from `compare`, whether token ids are equal, the library, whether within bounds)"""
    truth = truths["int8" if precision == "int8" else "fp32"]
    opener = make(out, truth)
    with torch.inference_mode():
        results = [None if ours is None else compare(ours, theirs())
                   for ours, theirs in ((truth.images, opener.images), (truth.outputs, opener.texts))]
    same_ids = opener.token_ids_equal()
    limit = bound(precision, opener)
    passed = same_ids is not False and all(
        cosine >= limit.least_cosine and largest <= limit.maximum_absolute for cosine, largest in filter(None, results))
    return results, same_ids, opener.opened_by, passed


def bundles(case, folder):
    """The references, by precision."""
    wanted = {"int8" if p == "int8" else "fp32" for precisions in case.targets.values() for p in precisions}
    truths = {}
    for precision in sorted(wanted):
        path = folder / f"{precision}.pclip"
        run("convert", *case.source, "-o", path, "--precision", precision, "--no-measure", "--quiet", *case.options)
        if precision == "int8":
            # Not the int8 bundle itself: `exact` rounds activations to 16 bits, the graph does not.
            rounded, path = path, folder / "int8-as-fp32.pclip"
            run("convert", rounded, "-o", path, "--precision", "fp32", "--no-measure", "--quiet")
            rounded.unlink()
        truths[precision] = Truth(case, path)
        path.unlink()
    return truths


HEADER = ["target", "precision", "model", "opened by", "cosine image", "cosine text", "max abs", "token ids", "MB", ""]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="cases whose name contains this")
    parser.add_argument("--large", action="store_true", help="full-size models too")
    parser.add_argument("--markdown", type=pathlib.Path, help="write the table here as well")
    options = parser.parse_args()
    cases = [c for c in SMALL + (LARGE if options.large else []) if not options.only or options.only in c.name]
    lines = ["| " + " | ".join(HEADER) + " |", "|" + "---|" * len(HEADER)]
    print("\n".join(lines), flush=True)
    failed = 0
    for case in cases:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            if case.source == ["BUNDLE"]:
                case.source = [folder / "source.pclip"]
                run("convert", *fixture("minis/mini-vit.pt"), "-o", case.source[0], "--precision", "int8")
            truths = bundles(case, folder)
            for target, precisions in case.targets.items():
                for precision in precisions:
                    for cells, passed in check(case, target, precision, folder, truths):
                        failed += not passed
                        lines.append("| " + " | ".join(cells) + " |")
                        print(lines[-1], flush=True)
    if options.markdown:
        options.markdown.write_text("\n".join(lines) + "\n")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
