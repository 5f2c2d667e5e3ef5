"""Complete models whose tensors share one storage: converting reads each tensor, opening reads none."""

import json
import pathlib
import struct

from builders import Member, Pickle as P, torch_members, zip_bytes

from amplification import SIZE
from amplification.pickles import NOISE

ROOT = pathlib.Path(__file__).resolve().parents[3]
LAYERS = 12
# Not compressible, then 48 MB of zeros, which the tensors view.
STORAGE = NOISE + bytes(48_000_000)


def shapes():
    """Names and shapes of a tiny CLIP, its blocks repeated."""
    content = (ROOT / "Fixtures/valid/vit.safetensors").read_bytes()
    header = json.loads(content[8:8 + struct.unpack("<Q", content[:8])[0]])
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        layers = range(LAYERS) if ".resblocks.0." in name else range(1)
        for layer in layers:
            yield name.replace(".resblocks.0.", f".resblocks.{layer}."), entry["shape"]


def floats(shape):
    return P.tensor("0", shape, count=len(STORAGE) // 4, offset=SIZE // 4)


def float8(shape):
    sizes = P.tuple(*map(P.integer, shape))
    strides = [1]
    for extent in reversed(shape[1:]):
        strides.insert(0, strides[0] * extent)
    storage = P.storage("UntypedStorage", "0", len(STORAGE), module="torch.storage")
    return P.call("torch._utils", "_rebuild_tensor_v3", storage, P.integer(SIZE), sizes,
                  P.tuple(*map(P.integer, strides[:len(shape)])), P.FALSE, P.NONE, P.name("torch", "float8_e4m3fn"))


def model(tensor):
    pickle, *rest = torch_members(P.file(P.dictionary([(name, tensor(shape)) for name, shape in shapes()])), {})
    return zip_bytes([pickle, Member("archive/data/0", STORAGE, method=8), *rest])[0]


CASES = {"pytorch-zip": {
    "model-of-one-deflated-storage": lambda: model(floats),
    "model-of-one-deflated-storage-of-float8": lambda: model(float8),
}}
