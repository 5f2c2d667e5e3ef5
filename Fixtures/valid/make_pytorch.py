#!/usr/bin/env python3
"""Writes PyTorch's fixtures with PyTorch itself: TorchScript archives and pickled state dicts.

Run it in two environments: Scripts/environments/venv-goldens.sh (current torch: everything) and
Scripts/environments/venv-torch17.sh (torch 1.7.1, the line that wrote OpenAI's archives: TorchScript and plain state
dicts only).
"""

import argparse
import collections
import importlib.util
import pathlib
import sys
import types

import numpy as np
import torch

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "Scripts" / "golden")]

if importlib.util.find_spec("torchvision") is None:  # `import clip` needs torchvision, its model does not
    package = types.ModuleType("clip")
    package.__path__ = importlib.util.find_spec("clip").submodule_search_locations
    sys.modules["clip"] = package

import openai_archive
import tiny
from clip.model import CLIP

RELEASE = ".".join(torch.__version__.split(".")[:2])
WRITER = f"torch {torch.__version__.split('+')[0]}"
OPENAI_FAMILY = "QuickGELU modules and three scalar buffers: OpenAI's archive"
BUFFERS = {name: "scalar buffer of OpenAI's archive" for name in openai_archive.SCALAR_BUFFERS}


def build(kind):
    """The tiny model in FP32, and its weights by name."""
    model = CLIP(**tiny.MODELS[kind]).float().eval()
    return model, tiny.fill(model)


def counters(state):
    return {name: "BatchNorm's batch counter" for name in state if name.endswith("num_batches_tracked")}


def mixture(kind):
    """OpenAI's state dict: FP16 matrices, FP32 vectors."""
    model, _ = build(kind)
    openai_archive.half_tensors(model)
    return model.state_dict()


def write_torchscript(kind):
    model, _ = build(kind)
    path = HERE / f"{kind}-torchscript-{RELEASE}.pt"
    ignored = {**BUFFERS, **counters(model.state_dict())}
    openai_archive.save(model, path)
    tiny.write_sidecar(path, format="torchscript", writer=WRITER, model=kind, ignored=ignored,
                       evidence=OPENAI_FAMILY)


def write_state_dict(kind):
    state = mixture(kind)
    path = HERE / f"{kind}-state-dict-{RELEASE}.pt"
    torch.save(state, path)
    tiny.write_sidecar(path, format="pytorch-zip", writer=WRITER, model=kind, ignored=counters(state))


def write_wrapped():
    """A checkpoint as saved by research code: weights under `model`, a Namespace and NumPy values."""
    path = HERE / "rn-model-wrapped.pt"
    state = mixture("rn")
    others = {
        "args": argparse.Namespace(lr=5e-4, batch_size=32768, name="tiny", resume=None, betas=(0.9, 0.98)),
        "best_accuracy": np.float64(0.625),
        "history": np.arange(6, dtype=np.float32).reshape(2, 3),
        "size": torch.Size([3, 64, 64]),
        "device": torch.device("cpu"),
        "dtype": torch.float16,
        "tags": {"tiny"},
        "step": 70_000_000_000,
    }
    torch.save({"model": state, **others}, path)
    tiny.write_sidecar(path, format="pytorch-zip", writer=WRITER, model="rn", ignored=counters(state),
                       wrapper="model", notes="numpy scalar and array, argparse.Namespace, set, torch.Size, device")


def write_mixed_dtypes():
    """FP64, FP32, FP16 and BF16 in turn, and parameters mixed with tensors: every type represents the values."""
    path = HERE / "vit-mixed-dtypes.pt"
    dtypes = (torch.float16, torch.bfloat16, torch.bfloat16, torch.float32, torch.float16, torch.float64)
    state = collections.OrderedDict()
    for index, (name, tensor) in enumerate(build("vit")[0].state_dict().items()):
        small = tensor.numel() < 1024
        tensor = tensor.to(dtypes[index % 6] if small else dtypes[index % 2])
        state[name] = torch.nn.Parameter(tensor) if index % 5 == 0 else tensor
    torch.save(state, path)
    tiny.write_sidecar(path, format="pytorch-zip", writer=WRITER, model="vit",
                       notes="FP64, FP32, FP16, BF16; some are nn.Parameter")


def write_strided():
    """Matrices transposed, columns of wider ones, one storage for all vectors, a stride of zero."""
    path = HERE / "vit-strided.pt"
    source = mixture("vit")
    state = collections.OrderedDict()
    vectors = {name: t for name, t in source.items() if t.ndim <= 1 and t.dtype == torch.float32}
    shared = torch.cat([torch.full((3,), float("nan")), *(t.reshape(-1) for t in vectors.values())])
    offset = 3
    for name, tensor in source.items():
        if name == "visual.ln_post.bias":
            state[name] = tensor[0].clone().expand(tensor.shape)
            offset += tensor.numel()
        elif name in vectors:
            state[name] = shared[offset:offset + tensor.numel()].view(tensor.shape)
            offset += tensor.numel()
        elif tensor.ndim == 2 and len(state) % 2:
            state[name] = tensor.t().contiguous().t()
        elif tensor.ndim == 2:
            wide = torch.full((tensor.shape[0], tensor.shape[1] + 5), float("nan"), dtype=tensor.dtype)
            wide[:, 2:-3] = tensor
            state[name] = wide[:, 2:-3]
        elif tensor.ndim == 4:
            state[name] = tensor.contiguous(memory_format=torch.channels_last)
        else:
            state[name] = tensor
    torch.save(state, path)
    tiny.write_sidecar(path, format="pytorch-zip", writer=WRITER, model="vit",
                       notes="transposed, sliced and shared storages; gaps hold NaN; visual.ln_post.bias has a stride of 0")


def main():
    for kind in tiny.MODELS:
        tiny.write_model(kind, build(kind)[1], tiny.openai_architecture(kind))
        if kind == "vit" or RELEASE == "1.7":  # OpenAI's own RNs were written by torch 1.7
            write_torchscript(kind)
    write_state_dict("vit")
    if RELEASE != "1.7":
        write_wrapped()
        write_mixed_dtypes()
        write_strided()


if __name__ == "__main__":
    main()
