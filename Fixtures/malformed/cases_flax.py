"""Flax MessagePack files that break one rule each."""

import struct

from msgpack import array, binary, chunked, extended, integer, mapping, ndarray, text, triple

# `x` as the only key: its value begins at byte 3.
VALUE = 3
# After the extension's six bytes.
CONTENT = VALUE + 6


def case(error, content, offset=None, tensor=None):
    return {"error": error, "content": content, "offset": offset, "places": [f"tensor {tensor}"] if tensor else []}


def one(error, value, offset=None):
    """The only array, `x`, is wrong."""
    return case(error, mapping(("x", value)), offset, "x")


def bare(error, value, offset):
    """The value at `x` is wrong before it is recognised as an array."""
    return case(error, mapping(("x", value)), offset)


def flat(*values):
    return ndarray((len(values),), data=struct.pack(f"<{len(values)}f", *values))


NESTED = b"\x81\xa1x" * 40 + b"\xc0"
LISTS = mapping(("x", b"\x91" * 40 + b"\xc0"))
LONG_KEY = b"\x81\xa1x\x81\xda" + struct.pack(">H", 600) + b"k" * 600 + b"\xc0"
TWO = [("0", flat(1, 2)), ("1", flat(3))]
THREE = [("0", integer(3))]
PAIR = mapping(("x", ndarray()), ("y", ndarray()))

CASES = {
    "half-a-download.msgpack": case("truncatedFile", PAIR[:-5], len(mapping(("x", ndarray()))) + 2 + 6),
    "ends-in-a-key.msgpack": case("truncatedFile", b"\x81\xa4tex", 2),
    "ends-in-a-length.msgpack": case("truncatedFile", b"\x81\xa1x\xc9\0\0", 4),
    "map-of-billions.msgpack": case("truncatedFile", b"\xdf\xff\xff\xff\xff\xa1x\xc0", 5),
    "list-of-billions.msgpack": bare("truncatedFile", b"\xdd\xff\xff\xff\xff\xc0", VALUE + 5),
    "extension-of-gigabytes.msgpack": bare("truncatedFile", b"\xc9\xff\xff\xff\xff\x01\x93", VALUE + 6),
    "text-of-gigabytes.msgpack": bare("truncatedFile", b"\xdb\xff\xff\xff\xff", VALUE + 5),
    "byte-without-meaning.msgpack": bare("messagePackSyntax", b"\xc1", VALUE),
    "key-a-number.msgpack": case("messagePackSyntax", b"\x82\xa1x\xc0\x05\xc0", 4),
    "key-a-map.msgpack": bare("messagePackSyntax", b"\x81\x80\xc0", VALUE + 1),
    "key-not-utf8.msgpack": case("messagePackInvalidText", b"\x81\xa2\xff\xfe\xc0", 2),
    "type-not-utf8.msgpack": one(
        "flaxArrayInvalid", extended(1, array(array(), text(b"\xff"), binary(b""))), CONTENT + 3),
    "repeated-key.msgpack": case(
        "messagePackDuplicateKey", mapping(("x", ndarray()), ("x", ndarray())), 1 + 2 + len(ndarray())),
    "repeated-key-below.msgpack": bare(
        "messagePackDuplicateKey", mapping(("y", b"\xc0"), ("y", b"\xc0")), VALUE + 4),
    "nested-too-deep.msgpack": case("messagePackTooDeep", NESTED, 3 * 32),
    "lists-too-deep.msgpack": case("messagePackTooDeep", LISTS, VALUE + 31),
    "bytes-after-the-map.msgpack": case(
        "messagePackTrailingData", mapping(("x", ndarray())) + b"\0", len(mapping(("x", ndarray())))),
    "second-document.msgpack": case(
        "messagePackTrailingData", 2 * mapping(("x", ndarray())), len(mapping(("x", ndarray())))),
    "chunk-number-with-leading-zero.msgpack": case(
        "flaxChunksInvalid", mapping(("x", chunked([("00", integer(2))], [("0", flat(1, 2))]))), VALUE, "x"),
    "name-too-long.msgpack": case("limitExceeded", LONG_KEY, 3 + 1 + 3 + 600),
    "array-not-a-triple.msgpack": one("flaxArrayInvalid", extended(1, array(array(), text("float32"))), CONTENT),
    "array-empty.msgpack": one("flaxArrayInvalid", extended(1, b""), CONTENT),
    "shape-a-number.msgpack": one(
        "flaxArrayInvalid", extended(1, array(integer(2), text("float32"), binary(bytes(8)))), CONTENT + 1),
    "shape-negative.msgpack": one("flaxArrayInvalid", ndarray((-2,)), CONTENT + 1),
    "shape-a-text.msgpack": one(
        "flaxArrayInvalid", extended(1, array(array(text("2")), text("float32"), binary(bytes(8)))), CONTENT + 1),
    "type-a-number.msgpack": one(
        "flaxArrayInvalid", extended(1, array(array(integer(2)), integer(4), binary(bytes(8)))), CONTENT + 3),
    "values-a-text.msgpack": one(
        "flaxArrayInvalid", extended(1, array(array(integer(2)), text("float32"), text("12345678"))), CONTENT),
    "bytes-after-the-values.msgpack": one("flaxArrayInvalid", extended(1, triple() + b"\0"), CONTENT),
    "values-leave-the-array.msgpack": one("flaxArrayInvalid", extended(1, triple()[:-1]), CONTENT + 16),
    "too-few-values.msgpack": one("flaxArrayBytes", ndarray((3,)), CONTENT),
    "too-many-values.msgpack": one("flaxArrayBytes", ndarray((1,)), CONTENT),
    "scalar-of-a-pair.msgpack": one("flaxArrayBytes", extended(3, triple(())), CONTENT),
    "complex-values.msgpack": one("unsupportedDType", ndarray((1,), "complex64"), CONTENT + 3),
    "object-values.msgpack": one("unsupportedDType", ndarray((1,), "object"), CONTENT + 3),
    "shape-overflows.msgpack": one("numberOverflow", ndarray((1 << 40, 1 << 40)), CONTENT),
    "too-many-axes.msgpack": one("limitExceeded", ndarray((1,) * 17), CONTENT + 1),
    "complex-number.msgpack": one("flaxExtension", extended(2, array(integer(1), integer(2))), VALUE),
    "time-stamp.msgpack": one("flaxExtension", extended(-1, bytes(8)), VALUE),
    "chunk-missing.msgpack": one("flaxChunksInvalid", chunked(THREE, [("0", flat(1, 2)), ("2", flat(3))]), VALUE),
    "chunks-none.msgpack": one("flaxChunksInvalid", chunked(THREE, []), VALUE),
    "chunk-a-number.msgpack": one("flaxChunksInvalid", chunked(THREE, [("0", integer(3))]), VALUE),
    "chunk-with-two-axes.msgpack": one("flaxChunksInvalid", chunked(THREE, [("0", ndarray((1, 2)))]), VALUE),
    "chunks-of-two-types.msgpack": one(
        "flaxChunksInvalid", chunked(THREE, [("0", flat(1, 2)), ("1", ndarray((1,), "float64"))]), VALUE),
    "extent-negative.msgpack": one("flaxChunksInvalid", chunked([("0", integer(-3))], TWO), VALUE),
    "extent-without-number.msgpack": one("flaxChunksInvalid", chunked([("rows", integer(3))], TWO), VALUE),
    "chunks-do-not-fit.msgpack": one("flaxArrayBytes", chunked([("0", integer(4))], TWO), VALUE),
    "chunked-shape-overflows.msgpack": one(
        "numberOverflow", chunked([("0", integer(1 << 40)), ("1", integer(1 << 40))], TWO), VALUE),
    "no-arrays.msgpack": case("noStateDict", mapping(("text_model", mapping()), ("step", integer(7)))),
    "two-models.msgpack": case("severalModels", mapping(
        ("ema", mapping(("text_model", mapping(("x", ndarray()))))),
        ("params", mapping(("text_model", mapping(("x", ndarray()))))))),
    "only-moments.msgpack": case("noWeights", mapping(
        ("opt_state", mapping(("mu", mapping(("text_model", mapping(("x", ndarray()))))))))),
    "two-keys-one-name.msgpack": {
        **case("duplicateTensorName", mapping(("a.b", ndarray()), ("a", mapping(("b", ndarray()))))),
        "places": ["tensor a.b"]},
}
