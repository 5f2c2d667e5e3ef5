#!/usr/bin/env python3
"""Writes the tiny ViT as GGUF files with llama.cpp's own gguf-py, in the layouts of clip.cpp's and llama.cpp's
converters.

The weights are those of vit-hugging-face/. Environment: Scripts/environments/venv-gguf.sh.
"""

import importlib.metadata
import json
import pathlib

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from safetensors import numpy as safetensors

import gguf_names as names
import tiny

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE / "vit-hugging-face"
WRITER = f"gguf {importlib.metadata.version('gguf')}"
EVIDENCE = "GGUF metadata: head_count and use_gelu"
CONFIG = json.loads((SOURCE / "config.json").read_text())
PROCESSOR = json.loads((SOURCE / "preprocessor_config.json").read_text())
PROJECTION = CONFIG["projection_dim"]
BLOCK = 32


def weights():
    state = safetensors.load_file(SOURCE / "model.safetensors")
    return {key: array for key, array in state.items() if names.is_stored(key)}


def begin(path, *, text=True, vision=True, half=True, gelu=False, **options):
    writer = names.writer(path, **options)
    names.add_common(writer, text=text, vision=vision, half=half, gelu=gelu)
    if text:
        names.add_text(writer, CONFIG["text_config"], PROJECTION)
    if vision:
        names.add_vision(writer, CONFIG["vision_config"], PROJECTION, PROCESSOR)
    return writer


def belongs(name, text, vision):
    return vision if name.startswith("v") else text


def sidecar(path, **facts):
    absent = ["logit_scale"] if facts.get("towers", "both") == "both" else []
    tiny.write_sidecar(path, format="gguf", writer=WRITER, model="vit", evidence=EVIDENCE, names="gguf",
                       absent=absent, **facts)


def write_clip_cpp(name, *, text=True, vision=True, half=True, notes="", **options):
    """The output of clip.cpp's convert_hf_to_gguf.py."""
    path = HERE / name
    writer = begin(path, text=text, vision=vision, half=half, **options)
    for key, array in weights().items():
        if belongs(key, text, vision):
            writer.add_tensor(names.name(key), names.stored(names.name(key), array, half))
    names.write(writer)
    sidecar(path, towers="both" if text and vision else "text" if text else "image", notes=notes)


def write_bfloat(name):
    """An image tower with matrices and kernel in BF16, as llama.cpp's converters write it on request."""
    path = HERE / name
    writer = begin(path, text=False)
    for key, array in weights().items():
        target = names.name(key, names.LATER)
        if not belongs(key, text=False, vision=True):
            continue
        if array.ndim >= 2:
            data = gguf.quants.quantize(array.astype(np.float32), Type.BF16)
            writer.add_tensor(target, data, raw_dtype=Type.BF16)
        else:
            writer.add_tensor(target, array.astype(np.float32))
    names.write(writer)
    sidecar(path, towers="image", notes="matrices in BF16, names of llama.cpp's later converters")


def write_mmproj(name):
    """A complete vision encoder with CLIP's projection, and a language model's projector."""
    path = HERE / name
    writer = begin(path, text=False)
    writer.add_string("clip.projector_type", "mlp")
    writer.add_bool("clip.has_llava_projector", True)
    for key, array in weights().items():
        if belongs(key, text=False, vision=True):
            target = names.name(key, names.LATER)
            writer.add_tensor(target, names.stored(target, array, half=True))
    for index in (0, 2):
        writer.add_tensor(f"mm.{index}.weight", np.zeros((32, 64 if index == 0 else 32), np.float16))
        writer.add_tensor(f"mm.{index}.bias", np.zeros(32, np.float32))
    names.write(writer)
    sidecar(path, towers="image", ignored={"mm": "projector of a language model"},
            notes="an mmproj file whose encoder is complete")


def write_quantized(name, kind):
    """As clip.cpp's quantizer: matrices whose rows are complete blocks, except the tables of positions."""
    path = HERE / "quantized" / name
    writer = begin(path)
    for key, array in weights().items():
        target = names.name(key)
        if array.ndim == 2 and array.shape[1] % BLOCK == 0 and "position" not in key:
            writer.add_tensor(target, gguf.quants.quantize(array.astype(np.float32), kind), raw_dtype=kind)
        else:
            writer.add_tensor(target, names.stored(target, array, half=True))
    names.write(writer)


# ---- one tensor of each type ----------------------------------------------------------------------

# The output of ggml's reference quantizers for `known_row()`.
KNOWN_BLOCKS = {
    Type.Q8_0: "082081539148a23cb231c325d31ae30ef40304f714ec25e035d546ca56be66b377a7",
    Type.Q4_0: "0030807d917da26cb35bc45ad54ae639f728",
    Type.Q4_1: "213000bc807d917ca26bb35bc44ad549e639f728",
    Type.Q5_0: "002caaaa555510fa32d954c876b69895ba83dc62fe50",
    Type.Q5_1: "fe2b00bcaaaa555510fb32d954c876b69895ba83dc62fe50",
}
K_QUANTS = {Type.Q2_K: (80, 82), Type.Q3_K: (108,), Type.Q4_K: (0, 2), Type.Q5_K: (0, 2), Type.Q6_K: (208,)}
K_BLOCK = 256
Q8_K_BYTES = 292


def known_row():
    """float32 [32]: values of both signs that rise in size."""
    row = np.array([-1 + 2 * index / 31 for index in range(BLOCK)], np.float32)
    row[1::2] *= np.float32(-0.7)
    return row


def random_blocks(random, kind, scale_offsets):
    """uint8 [2, bytes of two blocks]: any bits in the values, finite scales in FP16 (gguf-py cannot quantize these)."""
    size = gguf.GGML_QUANT_SIZES[kind][1]
    blocks = random.randint(0, 256, (4, size)).astype(np.uint8)
    for offset in scale_offsets:
        scales = (random.standard_normal(4) * 0.02).astype("<f2")
        blocks[:, offset:offset + 2] = scales.view(np.uint8).reshape(4, 2)
    return blocks.reshape(2, 2 * size)


def q8_k(random):
    """Two blocks of the type that only products use, and their values by its definition, d · q."""
    scales = (random.standard_normal(2) * 0.02).astype("<f4")
    q = random.randint(-127, 128, (2, K_BLOCK)).astype(np.int8)
    sums = q.reshape(2, 16, 16).sum(axis=2).astype("<i2")
    blocks = np.concatenate([scales.view(np.uint8).reshape(2, 4), q.view(np.uint8), sums.view(np.uint8)], axis=1)
    assert blocks.shape == (2, Q8_K_BYTES)
    return blocks, scales[:, None] * q.astype(np.float32)


def write_types(name):
    """A tensor of each type, and the output of gguf-py's `dequantize` for each."""
    random = np.random.RandomState(9)
    path = HERE / "quantized" / name
    writer, expected = begin(path), {}

    def add(kind, data):
        writer.add_tensor(kind.name, data, raw_dtype=kind)
        expected[kind.name] = gguf.quants.dequantize(data, kind)

    for kind, known in KNOWN_BLOCKS.items():
        rows = np.stack([known_row(), random.standard_normal(BLOCK).astype(np.float32), np.zeros(BLOCK, np.float32)])
        data = gguf.quants.quantize(rows, kind)
        assert data[0].tobytes().hex() == known, kind
        add(kind, data)
    for kind, offsets in K_QUANTS.items():
        add(kind, random_blocks(random, kind, offsets))
    data, expected["Q8_K"] = q8_k(random)
    writer.add_tensor("Q8_K", data, raw_dtype=Type.Q8_K)
    wide = random.standard_normal((3, 5))
    writer.add_tensor("F64", wide)
    expected["F64"] = wide.astype(np.float32)
    names.write(writer)
    safetensors.save_file(expected, path.with_suffix(".expected.safetensors"))


def main():
    (HERE / "quantized").mkdir(exist_ok=True)
    write_clip_cpp("vit-clip-cpp-f16.gguf", notes="ffn_down is the first linear")
    write_clip_cpp("vit-clip-cpp-text.gguf", vision=False)
    write_clip_cpp("vit-big-endian.gguf", text=False, endianess=gguf.GGUFEndian.BIG, notes="every number big-endian")
    write_bfloat("vit-bf16.gguf")
    write_mmproj("vit-mmproj.gguf")
    write_quantized("vit-q8_0.gguf", Type.Q8_0)
    write_quantized("vit-q4_0.gguf", Type.Q4_0)
    write_types("types.gguf")


if __name__ == "__main__":
    main()
