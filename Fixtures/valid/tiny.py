"""The two tiny CLIPs of the format fixtures: one set of numbers for every file format. Needs NumPy only.

Every value is k · 2^-s with |k| < 256, so FP32, FP16 and BF16 hold it exactly and every fixture of one model
has the same digests. Names and shapes are OpenAI's (canonical).
"""

import hashlib
import json
import pathlib
import struct
import zlib

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent

CONTEXT, VOCABULARY, TEXT_WIDTH = 16, 128, 64

# The arguments of `clip.model.CLIP`. The ViT's text projection is square: only values can reveal a transposition.
MODELS = {
    "vit": dict(embed_dim=64, image_resolution=24, vision_layers=1, vision_width=64, vision_patch_size=8,
                context_length=CONTEXT, vocab_size=VOCABULARY, transformer_width=TEXT_WIDTH, transformer_heads=1,
                transformer_layers=1),
    "rn": dict(embed_dim=48, image_resolution=64, vision_layers=(1, 2, 1, 1), vision_width=4,
               vision_patch_size=None, context_length=CONTEXT, vocab_size=VOCABULARY, transformer_width=TEXT_WIDTH,
               transformer_heads=1, transformer_layers=1),
}

STEPS = {  # suffix of the name: (step of the grid, standard deviation of k, centre)
    "logit_bias": (2.0**-3, 0, -100),
    "logit_scale": (2.0**-5, 0, 147),
    "running_var": (2.0**-6, 8, 64),
    "running_mean": (2.0**-5, 4, 0),
    "num_batches_tracked": (1, 0, 1000),
    "attnpool.positional_embedding": (2.0**-6, 4, 0),
    "embedding": (2.0**-4, 4, 0),
    "token_embedding.weight": (2.0**-4, 4, 0),
    "visual.ln_post.bias": (2.0**-4, 0, 3),  # a constant: can be stored with a stride of zero
    "bias": (2.0**-6, 4, 0),
}


def values(name, shape):
    """The tensor `name`, float32."""
    size = int(np.prod(shape, dtype=np.int64))
    random = np.random.RandomState(zlib.crc32(name.encode()))  # a stream that NumPy has frozen
    norm = len(shape) == 1 and name.endswith("weight")
    step, deviation, centre = next(
        (row for suffix, row in STEPS.items() if name.endswith(suffix)), (2.0**-6, 12, 64) if norm else (0, 4, 0))
    if step == 0:  # a matrix: its inputs decide the step, a power of two near gain / (4 · sqrt(inputs))
        inputs = shape[0] if name.endswith("proj") else int(np.prod(shape[1:]))
        gain = 2 if len(shape) == 4 else 1
        step = 2.0 ** -round(np.log2(4 * np.sqrt(inputs) / gain))
    k = centre + np.clip(np.rint(random.standard_normal(size) * deviation), -100, 100)
    return (k * step).astype(np.float32).reshape(shape)


def digest(name, tensor):
    """SHA-256 of the canonical name, a zero byte, rank and dimensions as u64, then the values as FP32."""
    header = struct.pack(f"<{1 + tensor.ndim}Q", tensor.ndim, *tensor.shape)
    return hashlib.sha256(name.encode() + b"\0" + header + tensor.astype("<f4").tobytes()).hexdigest()


def is_weight(name):
    """Whether `name` is a tensor of the model; the rest are counters and scalar buffers that readers ignore."""
    return not name.endswith(("num_batches_tracked", "input_resolution", "context_length", "vocab_size"))


def tower(name):
    """`image`, `text`, or `both` for the score's tensors, which belong to neither."""
    return "image" if name.startswith("visual.") else "both" if name in ("logit_scale", "logit_bias") else "text"


def fill(model):
    """Loads the tiny numbers into a module with OpenAI's names (float32); returns {name: float32 array}."""
    import torch

    state = {name: values(name, tuple(tensor.shape)) for name, tensor in model.state_dict().items()}
    model.load_state_dict({
        name: torch.from_numpy(state[name].copy()).to(tensor.dtype) for name, tensor in model.state_dict().items()
    })
    return {name: array for name, array in state.items() if is_weight(name)}


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n")


def write_model(kind, state, architecture):
    """`KIND.model.json`: the facts of the architecture, and each canonical name's tower, shape and digest."""
    tensors = {
        name: {"tower": tower(name), "shape": list(array.shape), "sha256": digest(name, array)}
        for name, array in state.items()
    }
    write_json(HERE / f"{kind}.model.json", {"architecture": architecture, "tensors": tensors})


def write_sidecar(path, *, format, writer, model, ignored=None, evidence=None, notes="", towers="both",
                  projection=True, **extra):
    """`NAME.json` next to a fixture file or folder: the expected result of a reader.

    model       the tensors are those of MODEL.model.json, restricted to `towers` and, without `projection`, less
                `visual.proj` or `text_projection`
    ignored     source key to the reason why a reader skips it
    names       the library whose names the tensors have, if the format does not determine it
    absent      canonical tensors that the format does not store
    evidence    where activation and heads are stated, or null if nothing in the source states them
    """
    sidecar = {"format": format, "writer": writer, "model": model, "towers": towers, "projection": projection,
               "ignored": ignored or {}, "evidence": evidence, "notes": notes, **extra}
    write_json(path.with_name(path.name + ".json"), sidecar)


def openai_architecture(kind):
    """The facts of a model of OpenAI's family, where heads are width / 64."""
    numbers = MODELS[kind]
    resnet = isinstance(numbers["vision_layers"], tuple)
    width = numbers["vision_width"]
    return {
        "embedding": numbers["embed_dim"], "activation": "quick_gelu", "epsilon": 1e-5,
        "image": {
            "kind": "resnet" if resnet else "transformer", "size": numbers["image_resolution"],
            "patch": numbers["vision_patch_size"], "layers": numbers["vision_layers"], "width": width,
            "heads": width * 32 // 64 if resnet else width // 64, "mlp": None if resnet else 4 * width,
        },
        "text": {
            "context": CONTEXT, "vocabulary": VOCABULARY, "width": TEXT_WIDTH, "heads": TEXT_WIDTH // 64,
            "layers": numbers["transformer_layers"], "mlp": 4 * TEXT_WIDTH,
        },
    }
