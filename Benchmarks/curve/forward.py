"""The forward pass in PyTorch, FP32. Everything that int8 changes passes through `arithmetic`:

`rows(name, x)` returns the inputs [items, tokens, inputs] of a matrix, `maps(name, x)` those of a convolution or of the
attention pooling [items, channels, height, width] or [items, tokens, channels].
"""

import math

import torch
from torch.nn import functional as F

ACTIVATIONS = {"quick_gelu": lambda x: x * torch.sigmoid(1.702 * x), "gelu": F.gelu,
               "gelu_tanh": lambda x: F.gelu(x, approximate="tanh")}


class Unchanged:
    """FP32: activations as they are."""

    def rows(self, name, x):
        return x

    def maps(self, name, x):
        return x


class Forward:
    def __init__(self, network, arithmetic=Unchanged()):
        self.network, self.arithmetic = network, arithmetic

    def images(self, pixels):
        """Unit vectors of [n, 3, S, S]."""
        return F.normalize(self.resnet(pixels) if self.network.is_resnet() else self.vit(pixels), dim=-1)

    def texts(self, ids):
        """Unit vectors of [n, C]; the end of a text is its highest id."""
        ends = ids.argmax(dim=1)
        ids = ids[:, :int(ends.max()) + 1]  # later positions cannot reach the end of any text
        x = self.network.matrices["token_embedding.weight"][ids]
        x = x + self.vector("positional_embedding")[:ids.shape[1], :x.shape[-1]]
        mask = torch.full((ids.shape[1], ids.shape[1]), -math.inf).triu(1)
        x = self.blocks("text", x, mask)[torch.arange(len(ids)), ends]
        return F.normalize(self.linear(self.layer_norm(x, "ln_final", "text"), "text_projection"), dim=-1)

    def vit(self, pixels):
        patch = self.network.number("image.patch_size")
        x = self.linear(patches(pixels, patch), "visual.conv1.weight")
        token = self.vector("visual.class_embedding")[:x.shape[-1]].expand(len(x), 1, -1)
        x = torch.cat([token, x], dim=1)
        x = x + self.vector("visual.positional_embedding")[:x.shape[1], :x.shape[2]]
        x = self.blocks("image", self.layer_norm(x, "visual.ln_pre", "image"))
        return self.linear(self.layer_norm(x[:, 0], "visual.ln_post", "image"), "visual.proj")

    def blocks(self, tower, x, mask=None):
        activation = ACTIVATIONS[self.network.fields[f"{tower}.activation"]]
        for prefix in self.network.blocks(tower):
            y = self.linear(self.layer_norm(x, f"{prefix}ln_1", tower), f"{prefix}attn.in_proj_weight",
                            f"{prefix}attn.in_proj_bias")
            y = attention(*y.chunk(3, dim=-1), self.network.number(f"{tower}.heads"), mask)
            x = x + self.linear(y, f"{prefix}attn.out_proj.weight", f"{prefix}attn.out_proj.bias")
            y = self.linear(self.layer_norm(x, f"{prefix}ln_2", tower), f"{prefix}mlp.c_fc.weight",
                            f"{prefix}mlp.c_fc.bias")
            x = x + self.linear(activation(y), f"{prefix}mlp.c_proj.weight", f"{prefix}mlp.c_proj.bias")
        return x

    def resnet(self, x):
        x = self.convolution(x, "visual.conv1", "visual.bn1", stride=2).relu()
        for index in (2, 3):
            x = self.convolution(x, f"visual.conv{index}", f"visual.bn{index}").relu()
        x = F.avg_pool2d(x, 2)
        for prefix, stride, has_downsample, _ in self.network.bottlenecks():
            x = self.bottleneck(x, prefix, stride, has_downsample)
        return self.attention_pooling(x)

    def bottleneck(self, x, prefix, stride, has_downsample):
        y = self.convolution(x, f"{prefix}conv1", f"{prefix}bn1").relu()
        y = F.avg_pool2d(self.convolution(y, f"{prefix}conv2", f"{prefix}bn2").relu(), stride)
        y = self.convolution(y, f"{prefix}conv3", f"{prefix}bn3")
        if has_downsample:
            x = self.convolution(F.avg_pool2d(x, stride), f"{prefix}downsample.0", f"{prefix}downsample.1")
        return (x + y).relu()

    def convolution(self, x, name, norm, stride=1):
        """A convolution of 1×1 or 3×3 and its BatchNorm, folded to a scale and a bias."""
        weights = kernels(self.network.matrices[f"{name}.weight"], x.shape[1])
        x = self.arithmetic.maps(f"{name}.weight", x)
        x = F.conv2d(x, weights, stride=stride, padding=weights.shape[-1] // 2)
        scale, bias = (self.vector(f"{norm}.{part}")[:x.shape[1], None, None] for part in ("scale", "bias"))
        return x * scale + bias

    def attention_pooling(self, x):
        x = x.flatten(2).transpose(1, 2)
        x = torch.cat([x.mean(dim=1, keepdim=True), x], dim=1)
        x = x + self.vector("visual.attnpool.positional_embedding")[:x.shape[1], :x.shape[2]]
        x = self.arithmetic.maps("visual.attnpool.q_proj.weight", x)
        q, k, v = (self.product(part, *names(f"visual.attnpool.{name}_proj"))
                   for name, part in (("q", x[:, :1]), ("k", x), ("v", x)))
        return self.linear(attention(q, k, v, self.network.number("image.heads")),
                           *names("visual.attnpool.c_proj"))[:, 0]

    def linear(self, x, name, bias=None):
        return self.product(self.arithmetic.rows(name, x), name, bias)

    def product(self, x, name, bias):
        weights = self.network.matrices[name]
        return F.linear(x, weights, None if bias is None else self.vector(bias)[:len(weights)])

    def layer_norm(self, x, name, tower):
        width, epsilon = x.shape[-1], float(self.vector(f"{tower}.epsilon")[0])
        return F.layer_norm(x, (width,), self.vector(f"{name}.weight")[:width], self.vector(f"{name}.bias")[:width],
                            epsilon)

    def vector(self, name):
        return self.network.vectors[name]


def names(layer):
    return f"{layer}.weight", f"{layer}.bias"


def patches(pixels, size):
    """[n, 3, S, S] → [n, patches, size · size · 3], the channel fastest."""
    n, channels, side, _ = pixels.shape
    x = pixels.reshape(n, channels, side // size, size, side // size, size)
    return x.permute(0, 2, 4, 3, 5, 1).reshape(n, -1, size * size * channels)


def kernels(matrix, channels):
    """[outputs, H · W · channels], the channel fastest → [outputs, channels, H, W]"""
    side = math.isqrt(matrix.shape[1] // channels)
    return matrix.reshape(len(matrix), side, side, channels).permute(0, 3, 1, 2).contiguous()


def attention(q, k, v, heads, mask=None):
    q, k, v = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (q, k, v))
    logits = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    weights = (logits if mask is None else logits + mask).softmax(dim=-1)
    return (weights @ v).transpose(1, 2).flatten(2)
