"""Output memory without copies: new arrays, or the caller's own buffer."""

from __future__ import annotations

import ctypes

from ._buffers import address, numpy_module, product, shape_of, shaped
from ._errors import ArgumentError, BufferTooSmallError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    import numpy
    from numpy.typing import NDArray

    from ._buffers import Buffer

    #: Results: NumPy arrays if NumPy is installed, memoryviews of the same shape if not. A type checker without NumPy
    #: treats this as Any.
    Floats: TypeAlias = NDArray[numpy.float32]
    Ints: TypeAlias = NDArray[numpy.int32]

_NUMPY_TYPES = {"f": "float32", "i": "int32"}


class Output:
    """The memory that a call writes.

    result: the return value of the call: `given` itself if it is a NumPy array, otherwise an array (a memoryview
    without NumPy) of `given`'s memory or of new memory.
    """

    __slots__ = ("_memory", "byte_count", "count", "result", "shape", "start")

    def __init__(self, given: Buffer | None, shape: tuple[int, ...], code: str = "f") -> None:
        numpy = numpy_module()
        self.shape = shape
        self.count = product(shape)
        self.byte_count = 4 * self.count
        if given is None and numpy:
            given = numpy.empty(shape, _NUMPY_TYPES[code])
        if given is None:
            self._memory = shaped(memoryview(bytearray(self.byte_count)), code, shape)
        else:
            self._memory = _writable(given, shape, code)
        self.start = address(self._memory)
        self.result: Any = self._memory
        if numpy:
            is_array = isinstance(given, numpy.ndarray)
            self.result = given if is_array else numpy.asarray(self._memory).reshape(shape)

    def refuse_overlap(self, start: int, byte_count: int, name: str) -> None:
        """The library writes while it reads, so the memories must not overlap."""
        if start < self.start + self.byte_count and self.start < start + byte_count:
            raise ArgumentError(f"out shares memory with {name}")

    def fill(self, start: int) -> None:
        ctypes.memmove(self.start, start, self.byte_count)

    def clear_row(self, row: int) -> None:
        width = 4 * self.shape[-1]
        ctypes.memset(self.start + width * row, 0, width)


def _writable(given: Buffer, shape: tuple[int, ...], code: str) -> memoryview:
    try:
        memory = memoryview(given)
    except (TypeError, ValueError, BufferError) as error:
        raise TypeError(f"out: expected writable memory: {error}") from error
    needed = 4 * product(shape)
    is_bytes = memory.format == "B"
    if not is_bytes and (memory.itemsize != 4 or memory.format.lstrip("<=@") != code):
        raise TypeError(f"out: expected {_NUMPY_TYPES[code]} or bytes, found format '{memory.format}'")
    if memory.readonly or not memory.c_contiguous:
        raise ArgumentError("out: expected contiguous, writable memory")
    if memory.nbytes < needed:
        raise BufferTooSmallError(f"out: expected {needed} bytes for {list(shape)}, found {memory.nbytes}")
    if memory.nbytes > needed or (not is_bytes and memory.ndim > 1 and memory.shape != shape):
        found = list(shape_of(memory))
        raise ArgumentError(f"out: expected {needed} bytes as {list(shape)}, found {memory.nbytes} as {found}")
    if needed and address(memory) % 4:
        raise ArgumentError("out: expected memory aligned to 4 bytes")
    if not needed or memory.ndim > 1 or memory.format[0] in "<=":
        return memory
    return shaped(memory.cast("B"), code, shape)
