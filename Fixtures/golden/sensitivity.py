#!/usr/bin/env python3
"""Checks that the golden file depends on every tensor: perturbs each in turn and measures how far the embeddings move.

    sensitivity.py [VARIANT …]        default: one of each family, ViT-B-32 and RN50; writes sensitivity.json

Every value of one tensor is multiplied by 1 + PERTURBATION · (±1, by a fixed pattern); the figure is the largest
absolute change of a unit-norm embedding's component over two images or two texts, in FP32. It must be FAR times
FP32's own rounding, the largest difference between FP32 and float64 in the tower's golden. Key biases cannot reach
this: they add the same to all scores of a query, and softmax cancels it.
Environment: Scripts/environments/venv-goldens.sh; minutes.
"""

import json
import pathlib
import re
import sys

import torch
from clip.model import CLIP
from safetensors.numpy import load_file

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "Scripts" / "golden")]
import probes
from golden_file import unit
from make_checkpoint import synthetic_source
from variants import VARIANTS

PERTURBATION = 2.0**-4
FAR = 30
OF_NEITHER = {"logit_scale"}  # changes logits by definition, and no embedding


def measure(name):
    """{tensor: largest change of an embedding component}; the key parts of in-projections are separate."""
    numbers, state = synthetic_source(VARIANTS[name], "plain")
    model = CLIP(**numbers).float().eval()
    model.load_state_dict(state, strict=False)
    size = numbers["image_resolution"]
    pixels = torch.stack([torch.from_numpy(probes.image(index, size)) for index in (0, 3)])
    ids = torch.from_numpy(probes.token_ids()).long()[[2, 4]]
    ids = ids[:, : int(ids.argmax(dim=-1).max()) + 1]
    encode = {True: lambda: unit(model.encode_image(pixels)), False: lambda: unit(text(model, ids))}
    with torch.no_grad():
        usual = {tower: function() for tower, function in encode.items()}
        changes = {}
        for key in sorted(set(state) - OF_NEITHER):
            for label, part in parts(key, model.state_dict(keep_vars=False)[key]):
                tower = key.startswith("visual.")
                saved = part.clone()
                pattern = torch.arange(part.numel()).mul_(40503).bitwise_right_shift_(4).bitwise_and_(1)
                part.mul_(1 + PERTURBATION * (2 * pattern - 1).view(part.shape))
                changes[label] = float((encode[tower]() - usual[tower]).abs().max())
                part.copy_(saved)
    return changes


def text(model, ids):
    """`encode_text` on the columns up to the last end of text; later ones cannot reach it."""
    x = model.token_embedding(ids) + model.positional_embedding[: ids.shape[1]]
    x = model.ln_final(model.transformer(x.permute(1, 0, 2)).permute(1, 0, 2))
    return x[torch.arange(len(ids)), ids.argmax(dim=-1)] @ model.text_projection


def parts(key, tensor):
    """A complete tensor; the fused query, key and value biases separately."""
    if not key.endswith("in_proj_bias"):
        return [(key, tensor)]
    return [(f"{key}[{name}]", part) for name, part in zip("qkv", tensor.chunk(3))]


def rounding(name):
    """Largest FP32 error of an embedding's component in each tower's golden."""
    golden = load_file(HERE / f"{name}.safetensors")
    return {tower: float(abs(golden[f"{tower}.embedding.f32"] - golden[f"{tower}.embedding.f64"]).max())
            for tower in ("image", "text")}


def summary(name, changes):
    errors = rounding(name)
    cancelled = {key for key in changes if re.search(r"in_proj_bias\[k\]|k_proj\.bias", key)}
    others = {key: value for key, value in changes.items() if key not in cancelled}
    weak = {key: value for key, value in others.items() if value < FAR * errors["image" if key.startswith("visual.") else "text"]}
    return {
        "rounding": errors, "tensors": len(others), "smallest": min(others, key=others.get), "smallest_change": min(others.values()),
        "median_change": sorted(others.values())[len(others) // 2], "below_far": weak,
        "key_biases": len(cancelled), "key_biases_largest_change": max(changes[key] for key in cancelled),
        "changes": {key: float(f"{value:.3g}") for key, value in changes.items()},
    }


def main():
    report = {"perturbation": PERTURBATION, "far": FAR, "torch": torch.__version__}
    for name in sys.argv[1:] or ("ViT-B-32", "RN50"):
        report[name] = summary(name, measure(name))
        print({key: value for key, value in report[name].items() if key != "changes"}, flush=True)
    (HERE / "sensitivity.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
