"""The tiny models of the layouts, and the original libraries' outputs for them."""

import dataclasses
import importlib.util
import sys
import types
from typing import Callable

import numpy as np
import torch

if importlib.util.find_spec("pkg_resources") is None:  # `import clip` needs it, its model does not
    package = types.ModuleType("clip")
    package.__path__ = importlib.util.find_spec("clip").submodule_search_locations
    sys.modules["clip"] = package

from clip.model import CLIP  # noqa: E402
from transformers import CLIPConfig, CLIPModel  # noqa: E402

CONTEXT, VOCABULARY, SIZE = 16, 128, 24
#: The settings that a bare state dict of OpenAI's does not record.
OPENAI = ["--activation", "quickgelu", "--heads", "2,1", "--pooling", "highest", "--preprocess", "openai"]
#: The settings that transformers' configuration does not record.
PIXELS = ["--preprocess", "openai"]
TOWER = dict(num_attention_heads=2, num_hidden_layers=2, projection_dim=48, hidden_act="gelu")
TEXT = dict(TOWER, hidden_size=64, intermediate_size=256, vocab_size=VOCABULARY, eos_token_id=VOCABULARY - 1,
            max_position_embeddings=CONTEXT, bos_token_id=VOCABULARY - 2, pad_token_id=0)
VISION = dict(TOWER, hidden_size=128, intermediate_size=512, image_size=SIZE, patch_size=8)


@dataclasses.dataclass
class Layout:
    name: str
    #: folder → (path or paths, Truth)
    write: Callable
    options: list[str] = dataclasses.field(default_factory=lambda: list(OPENAI))
    #: A part of the refusal; None for layouts that are read.
    refusal: str | None = None
    #: (folder, paths, options) → (paths, options) that the error says to use.
    remedy: Callable | None = None


@dataclasses.dataclass
class Truth:
    """Embeddings by the original library."""

    writer: str
    image: np.ndarray | None = None
    text: np.ndarray | None = None

    def tensors(self):
        tensors = {}
        for tower, inputs, values in (("image", {"image.pixels": pixels().numpy()}, self.image),
                                      ("text", {"text.ids": ids().numpy().astype(np.int32)}, self.text)):
            if values is not None:
                unit = values / np.linalg.norm(values, axis=-1, keepdims=True)
                tensors |= inputs | {f"{tower}.embedding.f64": unit, f"{tower}.embedding.f32": unit.astype(np.float32)}
        return tensors


def pixels():
    return torch.from_numpy(np.random.RandomState(5).standard_normal((2, 3, SIZE, SIZE)).astype(np.float32))


def ids():
    generator = np.random.RandomState(6)
    rows = np.zeros((2, CONTEXT), np.int64)
    for row, end in zip(rows, (6, 11)):
        row[0], row[1:end], row[end] = VOCABULARY - 2, generator.randint(1, VOCABULARY - 2, end - 1), VOCABULARY - 1
    return torch.from_numpy(rows)


def randomize(model, seed=1):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if not tensor.is_floating_point():
                continue
            noise = torch.randn(tensor.shape, generator=generator)
            if "running_var" in name:
                tensor.copy_(1 + 0.2 * noise.abs())
            elif tensor.ndim == 1:
                tensor.copy_(0.1 * noise + (1 if name.endswith("weight") else 0))
            elif "embedding" in name:
                tensor.copy_(0.5 * noise)
            elif tensor.ndim > 1:
                tensor.copy_(noise * 1.5 / (tensor[0].numel() ** 0.5))
    return model.float().eval()


def openai(layers=2, seed=1):
    """OpenAI's class: a ViT, or with four numbers of layers a ResNet."""
    resnet = isinstance(layers, tuple)
    return randomize(CLIP(
        embed_dim=48, image_resolution=32 if resnet else SIZE, vision_layers=layers, vision_width=4 if resnet else 128,
        vision_patch_size=8, context_length=CONTEXT, vocab_size=VOCABULARY, transformer_width=64, transformer_heads=1,
        transformer_layers=2), seed)


def hugging_face(seed=1):
    return randomize(CLIPModel(CLIPConfig(text_config=TEXT, vision_config=VISION, projection_dim=48)), seed)


def truth(model, writer="clip-anytorch 2.6", image=True, text=True):
    """The output of OpenAI's or open_clip's class, whose LayerNorms are float32, or of transformers' in float64."""
    with torch.no_grad():
        if hasattr(model, "encode_image"):
            result = Truth(writer, model.encode_image(pixels()).double().numpy() if image else None,
                           model.encode_text(ids()).double().numpy() if text else None)
        else:
            model = model.double()
            result = Truth(
                "transformers 5.23",
                model.get_image_features(pixel_values=pixels().double()).pooler_output.numpy() if image else None,
                model.get_text_features(input_ids=ids()).pooler_output.numpy() if text else None)
    model.float()
    return result
