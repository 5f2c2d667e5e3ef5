"""Synthetic weights: full-size CLIP tensors, generated instead of downloaded. NumPy only.

Every value is an integer times a power of two, so no operation rounds, and the Swift twin
(Sources/SyntheticWeights) gives the same bits. docs/SYNTHETIC.md is the specification; this file follows it.

    from synthetic import tensor
    tensor("visual.proj", (768, 512))                       # float32 [768, 512], profile `plain`
    tensor("visual.proj", (768, 512), profile="channels-50")
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from math import isqrt, prod

import numpy as np

GENERATOR = "pocketclip.synthetic.1"
PROFILES = ("plain", "channels-10", "channels-50", "channels-100", "sink")

Shape = tuple[int, ...]

BLOCK = 1 << 15
"""Values per NumPy pass: the working set stays in the second-level cache."""


# ---- The stream: name and flat index to an integer -------------------------------------------------


def stream_key(name: str) -> int:
    """FNV-1a, 64 bits, of `GENERATOR/name` in UTF-8."""
    state = 0xCBF29CE484222325
    for byte in f"{GENERATOR}/{name}".encode():
        state = ((state ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return state


def mixed(key: int, counters: np.ndarray) -> np.ndarray:
    """splitmix64's output for each counter (uint64, overwritten)."""
    z = counters
    z *= np.uint64(0x9E3779B97F4A7C15)
    z += np.uint64(key)
    z ^= z >> np.uint64(30)
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return z


def tent(key: int, counters: np.ndarray) -> np.ndarray:
    """The sum of the two low 16-bit lanes less its mean: int64 in ±65535, variance 2^32 / 6."""
    z = mixed(key, counters)
    low = z & np.uint64(0xFFFF)
    z >>= np.uint64(16)
    z &= np.uint64(0xFFFF)
    z += low
    return z.view(np.int64) - 65535


def bell(key: int, counters: np.ndarray) -> np.ndarray:
    """The sum of all four 16-bit lanes less its mean: int64 in ±131070, variance 2^32 / 3."""
    z = mixed(key, counters)
    pairs = (z & np.uint64(0x0000FFFF0000FFFF)) + ((z >> np.uint64(16)) & np.uint64(0x0000FFFF0000FFFF))
    sums = (pairs + (pairs >> np.uint64(32))) & np.uint64(0x3FFFF)
    return sums.view(np.int64) - 131070


def difference(key: int, counters: np.ndarray) -> np.ndarray:
    """A tent less the one before it: int64 in ±131070, variance 2^32 / 3; a row of them nearly sums to zero."""
    before = tent(key, counters - np.uint64(1))
    return tent(key, counters) - before


DRAWS = {"bell": bell, "tent": tent, "difference": difference}
INVERSE_VARIANCE = {"bell": 3, "tent": 6, "difference": 3}
"""2^32 divided by the variance of each draw."""


def indices(start: int, count: int) -> np.ndarray:
    """start ..< start + count. As counters: that of flat index i is i + 1."""
    return np.arange(start, start + count, dtype=np.uint64)


# ---- Rules: the distribution of a tensor's values --------------------------------------------------------


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


def scale(rule: Rule, divisor: int = 1) -> Scale:
    """The integers of a rule, its deviation divided by `divisor`."""
    if rule.variance == 0:
        return Scale(0, rule.centre, 8)
    deviation = 256 if rule.half else 16384  # that of the integers lies in [deviation, 2 · deviation)
    denominator = (rule.fan_in * divisor * divisor) << 24
    bits = 8
    while rule.variance << (2 * bits) < deviation * deviation * denominator:
        bits += 1
    multiplier = isqrt((INVERSE_VARIANCE[rule.draw] * rule.variance << (2 * bits)) // denominator)
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
        (r"(?:^|\.)ln_\w+\.weight$", _constant(QUARTER, centre=256)),
        (r"(?:^|\.)ln_\w+\.bias$", _constant(EIGHTH)),
        # Tables.
        (r"(?:^|\.)token_embedding\.weight$", _constant(QUARTER)),
        (r"(?:^|\.)(?:positional|class)_embedding$", _constant(QUARTER)),
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


# ---- Profiles: the differences from `plain` ------------------------------------------------------------


@dataclass(frozen=True)
class Edit:
    """The values at these flat indices (uint64, ascending) follow another scale."""

    indices: np.ndarray
    scale: Scale


def loud_channels(width: int) -> np.ndarray:
    """The four channels that the profiles make loud, the same in every block of a tower."""
    return np.array([width * (2 * j + 1) // 8 + j for j in range(4)], np.uint64)


def edits(name: str, shape: Shape, profile: str) -> list[Edit]:
    if profile == "sink":
        return _sink(name, shape)
    if profile.startswith("channels-"):
        return _channels(name, shape, int(profile.removeprefix("channels-")))
    return []


def _rows(rows: np.ndarray, shape: Shape) -> np.ndarray:
    """Flat indices of complete rows (first axis)."""
    length = np.uint64(prod(shape[1:]))
    return (rows[:, None] * length + indices(0, int(length))).ravel()


def _columns(columns: np.ndarray, shape: Shape) -> np.ndarray:
    """Flat indices of complete columns of a matrix."""
    return (indices(0, shape[0])[:, None] * np.uint64(shape[1]) + columns).ravel()


def _channels(name: str, shape: Shape, factor: int) -> list[Edit]:
    """Gain and bias of a layer norm × factor, the next linear's columns ÷ factor."""
    base = rule(name, shape)
    if re.search(r"(?:^|\.)ln_(?:1|2|post|final)\.(?:weight|bias)$", name):
        return [Edit(loud_channels(shape[0]), replace(scale(base), factor=factor))]
    if re.search(r"\.(?:in_proj_weight|c_fc\.weight)$", name):
        return [Edit(_columns(loud_channels(shape[1]), shape), scale(base, divisor=factor))]
    if name in ("visual.proj", "text_projection"):
        return [Edit(_rows(loud_channels(shape[0]), shape), scale(base, divisor=factor))]
    return []


def _sink(name: str, shape: Shape) -> list[Edit]:
    """One token whose residual stream is dominated by two channels: start-of-text, and the first patch."""
    zero = Scale(0, 0, 0)
    if name == "token_embedding.weight":
        spikes = np.uint64((shape[0] - 2) * shape[1]) + loud_channels(shape[1])[:2]
        return [Edit(spikes, Scale(0, 256, 0))]
    if name == "visual.class_embedding":
        return [Edit(loud_channels(shape[0])[:2], zero)]
    if name == "visual.positional_embedding":
        channels = loud_channels(shape[1])[:2]
        return [Edit(_columns(channels, shape), zero), Edit(np.uint64(shape[1]) + channels, Scale(0, 64, 0))]
    if name == "visual.conv1.weight" and shape[-1] > 3:  # a patch embedding; a ResNet's stem is 3 × 3
        return [Edit(_rows(loud_channels(shape[0])[:2], shape), zero)]
    if name == "visual.ln_pre.weight":
        return [Edit(loud_channels(shape[0])[:2], replace(scale(rule(name, shape)), factor=32))]
    return []


# ---- Tensors ----------------------------------------------------------------------------------------


def values(name: str, shape: Shape, start: int = 0, count: int | None = None, profile: str = "plain") -> np.ndarray:
    """Flat elements start ..< start + count (default: all) of a tensor, float32."""
    if profile not in PROFILES:
        raise ValueError(f"profile {profile!r}: expected one of {', '.join(PROFILES)}")
    count = prod(shape) - start if count is None else count
    usual = rule(name, shape)
    key, draw, usual_scale = stream_key(name), DRAWS[usual.draw], scale(usual)
    out = np.empty(count, np.float32)
    for first in range(0, count, BLOCK):
        block = out[first : first + BLOCK]
        block[...] = scaled(draw(key, indices(start + first + 1, block.size)), usual_scale)
    for edit in edits(name, shape, profile):
        inside = edit.indices[(edit.indices >= start) & (edit.indices < start + count)]
        out[inside - np.uint64(start)] = scaled(draw(key, inside + np.uint64(1)), edit.scale)
    return out


def scaled(integers: np.ndarray, scale: Scale) -> np.ndarray:
    """The values of drawn integers, float32; `integers` is overwritten."""
    integers *= scale.multiplier
    integers += 32768
    integers >>= 16
    integers += scale.offset
    integers *= scale.factor
    return integers.astype(np.float32) * np.float32(2.0**-scale.bits)


def tensor(name: str, shape: Shape, profile: str = "plain") -> np.ndarray:
    """A complete tensor, float32 of its shape."""
    return values(name, shape, profile=profile).reshape(shape)
