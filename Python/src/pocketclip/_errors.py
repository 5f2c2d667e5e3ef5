"""One exception per error code of pocketclip.h, and the call that raises them."""

from __future__ import annotations

from ctypes import byref

from . import _abi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class PocketCLIPError(Exception):
    """An error of the runtime: one line that states what is wrong, where, expected and found."""

    #: The code's value in pocketclip.h.
    code = 0
    #: Byte offset in the file, if the error is in the file.
    offset = 0


class ArgumentError(PocketCLIPError, ValueError):
    """An argument is out of range, has the wrong shape, or belongs to a closed handle"""

    code = 1


class BufferTooSmallError(PocketCLIPError, ValueError):
    """`out` is too small"""

    code = 2


class UnsupportedError(PocketCLIPError):
    """This machine or build does not have the instruction set or arithmetic"""

    code = 3


class NoTowerError(PocketCLIPError):
    """The bundle has no such tower, tokenizer or projection"""

    code = 4


class OutOfMemoryError(PocketCLIPError, MemoryError):
    """The system has no memory"""

    code = 5


class OpenError(PocketCLIPError, OSError):
    """The file cannot be opened or read"""

    code = 10


class FormatError(PocketCLIPError, ValueError):
    """The file is not a bundle, or breaks a rule of docs/BUNDLE.md"""

    code = 11


class VersionError(PocketCLIPError):
    """The bundle was written by a later version"""

    code = 12


class ContentError(PocketCLIPError, ValueError):
    """A tensor's bytes do not match their digest in the header, or a weight is invalid"""

    code = 13


class SelfTestError(PocketCLIPError):
    """This machine computes other vectors than those stored in the bundle"""

    code = 14


class ImageSizeError(PocketCLIPError, ValueError):
    """The image is empty, or wider or higher than the session's limits"""

    code = 20


class TokensError(PocketCLIPError, ValueError):
    """An id is outside the vocabulary, or there are no or too many ids"""

    code = 21


class NotFiniteError(PocketCLIPError, ArithmeticError):
    """The result is not finite, or is zero: pixels, weights or a step of the computation are not finite"""

    code = 22


#: The exception of each code; a test compares it with the header.
BY_CODE = {
    kind.code: kind
    for kind in (
        ArgumentError,
        BufferTooSmallError,
        UnsupportedError,
        NoTowerError,
        OutOfMemoryError,
        OpenError,
        FormatError,
        VersionError,
        ContentError,
        SelfTestError,
        ImageSizeError,
        TokensError,
        NotFiniteError,
    )
}


def call(function: Callable[..., int], *arguments: object) -> None:
    """Calls a function of the library, whose last parameter is `pclip_error *`, and raises what it reports."""
    error = _abi.Error()
    code = function(*arguments, byref(error))
    if code:
        raised = BY_CODE.get(code, PocketCLIPError)(error.message.decode("utf-8", "replace"))
        raised.code = code
        raised.offset = error.offset
        raise raised


def item_error(code: int, item: int) -> PocketCLIPError:
    """The error of one item of a batch, for which the library reports only the code."""
    kind = BY_CODE.get(code, PocketCLIPError)
    raised = kind(f"item {item}: {(kind.__doc__ or '').lower()}")
    raised.code = code
    return raised


def in_range(value: int, name: str) -> int:
    """A C int; ctypes would drop the high bits."""
    if not isinstance(value, int):
        raise TypeError(f"{name}: expected an int, found {type(value).__name__}")
    if not -(2**31) <= value < 2**31:
        raise ArgumentError(f"{name} is {value}, expected 32 bits")
    return value
