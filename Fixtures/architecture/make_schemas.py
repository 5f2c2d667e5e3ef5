#!/usr/bin/env python3
"""Lists every tensor of the original implementations' models; tests compare the schema with it.

OpenAI's nine come from `clip.model.CLIP`, the others from open_clip's own configurations; nothing is allocated (meta
device). `full` holds name and shape of each tensor, `digests` the SHA-256 of the sorted lines "name d0,d1,…\n".
Environment: Scripts/environments/venv-goldens.sh. Counters (`num_batches_tracked`) are not weights and are left out.
"""

import hashlib
import json
import pathlib
from importlib.metadata import version

import clip.model
import open_clip
import torch

# image size, vision layers, vision width, patch, text width, text heads, embedding dimension
OPENAI = {
    "RN50": (224, (3, 4, 6, 3), 64, None, 512, 8, 1024),
    "RN101": (224, (3, 4, 23, 3), 64, None, 512, 8, 512),
    "RN50x4": (288, (4, 6, 10, 6), 80, None, 640, 10, 640),
    "RN50x16": (384, (6, 8, 18, 8), 96, None, 768, 12, 768),
    "RN50x64": (448, (3, 15, 36, 10), 128, None, 1024, 16, 1024),
    "ViT-B/32": (224, 12, 768, 32, 512, 8, 512),
    "ViT-B/16": (224, 12, 768, 16, 512, 8, 512),
    "ViT-L/14": (224, 24, 1024, 14, 768, 12, 768),
    "ViT-L/14@336px": (336, 24, 1024, 14, 768, 12, 768),
}
OPEN_CLIP = [
    "ViT-S-32", "ViT-S-16-alt", "ViT-M-32", "ViT-M-16", "ViT-B-32-256", "ViT-B-16-plus-240", "ViT-L-14-280",
    "ViT-L-16-320", "ViT-H-14", "ViT-H-14-378-quickgelu", "ViT-g-14", "ViT-bigG-14", "RN50-quickgelu",
]


def lines(state):
    return sorted(f"{name} {','.join(map(str, value.shape))}\n" for name, value in state.items()
                  if not name.endswith("num_batches_tracked") and name != "attn_mask")


def openai_model(size, layers, width, patch, text_width, text_heads, embed):
    with torch.device("meta"):
        return clip.model.CLIP(embed, size, layers, width, patch, 77, 49408, text_width, text_heads, 12)


def open_clip_model(name):
    with torch.device("meta"):
        return open_clip.create_model(name, device="meta", pretrained=None)


models = {name: lines(openai_model(*numbers).state_dict()) for name, numbers in OPENAI.items()}
for name in OPEN_CLIP:
    models[name] = lines(open_clip_model(name).state_dict())

result = {
    "versions": {package: version(package) for package in ("torch", "clip-anytorch", "open_clip_torch")},
    "full": {name: models[name] for name in ("ViT-B/32", "RN50")},
    "digests": {name: {"tensors": len(rows), "sha256": hashlib.sha256("".join(rows).encode()).hexdigest()}
                for name, rows in models.items()},
}
path = pathlib.Path(__file__).with_name("schemas.json")
path.write_text(json.dumps(result, indent=1) + "\n")
print(path, {name: len(rows) for name, rows in models.items()})
