"""Formats NumPy's arrays as lines of a listing."""

import ml_dtypes
import numpy as np

NAMES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64", "int32": "I32",
    "int16": "I16", "int8": "I8", "uint64": "U64", "uint32": "U32", "uint16": "U16", "uint8": "U8", "bool": "BOOL",
    "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2", "float8_e4m3fnuz": "F8_E4M3FNUZ",
    "float8_e5m2fnuz": "F8_E5M2FNUZ",
}
TYPES = {name: np.dtype(getattr(ml_dtypes, numpy) if hasattr(ml_dtypes, numpy) else numpy)
         for numpy, name in NAMES.items()}


def entry(name, array):
    """A tensor line for an array, or a name line if its type is not a weight's."""
    if array.dtype.str[1:] == "V2":
        array = array.view(ml_dtypes.bfloat16)  # NumPy has no name for it and writes two opaque bytes
    kind = NAMES.get(array.dtype.name)
    if kind is None:
        return (name,)
    array = np.asarray(array, order="C")
    if array.dtype.byteorder == ">":
        array = array.astype(array.dtype.newbyteorder("<"))
    return name, kind, array.shape, array.tobytes(), lambda: floats(array)


def floats(array):
    """Any nonzero byte is true, as in C."""
    return (array.view("u1") != 0 if array.dtype == bool else array).astype("<f4")
