"""The working memory of one caller."""

from __future__ import annotations

from _thread import allocate_lock
from ctypes import byref

from . import _abi, _handles
from ._encoder import Encoder
from ._errors import ArgumentError
from ._handles import Limits, Scratch
from ._model import Model
from ._records import ModelInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

    from ._images import Preprocessing


class Session(Encoder):
    """Memory for one call at a time, allocated now and not during calls. Threads that share one wait for each other.

    A `Model` has its own sessions: use this class to set their number and size.

    max_batch: items computed together; larger batches run in slices.
    max_width, max_height: pixels of the largest image. 0 means the default.
    """

    def __init__(self, model: Model, *, max_batch: int = 0, max_width: int = 0, max_height: int = 0) -> None:
        self._model = model
        self._limits = Limits(max_batch, max_width, max_height)
        self._scratch: Scratch | None = Scratch(model._open_handle(), self._limits)
        self._turn = allocate_lock()

    @staticmethod
    def byte_count(model: Model, *, max_batch: int = 0, max_width: int = 0, max_height: int = 0) -> int:
        """Bytes that a session with these limits takes."""
        limits = Limits(max_batch, max_width, max_height)
        size: int = _abi.library.pclip_session_size(model._open_handle().pointer, byref(limits.structure()))
        if not size:
            raise ArgumentError(f"a session cannot have the limits {limits.keywords()}")
        return size

    @property
    def model(self) -> Model:
        return self._model

    @property
    def info(self) -> ModelInfo:
        return self._model.info

    def _preprocessing(self) -> Preprocessing:
        return self._model._preprocessing()

    @property
    def closed(self) -> bool:
        return self._scratch is None

    def close(self) -> None:
        """Frees the memory. A running call can still finish. Closing twice is allowed."""
        self._scratch = None

    def __enter__(self) -> Session:
        self._open_scratch()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<pocketclip.Session of {self._model!r}{', closed' if self.closed else ''}>"

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        self._open_scratch()
        return _restore, (self._model, self._limits.keywords())

    def _open_scratch(self) -> Scratch:
        scratch = self._scratch
        if scratch is None:
            raise ArgumentError("the session is closed")
        return scratch

    def _take(self) -> Scratch:
        self._renew_after_fork()
        self._turn.acquire()
        try:
            return self._open_scratch()
        except BaseException:
            self._turn.release()
            raise

    def _give(self, scratch: Scratch) -> None:
        self._turn.release()

    def _renew_after_fork(self) -> None:
        """In a forked child the lock may stay locked and the memory be inconsistent: replaces both."""
        if self._open_scratch().process is _handles.current:
            return
        with _handles.current.lock:
            inherited = self._open_scratch()
            if inherited.process is not _handles.current:
                self._turn = allocate_lock()
                self._scratch = Scratch(inherited.model, self._limits)


def _restore(model: Model, limits: dict[str, int]) -> Session:
    return Session(model, **limits)
