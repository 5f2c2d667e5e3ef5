"""Probe images and texts: generated inputs with the same bits on every machine. NumPy only.

docs/SYNTHETIC.md is the specification; Sources/SyntheticWeights is the Swift twin.
"""

from __future__ import annotations

import json
import pathlib

import numpy as np

from draws import bell, indices, stream_key

IMAGE_COUNT = 8

OCTAVES = ((1, 0), (3, 0), (7, 1), (15, 2))
"""Cells along an edge, and how often the amplitude is halved: colour cast and gradient first, detail last."""

PIXEL_BITS = 17
PIXEL_LIMIT = 2 << PIXEL_BITS
"""Normalised pixels of real images are between about -1.8 and 2.2."""


def image(index: int, size: int) -> np.ndarray:
    """Probe `index` as normalised pixels, float32 [3, size, size]: the same image at every size, except for noise."""
    total = np.zeros((3, size, size), np.int64)
    for cells, halvings in OCTAVES:
        total += octave(f"image.{index}.octave.{cells}", cells, size) >> halvings
    noise = bell(stream_key(f"image.{index}.noise.{size}"), indices(1, total.size))
    total += noise.reshape(total.shape) >> (1 + index % 4)
    total = total.clip(-PIXEL_LIMIT, PIXEL_LIMIT)
    return total.astype(np.float32) * np.float32(2.0**-PIXEL_BITS)


def octave(name: str, cells: int, size: int) -> np.ndarray:
    """Bilinear interpolation of a lattice of (cells + 1)² bell integers × 3 per channel, int64 [3, size, size]."""
    points = cells + 1
    lattice = 3 * bell(stream_key(name), indices(1, 3 * points * points)).reshape(3, points, points)
    place = np.arange(size, dtype=np.int64) * (cells * 256) // size
    cell, right = place >> 8, place & 255
    left = 256 - right
    rows = lattice[:, cell, :] * left[:, None] + lattice[:, cell + 1, :] * right[:, None]
    return (rows[:, :, cell] * left + rows[:, :, cell + 1] * right) >> 16


def texts() -> list[str]:
    """The probe texts; their ids through OpenAI's tokenizer are in the same file."""
    return [probe["text"] for probe in _text_file()["texts"]]


def token_ids() -> np.ndarray:
    """int32 [texts, 77]: start of text, tokens, end of text, zeros."""
    rows = [probe["ids"] + [0] * (77 - len(probe["ids"])) for probe in _text_file()["texts"]]
    return np.array(rows, np.int32)


def _text_file() -> dict:
    return json.loads(pathlib.Path(__file__).with_name("probe-texts.json").read_text())
