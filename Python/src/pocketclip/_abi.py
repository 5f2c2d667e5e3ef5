"""The declarations of pocketclip.h for libpocketclip.so: codes, structures, prototypes.

Tests compare every name, type and number here with the header.
"""

from __future__ import annotations

import os
from ctypes import CDLL, POINTER, Structure, c_char, c_char_p, c_float, c_int32, c_size_t, c_uint32, c_uint64, c_void_p

ABI_VERSION = 1
RAW = 1
SCORE_KINDS = {"softmax": 0, "sigmoid": 1}
ARITHMETICS = {"auto": 0, "fast": 1, "exact": 2, "bf16": 3}


class Error(Structure):
    _fields_ = [("code", c_int32), ("offset", c_uint64), ("message", c_char * 192)]


class OpenOptions(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("arithmetic", c_int32),
        ("threads", c_int32),
        ("isa", c_char_p),
        ("copy", c_int32),
    ]


class ModelInfo(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("has_image", c_int32),
        ("has_text", c_int32),
        ("has_tokenizer", c_int32),
        ("embedding_dim", c_int32),
        ("image_output", c_int32),
        ("text_output", c_int32),
        ("image_projected", c_int32),
        ("text_projected", c_int32),
        ("image_size", c_int32),
        ("context_length", c_int32),
        ("vocabulary_size", c_int32),
        ("arithmetic", c_int32),
        ("threads", c_int32),
        ("logit_scale", c_float),
        ("isa", c_char * 16),
        ("space_id", c_char * 136),
        ("bundle_id", c_char * 72),
        ("file_bytes", c_uint64),
        ("pad_id", c_int32),
        ("attends_pads", c_int32),
        ("logit_bias", c_float),
        ("score_kind", c_int32),
    ]


class SessionLimits(Structure):
    _fields_ = [("size", c_size_t), ("max_batch", c_int32), ("max_width", c_int32), ("max_height", c_int32)]


class Text(Structure):
    _fields_ = [("bytes", c_char_p), ("count", c_size_t)]


class Image(Structure):
    _fields_ = [("pixels", c_void_p), ("width", c_int32), ("height", c_int32), ("stride", c_size_t)]


# Handles and arrays are addresses; structures and counters that a call fills are typed.
_error = POINTER(Error)
_encode = [c_void_p, c_void_p, c_size_t, c_uint32, c_void_p, c_size_t, c_void_p, _error]
PROTOTYPES = {
    "pclip_error_name": (c_char_p, [c_int32]),
    "pclip_open": (c_int32, [c_char_p, POINTER(OpenOptions), POINTER(c_void_p), _error]),
    "pclip_open_memory": (c_int32, [c_void_p, c_size_t, POINTER(OpenOptions), POINTER(c_void_p), _error]),
    "pclip_close": (None, [c_void_p]),
    "pclip_get_info": (c_int32, [c_void_p, POINTER(ModelInfo), _error]),
    "pclip_check": (c_int32, [c_void_p, _error]),
    "pclip_session_size": (c_size_t, [c_void_p, POINTER(SessionLimits)]),
    "pclip_session_create": (c_int32, [c_void_p, POINTER(SessionLimits), POINTER(c_void_p), _error]),
    "pclip_session_destroy": (None, [c_void_p]),
    "pclip_self_test": (c_int32, [c_void_p, _error]),
    "pclip_tokenize": (
        c_int32,
        [c_void_p, Text, c_void_p, c_size_t, POINTER(c_int32), POINTER(c_int32), _error],
    ),
    "pclip_preprocess": (c_int32, [c_void_p, POINTER(Image), c_void_p, c_size_t, _error]),
    "pclip_encode_image": (c_int32, _encode),
    "pclip_encode_pixels": (c_int32, _encode),
    "pclip_encode_text": (c_int32, _encode[:-2] + [c_void_p] + _encode[-2:]),
    "pclip_encode_ids": (c_int32, _encode),
    "pclip_similarity": (c_int32, [c_void_p, c_size_t, c_void_p, c_size_t, c_size_t, c_void_p, _error]),
    "pclip_scores": (c_int32, [c_void_p, c_void_p, c_size_t, c_size_t, c_void_p, _error]),
    "pclip_softmax": (c_int32, [c_void_p, c_size_t, c_size_t, c_float, _error]),
    "pclip_abi_version": (c_int32, []),
    "pclip_version": (c_char_p, []),
    "pclip_isa_name": (c_char_p, []),
}


def _load() -> CDLL:
    """The library next to this file, or the one that POCKETCLIP_LIBRARY names. Loading starts no thread."""
    path = os.environ.get("POCKETCLIP_LIBRARY") or os.path.join(os.path.dirname(__file__), "libpocketclip.so")
    try:
        # CDLL releases the GIL during every call.
        library = CDLL(path)
    except OSError as error:
        raise ImportError(f"pocketclip: cannot load its library: {error}") from error
    for name, (result, arguments) in PROTOTYPES.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    found = library.pclip_abi_version()
    if found != ABI_VERSION:
        raise ImportError(f"pocketclip: {path} has ABI version {found}, expected {ABI_VERSION}: reinstall the package")
    return library


library = _load()
