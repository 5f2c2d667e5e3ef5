"""Computes an original implementation's outputs for some inputs and writes a golden file (docs/GOLDEN.md)."""

import hashlib
import importlib.metadata
import json
import os
import platform

import numpy as np
import torch
from safetensors.numpy import save_file

VERSION = "1"
PACKAGES = {"clip": "clip-anytorch", "open_clip": "open_clip_torch", "transformers": "transformers",
            "transformers_siglip": "transformers", "open_clip_siglip": "open_clip_torch"}


def unit(x):
    return x / x.norm(dim=-1, keepdim=True)


def run(subject, function, stages, inputs, counts, viewed):
    """Embeddings of `inputs`, and {stage: {"pooled" | "mean": [viewed, width]}} of its first items.

    counts: number of tokens of each item, the last of which is pooled; None for images, whose first token
    is pooled.
    """
    views, handles = {}, []

    def observe(stage, state):
        state = state.detach()
        if stage.tokens_first:
            state = state.transpose(0, 1)
        views[stage.name] = view(stage, state[:viewed], counts)

    for stage in stages:
        if stage.is_input:
            hook = stage.module.register_forward_pre_hook(lambda _, x, s=stage: observe(s, x[0]))
        else:
            hook = stage.module.register_forward_hook(lambda _, x, y, s=stage: observe(s, first(y)))
        handles.append(hook)
    with torch.no_grad():
        embeddings = function(inputs)
    for handle in handles:
        handle.remove()
    return embeddings, views


def first(output):
    return output[0] if isinstance(output, tuple) else output


def view(stage, state, counts):
    """The pooled row and the mean over the counted tokens or pixels, of [n, tokens, width], [n, channels, h, w] or [n,
    width]."""
    if state.ndim == 4:
        return {"mean": state.mean(dim=(2, 3))}
    if state.ndim == 2:
        return {"pooled": state}
    if counts is None:
        result = {"pooled": state[:, 0], "mean": state.mean(dim=1)}
    else:
        rows = [row[:count] for row, count in zip(state, counts)]
        result = {"pooled": torch.stack([row[-1] for row in rows]), "mean": torch.stack([r.mean(dim=0) for r in rows])}
    if stage.pooled_only:
        del result["mean"]
    if stage.mean_only:
        del result["pooled"]
    return result


def check_precision(subject, dtype):
    """Makes every module of the model raise if its floating-point output is not `dtype`; returns the hooks."""
    def check(module, _, output):
        output = first(output)
        if isinstance(output, torch.Tensor) and output.is_floating_point() and output.dtype != dtype:
            raise AssertionError(f"{type(module).__name__} computed in {output.dtype}, not {dtype}")

    return [module.register_forward_hook(check) for module in subject.module.modules()]


def outputs(subject, pixels, ids, viewed=2):
    """(unit-norm image and text embeddings, logits, stages in order) of FP32 pixels and integer ids."""
    dtype = next(subject.module.parameters()).dtype
    checks = check_precision(subject, dtype)
    counts = (subject.pooled(ids) + 1).tolist()
    images, stages = run(subject, subject.image, subject.image_stages, pixels.to(dtype), None, viewed)
    texts, more = run(subject, subject.text, subject.text_stages, ids, counts, viewed)
    for check in checks:
        check.remove()
    images, texts = unit(images), unit(texts)
    return images, texts, subject.logits(images @ texts.T), {**stages, **more}


def write(path, subject, pixels, ids, *, model, weights, generated=None, metadata=None, viewed=2,
          limit=None, inputs=None):
    """Writes the golden file `path` of a FP32 `subject`.

    pixels     float32 [n, 3, S, S], normalised; stored unless `generated` names their generator
    ids        int64 [m, C], zeros after the end of text
    inputs     golden_inputs.Inputs that the library made pixels and ids of
    weights    `synthetic`, or the SHA-256 of the checkpoint's file
    limit      bytes beyond which the stages are stored as FP16
    """
    single = outputs(subject, pixels, ids, viewed)
    double = outputs(subject.doubled(), pixels, ids, viewed)
    tensors = {"text.ids": ids.to(torch.int32)}
    if generated is None:
        tensors["image.pixels"] = pixels
    for suffix, (images, texts, logits, _) in (("f32", single), ("f64", double)):
        tensors |= {f"image.embedding.{suffix}": images, f"text.embedding.{suffix}": texts, f"logits.{suffix}": logits}
    arrays = {name: np.ascontiguousarray(tensor.numpy()) for name, tensor in tensors.items()}
    arrays |= inputs.arrays() if inputs else {}
    views = {f"stage.{stage}.{part}": tensor for stage, parts in double[3].items() for part, tensor in parts.items()}
    size = sum(a.nbytes for a in arrays.values()) + sum(4 * tensor.numel() for tensor in views.values())
    dtype = np.float16 if limit and size > limit else np.float32
    arrays |= {name: np.ascontiguousarray(tensor.numpy().astype(dtype)) for name, tensor in views.items()}
    facts = {
        "golden.version": VERSION, "golden.model": model, "golden.weights": weights,
        "golden.writer": writer(subject), "golden.stages": ",".join(double[3]),
        **({"image.probes": generated} if generated else {}), **(inputs.metadata() if inputs else {}),
        **(metadata or {}),
    }
    save_file(arrays, path, metadata=facts)
    os.chmod(path, 0o644)  # safetensors makes it private


def writer(subject):
    package = PACKAGES[subject.library]
    return f"{package} {importlib.metadata.version(package)}, torch {torch.__version__}, " \
           f"numpy {np.__version__}, python {platform.python_version()}"


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def names(values):
    """A list as one metadata string."""
    return json.dumps(list(values))
