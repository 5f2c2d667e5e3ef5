#!/usr/bin/env python3
"""Computes the golden files of the tiny models: MODEL.golden.safetensors (docs/GOLDEN.md), on pixels and token ids
generated here.

The vocabulary of 128 has no tokenizer: id 126 starts a text, 127, the largest, ends it, zeros follow.
Environment: Scripts/environments/venv-goldens.sh.
"""

import pathlib
import sys

import numpy as np
import open_clip
import torch
from clip.model import CLIP

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "Scripts" / "golden"))
import golden_file
import golden_models
import tiny
from make_open_clip import HEAD_80, SIGMOID

LENGTHS = (3, 2, 9, tiny.CONTEXT)  # tokens of each text, start and end included


def pixels(size):
    """float32 [4, 3, size, size]: coarse patterns, so that the images differ in more than noise."""
    random = np.random.RandomState(7)
    coarse = random.standard_normal((4, 3, size // 8, size // 8)).repeat(8, axis=2).repeat(8, axis=3)
    return torch.from_numpy((coarse + 0.25 * random.standard_normal((4, 3, size, size))).astype(np.float32))


def ids():
    """int64 [4, context]"""
    random = np.random.RandomState(8)
    rows = np.zeros((len(LENGTHS), tiny.CONTEXT), np.int64)
    for row, length in zip(rows, LENGTHS):
        row[:length] = [126, *random.randint(1, 126, length - 2), 127]
    return torch.from_numpy(rows)


def write(kind, model, subject, size):
    tiny.fill(model)
    path = HERE / f"{kind}.golden.safetensors"
    golden_file.write(path, subject(model), pixels(size), ids(), model=kind, weights="tiny")


def main():
    torch.set_num_threads(1)
    for kind, numbers in tiny.MODELS.items():
        write(kind, CLIP(**numbers).float(), golden_models.openai_subject, numbers["image_resolution"])
    for kind, config in (("head-80", HEAD_80), ("sigmoid", SIGMOID)):
        write(kind, open_clip.CLIP(**config), golden_models.open_clip_subject, config["vision_cfg"]["image_size"])


if __name__ == "__main__":
    main()
