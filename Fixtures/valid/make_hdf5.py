#!/usr/bin/env python3
"""Writes the tiny ViT as HDF5: transformers' TensorFlow classes, KerasHub's backbone, and h5py with every storage.

The h5py files are tf_model.h5 again, dataset by dataset, in the layouts of other versions and settings of the library.
Environment: Scripts/environments/venv-keras.sh.
"""

import json
import os
import pathlib
import shutil

os.environ.update(TF_USE_LEGACY_KERAS="1", CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3",
                  KERAS_BACKEND="tensorflow")

import h5py
import keras
import keras_hub
import numpy as np
import tensorflow as tf
import transformers
from keras_hub.src.models.clip.clip_text_encoder import CLIPTextEncoder
from keras_hub.src.models.clip.clip_vision_encoder import CLIPVisionEncoder
from transformers import CLIPConfig, TFCLIPModel, TFCLIPTextModel

import tiny

HERE = pathlib.Path(__file__).resolve().parent
NUMBERS = tiny.MODELS["vit"]
IMAGE, PATCH, WIDTH = NUMBERS["image_resolution"], NUMBERS["vision_patch_size"], NUMBERS["vision_width"]
H5PY = f"h5py {h5py.__version__}, HDF5 {h5py.version.hdf5_version}"
TRANSFORMERS = f"transformers {transformers.__version__}, tensorflow {tf.__version__}, {H5PY}"
KERAS_HUB = f"keras-hub {keras_hub.__version__}, keras {keras.__version__}, {H5PY}"
POSITIONS = "layers/clip_vision_encoder/layers/clip_vision_embedding/vars/1"


def fresh(name):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def state():
    model = json.loads((HERE / "vit.model.json").read_text())
    return {name: tiny.values(name, tuple(entry["shape"])) for name, entry in model["tensors"].items()}


# ---- transformers ---------------------------------------------------------------------------------


def tensorflow_values(name, state):
    """The value of TensorFlow's variable `name`: PyTorch's names, kernels transposed."""
    path = name.removesuffix(":0").split("/")
    path = path[next(i for i, part in enumerate(path) if part.startswith(("text_", "vision_", "visual_", "logit_"))):]
    tower, leaf = path[0], path[-1]
    if tower == "logit_scale":
        return state["logit_scale"].reshape(1)
    if tower.endswith("projection"):
        return state["visual.proj" if tower.startswith("visual") else "text_projection"]
    side = "visual." if tower == "vision_model" else ""
    special = {
        "class_embedding": "class_embedding", "position_embedding": "positional_embedding",
        "token_embedding": "token_embedding.weight",
    }
    for part in path:
        if part in special:
            return state[side + special[part]]
    if "patch_embedding" in path:
        return state["visual.conv1.weight"].transpose(2, 3, 1, 0)
    kind = "weight" if leaf in ("kernel", "gamma") else "bias"
    norms = {"pre_layrnorm": "ln_pre", "post_layernorm": "ln_post", "final_layer_norm": "ln_final"}
    if path[1] in norms:
        return state[f"{side}{norms[path[1]]}.{kind}"]
    module = path[-2]
    block = side + "transformer.resblocks.0."
    if module in ("q_proj", "k_proj", "v_proj"):
        rows = np.split(state[f"{block}attn.in_proj_{kind}"], 3)["qkv".index(module[0])]
        return rows.T if kind == "weight" else rows
    names = {"out_proj": "attn.out_proj", "layer_norm1": "ln_1", "layer_norm2": "ln_2", "fc1": "mlp.c_fc",
             "fc2": "mlp.c_proj"}
    value = state[f"{block}{names[module]}.{kind}"]
    return value.T if leaf == "kernel" else value


def configuration():
    tower = dict(hidden_act="quick_gelu", num_attention_heads=1, num_hidden_layers=1,
                 projection_dim=NUMBERS["embed_dim"])
    end = tiny.VOCABULARY - 1
    text = dict(tower, hidden_size=tiny.TEXT_WIDTH, intermediate_size=4 * tiny.TEXT_WIDTH,
                vocab_size=tiny.VOCABULARY, max_position_embeddings=tiny.CONTEXT, eos_token_id=end,
                bos_token_id=end - 1, pad_token_id=0)
    vision = dict(tower, hidden_size=WIDTH, intermediate_size=4 * WIDTH, image_size=IMAGE, patch_size=PATCH)
    return CLIPConfig(text_config=text, vision_config=vision, projection_dim=NUMBERS["embed_dim"])


def write_tensorflow(name, kind, config, options=None, **facts):
    model = kind(config)
    model.build_in_name_scope()
    for variable in model.weights:
        variable.assign(tensorflow_values(variable.name, state()))
    folder = fresh(name)
    model.save_pretrained(folder, **(options or {}))
    tiny.write_sidecar(folder, format="hdf5", writer=TRANSFORMERS, model="vit", names="tensorflow",
                       evidence="config.json: hidden_act and num_attention_heads", **facts)


def write_transformers():
    config = configuration()
    write_tensorflow("vit-tensorflow", TFCLIPModel, config, prefix="clip/tfclip_model/clip/")
    write_tensorflow("vit-tensorflow-text-sharded", TFCLIPTextModel, config.text_config,
                     {"max_shard_size": "120KB"}, towers="text", projection=False,
                     prefix="clip/", notes="tf_model.h5.index.json, whose names have one component more; no projection")


# ---- h5py -----------------------------------------------------------------------------------------


def copy(name, notes, convert=lambda array: array, prefix="clip/tfclip_model/clip/", root="", options=None, **file):
    """tf_model.h5 again under `root`, datasets converted and laid out by `options`."""
    path = HERE / name
    with h5py.File(HERE / "vit-tensorflow" / "tf_model.h5") as source, h5py.File(path, "w", **file) as target:
        for key, value in source.attrs.items():
            target.attrs[key] = value

        def add(key, item):
            if isinstance(item, h5py.Dataset):
                array = convert(item[()])
                target.create_dataset(root + key, data=array, **(options(array) if options else {}))

        source.visititems(add)
    tiny.write_sidecar(path, format="hdf5", writer=H5PY, model="vit", names="tensorflow", prefix=root + prefix,
                       notes=notes)


def write_h5py():
    gzip = dict(compression="gzip", compression_opts=9)
    complete = lambda array: dict(chunks=array.shape, **gzip) if array.ndim > 1 else {}
    # Chunks that do not divide the extents: those at the border are padded.
    overhanging = lambda array: dict(chunks=tuple((side * 2 + 2) // 3 for side in array.shape), shuffle=True,
                                     fletcher32=True, **gzip) if array.ndim > 1 else {}
    copy("vit-filtered.h5", "FP16, chunks that overhang, shuffle, gzip and fletcher32",
         lambda array: array.astype("<f2"), options=overhanging)
    copy("vit-big-endian.h5", "big-endian FP32, gzip, below /model_weights, 512 bytes of user block",
         lambda array: array.astype(">f4"), root="model_weights/", userblock_size=512, options=complete)
    copy("vit-latest.h5", "FP16, newest structures: superblock 3, version 2 headers, chunks without a tree",
         lambda array: array.astype("<f2"), libver="latest", options=complete)


# ---- KerasHub -------------------------------------------------------------------------------------


def keras_values(variable, side, state):
    """The value of KerasHub's `variable` in the tower `side`, from the name of the layer that owns it."""
    layer, leaf = variable.path.split("/")[-2:]
    if leaf == "logit_scale":
        return state["logit_scale"]
    if layer == "vision_projection":
        return state["visual.proj"]
    if layer == "text_projection":
        return state["text_projection"]
    if leaf == "class_embedding":
        return state["visual.class_embedding"]
    if layer == "patch_embedding":
        return state["visual.conv1.weight"].transpose(2, 3, 1, 0)
    if layer in ("position_embedding", "token_embedding"):
        return state[side + ("positional_embedding" if layer.startswith("position") else "token_embedding.weight")]
    kind = "weight" if leaf in ("kernel", "gamma") else "bias"
    if layer in ("pre_layer_norm", "layer_norm"):
        name = "ln_pre" if layer == "pre_layer_norm" else "ln_post" if side else "ln_final"
        return state[f"{side}{name}.{kind}"]
    block = side + "transformer.resblocks.0."
    if layer in ("query", "key", "value"):
        rows = np.split(state[f"{block}attn.in_proj_{kind}"], 3)[("query", "key", "value").index(layer)]
        return (rows.T if kind == "weight" else rows).reshape(variable.shape)
    names = {"attention_output": "attn.out_proj", "layer_norm_1": "ln_1", "layer_norm_2": "ln_2",
             "dense_1": "mlp.c_fc", "dense_2": "mlp.c_proj"}
    value = state[f"{block}{names[layer]}.{kind}"]
    return (value.T if leaf == "kernel" else value).reshape(variable.shape)


def write_keras_hub():
    tower = dict(hidden_dim=WIDTH, num_layers=1, num_heads=1, intermediate_dim=4 * WIDTH,
                 intermediate_activation="quick_gelu", dtype="bfloat16")
    vision = CLIPVisionEncoder(patch_size=PATCH, image_shape=(IMAGE, IMAGE, 3), **tower)
    text = CLIPTextEncoder(vocabulary_size=tiny.VOCABULARY, embedding_dim=tiny.TEXT_WIDTH,
                           max_sequence_length=tiny.CONTEXT, **tower)
    backbone = keras_hub.models.CLIPBackbone(vision, text, projection_dim=NUMBERS["embed_dim"], dtype="bfloat16")
    image = {id(variable) for variable in vision.weights}  # names alone do not distinguish the towers
    for variable in backbone.weights:
        if not variable.path.endswith("position_ids"):
            variable.assign(keras_values(variable, "visual." if id(variable) in image else "", state()))
    folder = fresh("vit-keras-hub")
    backbone.save_to_preset(folder)
    (folder / "metadata.json").unlink()  # its date would differ each time
    tiny.write_sidecar(folder, format="hdf5", writer=KERAS_HUB, model="vit", names="keras-hub",
                       ignored={POSITIONS: "position indices, a variable that is not trained"},
                       evidence="config.json: intermediate_activation and num_heads",
                       notes="preset of CLIPBackbone: bfloat16 as opaque bytes, no names")


def main():
    write_transformers()
    write_h5py()
    write_keras_hub()


if __name__ == "__main__":
    main()
