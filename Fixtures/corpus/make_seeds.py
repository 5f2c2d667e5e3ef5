#!/usr/bin/env python3
"""Small valid inputs for each fuzz target. Crashes found by Scripts/check/fuzz.sh are kept next to them permanently.

Standard library only. Seeds are cut from the builders of Fixtures/malformed.
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "malformed"))

import cases_hdf5  # noqa: E402
import cases_torch_legacy  # noqa: E402
import cases_torch_tar  # noqa: E402
from builders import Member, Pickle, floats, safetensors_bytes, torch_members, zip_bytes  # noqa: E402
from cases_gguf import ARRAY, CLIP, F32, TEXT, TYPE_Q4_0, U32, entry, gguf, info, string, u32, u64  # noqa: E402
from cases_numpy import fields, npy  # noqa: E402
import cases_onnx  # noqa: E402
from cases_safetensors import PAIR, text  # noqa: E402
from msgpack import array, chunked, extended, integer, mapping, ndarray, triple  # noqa: E402

STATE = Pickle.file(Pickle.dictionary([
    ("epoch", Pickle.integer(70_000_000_000)),
    ("state_dict", Pickle.dictionary([
        ("module.visual.proj", Pickle.tensor("0", [2, 3], strides=[1, 2])),
        ("module.logit_scale", Pickle.tensor("1", [], kind="HalfStorage")),
    ])),
]))
# Objects of other classes: attributes, items, arguments by name, a member of an enumeration, a pickled module.
VALUES = Pickle.file(Pickle.dictionary([
    ("state_dict", Pickle.dictionary([("visual.proj", Pickle.tensor("0", [2, 3]))])),
    ("options", Pickle.call("mine", "Options", Pickle.tensor("1", [])) + Pickle.dictionary(
        [("lr", Pickle.integer(1))]) + Pickle.BUILD + Pickle.MARK + Pickle.text("a") + Pickle.NONE + Pickle.SETITEMS),
    ("named", Pickle.name("mine", "Named") + b")" + Pickle.EMPTY_DICT + b"\x92"),
    ("mode", Pickle.call("builtins", "getattr", Pickle.name("mine", "Mode"), Pickle.text("TRAIN"))),
    ("net", Pickle.tuple(Pickle.text("module"), Pickle.name("mine", "Net"), Pickle.NONE, Pickle.NONE) + b"Q)\x81"),
]))
SCRIPT = Pickle.file(
    Pickle.name("__torch__.___torch_mangle_1", "CLIP") + b")\x81" + Pickle.EMPTY_DICT + Pickle.MARK
    + Pickle.text("logit_scale") + Pickle.tensor("0", [2]) + Pickle.SETITEMS + Pickle.BUILD)
FLAX = mapping(
    ("params", mapping(
        ("logit_scale", extended(3, triple((), data=floats(1)))),
        ("text_model", mapping(("bias", ndarray((2,), "bfloat16", bytes(4))))),
        ("visual_projection", mapping(("kernel", chunked(
            [("0", integer(3))], [("0", ndarray((2,))), ("1", ndarray((1,), data=bytes(4)))])))))),
    ("step", b"\xcd\x03\xe8"), ("list", array(b"\xc0", b"\xcb" + bytes(8))))
STORAGES = {"0": floats(6), "1": b"\x00\x3c"}

IMAGES = ["restart.jpg", "rotated.jpg", "tiny.png", "bilevel.png", "palette-2-bit.png", "palette-short.png",
            "grey-2-bit.png", "column.png", "lossy.webp"]

GGUF_ENTRIES = [
    CLIP, entry("general.alignment", U32, u32(32)),
    entry("clip.vision.image_mean", ARRAY, u32(F32) + u64(3) + floats(3)),
    entry("tokenizer.ggml.tokens", ARRAY, u32(TEXT) + u64(20) + string("ab") * 20),
]


def gguf_of_every_type():
    """A tensor of two blocks of each supported type: 512 elements, at offsets that are multiples of 32."""
    sizes = {0: 2048, 1: 1024, 2: 288, 3: 320, 6: 352, 7: 384, 8: 544, 10: 168, 11: 220, 12: 288, 13: 352, 14: 420,
             15: 584, 24: 512, 27: 4096, 28: 4096, 30: 1024}
    infos, data = [], b""
    for kind, size in sizes.items():
        infos.append(info(f"x{kind}", (512,), kind, len(data)))
        data += bytes(index * 37 % 251 for index in range(size)) + bytes(-size % 32)
    return gguf(GGUF_ENTRIES, infos, data=data)[0]


SEEDS = {
    "gguf/pair": gguf(GGUF_ENTRIES, [info("x"), info("y", (32, 2), TYPE_Q4_0, 32)], data=floats(8) + bytes(36))[0],
    "gguf/big-endian": gguf([entry("general.architecture", TEXT, string("clip", ">"), ">")],
                            [info("x", (2, 4), order=">")], data=floats(8), order=">")[0],
    "gguf/every-type": gguf_of_every_type(),
    **{f"image/{name}": (HERE.parent / "preprocessing/images" / name).read_bytes() for name in IMAGES},
    "zip/stored": zip_bytes(torch_members(STATE, STORAGES))[0],
    "zip/deflated": zip_bytes([Member("a/b", floats(30), method=8)], comment=b"comment")[0],
    "zip/zip64": zip_bytes([Member("a", b"1")], zip64_count=1)[0],
    "pickle/state": STATE,
    "pickle/values": VALUES,
    "pickle/script": SCRIPT,
    "pickle/protocol-4": b"\x80\x04\x95\x10\0\0\0\0\0\0\0}\x94(\x8c\x01a\x94]\x94(K\x01N\x88eu.",
    "safetensors/pair": safetensors_bytes(text({"__metadata__": {"format": "pt"}, **PAIR}), bytes(16)),
    "json/config": b'{"model_type": "clip", "text_config": {"hidden_act": "gelu", "eps": 1e-05, "x": [null, true, -0.5]}}',
    "json/escapes": rb'["\u0041\ud83d\ude00\n", "", {}, [], 0, -1.5E+3]',
    "pytorch-zip/values": zip_bytes(torch_members(VALUES, STORAGES))[0],
    "pytorch-zip/training": zip_bytes(torch_members(STATE, STORAGES))[0],
    "torchscript/script": zip_bytes([*torch_members(SCRIPT, {"0": floats(2)}), Member("archive/constants.pkl", b"")])[0],
    "text/references": "&amp;lt;b&amp;gt; &#x41;&#66 &notit; &nGt; &#0;&#xFFFE; &CounterClockwiseContourIntegral;".encode(),
    "text/casing": "\u039f\u0394\u03a5\u03a3\u03a3\u0395\u03a5\u03a3 \u0391.\u03a3 \u0130STANBUL \u1e9e a\u0345b it'\u017f".encode(),
    "text/specials": b"<|startoftext|>a<|ENDOFTEXT|> it's WE'LL \t\x1c \xc2\xa0 3.14",
    "text/ill-formed": b"\xff\xc0\x80 \xed\xa0\x80 \xf4\x90\x80\x80 \xe7\x8c caf\xe9 \xe7\x8c\xab",
    "text/long": b"abracadabra" * 100 + b" word" * 90,
    **{f"tokenizer-file/{name}": (HERE.parent / "tokenizer/tables" / name).read_bytes()
       for name in ("t5.model", "gemma.model", "xlmv.model", "t5.json", "gemma.json")},
    "tokenizer-table/none": b"\0",
    "tokenizer-table/algorithm": b"\x01\x08\0\x02",
    "tokenizer-table/root": b"\x02\xa1\0\xff\xa2\0\xff",
    "tokenizer-text/words": "A  photo \u2581 caf\u00e9 cafe\u0301 --- </s> &amp; it's_ok".encode(),
    "tokenizer-text/unknown": "\u732b\U0001f600\u200d \ufb01".encode() * 9,
    "tokenizer-text/ill-formed": b"\xff\xc0\x80 \xed\xa0\x80 a\xe7\x8c b",
    "tokenizer-text/long": b"ab" * 3000,
    "pytorch-zip/deflated": zip_bytes(torch_members(STATE, STORAGES, method=8))[0],
    "pclip/image": (HERE.parent / "valid/bundle/least-int8.pclip").read_bytes(),
    "pclip/text": (HERE.parent / "valid/bundle/text-int8.pclip").read_bytes(),
    "onnx/tower": cases_onnx.SOUND,
    "onnx/quantized": cases_onnx.QUANTIZED,
    "flax-msgpack/state": FLAX,
    "npz/stored": zip_bytes([
        Member("logit_scale.npy", npy(fields(descr=b"'>f4'", shape=b"()"), bytes(4))),
        Member("visual/proj.npy", npy(fields(descr=b"'<V2'", order=b"True", shape=b"(2L, 3)"), bytes(12), (2, 0)))])[0],
    "npz/deflated": zip_bytes([Member("visual.proj.npy", npy(), method=8)])[0],
    **{f"keras/{name}-{method}": zip_bytes([
        Member("config.json", b'{"class_name": "CLIPBackbone"}', method=method),
        Member("model.weights.h5", content, method=method)])[0]
       for name, content in cases_hdf5.seeds().items() for method in (0, 8)},
    **{f"hdf5/{name}": content for name, content in cases_hdf5.seeds().items()},
    **{f"pytorch-legacy/{name}": content for name, content in cases_torch_legacy.seeds().items()},
    **{f"pytorch-tar/{name}": content for name, content in cases_torch_tar.seeds().items()},
    "checkpoint/safetensors": safetensors_bytes(text(PAIR), floats(4)),
}


def main():
    for name, content in SEEDS.items():
        path = HERE / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    main()
