#!/usr/bin/env python3
"""Measures where a ResNet's int8 error comes from: simulates the quantization of docs/BUNDLE.md on OpenAI's own model.

    int8_by_stage.py [--each] [--float GROUPS] [--gains] [--images DIR] [SOURCE …]
                                                            default: the mini ResNet and RN50

SOURCE      as for attention_pooling.py
--float     groups that keep float weights and activations, separated by commas: stem layer1 … layer4 attnpool
--each      also each group alone in int8, and each alone in float
--stored    also `fast` with ranges of the convolutions' inputs that other images have, in place of each image's own: of
            every second image, reported on the others, or of the probes after the reported ones
--gains     also the variance over pixels and images that the bottlenecks' filters pass, in multiples of what
            independent values of the same norm would; geometric means over the bottlenecks
--images  folder of images for archives, such as `render.py --heldout DIR` writes (Fixtures/minis)

For `exact` (int8 weights) and `fast` (activations too), against FP32 on all images alike: the cosines of the
embeddings, mean and worst; then per stage the relative error of every element, and of each channel's mean over the
pixels, which is what a golden's stages hold. Inside the pooling: attention weights, pooled values, embedding. Powers of
two between v_proj and c_proj are not simulated. Environment: Scripts/environments/venv-goldens.sh.
"""

import argparse
import copy
import pathlib
from statistics import geometric_mean

import torch
from torch import nn
from torch.nn import functional as F

from attention_pooling import MINIS, probe_pixels, subject

STAGES = ("avgpool", "layer1", "layer2", "layer3", "layer4")
GROUPS = ("stem", "layer1", "layer2", "layer3", "layer4", "attnpool")


def rounded_weights(w):
    """Symmetric int8, one scale per output."""
    scale = (w.flatten(1).abs().amax(dim=1) / 127).view(-1, *[1] * (w.ndim - 1))
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return (w / scale).round().clamp(-127, 127) * scale


def rounded_activations(x):
    """`image_u8`: one scale and zero point for each image's tensor."""
    bottom = x.flatten(1).amin(dim=1).clamp(max=0).view(-1, *[1] * (x.ndim - 1))
    return rounded_within(x, bottom, x.flatten(1).amax(dim=1).clamp(min=0).view(bottom.shape))


def rounded_within(x, bottom, top):
    """In bytes whose codes 0 and 255 are about `bottom` and `top`."""
    scale = (top - bottom) / 255
    zero = (-bottom / scale).round()
    return (((x / scale).round() + zero).clamp(0, 255) - zero) * scale


def group(name):
    """The group of a convolution or linear by its module's name."""
    first = name.split(".")[0]
    return "stem" if first.startswith("conv") else first


def quantized(visual, groups, fast, ranges=None):
    """A copy whose convolutions and linears in `groups` are int8; pooled() handles the pooling's activations. `ranges`: those
    of the convolutions' inputs, by name, in place of each image's own."""
    twin = copy.deepcopy(visual)
    for name, module in twin.named_modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)) and group(name) in groups:
            module.weight.data = rounded_weights(module.weight.data)
            if fast and isinstance(module, nn.Conv2d):
                own = ranges and ranges[name]
                module.register_forward_pre_hook(
                    lambda _, x, own=own: (rounded_within(x[0], *own) if own else rounded_activations(x[0]),))
    return twin


def pooled(pool, x, fast):
    """AttentionPool2d's steps on [n, channels, h, w]."""
    x = x.flatten(2).transpose(1, 2)
    x = torch.cat([x.mean(dim=1, keepdim=True), x], dim=1) + pool.positional_embedding
    x = rounded_activations(x) if fast else x
    q, k, v = (part.unflatten(-1, (pool.num_heads, -1)) for part in (pool.q_proj(x[:, :1]), pool.k_proj(x), pool.v_proj(x)))
    weights = (torch.einsum("bqhd,bkhd->bhqk", q, k) / q.shape[-1] ** 0.5).softmax(dim=-1)
    values = torch.einsum("bhqk,bkhd->bqhd", weights, v).flatten(2)
    embedding = pool.c_proj(rounded_activations(values) if fast else values)[:, 0]
    return {"attention weights": weights, "pooled values": values, "embedding": embedding}


def states(visual, pixels, fast_pooling=False):
    """Every stage's output for all images, one image at a time."""
    seen = {name: [] for name in STAGES}
    handles = [getattr(visual, name).register_forward_hook(lambda _, x, y, name=name: seen[name].append(y))
               for name in STAGES]
    with torch.no_grad():
        for image in pixels:
            visual(image[None])
        result = {name: torch.cat(values) for name, values in seen.items()}
        result |= pooled(visual.attnpool, result["layer4"], fast_pooling)
    for handle in handles:
        handle.remove()
    return result


def measure(visual, pixels, groups, fast):
    return states(quantized(visual, groups, fast), pixels, fast and "attnpool" in groups)


def cosines(result, truth):
    cosine = F.cosine_similarity(result["embedding"], truth["embedding"])
    return f"{cosine.mean():.6f} / {cosine.min():.6f}"


def stored_ranges(visual, pixels):
    """({convolution: range of its inputs}, {convolution: the part of it with the least squared error of rounding})."""
    seen = {}
    handles = [module.register_forward_pre_hook(lambda _, x, name=name: seen.setdefault(name, []).append(x[0]))
               for name, module in visual.named_modules() if isinstance(module, nn.Conv2d)]
    with torch.no_grad():
        for image in pixels:
            visual(image[None])
    for handle in handles:
        handle.remove()
    full, least = {}, {}
    for name, inputs in seen.items():
        x = torch.stack(inputs)
        full[name] = (x.amin().clamp(max=0), x.amax().clamp(min=0))
        parts = [[part / 40 * bound for bound in full[name]] for part in range(20, 45)]
        x = x.flatten()[::max(1, x.numel() // 200_000)]
        least[name] = min(parts, key=lambda part: float((rounded_within(x, *part) - x).square().mean()))
    return full, least


def report_stored(visual, measured, pixels):
    truth = states(visual, pixels)
    full, least = stored_ranges(visual, measured)
    for title, ranges in (("each image's own", None), ("of other images", full), ("of least squared error", least)):
        result = states(quantized(visual, GROUPS, True, ranges), pixels, True)
        print(f"fast, ranges {title}: cosine {cosines(result, truth)}", flush=True)


def relative(state, truth):
    return float((state - truth).norm() / truth.norm())


def gains(visual, pixels):
    """{filter: gain} of the bottlenecks' convolutions."""
    found = {}

    def observe(name, module, x, y):
        norm = module.weight.square().sum() / module.out_channels
        gain = variance(y) / (variance(x) * norm)
        found.setdefault(name.split(".", 2)[2], []).append(float(gain))

    handles = [module.register_forward_hook(lambda module, x, y, name=name: observe(name, module, x[0], y))
               for name, module in visual.named_modules() if isinstance(module, nn.Conv2d) and name.startswith("layer")]
    with torch.no_grad():
        visual(pixels)
    for handle in handles:
        handle.remove()
    return {name: round(geometric_mean(values), 2) for name, values in found.items()}


def variance(x):
    """Mean of the channels' variances."""
    return x.var(dim=(0, 2, 3), unbiased=False).mean()


def report(visual, pixels, kept, each):
    truth = states(visual, pixels)
    groups = set(GROUPS) - kept
    for fast in (False, True):
        result = measure(visual, pixels, groups, fast)
        print(f"{'fast' if fast else 'exact'}: cosine {cosines(result, truth)}", flush=True)
        for name, state in result.items():
            means = f", means {relative(state.mean((2, 3)), truth[name].mean((2, 3))):.4f}" if name in STAGES else ""
            print(f"  {name}: {relative(state, truth[name]):.4f}{means}")
        for name in GROUPS if each else ():
            alone, others = (measure(visual, pixels, g, fast) for g in ({name}, groups - {name}))
            print(f"  {name}: alone in int8 {cosines(alone, truth)}, in float {cosines(others, truth)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="*", default=[str(MINIS / "mini-rn.pt"), "RN50"])
    parser.add_argument("--float", default="")
    parser.add_argument("--each", action="store_true")
    parser.add_argument("--stored", action="store_true")
    parser.add_argument("--gains", action="store_true")
    parser.add_argument("--images", type=pathlib.Path, default=MINIS / "images")
    arguments = parser.parse_args()
    for source in arguments.sources:
        print(pathlib.Path(source).name)
        visual, pixels = subject(source, arguments.images)
        if arguments.gains:
            print(f"  gains: {gains(visual, pixels)}")
        if arguments.stored:
            others = pixels[::2], pixels[1::2]
            if not source.endswith(".pt"):
                others = probe_pixels(pixels.shape[-1], range(len(pixels), 20)), pixels
            report_stored(visual.requires_grad_(False), *others)
        report(visual.requires_grad_(False), pixels, set(filter(None, arguments.float.split(","))), arguments.each)


if __name__ == "__main__":
    main()
