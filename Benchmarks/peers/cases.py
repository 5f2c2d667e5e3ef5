"""The cases to measure: a tower of a variant, its inputs, its batches, and the engines to compare."""

from dataclasses import dataclass

INT8_TRANSFORMER = ("pocketclip-int8", "pocketclip-exact", "onnxruntime-dynamic", "openvino-int8", "openvino-int8-f32")
INT8_RESNET = ("pocketclip-int8", "pocketclip-exact", "onnxruntime-static", "openvino-int8", "openvino-int8-f32")
FLOAT = ("pocketclip-fp16", "onnxruntime-fp32", "openvino-fp32", "torch-fp32")
BF16 = ("pocketclip-bf16", "openvino-bf16", "openvino-default")


@dataclass(frozen=True)
class Case:
    """One table row per batch. `inputs`: "images"; "long" (77 ids) or "captions" (at most 16, peers pad to 77)."""

    title: str
    variant: str
    tower: str
    inputs: str
    batches: tuple[int, ...]
    engines: tuple[str, ...]


def _image(title, variant, batches=(1, 16), engines=INT8_TRANSFORMER):
    return Case(title, variant, "image", "images", batches, engines)


CASES = {
    "b32-image": _image("ViT-B/32 image, int8", "ViT-B-32"),
    "b16-image": _image("ViT-B/16 image, int8", "ViT-B-16"),
    "l14-image": _image("ViT-L/14 image, int8", "ViT-L-14", batches=(1, 8)),
    "rn50-image": _image("RN50 image, int8", "RN50", engines=INT8_RESNET),
    "b32-text": Case("ViT-B/32 text, 77 ids, int8", "ViT-B-32", "text", "long", (1, 16), INT8_TRANSFORMER),
    "b32-captions": Case("ViT-B/32 text, captions of at most 16 ids, int8", "ViT-B-32", "text", "captions", (1, 16),
                         INT8_TRANSFORMER),
    "b32-float": _image("ViT-B/32 image, FP32-accurate", "ViT-B-32", engines=FLOAT),
    "b32-bf16": _image("ViT-B/32 image, BF16 arithmetic", "ViT-B-32", engines=BF16),
}

PRECISIONS = {"pocketclip-int8": "int8", "pocketclip-exact": "int8", "pocketclip-fp16": "fp16",
              "pocketclip-bf16": "bf16",
              "onnxruntime-fp32": "fp32", "onnxruntime-dynamic": "int8", "onnxruntime-static": "int8",
              "openvino-fp32": "fp32", "openvino-bf16": "bf16", "openvino-default": "bf16", "openvino-int8": "int8",
              "openvino-int8-f32": "int8", "torch-fp32": "fp32"}
"""By engine. `openvino-default` is OpenVINO's own choice for FP32 weights: BF16 if the machine has it."""

MINIMUM_COSINE = {"fp32": 0.99999, "fp16": 0.9999, "bf16": 0.99, "int8": 0.8}
"""An engine whose worst cosine against FP32 is lower does not compute the same model: its time means nothing.

Far below every published figure: RN50 as quantized by OpenVINO reaches 0.88, and the table shows it.
"""

WITHOUT_AMX = "-without-amx"
"""Suffix of an engine in a process to which the system refuses AMX."""


def plain(engine):
    """The engine's name without the suffix."""
    return engine.removesuffix(WITHOUT_AMX)


def precision(engine):
    """The class of an engine, which decides its required agreement and its peak."""
    return PRECISIONS[plain(engine)]


def with_refusals(engines):
    """Adds, for a machine with AMX, each engine without it. Engines that compute in FP32 only do not use it."""
    return tuple(name for engine in engines
                 for name in (engine, *([engine + WITHOUT_AMX] if precision(engine) != "fp32" else [])))


def is_ours(engine):
    return engine.startswith("pocketclip-")
