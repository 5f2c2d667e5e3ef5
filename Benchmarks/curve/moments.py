"""The second moments of each matrix's inputs on calibration items (docs/QUANTIZATION.md, steps 1 to 3)."""

import functools

import torch
from torch.nn import functional as F

from .forward import Forward, kernels
from .rounding import DAMPING


class Moments:
    """Sums over the rows that enter a matrix. `bias`: what takes up the mean error; `NAME.norm` is a BatchNorm; None if
    there is none."""

    def __init__(self, inputs, bias):
        self.products, self.sum, self.count = torch.zeros(inputs, inputs, dtype=torch.float64), 0, 0
        self.bias = bias

    def add(self, rows):
        rows = rows.double()
        self.products += rows.T @ rows
        self.sum = self.sum + rows.sum(dim=0)
        self.count += len(rows)

    @property
    def mean(self):
        return self.sum / self.count

    @functools.cached_property
    def factor(self):
        """M of H = M·D·Mᵀ, unit upper triangular, after damping. The mean is subtracted if a bias takes it up."""
        h = self.products - (torch.outer(self.sum, self.sum) / self.count if self.bias else 0)
        damping = DAMPING * h.diagonal().mean()
        h = h + torch.eye(len(h), dtype=h.dtype) * (damping if damping > 0 else 1)
        lower = torch.linalg.cholesky(h.flip(0, 1))  # of the reversed order, because M is an upper factor
        return (lower / lower.diagonal()).flip(0, 1)


class Observer:
    """The arithmetic of a forward pass that keeps moments and changes nothing."""

    def __init__(self, network):
        self.network, self.moments, self.mask = network, {}, None

    def rows(self, name, x):
        self.add(name, self.counted(x).reshape(-1, x.shape[-1]))
        return x

    def maps(self, name, x):
        if x.ndim == 4:
            side = kernels(self.network.matrices[name], x.shape[1]).shape[-1]
            stride = 2 if name == "visual.conv1.weight" else 1
            unfolded = F.unfold(x, side, padding=side // 2, stride=stride)  # [n, channels · side², positions]
            columns = unfolded.unflatten(1, (x.shape[1], side * side)).permute(0, 3, 2, 1)
            self.add(name, columns.reshape(-1, side * side * x.shape[1]))
        else:
            self.add(name, x[:, 0])
            for other in "kv":
                self.add(f"visual.attnpool.{other}_proj.weight", x.flatten(0, 1))
        return x

    def counted(self, x):
        """Of texts, the positions up to the end; those behind it cannot affect the embedding."""
        return x[self.mask] if self.mask is not None and x.ndim == 3 else x

    def add(self, name, rows):
        if name not in self.moments:
            self.moments[name] = Moments(rows.shape[-1], bias_of(name, self.network))
        self.moments[name].add(rows)


def bias_of(name, network):
    bias = name.replace("in_proj_weight", "in_proj_bias").removesuffix(".weight")
    bias = bias if bias.endswith("_bias") else f"{bias}.bias"
    if bias in network.vectors and bias != name:
        return bias
    layer = name.removesuffix(".weight")
    norm = (layer.replace("downsample.0", "downsample.1") if "downsample" in layer
            else layer.replace("conv", "bn"))
    return f"{norm}.norm" if f"{norm}.scale" in network.vectors else None


def observed(network, pixels, ids):
    """{matrix: Moments} of all calibration items."""
    observer = Observer(network)
    forward = Forward(network, observer)
    with torch.no_grad():
        for part in pixels.split(8):
            forward.images(part)
        ends = ids.argmax(dim=1, keepdim=True)
        length = int(ends.max()) + 1
        observer.mask = torch.arange(length)[None] <= ends
        forward.texts(ids)
    return observer.moments
