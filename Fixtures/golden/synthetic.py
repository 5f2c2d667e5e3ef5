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
from math import prod

import numpy as np

import tails
from draws import DRAWS, GENERATOR, indices, stream_key
from rules import Scale, Shape, loud_channels, rule, scale

PROFILES = ("plain", "channels-10", "channels-50", "channels-100", "sink", "tails")

BLOCK = 1 << 15
"""Values per NumPy pass: the working set stays in the second-level cache."""


# ---- Profiles: the differences from `plain` ------------------------------------------------------------


@dataclass(frozen=True)
class Edit:
    """The values at these flat indices (uint64, ascending) follow another scale."""

    indices: np.ndarray
    scale: Scale


def edits(name: str, shape: Shape, profile: str) -> list[Edit]:
    if profile == "sink":
        return _sink(name, shape)
    if profile.startswith("channels-"):
        return _channels(name, shape, int(profile.removeprefix("channels-")))
    if profile == "tails" and (spikes := tails.spikes(name, shape)):
        return [Edit(*spikes)]
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
    if profile == "tails" and (found := tails.values(name, shape, start, count)) is not None:
        return found
    usual = rule(name, shape)
    key, draw, usual_scale = stream_key(name), DRAWS[usual.draw], scale(usual)
    if profile == "tails":
        usual_scale = replace(usual_scale, bits=usual_scale.bits - tails.power(name))
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
