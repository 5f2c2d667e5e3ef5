"""The inputs of every engine: the probe images of docs/SYNTHETIC.md, and token ids. The same values in every run."""

import sys

import numpy as np

from . import GOLDEN

sys.path.insert(0, str(GOLDEN))
import probes

CONTEXT, START, END = 77, 49406, 49407
COUNT = 16
"""Inputs that are timed and compared; calibration uses other inputs."""
CALIBRATION = 32

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
    """CALIBRATION inputs for engines that quantize with samples, each a batch of one."""
    if tower == "image":
        batch = images(size, first=100, count=CALIBRATION)
    else:
        long = long_ids(seed=1, count=CALIBRATION // 2)
        batch = np.concatenate([long, caption_ids(CALIBRATION - len(long))])
    return [sample[None] for sample in batch]
