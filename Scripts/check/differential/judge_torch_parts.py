"""Lists what PyTorch finds in a file if it may skip the tensors that it refuses: shows whether they are among
PocketCLIP's."""

from unittest import mock

from torch import UntypedStorage
from torch import _weights_only_unpickler as library

import judge_torch


def entries(content):
    functions = {name: tolerant(value) if name.startswith("torch._utils._rebuild") else value
                 for name, value in library._get_allowed_globals().items()}
    with mock.patch.object(library, "_get_allowed_globals", lambda: functions), \
            mock.patch.object(library, "Unpickler", Unpickler), \
            mock.patch.object(UntypedStorage, "_set_from_file", set_or_skip):
        return judge_torch.entries(content)


def set_or_skip(storage, file, *arguments, read=UntypedStorage._set_from_file):
    """In the old format storages follow one another, each after its length."""
    start = file.tell()
    try:
        read(storage, file, *arguments)
    except RuntimeError:
        file.seek(start + 8 + storage.nbytes())


class Unpickler(library.Unpickler):
    def __setattr__(self, name, value):
        super().__setattr__(name, tolerant(value) if name == "persistent_load" else value)


def tolerant(function):
    """Returns None if the function raises; calls with that result return None too."""

    def call(*arguments):
        try:
            return function(*arguments)
        except Exception:  # whatever the library raises
            return None

    return call
