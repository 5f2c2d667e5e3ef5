"""MessagePack assembled value by value, so that one byte at a time can be changed. Standard library only."""

import struct


def text(value):
    data = value.encode() if isinstance(value, str) else value
    return (bytes([0xA0 | len(data)]) if len(data) < 32 else b"\xd9" + bytes([len(data)])) + data


def integer(value):
    if 0 <= value < 128:
        return bytes([value])
    return struct.pack(">Bq", 0xD3, value) if value < 0 else struct.pack(">BQ", 0xCF, value)


def binary(data):
    return struct.pack(">BI", 0xC6, len(data)) + data


def array(*items):
    return bytes([0x90 | len(items)]) + b"".join(items) if len(items) < 16 else \
        struct.pack(">BH", 0xDC, len(items)) + b"".join(items)


def mapping(*pairs):
    return bytes([0x80 | len(pairs)]) + b"".join(text(key) + value for key, value in pairs)


def extended(kind, data):
    return struct.pack(">BIb", 0xC9, len(data), kind) + data


def triple(shape=(2,), dtype="float32", data=bytes(8)):
    """The content of Flax's extension for an array."""
    return array(array(*map(integer, shape)), text(dtype), binary(data))


def ndarray(shape=(2,), dtype="float32", data=bytes(8)):
    return extended(1, triple(shape, dtype, data))


def chunked(shape, chunks, marker=b"\xc3"):
    """Flax's map for an array of several chunks."""
    return mapping(("__msgpack_chunked_array__", marker), ("shape", mapping(*shape)), ("chunks", mapping(*chunks)))
