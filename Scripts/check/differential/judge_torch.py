import io
import pickle
import re

import torch

import arrays

torch.set_num_threads(1)
NAMES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
    torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint64: "U64", torch.uint32: "U32",
    torch.uint16: "U16", torch.uint8: "U8", torch.bool: "BOOL", torch.float8_e4m3fn: "F8_E4M3",
    torch.float8_e5m2: "F8_E5M2", torch.float8_e4m3fnuz: "F8_E4M3FNUZ", torch.float8_e5m2fnuz: "F8_E5M2FNUZ",
}


def entries(content):
    try:
        root = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        # Only the cause, without advice and without names from the file.
        cause = re.search(r"WeightsUnpickler error:\s*(Unsupported (global|operand|class)|[^\n]*)", str(error))
        raise pickle.UnpicklingError(cause[1]) if cause else error
    return list(walk(root, [], set()))


def walk(value, path, above):
    """Every tensor below a value, named by the keys on the way."""
    if isinstance(value, torch.Tensor):
        yield entry(".".join(path), value.detach())
        return
    if id(value) in above:
        return
    if isinstance(value, dict):
        children = [(label(key), child) for key, child in value.items()]
    elif isinstance(value, (list, tuple, set)):
        children = [(str(index), child) for index, child in enumerate(value)]
    else:
        return
    for key, child in children:
        yield from walk(child, [*path, key], above | {id(value)})


def label(key):
    """The name that PocketCLIP's reader uses."""
    return key if isinstance(key, str) else str(key) if type(key) is int else "a key that is not a text"


def entry(name, tensor):
    kind = NAMES.get(tensor.dtype)
    if kind is None or tensor.layout != torch.strided or tensor.is_quantized:
        return (name,)
    if tensor.numel() > 1 << 20:
        return name, kind, tensor.shape, None, None
    flat = tensor.contiguous().reshape(-1)
    stored = bytes(flat.view(torch.uint8).numpy()) if flat.numel() else b""
    return name, kind, tensor.shape, stored, lambda: values(stored, kind)


def values(stored, kind):
    import numpy as np
    return arrays.floats(np.frombuffer(stored, arrays.TYPES[kind]))
