"""What changes of a model do to its tensors and texts, to test `pocketclip diff`: mini-vit.json, by NumPy and open_clip.

    Scripts/environments/venv-goldens.sh; .venv-goldens/bin/python Fixtures/diff/make_diff.py

The model is Fixtures/minis/mini-vit.pt. A changed tensor is FP32: value i of it in C order, times 1 + (i mod 13 − 6) / 16.
Figures of tensors are NumPy's in float64; cosines are those of open_clip's CLIP in float64, on the texts of
Sources/Verification/ProbeTexts.swift. open_clip 3.3.0, torch 2.13.0+cpu, NumPy 2.4.6.
"""

import json
import pathlib

import numpy
import open_clip
import torch

HERE = pathlib.Path(__file__).resolve().parent
MINIS = HERE.parent / "minis"
VISION = {"image_size": 64, "patch_size": 16, "width": 128, "layers": 3, "head_width": 64}
TEXT = {"context_length": 77, "vocab_size": 49408, "width": 64, "layers": 2, "heads": 1}
CHANGED = ["transformer.resblocks.1.mlp.c_fc.weight", "transformer.resblocks.0.attn.in_proj_weight", "ln_final.weight"]
TEXTS = [
    "lighthouse", "7", "!!!", "a photo of a heron", "itap of a teapot", "What is behind the curtain?",
    "not a single person in the empty stadium", "two people riding bicycles along a river at sunset, seen from behind",
    "WHEREFORE ART THOU ROMEO?", "no. 42: €19.99 (incl. 7% VAT)", "Übergrößenträger & naïve café",
    "日本の古い駅 🦊🌲", "Москва зимой, вид с моста",
    "&lt;b&gt;bold&lt;/b&gt; text; SELECT name FROM users WHERE id = 7;",
    "A small kitchen with green tiles: on the left a gas stove, above it a shelf with copper pans, and on the floor a "
    "dog asleep in a basket.",
    " ".join(["a very long caption about nothing in particular,"] * 20),
]


def weights():
    state = torch.jit.load(MINIS / "mini-vit.pt", map_location="cpu").state_dict()
    for buffer in ("input_resolution", "context_length", "vocab_size"):
        del state[buffer]
    return {name: tensor.float() for name, tensor in state.items()}


def changed(tensor):
    values = tensor.numpy()
    factors = 1 + (numpy.arange(values.size, dtype=numpy.float32) % 13 - 6) / numpy.float32(16)
    return torch.from_numpy((values.reshape(-1) * factors.astype(numpy.float32)).reshape(values.shape))


def figures(before, after):
    a, b = (tensor.numpy().astype(numpy.float64) for tensor in (before, after))
    return {
        "relative": float(numpy.sqrt(((b - a) ** 2).sum() / (a ** 2).sum())),
        "maximum": float(abs(b - a).max()), "changed": int((a != b).sum()),
    }


@torch.no_grad()
def embeddings(state, quick_gelu=True):
    model = open_clip.CLIP(64, VISION, TEXT, quick_gelu=quick_gelu)
    model.load_state_dict(state)
    return model.double().eval().encode_text(open_clip.tokenize(TEXTS), normalize=True)


def cosines(truth, measured):
    products = (truth * measured).sum(dim=1)
    return {"worst": products.min().item(), "mean": products.mean().item()}


def main():
    state = weights()
    truth = embeddings(state)
    expected = {"tensors": {}, "all": {}, "gelu": cosines(truth, embeddings(state, quick_gelu=False))}
    for name in CHANGED:
        after = changed(state[name])
        expected["tensors"][name] = figures(state[name], after) | cosines(truth, embeddings(state | {name: after}))
    everything = state | {name: changed(state[name]) for name in CHANGED}
    expected["all"] = cosines(truth, embeddings(everything))
    (HERE / "mini-vit.json").write_text(json.dumps(expected, indent=2) + "\n")


if __name__ == "__main__":
    main()
