"""The libraries that exports are for, each with the same few methods."""

import json

import numpy as np
import torch


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def same_tokens(ours, theirs):
    """Equal up to the end of the text; libraries pad the rest differently."""
    ends = ours.argmax(axis=1) + 1
    return all(len(b) >= n and list(a[:n]) == list(b[:n]) for a, b, n in zip(ours, theirs, ends))


class Safetensors:
    """OpenAI's `clip.model`, its heads and sizes taken from the tensors."""

    def __init__(self, path, truth):
        import clip
        from clip.model import build_model
        from safetensors.torch import load_file

        self.truth, self.opened_by = truth, "clip.build_model"
        self.tokenize = clip.tokenize
        state = load_file(path)
        self.model = build_model(state).float().eval()

    def images(self):
        return unit(self.model.encode_image(torch.from_numpy(self.truth.pixels)).numpy())

    def texts(self):
        return unit(self.model.encode_text(torch.from_numpy(self.truth.ids)).numpy())

    def token_ids_equal(self):
        return None


class HuggingFace:
    """transformers' classes for a complete CLIP, or for one tower."""

    def __init__(self, path, truth):
        import transformers

        self.truth, self.path, self.transformers = truth, path, transformers
        name = json.loads((path / "config.json").read_text())["architectures"][0]
        self.opened_by = name
        self.model, report = getattr(transformers, name).from_pretrained(
            path, dtype=torch.float32, output_loading_info=True)
        assert not report["missing_keys"] and not report["unexpected_keys"], report
        self.model.eval()

    def images(self):
        pixels = torch.from_numpy(self.truth.pixels)
        if self.opened_by == "CLIPModel":
            return unit(pooled(self.model.get_image_features(pixel_values=pixels)).numpy())
        return self.alone(self.model(pixel_values=pixels), "image_embeds")

    def texts(self):
        ids = torch.from_numpy(self.truth.ids).long()
        if self.opened_by == "CLIPModel":
            return unit(pooled(self.model.get_text_features(input_ids=ids)).numpy())
        return self.alone(self.model(input_ids=ids), "text_embeds")

    def alone(self, output, name):
        embeddings = getattr(output, name, None)
        return output.pooler_output.numpy() if embeddings is None else unit(embeddings.numpy())

    def token_ids_equal(self):
        if not self.truth.texts:
            return None
        processor = self.transformers.CLIPProcessor.from_pretrained(self.path)
        image = np.zeros((self.truth.image_size + 9, self.truth.image_size + 30, 3), np.uint8)
        inputs = processor(
            text=self.truth.texts, images=image, padding=True, truncation=True, return_tensors="pt")
        assert tuple(inputs["pixel_values"].shape[1:]) == (3, self.truth.image_size, self.truth.image_size)
        return same_tokens(self.truth.ids, inputs["input_ids"].numpy())


def pooled(result):
    return getattr(result, "pooler_output", result)


class OpenCLIP:
    """open_clip's `local-dir:`."""

    def __init__(self, path, truth):
        import open_clip

        self.truth, self.opened_by = truth, "open_clip local-dir:"
        self.model, _, self.preprocess = open_clip.create_model_and_transforms(f"local-dir:{path}")
        self.tokenizer = open_clip.get_tokenizer(f"local-dir:{path}")
        self.model.float().eval()

    def images(self):
        from PIL import Image

        image = Image.new("RGB", (self.truth.image_size + 9, self.truth.image_size + 30))
        assert self.preprocess(image).shape == (3, self.truth.image_size, self.truth.image_size)
        return unit(self.model.encode_image(torch.from_numpy(self.truth.pixels)).numpy())

    def texts(self):
        return unit(self.model.encode_text(torch.from_numpy(self.truth.ids).long()).numpy())

    def token_ids_equal(self):
        if not self.truth.texts:
            return None
        return same_tokens(self.truth.ids, self.tokenizer(self.truth.texts).numpy())


class ONNX:
    """ONNX Runtime, after onnx's own checker."""

    def __init__(self, path, truth, settings=()):
        self.truth, self.path, self.settings = truth, path, dict(settings)
        self.opened_by = ", ".join(["onnxruntime", *(f"{key}={value}" for key, value in self.settings.items())])

    def session(self, tower):
        import onnx
        import onnxruntime

        file = str(self.path / tower / "model.onnx")
        onnx.checker.check_model(file, full_check=True)
        options = onnxruntime.SessionOptions()
        for key, value in self.settings.items():
            options.add_session_config_entry(key, value)
        return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])

    def images(self):
        return self.session("visual").run(None, {"image": self.truth.pixels})[0]

    def texts(self):
        return self.session("textual").run(None, {"text": self.truth.ids})[0]

    def token_ids_equal(self):
        if not self.truth.texts:
            return None
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self.path / "textual/tokenizer.json"))
        tokenizer.enable_truncation(max_length=self.truth.context)
        return same_tokens(self.truth.ids, [tokenizer.encode(text).ids for text in self.truth.texts])


class ONNXInFloats(ONNX):
    """The same, computed exactly as in the graph: integers are widened before they are multiplied."""

    def __init__(self, path, truth):
        super().__init__(path, truth, {"session.disable_quant_qdq": "1"})


def openers(target, precision):
    """The ways to open an export. ONNX Runtime's treatment of integers depends on its settings."""
    if target == "onnx" and precision == "int8":
        return [ONNX, ONNXInFloats]
    return [{"safetensors": Safetensors, "huggingface": HuggingFace, "open-clip": OpenCLIP, "onnx": ONNX}[target]]
