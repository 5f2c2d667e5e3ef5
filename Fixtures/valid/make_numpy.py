#!/usr/bin/env python3
"""Writes the tiny CLIPs as NumPy archives and as MLX saves them. Environment: Scripts/environments/venv-flax.sh.

MLX computes with colours last: its converters permute the patch kernel's axes. A file that is converted
again, or saved from a loaded model, holds [D, P, 3, P] or [D, P, P, 3]; the names do not distinguish them.
"""

import json
import pathlib
import shutil

import ml_dtypes
import mlx.core as mx
import numpy as np
from safetensors.numpy import load_file

import tiny

HERE = pathlib.Path(__file__).resolve().parent
NUMPY = f"numpy {np.__version__}"
MLX = f"mlx {mx.__version__}"
KERNEL = "vision_model.embeddings.patch_embedding.weight"


def sidecar(path, **facts):
    tiny.write_sidecar(path, **{"writer": NUMPY, **facts})


def state(kind):
    """The canonical tensors of a model."""
    shapes = json.loads((HERE / f"{kind}.model.json").read_text())["tensors"]
    return {name: tiny.values(name, tuple(entry["shape"])) for name, entry in shapes.items()}


def write_mixed():
    """Every order and type that npy knows, one after the other."""
    changes = [
        lambda array: array.astype("<f2"),
        lambda array: np.asfortranarray(array.astype("<f2")),
        lambda array: array.astype(">f2"),
        lambda array: array.astype(ml_dtypes.bfloat16),
        lambda array: np.asfortranarray(array.astype(">f4")),
        lambda array: array.astype("<f8") if array.size < 1000 else array.astype("<f2"),
    ]
    arrays = {name: changes[index % len(changes)](array) for index, (name, array) in enumerate(state("vit").items())}
    path = HERE / "vit-mixed.npz"
    np.savez(path, **arrays)
    sidecar(path, format="npz", model="vit", notes="OpenAI's names; C and Fortran order, both byte orders, bfloat16")


def write_resnet():
    arrays = {name: array.astype(np.float16) for name, array in state("rn").items()}
    counters = {name.replace("running_mean", "num_batches_tracked"): np.array(1000) for name in arrays
                if name.endswith("running_mean")}
    path = HERE / "rn.npz"
    np.savez_compressed(path, **arrays, **counters)
    sidecar(path, format="npz", model="rn", notes="OpenAI's names, deflated",
            ignored={name: "BatchNorm's counter of training steps" for name in counters})


def hugging_face():
    return load_file(HERE / "vit-hugging-face" / "model.safetensors")


def colours_last(weights):
    """The permutation of the patch kernel by MLX's converters."""
    return {name: value.transpose(0, 2, 3, 1) if name == KERNEL else value for name, value in weights.items()}


def write_mlx():
    weights = {name: mx.array(value) for name, value in hugging_face().items()}
    folder = HERE / "vit-mlx"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    once = colours_last(weights)
    assert once[KERNEL].shape == (64, 8, 8, 3)
    mx.save_safetensors(str(folder / "model.safetensors"), once, metadata={"format": "mlx"})
    shutil.copy(HERE / "vit-hugging-face" / "config.json", folder)
    sidecar(folder, format="safetensors", names="hugging-face", model="vit", writer=MLX,
            evidence="config.json: hidden_act and num_attention_heads", notes="patch kernel [D, P, P, 3]")
    twice = colours_last(once)
    assert twice[KERNEL].shape == (64, 8, 3, 8)
    path = HERE / "vit-mlx-twice.npz"
    mx.savez_compressed(str(path), **twice)
    sidecar(path, format="npz", names="hugging-face", model="vit", writer=MLX,
            notes="converted twice: patch kernel [D, P, 3, P]")


def main():
    write_mixed()
    write_resnet()
    write_mlx()


if __name__ == "__main__":
    main()
