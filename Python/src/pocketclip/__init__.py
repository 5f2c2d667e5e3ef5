"""CLIP text and image embeddings from a single-file bundle; one small library, no dependencies.

    from pocketclip import Model, similarity

    with Model("b32.pclip") as model:
        images = model.encode_images([image])          # a PIL image, or a uint8 array [height, width, 3]
        texts = model.encode_texts(["a photo of a cat", "a photo of a dog"])
        scores = similarity(images, texts)

Results are NumPy arrays if NumPy is installed, memoryviews if not. On one machine the same input gives the same bits in
Python, C and Swift. The batch, its order and the number of threads do not change them.
"""

from __future__ import annotations

from . import _abi
from ._compare import compare_spaces, similarity, softmax
from ._errors import (
    ArgumentError,
    BufferTooSmallError,
    ContentError,
    FormatError,
    ImageSizeError,
    NotFiniteError,
    NoTowerError,
    OpenError,
    OutOfMemoryError,
    PocketCLIPError,
    SelfTestError,
    TokensError,
    UnsupportedError,
    VersionError,
)
from ._model import Model
from ._records import Image, ModelInfo, Tokens
from ._session import Session

__version__ = "0.1.0"

__all__ = [
    "ArgumentError",
    "BufferTooSmallError",
    "ContentError",
    "FormatError",
    "Image",
    "ImageSizeError",
    "Model",
    "ModelInfo",
    "NoTowerError",
    "NotFiniteError",
    "OpenError",
    "OutOfMemoryError",
    "PocketCLIPError",
    "SelfTestError",
    "Session",
    "Tokens",
    "TokensError",
    "UnsupportedError",
    "VersionError",
    "compare_spaces",
    "isa_name",
    "runtime_version",
    "similarity",
    "softmax",
]


def runtime_version() -> str:
    """The library's version, such as "0.1.0"."""
    version: bytes = _abi.library.pclip_version()
    return version.decode()


def isa_name() -> str:
    """The kernels selected by PCLIP_ISA and this machine; "unsupported" if PCLIP_ISA names others."""
    name: bytes = _abi.library.pclip_isa_name()
    return name.decode()
