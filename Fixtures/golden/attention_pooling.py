#!/usr/bin/env python3
"""Measures how sharp a ResNet's attention pooling is: logits and weights of its softmax, in float64 on OpenAI's own
model.

    attention_pooling.py [SOURCE …]       default: the mini ResNet, initial, RN50

SOURCE   FILE.pt   an archive in OpenAI's layout, on the minis' committed images
         initial   RN50 as `clip.model` initialises it, batch norms calibrated on the probes
         VARIANT   synthetic weights, profile `plain`, on the probe images (docs/SYNTHETIC.md)

Prints a JSON object per source. For each head and image: the standard deviation of the logits over the keys, the
softmax's entropy divided by that of uniform weights, its largest weight; means over heads and images. `row_sums` is a
matrix's mean squared row sum divided by its mean squared row length: 1 for independent values. RMS values of the
pooling's input: `trunk` without positions. Environment: Scripts/environments/venv-goldens.sh.
"""

import json
import pathlib
import sys

import torch
from clip.clip import _transform
from clip.model import CLIP
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "Scripts" / "golden")]
import probes
from make_checkpoint import archive_source, synthetic_source, variant_numbers
from variants import VARIANTS

MINIS = HERE.parent / "minis"
SEED = 20261123


def subject(source, images=MINIS / "images"):
    """(FP32 image tower in evaluation mode, pixels) of a source; an archive's pixels are those of the image files."""
    if source == "initial":
        torch.manual_seed(SEED)
        numbers, state = variant_numbers(VARIANTS["RN50"]), {}
    elif source.endswith(".pt"):
        numbers, state = archive_source(source)
    else:
        numbers, state = synthetic_source(VARIANTS[source], "plain")
    model = CLIP(**numbers).float()
    model.load_state_dict(state, strict=False)
    size = numbers["image_resolution"]
    pixels = image_pixels(images, size) if source.endswith(".pt") else probe_pixels(size)
    return calibrated(model.visual, pixels) if source == "initial" else model.visual.eval(), pixels


def image_pixels(folder, size):
    transform = _transform(size)
    files = sorted(path for path in folder.iterdir() if path.suffix in (".jpg", ".png", ".webp"))
    return torch.stack([transform(Image.open(path)) for path in files])


def probe_pixels(size, numbers=range(probes.IMAGE_COUNT)):
    return torch.stack([torch.from_numpy(probes.image(number, size)) for number in numbers])


def calibrated(visual, pixels):
    """Running statistics as if the images had been the training set."""
    for module in visual.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        visual.train()(pixels)
    return visual.eval()


def pooling_input(visual, pixels):
    """The input of the pooling, FP32 [n, channels, h, w]."""
    seen = []
    handle = visual.attnpool.register_forward_pre_hook(lambda _, x: seen.append(x[0]))
    with torch.no_grad():
        for image in pixels:
            visual(image[None])
    handle.remove()
    return torch.cat(seen)


def measure(pool, trunk):
    """The statistics of an AttentionPool2d on its FP32 input [n, channels, h, w]."""
    pool, trunk = pool.double(), trunk.double()
    x = trunk.flatten(2).transpose(1, 2)
    x = torch.cat([x.mean(dim=1, keepdim=True), x], dim=1) + pool.positional_embedding
    heads, keys = pool.num_heads, x.shape[1]
    q = pool.q_proj(x[:, :1]).unflatten(-1, (heads, -1))
    k = pool.k_proj(x).unflatten(-1, (heads, -1))
    logits = torch.einsum("bqhd,bkhd->bhqk", q, k)[:, :, 0] / q.shape[-1] ** 0.5  # [images, heads, keys]
    weights = logits.softmax(dim=-1)
    entropy = torch.special.entr(weights).sum(dim=-1) / torch.tensor(keys).double().log()
    deviation = logits.std(dim=-1, unbiased=False)
    return {
        "keys": keys, "heads": heads, "logit_deviation": rounded(deviation.mean()),
        "logit_deviation_by_head": [rounded(deviation.mean(dim=0).amin()), rounded(deviation.mean(dim=0).amax())],
        "relative_entropy": rounded(entropy.mean()), "largest_weight": rounded(weights.amax(dim=-1).mean()),
        "rms": {"trunk": rms(trunk), "position": rms(pool.positional_embedding), "query": rms(q), "key": rms(k)},
        "row_sums": {name: row_sums(getattr(pool, name).weight) for name in ("q_proj", "k_proj", "v_proj", "c_proj")},
    }


def row_sums(matrix):
    return rounded(matrix.sum(dim=1).square().mean() / matrix.square().sum(dim=1).mean())


def rms(values):
    return rounded(values.square().mean().sqrt())


def rounded(value):
    return float(f"{value:.3g}")


def main():
    for source in sys.argv[1:] or (str(MINIS / "mini-rn.pt"), "initial", "RN50"):
        visual, pixels = subject(source)
        with torch.no_grad():
            report = measure(visual.attnpool, pooling_input(visual, pixels))
        print(json.dumps({"source": pathlib.Path(source).name, **report}), flush=True)


if __name__ == "__main__":
    main()
