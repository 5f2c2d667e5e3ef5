"""Safetensors, npy, npz, Flax, GGUF and bundles: headers that describe much data in few bytes."""

import json
import pathlib
import struct

from builders import Member, safetensors_bytes, zip_bytes
from cases_gguf import ARRAY, CLIP, TEXT, U8, entry, gguf, info, string, u32, u64
from cases_numpy import npy
from msgpack import ndarray

from amplification import SIZE
from amplification.pickles import NOISE

FLOATS = bytes(4)
ROOT = pathlib.Path(__file__).resolve().parents[3]


def safetensors(header, data=b""):
    return safetensors_bytes(json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode(), data)


def raw(header, data=b""):
    return safetensors_bytes(header.encode(), data)


def empty(name):
    return {name: {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}}


def tensors(names, prefix=""):
    header = {}
    for name in names:
        header.update(empty(prefix + name))
    return header


def scalars(names):
    """Tensors of one element."""
    header = {name: {"dtype": "F32", "shape": [1], "data_offsets": [4 * i, 4 * i + 4]} for i, name in enumerate(names)}
    return safetensors(header, FLOATS * len(header))


def json_text(unit, count):
    return '{"__metadata__":{"a":"b"},"x":[' + ",".join([unit] * count) + "]}"


SAFETENSORS = {
    "numbers": lambda: raw(json_text("1", SIZE // 2)),
    "empty-arrays": lambda: raw(json_text("[]", SIZE // 3)),
    "empty-objects": lambda: raw(json_text("{}", SIZE // 3)),
    "members": lambda: raw("{" + ",".join('"%x":0' % i for i in range(SIZE // 8)) + "}"),
    "metadata": lambda: safetensors({"__metadata__": {"%x" % i: "" for i in range(SIZE // 9)}}),
    "empty-tensors": lambda: safetensors(tensors(f"{i}" for i in range(SIZE // 60))),
    "many-prefixes": lambda: scalars([f"a{i}.visual.proj" for i in range(SIZE // 80)]),
    "names-of-components": lambda: scalars([f"{i}" + ".a" * 500 for i in range(SIZE // 1100)]),
    "names-of-wrappers": lambda: scalars([f"{i}" + ".module" * 140 for i in range(SIZE // 1100)]),
    "deep-prefixes": lambda: scalars([f"{i}." + "module_x." * 100 + "visual.proj" for i in range(SIZE // 1000)]),
    "combining-marks": lambda: scalars([f"{i}a" + "\u0316\u0301" * 240 for i in range(SIZE // 1000)]),
    "one-name-of-marks": lambda: scalars(["a" + "\u0316\u0301" * (SIZE // 4)]),
    "long-shapes": lambda: raw('{"x":{"dtype":"F32","shape":[' + "0," * (SIZE // 2) + '0],"data_offsets":[0,0]}}'),
    "long-escapes": lambda: raw('{"__metadata__":{"a":"' + "\\u0041" * (SIZE // 6) + '"}}'),
    "quantized-names": lambda: scalars([f"visual.{i}.qweight" for i in range(SIZE // 80)]),
    "low-rank-updates": lambda: scalars([f"text_model.{i}.lora_A.weight" for i in range(SIZE // 90)]),
}


# ---- NumPy ----


def npz(members, method=0):
    return zip_bytes([Member(name, content, method=method) for name, content in members])[0]


def dictionary(text):
    return npy(text.encode(), b"")


NPY = {
    "long-descriptor": lambda: dictionary("{'descr': '<" + "f" * 9000 + "', 'fortran_order': False, 'shape': ()}"),
    "many-keys": lambda: dictionary("{" + ",".join(f"'k{i}':0" for i in range(1000)) + "}"),
    "many-axes": lambda: dictionary("{'descr': '<f4', 'fortran_order': False, 'shape': (" + "1," * 4000 + ")}"),
    "large-axis": lambda: dictionary("{'descr': '<f4', 'fortran_order': False, 'shape': (" + "9" * 9000 + ",)}"),
    "leading-zeros": lambda: dictionary("{'descr': '<f4', 'fortran_order': False, 'shape': (" + "0" * 9000 + "1,)}"),
    "spaces": lambda: dictionary("{" + " " * 9900 + "}"),
    "huge-empty": lambda: dictionary("{'descr': '<f4', 'fortran_order': False, 'shape': (0," + "9999999," * 2 + ")}"),
    "combining-marks": lambda: dictionary("{'descr': '<f4" + "\u0301" * 4000 + "', 'fortran_order': False, 'shape': ()}"),
    "nested-tuple": lambda: dictionary("{'descr': " + "(" * 9000 + ", 'fortran_order': False, 'shape': ()}"),
    "object-array": lambda: npy(b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", b"visual" + bytes(SIZE)),
}

ZEROS = b"{'descr': '<f4', 'fortran_order': False, 'shape': (%d,), }"


def zeros(count):
    return npy(ZEROS % count, bytes(4 * count))


NPZ = {
    "a-megabyte-each": lambda: npz([(f"visual.k{i}.npy", zeros(260_000)) for i in range(200)], method=8),
    "empty-arrays": lambda: npz([(f"{i}.npy", zeros(0)) for i in range(1400)]),
    "small-compressed": lambda: npz([(f"{i}.npy", zeros(2500)) for i in range(1200)], method=8),
    "one-inflated": lambda: npz([("visual.proj.npy", npy(ZEROS % 12_075_000, NOISE + bytes(48_000_000)))], method=8),
    "long-names": lambda: npz([(f"{i}/" + "a/" * 480 + ".npy", zeros(0)) for i in range(130)]),
    "longest-names": lambda: npz([(f"{i}" + "a" * 65_000 + ".npy", zeros(0)) for i in range(2)]),
    "names-of-components": lambda: npz([(f"{i}" + "/a" * 490 + ".npy", zeros(1)) for i in range(130)]),
    "same-prefixes": lambda: npz([(f"a{i}.visual.proj.npy", zeros(1)) for i in range(1100)]),
    "long-headers": lambda: npz([(f"{i}.npy", npy(b"{" + b" " * 9900 + b"}", b"")) for i in range(28)]),
    "compressed-headers": lambda: npz([(f"{i}.npy", npy(b"{" + b" " * 9900 + b"}", b"")) for i in range(1500)], method=8),
}

# ---- Flax ----


def nested(depth, content, key=b"\xa1x"):
    return (b"\x81" + key) * depth + content


def array32(count, content):
    return struct.pack(">BI", 0xDD, count) + content


def map32(pairs):
    return struct.pack(">BI", 0xDF, len(pairs)) + b"".join(pairs)


def text8(value):
    return b"\xd9" + bytes([len(value)]) + value


MARKER = b"\xb8__msgpack_chunked_array__"
FLAX = {
    "long-list": lambda: b"\x81\xa1x" + array32(190_000, b"\xc0" * 190_000),
    "deep-list": lambda: nested(29, array32(190_000, b"\xc0" * 190_000)),
    "deep-long-keys": lambda: nested(2, array32(190_000, b"\xc0" * 190_000), text8(b"k" * 220)),
    "deep-maps": lambda: b"\x81\xa1x" + array32(6000, nested(20, b"\xc0") * 6000),
    "maps-of-models": lambda: map32([b"\xa5%05d" % i + b"\x81\xabtext_model." + b"\xc0" for i in range(15_000)]),
    "maps-of-towers": lambda: map32([b"\xa5%05d" % i + b"\x81\xa6visual\x81\xa1x" + b"\xc0" for i in range(15_000)]),
    "empty-maps": lambda: b"\x81\xa1x" + array32(190_000, b"\x80" * 190_000),
    "empty-arrays": lambda: map32([b"\xa6%06d" % i + ndarray((0,), data=b"") for i in range(6000)]),
    "chunked": lambda: b"\x82\xb9__msgpack_chunked_array__\xc3\xa6chunks" + map32(
        [b"\xa5%05d" % i + b"\xc0" for i in range(30_000)]),
    "keys": lambda: map32([b"\xa6%06d" % i + b"\xc0" for i in range(35_000)]),
    "other-states": lambda: map32([b"\xa6params\x81\xa6visual\x81\xa4proj" + ndarray()]
                                  + [b"\xa5%05d" % i + b"\x81\xa1x\xc0" for i in range(25_000)]),
}

# ---- GGUF ----


def entries(unit, count):
    return gguf([CLIP] + [unit(i) for i in range(count)], [info("v.blk.0.x", (1,))], data=bytes(32))[0]


def empty_tensors(names):
    return gguf([CLIP], [info(name, (0,)) for name in names], data=bytes(32))[0]


def texts(count):
    return entry("tokenizer.ggml.tokens", ARRAY, u32(TEXT) + u64(count) + bytes(8 * count))


GGUF = {
    "values": lambda: entries(lambda i: entry("%x" % i, U8, b"\0"), SIZE // 17),
    "short-arrays": lambda: entries(lambda i: entry("%x" % i, ARRAY, u32(U8) + u64(16) + bytes(16)), SIZE // 44),
    "empty-texts": lambda: gguf([CLIP, texts(SIZE // 8)], [info("v.blk.0.x", (1,))], data=bytes(32))[0],
    "empty-tensors": lambda: empty_tensors(["%x" % i for i in range(SIZE // 40)]),
    "long-names": lambda: empty_tensors(["%04d" % i + "a." * 500 for i in range(SIZE // 1100)]),
    "one-long-name": lambda: empty_tensors(["v.blk." + "a" * SIZE]),
    "many-prefixes": lambda: empty_tensors(["a%d.visual.proj" % i for i in range(SIZE // 60)]),
    "unknown-keys": lambda: entries(lambda i: entry("other.%x" % i, U8, b"\0"), SIZE // 22),
    "long-texts": lambda: entries(lambda i: entry("general.%d" % i, TEXT, string("a" * 1000)), SIZE // 1050),
    "combining-marks": lambda: empty_tensors(["%04da" % i + "\u0316\u0301" * 230 for i in range(SIZE // 1000)]),
    "scalars-of-no-axes": lambda: gguf([CLIP], [info("%x" % i, ()) for i in range(SIZE // 40)], data=bytes(4))[0],
}

# ---- Bundles ----


def padded(header, rest):
    """Pads the header of a bundle to the start of the tensors."""
    return raw(header + " " * (-(8 + len(header.encode())) % 64), rest)


def bundle(change):
    """A valid bundle with another header."""
    content = (ROOT / "Fixtures/valid/bundle/vit-fp16.pclip").read_bytes()
    length = struct.unpack_from("<Q", content)[0]
    return change(content[8:8 + length].decode(), content[8 + length:])


def with_metadata(more):
    mark = '{"__metadata__":{"pclip.version":'
    return bundle(lambda header, rest: padded(header.replace(mark, '{"__metadata__":{"pclip.version":', 1).replace(
        '"},"', '",' + more + '},"', 1), rest))


def with_tensors(more):
    return bundle(lambda header, rest: padded(header.rstrip()[:-1] + "," + more + "}", rest))


BUNDLES = {
    "metadata": lambda: with_metadata(",".join('"%x":""' % i for i in range(SIZE // 10))),
    "long-metadata": lambda: with_metadata('"x":"' + "a" * SIZE + '"'),
    "escapes": lambda: with_metadata('"x":"' + "\\u0041" * (SIZE // 6) + '"'),
    "combining-marks": lambda: with_metadata('"x":"a' + "\u0301" * (SIZE // 2) + '"'),
    "numbers": lambda: with_tensors('"x":[' + "1," * (SIZE // 2) + "1]"),
    "empty-arrays": lambda: with_tensors('"x":[' + "[]," * (SIZE // 3) + "1]"),
    "nested-arrays": lambda: with_tensors('"x":' + "[" * SIZE),
    "empty-tensors": lambda: with_tensors(",".join(
        '"%x":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}' % i for i in range(SIZE // 52))),
    "spaces": lambda: bundle(lambda header, rest: padded(header + " " * SIZE, rest)),
    "long-shape": lambda: with_tensors('"x":{"dtype":"F32","shape":[' + "1," * (SIZE // 2) + '1],"data_offsets":[0,0]}'),
}

CASES = {"safetensors": SAFETENSORS, "npy": NPY, "npz": NPZ, "flax-msgpack": FLAX, "gguf": GGUF, "bundle": BUNDLES}
