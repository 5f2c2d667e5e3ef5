#!/usr/bin/env python3
"""Writes the tiny ViT as Hugging Face folders: transformers' own classes save the values of `tiny.py`.

Run it in two environments: Scripts/environments/venv-goldens.sh (transformers 5: safetensors, towers without prefix,
the hub's cache) and Scripts/environments/venv-torch17.sh (transformers 4.20.1: pytorch_model.bin, position_ids, full
config).
"""

import hashlib
import json
import os
import pathlib
import shutil
import sys

import torch
import transformers
from transformers import CLIPConfig, CLIPModel, CLIPTextModel

import tiny

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "Scripts" / "golden"))
from hugging_face_names import hugging_face_names

RELEASE = tuple(int(part) for part in transformers.__version__.split(".")[:2])
WRITER = f"transformers {transformers.__version__}, torch {torch.__version__.split('+')[0]}"
EVIDENCE = "config.json: hidden_act and num_attention_heads"
NUMBERS = tiny.MODELS["vit"]
IMAGE, PATCH = NUMBERS["image_resolution"], NUMBERS["vision_patch_size"]
END_OF_TEXT = tiny.VOCABULARY - 1


def configuration():
    tower = dict(hidden_act="quick_gelu", num_attention_heads=1, num_hidden_layers=1,
                 projection_dim=NUMBERS["embed_dim"])
    text = dict(tower, hidden_size=tiny.TEXT_WIDTH, intermediate_size=4 * tiny.TEXT_WIDTH,
                vocab_size=tiny.VOCABULARY, max_position_embeddings=tiny.CONTEXT, eos_token_id=END_OF_TEXT,
                bos_token_id=END_OF_TEXT - 1, pad_token_id=0)
    width = NUMBERS["vision_width"]
    vision = dict(tower, hidden_size=width, intermediate_size=4 * width, image_size=IMAGE, patch_size=PATCH)
    names = ("text_config_dict", "vision_config_dict") if RELEASE < (5, 0) else ("text_config", "vision_config")
    return CLIPConfig(**dict(zip(names, (text, vision))), projection_dim=NUMBERS["embed_dim"])


def state():
    model = json.loads((HERE / "vit.model.json").read_text())
    return {name: tiny.values(name, tuple(entry["shape"])) for name, entry in model["tensors"].items()}


def build():
    """The complete CLIPModel in FP16, every parameter set."""
    model = CLIPModel(configuration())
    tensors = {name: torch.from_numpy(array.copy()) for name, array in state().items()}
    result = model.load_state_dict(hugging_face_names(tensors), strict=False)
    assert not result.unexpected_keys, result.unexpected_keys
    assert all(key.endswith("position_ids") for key in result.missing_keys), result.missing_keys
    return model.half().eval()


def part(model, kind, config):
    """The single-tower class `kind` with the matching weights of `model`."""
    own = kind(config)
    weights = model.state_dict()
    prefix = config.model_type.replace("clip_", "").replace("_model", "") + "_model."
    own.load_state_dict({
        key: weights[key] if key in weights else weights[prefix + key] for key in own.state_dict()
    })
    return own.half()


def fresh(name):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def position_ids(*towers):
    return {f"{prefix}embeddings.position_ids": "position indices, a buffer of old files" for prefix in towers}


def sidecar(folder, **facts):
    facts = {"format": "hugging-face", "writer": WRITER, "model": "vit", "evidence": EVIDENCE, **facts}
    tiny.write_sidecar(folder, **facts)


# ---- transformers 5 -------------------------------------------------------------------------------


def write_current():
    from transformers import CLIPTextModelWithProjection, CLIPVisionModelWithProjection

    model = build()
    folder = fresh("vit-hugging-face")
    save_whole(model, folder)
    sidecar(folder)

    parts = (
        ("text-projection", CLIPTextModelWithProjection, model.config.text_config, "text", True),
        ("image-projection", CLIPVisionModelWithProjection, model.config.vision_config, "image", True),
        ("text", CLIPTextModel, model.config.text_config, "text", False),
    )
    for name, kind, config, towers, projection in parts:
        folder = fresh(f"vit-hugging-face-{name}")
        part(model, kind, config).save_pretrained(folder)
        sidecar(folder, towers=towers, projection=projection, notes=f"class {kind.__name__}")
    write_cache(HERE / "vit-hugging-face-text-projection")


def save_whole(model, folder):
    from transformers import CLIPImageProcessorPil

    model.save_pretrained(folder)
    size = {"size": {"shortest_edge": IMAGE}, "crop_size": {"height": IMAGE, "width": IMAGE}}
    CLIPImageProcessorPil(**size).save_pretrained(folder)


def write_cache(source):
    """The hub's cache: `snapshots/COMMIT` holds links to `blobs/HASH`, `refs/main` names the commit."""
    cache = fresh("vit-hub-cache")
    repository = cache / "models--example--tiny-clip"
    commit = hashlib.sha1(b"tiny-clip").hexdigest()
    snapshot, blobs = repository / "snapshots" / commit, repository / "blobs"
    for folder in (snapshot, blobs, repository / "refs"):
        folder.mkdir(parents=True)
    (repository / "refs" / "main").write_text(commit)
    for file in sorted(source.iterdir()):
        data = file.read_bytes()
        large = file.suffix == ".safetensors"  # large files are named by SHA-256, small ones as git names them
        name = hashlib.sha256(data).hexdigest() if large else hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        (blobs / name).write_bytes(data)
        os.symlink(f"../../blobs/{name}", snapshot / file.name)
    sidecar(cache, towers="text", writer="layout of huggingface_hub's cache", open=str(snapshot.relative_to(HERE)),
            notes="open the snapshot folder; its files are links into blobs")


# ---- transformers 4.20 ----------------------------------------------------------------------------


def write_old():
    from transformers import CLIPFeatureExtractor

    model = build()
    old = transformers.__version__
    both = position_ids("text_model.", "vision_model.")
    folder = fresh(f"vit-hugging-face-{old}-sharded")
    model.save_pretrained(folder, max_shard_size="120KB")
    CLIPFeatureExtractor(size=IMAGE, crop_size=IMAGE).save_pretrained(folder)
    sidecar(folder, ignored=both, notes="pytorch_model.bin.index.json, full dictionaries in config.json")

    folder = fresh(f"vit-hugging-face-{old}-text")
    part(model, CLIPTextModel, model.config.text_config).save_pretrained(folder)
    sidecar(folder, towers="text", projection=False, ignored=position_ids("text_model."),
            notes="class CLIPTextModel, keys with the prefix text_model.")


if __name__ == "__main__":
    write_old() if RELEASE < (5, 0) else write_current()
