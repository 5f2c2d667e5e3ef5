"""Keras archives that break one rule each, and Keras's indices of sharded weights."""

import json

from builders import Member, zip_bytes
from cases_hdf5 import SOUND
from hdf5_builder import Builder

CONFIG = b'{"class_name": "CLIPBackbone", "config": {}}'
WEIGHTS = "member model.weights.h5"


def archive(weights=SOUND, config=CONFIG, method=0):
    return zip_bytes([Member("metadata.json", b"{}"), Member("config.json", config, method=method),
                      Member("model.weights.h5", weights, method=method)])


def case(error, content, place=None, offset=None):
    return {"error": error, "content": content, "offset": offset, "places": [place] if place else []}


def cut(method=0):
    content, offsets = archive(SOUND[:-1], method=method)
    return case("truncatedFile", content, WEIGHTS,
                None if method else offsets["model.weights.h5"] + len(SOUND) - 1)


def not_hdf5():
    content, offsets = archive(b"weights")
    return case("hdf5Signature", content, WEIGHTS, offsets["model.weights.h5"])


def configuration():
    content, offsets = archive(config=b'{"class_name": }')
    return case("jsonSyntax", content, "member config.json", offsets["config.json"] + 15)


def weights(*paths):
    """An HDF5 file with a dataset `vars/0` in each group."""
    file = Builder()
    groups = [(path.encode(), file.group([(b"vars", file.group([(b"0", file.dataset())]))])) for path in paths]
    return file.finish(file.group(groups))


def sharded(error, mapping, places=(), **shards):
    index = json.dumps({"metadata": {}, "weight_map": mapping}, indent=1).encode()
    files = {name + ".weights.h5": content for name, content in shards.items()}
    return {"error": error, "content": {"model.weights.json": index, **files}, "places": list(places)}


A, B = "a.weights.h5", "b.weights.h5"

CASES = {
    "keras-weights-cut.keras": cut(),
    "keras-weights-cut-and-compressed.keras": cut(8),
    "keras-weights-not-hdf5.keras": not_hdf5(),
    "keras-configuration-not-json.keras": configuration(),

    "keras-index-with-a-number": sharded("shardIndexInvalid", {"/x/vars": 3}, ["tensor /x/vars"], a=weights("x")),
    "keras-index-with-an-empty-list": sharded("shardIndexInvalid", {"/x/vars": []}, ["tensor /x/vars"], a=weights("x")),
    "keras-index-with-a-number-in-a-list": sharded(
        "shardIndexInvalid", {"/x/vars": [A, 3]}, ["tensor /x/vars"], a=weights("x")),
    "keras-index-climbs": sharded("shardNameUnsafe", {"/x/vars": ["../zeros.pt"]}, ["tensor /x/vars"], a=weights("x")),
    "keras-shard-missing": sharded("shardMissing", {"/x/vars": [A, B]}, a=weights("x")),
    "keras-group-not-in-the-index": sharded(
        "shardTensorUnlisted", {"/x/vars": A, "/y/vars": B}, ["tensor z/vars/0"], a=weights("x"), b=weights("z")),
    "keras-group-missing": sharded(
        "shardTensorMissing", {"/x/vars": A, "/y/vars": A}, ["tensor y/vars"], a=weights("x")),
    "keras-variable-in-the-wrong-shard": sharded(
        "shardTensorMissing", {"/x/vars": A, "/y/vars": B}, ["tensor y/vars/0"], a=weights("x", "y"), b=weights("y")),
    "keras-variable-in-two-shards": sharded(
        "shardTensorRepeated", {"/x/vars": [A, B]}, ["tensor x/vars/0"], a=weights("x"), b=weights("x")),
}
