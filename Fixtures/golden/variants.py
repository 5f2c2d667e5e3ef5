"""The nine OpenAI variants: their numbers, and every tensor's name and shape. No dependency."""

from __future__ import annotations

from dataclasses import dataclass

CONTEXT = 77
VOCABULARY = 49408

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Variant:
    name: str
    embedding: int
    image_size: int
    layers: int | tuple[int, int, int, int]
    """Transformer blocks, or bottlenecks of the four stages."""
    width: int
    """Transformer width, or stem width."""
    patch: int | None
    text_width: int
    text_layers: int = 12

    @property
    def is_resnet(self) -> bool:
        return self.patch is None

    @property
    def tokens(self) -> int:
        """Rows of the image tower's positional embedding."""
        return (self.image_size // (self.patch or 32)) ** 2 + 1

    def schema(self) -> dict[str, Shape]:
        """Every floating-point tensor of the state dict, canonical name to shape."""
        image = _resnet(self) if self.is_resnet else _vision_transformer(self)
        return _text(self) | {f"visual.{name}": shape for name, shape in image.items()}


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant("RN50", 1024, 224, (3, 4, 6, 3), 64, None, 512),
        Variant("RN101", 512, 224, (3, 4, 23, 3), 64, None, 512),
        Variant("RN50x4", 640, 288, (4, 6, 10, 6), 80, None, 640),
        Variant("RN50x16", 768, 384, (6, 8, 18, 8), 96, None, 768),
        Variant("RN50x64", 1024, 448, (3, 15, 36, 10), 128, None, 1024),
        Variant("ViT-B-32", 512, 224, 12, 768, 32, 512),
        Variant("ViT-B-16", 512, 224, 12, 768, 16, 512),
        Variant("ViT-L-14", 768, 224, 24, 1024, 14, 768),
        Variant("ViT-L-14-336px", 768, 336, 24, 1024, 14, 768),
    )
}


def _layer_norm(width: int) -> dict[str, Shape]:
    return {"weight": (width,), "bias": (width,)}


def _batch_norm(width: int) -> dict[str, Shape]:
    return {"weight": (width,), "bias": (width,), "running_mean": (width,), "running_var": (width,)}


def _linear(outputs: int, inputs: int) -> dict[str, Shape]:
    return {"weight": (outputs, inputs), "bias": (outputs,)}


def _under(prefix: str, tensors: dict[str, Shape]) -> dict[str, Shape]:
    return {f"{prefix}.{name}": shape for name, shape in tensors.items()}


def _transformer(width: int, layers: int) -> dict[str, Shape]:
    block = (
        {"attn.in_proj_weight": (3 * width, width), "attn.in_proj_bias": (3 * width,)}
        | _under("attn.out_proj", _linear(width, width))
        | _under("ln_1", _layer_norm(width))
        | _under("mlp.c_fc", _linear(4 * width, width))
        | _under("mlp.c_proj", _linear(width, 4 * width))
        | _under("ln_2", _layer_norm(width))
    )
    schema: dict[str, Shape] = {}
    for layer in range(layers):
        schema |= _under(f"transformer.resblocks.{layer}", block)
    return schema


def _text(variant: Variant) -> dict[str, Shape]:
    width = variant.text_width
    return (
        {
            "positional_embedding": (CONTEXT, width),
            "text_projection": (width, variant.embedding),
            "logit_scale": (),
            "token_embedding.weight": (VOCABULARY, width),
        }
        | _transformer(width, variant.text_layers)
        | _under("ln_final", _layer_norm(width))
    )


def _vision_transformer(variant: Variant) -> dict[str, Shape]:
    width, patch = variant.width, variant.patch
    return (
        {
            "class_embedding": (width,),
            "positional_embedding": (variant.tokens, width),
            "proj": (width, variant.embedding),
            "conv1.weight": (width, 3, patch, patch),
        }
        | _under("ln_pre", _layer_norm(width))
        | _transformer(width, variant.layers)
        | _under("ln_post", _layer_norm(width))
    )


def _bottleneck(inputs: int, planes: int, first: bool) -> dict[str, Shape]:
    tensors = {
        "conv1.weight": (planes, inputs, 1, 1),
        "conv2.weight": (planes, planes, 3, 3),
        "conv3.weight": (4 * planes, planes, 1, 1),
    }
    for index, width in ((1, planes), (2, planes), (3, 4 * planes)):
        tensors |= _under(f"bn{index}", _batch_norm(width))
    if first:
        tensors["downsample.0.weight"] = (4 * planes, inputs, 1, 1)
        tensors |= _under("downsample.1", _batch_norm(4 * planes))
    return tensors


def _resnet(variant: Variant) -> dict[str, Shape]:
    stem, features = variant.width, 32 * variant.width
    schema: dict[str, Shape] = {
        "conv1.weight": (stem // 2, 3, 3, 3),
        "conv2.weight": (stem // 2, stem // 2, 3, 3),
        "conv3.weight": (stem, stem // 2, 3, 3),
    }
    for index, width in ((1, stem // 2), (2, stem // 2), (3, stem)):
        schema |= _under(f"bn{index}", _batch_norm(width))
    inputs = stem
    for stage, blocks in enumerate(variant.layers, start=1):
        planes = stem << (stage - 1)
        for block in range(blocks):
            schema |= _under(f"layer{stage}.{block}", _bottleneck(inputs, planes, first=block == 0))
            inputs = 4 * planes
    schema["attnpool.positional_embedding"] = (variant.tokens, features)
    for projection in ("q_proj", "k_proj", "v_proj"):
        schema |= _under(f"attnpool.{projection}", _linear(features, features))
    return schema | _under("attnpool.c_proj", _linear(variant.embedding, features))
