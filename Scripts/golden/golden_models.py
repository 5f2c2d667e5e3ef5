"""Loads a checkpoint with the library that it belongs to, and names the stages of its forward pass.

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

import golden_inputs


@dataclass
class Stage:
    """A module whose output (or first input) is the state at a stage of the forward pass."""

    name: str
    module: nn.Module
    tokens_first: bool = False  # [tokens, batch, width] instead of [batch, tokens, width]
    is_input: bool = False
    pooled_only: bool = False  # later implementations may compute the pooled row alone
    mean_only: bool = False  # no single row becomes the embedding


@dataclass
class Subject:
    """A model under test: FP32 or float64, evaluation mode."""

    module: nn.Module
    image: Callable  # pixels [n, 3, S, S] → [n, E]
    text: Callable  # ids [n, C] → [n, E]
    image_stages: list
    text_stages: list
    logits: Callable  # cosines → logits of the model's score
    library: str
    pooled: Callable = staticmethod(lambda ids: ids.argmax(dim=-1))  # ids [n, C] → the position that is pooled [n]

    def doubled(self):
        """The same model in float64, recorded at the same stages."""
        twin = SUBJECTS[self.library](copy.deepcopy(self.module).double())
        names = {stage.name for stage in self.image_stages}
        twin.image_stages = [stage for stage in twin.image_stages if stage.name in names]
        for module in twin.module.modules():
            if isinstance(module, nn.LayerNorm):  # OpenAI's own forward casts to FP32
                module.forward = nn.LayerNorm.forward.__get__(module)
        return twin


def blocks(prefix, modules, **options):
    return [Stage(f"{prefix}.{index}", module, **options) for index, module in enumerate(modules)]


def logits(model, cosines):
    """`model.logit_bias` is open_clip's, for SigLIP's loss."""
    bias = getattr(model, "logit_bias", None)
    scaled = model.logit_scale.exp().item() * cosines
    return scaled if bias is None else scaled + bias.item()


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
                   lambda cosines: logits(model, cosines), library)


def transformers_subject(model):
    """transformers' `CLIPModel`, and `MetaClip2Model`, which has its modules."""
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
                   lambda cosines: logits(model, cosines), "transformers", pooled_position(model.config))


def transformers_siglip_subject(model):
    """transformers' `SiglipModel`."""
    def pooled(result):
        return getattr(result, "pooler_output", result)

    vision, text = model.vision_model, model.text_model
    image_stages = [Stage("visual.positional_embedding", vision.embeddings, mean_only=True),
                    *blocks("visual.transformer.resblocks", vision.encoder.layers, mean_only=True),
                    Stage("visual.ln_post", vision.post_layernorm, mean_only=True)]
    text_stages = [Stage("positional_embedding", text.embeddings),
                   *blocks("transformer.resblocks", text.encoder.layers),
                   Stage("ln_final", text.final_layer_norm)]
    return Subject(model.eval(), lambda x: pooled(model.get_image_features(pixel_values=x)),
                   lambda ids: pooled(model.get_text_features(input_ids=ids)), image_stages, text_stages,
                   lambda cosines: logits(model, cosines), "transformers_siglip", last_position)


def open_clip_siglip_subject(model):
    """open_clip's `CustomTextCLIP` with timm's trunk."""
    trunk, text = model.visual.trunk, model.text
    image_stages = [Stage("visual.positional_embedding", trunk.blocks[0], is_input=True, mean_only=True),
                    *blocks("visual.transformer.resblocks", trunk.blocks, mean_only=True),
                    Stage("visual.ln_post", trunk.norm, mean_only=True)]
    text_stages = [Stage("positional_embedding", text.transformer.resblocks[0], is_input=True),
                   *blocks("transformer.resblocks", text.transformer.resblocks), Stage("ln_final", text.ln_final)]
    return Subject(model.eval(), model.encode_image, model.encode_text, image_stages, text_stages,
                   lambda cosines: logits(model, cosines), "open_clip_siglip", last_position)


def last_position(ids):
    return torch.full(ids.shape[:1], ids.shape[1] - 1)


def pooled_position(config):
    """As CLIPTextTransformer: 2, which early configurations have by mistake, means the highest id. MetaCLIP 2's is real."""
    eos = config.text_config.eos_token_id
    is_mistake = eos == 2 and config.model_type != "metaclip_2"
    return lambda ids: ids.argmax(dim=-1) if is_mistake else (ids == eos).int().argmax(dim=-1)


SUBJECTS = {"clip": openai_subject, "open_clip": open_clip_subject, "transformers": transformers_subject,
            "transformers_siglip": transformers_siglip_subject, "open_clip_siglip": open_clip_siglip_subject}


def load(path):
    """The FP32 subject of a checkpoint file or folder, with its library's own preprocessing and tokenizer."""
    path = Path(path)
    if path.is_file():
        import clip

        model, _ = clip.load(str(path), device="cpu", jit=False)
        return Original(openai_subject(model.float()), model.visual.input_resolution, model.context_length, path)
    if (path / "open_clip_config.json").exists():
        return load_open_clip(path)
    if (path / "config.json").exists():
        import transformers

        library, subject = {
            "clip": (transformers.CLIPModel, transformers_subject),
            "metaclip_2": (transformers.MetaClip2Model, transformers_subject),
            "siglip": (transformers.SiglipModel, transformers_siglip_subject),
        }[json.loads((path / "config.json").read_text())["model_type"]]
        model = library.from_pretrained(path, dtype=torch.float32)
        return Original(subject(model), model.config.vision_config.image_size,
                        model.config.text_config.max_position_embeddings, path)
    raise SystemExit(f"{path}: neither OpenAI's .pt archive nor a folder with open_clip_config.json or config.json")


def load_open_clip(folder):
    import open_clip

    config = json.loads((folder / "open_clip_config.json").read_text())
    model_config = config["model_cfg"]
    model = open_clip.CLIP(**model_config)
    weights = next(p for p in sorted(folder.iterdir())
                   if p.name.startswith("open_clip_") and p.suffix in (".safetensors", ".bin", ".pt"))
    if weights.suffix == ".safetensors":
        from safetensors.torch import load_file

        state = load_file(weights)
    else:
        state = torch.load(weights, map_location="cpu", weights_only=True)
    model.load_state_dict({name: t.float() if t.is_floating_point() else t for name, t in state.items()})
    return Original(open_clip_subject(model), model_config["vision_cfg"]["image_size"], model.context_length, folder,
                    config)


@dataclass
class Original:
    """A checkpoint in its own library."""

    subject: Subject
    size: int
    context: int
    path: Path
    config: dict = None  # open_clip_config.json

    def inputs(self, images, texts, backend):
        """golden_inputs.Inputs, FP32 pixels [n, 3, S, S] and ids [m, C], by the library's own preprocessing and
        tokenizer."""
        levels, pixels, found, preprocessor = self.prepared(images, backend)
        ids, tokenizer = self.tokenized(texts)
        return golden_inputs.Inputs(images, levels, texts, found, preprocessor, tokenizer), pixels, ids

    def prepared(self, images, backend):
        if golden_inputs.is_transformers(self.subject.library):
            return golden_inputs.prepare_transformers(images, self.size, self.path, backend)
        if backend == "torchvision":
            raise SystemExit(f"--backend torchvision: {self.subject.library} resizes with Pillow")
        if self.subject.library == "open_clip":
            return golden_inputs.prepare_open_clip(images, self.size, self.config.get("preprocess_cfg", {}))
        return golden_inputs.prepare_openai(images, self.size)

    def tokenized(self, texts):
        if golden_inputs.is_transformers(self.subject.library):
            return golden_inputs.tokenize_transformers(texts, self.context, self.path, self.subject.pooled)
        if self.subject.library == "open_clip":
            options = self.config["model_cfg"]["text_cfg"].get("tokenizer_kwargs") or {}
            return golden_inputs.tokenize_open_clip(texts, self.context, options)
        return golden_inputs.tokenize_openai(texts, self.context)
