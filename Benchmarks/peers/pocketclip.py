"""libpocketclip.so through ctypes: the few calls that a benchmark needs, timed without a copy."""

import ctypes

import numpy as np

from . import LIBRARY, THREADS

ARITHMETIC = {"fast": 1, "exact": 2, "bf16": 3, "auto": 0}
POINTER = ctypes.c_void_p


class Error(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int32), ("offset", ctypes.c_uint64), ("message", ctypes.c_char * 192)]


class OpenOptions(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("arithmetic", ctypes.c_int32), ("threads", ctypes.c_int32),
                ("isa", ctypes.c_char_p), ("copy", ctypes.c_int32)]


class Limits(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("max_batch", ctypes.c_int32), ("max_width", ctypes.c_int32),
                ("max_height", ctypes.c_int32)]


def load():
    library = ctypes.CDLL(str(LIBRARY))
    library.pclip_version.restype = ctypes.c_char_p
    library.pclip_isa_name.restype = ctypes.c_char_p
    return library


class Tower:
    """One session on a bundle. `encode` takes float32 pixels or ids and returns raw vectors."""

    def __init__(self, bundle, tower, dimension, arithmetic="auto", max_batch=16):
        self.library, self.dimension = load(), dimension
        self.function = getattr(self.library, "pclip_encode_pixels" if tower == "image" else "pclip_encode_ids")
        self.type = np.float32 if tower == "image" else np.int32
        self.model, self.session = POINTER(), POINTER()
        options = OpenOptions(ctypes.sizeof(OpenOptions), ARITHMETIC[arithmetic], THREADS, None, 0)
        self._call(self.library.pclip_open, str(bundle).encode(), ctypes.byref(options), ctypes.byref(self.model))
        limits = Limits(ctypes.sizeof(Limits), max_batch, 0, 0)
        self._call(self.library.pclip_session_create, self.model, ctypes.byref(limits), ctypes.byref(self.session))

    def prepare(self, batch):
        """A call without arguments that encodes this batch and returns its vectors."""
        batch = np.ascontiguousarray(batch, self.type)
        out = np.empty((len(batch), self.dimension), np.float32)
        raw = ctypes.c_uint32(1)
        arguments = (self.session, batch.ctypes.data_as(POINTER), ctypes.c_size_t(len(batch)), raw,
                     out.ctypes.data_as(POINTER), ctypes.c_size_t(out.size), None)

        def encode(kept=batch):
            self._call(self.function, *arguments)
            return out

        return encode

    @staticmethod
    def _call(function, *arguments):
        error = Error()
        if function(*arguments, ctypes.byref(error)):
            raise RuntimeError(error.message.decode())
