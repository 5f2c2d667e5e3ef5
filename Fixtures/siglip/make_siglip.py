#!/usr/bin/env python3
"""Small SigLIP models with random weights, in the files that libraries publish, and their golden vectors.

    .venv-goldens/bin/python Fixtures/siglip/make_siglip.py

One set of weights, every tensor random (zeros would hide a missing addition), written by transformers' `SiglipModel` (the
folder `hugging-face`) and by open_clip's `CustomTextCLIP` with timm's trunk (the folder `open-clip`). Sizes are chosen to show
mistakes: 16 patches of 8 x 8, heads of 24 channels, hidden layers of other widths than 4 W, a text tower of another width
than the image tower's. Goldens are computed by the library that each file belongs to. Environment:
Scripts/environments/venv-goldens.sh.
"""

import json
import pathlib
import sys

import numpy
import open_clip
import timm
import torch
import transformers
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "Scripts" / "golden"))
import golden_file
import golden_models

IMAGE = dict(hidden_size=72, intermediate_size=136, num_hidden_layers=3, num_attention_heads=3, image_size=34, patch_size=8)
TEXT = dict(hidden_size=48, intermediate_size=80, num_hidden_layers=2, num_attention_heads=2, vocab_size=120,
            max_position_embeddings=16, projection_size=72)


SQUARE = 32
"""Pixels of the open-clip model, which has no configuration beside it: what the positions imply. The other ignores two."""


def randomize(model, seed):
    """Values whose sizes are those of trained models: weights 1 / sqrt(inputs), gains around 1."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in model.state_dict().items():
        noise = torch.randn(tensor.shape, generator=generator)
        if name == "logit_scale":
            noise = torch.full_like(tensor, 4.6)
        elif name == "logit_bias":
            noise = torch.full_like(tensor, -12.5)
        elif tensor.ndim == 1 and name.endswith("weight"):
            noise = 1 + 0.2 * noise
        elif tensor.ndim <= 1:
            noise = 0.1 * noise
        elif "embedding" in name or name.endswith("probe"):
            noise = 0.5 * noise
        else:
            noise = 1.2 * noise / tensor[0].numel() ** 0.5
        tensor.copy_(noise)


def hugging_face():
    config = transformers.SiglipConfig(
        text_config=dict(TEXT, layer_norm_eps=1e-6), vision_config=dict(IMAGE, layer_norm_eps=1e-6))
    model = transformers.SiglipModel(config)
    randomize(model, 1)
    return model.float().eval()


class Timm(torch.nn.Module):
    """The part of open_clip's `TimmModel` that computes: `trunk`."""

    def __init__(self, trunk):
        super().__init__()
        self.trunk = trunk

    def forward(self, x):
        return self.trunk(x)


def in_open_clip(source, activation):
    """open_clip's classes at these sizes, with the weights of a `SiglipModel`. `activation`: of both towers, as published
    open_clip models of SigLIP 1 (erf) have."""
    trunk = timm.models.vision_transformer.VisionTransformer(
        img_size=SQUARE, patch_size=IMAGE["patch_size"], embed_dim=IMAGE["hidden_size"],
        depth=IMAGE["num_hidden_layers"], num_heads=IMAGE["num_attention_heads"],
        mlp_ratio=IMAGE["intermediate_size"] / IMAGE["hidden_size"], class_token=False, global_pool="map", num_classes=0,
        act_layer=activation, norm_layer=torch.nn.LayerNorm)
    for module in trunk.modules():
        if isinstance(module, torch.nn.LayerNorm):
            module.eps = 1e-6
    model = open_clip.CustomTextCLIP(
        embed_dim=TEXT["projection_size"],
        vision_cfg=dict(image_size=IMAGE["image_size"], layers=1, width=64, patch_size=17, head_width=32),
        text_cfg=dict(
            context_length=TEXT["max_position_embeddings"], vocab_size=TEXT["vocab_size"], width=TEXT["hidden_size"],
            heads=TEXT["num_attention_heads"], layers=TEXT["num_hidden_layers"],
            mlp_ratio=TEXT["intermediate_size"] / TEXT["hidden_size"], no_causal_mask=True, proj_bias=True,
            pool_type="last", norm_kwargs={"eps": 1e-6}),
        init_logit_bias=-10)
    model.visual = Timm(trunk)
    model.load_state_dict(open_clip_state(source.state_dict()))
    return model.float().eval()


def open_clip_state(state):
    """Names of timm and open_clip, as their converters map them (timm `_convert_openai_clip`, open_clip `convert.py`)."""
    def linear(target, source):
        return {f"{target}.{part}": state[f"{source}.{part}"] for part in ("weight", "bias")}

    def fused(parts):
        return {part: torch.cat([state[f"{name}.{part}"] for name in parts]) for part in ("weight", "bias")}

    result = {"logit_scale": state["logit_scale"][0], "logit_bias": state["logit_bias"][0]}
    vision, trunk = "vision_model.", "visual.trunk."
    result[trunk + "pos_embed"] = state[vision + "embeddings.position_embedding.weight"][None]
    result |= linear(trunk + "patch_embed.proj", vision + "embeddings.patch_embedding")
    for index in range(IMAGE["num_hidden_layers"]):
        source, block = f"{vision}encoder.layers.{index}.", f"{trunk}blocks.{index}."
        qkv = fused([f"{source}self_attn.{letter}_proj" for letter in "qkv"])
        result |= {f"{block}attn.qkv.{part}": value for part, value in qkv.items()}
        for target, name in [("norm1", "layer_norm1"), ("attn.proj", "self_attn.out_proj"), ("norm2", "layer_norm2"),
                             ("mlp.fc1", "mlp.fc1"), ("mlp.fc2", "mlp.fc2")]:
            result |= linear(block + target, source + name)
    result |= linear(trunk + "norm", vision + "post_layernorm")
    pool, head = trunk + "attn_pool.", vision + "head."
    result[pool + "latent"] = state[head + "probe"]
    width = IMAGE["hidden_size"]
    for part in ("weight", "bias"):
        fused_part = state[f"{head}attention.in_proj_{part}"]
        result[f"{pool}q.{part}"], result[f"{pool}kv.{part}"] = fused_part[:width], fused_part[width:]
    for target, name in [("proj", "attention.out_proj"), ("norm", "layernorm"), ("mlp.fc1", "mlp.fc1"),
                         ("mlp.fc2", "mlp.fc2")]:
        result |= linear(pool + target, head + name)
    result["text.token_embedding.weight"] = state["text_model.embeddings.token_embedding.weight"]
    result["text.positional_embedding"] = state["text_model.embeddings.position_embedding.weight"]
    for index in range(TEXT["num_hidden_layers"]):
        source, block = f"text_model.encoder.layers.{index}.", f"text.transformer.resblocks.{index}."
        qkv = fused([f"{source}self_attn.{letter}_proj" for letter in "qkv"])
        result |= {f"{block}attn.in_proj_{part}": value for part, value in qkv.items()}
        for target, name in [("ln_1", "layer_norm1"), ("attn.out_proj", "self_attn.out_proj"), ("ln_2", "layer_norm2"),
                             ("mlp.c_fc", "mlp.fc1"), ("mlp.c_proj", "mlp.fc2")]:
            result |= linear(block + target, source + name)
    result |= linear("text.ln_final", "text_model.final_layer_norm")
    result |= linear("text.text_projection", "text_model.head")
    return result


def inputs(size):
    generator = numpy.random.default_rng(7)
    pixels = torch.from_numpy(generator.uniform(-1, 1, (4, 3, size, size)).astype(numpy.float32))
    ids = torch.from_numpy(generator.integers(2, TEXT["vocab_size"], (5, TEXT["max_position_embeddings"])))
    for row, length in zip(ids, (1, 3, 8, 15, 16)):
        row[length - 1:] = 1  # end of text, then pads of the same id, as SigLIP's tokenizer
    return pixels, ids


def write_golden(name, subject, size):
    pixels, ids = inputs(size)
    golden_file.write(HERE / f"{name}.safetensors", subject, pixels, ids, model=f"small SigLIP ({name})",
                      weights="tiny", viewed=1, limit=100_000)


def main():
    torch.set_num_threads(1)
    model = hugging_face()
    folder = HERE / "hugging-face"
    model.half().save_pretrained(folder)
    model = transformers.SiglipModel.from_pretrained(folder, dtype=torch.float32).eval()
    transformers.SiglipImageProcessorPil(
        size={"height": IMAGE["image_size"], "width": IMAGE["image_size"]}).save_pretrained(folder)
    write_golden("hugging-face", golden_models.transformers_siglip_subject(model), IMAGE["image_size"])
    folder = HERE / "open-clip"
    folder.mkdir(exist_ok=True)
    converted = in_open_clip(model, torch.nn.GELU)
    save_file({name: tensor.half() for name, tensor in converted.state_dict().items()},
              folder / "open_clip_model.safetensors")
    write_golden("open-clip", golden_models.open_clip_siglip_subject(converted), SQUARE)


if __name__ == "__main__":
    main()
