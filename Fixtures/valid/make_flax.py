#!/usr/bin/env python3
"""Writes the tiny ViT as Flax MessagePack.

Environment: Scripts/environments/venv-flax.sh (transformers 4.46.3, flax, jax).

transformers' own Flax classes read `vit-hugging-face` and save it complete, sharded, and the text tower alone;
flax.serialization saves a training state with arrays in chunks, bfloat16 under its old name, optimizer state and a
step.
"""

import json
import pathlib
import shutil

import flax
import jax
import jax.numpy as jnp
import numpy as np
import transformers
from flax import serialization
from transformers import FlaxCLIPModel, FlaxCLIPTextModelWithProjection

import tiny

HERE = pathlib.Path(__file__).resolve().parent
WRITER = f"transformers {transformers.__version__}, flax {flax.__version__}, jax {jax.__version__}"
EVIDENCE = "config.json: hidden_act and num_attention_heads"
CHUNK = 8 << 10  # bytes, where Flax has a gigabyte


def fresh(name):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def sidecar(path, **facts):
    facts = {"format": "flax-msgpack", "names": "flax", "writer": WRITER, "model": "vit", **facts}
    tiny.write_sidecar(path, **facts)


def write_folder(name, model, **options):
    folder = fresh(name)
    model.save_pretrained(folder, **options)
    return folder


def write_training_state(model):
    """The text tower as a training loop saves it: a level `params`, optimizer state, and the number of the step."""
    params = jax.tree_util.tree_map(lambda value: np.asarray(value, np.float32), model.params)
    params = {name: value for name, value in params.items() if not name.startswith("vis")}
    tables = params["text_model"]["embeddings"]
    for name, table in tables.items():  # bfloat16 before ml_dtypes had a name for it: two bytes without a kind
        tables[name] = {"embedding": np.asarray(table["embedding"], jnp.bfloat16).view("V2")}
    params["logit_scale"] = np.float32(params["logit_scale"])  # a NumPy scalar: another extension than arrays
    state = {"step": 1000, "params": params, "batch_stats": {},
             "opt_state": {"mu": {"logit_scale": np.zeros((), np.float32)}}}
    path = HERE / "vit-flax-state.msgpack"
    original_size, serialization.MAX_CHUNK_SIZE = serialization.MAX_CHUNK_SIZE, CHUNK
    path.write_bytes(serialization.msgpack_serialize(serialization.to_state_dict(state)))
    serialization.MAX_CHUNK_SIZE = original_size
    assert b"__msgpack_chunked_array__" in path.read_bytes()
    sidecar(path, towers="text", wrapper="params", ignored={"step": "the number of the training step"},
            notes="params and opt_state, arrays in chunks, tables as V2")


def main():
    model = FlaxCLIPModel.from_pretrained(HERE / "vit-hugging-face", from_pt=True)
    sidecar(write_folder("vit-flax", model), evidence=EVIDENCE)
    model.params = model.to_bf16(model.params)
    sharded = write_folder("vit-flax-sharded", model, max_shard_size="120KB")
    assert len(json.loads((sharded / "flax_model.msgpack.index.json").read_text())["weight_map"]) > 40
    sidecar(sharded, evidence=EVIDENCE, notes="flax_model.msgpack.index.json, bfloat16")
    text = FlaxCLIPTextModelWithProjection.from_pretrained(HERE / "vit-hugging-face-text-projection", from_pt=True)
    sidecar(write_folder("vit-flax-text", text), evidence=EVIDENCE, towers="text",
            notes="class FlaxCLIPTextModelWithProjection")
    write_training_state(model)


if __name__ == "__main__":
    main()
