"""ONNX models in the folder layouts of their users."""

import json

import numpy as np
import torch

from .model import CONTEXT, OPENAI, PIXELS, SIZE, Layout, hugging_face, ids, openai, pixels, truth


class Image(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.m = model

    def forward(self, pixel_values):
        if hasattr(self.m, "encode_image"):
            return self.m.encode_image(pixel_values)
        return self.m.get_image_features(pixel_values=pixel_values).pooler_output


class Text(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.m = model

    def forward(self, input_ids):
        if hasattr(self.m, "encode_text"):
            return self.m.encode_text(input_ids)
        return self.m.get_text_features(input_ids=input_ids).pooler_output


def export(module, example, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    name = "pixel_values" if example.is_floating_point() else "input_ids"
    torch.onnx.export(module, (example,), str(path), opset_version=17, dynamo=False, input_names=[name],
                      output_names=["embeds"], dynamic_axes={name: {0: "batch"}})


def pair(image, text, make=openai, config=None):
    def write(folder):
        model = make()
        export(Image(model), pixels(), folder / image)
        export(Text(model), ids(), folder / text)
        if config:
            config(folder)
        return folder, truth(model)
    return write


def preprocessing(folder):
    (folder / "visual/preprocess_cfg.json").write_text(json.dumps({
        "size": [SIZE, SIZE], "mode": "RGB", "mean": [0.48145466, 0.4578275, 0.40821073],
        "std": [0.26862954, 0.26130258, 0.27577711], "interpolation": "bicubic", "resize_mode": "shortest"}))


def two_paths(folder):
    path, expected = pair("a.onnx", "b.onnx")(folder)
    return path, expected


EXPORTS = [
    Layout("ONNX in `visual/` and `textual/`, with preprocess_cfg.json (Immich)",
           pair("visual/model.onnx", "textual/model.onnx", config=preprocessing), []),
    Layout("ONNX in `onnx/`, vision_model and text_model (transformers.js)",
           pair("onnx/vision_model.onnx", "onnx/text_model.onnx", hugging_face), PIXELS),
    Layout("ONNX named visual.onnx and textual.onnx", pair("visual.onnx", "textual.onnx"), PIXELS),
    Layout("two ONNX files of other names", two_paths, PIXELS, "a.onnx, b.onnx",
           lambda folder, paths, options: ([folder / "a.onnx", folder / "b.onnx"], options)),
]
