"""The profile `tails`: transformers with the statistics of a trained one (docs/SYNTHETIC.md, "Tails"). NumPy only.

Swift twin: Sources/SyntheticWeights/Tails. `tail_statistics.py` measures that the weights and the activations have
these statistics.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from draws import bell, indices, mixed, stream_key, tent
from rules import Scale, Shape, loud_channels, rule, scale

ONE = 1 << 12
"""Scales of rows, columns and gains are integers in this unit."""

LOUDEST_GAIN = 11 * ONE // 4
LOUDEST_ROW = 9 * ONE // 2
LOUDEST_COLUMN = 27 * ONE // 10
GAIN_DEVIATION = 46
SPIKE = 64

DOME_INVERSE_VARIANCE = 2
DEVIATION = 46341
"""A dome is a bell plus a tent, a sum of six lanes: its standard deviation is 2^16 · √(1/2)."""

FIRST_OUTLIER = 5
DETECTOR = 16
"""In multiples of the standard deviation."""

SECOND = 1 << 40
"""Distance of the counters of an element's two draws."""

BLOCK = 1 << 15


@dataclass(frozen=True)
class Matrix:
    """Deviations of logarithms are in units of 1/256."""

    rows: int
    columns: tuple[int, ...]
    """One deviation per part: the query, key and value of `in_proj_weight` are three matrices."""
    chance: int
    """Of an outlier, in 1/65536."""
    largest: int
    """Of an outlier, in standard deviations."""
    period: int = 1
    """Outliers are in the rows whose number modulo `period` is a quarter of it."""
    power: int = 0
    """Values are multiplied by this power of two."""


MATRICES = {
    "attn.in_proj_weight": Matrix(31, (26, 26, 51), chance=2, largest=16),
    "attn.out_proj.weight": Matrix(77, (26,), chance=2, largest=16),
    "mlp.c_fc.weight": Matrix(51, (26,), chance=2, largest=16, power=-1),
    "mlp.c_proj.weight": Matrix(51, (44,), chance=800, largest=39, period=32, power=1),
}

POWERS = [
    (re.compile(pattern), power)
    for pattern, power in (
        (r"(?:^|\.)ln_\w+\.bias$", -3),
        (r"\.resblocks\..*(?:\.bias|in_proj_bias)$", -3),
        (r"^token_embedding\.weight$", 2),
        (r"^(?:visual\.)?positional_embedding$", 1),
    )
]


# ---- What differs from `plain` in other ways than by a scale of rows, columns and outliers -----------------


def spikes(name: str, shape: Shape) -> tuple[np.ndarray, Scale] | None:
    """Flat indices and the scale of the values that make one token of a tower consist of two spikes."""
    if name == "token_embedding.weight":
        row = shape[0] - 2  # start of text
    elif name == "visual.positional_embedding":
        row = 1  # the first patch
    else:
        return None
    return np.uint64(row * shape[1]) + loud_channels(shape[1])[:2], Scale(0, SPIKE, 0)


def power(name: str) -> int:
    """The power of two by which plain values are multiplied."""
    return next((power for pattern, power in POWERS if pattern.search(name)), 0)


def values(name: str, shape: Shape, start: int, count: int) -> np.ndarray | None:
    """Flat elements of a matrix or a gain, float32; None for tensors whose values are plain ones times a power."""
    if re.search(r"(?:^|\.)ln_\w+\.weight$", name):
        return gains(name, shape[0])[start : start + count].astype(np.float32) * np.float32(1 / ONE)
    for ending, matrix in MATRICES.items():
        if re.search(rf"\.resblocks\.\d+\.{re.escape(ending)}$", name):
            return matrix_values(name, shape, matrix, start, count)
    return None


# ---- Scales ------------------------------------------------------------------------------------------------


def log_normal(key: int, counters: np.ndarray, deviation: int) -> np.ndarray:
    """Integers in units of 1/ONE whose logarithms have a deviation of `deviation` / 256: (1 + x/64)^64."""
    s = (1 << 24) + ((bell(key, counters) * (deviation * 7094) >> 12) >> 6)
    for _ in range(6):
        s = s * s >> 24
    return s >> 12


def gains(name: str, width: int) -> np.ndarray:
    found = log_normal(stream_key(name), indices(1, width), GAIN_DEVIATION)
    spiked, others = np.split(loud_channels(width).astype(np.int64), 2)
    if re.search(r"(?:^|\.)ln_(?:2|pre)\.weight$", name):
        found[spiked] = LOUDEST_GAIN
    else:
        found[spiked] = ONE
        found[others] = LOUDEST_GAIN
    return found


def row_scales(name: str, shape: Shape, matrix: Matrix) -> np.ndarray:
    found = log_normal(stream_key(f"{name}/rows"), indices(1, shape[0]), matrix.rows)
    if name.endswith("attn.in_proj_weight"):
        found[: 2 * shape[0] // 3] *= 2  # sharper attention
    if name.endswith("mlp.c_proj.weight"):
        found[loud_channels(shape[0])] = LOUDEST_ROW
    return found


def column_scales(name: str, shape: Shape, matrix: Matrix) -> np.ndarray:
    """[parts, columns]"""
    key, width = stream_key(f"{name}/columns"), shape[1]
    found = np.stack([log_normal(key, indices(1 + part * width, width), deviation)
                      for part, deviation in enumerate(matrix.columns)])
    if name.endswith("mlp.c_proj.weight"):
        found[:, loud_channels(width)[3]] = LOUDEST_COLUMN
    return found


# ---- Matrices ----------------------------------------------------------------------------------------------


def matrix_values(name: str, shape: Shape, matrix: Matrix, start: int, count: int) -> np.ndarray:
    usual = scale(rule(name, shape), inverse_variance=DOME_INVERSE_VARIANCE)
    rows, columns = row_scales(name, shape, matrix), column_scales(name, shape, matrix)
    unit = np.float32(2.0 ** (matrix.power - usual.bits - 4))
    out = np.empty(count, np.float32)
    for first in range(0, count, BLOCK):
        block = out[first : first + BLOCK]
        flat = np.arange(start + first, start + first + block.size)
        row, column = flat // shape[1], flat % shape[1]
        scales = rows[row] * columns[row * len(matrix.columns) // shape[0], column] >> 12
        integers = cores(name, shape, matrix, flat) * usual.multiplier * scales + (1 << 23) >> 24
        block[...] = eleven_bits(integers).astype(np.float32) * unit
    return out


def cores(name: str, shape: Shape, matrix: Matrix, flat: np.ndarray) -> np.ndarray:
    """Domes, outliers and the detectors' entries, int64 in units of 2^-16."""
    key = stream_key(name)
    counters = (flat + 1).astype(np.uint64)
    second = mixed(key, counters + np.uint64(SECOND))
    found = bell(key, counters.copy()) + tent(key, counters + np.uint64(SECOND))
    row, column = flat // shape[1], flat % shape[1]
    lane = [(second >> np.uint64(16 * index) & np.uint64(0xFFFF)).astype(np.int64) for index in (2, 3)]
    is_outlier = (lane[0] < matrix.chance) & (row % matrix.period == matrix.period // 4)
    cube = (lane[1] * lane[1] >> 16) * lane[1] >> 16
    size = DEVIATION * ((FIRST_OUTLIER << 16) + (matrix.largest - FIRST_OUTLIER) * cube) >> 16
    found = np.where(is_outlier, np.where(found < 0, -size, size), found)
    if name.endswith("mlp.c_fc.weight"):
        is_detector = np.isin(row, loud_channels(shape[0])[:2]) & np.isin(column, loud_channels(shape[1])[:2])
        found = np.where(is_detector, DETECTOR * DEVIATION, found)
    return found


def eleven_bits(integers: np.ndarray) -> np.ndarray:
    """Rounded to eleven significant bits, halves away from zero, so that FP16 holds every value."""
    size = np.abs(integers)
    length = np.frexp(size.astype(np.float64))[1].astype(np.int64)  # exact: integers below 2^53
    drop = np.maximum(length - 11, 0)
    size = (size + (1 << drop >> 1)) >> drop << drop
    return np.where(integers < 0, -size, size)
