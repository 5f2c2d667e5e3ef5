"""Tiny random CLIPs as bundles in three precisions, and what OpenAI's code computes from the same weights.

    Scripts/venv-goldens.sh; .venv-goldens/bin/python Fixtures/runtime/make_runtime_fixtures.py

torch 2.13.0+cpu, clip-anytorch 2.6.0 (OpenAI's clip package), numpy. Truth is the float64 forward pass, with
clip.model.LayerNorm.forward replaced by nn.LayerNorm.forward, which it casts to float32 otherwise.
"""

import pathlib
import sys

import numpy as np
import torch
from clip import model as clip_model

from tiny_bundles import PRECISIONS, selftest_ids, selftest_pixels, write_bundle

clip_model.LayerNorm.forward = torch.nn.LayerNorm.forward
here = pathlib.Path(__file__).parent

VIT = {"kind": "vit", "size": 30, "patch_size": 7, "width": 40, "layers": 3, "heads": 2, "mlp_width": 160,
       "activation": "quick_gelu", "projection": 24}
RESNET = {"kind": "resnet", "size": 64, "width": 6, "blocks.1": 1, "blocks.2": 2, "blocks.3": 1, "blocks.4": 2,
          "heads": 3, "projection": 24}
TEXT = {"context_length": 13, "vocabulary": 71, "width": 36, "layers": 3, "heads": 3, "mlp_width": 144,
        "activation": "quick_gelu", "pooled_id": "none", "projection": 24}


class TextTower(torch.nn.Module):
    """The text half of clip.model.CLIP, whose constructor ties its sizes to the image half's."""

    def __init__(self, tower):
        super().__init__()
        length, width = tower["context_length"], tower["width"]
        mask = torch.full((length, length), float("-inf")).triu_(1)
        self.transformer = clip_model.Transformer(width, tower["layers"], tower["heads"], mask)
        self.token_embedding = torch.nn.Embedding(tower["vocabulary"], width)
        self.positional_embedding = torch.nn.Parameter(torch.randn(length, width) * 0.02)
        self.ln_final = clip_model.LayerNorm(width)
        self.text_projection = torch.nn.Parameter(torch.randn(width, tower["projection"]) * width**-0.5)
        self.dtype = torch.float64

    encode_text = clip_model.CLIP.encode_text


def randomize(module):
    """Statistics of trained networks in miniature: gains with spread, biases and running means that are not zero."""
    for name, tensor in module.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 2)
        elif name.endswith("running_mean"):
            tensor.normal_(0, 0.3)
        elif tensor.dim() == 1 and name.endswith("weight"):
            tensor.uniform_(0.6, 1.4)
        elif tensor.dim() == 1 and name.endswith("bias"):
            tensor.normal_(0, 0.1)
        elif tensor.dim() == 4:
            tensor.normal_(0, (2 / tensor[0].numel()) ** 0.5)
        elif tensor.dim() == 2 and name.endswith(("weight", "in_proj_weight")):
            tensor.normal_(0, tensor.shape[1] ** -0.5)


def image_tower(tower):
    if tower["kind"] == "vit":
        return clip_model.VisionTransformer(tower["size"], tower["patch_size"], tower["width"], tower["layers"],
                                            tower["heads"], tower["projection"])
    blocks = [tower[f"blocks.{stage}"] for stage in (1, 2, 3, 4)]
    return clip_model.ModifiedResNet(blocks, tower["projection"], tower["heads"], tower["size"], tower["width"])


def main():
    torch.manual_seed(20260301)
    text = TextTower(TEXT)
    randomize(text)
    for name, tower in (("vit", VIT), ("resnet", RESNET)):
        visual = image_tower(tower)
        randomize(visual)
        write_family(name, tower, visual.eval(), text.eval())


def write_family(name, tower, visual, text):
    # Weights that FP16 holds exactly, so that one truth serves FP32 and FP16.
    state = {"visual." + key: value for key, value in visual.state_dict().items()} | dict(text.state_dict())
    for value in state.values():
        if value.is_floating_point():
            value.copy_(value.half().float())
    arrays = {key: value.numpy() for key, value in state.items()} | {"logit_scale": np.float32(np.log(100))}
    goldens = golden_vectors(tower, visual.double(), text.double())
    for precision in PRECISIONS:
        write_bundle(here / f"{name}-{precision}.pclip", precision, arrays, tower, TEXT,
                     selftest=goldens["selftest"], tolerance=(0.05, 0.05) if precision == "int8" else (1e-5, 1e-5))
    (here / f"{name}-images.f64").write_bytes(goldens["images"].tobytes())
    (here / f"{name}-texts.f64").write_bytes(goldens["texts"].tobytes())


@torch.no_grad()
def golden_vectors(tower, visual, text):
    """Unit vectors of the generated pictures and of texts of every length."""
    values = 3 * tower["size"] ** 2
    pixels = selftest_pixels(IMAGES * values).reshape(IMAGES, 3, tower["size"], tower["size"])
    images = visual(torch.from_numpy(pixels).double())
    texts = text.encode_text(torch.tensor(text_ids()))
    images = images / images.norm(dim=1, keepdim=True)
    texts = texts / texts.norm(dim=1, keepdim=True)
    first_text = text.encode_text(torch.tensor([selftest_ids(TEXT["context_length"], TEXT["vocabulary"])]))
    return {"images": images.numpy(), "texts": texts.numpy(),
            "selftest": {"image": images[0].float().numpy(),
                         "text": (first_text[0] / first_text[0].norm()).float().numpy()}}


IMAGES = 3


def text_ids():
    """One text of each length from 2 to the context: start, 7·position + length, …, end, zeros."""
    context, vocabulary = TEXT["context_length"], TEXT["vocabulary"]
    rows = []
    for length in range(2, context + 1):
        middle = [(7 * position + length) % (vocabulary - 2) for position in range(1, length - 1)]
        rows.append([vocabulary - 2] + middle + [vocabulary - 1] + [0] * (context - length))
    return rows


if __name__ == "__main__":
    sys.exit(main())
