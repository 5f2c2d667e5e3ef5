import functools
import os

import gguf
import numpy as np

import arrays


def entries(content):
    descriptor = os.memfd_create("file")
    os.write(descriptor, content)
    try:
        reader = gguf.GGUFReader(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
    for tensor in reader.tensors:
        shape = tuple(reversed([int(extent) for extent in tensor.shape]))
        kind = tensor.tensor_type
        if kind.name in arrays.TYPES and kind.name != "BF16":
            yield arrays.entry(tensor.name, np.asarray(tensor.data).reshape(shape))
        else:
            yield tensor.name, kind.name, shape, None, functools.partial(dequantized, tensor)


def dequantized(tensor):
    """The library writes some types whose values it does not read, and does not read empty tensors."""
    if not tensor.data.size:
        return np.zeros(0)
    try:
        return gguf.quants.dequantize(tensor.data, tensor.tensor_type)
    except NotImplementedError:
        return None
