#!/usr/bin/env python3
"""Writes the tiny ViT as Hugging Face folders: transformers' own classes save what `tiny.py` numbers.

Run it in two environments: Scripts/venv-goldens.sh (transformers 5: safetensors, towers without prefix, the
hub's cache) and Scripts/venv-torch17.sh (transformers 4.20.1: pytorch_model.bin, position_ids, full config).
"""

import hashlib
import json
import os
import pathlib
import shutil

import torch
import transformers
from transformers import CLIPConfig, CLIPModel, CLIPTextModel

import tiny

HERE = pathlib.Path(__file__).resolve().parent
RELEASE = tuple(int(part) for part in transformers.__version__.split(".")[:2])
WRITER = f"transformers {transformers.__version__}, torch {torch.__version__.split('+')[0]}"
EVIDENCE = "config.json: hidden_act and num_attention_heads"
NUMBERS = tiny.MODELS["vit"]
IMAGE, PATCH = NUMBERS["image_resolution"], NUMBERS["vision_patch_size"]
END_OF_TEXT = tiny.VOCABULARY - 1

BLOCK = {
    "ln_1": "layer_norm1", "ln_2": "layer_norm2", "attn.out_proj": "self_attn.out_proj",
    "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2",
}
RENAMED = {
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "ln_final.weight": "text_model.final_layer_norm.weight",
    "ln_final.bias": "text_model.final_layer_norm.bias",
    "visual.class_embedding": "vision_model.embeddings.class_embedding",
    "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    "visual.ln_pre.weight": "vision_model.pre_layrnorm.weight",
    "visual.ln_pre.bias": "vision_model.pre_layrnorm.bias",
    "visual.ln_post.weight": "vision_model.post_layernorm.weight",
    "visual.ln_post.bias": "vision_model.post_layernorm.bias",
    "logit_scale": "logit_scale",
}
TRANSPOSED = {"visual.proj": "visual_projection.weight", "text_projection": "text_projection.weight"}


def hugging_face_names(state):
    """Canonical {name: array} as Hugging Face's {name: tensor}: in-projections split, projections transposed."""
    result = {}
    for name, array in state.items():
        tensor = torch.from_numpy(array.copy())
        if name in RENAMED:
            result[RENAMED[name]] = tensor
        elif name in TRANSPOSED:
            result[TRANSPOSED[name]] = tensor.t().contiguous()
        else:
            result.update(block_names(name, tensor))
    return result


def block_names(name, tensor):
    """One tensor of a residual attention block."""
    stem, rest = name.split("resblocks.")
    layer, rest = rest.split(".", 1)
    prefix = f"{'vision' if stem.startswith('visual') else 'text'}_model.encoder.layers.{layer}"
    if rest.startswith("attn.in_proj_"):
        kind = rest[len("attn.in_proj_"):]
        rows = tensor.chunk(3)
        return {f"{prefix}.self_attn.{n}_proj.{kind}": rows[i].clone() for i, n in enumerate("qkv")}
    module, kind = rest.rsplit(".", 1)
    return {f"{prefix}.{BLOCK[module]}.{kind}": tensor}


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
    """The whole CLIPModel in FP16, every parameter set."""
    model = CLIPModel(configuration())
    result = model.load_state_dict(hugging_face_names(state()), strict=False)
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

    folder = fresh("vit-hugging-face-sharded")
    save_whole(model, folder, max_shard_size="120KB")
    sidecar(folder, notes="model.safetensors.index.json")

    write_cache(HERE / "vit-hugging-face")
    parts = (
        ("text-projection", CLIPTextModelWithProjection, model.config.text_config, "text", True),
        ("image-projection", CLIPVisionModelWithProjection, model.config.vision_config, "image", True),
        ("text", CLIPTextModel, model.config.text_config, "text", False),
    )
    for name, kind, config, towers, projection in parts:
        folder = fresh(f"vit-hugging-face-{name}")
        part(model, kind, config).save_pretrained(folder)
        sidecar(folder, towers=towers, projection=projection, notes=f"class {kind.__name__}")


def save_whole(model, folder, **options):
    from transformers import CLIPImageProcessorPil

    model.save_pretrained(folder, **options)
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
    sidecar(cache, writer="layout of huggingface_hub's cache", open=str(snapshot.relative_to(HERE)),
            notes="open the snapshot folder; its files are links into blobs")


# ---- transformers 4.20 ----------------------------------------------------------------------------


def write_old():
    from transformers import CLIPFeatureExtractor

    model = build()
    old = transformers.__version__
    both = position_ids("text_model.", "vision_model.")
    folder = fresh(f"vit-hugging-face-{old}")
    model.save_pretrained(folder)
    CLIPFeatureExtractor(size=IMAGE, crop_size=IMAGE).save_pretrained(folder)
    sidecar(folder, ignored=both, notes="pytorch_model.bin, full dictionaries in config.json")

    folder = fresh(f"vit-hugging-face-{old}-sharded")
    model.save_pretrained(folder, max_shard_size="120KB")
    sidecar(folder, ignored=both, notes="pytorch_model.bin.index.json")

    folder = fresh(f"vit-hugging-face-{old}-text")
    part(model, CLIPTextModel, model.config.text_config).save_pretrained(folder)
    sidecar(folder, towers="text", projection=False, ignored=position_ids("text_model."),
            notes="class CLIPTextModel, keys with the prefix text_model.")


if __name__ == "__main__":
    write_old() if RELEASE < (5, 0) else write_current()
