#!/usr/bin/env python3
"""Writes the tiny models as ONNX: torch's two exporters on OpenAI's and Hugging Face's modules, ONNX Runtime's int8.

Environment: Scripts/environments/venv-onnx.sh.
"""

import importlib.util
import pathlib
import sys
import tempfile
import types

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "Scripts" / "golden")]

if importlib.util.find_spec("pkg_resources") is None:  # `import clip` needs it, its model does not
    package = types.ModuleType("clip")
    package.__path__ = importlib.util.find_spec("clip").submodule_search_locations
    sys.modules["clip"] = package

import make_hugging_face
import openai_archive
import tiny
from clip.model import CLIP
from transformers import CLIPTextModelWithProjection, CLIPVisionModelWithProjection

TORCH = f"torch {torch.__version__.split('+')[0]}"
WRITER = f"{TORCH}, onnx {onnx.__version__}"
QUANTIZER = f"{WRITER}, onnxruntime {onnxruntime.__version__}"
EVIDENCE = "operations of the graph"
SIZE = tiny.MODELS["vit"]["image_resolution"]
PIXELS = torch.zeros(2, 3, SIZE, SIZE)
IDS = torch.zeros(2, tiny.CONTEXT, dtype=torch.int64)
IDS[:, 1] = tiny.VOCABULARY - 1


class SingleLogits(CLIP):
    """Logits in FP32, whatever the towers compute in."""

    def forward(self, image, text):
        towers = self.encode_image(image), self.encode_text(text)
        image, text = (tower.float() / tower.float().norm(dim=1, keepdim=True) for tower in towers)
        return self.logit_scale.exp() * image @ text.t()


def openai(kind, half=True, of=CLIP):
    """As published by OpenAI, FP16 matrices and FP32 vectors; or all in FP32."""
    model = of(**tiny.MODELS[kind]).float().eval()
    tiny.fill(model)
    if half:
        openai_archive.half_tensors(model)
    return model


def traced(module, arguments, path, opset, names, **options):
    """With the exporter that traces TorchScript; every input has a free batch."""
    axes = {name: {0: f"batch_{name}"} for name in names}
    torch.onnx.export(module, arguments, str(path), dynamo=False, opset_version=opset, input_names=names,
                      dynamic_axes=axes, **options)


def exported(module, arguments, path, **options):
    """With the exporter that builds on torch.export.

    Of its annotations only the modules' names are kept, because stack traces name files of this machine.
    """
    torch.onnx.export(module, arguments, str(path), dynamo=True, opset_version=20, verbose=False, **options)
    model = onnx.load(path, load_external_data=False)
    for item in (model, model.graph, *model.graph.node, *model.graph.initializer, *model.graph.value_info,
                 *model.graph.input, *model.graph.output):
        kept = [entry for entry in item.metadata_props if entry.key == "pkg.torch.onnx.name_scopes"]
        item.ClearField("metadata_props")
        item.metadata_props.extend(kept)
    path.write_bytes(model.SerializeToString())


def sidecar(name, writer=WRITER, **facts):
    facts = {"model": "vit", "evidence": EVIDENCE, **facts}
    tiny.write_sidecar(HERE / name, format="onnx", writer=writer, **facts)


def write_openai():
    path = HERE / "vit-traced.onnx"
    traced(openai("vit"), (PIXELS.half(), IDS), path, 14, ["image", "text"])
    sidecar(path.name, notes="FP16, TorchScript exporter, opset 14: LayerNorm in parts, products without names")

    folder = make_hugging_face.fresh("vit-dynamo-onnx")
    exported(openai("vit", of=SingleLogits), (PIXELS.half(), IDS), folder / "model.onnx", external_data=True)
    sidecar(folder.name, open=f"{folder.name}/model.onnx",
            notes="FP16, dynamo exporter: external data, class embedding expanded, logit scale exponentiated")

    path = HERE / "rn-image.onnx"
    traced(openai("rn").visual, (torch.zeros(2, 3, 64, 64).half(),), path, 17, ["image"], do_constant_folding=False)
    sidecar(path.name, model="rn", towers="image", names="openai, image tower alone",
            notes="FP16, TorchScript exporter, opset 17, without constant folding, which keeps BatchNorm")

    path = HERE / "rn-folded.onnx"
    traced(openai("rn").visual, (torch.zeros(2, 3, 64, 64).half(),), path, 17, ["image"])
    sidecar(path.name, model="rn", towers="image", names="openai, image tower alone", folded=True,
            notes="FP16, TorchScript exporter, opset 17: BatchNorm folded, attention pooling without names")


def with_configuration(name, model, write, **facts):
    """The layout that optimum publishes: the graph next to config.json."""
    folder = make_hugging_face.fresh(name)
    write(folder / "model.onnx")
    model.config.save_pretrained(folder)
    sidecar(name, evidence=make_hugging_face.EVIDENCE, names="hugging-face", **facts)


def towers(model):
    """The classes of one tower with their arguments."""
    make = make_hugging_face.part
    return (("image", make(model, CLIPVisionModelWithProjection, model.config.vision_config), {"pixel_values": PIXELS}),
            ("text", make(model, CLIPTextModelWithProjection, model.config.text_config),
             {"input_ids": IDS, "attention_mask": torch.ones_like(IDS)}))


def write_hugging_face():
    model = make_hugging_face.build()
    arguments = {"input_ids": IDS, "pixel_values": PIXELS.half(), "attention_mask": torch.ones_like(IDS)}
    with_configuration(
        "vit-hugging-face-onnx", model,
        lambda path: traced(model, tuple(arguments.values()), path, 18, list(arguments)),
        notes="FP16, TorchScript exporter, opset 18: casts of the text tower's vectors folded, their names lost")
    for tower, half, arguments in towers(model):
        arguments = tuple(value.half() if value.is_floating_point() else value for value in arguments.values())
        with_configuration(
            f"vit-hugging-face-{tower}-onnx", half, lambda path: exported(half, arguments, path, external_data=False),
            towers=tower, notes=f"FP16, dynamo exporter, class {type(half).__name__}")


class Samples(CalibrationDataReader):
    def __init__(self):
        pixels = np.random.RandomState(5).standard_normal(PIXELS.shape).astype(np.float32)
        self.samples = iter([{"image": pixels}])

    def get_next(self):
        return next(self.samples, None)


def write_quantized(folder):
    """int8 as published by optimum (dynamic), and from calibration (QuantizeLinear, DequantizeLinear)."""
    kinds = {"image": (QuantType.QUInt8, False), "text": (QuantType.QInt8, True)}
    for tower, half, arguments in towers(make_hugging_face.build()):
        source = folder / f"{tower}.onnx"
        traced(half.float(), tuple(arguments.values()), source, 18, list(arguments))
        kind, per_channel = kinds[tower]
        with_configuration(
            f"vit-dynamic-{tower}-onnx", half,
            lambda path: quantize_dynamic(source, path, per_channel=per_channel, weight_type=kind),
            towers=tower, writer=QUANTIZER, quantized=True, notes=f"quantize_dynamic, {kind}, per channel: {per_channel}")
    source = folder / "openai.onnx"
    traced(openai("vit", half=False).visual, (PIXELS,), source, 14, ["image"])
    path = HERE / "vit-calibrated.onnx"
    quantize_static(source, path, Samples(), quant_format=QuantFormat.QDQ, per_channel=True,
                    weight_type=QuantType.QInt8)
    sidecar(path.name, QUANTIZER, quantized=True, towers="image", names="openai, image tower alone",
            notes="quantize_static of an opset-14 graph: QuantizeLinear, DequantizeLinear")


if __name__ == "__main__":
    write_openai()
    write_hugging_face()
    with tempfile.TemporaryDirectory() as temporary:
        write_quantized(pathlib.Path(temporary))
