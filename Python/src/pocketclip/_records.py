"""Inputs and results besides vectors: an image, tokens, information about a bundle."""

from __future__ import annotations

from . import _abi
from ._buffers import address, view
from ._errors import ArgumentError, in_range

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._buffers import Buffer
    from ._output import Ints


class Image:
    """Interleaved 8-bit RGB in a flat buffer, top row first.

    pixels: bytes or any buffer; it is not copied.
    stride: bytes from one row to the next; 0 for 3 * width.
    """

    __slots__ = ("height", "pixels", "stride", "width")

    def __init__(self, pixels: Buffer, width: int, height: int, stride: int = 0) -> None:
        row = 3 * in_range(width, "width")
        step = in_range(stride, "stride") or row
        in_range(height, "height")
        if width < 1 or height < 1 or step < row:
            raise ArgumentError(f"an image of {width} x {height} pixels with a stride of {stride} bytes")
        flat = view(pixels, "pixels")
        if not flat.c_contiguous or flat.itemsize != 1:
            raise ArgumentError("pixels: expected contiguous bytes")
        needed = step * (height - 1) + row
        if flat.nbytes < needed or (not stride and flat.nbytes != needed):
            raise ArgumentError(f"pixels: {width} x {height} RGB takes {needed} bytes, found {flat.nbytes}")
        self.pixels = flat
        self.width = width
        self.height = height
        self.stride = step

    def structure(self) -> tuple[_abi.Image, memoryview]:
        """The structure for the library, and the memory that must outlive the call."""
        return _abi.Image(address(self.pixels), self.width, self.height, self.stride), self.pixels

    def __reduce__(self) -> tuple[type[Image], tuple[bytes, int, int, int]]:
        return Image, (self.pixels.tobytes(), self.width, self.height, self.stride)

    def __repr__(self) -> str:
        return f"Image({self.width} x {self.height})"


class Tokens:
    """The token ids of a text.

    ids: int32, [context_length]: begin, the text's ids, end, pads.
    count: ids before the pads.
    is_truncated: the text was too long and its end was dropped.
    """

    __slots__ = ("count", "ids", "is_truncated")

    def __init__(self, ids: Ints, count: int, is_truncated: bool) -> None:
        self.ids = ids
        self.count = count
        self.is_truncated = is_truncated

    def __repr__(self) -> str:
        cut = ", truncated" if self.is_truncated else ""
        return f"Tokens({list(self.ids[: self.count])}{cut})"


class ModelInfo:
    """Properties of a bundle and of how it was opened; the fields are those of `pclip_model_info`."""

    __slots__ = (
        "arithmetic",
        "attends_pads",
        "bundle_id",
        "context_length",
        "embedding_dim",
        "file_bytes",
        "has_image",
        "has_text",
        "has_tokenizer",
        "image_output",
        "image_projected",
        "image_size",
        "isa",
        "logit_bias",
        "logit_scale",
        "pad_id",
        "score_kind",
        "space_id",
        "text_output",
        "text_projected",
        "threads",
        "vocabulary_size",
    )

    def __init__(self, info: _abi.ModelInfo) -> None:
        self.has_image = bool(info.has_image)
        self.has_text = bool(info.has_text)
        #: False: the text tower takes token ids only.
        self.has_tokenizer = bool(info.has_tokenizer)
        #: Of the projections; 0 if no tower has one.
        self.embedding_dim: int = info.embedding_dim
        #: Values per image and per text: an embedding if projected, otherwise a hidden state.
        self.image_output: int = info.image_output
        self.text_output: int = info.text_output
        self.image_projected = bool(info.image_projected)
        self.text_projected = bool(info.text_projected)
        #: Pixels along each side of the preprocessed square.
        self.image_size: int = info.image_size
        #: Ids per text, start and end included.
        self.context_length: int = info.context_length
        self.vocabulary_size: int = info.vocabulary_size
        #: "fast", "exact" or "bf16", as selected.
        self.arithmetic = next(name for name, value in _abi.ARITHMETICS.items() if value == info.arithmetic)
        self.threads: int = info.threads
        #: exp of the stored logarithm; None if the source had none.
        self.logit_scale: float | None = info.logit_scale or None
        #: How similarities become probabilities: "softmax" over the texts of an image, or "sigmoid" of each pair.
        self.score_kind = next(name for name, value in _abi.SCORE_KINDS.items() if value == info.score_kind)
        #: Added to the scaled similarity; None for a softmax.
        self.logit_bias: float | None = info.logit_bias if self.score_kind == "sigmoid" else None
        #: The id that pads a text after its end; None without a tokenizer.
        self.pad_id: int | None = info.pad_id if info.pad_id >= 0 else None
        #: False: vectors do not depend on what follows the end of a text.
        self.attends_pads = bool(info.attends_pads)
        self.isa: str = info.isa.decode()
        #: IMAGE.TEXT in hex, '-' if unknown: compare vectors only if known ids are equal.
        self.space_id: str = info.space_id.decode()
        #: SHA-256 of the header, which holds the digest of every tensor.
        self.bundle_id: str = info.bundle_id.decode()
        self.file_bytes: int = info.file_bytes

    def __repr__(self) -> str:
        return "ModelInfo(" + ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__) + ")"
