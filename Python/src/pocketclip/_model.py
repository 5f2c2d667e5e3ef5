"""Opening a bundle."""

from __future__ import annotations

import os
from ctypes import byref, sizeof

from . import _abi, _handles
from ._buffers import address, view
from ._encoder import Encoder
from ._errors import ArgumentError, NoTowerError, call, in_range
from ._handles import Limits, ModelHandle, Pool, Scratch
from ._images import Preprocessing
from ._records import ModelInfo

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Literal, TypeAlias

    from ._buffers import Buffer

    Arithmetic: TypeAlias = Literal["auto", "fast", "exact", "bf16"]
    Path: TypeAlias = "str | bytes | os.PathLike[str] | os.PathLike[bytes]"


class Model(Encoder):
    """An open bundle. Any number of threads may call it at once; use it after fork(), pickle it, close it any time.

    path: the bundle's file. `Model.from_bytes` takes memory instead.
    arithmetic: "auto" computes int8 bundles in int8; "exact" gives activations 16 bits. "bf16" rounds
        both operands of FP16 bundles' products to BF16, on processors that support BF16; UnsupportedError on others.
    threads: how many threads one call may use; 0 for all that this process may use.
    isa: name of the kernels; None for the fastest that this machine supports.
    copy: read the file into memory instead of mapping it.
    sessions: how many calls may run at once, each with its own memory (`Session.byte_count`); further calls wait.
        0 for as many as threads.
    max_batch, max_width, max_height: limits of those sessions, 0 for defaults: items computed together (larger batches
        run in slices), pixels of the largest image.
    """

    def __init__(
        self,
        path: Path,
        *,
        arithmetic: Arithmetic = "auto",
        threads: int = 0,
        isa: str | None = None,
        copy: bool = False,
        sessions: int = 0,
        max_batch: int = 0,
        max_width: int = 0,
        max_height: int = 0,
    ) -> None:
        options = _options(arithmetic, threads, isa, copy)
        name = os.path.abspath(os.fsencode(path))
        if b"\0" in name:
            raise ArgumentError("path: contains a zero byte")
        handle = ModelHandle(_abi.library.pclip_open, name, byref(options))
        self._path: bytes | None = name
        self._memory: memoryview | None = None
        self._start(handle, Limits(max_batch, max_width, max_height), sessions)
        self._options = {"arithmetic": arithmetic, "threads": threads, "isa": isa, "copy": copy, "sessions": sessions}

    @classmethod
    def from_bytes(
        cls,
        data: Buffer,
        *,
        arithmetic: Arithmetic = "auto",
        threads: int = 0,
        isa: str | None = None,
        copy: bool = False,
        sessions: int = 0,
        max_batch: int = 0,
        max_width: int = 0,
        max_height: int = 0,
    ) -> Model:
        """Opens a bundle in memory. Memory aligned to 64 bytes is used without a copy, and must not change."""
        memory = view(data, "data")
        if not memory.c_contiguous:
            raise ArgumentError("data: expected contiguous bytes")
        options = _options(arithmetic, threads, isa, copy)
        self = cls.__new__(cls)
        handle = ModelHandle(
            _abi.library.pclip_open_memory, address(memory), memory.nbytes, byref(options), keeping=memory
        )
        self._path = None
        self._memory = memory
        self._start(handle, Limits(max_batch, max_width, max_height), sessions)
        self._options = {}
        return self

    def _start(self, handle: ModelHandle, limits: Limits, sessions: int) -> None:
        if in_range(sessions, "sessions") < 0:
            raise ArgumentError(f"sessions is {sessions}, expected 0 or more")
        self._info = ModelInfo(handle.info)
        self._resizing: Preprocessing | None = None
        self._limits = limits
        self._handle: ModelHandle | None = handle
        self._pool = Pool(handle, limits, sessions or self._info.threads)

    @property
    def info(self) -> ModelInfo:
        return self._info

    def _preprocessing(self) -> Preprocessing:
        if self._resizing is None:
            if not self._info.has_image:
                raise NoTowerError("the bundle has no image tower")
            self._resizing = Preprocessing.read(self._start_of_bundle, self._info.bundle_id)
        return self._resizing

    def _start_of_bundle(self, count: int) -> bytes:
        """The first bytes of the bundle."""
        if self._path is None:
            return b"" if self._memory is None else self._memory.cast("B")[:count].tobytes()
        with open(self._path, "rb") as file:
            return file.read(count)

    @property
    def closed(self) -> bool:
        return self._handle is None

    def check_content(self) -> None:
        """Hashes every tensor and checks the content rules (docs/BUNDLE.md). Reads the complete file."""
        call(_abi.library.pclip_check, self._open_handle().pointer)

    def close(self) -> None:
        """Closes the model. Running calls and open `Session`s can still finish. Closing twice is allowed."""
        self._handle = None
        self._process_pool().close()

    def __enter__(self) -> Model:
        self._open_handle()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        source = os.fsdecode(self._path) if self._path else "from_bytes"
        return f"<pocketclip.Model {source}{', closed' if self.closed else ''}>"

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        """A pickled model is its path and bundle id; the receiver opens the file again."""
        self._open_handle()
        if self._path is None:
            raise TypeError("a model opened from bytes cannot be pickled: open it from a file")
        return _reopen, (self._path, self._info.bundle_id, {**self._options, **self._limits.keywords()})

    def _open_handle(self) -> ModelHandle:
        handle = self._handle
        if handle is None:
            raise ArgumentError("the model is closed")
        return handle

    def _process_pool(self) -> Pool:
        """This process's sessions; a forked child starts with none."""
        pool = self._pool
        if pool.process is _handles.current:
            return pool
        with _handles.current.lock:
            if self._pool.process is not _handles.current:
                self._pool = Pool(self._handle, self._limits, pool.capacity)
            return self._pool

    def _take(self) -> Scratch:
        return self._process_pool().take()

    def _give(self, scratch: Scratch) -> None:
        self._process_pool().give(scratch)


def _options(arithmetic: str, threads: int, isa: str | None, copy: bool) -> _abi.OpenOptions:
    if arithmetic not in _abi.ARITHMETICS:
        raise ArgumentError(f"arithmetic is {arithmetic!r}, expected one of {', '.join(_abi.ARITHMETICS)}")
    if isa is not None and (not isa.isascii() or "\0" in isa):
        raise ArgumentError(f"isa is {isa!r}, expected a name such as avx2")
    return _abi.OpenOptions(
        sizeof(_abi.OpenOptions),
        _abi.ARITHMETICS[arithmetic],
        in_range(threads, "threads"),
        isa.encode() if isa else None,
        bool(copy),
    )


def _reopen(path: bytes, bundle_id: str, options: dict[str, Any]) -> Model:
    model = Model(path, **options)
    found = model.info.bundle_id
    if found != bundle_id:
        raise ArgumentError(
            f"{os.fsdecode(path)} is not the bundle that was pickled: expected id {bundle_id}, found {found}"
        )
    return model
