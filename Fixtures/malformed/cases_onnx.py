"""ONNX files that break one rule each, written field by field."""

import struct


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def field(number, value):
    """A varint for an int, a length and bytes for the rest."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def external(**keys):
    return b"".join(field(13, field(1, key) + field(2, value)) for key, value in keys.items()) + field(14, 1)


def tensor(name, shape, kind=1, *, raw=None, int32=None, more=b""):
    data = field(8, name) + b"".join(field(1, extent) for extent in shape) + field(2, kind)
    if raw is not None:
        data += field(9, raw)
    if int32 is not None:
        data += field(5, b"".join(varint(value) for value in int32))
    return data + more


def node(operation, inputs, outputs, *, name="", domain="", scopes=None):
    more = field(9, field(1, "pkg.torch.onnx.name_scopes") + field(2, str(scopes))) if scopes else b""
    return (b"".join(field(1, x) for x in inputs) + b"".join(field(2, x) for x in outputs) + field(3, name)
            + field(4, operation) + (field(7, domain) if domain else b"") + more)


def file(graph):
    return field(1, 8) + field(2, "a") + field(7, graph)


def model(tensors, nodes=()):
    return file(b"".join(field(1, x) for x in nodes) + b"".join(field(5, x) for x in tensors))


FLOATS = struct.pack("<4f", 0.5, 1.5, 2.5, 3.5)
WEIGHT = tensor("visual.proj", [2, 2], raw=FLOATS)
BIAS = tensor("mlp.c_fc.bias", [2], raw=FLOATS[:8])
ANONYMOUS = tensor("onnx::MatMul_7", [2, 2], raw=FLOATS)
PRODUCT = node("MatMul", ["x", "onnx::MatMul_7"], ["y"])
SOUND = model([ANONYMOUS, BIAS, WEIGHT], [PRODUCT, node("Add", ["y", "mlp.c_fc.bias"], ["z"])])

# Two layers whose norms and whose biases have equal values, of which an exporter keeps one each. The exporter that
# traces names nodes after modules, the other states the modules.
def shared(**told):
    tensors = [
        tensor("layers.0.norm.weight", [2], raw=FLOATS[8:]), tensor("layers.0.norm.bias", [2], raw=FLOATS[:8]),
        tensor("layers.0.fc.bias", [2], raw=FLOATS[4:12]), tensor("onnx::MatMul_1", [2, 2], raw=FLOATS),
        tensor("onnx::MatMul_2", [2, 2], raw=FLOATS[::-1])]
    nodes = [x for n in (0, 1) for x in (
        node("LayerNormalization", [f"x{n}", "layers.0.norm.weight", "layers.0.norm.bias"], [f"n{n}"],
             **told[f"norm{n}"]),
        node("MatMul", [f"n{n}", f"onnx::MatMul_{n + 1}"], [f"m{n}"], **told[f"fc{n}"]),
        node("Add", ["layers.0.fc.bias", f"m{n}"], [f"x{n + 1}"], **told[f"fc{n}"]))]
    return model(tensors, nodes)


# A convolution with its BatchNorm folded in, and an attention pooling whose names are folded away but for the last.
FOLDED = model(
    [tensor("onnx::Conv_1", [1, 1, 2, 2], raw=FLOATS), tensor("onnx::Conv_2", [1], raw=FLOATS[:4]),
     tensor("onnx::Add_1", [2, 1, 2], raw=FLOATS), tensor("joined", [6], raw=FLOATS + FLOATS[:8]),
     tensor("attnpool.c_proj.weight", [2, 2], raw=FLOATS),
     *(tensor(f"onnx::MatMul_{letter}", [2, 2], raw=FLOATS) for letter in "qkv")],
    [node("Conv", ["x", "onnx::Conv_1", "onnx::Conv_2"], ["map"], name="/layer1/layer1.0/downsample/downsample.0/Conv"),
     node("ReduceMean", ["map"], ["mean"]), node("Concat", ["mean", "map"], ["cat"]),
     node("Add", ["cat", "onnx::Add_1"], ["placed"]), node("Split", ["joined"], ["bq", "bk", "bv"]),
     *(node("MatMul", ["placed", f"onnx::MatMul_{letter}"], [f"m{letter}"], name="/attnpool/MatMul") for letter in "qkv"),
     *(node("Add", [f"m{letter}", f"b{letter}"], [letter]) for letter in "qkv"),
     node("Transpose", ["k"], ["kt"]), node("MatMul", ["q", "kt"], ["s"]), node("Softmax", ["s"], ["a"]),
     node("MatMul", ["a", "v"], ["o"]), node("Gemm", ["o", "attnpool.c_proj.weight"], ["e"])])


MODULES = [("norm", 0), ("norm", 1), ("fc", 0), ("fc", 1)]
SHARED = shared(**{f"{kind}{n}": {"name": f"/layers.{n}/{kind}/Operation"} for kind, n in MODULES})
STATED = shared(**{f"{kind}{n}": {"name": "node_1", "scopes": ["", f"layers.{n}", f"layers.{n}.{kind}", "operation"]}
                   for kind, n in MODULES})


def case(error, content, tensor=None, offset=None):
    return {"error": error, "content": content, "offset": offset, "places": [f"tensor {tensor}"] if tensor else []}


def one(error, record):
    return case(error, model([record]), "w")


def outside(name, error, **keys):
    """A folder whose model has a tensor in another file; `data.bin` beside it has 8 bytes."""
    content = {"model.onnx": model([tensor("w", [2, 2], more=external(**keys))]), "data.bin": bytes(8)}
    return {name: {**case(error, content, "w"), "open": f"{name}/model.onnx"}}


def fused(operation, domain="com.microsoft"):
    return case("onnxFusedGraph", model([WEIGHT], [node(operation, ["x", "visual.proj"], ["y"], domain=domain)]))


def quantized(*tensors):
    integers = tensor("w_quantized", [2, 2], 3, raw=bytes(4))
    product = node("MatMulInteger", ["x", "w_quantized"], ["y"])
    return case("onnxQuantization", model([integers, *tensors], [product]), "w_quantized")


LINK = outside("external-link", "linkLeavesFolder", location="link.bin")
LINK["external-link"]["content"]["link.bin"] = "../float8.onnx"

START = field(1, 8)
CASES = {
    "varint-of-eleven-bytes.onnx": case("protobufInvalid", START + b"\x12" + b"\xff" * 11, offset=3),
    "varint-cut-off.onnx": case("protobufInvalid", START + b"\x12\x80", offset=3),
    "length-beyond-the-file.onnx": case("protobufInvalid", START + b"\x12\x7fa", offset=2),
    "length-of-exabytes.onnx": case("protobufInvalid", START + b"\x12" + varint((1 << 63) - 1) + b"a", offset=2),
    "group.onnx": case("protobufInvalid", START + field(2, "a") + b"\x0b", offset=5),
    "field-zero.onnx": case("protobufInvalid", START + field(2, "a") + b"\x02\x00", offset=5),
    "fixed-cut-off.onnx": case("protobufInvalid", START + field(2, "a") + b"\x3d\x00\x00", offset=6),
    "graph-a-number.onnx": case("protobufInvalid", START + field(2, "a") + field(7, 3), offset=5),
    "number-too-long.onnx": one("protobufInvalid", tensor("w", [1], 6, more=field(5, b"\xff" * 10 + b"\x01"))),
    "without-graph.onnx": case("onnxNoGraph", START + field(2, "pytorch")),
    "empty-graph.onnx": case("onnxNoGraph", file(b"")),
    "no-parameters.onnx": case("onnxNoGraph", model([tensor("val_1", [1], 7, raw=bytes(8))])),
    "sparse.onnx": case("unsupportedTensorKind", file(field(15, b""))),
    "segments.onnx": one("unsupportedTensorKind", field(8, "w") + field(3, b"")),
    "negative-extent.onnx": one("onnxTensorInvalid", tensor("w", [-2], raw=FLOATS)),
    "seventeen-axes.onnx": one("limitExceeded", tensor("w", [1] * 17, raw=FLOATS[:4])),
    "shape-overflows.onnx": one("numberOverflow", tensor("w", [1 << 40, 1 << 40], raw=FLOATS)),
    "values-twice.onnx": one("onnxTensorInvalid", tensor("w", [4], raw=FLOATS, int32=[1, 2, 3, 4])),
    "values-inside-and-outside.onnx": one(
        "onnxTensorInvalid", tensor("w", [4], raw=FLOATS, more=external(location="data.bin"))),
    "type-without-meaning.onnx": one("onnxTensorInvalid", tensor("w", [4], 99, raw=FLOATS)),
    "without-type.onnx": one("onnxTensorInvalid", tensor("w", [4], 0, raw=FLOATS)),
    "float8.onnx": one("unsupportedDType", tensor("w", [4], 17, raw=bytes(4))),
    "int4.onnx": one("unsupportedDType", tensor("w", [4], 22, raw=bytes(2))),
    "too-few-bytes.onnx": one("onnxTensorSize", tensor("w", [5], raw=FLOATS)),
    "without-values.onnx": one("onnxTensorSize", tensor("w", [4])),
    "too-few-numbers.onnx": one("onnxTensorSize", tensor("w", [4], 10, int32=[1, 2, 3])),
    "repeated-name.onnx": case("duplicateTensorName", model([WEIGHT, WEIGHT]), "visual.proj"),
    "weight-without-name.onnx": case("onnxUnnamedWeight", model([ANONYMOUS], [PRODUCT]), "onnx::MatMul_7"),
    "attention.onnx": fused("Attention"),
    "skip-layer-normalization.onnx": fused("SkipLayerNormalization"),
    "four-bit-product.onnx": fused("MatMulNBits"),
    "quantized-product.onnx": fused("QLinearMatMul", ""),
    "kernel-without-name.onnx": case(
        "onnxUnnamedWeight", model([tensor("onnx::Conv_1", [1, 1, 2, 2], raw=FLOATS)],
                                [node("Conv", ["x", "onnx::Conv_1"], ["y"])]), "onnx::Conv_1"),
    "scale-missing.onnx": quantized(),
    "scales-do-not-fit.onnx": quantized(tensor("w_scale", [3], raw=FLOATS[:12])),
    "zero-points-do-not-fit.onnx": quantized(
        tensor("w_scale", [], raw=FLOATS[:4]), tensor("w_zero_point", [2], 3, raw=bytes(2))),
    **outside("external-parent", "onnxExternalUnsafe", location="../../secret"),
    **outside("external-absolute", "onnxExternalUnsafe", location="/etc/passwd"),
    **outside("external-without-location", "onnxExternalUnsafe", offset="0"),
    **outside("external-backslash", "onnxExternalUnsafe", location="..\\secret"),
    **outside("external-missing", "onnxExternalMissing", location="other.bin"),
    **outside("external-too-long", "onnxExternalRange", location="data.bin"),
    **outside("external-offset-overflows", "onnxExternalRange", location="data.bin", offset=str((1 << 64) - 8)),
    **outside("external-offset-negative", "onnxTensorInvalid", location="data.bin", offset="-8"),
    **outside("external-length-differs", "onnxTensorSize", location="data.bin", length="8"),
    **LINK,
}
