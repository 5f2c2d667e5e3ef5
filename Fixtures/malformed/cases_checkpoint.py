"""Files that are not weights, folders with ambiguous weights, and broken shards."""

import json

from builders import Member, Pickle, floats, safetensors_bytes, torch_members, zip_bytes
from cases_safetensors import entry, text

LFS = (b"version https://git-lfs.github.com/spec/v1\n"
       b"oid sha256:40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af\nsize 353976522\n")
HTML = b"\n<!DOCTYPE html>\n<html><head><title>403 Forbidden</title></head></html>\n"


def unsupported(content):
    return {"error": "unsupportedFormat", "content": content}


def weights(*names):
    header = {name: entry(offsets=(8 * i, 8 * i + 8)) for i, name in enumerate(names)}
    return safetensors_bytes(text(header), floats(2 * len(names)))


def index(mapping):
    return json.dumps({"metadata": {"total_size": 16}, "weight_map": mapping}).encode()


def sharded(error, mapping, places=(), offset=None, **shards):
    files = {name.replace("_", "-") + ".safetensors": content for name, content in shards.items()}
    return {"error": error, "content": {"model.safetensors.index.json": index(mapping), **files},
            "places": list(places), "offset": offset}


def torch_file():
    state = Pickle.file(Pickle.dictionary([("logit_scale", Pickle.tensor("0", [2]))]))
    return zip_bytes(torch_members(state, {"0": floats(2)}))[0]


A, B = "a.safetensors", "b.safetensors"

CASES = {
    "empty.pt": {"error": "emptyFile", "content": b""},
    "lfs-pointer.pt": {"error": "gitLFSPointer", "content": LFS},
    "error-page.pt": {"error": "htmlPage", "content": HTML},
    "access-denied.pt": {"error": "htmlPage", "content": b'<?xml version="1.0"?><Error>AccessDenied</Error>'},
    "a-text.pt": {"error": "notACheckpoint", "content": b"the weights are on the other disk\n"},
    "zeros.pt": {"error": "unknownFormat", "content": bytes(4096)},
    "not-an-index.json": {"error": "notACheckpoint", "content": b'{"model_type": "clip"}'},
    "joblib.pkl": unsupported(b"\x80\x04N."),
    "weights.tar.gz": unsupported(b"\x1f\x8b\x08\0" + bytes(20)),

    "bundle-without-fields.pclip": {"error": "bundleRuleBroken", "content": safetensors_bytes(
        text({"__metadata__": {"pclip.version": "1"}}), b"")},
    "bundle-of-the-future.pclip": {"error": "bundleTooNew", "content": safetensors_bytes(
        text({"__metadata__": {"pclip.version": "99"}}).ljust(56), b"")},

    "no-checkpoint": {"error": "noCheckpointInFolder", "content": {"README.md": b"# weights to come\n"}},
    "only-compressed": unsupported({"model.gz": b"\x1f\x8b\x08\0" + bytes(20)}),
    "two-epochs": {"error": "severalCheckpoints",
                   "content": {"epoch_1.pt": torch_file(), "epoch_2.pt": torch_file()}},
    "duplicates-that-differ": {
        "error": "severalCheckpoints",
        "content": {"model.safetensors": weights("logit_scale", "visual.proj"), "pytorch_model.bin": torch_file()}},
    "two-snapshots": {
        "error": "severalCheckpoints",
        "content": {"blobs/0": weights("logit_scale"), "snapshots/a/model.safetensors": "../../blobs/0",
                    "snapshots/b/model.safetensors": "../../blobs/0"}},
    "link-out-of-the-folder": {
        "error": "linkLeavesFolder", "content": {"model.safetensors": "../zeros.pt"}},
    "broken-preferred-file": {
        "error": "gitLFSPointer", "content": {"model.safetensors": LFS, "config.json": b"{}"}},
    "broken-config": {
        "error": "jsonSyntax", "offset": 13,
        "content": {"model.safetensors": weights("logit_scale"), "config.json": b'{"hidden_act"'}},

    "index-without-tensors": sharded("shardIndexInvalid", {}, a=weights("x")),
    "index-with-a-number": sharded("shardIndexInvalid", {"x": 3}, ["tensor x"], 48, a=weights("x")),
    "index-of-an-index": {
        "error": "shardIndexInvalid",
        "content": {"model.safetensors.index.json": index({"x": "other.json"}), "other.json": index({"x": "y"})},
        "open": "index-of-an-index/model.safetensors.index.json"},
    "index-climbs": sharded("shardNameUnsafe", {"x": "../zeros.pt"}, ["tensor x"], 48, a=weights("x")),
    "shard-missing": sharded("shardMissing", {"x": A, "y": B}, a=weights("x")),
    "tensor-not-in-its-shard": sharded("shardTensorMissing", {"x": A, "y": A}, ["tensor y"], a=weights("x")),
    "tensor-in-the-wrong-shard": sharded(
        "shardTensorMissing", {"x": A, "y": B, "z": B}, ["tensor z"], a=weights("x", "z"), b=weights("y")),
    "tensor-in-two-shards": sharded(
        "shardTensorRepeated", {"x": A, "y": B}, ["tensor x"], a=weights("x"), b=weights("x", "y")),
    "tensor-not-in-the-index": sharded(
        "shardTensorUnlisted", {"x": A}, ["tensor z"], a=weights("x", "z")),
}
