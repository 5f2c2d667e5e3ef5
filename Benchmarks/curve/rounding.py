"""Rounds weights and activations to any number of bits by the rules of docs/BUNDLE.md and docs/QUANTIZATION.md.

Values stay FP32: a rounded weight is q · scale. Activations of `exact` (16 bits) are taken as unrounded.
"""

from dataclasses import dataclass

import torch

BITS = 8
"""Of every matrix for which a recipe does not choose."""
TABLE = "token_embedding.weight"
DAMPING = 0.01
BLOCK = 128
"""Columns that are rounded before their errors reach all later ones: the same result, in larger products."""


@dataclass(frozen=True)
class Recipe:
    """How to round. `group`: inputs that share a scale, None for the complete row. `only`: the matrices with `weights` bits,
    by the end of their names; None for all of them."""

    weights: int = BITS
    activations: int | None = None
    calibrated: bool = False
    group: int | None = None
    only: tuple | None = None

    def chooses(self, name):
        return self.only is None or name.endswith(self.only)

    def bits(self, name):
        return self.weights if self.chooses(name) else BITS

    def group_of(self, name):
        return self.group if self.chooses(name) else None

    def bytes(self, shapes):
        """Of all matrices: values without padding, and scales: FP16 for a group, FP32 for a row. A row of weights has a sum,
        too."""
        total = 0.0
        for name, (outputs, inputs) in shapes.items():
            group, row = self.group_of(name), 4 if name == TABLE else 8
            scales = 2 * outputs * -(-inputs // group) if group else row * outputs
            total += outputs * inputs * self.bits(name) / 8 + scales
        return round(total)


class Rounded:
    """Activations in one unsigned integer each: a scale and a zero point for a row (`token_u8`), or for an image's tensor
    (`image_u8`)."""

    def __init__(self, bits):
        self.levels = 2**bits - 1

    def rows(self, name, x):
        return self.rounded(x, (x.ndim - 1,))

    def maps(self, name, x):
        return self.rounded(x, tuple(range(1, x.ndim)))

    def rounded(self, x, unit):
        low, high = x.amin(dim=unit, keepdim=True).clamp(max=0), x.amax(dim=unit, keepdim=True).clamp(min=0)
        scale = (high - low) / self.levels
        scale = torch.where(scale == 0, torch.ones_like(scale), scale)
        zero = (-low / scale).round()
        return (((x / scale).round() + zero).clamp(0, self.levels) - zero) * scale


def scales(weights, bits, group):
    """The scale of each weight, [outputs, inputs]."""
    most = 2 ** (bits - 1) - 1
    if group is None:
        found = (weights.abs().amax(dim=1, keepdim=True) / most).expand_as(weights)
    else:
        parts = weights.split(group, dim=1)
        found = torch.cat([(part.abs().amax(dim=1, keepdim=True) / most).half().float().expand_as(part)
                           for part in parts], dim=1)
    return torch.where(found == 0, torch.ones_like(found), found)


def nearest(weights, scale, bits):
    most = 2 ** (bits - 1) - 1
    return (weights / scale).round().clamp(-most, most) * scale


def rounded(network, recipe, moments):
    """The network with rounded weights and, if calibrated, corrected biases. `moments` are those of calibration.py."""
    result = network.copied()
    for name, weights in network.matrices.items():
        bits = recipe.bits(name)
        scale = scales(weights, bits, recipe.group_of(name))
        if not recipe.calibrated or name not in moments:  # the rows of the token table are inputs, not weights of a sum
            result.matrices[name] = nearest(weights, scale, bits)
            continue
        seen = moments[name]
        result.matrices[name] = fed_forward(weights, scale, bits, seen.factor)
        if seen.bias is not None:
            error = (weights - result.matrices[name]).double() @ seen.mean
            correct(result, seen.bias, error.float())
    return result


def correct(network, bias, error):
    """Adds the mean error of the outputs to a bias; to a BatchNorm's, times its scale."""
    if bias.endswith(".norm"):
        norm = bias.removesuffix(".norm")
        bias, error = f"{norm}.bias", error * network.vectors[f"{norm}.scale"][:len(error)]
    vector = network.vectors[bias].clone()
    vector[:len(error)] += error
    network.vectors[bias] = vector


def fed_forward(weights, scale, bits, factor):
    """Rounds column by column; what a column loses, the later ones make up for, by the upper triangular `factor`."""
    most = 2 ** (bits - 1) - 1
    weights, scale = weights.double(), scale.double()
    errors, result = torch.zeros_like(weights), torch.empty_like(weights)
    for start in range(0, weights.shape[1], BLOCK):
        end = min(start + BLOCK, weights.shape[1])
        wanted = weights[:, start:end] + errors[:, :start] @ factor[:start, start:end]
        for column in range(start, end):
            target = wanted[:, column - start] + (errors[:, start:column] * factor[start:column, column]).sum(dim=1)
            result[:, column] = (target / scale[:, column]).round().clamp(-most, most) * scale[:, column]
            errors[:, column] = weights[:, column] - result[:, column]
    return result.float()
