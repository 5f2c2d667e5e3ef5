"""Input memory without copies: views of any buffer, their addresses, rows of numbers, images."""

from __future__ import annotations

import ctypes
import os

from . import _abi
from ._errors import ArgumentError, ImageSizeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType
    from typing import Any, TypeAlias

    #: Anything with the buffer protocol, `__array_interface__` (PIL) or `__array__` (PyTorch).
    Buffer: TypeAlias = Any
    #: Rows as one buffer, or as a list of buffers or of lists.
    Rows: TypeAlias = Any


# ---- NumPy ----

_UNKNOWN = object()
_numpy: Any = _UNKNOWN


def numpy_module() -> ModuleType | None:
    """NumPy, imported at the first use; None if it is not installed."""
    global _numpy
    if _numpy is _UNKNOWN:
        try:
            import numpy

            _numpy = numpy
        except ImportError:
            _numpy = None
    module: ModuleType | None = _numpy
    return module


# ---- Views and their addresses ----


class _PyBuffer(ctypes.Structure):
    _fields_ = [
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.c_void_p),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_char_p),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("suboffsets", ctypes.c_void_p),
        ("internal", ctypes.c_void_p),
    ]


_PYBUF_RECORDS_RO = 0x1C  # strides and format, also of read-only memory
_get_buffer = ctypes.pythonapi.PyObject_GetBuffer
_get_buffer.argtypes = [ctypes.py_object, ctypes.POINTER(_PyBuffer), ctypes.c_int]
_release_buffer = ctypes.pythonapi.PyBuffer_Release
_release_buffer.argtypes = [ctypes.POINTER(_PyBuffer)]
_release_buffer.restype = None


def address(memory: memoryview) -> int:
    """The address of a view's first element, valid while the view lives. ctypes itself refuses read-only memory."""
    buffer = _PyBuffer()
    _get_buffer(memory, ctypes.byref(buffer), _PYBUF_RECORDS_RO)
    start: int = buffer.buf or 0
    _release_buffer(ctypes.byref(buffer))
    return start


def view(source: Buffer, name: str) -> memoryview:
    """The memory of any object that exports it; PIL images export a copy."""
    try:
        return memoryview(source)
    except TypeError:
        pass
    except (ValueError, BufferError) as error:
        raise ArgumentError(f"{name}: {error}") from error
    interface = getattr(source, "__array_interface__", None)
    if isinstance(interface, dict) and isinstance(interface.get("data"), bytes) and interface.get("typestr") == "|u1":
        return memoryview(interface["data"]).cast("B", shape=interface["shape"])
    if hasattr(source, "__array__") and (numpy := numpy_module()):
        return memoryview(numpy.asarray(source))
    raise TypeError(f"{name}: expected an object with the buffer protocol, found {type(source).__name__}")


def shaped(flat: Any, code: str, shape: tuple[int, ...]) -> memoryview:
    """A flat view of bytes as numbers of a shape; memoryviews do not support shapes with a zero."""
    numbers: memoryview = flat.cast(code, shape=shape) if flat.nbytes else flat.cast(code)
    return numbers


def shape_of(memory: memoryview) -> tuple[int, ...]:
    return memory.shape or ()


def aligned(memory: memoryview) -> memoryview:
    """The same values, contiguous and aligned: the view itself if it is, otherwise a copy."""
    if not memory.nbytes or (memory.c_contiguous and address(memory) % memory.itemsize == 0):
        return memory
    return shaped(memoryview(memory.tobytes()), memory.format.lstrip("<=@"), shape_of(memory))


# ---- Rows of numbers in ----


class Matrix:
    """Rows of one length at an aligned address, kept alive by `memory`."""

    __slots__ = ("count", "memory", "start", "width")

    def __init__(self, memory: memoryview, count: int, width: int) -> None:
        self.memory = memory
        self.start = address(memory)
        self.count = count
        self.width = width


_OTHER_INTEGERS = frozenset("bBhHIlLqQ")


def matrix(source: Rows, name: str, code: str, row_shape: tuple[int, ...] | None = None) -> Matrix:
    """Rows as one buffer, used without a copy, or as a list of rows, which are joined.

    code: "f" for float32, "i" for int32; other integers are converted to the latter.
    row_shape: the shape of each row, which may be flat; None: rows of any one length, a vector is one row.
    """
    if isinstance(source, (list, tuple)):
        return _joined(source, name, code, row_shape)
    memory = _numbers(source, name, code)
    shape = shape_of(memory)
    if row_shape is None:
        if len(shape) not in (1, 2):
            raise ArgumentError(f"{name}: expected [n, dim], found {list(shape)}")
        return Matrix(memory, shape[0] if len(shape) == 2 else 1, shape[-1])
    width = product(row_shape)
    if shape[1:] in (row_shape, (width,)):
        return Matrix(memory, shape[0], width)
    if len(shape) == 1 and shape[0] % width == 0:
        return Matrix(memory, shape[0] // width, width)
    hint = f": pass [{name}] for one" if shape == row_shape else ""
    raise ArgumentError(f"{name}: expected {['n', *row_shape]}, found {list(shape)}{hint}".replace("'", ""))


def _joined(rows: Sequence[Rows], name: str, code: str, row_shape: tuple[int, ...] | None) -> Matrix:
    memory = bytearray()
    width = product(row_shape) if row_shape else 0
    for index, row in enumerate(rows):
        where = f"{name}[{index}]"
        values = _numbers(row, where, code)
        found = values.nbytes // values.itemsize
        if not index and not row_shape:
            width = found
        shape = shape_of(values)
        if found != width or (row_shape and len(shape) > 1 and shape != row_shape):
            raise ArgumentError(f"{where}: expected {list(row_shape or (width,))}, found {list(shape)}")
        memory += values
    return Matrix(memoryview(memory), len(rows), width)


def _numbers(source: Rows, name: str, code: str) -> memoryview:
    """Float32 or int32, contiguous at an aligned address."""
    if isinstance(source, (list, tuple)):
        return _listed(source, name, code)
    memory = view(source, name)
    if memory.itemsize == 4 and memory.format.lstrip("<=@") == code:
        return aligned(memory)
    if code == "i" and memory.format in _OTHER_INTEGERS:
        flat: Any = memoryview(memory.tobytes())
        return shaped(_listed(flat.cast(memory.format).tolist(), name, code).cast("B"), "i", shape_of(memory))
    raise TypeError(f"{name}: expected {'float32' if code == 'f' else 'int32'}, found format '{memory.format}'")


def _listed(numbers: Sequence[Any], name: str, code: str) -> memoryview:
    from array import array  # imported here, because its import loads `collections`

    try:
        return memoryview(array(code, numbers))
    except OverflowError as error:
        raise ArgumentError(f"{name}: {error}") from error
    except TypeError as error:
        raise TypeError(f"{name}: {error}") from error


def product(shape: tuple[int, ...]) -> int:
    product = 1
    for length in shape:
        product *= length
    return product


# ---- Images in ----

_LARGEST_SIDE = 65_536  # the largest limit of a session


def refuse_path(source: object, name: str) -> None:
    """The runtime has no decoders."""
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        raise TypeError(f"{name}: expected an image, found the path {path!r}: open it with PIL.Image.open({path!r})")


def image_structure(source: Buffer, name: str) -> tuple[_abi.Image, memoryview]:
    """A uint8 [height, width, 3] buffer; there may be gaps between rows, as in a crop."""
    refuse_path(source, name)
    memory = view(source, name)
    if memory.itemsize != 1 or memory.format not in ("B", "<B", "=B", "@B"):
        raise TypeError(f"{name}: expected uint8, found format '{memory.format}'")
    shape, strides = shape_of(memory), memory.strides or ()
    if len(shape) != 3 or shape[2] != 3:
        raise ArgumentError(
            f"{name}: expected [height, width, 3], found {list(shape)}: convert it to RGB; decode the bytes of a file "
            "with PIL.Image.open(io.BytesIO(data)); state the size of raw pixels with pocketclip.Image"
        )
    height, width = shape[:2]
    if max(height, width) > _LARGEST_SIDE:
        raise ImageSizeError(f"{name}: {width} x {height} pixels, a session takes at most {_LARGEST_SIDE}")
    row = 3 * width
    step = strides[0] if height > 1 else row
    if memory.nbytes and (strides[1:] != (3, 1) or step < row):
        memory, step = memoryview(memory.tobytes()), row
    return _abi.Image(address(memory), width, height, step if memory.nbytes else 0), memory
