"""Loads a checkpoint with the library that it belongs to, and names the places in its forward pass.

A golden file must come from an original implementation: OpenAI's `clip` for `.pt` archives, open_clip for its
folders, transformers for Hugging Face folders.
"""

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import torch
from torch import nn


@dataclass
class Stage:
    """A module whose output (or first input) is the state at a stage of the forward pass."""

    name: str
    module: nn.Module
    tokens_first: bool = False  # [tokens, batch, width] instead of [batch, tokens, width]
    is_input: bool = False
    pooled_only: bool = False  # later implementations may compute the pooled row alone


@dataclass
class Subject:
    """A model under test: FP32 or float64, evaluation mode."""

    module: nn.Module
    image: Callable  # pixels [n, 3, S, S] → [n, E]
    text: Callable  # ids [n, C] → [n, E]
    image_stages: list
    text_stages: list
    logit_scale: Callable  # → float
    library: str

    def doubled(self):
        """The same model in float64, watched at the same stages."""
        twin = SUBJECTS[self.library](copy.deepcopy(self.module).double())
        names = {stage.name for stage in self.image_stages}
        twin.image_stages = [stage for stage in twin.image_stages if stage.name in names]
        for module in twin.module.modules():
            if isinstance(module, nn.LayerNorm):  # OpenAI's own forward casts to FP32
                module.forward = nn.LayerNorm.forward.__get__(module)
        return twin


def blocks(prefix, modules, **options):
    return [Stage(f"{prefix}.{index}", module, **options) for index, module in enumerate(modules)]


def openai_subject(model):
    """`clip.model.CLIP`; open_clip's `CLIP` has the same modules and differs in the order of axes."""
    return _native_subject(model, "clip", tokens_first=True)


def open_clip_subject(model):
    return _native_subject(model, "open_clip", tokens_first=False)


def _native_subject(model, library, tokens_first):
    visual = model.visual
    if hasattr(visual, "layer1"):
        image = [Stage("visual.stem", visual.avgpool)]
        for number in (1, 2, 3, 4):
            image += blocks(f"visual.layer{number}", getattr(visual, f"layer{number}"))
    else:
        image = [Stage("visual.ln_pre", visual.ln_pre),
                 *blocks("visual.transformer.resblocks", visual.transformer.resblocks, tokens_first=tokens_first),
                 Stage("visual.ln_post", visual.ln_post, pooled_only=True)]
    text = [Stage("positional_embedding", model.transformer.resblocks[0], tokens_first=tokens_first, is_input=True),
            *blocks("transformer.resblocks", model.transformer.resblocks, tokens_first=tokens_first),
            Stage("ln_final", model.ln_final)]
    return Subject(model.eval(), model.encode_image, model.encode_text, image, text,
                   lambda: model.logit_scale.exp().item(), library)


def transformers_subject(model):
    """transformers' `CLIPModel`."""
    def pooled(result):
        return getattr(result, "pooler_output", result)

    vision, text = model.vision_model, model.text_model
    image_stages = [Stage("visual.ln_pre", vision.pre_layrnorm),
                    *blocks("visual.transformer.resblocks", vision.encoder.layers),
                    Stage("visual.ln_post", vision.post_layernorm, pooled_only=True)]
    text_stages = [Stage("positional_embedding", text.embeddings),
                   *blocks("transformer.resblocks", text.encoder.layers),
                   Stage("ln_final", text.final_layer_norm)]
    return Subject(model.eval(), lambda x: pooled(model.get_image_features(pixel_values=x)),
                   lambda ids: pooled(model.get_text_features(input_ids=ids)), image_stages, text_stages,
                   lambda: model.logit_scale.exp().item(), "transformers")


SUBJECTS = {"clip": openai_subject, "open_clip": open_clip_subject, "transformers": transformers_subject}


def load(path):
    """The FP32 subject of a checkpoint file or folder, and its picture size."""
    path = Path(path)
    if path.is_file():
        import clip

        model, _ = clip.load(str(path), device="cpu", jit=False)
        return openai_subject(model.float()), model.visual.input_resolution
    if (path / "open_clip_config.json").exists():
        return load_open_clip(path)
    if (path / "config.json").exists():
        from transformers import CLIPModel

        model = CLIPModel.from_pretrained(path, dtype=torch.float32)
        return transformers_subject(model), model.config.vision_config.image_size
    raise SystemExit(f"{path}: neither OpenAI's .pt archive nor a folder with open_clip_config.json or config.json")


def load_open_clip(folder):
    import open_clip

    config = json.loads((folder / "open_clip_config.json").read_text())["model_cfg"]
    model = open_clip.CLIP(**config)
    weights = next(p for p in sorted(folder.iterdir()) if p.name.startswith("open_clip_") and p.suffix != ".json")
    if weights.suffix == ".safetensors":
        from safetensors.torch import load_file

        state = load_file(weights)
    else:
        state = torch.load(weights, map_location="cpu", weights_only=True)
    model.load_state_dict({name: t.float() if t.is_floating_point() else t for name, t in state.items()})
    return open_clip_subject(model), config["vision_cfg"]["image_size"]
