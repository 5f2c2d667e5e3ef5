"""The distribution of each tensor's values: the table of docs/SYNTHETIC.md ("Values")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isqrt, prod

import numpy as np

from draws import INVERSE_VARIANCE

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Rule:
    """Values around centre / 256, of variance `variance` / (2^24 · fan_in); variance 0 is a constant.

    `half`: eleven significant bits at most, so that FP16 holds every value exactly, as in OpenAI's files.
    """

    variance: int
    centre: int = 0
    fan_in: int = 1
    half: bool = False
    draw: str = "bell"


@dataclass(frozen=True)
class Scale:
    """value = factor · (offset + ((draw · multiplier + 32768) >> 16)) · 2^-bits"""

    multiplier: int
    offset: int
    bits: int
    factor: int = 1


def scale(rule: Rule, divisor: int = 1, inverse_variance: int | None = None) -> Scale:
    """The integers of a rule, its deviation divided by `divisor`; `inverse_variance`: of another draw."""
    if rule.variance == 0:
        return Scale(0, rule.centre, 8)
    deviation = 256 if rule.half else 16384  # that of the integers lies in [deviation, 2 · deviation)
    denominator = (rule.fan_in * divisor * divisor) << 24
    inverse_variance = inverse_variance or INVERSE_VARIANCE[rule.draw]
    bits = 8
    while rule.variance << (2 * bits) < deviation * deviation * denominator:
        bits += 1
    multiplier = isqrt((inverse_variance * rule.variance << (2 * bits)) // denominator)
    return Scale(multiplier, rule.centre << (bits - 8), bits)


ONE, HALF, QUARTER, EIGHTH, SIXTEENTH = 1 << 24, 1 << 22, 1 << 20, 1 << 18, 1 << 16
"""Variances of these deviations, in units of 2^-24."""


def _constant(variance: int, centre: int = 0, half: bool = False):
    return lambda shape: Rule(variance, centre, half=half)


def _weight(variance: int, draw: str = "tent"):
    """A matrix [outputs, inputs] or filters [outputs, inputs, height, width]."""
    return lambda shape: Rule(variance, fan_in=prod(shape[1:]), half=True, draw=draw)


def _filters(shape: Shape) -> Rule:
    """After a ReLU the variance is doubled; 1 × 1 filters pass little of the common mean."""
    pointwise = shape[2:] == (1, 1)
    return _weight(2 * ONE, draw="difference" if pointwise else "tent")(shape)


def _projection(shape: Shape) -> Rule:
    """A matrix [inputs, outputs], multiplied from the right."""
    return Rule(ONE, fan_in=shape[0], half=True, draw="tent")


def _trunk_variance(shape: Shape, block: str) -> Rule:
    """Running variance of a bottleneck's first batch norm: the trunk it reads grows from block to block."""
    growth = 4 + int(block)
    return Rule(growth**4 << 12, centre=16 * growth * growth)


RULES = [
    (re.compile(pattern), make)
    for pattern, make in (
        (r"(?:^|\.)logit_scale$", _constant(0, centre=1178)),
        # Batch norm: the last one of a branch is small, so that the trunk grows slowly.
        (r"\.layer\d\.0\.bn1\.running_var$", _constant(HALF, centre=512)),
        (r"\.layer\d\.(\d+)\.bn1\.running_var$", _trunk_variance),
        (r"\.downsample\.1\.running_var$", _constant(HALF, centre=512)),
        (r"\.running_var$", _constant(QUARTER, centre=256)),
        (r"\.running_mean$", _constant(EIGHTH)),
        (r"\.layer\d\.\d+\.bn3\.weight$", _constant(SIXTEENTH, centre=88)),
        (r"\.layer\d\.\d+\.bn3\.bias$", _constant(SIXTEENTH, centre=-4)),
        (r"\.(?:bn\d|downsample\.1)\.weight$", _constant(QUARTER, centre=352)),
        (r"\.(?:bn\d|downsample\.1)\.bias$", _constant(EIGHTH, centre=-32)),
        # Layer norm.
        (r"(?:^|\.)ln(?:_\w+)?\.weight$", _constant(QUARTER, centre=256)),
        (r"(?:^|\.)ln(?:_\w+)?\.bias$", _constant(EIGHTH)),
        # Tables.
        (r"(?:^|\.)token_embedding\.weight$", _constant(QUARTER)),
        (r"(?:^|\.)(?:positional_embedding|class_embedding|probe)$", _constant(QUARTER)),
        # Matrices and filters.
        (r"(?:^|\.)(?:text_projection|proj)$", _projection),
        (r"\.(?:conv\d|downsample\.0)\.weight$", _filters),
        (r"\.[qkv]_proj\.weight$", _weight(ONE, draw="difference")),
        (r"\.in_proj_weight$", _weight(ONE // 2)),
        (r"\.out_proj\.weight$", _weight(ONE // 2)),
        (r"\.mlp\.c_proj\.weight$", _weight(ONE // 8)),
        (r"\.weight$", _weight(ONE)),
        (r"(?:\.bias|\.in_proj_bias)$", _constant(EIGHTH, half=True)),
    )
]


def rule(name: str, shape: Shape) -> Rule:
    """The first rule that matches a tensor in OpenAI's layout, by its name and shape."""
    for pattern, make in RULES:
        if match := pattern.search(name):
            return make(shape, *match.groups())
    raise ValueError(f"{name} {list(shape)}: no rule for this name")


def loud_channels(width: int) -> np.ndarray:
    """The four channels that the profiles make loud, the same in every block of a tower."""
    return np.array([width * (2 * j + 1) // 8 + j for j in range(4)], np.uint64)
