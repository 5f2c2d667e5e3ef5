"""The known causes of differences between PocketCLIP's readers and the original libraries: a closed list.
docs/SAFETY.md explains each."""

import re

import msgpack
from google.protobuf.empty_pb2 import Empty
from google.protobuf.unknown_fields import UnknownFieldSet
from onnx import ModelProto, TensorProto

import comparison
import judge
import judge_onnx
import listings
from mutations_hdf5 import SIGNATURE

CRASH = "the library crashes or does not end"


def cause(name, found, content, ours, theirs):
    """The known cause of a difference, or None."""
    if found.startswith("only ours accepts; theirs crashed"):
        return CRASH
    return OF_FORMAT.get(name, lambda *_: None)(found, content, ours, theirs)


# ---- HDF5 -----------------------------------------------------------------------------------------

HDF5 = {
    "fill values": r"H5O_fill|H5P_is_fill_value|H5C__verify_len_eoa: address of object past end",
    "free space of a heap": r"H5HL__fl_deserialize|H5HL__hdr_deserialize: bad heap free list",
    "keys of a group's index": r"H5HL_offset_into|H5G__loc_find_cb",
    "what only a writer needs": r"H5O__chunk_deserialize|H5O__prefix_deserialize: (bad object header chunk size|unknown)"
                                r"|invalid deflate aggression level|invalid shuffle parameters"
                                r"|H5F__cache_superblock_deserialize|H5G_ent_decode: unknown symbol",
    "datasets without elements": r"H5D__chunk_set_sizes: chunk size must be",
    "datatypes of version 4": r"H5O_dtype_decode_helper: bad version number",
    "an empty continuation": r"H5C_protect: ring type mismatch",
    "room in nodes beyond their entries": r"H5FD_read: addr overflow|H5G__ent_decode_vec",
}


def hdf5(found, content, ours, theirs):
    if found == "ours lists a tensor that theirs calls something else":
        called = {tensor.dtype for label, tensor in ours.tensors.items() if label in theirs.ignored}
        return "the attribute of bfloat16" if called == {"BF16"} else None
    if not found.startswith("only ours accepts"):
        return None
    if not theirs.place and has_extension(content) and not re.search(r"H5F__cache|H5G_ent_decode", found):
        return "superblock extension"
    if theirs.place in ours.ignored:
        return "a dataset without numbers"
    return next((known for known, pattern in HDF5.items() if re.search(pattern, found)), None)


def has_extension(content):
    """Versions 0 and 1 call the same field the address of free space."""
    start = next((at for at in (0, 512, 1024, 2048) if content[at:at + 8] == SIGNATURE), 0)
    version, width = content[start + 8], content[start + 13 if content[start + 8] < 2 else start + 9]
    at = start + (24 if version == 0 else 28 if version == 1 else 12) + width
    return content[at:at + width] != b"\xff" * width

# ---- PyTorch and Flax -----------------------------------------------------------------------------

TORCH = {
    "classes that ours skips": r"UnpicklingError .*: Unsupported (global|class)",
    "opcodes that the library does not read for weights": r"UnpicklingError .*: Unsupported operand",
    "TorchScript": r"with TorchScript archives",
    "members that say nothing of tensors": r"inline_container|UnicodeDecodeError in (__init__|_load)"
                                           r"|in _load: invalid literal for int",
    "types that PyTorch writes and does not read": r"AttributeError in persistent_load: type object",
}


def torch(found, content, ours, theirs):
    if found.startswith("values") and has_folder_attribute(content):
        return "a member with the attribute of a folder"
    if not found.startswith("only ours accepts"):
        return None
    for known, pattern in TORCH.items():
        if re.search(pattern, found):
            return known
    import judge_torch_parts
    return "what ours does not pass on" if ours.ignored and says_the_same(judge_torch_parts, content, ours) else None


def has_folder_attribute(content):
    """miniz returns no bytes of such a member, and PyTorch uninitialized ones."""
    at = content.find(b"PK\x01\x02")
    while at >= 0:
        if content[at + 38:at + 39] and content[at + 38] & 0x10:
            return True
        at = content.find(b"PK\x01\x02", at + 4)
    return False


def flax(found, content, ours, theirs):
    if "UnicodeDecodeError" in found and has_sound_keys(msgpack.unpackb(content, raw=True)):
        return "texts that ours does not read"
    return "an old name of bfloat16" if "data type" in found and b"void16" in content else None


def has_sound_keys(value):
    """Whether the texts that PocketCLIP reads, the keys, are UTF-8."""
    if isinstance(value, list):
        return all(map(has_sound_keys, value))
    if not isinstance(value, dict):
        return True
    try:
        return all(key.decode() is not None and has_sound_keys(child) for key, child in value.items())
    except UnicodeDecodeError:
        return False


def npz(found, content, ours, theirs):
    if "zip file version" in found:
        return "a zip of a later version"
    return "an integer of Python 2" if "Cannot parse header" in found and b"2L" in content else None


def onnx(found, content, ours, theirs):
    """The library decodes a complete message. For the initializers alone it must agree with PocketCLIP."""
    if "DecodeError" in found and says_the_same(judge_onnx, initializers_alone(content), ours):
        return "parts of a graph that hold no initializer"
    return None


def says_the_same(reader, content, ours):
    theirs = listings.parse("\n".join(["F\t0", *judge.listing(reader, content)]))[0]
    return comparison.difference(ours, theirs) is None


def initializers_alone(content):
    """A model without anything else. `Empty` decodes the fields of one message and leaves inner ones as bytes."""
    graph, tensor = 7, 5
    model = ModelProto()
    for outer in fields(content, graph):
        model.graph.initializer.extend(map(TensorProto.FromString, fields(outer, tensor)))
    return model.SerializeToString()


def fields(message, number):
    return [field.data for field in UnknownFieldSet(Empty.FromString(message)) if field.field_number == number]


OF_FORMAT = {"hdf5": hdf5, "pytorch-zip": torch, "pytorch-legacy": torch, "flax-msgpack": flax, "npz": npz, "onnx": onnx}
