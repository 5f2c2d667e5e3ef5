#!/usr/bin/env python3
"""Writes the fixtures of PyTorch's format before 1.6: five pickles, then the storages.

Environments, one after the other: Scripts/environments/venv-torch17.sh (a plain state dict) and
Scripts/environments/venv-goldens.sh (the same format from current torch: training checkpoint, strided and shared
storages, pickle protocol 4). Storages are keyed by addresses, so no two runs write the same bytes. Each file is read
back by torch.load.

Also writes, with current torch, ../archives/legacy-views.pt, whose storages are parts of others, as PyTorch wrote
them before 0.4: its `view_metadata` is inserted manually, and torch.load must read it.
"""

import collections
import io
import pickle
import re

import torch

import tiny
from make_pytorch import HERE, RELEASE, WRITER, counters, mixture

ARCHIVES = HERE.parent / "archives"


def save(obj, path, **options):
    torch.save(obj, path, _use_new_zipfile_serialization=False, **options)
    assert path.read_bytes()[:1] == b"\x80", "no legacy file"


def check(path, state):
    """The state dict comes back, also when the header claims a big-endian machine: torch does not swap."""
    written = path.read_bytes()
    swapped = re.sub(rb"(little_endian(?:q.|\x94))\x88", lambda found: found[1] + b"\x89", written, count=1)
    assert swapped != written
    options = {} if RELEASE == "1.7" else {"weights_only": False}  # our own file; protocol 4 needs it
    for content in (written, swapped):
        loaded = torch.load(io.BytesIO(content), **options)
        loaded = loaded.get("model", loaded)
        assert list(loaded) == list(state)
        assert all(torch.equal(loaded[name], tensor) for name, tensor in state.items()), path.name


def write_state_dict():
    path = HERE / "vit-legacy-1.7.pt"
    state = mixture("vit")
    save(state, path)
    check(path, state)
    tiny.write_sidecar(path, format="pytorch-legacy", writer=WRITER, model="vit")


def rearranged(state):
    """FP16 matrices as FP16, BF16 and views of wider ones; all vectors in one storage; some are nn.Parameter."""
    vectors = [tensor.reshape(-1) for tensor in state.values() if tensor.dtype == torch.float32]
    shared = torch.cat([torch.full((3,), float("nan")), *vectors])
    result, offset = collections.OrderedDict(), 3
    for index, (name, tensor) in enumerate(state.items()):
        if tensor.dtype == torch.float32:
            tensor = shared[offset:offset + tensor.numel()].view(tensor.shape)
            offset += tensor.numel()
        elif tensor.dtype == torch.float16 and tensor.ndim == 2 and index % 2:
            tensor = tensor.t().contiguous().t()
        elif tensor.dtype == torch.float16 and tensor.ndim == 4 and index % 4:
            tensor = tensor.bfloat16()
        elif tensor.dtype == torch.float16 and tensor.ndim == 2:
            wide = torch.full((tensor.shape[0], tensor.shape[1] + 2), float("nan"), dtype=tensor.dtype)
            wide[:, 1:-1] = tensor
            tensor = wide[:, 1:-1]
        result[name] = torch.nn.Parameter(tensor) if index % 7 == 0 and tensor.is_floating_point() else tensor
    return result


def write_training():
    path = HERE / "rn-legacy-training.pt"
    state = rearranged(mixture("rn"))
    optimizer = {"state": {0: {"step": 5, "exp_avg": state["logit_scale"].detach().clone()}},
                 "param_groups": [{"lr": 5e-4, "betas": (0.9, 0.98), "params": [0]}]}
    save({"epoch": 3, "name": "tiny-run", "model": state, "optimizer": optimizer}, path)
    check(path, state)
    tiny.write_sidecar(path, format="pytorch-legacy", writer=WRITER, model="rn", ignored=counters(state),
                       wrapper="model", notes="FP32, FP16, BF16; strided, sliced and shared storages, nn.Parameter; "
                       "gaps hold NaN; epoch, name and optimizer beside the model")


def write_protocol_4():
    path = HERE / "vit-legacy-protocol-4.pt"
    state = {name: t for name, t in mixture("vit").items() if tiny.tower(name) != "image"}
    save(state, path, pickle_protocol=4)
    check(path, state)
    tiny.write_sidecar(path, format="pytorch-legacy", writer=WRITER, model="vit", towers="text",
                       notes="pickle protocol 4")


class Views(pickle.Pickler):
    """Describes every storage as a part of one common storage."""

    def __init__(self, file, root, parts):
        super().__init__(file, 2)
        self.root, self.parts = root, parts

    def persistent_id(self, value):
        if not isinstance(value, torch.storage.TypedStorage):
            return None
        key = str(value._cdata)
        return ("storage", torch.FloatStorage, "root", "cpu", self.root.numel(), (key, *self.parts[value.data_ptr()]))


def write_views():
    """Two tensors over parts of one storage: elements 2 to 5 as a column of two rows, and element 7."""
    path = ARCHIVES / "legacy-views.pt"
    root = torch.arange(8, dtype=torch.float32)
    first, second = root[2:6].clone(), root[7:].clone()
    parts = {first.data_ptr(): (2, 4), second.data_ptr(): (7, 1)}
    state = {"visual.proj": first.view(2, 2).t(), "logit_scale": second.view(())}
    buffer = io.BytesIO()
    torch.save({}, buffer, _use_new_zipfile_serialization=False)
    header = buffer.getvalue()[:-len(pickle.dumps({}, 2) + pickle.dumps([], 2))]
    file = io.BytesIO()
    file.write(header)
    Views(file, root, parts).dump(state)
    pickle.dump(["root"], file, 2)
    file.write((8).to_bytes(8, "little") + root.numpy().tobytes())
    path.write_bytes(file.getvalue())
    loaded = torch.load(path)
    assert all(torch.equal(loaded[name], tensor) for name, tensor in state.items())


def main():
    if RELEASE == "1.7":
        write_state_dict()
    else:
        write_training()
        write_protocol_4()
        write_views()


if __name__ == "__main__":
    main()
