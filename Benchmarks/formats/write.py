#!/usr/bin/env python3
"""Writes the weights of a Hugging Face folder in another published format, by that format's own library.

    write.py FORMAT FOLDER OUTPUT

FOLDER was written by Scripts/golden/make_checkpoint.py VARIANT hugging-face FOLDER. Each format needs its environment:
pytorch-legacy and onnx Scripts/environments/venv-onnx.sh, flax-msgpack, hdf5 and npz
Scripts/environments/venv-keras.sh, gguf Scripts/environments/venv-gguf.sh.
"""

import json
import os
import pathlib
import shutil
import sys

from safetensors import numpy as safetensors

ROOT = pathlib.Path(__file__).resolve().parents[2]


def weights(folder):
    """{Hugging Face's name: array}"""
    return safetensors.load_file(folder / "model.safetensors")


def write_npz(folder, output):
    import numpy as np

    output.mkdir()
    np.savez(output / "model.npz", **weights(folder))
    shutil.copy(folder / "config.json", output)
    shutil.copy(folder / "preprocessor_config.json", output)


def write_flax(folder, output):
    import jax
    import numpy as np
    from flax.traverse_util import flatten_dict, unflatten_dict
    from transformers import CLIPConfig, FlaxCLIPModel
    from transformers.modeling_flax_pytorch_utils import rename_key_and_reshape_tensor

    model = FlaxCLIPModel(CLIPConfig.from_pretrained(folder), _do_init=False)
    shapes = flatten_dict(jax.tree_util.tree_map(lambda leaf: leaf.shape, model.params_shape_tree))
    random = {key: np.empty(shape, np.float32) for key, shape in shapes.items()}
    flat = {}
    for name, array in weights(folder).items():
        key, value = rename_key_and_reshape_tensor(tuple(name.split(".")), array, random, "clip")
        flat[key] = value.astype(np.float32)
    assert flat.keys() == shapes.keys()
    model.save_pretrained(output, params=unflatten_dict(flat))
    shutil.copy(folder / "preprocessor_config.json", output)


def write_hdf5(folder, output):
    os.environ.update(TF_USE_LEGACY_KERAS="1", CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3")
    from transformers import CLIPConfig, TFCLIPModel
    from transformers.modeling_tf_pytorch_utils import convert_tf_weight_name_to_pt_weight_name as published_name

    model = TFCLIPModel(CLIPConfig.from_pretrained(folder))
    model.build_in_name_scope()
    state = weights(folder)
    for variable in model.weights:
        name, transposition = published_name(variable.name, "clip", variable.shape, "tfclip_model")
        name = name.removeprefix("clip.")
        array = state.pop(name)
        if transposition.name == "SIMPLE":
            array = array.T
        elif transposition.name == "CONV2D":
            array = array.transpose(2, 3, 1, 0)
        variable.assign(array.reshape(variable.shape))
    assert not state, state.keys()
    model.save_pretrained(output)
    shutil.copy(folder / "preprocessor_config.json", output)


def write_gguf(folder, output):
    sys.path.insert(0, str(ROOT / "Fixtures" / "valid"))
    import gguf_names as names

    config = json.loads((folder / "config.json").read_text())
    processor = json.loads((folder / "preprocessor_config.json").read_text())
    writer = names.writer(output)
    names.add_common(writer, text=True, vision=True, half=True, gelu=False)
    defaults = {"layer_norm_eps": 1e-5, "max_position_embeddings": 77, "vocab_size": 49408, "image_size": 224}
    names.add_text(writer, defaults | config["text_config"], config["projection_dim"])
    names.add_vision(writer, defaults | config["vision_config"], config["projection_dim"], processor)
    for name, array in weights(folder).items():
        if names.is_stored(name):
            writer.add_tensor(names.name(name), names.stored(names.name(name), array, half=True))
    names.write(writer)


def write_legacy(folder, output):
    import torch
    from safetensors.torch import load_file

    output.mkdir()
    torch.save(load_file(folder / "model.safetensors"), output / "pytorch_model.bin",
               _use_new_zipfile_serialization=False)
    shutil.copy(folder / "config.json", output)
    shutil.copy(folder / "preprocessor_config.json", output)


def write_onnx(folder, output, **exporter):
    import torch
    from transformers import CLIPModel

    model = CLIPModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    size = model.config.vision_config.image_size
    ids = torch.tensor([[49406, 320, 49407] + [0] * 74])
    inputs = {"input_ids": ids, "pixel_values": torch.zeros(1, 3, size, size), "attention_mask": torch.ones_like(ids)}
    output.mkdir()
    with torch.no_grad():
        torch.onnx.export(model, (), output / "model.onnx", kwargs=inputs, **exporter)
    shutil.copy(folder / "config.json", output)
    shutil.copy(folder / "preprocessor_config.json", output)


def write_traced(folder, output):
    """One file, by the exporter that traces TorchScript."""
    names = ["input_ids", "pixel_values", "attention_mask"]
    write_onnx(folder, output, dynamo=False, opset_version=17, input_names=names,
               output_names=["logits_per_image", "logits_per_text"],
               dynamic_axes={name: {0: f"{name} batch"} for name in names})


FORMATS = {
    "npz": write_npz, "flax-msgpack": write_flax, "hdf5": write_hdf5, "gguf": write_gguf,
    "pytorch-legacy": write_legacy, "onnx": write_traced,
    "onnx-external": lambda folder, output: write_onnx(folder, output, dynamo=True, external_data=True),
}

if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in FORMATS:
        sys.exit(__doc__)
    FORMATS[sys.argv[1]](pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))
