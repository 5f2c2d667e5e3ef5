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

# A complete text tower: 5 ids, 3 tokens, 4 channels, 2 heads, one block, an MLP of 6, an embedding of 2. Names have
# no meaning: the role of a weight follows from its use in the graph.
SIZES = {"words": [5, 4], "places": [3, 4], "qkv": [4, 12], "out": [4, 4], "wide": [4, 6], "narrow": [6, 4],
         "last": [4, 2], "qkv_b": [12], "out_b": [4], "wide_b": [6], "narrow_b": [4],
         **{f"{norm}_{part}": [4] for norm in ("n1", "n2", "n3") for part in "wb"}}
LIST, FLOAT, INTEGER = 7, 1, 2


def attribute(name, value):
    if isinstance(value, list):
        return field(1, name) + b"".join(field(8, item) for item in value) + field(20, LIST)
    if isinstance(value, float):
        return field(1, name) + varint(2 << 3 | 5) + struct.pack("<f", value) + field(20, FLOAT)
    return field(1, name) + field(3, value) + field(20, INTEGER)


def step(operation, inputs, outputs, **attributes):
    return (operation, inputs.split(), outputs.split(), attributes)


NORM = {"axis": -1, "epsilon": 2.0**-17}
TOWER = [
    step("Gather", "words ids", "x0"), step("Add", "x0 places", "x1"),
    step("LayerNormalization", "x1 n1_w n1_b", "a0", **NORM),
    step("MatMul", "a0 qkv", "a1"), step("Add", "a1 qkv_b", "a2"), step("Split", "a2", "q k v", axis=-1),
    *(step("Reshape", f"{x} heads", f"{x}1") for x in "qkv"),
    step("Transpose", "q1", "q2", perm=[0, 2, 1, 3]), step("Transpose", "k1", "k2", perm=[0, 2, 3, 1]),
    step("Transpose", "v1", "v2", perm=[0, 2, 1, 3]),
    step("MatMul", "q2 k2", "s0"), step("Mul", "s0 root", "s1"), step("Add", "s1 mask", "s2"),
    step("Softmax", "s2", "s3", axis=-1), step("MatMul", "s3 v2", "c0"),
    step("Transpose", "c0", "c1", perm=[0, 2, 1, 3]), step("Reshape", "c1 rows", "c2"),
    step("MatMul", "c2 out", "c3"), step("Add", "c3 out_b", "c4"), step("Add", "x1 c4", "x2"),
    step("LayerNormalization", "x2 n2_w n2_b", "m0", **NORM),
    step("MatMul", "m0 wide", "m1"), step("Add", "m1 wide_b", "m2"),
    step("Mul", "m2 alpha", "m3"), step("Sigmoid", "m3", "m4"), step("Mul", "m2 m4", "m5"),
    step("MatMul", "m5 narrow", "m6"), step("Add", "m6 narrow_b", "m7"), step("Add", "x2 m7", "x3"),
    step("LayerNormalization", "x3 n3_w n3_b", "y0", **NORM),
    step("ArgMax", "ids", "e0", axis=1, keepdims=1), step("GatherND", "y0 e0", "y1", batch_dims=1),
    step("MatMul", "y1 last", "embedding"),
]


def floats(name, shape, values):
    return tensor(name, shape, raw=struct.pack(f"<{len(values)}f", *values))


def count(shape):
    return shape[0] * (shape[1] if len(shape) > 1 else 1)


def numbers(name, shape):
    """Distinct eighths, none of them zero."""
    first = sum(map(ord, name)) % 13
    return floats(name, shape, [((first + 5 * i) % 31 - 15.5) / 8 for i in range(count(shape))])


def port(name, kind, shape):
    extents = b"".join(field(1, field(1, n) if isinstance(n, int) else field(2, n)) for n in shape)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, extents)))


def longs(name, values):
    return tensor(name, [len(values)], 7, raw=struct.pack(f"<{len(values)}q", *values))


def tower(steps=TOWER, root=2**-0.5, alpha=1.702, mask=(0, -1e9, -1e9, 0, 0, -1e9, 0, 0, 0), more=()):
    tensors = [numbers(name, shape) for name, shape in SIZES.items()] + [
        longs("heads", [0, 0, 2, 2]), longs("rows", [0, 0, 4]), floats("root", [], [root]),
        floats("alpha", [], [alpha]), floats("mask", [3, 3], mask), *more]
    nodes = [node(operation, inputs, outputs, name=f"{operation}_{outputs[0]}")
             + b"".join(field(5, attribute(*item)) for item in attributes.items())
             for operation, inputs, outputs, attributes in steps]
    graph = b"".join(field(1, x) for x in nodes) + b"".join(field(5, x) for x in tensors)
    graph += field(11, port("ids", 7, ["batch", 3])) + field(12, port("embedding", 1, ["batch", 2]))
    return field(1, 8) + field(2, "a") + field(8, field(2, 17)) + field(7, graph)


def changed(output, **changes):
    """The tower's steps with the one that makes `output` changed; `operation` and `inputs` replace these."""
    steps = []
    for operation, inputs, outputs, attributes in TOWER:
        if outputs[0] == output:
            attributes = {**attributes, **{k: v for k, v in changes.items() if k not in ("operation", "inputs")}}
            operation, inputs = changes.get("operation", operation), changes.get("inputs", " ".join(inputs)).split()
        steps.append((operation, inputs, outputs, attributes))
    return steps


def without(output):
    """Without the step that makes `output`; its consumers receive its first input."""
    gone = next(step for step in TOWER if step[2][0] == output)
    return [(operation, [gone[1][0] if x == output else x for x in inputs], outputs, attributes)
            for operation, inputs, outputs, attributes in TOWER if outputs[0] != output]


def inserted(operation, output, more=""):
    """With another operation after the step that makes `output`."""
    steps = []
    for kind, inputs, outputs, attributes in TOWER:
        if outputs[0] == output:
            steps += [(kind, inputs, ["inner"], attributes), step(operation, "inner " + more, output)]
        else:
            steps.append((kind, inputs, outputs, attributes))
    return steps


SOUND = tower()
# A weight and an activation as integers, as quantize_static has them.
QUANTIZED = tower(
    [step("DequantizeLinear", "wide_q wide_s wide_z", "wide_f", axis=1)]
    + [new for old in changed("m1", inputs="m0_f wide_f")
       for new in ([step("QuantizeLinear", "m0 m_s m_z", "m0_q"), step("DequantizeLinear", "m0_q m_s m_z", "m0_f"), old]
                   if old[2] == ["m1"] else [old])],
    more=[tensor("wide_q", [4, 6], 3, raw=bytes(range(1, 25))), floats("wide_s", [6], [1, 2, 3, 4, 5, 6]),
          tensor("wide_z", [6], 3, raw=bytes(6)), floats("m_s", [], [0.125]), tensor("m_z", [], 2, raw=b"\x80")])


def case(error, content, tensor=None, offset=None):
    return {"error": error, "content": content, "offset": offset, "places": [f"tensor {tensor}"] if tensor else []}


def one(error, record):
    return case(error, model([record]), "w")


def endless_indices():
    """A million rows of a thousand numbers, from four nodes."""
    steps = [node("ConstantOfShape", ["n"], ["z"]), node("Cast", ["z"], ["i"]) + field(5, attribute("to", 7)),
             node("ConstantOfShape", ["m"], ["t"]), node("Gather", ["t", "i"], ["g"])]
    return model([longs("n", [1 << 20]), longs("m", [2, 1 << 10])], steps)


def outside(name, error, **keys):
    """A folder whose model has a tensor in another file; `data.bin` next to it has 8 bytes."""
    content = {"model.onnx": model([tensor("w", [2, 2], more=external(**keys))]), "data.bin": bytes(8)}
    return {name: {**case(error, content, "w"), "open": f"{name}/model.onnx"}}


def fused(operation, domain="com.microsoft"):
    return case("onnxFusedGraph", model([WEIGHT], [node(operation, ["x", "visual.proj"], ["y"], domain=domain)]))


def quantized(*tensors):
    """A weight of integers with a scale and zero point that may not fit."""
    integers = tensor("w_quantized", [2, 2], 3, raw=bytes(4))
    parts = ["w_quantized", "w_scale", "w_zero_point"][:1 + len(tensors)]
    return case("onnxQuantization", model([integers, *tensors], [node("DequantizeLinear", parts, ["y"])]), "w_quantized")


def unclaimed(steps=TOWER, **parts):
    """A graph that is not a CLIP."""
    return case("onnxUnclaimedNode", tower(steps, **parts))


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
    "values-in-another-types-field.onnx": one("onnxTensorInvalid", tensor("w", [4], 7, int32=[1, 2, 3, 4])),
    "without-type.onnx": one("onnxTensorInvalid", tensor("w", [4], 0, raw=FLOATS)),
    "float8.onnx": one("unsupportedDType", tensor("w", [4], 17, raw=bytes(4))),
    "int4.onnx": one("unsupportedDType", tensor("w", [4], 22, raw=bytes(2))),
    "too-few-bytes.onnx": one("onnxTensorSize", tensor("w", [5], raw=FLOATS)),
    "without-values.onnx": one("onnxTensorSize", tensor("w", [4])),
    "too-few-numbers.onnx": one("onnxTensorSize", tensor("w", [4], 10, int32=[1, 2, 3])),
    "repeated-name.onnx": case("duplicateTensorName", model([WEIGHT, WEIGHT]), "visual.proj"),
    "attention.onnx": fused("Attention"),
    "skip-layer-normalization.onnx": fused("SkipLayerNormalization"),
    "four-bit-product.onnx": fused("MatMulNBits"),
    "quantized-product.onnx": fused("QLinearMatMul", ""),
    "scales-do-not-fit.onnx": quantized(tensor("w_scale", [3], raw=FLOATS[:12])),
    "zero-points-do-not-fit.onnx": quantized(
        tensor("w_scale", [], raw=FLOATS[:4]), tensor("w_zero_point", [2], 3, raw=bytes(2))),
    "twice.onnx": unclaimed(inserted("Mul", "c4", "two"), more=[floats("two", [], [2])]),
    "residual-dropped.onnx": unclaimed(without("x2")),
    "softmax-of-queries.onnx": unclaimed(changed("s3", axis=2)),
    "third-token.onnx": unclaimed(
        changed("y1", operation="Gather", inputs="y0 third", axis=1), more=[tensor("third", [], 7, raw=struct.pack("<q", 2))]),
    "least-id.onnx": unclaimed(changed("e0", operation="ArgMin")),
    "last-of-the-highest.onnx": unclaimed(changed("e0", select_last_index=1)),
    "transposed-by-minus-one.onnx": unclaimed(changed("embedding", operation="Gemm", transB=-1)),
    "tanh-behind.onnx": unclaimed(inserted("Tanh", "embedding")),
    "other-epsilon.onnx": unclaimed(changed("m0", epsilon=0.5)),
    "hard-sigmoid.onnx": unclaimed(changed("m4", operation="HardSigmoid")),
    "other-alpha.onnx": unclaimed(alpha=1.0),
    "other-scale.onnx": unclaimed(root=0.5),
    "without-mask.onnx": unclaimed(without("s2")),
    "mask-of-the-past.onnx": unclaimed(mask=(0, 0, 0, -1e9, 0, 0, -1e9, -1e9, 0)),
    "clipped.onnx": unclaimed(inserted("Clip", "x3", "low high"), more=[floats("low", [], [-4]), floats("high", [], [4])]),
    "norm-of-another.onnx": unclaimed(changed("m0", inputs="x1 n2_w n2_b")),
    "reordered-heads.onnx": unclaimed(changed("c1", perm=[0, 2, 3, 1])),
    "third-input.onnx": unclaimed(changed("x1", inputs="x0 unknown")),
    **outside("external-parent", "onnxExternalUnsafe", location="../../secret"),
    **outside("external-absolute", "onnxExternalUnsafe", location="/etc/passwd"),
    **outside("external-without-location", "onnxExternalUnsafe", offset="0"),
    **outside("external-backslash", "onnxExternalUnsafe", location="..\\secret"),
    **outside("external-missing", "onnxExternalMissing", location="other.bin"),
    **outside("external-too-long", "onnxExternalRange", location="data.bin"),
    **outside("external-offset-overflows", "onnxExternalRange", location="data.bin", offset=str((1 << 64) - 8)),
    **outside("external-offset-negative", "onnxTensorInvalid", location="data.bin", offset="-8"),
    **outside("external-offset-with-leading-zero", "onnxTensorInvalid", location="data.bin", offset="08"),
    **outside("external-offset-minus-zero", "onnxTensorInvalid", location="data.bin", offset="-0"),
    "indices-without-end.onnx": case("budgetExceeded", endless_indices()),
    **outside("external-length-differs", "onnxTensorSize", location="data.bin", length="8"),
    **LINK,
}
