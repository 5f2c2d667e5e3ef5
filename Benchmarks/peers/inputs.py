"""The inputs of every engine: the probe images of docs/SYNTHETIC.md, and token ids. The same values in every run."""

import sys

import numpy as np

from . import GOLDEN
from . import calibration as calibration_set

sys.path.insert(0, str(GOLDEN))
import probes

CONTEXT, START, END = 77, 49406, 49407
COUNT = 16
"""Inputs that are timed and compared; calibration uses other inputs."""

CAPTIONS = """
a photo of a cat
a dog running on the beach at sunset
two children eating ice cream
red double-decker bus in London
a plate of sushi
snow on the mountains behind a small lake
a man playing the guitar on stage
close-up of a sunflower
an old wooden door with iron hinges
aerial view of a container ship
a bowl of fruit on a kitchen table
a woman reading a book in a hammock
black and white portrait of a fisherman
screenshot of a spreadsheet
a diagram of the water cycle
bicycles parked along a canal
""".strip().splitlines()


def images(size, first=0, count=COUNT):
    """Normalised pixels, float32 [count, 3, size, size]."""
    return np.stack([probes.image(index, size) for index in range(first, first + count)])


def long_ids(seed=0, count=COUNT):
    """int64 [count, 77] without padding: start, 75 random tokens, end."""
    ids = np.random.default_rng(seed).integers(0, START, (count, CONTEXT))
    ids[:, 0], ids[:, -1] = START, END
    return ids


def caption_ids(count=COUNT):
    """int64 [count, 77]: CAPTIONS through OpenAI's tokenizer, zeros after the end of text."""
    import clip

    ids = clip.tokenize(CAPTIONS[:count]).long().numpy()
    assert (ids.argmax(axis=1) < 16).all(), "a caption has more than 16 ids"
    return ids


def of_case(case, size):
    return {"images": lambda: images(size), "long": long_ids, "captions": caption_ids}[case.inputs]()


def calibration(tower, size):
    """PocketCLIP's own calibration items, each a batch of one, for engines that quantize with samples."""
    import clip
    import torch
    from clip.clip import _transform
    from PIL import Image

    if tower == "image":
        prepare = _transform(size)
        batch = torch.stack([prepare(Image.fromarray(calibration_set.image(index)))
                             for index in range(calibration_set.COUNT)])
    else:
        batch = clip.tokenize(calibration_set.texts(), truncate=True).long()
    return [sample[None] for sample in batch.numpy()]
