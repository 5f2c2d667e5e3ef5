#!/usr/bin/env python3
"""Measures the statistics that the profile `tails` imitates, on OpenAI's own model: two tables in Markdown.

    tail_statistics.py [VARIANT[:PROFILE] …]        default: ViT-B-32:tails

The weights of each kind of linear layer, and its inputs over the tokens of all probes (texts up to the end of text).
Medians over the blocks, the range in brackets. WANTED is what a trained text encoder of six blocks has. Exit status 1 if
a `tails` median is outside ACCEPTED, which was chosen around the first measurement: it shows a change of the generator,
not that WANTED is reached. Environment: Scripts/environments/venv-goldens.sh; a minute.
"""

import pathlib
import sys

import torch
from clip.model import CLIP

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "Scripts" / "golden")]
import probes
from make_checkpoint import synthetic_source
from variants import VARIANTS

WEIGHTS = ("rounding error of int8, %", "kurtosis", "kurtosis of a row", "row's largest / deviation: median", "99th percentile",
           "maximum", "deviation of log row norm", "of log column norm", "loudest row / median")
INPUTS = ("largest / RMS", "mean's share of energy", "effective rank", "a token's largest / RMS",
          "nine tokens in ten: largest / RMS of all")
KINDS = ("query", "key", "value", "out_proj", "c_fc", "c_proj")

WANTED = {
    "rounding error of int8, %": (".76–.80", "1.60"), "kurtosis": ("3.3–4.4", "106"), "kurtosis of a row": ("3.1", "3.6"),
    "row's largest / deviation: median": ("3.3", "4.5"), "99th percentile": ("5", "12"), "maximum": ("16", "39"),
    "deviation of log row norm": (".10–.32", ".21"), "of log column norm": (".09–.22", ".17"),
    "loudest row / median": ("–", "4–5"),
    "largest / RMS": ("15, out_proj –, c_fc 36", "60"), "mean's share of energy": (".14–.29", ".09"),
    "effective rank": ("8–32", "18"), "a token's largest / RMS": ("–", "–"),
    "nine tokens in ten: largest / RMS of all": ("–", "–"),
}
"""For all layers but c_proj, and for c_proj."""

ACCEPTED = {
    ("largest / RMS", "query"): (12, 20), ("largest / RMS", "c_fc"): (28, 42), ("largest / RMS", "c_proj"): (50, 80),
    **{("mean's share of energy", kind): (0.05, 0.35) for kind in KINDS},
    **{("rounding error of int8, %", kind): (0.7, 0.9) for kind in KINDS[:-1]},
    ("rounding error of int8, %", "c_proj"): (1.5, 2.1),
    ("deviation of log row norm", "query"): (0.10, 0.14), ("deviation of log row norm", "out_proj"): (0.27, 0.33),
    ("deviation of log row norm", "c_fc"): (0.17, 0.23), ("loudest row / median", "c_proj"): (4, 5),
}


def blocks(model):
    return {"image": model.visual.transformer.resblocks, "text": model.transformer.resblocks}


def matrices(block):
    """{kind: [outputs, inputs]}"""
    parts = dict(zip(KINDS, block.attn.in_proj_weight.chunk(3)))
    return parts | {"out_proj": block.attn.out_proj.weight, "c_fc": block.mlp.c_fc.weight, "c_proj": block.mlp.c_proj.weight}


def weight_statistics(w):
    step = w.abs().amax(dim=1, keepdim=True) / 127
    error = ((w / step).round() * step - w).norm() / w.norm()
    fourth, second = w**4, w**2
    peaks = w.abs().amax(dim=1) / w.std(dim=1)
    rows, columns = w.norm(dim=1), w.norm(dim=0)
    figures = (100 * error, fourth.mean() / second.mean() ** 2, (fourth.mean(dim=1) / second.mean(dim=1) ** 2).median(),
               peaks.median(), peaks.quantile(0.99), peaks.max(), rows.log().std(), columns.log().std(),
               rows.max() / rows.median())
    return dict(zip(WEIGHTS, map(float, figures)))


def input_statistics(x):
    """Of the inputs [tokens, width] of a layer."""
    energy = x.square().mean()
    gram = x @ x.T
    peaks = x.abs().amax(dim=1)
    figures = (peaks.max() / energy.sqrt(), x.mean(dim=0).square().mean() / energy, gram.trace() ** 2 / gram.square().sum(),
               (peaks / x.square().mean(dim=1).sqrt()).median(), peaks.quantile(0.9) / energy.sqrt())
    return dict(zip(INPUTS, map(float, figures)))


def layer_inputs(model, tower, counts, run):
    """{kind: [[tokens, width] for each block]} of one forward pass; `counts`: tokens of each item, or None."""
    found = {kind: [] for kind in ("query", "out_proj", "c_fc", "c_proj")}

    def keep(kind, x):
        items = x.transpose(0, 1)
        counted = [item[:count] for item, count in zip(items, counts)] if counts else list(items)
        found[kind].append(torch.cat(counted))

    handles = []
    for block in blocks(model)[tower]:
        handles += [
            block.ln_1.register_forward_hook(lambda _, x, y: keep("query", y)),
            block.attn.register_forward_pre_hook(lambda attn, x: keep("out_proj", mixed_values(attn, x[0], tower == "text"))),
            block.mlp.c_fc.register_forward_pre_hook(lambda _, x: keep("c_fc", x[0])),
            block.mlp.c_proj.register_forward_pre_hook(lambda _, x: keep("c_proj", x[0])),
        ]
    with torch.no_grad():
        run()
    for handle in handles:
        handle.remove()
    return found


def mixed_values(attention, x, causal):
    """The input of `out_proj`, which PyTorch's function does not give: softmax(q · k) · v of [tokens, items, width]."""
    qkv = torch.nn.functional.linear(x, attention.in_proj_weight, attention.in_proj_bias)
    q, k, v = (part.unflatten(-1, (attention.num_heads, -1)).permute(1, 2, 0, 3) for part in qkv.chunk(3, dim=-1))
    mixed = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=causal)
    return mixed.permute(2, 0, 1, 3).flatten(2)


def measure(source):
    """{tower: {statistic: {kind: (median, smallest, largest)}}}"""
    variant, _, profile = source.partition(":")
    numbers, state = synthetic_source(VARIANTS[variant], profile or "plain")
    model = CLIP(**numbers).float().eval()
    model.load_state_dict(state, strict=False)
    size = numbers["image_resolution"]
    pixels = torch.stack([torch.from_numpy(probes.image(index, size)) for index in range(probes.IMAGE_COUNT)])
    ids = torch.from_numpy(probes.token_ids()).long()
    runs = {"image": (None, lambda: model.encode_image(pixels)),
            "text": ((ids.argmax(dim=-1) + 1).tolist(), lambda: model.encode_text(ids))}
    result = {}
    for tower, (counts, run) in runs.items():
        weights = [{kind: weight_statistics(w.detach()) for kind, w in matrices(block).items()} for block in blocks(model)[tower]]
        inputs = {kind: [input_statistics(x) for x in xs] for kind, xs in layer_inputs(model, tower, counts, run).items()}
        result[tower] = {name: {kind: spread([block[kind][name] for block in weights]) for kind in KINDS} for name in WEIGHTS}
        result[tower] |= {name: {kind: spread([block[name] for block in inputs[kind]]) for kind in inputs} for name in INPUTS}
    return result


def spread(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 2], ordered[0], ordered[-1]


def table(result):
    lines = ["| tower | statistic | wanted | " + " | ".join(KINDS) + " | wanted, c_proj |", "|" + "---|" * (4 + len(KINDS))]
    for tower, statistics in result.items():
        for name, kinds in statistics.items():
            cells = [f"{m:.3g} [{a:.2g}, {b:.2g}]" for m, a, b in (kinds[k] for k in KINDS if k in kinds)]
            if name in INPUTS:
                cells[1:1] = ["as query", "as query"]
            lines.append("| " + " | ".join([tower, name, WANTED[name][0], *cells, WANTED[name][1]]) + " |")
    return "\n".join(lines)


def outside(result):
    return [f"{tower} {kind}: {name} is {result[tower][name][kind][0]:.3g}, accepted {low} to {high}"
            for (name, kind), (low, high) in ACCEPTED.items() for tower in result
            if kind in result[tower][name] and not low <= result[tower][name][kind][0] <= high]


def main():
    failures = []
    for source in sys.argv[1:] or ("ViT-B-32:tails",):
        result = measure(source)
        print(f"{source}\n\n{table(result)}\n", flush=True)
        failures += outside(result) if source.endswith(":tails") else []
    sys.exit("\n".join(failures) or None)


if __name__ == "__main__":
    main()
