#!/usr/bin/env python3
"""Writes the fixtures of PyTorch's first format: a tar of four members, from before 0.1.10 (February 2017).

No installable PyTorch writes it (the oldest wheel is 1.0.0), but every PyTorch still reads it. So the members are
written here as torch/serialization.py of 0.1.9 wrote them, with Python's own `tarfile` in its PAX format, and then
torch.load of the current release must give the same tensors back. Environment: Scripts/environments/venv-goldens.sh.

Keys replace the addresses that 0.1.9 used. Tensors without axes, which 0.1.9 did not have, are written like
any other.
"""

import collections
import os
import pickle
import struct
import tarfile
import tempfile

import torch

import tiny
from make_pytorch import HERE, counters, mixture

WRITER = f"the layout of torch 0.1.9, read back by torch {torch.__version__.split('+')[0]}"
FIRST_ADDRESS = 94112201778528
WRITTEN_AT = 1485907200.25  # the fraction of a second makes `tarfile` write an extended header for each member


class Keys(dict):
    """A key for each requested object, in place of its address."""

    def __missing__(self, thing):
        return self.setdefault(thing, FIRST_ADDRESS + 64 * len(self))


class TarWriter:
    """torch.save of 0.1.9; `parts` are runs of elements of one storage that 0.1.9 treated as separate storages."""

    def __init__(self, obj, parts=()):
        self.obj, self.parts = obj, list(parts)
        self.keys, self.tensors, self.storages = Keys(), {}, {}

    def persistent_id(self, value):
        if not isinstance(value, torch.Tensor):
            return None
        self.tensors[self.keys["tensor", id(value)]] = value
        return str(self.keys["tensor", id(value)])

    def write_sys_info(self, file):
        sizes = {"short": 2, "int": 4, "long": 8}
        pickle.dump({"protocol_version": 1000, "little_endian": True, "type_sizes": sizes}, file, 2)

    def write_pickle(self, file):
        pickler = pickle.Pickler(file, 2)
        pickler.persistent_id = self.persistent_id
        pickler.dump(self.obj)

    def place(self, tensor):
        """The key of the storage (or part of one) that holds `tensor`, and the offset in it."""
        storage = tensor.untyped_storage()
        key = self.keys["storage", storage.data_ptr()]
        self.storages[key] = tensor
        for first, count in self.parts:
            if storage.nbytes() // tensor.element_size() > first + count > tensor.storage_offset() >= first:
                return self.keys["part", key, first, count], tensor.storage_offset() - first
        return key, tensor.storage_offset()

    def write_tensors(self, file):
        pickle.dump(len(self.tensors), file, 2)
        for key, tensor in self.tensors.items():
            storage, offset = self.place(tensor)
            file.write(self.named(key, storage, tensor, "Tensor"))
            file.write(struct.pack(f"<q{tensor.ndim}q{tensor.ndim}qq", tensor.ndim, *tensor.shape, *tensor.stride(),
                                   offset))

    def write_storages(self, file):
        pickle.dump(len(self.storages), file, 2)
        for key, tensor in self.storages.items():
            storage = tensor.untyped_storage()
            file.write(self.named(key, "cpu", tensor, "Storage"))
            file.write(struct.pack("<q", storage.nbytes() // tensor.element_size()) + bytes(storage))
        views = [(key, *thing[1:]) for thing, key in self.keys.items() if thing[0] == "part"]
        pickle.dump(views, file, 2)

    @staticmethod
    def named(key, value, tensor, kind):
        """The pickle of (key, value, class), the class as 0.1.9 named it: torch.FloatTensor, torch.FloatStorage."""
        prefix = {torch.float32: "Float", torch.float16: "Half", torch.int64: "Long"}[tensor.dtype]
        pickled = pickle.dumps((key, value, 0), 2)
        assert pickled.count(b"K\x00") == 1
        return pickled.replace(b"K\x00", f"ctorch\n{prefix}{kind}\n".encode())

    def save(self, path):
        with tarfile.open(path, "w:", format=tarfile.PAX_FORMAT) as tar:
            for name in ("sys_info", "pickle", "tensors", "storages"):
                with tempfile.NamedTemporaryFile(delete=False) as file:
                    getattr(self, "write_" + name)(file)
                tar.add(file.name, arcname=name, filter=anonymous)
                os.unlink(file.name)


def anonymous(info):
    info.mtime, info.uid, info.gid, info.uname, info.gname = WRITTEN_AT, 1000, 1000, "user", "user"
    return info


def check(path, expected):
    """torch.load returns the written tensors."""
    loaded = torch.load(path, weights_only=False)  # our own file; it reads tars in no other way
    loaded = loaded.get("state_dict", loaded)
    assert list(loaded) == list(expected)
    for name, tensor in expected.items():
        assert loaded[name].dtype == tensor.dtype and torch.equal(loaded[name], tensor), name


def write_state_dict():
    path = HERE / "vit-tar.pt"
    state = mixture("vit")
    TarWriter(state).save(path)
    check(path, state)
    tiny.write_sidecar(path, format="pytorch-tar", writer=WRITER, model="vit")


def write_training():
    """Vectors in two parts of one storage, matrices transposed, and an optimizer."""
    path = HERE / "rn-tar-training.pt"
    source = mixture("rn")
    vectors = [tensor.reshape(-1) for tensor in source.values() if tensor.dtype == torch.float32]
    shared = torch.cat([torch.full((3,), float("nan")), *vectors, torch.zeros(1)])
    state, offset, half = collections.OrderedDict(), 3, None
    for name, tensor in source.items():
        if tensor.dtype == torch.float32:
            if half is None and offset > len(shared) // 2:
                half = offset
            tensor = shared[offset:offset + tensor.numel()].view(tensor.shape)
            offset += tensor.numel()
        elif tensor.ndim == 2:
            tensor = tensor.t().contiguous().t()
        state[name] = tensor
    optimizer = {"state": {0: {"step": 5, "momentum_buffer": state["logit_scale"].clone()}}, "param_groups": []}
    obj = {"epoch": 3, "name": "tiny-run", "state_dict": state, "optimizer": optimizer}
    TarWriter(obj, [(3, half - 3), (half, len(shared) - 1 - half)]).save(path)
    check(path, source)
    tiny.write_sidecar(path, format="pytorch-tar", writer=WRITER, model="rn", ignored=counters(source),
                       wrapper="state_dict", notes="parts of a storage, transposed matrices; gaps hold NaN; epoch, "
                       "name and optimizer beside the model")


if __name__ == "__main__":
    write_state_dict()
    write_training()
