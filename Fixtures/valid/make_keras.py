#!/usr/bin/env python3
"""Writes the tiny ViT as KerasHub's CLIPBackbone in Keras 3's other containers: a `.keras` archive, and sharded weights.

Environment: keras 3.15.1, keras-hub 0.32.0, tensorflow 2.21.0, h5py 3.14.0 (Scripts/environments/venv-keras.sh has
older ones of transformers besides, which this script does not need).
"""

import json
import os
import pathlib
import shutil
import zipfile

os.environ.update(CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3", KERAS_BACKEND="tensorflow")

import h5py
import keras
import keras_hub
import numpy as np
from keras_hub.src.models.clip.clip_text_encoder import CLIPTextEncoder
from keras_hub.src.models.clip.clip_vision_encoder import CLIPVisionEncoder

import tiny

HERE = pathlib.Path(__file__).resolve().parent
NUMBERS = tiny.MODELS["vit"]
IMAGE, PATCH, WIDTH = NUMBERS["image_resolution"], NUMBERS["vision_patch_size"], NUMBERS["vision_width"]
WRITER = (f"keras-hub {keras_hub.__version__}, keras {keras.__version__}, h5py {h5py.__version__}, "
          f"HDF5 {h5py.version.hdf5_version}")
IGNORED = {"layers/clip_vision_encoder/layers/clip_vision_embedding/vars/1":
           "position indices, a variable that is not trained"}


def functions():
    """`keras_values` of make_hdf5.py, whose other imports this environment lacks."""
    source = (HERE / "make_hdf5.py").read_text()
    start = source.index("def keras_values"), source.index("def write_keras_hub")
    scope = {"np": np}
    exec(source[start[0]:start[1]], scope)
    return scope["keras_values"]


def backbone(dtype):
    tower = dict(hidden_dim=WIDTH, num_layers=1, num_heads=1, intermediate_dim=4 * WIDTH,
                 intermediate_activation="quick_gelu", dtype=dtype)
    vision = CLIPVisionEncoder(patch_size=PATCH, image_shape=(IMAGE, IMAGE, 3), **tower)
    text = CLIPTextEncoder(vocabulary_size=tiny.VOCABULARY, embedding_dim=tiny.TEXT_WIDTH,
                           max_sequence_length=tiny.CONTEXT, **tower)
    model = keras_hub.models.CLIPBackbone(vision, text, projection_dim=NUMBERS["embed_dim"], dtype=dtype)
    tensors = json.loads((HERE / "vit.model.json").read_text())["tensors"]
    state = {name: tiny.values(name, tuple(entry["shape"])) for name, entry in tensors.items()}
    keras_values = functions()
    image = {id(variable) for variable in vision.weights}
    for variable in model.weights:
        if not variable.path.endswith("position_ids"):
            variable.assign(keras_values(variable, "visual." if id(variable) in image else "", state))
    return model


def fresh(name):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def compressed(path):
    """The archive with the same members, compressed for the repository and without its date."""
    with zipfile.ZipFile(path) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in members:
            if name == "metadata.json":
                data = json.dumps({**json.loads(data), "date_saved": "2026-11-29@00:00:00"}).encode()
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)


def main():
    model = backbone("bfloat16")
    path = HERE / "vit.keras"
    model.save(path)
    compressed(path)
    tiny.write_sidecar(path, format="keras", writer=WRITER, model="vit", names="keras-hub", ignored=IGNORED,
                       evidence="config.json in the archive: intermediate_activation and num_heads",
                       notes="model.save of CLIPBackbone, compressed afterwards", projection=True, towers="both")

    folder = fresh("vit-keras-sharded")
    model.save_to_preset(folder)
    (folder / "metadata.json").unlink()
    (folder / "model.weights.h5").unlink()
    model.save_weights(folder / "model.weights.json", max_shard_size=60e-6)  # of a GB
    tiny.write_sidecar(folder, format="hdf5", writer=WRITER, model="vit", names="keras-hub", ignored=IGNORED,
                       evidence="config.json: intermediate_activation and num_heads",
                       notes="save_weights with max_shard_size: a layer's entry in the index is a file or a list of files",
                       projection=True, towers="both")


if __name__ == "__main__":
    main()
