#!/usr/bin/env python3
"""Writes `refused/`: hub folders of architectures that are recognised by name but not run.

The keys are those of open_clip's (and transformers') real models, built without memory on the meta device; of
repeated blocks only the first two are kept and every dimension is cut to MAX_SIDE, values zero. Each folder exists
twice: with its config, and as bare weights named `model.safetensors`, where only the keys identify the model.
Environment: Scripts/environments/venv-goldens.sh.
"""

import json
import pathlib
import re
import shutil

import open_clip
import torch
import transformers
from safetensors.torch import save_file

import tiny

HERE = pathlib.Path(__file__).resolve().parent / "refused"
MAX_SIDE = 2
REPEATED = re.compile(r"\.(?:resblocks|blocks|layers|layer)\.(\d+)\.")

# Folder: the name for the error, and open_clip's configuration.
OPEN_CLIP = {
    "pe-core": ("PE-Core", "PE-Core-B-16"),
    "coca": ("CoCa", "coca_ViT-B-32"),
    "eva02": ("EVA", "EVA02-B-16"),
    "mobileclip-s1": ("MobileCLIP", "MobileCLIP-S1"),
    "mobileclip-b": ("MobileCLIP", "MobileCLIP-B"),
    "clipa": ("CLIPA", "ViT-L-14-CLIPA"),
    "convnext": ("ConvNeXt", "convnext_base_w"),
    "roberta": ("Hugging Face text tower", "roberta-ViT-B-32"),
}


def cut(state):
    """The first two of repeated blocks, each tensor a corner of itself, zeros."""
    kept = {}
    for key, tensor in state.items():
        if all(int(index) < 2 for index in REPEATED.findall(key)):
            shape = [min(side, MAX_SIDE) for side in tensor.shape]
            kept[key] = torch.zeros(shape, dtype=torch.int64 if tensor.dtype == torch.int64 else torch.float16)
    return kept


def meta_model(config):
    """open_clip's model of `config`; a text tower of transformers gets a configuration made here."""
    custom = "text_cfg" in config and "hf_model_name" in config["text_cfg"]
    if custom:
        return roberta(config)
    kind = open_clip.CoCa if "multimodal_cfg" in config else \
        open_clip.CustomTextCLIP if config.pop("custom_text", False) else open_clip.CLIP
    config.pop("custom_text", None)
    with torch.device("meta"):
        return kind(**config)


def roberta(config):
    """CustomTextCLIP whose text tower is transformers' Roberta."""
    from open_clip.hf_model import HFTextEncoder

    size = transformers.RobertaConfig(hidden_size=64, num_hidden_layers=2, num_attention_heads=1,
                                      intermediate_size=128, vocab_size=128)
    with torch.device("meta"):
        model = open_clip.CLIP(config["embed_dim"], config["vision_cfg"], {"layers": 1})
        text = HFTextEncoder("roberta-base", config["embed_dim"], config=size, pooler_type="mean_pooler",
                             proj_type="mlp", pretrained=False)
    state = {key: t for key, t in model.state_dict().items() if key.startswith("visual") or key == "logit_scale"}
    return state | {f"text.{key}": tensor for key, tensor in text.state_dict().items()}


def write(name, architecture, state, config_name, config, writer):
    folder = HERE / name
    folder.mkdir(parents=True)
    weights = "open_clip_model.safetensors" if config_name.startswith("open_clip") else "model.safetensors"
    save_file(cut(state), folder / weights)
    (folder / config_name).write_text(json.dumps(config, indent=2) + "\n")
    bare = HERE / f"{name}-bare.safetensors"
    shutil.copyfile(folder / weights, bare)
    for path in (folder, bare):
        tiny.write_json(path.with_name(path.name + ".json"), {
            "refused": architecture, "writer": writer, "config": path == folder,
        })


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    writer = f"keys of open_clip {open_clip.__version__}"
    for name, (architecture, source) in OPEN_CLIP.items():
        config = open_clip.get_model_config(source)
        model = meta_model(json.loads(json.dumps(config)))
        state = model if isinstance(model, dict) else model.state_dict()
        write(name, architecture, state, "open_clip_config.json", {"model_cfg": config, "preprocess_cfg": {}}, writer)
    with torch.device("meta"):
        tower = transformers.SiglipVisionModel(transformers.SiglipVisionConfig(vision_use_head=False))
    state = {key if key.startswith("vision_model.") else f"vision_model.{key}": t for key, t in tower.state_dict().items()}
    write("siglip-headless", "without its attention pooling", state, "config.json",
          {"architectures": ["SiglipVisionModel"], "model_type": "siglip_vision_model", "vision_use_head": False},
          f"keys of transformers {transformers.__version__}, under the prefix that vision-language models have")


if __name__ == "__main__":
    main()
