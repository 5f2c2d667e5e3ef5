"""GGUF files that break one rule each, assembled byte by byte."""

import struct

U8, U32, I32, F32, BOOL, TEXT, ARRAY = 0, 4, 5, 6, 7, 8, 9
TYPE_F32, TYPE_Q4_0, TYPE_REMOVED, TYPE_IQ4_NL = 0, 2, 4, 20
ALIGNMENT = 32


def string(text, order="<"):
    data = text.encode() if isinstance(text, str) else text
    return struct.pack(order + "Q", len(data)) + data


def entry(key, kind, payload, order="<"):
    return string(key, order) + struct.pack(order + "I", kind) + payload


def info(name, dims=(8,), kind=TYPE_F32, offset=0, order="<", rank=None):
    return (string(name, order) + struct.pack(order + "I", len(dims) if rank is None else rank)
            + b"".join(struct.pack(order + "Q", extent) for extent in dims) + struct.pack(order + "IQ", kind, offset))


def u32(value, order="<"):
    return struct.pack(order + "I", value)


def u64(value):
    return struct.pack("<Q", value)


CLIP = entry("general.architecture", TEXT, string("clip"))
TENSOR = info("x")


def gguf(entries=(CLIP,), infos=(), *, data=b"", version=3, tensor_count=None, entry_count=None, order="<"):
    """The bytes of a file, and where each entry and then each tensor's description begins."""
    out = b"GGUF" + struct.pack(order + "IQQ", version, len(infos) if tensor_count is None else tensor_count,
                                len(entries) if entry_count is None else entry_count)
    starts = []
    for part in (*entries, *infos):
        starts.append(len(out))
        out += part
    if data:
        out += bytes(-len(out) % ALIGNMENT) + data
    return out, starts


def case(error, built, *, part=None, shift=0, offset=None, places=()):
    """`part`: which entry or description the error points at, `shift` bytes into it."""
    content, starts = built
    if part is not None:
        offset = starts[part] + shift
    return {"error": error, "content": content, "offset": offset, "places": list(places)}


def value_case(error, kind, payload, shift):
    """A value of the key `x`; its type is 9 bytes into the entry."""
    return case(error, gguf([CLIP, entry("x", kind, payload)]), part=1, shift=shift, places=["key x"])


def alignment_case(kind, payload):
    key = "general.alignment"
    return case("ggufAlignment", gguf([CLIP, entry(key, kind, payload)]), part=1, places=[f"key {key}"])


def tensor_case(error, shift=0, data=bytes(32), **fields):
    """The tensor `x`; its rank is 9 bytes into the description, its first extent 13."""
    return case(error, gguf([CLIP], [info("x", **fields)], data=data), part=1, shift=shift, places=["tensor x"])


def cut(count, error="truncatedFile", **fields):
    content, _ = gguf([CLIP, entry("x", U32, u32(1))], [TENSOR], data=bytes(32))
    return {"error": error, "content": content[:count], **fields}


SOUND, STARTS = gguf([CLIP, entry("x", U32, u32(1))], [TENSOR], data=bytes(32))
PAIR = [info("x"), info("y", offset=32)]
LLAVA = [CLIP, entry("clip.vision.block_count", U32, u32(23)), entry("clip.projector_type", TEXT, string("mlp"))]
BIG = [entry("general.architecture", TEXT, string("clip", ">"), ">")]

CASES = {
    "version-0.gguf": case("ggufVersion", gguf(version=0), offset=4),
    "version-1.gguf": case("ggufVersion", gguf(version=1), offset=4),
    "version-4.gguf": case("ggufVersion", gguf(version=4), offset=4),
    "version-1-big-endian.gguf": case("ggufVersion", gguf(BIG, version=1, order=">"), offset=4),
    "tensors-2-to-the-63.gguf": case("ggufCount", gguf(tensor_count=1 << 63), offset=8),
    "more-tensors-than-bytes.gguf": case("ggufCount", gguf(tensor_count=1000), offset=8),
    "values-without-end.gguf": case("ggufCount", gguf(entry_count=(1 << 64) - 1), offset=16),
    "key-longer-than-file.gguf": case("ggufCount", gguf([u64(1 << 40) + b"general"], entry_count=1), offset=24),
    "key-empty.gguf": case("ggufText", gguf([CLIP, entry("", U32, u32(1)) + bytes(8)]), part=1),
    "key-not-utf8.gguf": case("ggufText", gguf([CLIP, entry(b"\xff\xfe", U32, u32(1))]), part=1),
    "key-twice.gguf": case("ggufDuplicateKey", gguf([CLIP, CLIP]), part=1, places=["key general.architecture"]),
    "value-type-13.gguf": value_case("ggufValueType", 13, u32(0), 9),
    "value-type-of-elements.gguf": value_case("ggufValueType", ARRAY, u32(99) + u64(1) + u32(0), 13),
    "bool-of-two.gguf": value_case("ggufValue", BOOL, b"\2", 13),
    "bool-of-two-in-an-array.gguf": value_case("ggufValue", ARRAY, u32(BOOL) + u64(2) + b"\0\2", 26),
    "array-of-arrays.gguf": value_case(
        "ggufValue", ARRAY, u32(ARRAY) + u64(1) + u32(U8) + u64(1) + b"\1", 13),
    "arrays-four-thousand-deep.gguf": value_case("ggufValue", ARRAY, (u32(ARRAY) + u64(1)) * 4000, 13),
    "array-longer-than-file.gguf": value_case("ggufCount", ARRAY, u32(F32) + u64(1 << 62), 17),
    "texts-more-than-bytes.gguf": value_case("ggufCount", ARRAY, u32(TEXT) + u64(1 << 20) + bytes(800), 17),
    "text-longer-than-file.gguf": value_case("ggufCount", TEXT, u64(1 << 33) + b"text", 13),
    "text-in-an-array-too-long.gguf": value_case(
        "ggufCount", ARRAY, u32(TEXT) + u64(20) + string("a") * 19 + u64(1 << 33), 25 + 19 * 9),
    "text-not-utf8.gguf": value_case("ggufText", TEXT, string(b"\xc3("), 13),
    "alignment-0.gguf": alignment_case(U32, u32(0)),
    "alignment-24.gguf": alignment_case(U32, u32(24)),
    "alignment-2-to-the-31.gguf": alignment_case(U32, u32(1 << 31)),
    "alignment-negative.gguf": alignment_case(I32, struct.pack("<i", -32)),
    "alignment-a-text.gguf": alignment_case(TEXT, string("32")),
    "name-empty.gguf": case("ggufText", gguf([CLIP], [info("")], data=bytes(32)), part=1),
    "name-not-utf8.gguf": case("ggufText", gguf([CLIP], [info(b"\x80")], data=bytes(32)), part=1),
    "name-longer-than-file.gguf": case(
        "ggufCount", gguf([CLIP], [u64(1 << 63) + bytes(32)]), part=1),
    "name-twice.gguf": case(
        "duplicateTensorName", gguf([CLIP], [info("x"), info("x", offset=32)], data=bytes(64)), part=2,
        places=["tensor x"]),
    "five-axes.gguf": tensor_case("ggufShape", 9, dims=(1, 1, 1, 1, 8)),
    "axes-without-end.gguf": tensor_case("ggufShape", 9, rank=(1 << 32) - 1),
    "extent-2-to-the-63.gguf": tensor_case("ggufShape", 13, dims=(1 << 63,)),
    "extents-overflow.gguf": tensor_case("numberOverflow", 9, dims=(1 << 40, 1 << 40)),
    "bytes-overflow.gguf": tensor_case("numberOverflow", 9, dims=(1 << 61,)),
    "row-of-half-a-block.gguf": tensor_case("ggufShape", 9, dims=(48, 2), kind=TYPE_Q4_0),
    "type-99.gguf": tensor_case("ggufTensorType", 21, kind=99),
    "type-removed.gguf": tensor_case("ggufTensorType", 21, kind=TYPE_REMOVED),
    "type-iq4-nl.gguf": tensor_case("unsupportedDType", 21, dims=(32,), kind=TYPE_IQ4_NL),
    "offset-unaligned.gguf": tensor_case("ggufOffset", data=bytes(64), offset=4),
    "offset-beyond-the-file.gguf": tensor_case("truncatedFile", offset=1 << 32),
    "no-bytes-beyond-the-file.gguf": tensor_case("truncatedFile", data=b"", dims=(0,)),
    "offset-overflows.gguf": tensor_case("truncatedFile", offset=(1 << 64) - 32),
    "tensors-overlap.gguf": case(
        "ggufOffset", gguf([CLIP], [info("x", dims=(16,)), info("y", offset=32)], data=bytes(64)), part=2,
        places=["tensor y"]),
    "tensors-share-bytes.gguf": case(
        "ggufOffset", gguf([CLIP], [info("x"), info("y")], data=bytes(32)), part=2, places=["tensor y"]),
    "half-a-download.gguf": case(
        "truncatedFile", gguf([CLIP], PAIR, data=bytes(40)), part=2, places=["tensor y"]),
    "magic-alone.gguf": cut(4, offset=4),
    "cut-in-the-version.gguf": cut(6, offset=4),
    "cut-in-the-counts.gguf": cut(12, offset=8),
    "cut-in-a-value.gguf": cut(STARTS[1] + 15, offset=STARTS[1] + 13, places=["key x"]),
    "cut-in-a-description.gguf": cut(STARTS[2] + 30, offset=STARTS[2] + 25, places=["tensor x"]),
    "cut-before-the-data.gguf": cut(STARTS[2] + len(TENSOR), offset=STARTS[2], places=["tensor x"]),
    "language-model.gguf": case(
        "ggufOtherModel", gguf([entry("general.architecture", TEXT, string("llama"))], [TENSOR], data=bytes(32)),
        part=0, places=["key general.architecture"]),
    "architecture-untold.gguf": case(
        "ggufOtherModel", gguf([], [TENSOR], data=bytes(32)), places=["key general.architecture"]),
    "cut-for-a-language-model.gguf": case(
        "ggufCutEncoder", gguf(LLAVA, [info("v.class_embd"), info("mm.0.weight", offset=32)], data=bytes(64))),
    "quantized-big-endian.gguf": case(
        "unsupportedDType", gguf(BIG, [info("x", (32,), TYPE_Q4_0, order=">")], data=bytes(32), order=">"), part=1,
        places=["tensor x"]),
}
