"""The library's objects and the rules for their use: processes, threads, lifetimes.

A handle is freed with its last reference, so a running call keeps its handles, even if they are closed meanwhile.
"""

from __future__ import annotations

import os
from _thread import allocate_lock
from ctypes import byref, c_void_p, sizeof

from . import _abi
from ._errors import ArgumentError, call, in_range

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Process:
    """Replaced in a forked child, where locks of other threads stay locked and their running calls must not be used."""

    def __init__(self) -> None:
        self.lock = allocate_lock()


current = Process()


def _after_fork() -> None:
    global current
    current = Process()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class Limits:
    """The limits of one session; 0 means the default of pocketclip.h."""

    __slots__ = ("batch", "height", "width")

    def __init__(self, max_batch: int, max_width: int, max_height: int) -> None:
        self.batch = in_range(max_batch, "max_batch")
        self.width = in_range(max_width, "max_width")
        self.height = in_range(max_height, "max_height")

    def structure(self) -> _abi.SessionLimits:
        return _abi.SessionLimits(sizeof(_abi.SessionLimits), self.batch, self.width, self.height)

    def keywords(self) -> dict[str, int]:
        return {"max_batch": self.batch, "max_width": self.width, "max_height": self.height}


class ModelHandle:
    """An open `pclip_model`, and the memory it was opened from. Immutable: any thread and forked child may use it."""

    def __init__(self, open_model: Callable[..., int], *source: object, keeping: object = None) -> None:
        pointer = c_void_p()
        call(open_model, *source, byref(pointer))
        self.pointer = pointer
        self.memory = keeping
        self.info = _abi.ModelInfo(sizeof(_abi.ModelInfo))
        call(_abi.library.pclip_get_info, pointer, byref(self.info))

    # The function is a default argument so that it outlives the module when the interpreter exits.
    def __del__(self, close: Any = _abi.library.pclip_close) -> None:
        if pointer := getattr(self, "pointer", None):
            close(pointer)


class Scratch:
    """A `pclip_session`: the memory of one call at a time, in the process that created it."""

    def __init__(self, model: ModelHandle, limits: Limits) -> None:
        pointer = c_void_p()
        self.process = current
        self.model = model
        call(_abi.library.pclip_session_create, model.pointer, byref(limits.structure()), byref(pointer))
        self.pointer = pointer

    def __del__(self, destroy: Any = _abi.library.pclip_session_destroy) -> None:
        # A child does not free its parent's sessions: one may have been computing during the fork.
        if (pointer := getattr(self, "pointer", None)) and self.process is current:
            destroy(pointer)


class Pool:
    """Sessions of one model in one process, created when needed. With `capacity` sessions in use, callers wait."""

    def __init__(self, model: ModelHandle | None, limits: Limits, capacity: int) -> None:
        from threading import Condition  # imported here: it takes a third of this package's import time

        self.process = current
        self.capacity = capacity
        self._model = model
        self._limits = limits
        self._idle: list[Scratch] = []
        self._count = 0
        self._changed = Condition()

    def take(self) -> Scratch:
        with self._changed:
            while True:
                model = self._model
                if model is None:
                    raise ArgumentError("the model is closed")
                if self._idle:
                    return self._idle.pop()
                if self._count < self.capacity:
                    self._count += 1
                    break
                self._changed.wait()
        try:
            return Scratch(model, self._limits)
        except BaseException:
            self._release(None)
            raise

    def give(self, scratch: Scratch) -> None:
        self._release(scratch)

    def _release(self, scratch: Scratch | None) -> None:
        with self._changed:
            if scratch is None or self._model is None:
                self._count -= 1
            else:
                self._idle.append(scratch)
            self._changed.notify()

    def close(self) -> None:
        """Running calls finish; waiting and later calls are refused."""
        with self._changed:
            self._model = None
            self._idle.clear()
            self._changed.notify_all()
