"""Safetensors files that break one rule of the format each."""

import json

from builders import safetensors_bytes


def entry(shape=(2,), dtype="F32", offsets=(0, 8), **more):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets), **more}


def text(value):
    return value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()


def case(error, header, data=bytes(8), at=None, tensor=None):
    """`at`: text in the header at which the error points, or an offset in the file."""
    header = text(header)
    offset = 8 + header.index(at) if isinstance(at, bytes) else at
    return {"error": error, "content": safetensors_bytes(header, data), "offset": offset,
            "places": [f"tensor {tensor}"] if tensor else []}


def one(error, data=bytes(8), **fields):
    return case(error, {"x": entry(**fields)}, data, at=b'"x"', tensor="x")


def length(value, rest=b"{}"):
    return value.to_bytes(8, "little") + rest


def int8(error, shape=(2, 2), rows=2, scales="F32", layout=0):
    """bitsandbytes' int8: a weight, the scales of its rows, and the code of its layout."""
    end = 4 + 4 * rows
    header = {"x.weight": entry(shape, "I8", (0, 4)), "x.SCB": entry((rows,), scales, (4, end)),
              "x.weight_format": entry((), "U8", (end, end + 1))}
    return case(error, header, bytes(end) + bytes([layout]), tensor="x.weight")


PAIR = {"x": entry(), "y": entry(offsets=(8, 16))}
NESTED = b'{"x":' + b"[" * 70 + b"]" * 70 + b"}"

CASES = {
    "header-of-a-gigabyte.safetensors": {
        "error": "safetensorsHeaderLength", "content": length(1 << 30), "offset": 0},
    "header-longer-than-file.safetensors": {"error": "truncatedFile", "content": length(5000), "offset": 10},
    "header-starts-with-space.safetensors": case("safetensorsHeaderStart", b" " + text({"x": entry()}), at=8),
    "metadata-a-list.safetensors": case(
        "safetensorsMetadata", {"__metadata__": [], "x": entry()}, at=b'"__metadata__"'),
    "metadata-a-number.safetensors": {
        **case("safetensorsMetadata", {"__metadata__": {"format": 1}, "x": entry()}, at=b'"format"'),
        "places": ["key format"]},
    "without-dtype.safetensors": case(
        "safetensorsEntry", {"x": {"shape": [2], "data_offsets": [0, 8]}}, at=b'"x"', tensor="x"),
    "without-shape.safetensors": case(
        "safetensorsEntry", {"x": {"dtype": "F32", "data_offsets": [0, 8]}}, at=b'"x"', tensor="x"),
    "without-offsets.safetensors": case(
        "safetensorsEntry", {"x": {"dtype": "F32", "shape": [2]}}, at=b'"x"', tensor="x"),
    "minus-zero-extent.safetensors": case(
        "safetensorsEntry", b'{"x":{"dtype":"F32","shape":[-0],"data_offsets":[0,0]}}', b"", at=b'"x"', tensor="x"),
    "negative-extent.safetensors": one("safetensorsEntry", shape=(-2,)),
    "fractional-extent.safetensors": one("safetensorsEntry", shape=(2.5,)),
    "three-offsets.safetensors": one("safetensorsEntry", offsets=(0, 4, 8)),
    "entry-a-number.safetensors": case("safetensorsEntry", {"x": 3}, at=b'"x"', tensor="x"),
    "unknown-dtype.safetensors": one("safetensorsUnknownDType", dtype="FLOAT"),
    "float8-exponents.safetensors": one("unsupportedDType", dtype="F8_E8M0", shape=(8,)),
    "float8-too-few.safetensors": one("safetensorsByteCount", dtype="F8_E4M3", shape=(9,)),
    "int8-without-a-scale.safetensors": int8("tensorRecordInvalid", rows=1),
    "int8-scales-of-another-type.safetensors": int8("tensorRecordInvalid", scales="I32"),
    "int8-in-tiles.safetensors": int8("unsupportedTensorKind", layout=1),
    "int8-one-axis.safetensors": int8("tensorRecordInvalid", shape=(4,)),
    "four-bits.safetensors": case("unsupportedTensorKind", {"x.qweight": entry(dtype="I32"), "x.scales": entry(
        dtype="F32", offsets=(8, 16))}, bytes(16), tensor="x.qweight"),
    "hole.safetensors": case(
        "safetensorsOffsets", {"x": entry(), "y": entry(offsets=(12, 20))}, bytes(20), at=b'"y"', tensor="y"),
    "hole-at-the-start.safetensors": one("safetensorsOffsets", bytes(12), offsets=(4, 12)),
    "overlap.safetensors": case(
        "safetensorsOffsets", {"x": entry(), "y": entry(offsets=(4, 12))}, bytes(12), at=b'"y"', tensor="y"),
    "end-before-begin.safetensors": one("safetensorsOffsets", offsets=(8, 0)),
    "bytes-do-not-fit-shape.safetensors": one("safetensorsByteCount", shape=(3,)),
    "bytes-do-not-fit-type.safetensors": one("safetensorsByteCount", dtype="F64"),
    "bytes-after-the-tensors.safetensors": case(
        "safetensorsCoverage", {"x": entry()}, bytes(9), at=8 + len(text({"x": entry()})) + 8),
    "half-a-download.safetensors": case(
        "truncatedFile", PAIR, bytes(10), at=8 + len(text(PAIR)) + 10),
    "shape-overflows.safetensors": one("numberOverflow", shape=(1 << 40, 1 << 40)),
    "too-many-axes.safetensors": one("limitExceeded", shape=(1,) * 17),
    "repeated-name.safetensors": case(
        "jsonDuplicateKey", b'{"x":' + text(entry()) + b',"x":' + text(entry()) + b"}",
        at=8 + 5 + len(text(entry())) + 1),
    "repeated-name-escaped.safetensors": case(
        "jsonDuplicateKey", b'{"x":' + text(entry()) + b',"\\u0078":' + text(entry()) + b"}",
        at=8 + 5 + len(text(entry())) + 1),
    "nul-after-header.safetensors": case(
        "jsonSyntax", text({"x": entry()}) + b"\0", at=8 + len(text({"x": entry()}))),
    "comma-at-the-end.safetensors": case("jsonSyntax", b'{"x":' + text(entry()) + b",}", at=8 + 5 + len(text(entry())) + 1),
    "name-not-utf8.safetensors": case(
        "jsonInvalidText", b'{"\xff\xfe":' + text(entry()) + b"}", at=9),
    "half-a-surrogate.safetensors": case(
        "jsonInvalidText", b'{"\\ud800":' + text(entry()) + b"}", at=12),
    "nested-too-deep.safetensors": case("jsonTooDeep", NESTED, at=8 + 5 + 63),
}
