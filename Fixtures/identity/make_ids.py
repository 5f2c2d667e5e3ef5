"""Ids of OpenAI's nine models and of the trained minis, computed from docs/BUNDLE.md alone.

    .venv-layouts/bin/python Fixtures/identity/make_ids.py

Fields are those of OpenAI's `clip/model.py`; lines and tensors are those of the page's tables. The nine models'
weights are not available, so the digest of each of their tensors covers its name and shape, without values; the
minis' weights are read from their checkpoints. Written with torch 2.13.0 and numpy.
"""
import hashlib, json, pathlib, struct, sys
import numpy as np
import torch

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(next(ROOT.glob("Scripts/**/check_bundle.py")).parent))
from check_bundle import Bundle, evaluate, table  # noqa: E402


def vit(size, patch, width, layers):
    return {"kind": "vit", "size": size, "patch_size": patch, "width": width, "layers": layers,
            "heads": width // 64, "mlp_width": 4 * width, "activation": "quick_gelu", "epsilon": 1e-5}


def resnet(size, width, *blocks):
    return {"kind": "resnet", "size": size, "width": width, "heads": width * 32 // 64, "epsilon": 1e-5,
            **{f"blocks.{stage}": count for stage, count in enumerate(blocks, 1)}}


def text(width, heads, context=77, vocabulary=49408, layers=12):
    return {"context_length": context, "vocabulary": vocabulary, "width": width, "layers": layers, "heads": heads,
            "mlp_width": 4 * width, "activation": "quick_gelu", "epsilon": 1e-5, "pooled_id": "none"}


MODELS = {
    "RN50": (resnet(224, 64, 3, 4, 6, 3), text(512, 8), 1024),
    "RN101": (resnet(224, 64, 3, 4, 23, 3), text(512, 8), 512),
    "RN50x4": (resnet(288, 80, 4, 6, 10, 6), text(640, 10), 640),
    "RN50x16": (resnet(384, 96, 6, 8, 18, 8), text(768, 12), 768),
    "RN50x64": (resnet(448, 128, 3, 15, 36, 10), text(1024, 16), 1024),
    "ViT-B/32": (vit(224, 32, 768, 12), text(512, 8), 512),
    "ViT-B/16": (vit(224, 16, 768, 12), text(512, 8), 512),
    "ViT-L/14": (vit(224, 14, 1024, 24), text(768, 12), 768),
    "ViT-L/14@336px": (vit(336, 14, 1024, 24), text(768, 12), 768),
}


def digest(name, shape, values=b""):
    return hashlib.sha256(name.encode() + b"\0" + struct.pack(f"<{1 + len(shape)}Q", len(shape), *shape) + values)


def line_value(value):
    return struct.pack(">f", value).hex() if isinstance(value, float) else str(value)


def tower_id(tower, fields, state=None):
    """`state` maps names to arrays; without it each tensor is hashed without values."""
    stream = hashlib.sha256()
    for keys, _, part, implied in table("A line is"):
        applies = part.startswith(f"{tower} tower") and ("`" not in part or f"`{fields['image.kind']}`" in part)
        for key in keys if applies else []:
            if f"`{fields[key]}`" != implied:
                stream.update(f"{key}={line_value(fields[key])}\n".encode())
    bundle = Bundle()
    bundle.fields = fields
    for name, shape, kind, _ in bundle.tensors():
        is_tower = name.startswith("visual.") if tower == "image" else not name.startswith("visual.")
        if not is_tower or kind.startswith("scalar") or name.startswith(("preprocess.", "tokenizer.", "selftest.")):
            continue
        parts = ("weight", "bias", "running_mean", "running_var") if kind == "BatchNorm" else (None,)
        shape = shape[:1] if kind == "BatchNorm" else shape  # the page's row has the convolution's
        for full in (f"{name}.{part}" if part else name for part in parts):
            values = b"" if state is None else state[full].astype("<f4").tobytes()
            assert state is None or list(state[full].shape) == shape, full
            stream.update(digest(full, shape, values).digest())
    return stream.hexdigest()


def ids(image, text, projection, state=None):
    fields = {"towers": "image,text", "score.kind": "softmax", "tokenizer.kind": "none"}
    fields |= {f"image.{key}": value for key, value in image.items()} | {"image.projection": projection}
    fields |= {f"text.{key}": value for key, value in text.items()} | {"text.projection": projection}
    return {tower: tower_id(tower, fields, state) for tower in ("image", "text")}


def mini(name, image):
    state = torch.jit.load(ROOT / f"Fixtures/minis/{name}.pt", map_location="cpu").state_dict()
    arrays = {key: value.float().numpy() for key, value in state.items() if value.is_floating_point()}
    return ids(image, text(64, 1, layers=2), 64, arrays)


if __name__ == "__main__":
    result = {name: ids(*model) for name, model in MODELS.items()}
    result["mini-vit"] = mini("mini-vit", vit(64, 16, 128, 3))
    result["mini-rn"] = mini("mini-rn", resnet(64, 8, 1, 1, 1, 1))
    (HERE / "ids.json").write_text(json.dumps(result, indent=1) + "\n")
