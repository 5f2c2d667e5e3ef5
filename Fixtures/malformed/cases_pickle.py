"""Pickles inside valid archives: opcodes, names, tensors and wrappers that must be refused."""

import pickle
import struct

from builders import Member, Pickle as P, floats, torch_members, zip_bytes

STORAGES = {"0": floats(6), "1": floats(1)}
PROJ = P.tensor("0", [2, 3])
SCALE = P.tensor("1", [])
# A module of a class that is not ours, with a parameter among its attributes.
OBJECT = P.name("open_clip.model", "CLIP") + b")\x81" + P.dictionary([("_parameters", P.dictionary([("proj", PROJ)]))]) + P.BUILD
MEMBER = "member archive/data.pkl"
START = zip_bytes(torch_members(b"", {}))[1]["archive/data.pkl"]


def archive(content, storages=STORAGES, extra=()):
    return zip_bytes([*torch_members(content, storages), *extra])[0]


def broken(error, content, at=None):
    """A pickle that stops at `at`, counted in the pickle."""
    offset = None if at is None else START + at
    return {"error": error, "content": archive(content), "offset": offset, "places": [MEMBER]}


def refused(module, name):
    return broken("pickleRefusedGlobal", P.file(P.name(module, name) + P.tuple(P.text("touch made-by-a-pickle")) + P.REDUCE), at=2)


def state(error, pairs, places=(), storages=STORAGES, extra=()):
    """A valid pickle whose dictionary of tensors is not usable."""
    content = archive(P.file(P.dictionary(pairs)), storages, extra)
    return {"error": error, "content": content, "places": list(places)}


def tensor(error, name, value, storages=STORAGES, places=()):
    return state(error, [("logit_scale", SCALE), (name, value)], [f"tensor {name}", *places], storages)


def after_pickle():
    content = P.file(P.dictionary([("visual.proj", PROJ), ("logit_scale", SCALE)]))
    return broken("pickleTrailingData", content + b"more", at=len(content) - 1)


def copies():
    """A thousand dictionaries, each a copy of one with four thousand pairs."""
    big = P.EMPTY_DICT + P.MARK + (P.integer(1) * 2) * 4000 + P.SETITEMS + b"q\x00"
    copy = P.name("collections", "OrderedDict") + P.MARK + b"h\x00t" + P.REDUCE
    return P.file(big + copy * 1000)


def nested_modules(depth):
    """TorchScript modules inside one another."""
    opening = P.name("__torch__", "Layer") + b")\x81" + P.EMPTY_DICT + P.MARK + P.text("inner")
    return P.file(opening * depth + P.NONE + (P.SETITEMS + P.BUILD) * depth)


def shared_modules(levels):
    """Each module has the one below it under two names: 2^levels paths."""
    opening = P.name("__torch__", "Layer") + b")\x81" + P.EMPTY_DICT + P.MARK
    pickle = opening + P.text("w") + P.NONE + P.SETITEMS + P.BUILD
    for level in range(levels):
        pickle += b"q" + bytes([level]) + b"0" + opening + b"".join(
            P.text(name) + b"h" + bytes([level]) for name in "ab") + P.SETITEMS + P.BUILD
    return P.file(pickle)


UNICODE = b"X" + struct.pack("<I", 2) + b"\xc3\x28"

CASES = {
    "truncated-in-the-middle.pt": broken("pickleTruncated", P.PROTO + P.EMPTY_DICT, at=3),
    "text-longer-than-file.pt": broken("pickleTruncated", P.PROTO + b"X\xff\xff\xff\x7fabc", at=7),
    "frame-longer-than-file.pt": broken("pickleTruncated", P.PROTO + b"\x95" + bytes([255] * 7) + b"\x00.", at=2),
    "unknown-opcode.pt": broken("pickleUnknownOpcode", P.file(P.EMPTY_DICT + b"\xfe"), at=3),
    "extension-registry-opcode.pt": broken("pickleUnknownOpcode", P.file(b"\x82\x01"), at=2),
    "protocol-0-call.pt": broken("pickleRefusedGlobal", b"cos\nsystem\n(S'id'\ntR.", at=0),
    "os-system.pt": refused("os", "system"),
    "posix-system.pt": refused("posix", "system"),
    "builtins-eval.pt": refused("builtins", "eval"),
    "builtins-getattr.pt": broken("pickleRefusedGlobal", P.file(
        P.call("__builtin__", "getattr", P.call("open_clip", "Loader"), P.text("run")))),
    "getattr-of-a-class.pt": broken("pickleRefusedGlobal", P.file(
        P.call("builtins", "getattr", P.name("torch", "serialization"), P.text("__globals__")))),
    "dotted-name.pt": broken(
        "pickleRefusedGlobal", b"\x80\x04\x8c\x05torch\x8c\x11storage.os.system\x93.", at=28),
    "subprocess-popen.pt": refused("subprocess", "Popen"),
    "torch-hub-load.pt": refused("torch.hub", "load"),
    "stack-global-os-system.pt": broken(
        "pickleRefusedGlobal", b"\x80\x04\x8c\x02os\x8c\x06system\x93.", at=14),
    "whole-module.pt": {"error": "wholeModulePickle", "content": archive(P.file(OBJECT))},
    "module-in-a-dictionary.pt": state("wholeModulePickle", [("epoch", P.integer(3)), ("model", OBJECT)], ["key model"]),
    "object-in-a-state-dict.pt": state(
        "unsupportedTensorKind", [("logit_scale", SCALE), ("visual.proj", OBJECT)], ["key visual.proj"]),
    "object-beside-a-tensor.pt": state("wholeModulePickle", [("step", SCALE), ("net", OBJECT)], ["key net"]),
    "object-without-tensors.pt": {
        "error": "noStateDict", "content": archive(P.file(P.call("mine", "Options", P.integer(1))))},
    "arrays.pt": state("numPyStateDict", [("visual.proj", P.call(
        "numpy._core.multiarray", "_reconstruct", P.name("numpy", "ndarray"), P.tuple(P.integer(0)), P.NONE))]),
    "items-without-value.pt": broken("pickleWrongType", P.file(
        P.call("mine", "Options") + P.MARK + P.text("a") + P.SETITEMS)),
    "subclass.pt": tensor("unsupportedTensorKind", "visual.proj", P.call(
        "torch._tensor", "_rebuild_from_type_v2", P.name("torch._utils", "_rebuild_tensor_v2"), P.name("mine", "Quantized"),
        P.tuple(P.storage("FloatStorage", "0", 6)), P.EMPTY_DICT)),
    "stack-underflow.pt": broken("pickleStackUnderflow", P.file(b"\x85"), at=2),
    "no-mark.pt": broken("pickleStackUnderflow", P.file(P.EMPTY_DICT + P.SETITEMS), at=3),
    "unknown-memo.pt": broken("pickleUnknownMemo", P.file(b"h\x05"), at=2),
    "append-to-a-number.pt": broken("pickleWrongType", P.file(P.integer(1) + P.integer(2) + b"a"), at=6),
    "key-without-value.pt": broken(
        "pickleWrongType", P.file(P.EMPTY_DICT + P.MARK + P.text("a") + P.SETITEMS), at=10),
    "call-of-a-text.pt": broken("pickleWrongType", P.file(P.text("print") + b")" + P.REDUCE), at=13),
    "call-of-a-storage.pt": broken(
        "pickleWrongType", P.file(P.name("torch", "FloatStorage") + b")" + P.REDUCE), at=23),
    "attributes-of-a-number.pt": broken(
        "pickleWrongType", P.file(P.integer(1) + P.EMPTY_DICT + P.BUILD), at=5),
    "protocol-6.pt": broken("pickleBadProtocol", b"\x80\x06N.", at=0),
    "text-not-utf8.pt": broken("pickleInvalidText", P.file(UNICODE), at=2),
    "bytes-after-the-pickle.pt": after_pickle(),
    "copies-without-end.pt": broken("budgetExceeded", copies()),
    "shared-modules-without-end.pt": {
        "error": "budgetExceeded",
        "content": zip_bytes([*torch_members(shared_modules(30), {}), Member("archive/constants.pkl", b"")])[0]},
    "modules-without-end.pt": {
        "error": "limitExceeded",
        "content": zip_bytes([*torch_members(nested_modules(400), {}), Member("archive/constants.pkl", b"")])[0]},
    "not-a-module.pt": {
        "error": "noStateDict",
        "content": zip_bytes([*torch_members(P.file(P.NONE), {}), Member("archive/constants.pkl", b"")])[0]},

    "a-list.pt": {"error": "noStateDict", "content": archive(P.file(P.EMPTY_LIST))},
    "only-numbers.pt": state("noStateDict", [("epoch", P.integer(3)), ("lr", P.integer(1))]),
    "only-optimizer.pt": state("noStateDict", [("optimizer", P.dictionary([("step", SCALE)]))]),
    "two-models.pt": state("severalModels", [
        ("model", P.dictionary([("visual.proj", PROJ)])), ("ema", P.dictionary([("visual.proj", PROJ)]))]),
    "only-gradients.pt": state("noWeights", [("grads", P.dictionary([("visual.proj", PROJ)]))]),
    "two-pickles.pt": {"error": "severalStateDicts", "content": zip_bytes([
        Member("a/data.pkl", P.file(P.EMPTY_DICT)), Member("b/data.pkl", P.file(P.EMPTY_DICT))])[0]},
    "repeated-key.pt": state(
        "duplicateTensorName", [("logit_scale", SCALE), ("visual.proj", PROJ), ("visual.proj", PROJ)],
        ["tensor visual.proj"]),

    "sparse-tensor.pt": tensor(
        "unsupportedTensorKind", "visual.proj", P.call("torch._utils", "_rebuild_sparse_tensor", P.NONE)),
    "complex-tensor.pt": tensor(
        "unsupportedDType", "visual.proj", P.tensor("0", [3], kind="ComplexFloatStorage", count=3)),
    "negative-bit.pt": tensor(
        "unsupportedTensorKind", "visual.proj", P.tensor_with(P.dictionary([("neg", P.TRUE)]))),
    "conjugate-bit.pt": tensor(
        "unsupportedTensorKind", "visual.proj", P.tensor_with(P.dictionary([("conj", P.TRUE)]))),
    "unknown-metadata.pt": tensor(
        "unsupportedTensorKind", "visual.proj", P.tensor_with(P.dictionary([("neg", P.FALSE), ("scale", P.integer(2))]))),
    "repeated-metadata.pt": tensor(
        "tensorRecordInvalid", "visual.proj", P.tensor_with(P.dictionary([("neg", P.FALSE), ("neg", P.FALSE)]))),
    "metadata-of-another-kind.pt": tensor("tensorRecordInvalid", "visual.proj", P.tensor_with(P.integer(1))),
    "argument-too-many.pt": tensor("tensorRecordInvalid", "visual.proj", P.tensor_with(P.NONE, P.NONE)),
    "tensor-without-strides.pt": tensor(
        "tensorRecordInvalid", "visual.proj",
        P.call("torch._utils", "_rebuild_tensor_v2", P.storage("FloatStorage", "0", 6), P.integer(0),
               P.tuple(P.integer(6)))),
    "tensor-without-storage.pt": tensor(
        "tensorRecordInvalid", "visual.proj",
        P.call("torch._utils", "_rebuild_tensor_v2", P.NONE, P.integer(0), P.tuple(P.integer(6)),
               P.tuple(P.integer(1)), P.FALSE, P.call("collections", "OrderedDict"))),
    "tensor-without-hooks.pt": tensor(
        "tensorRecordInvalid", "visual.proj",
        P.call("torch._utils", "_rebuild_tensor_v2", P.storage("FloatStorage", "0", 6), P.integer(0),
               P.tuple(P.integer(6)), P.tuple(P.integer(1)), P.FALSE)),
    "old-tensor-with-hooks.pt": tensor("tensorRecordInvalid", "visual.proj", P.tensor("0", [6], rebuild="_rebuild_tensor")),
    "negative-stride.pt": tensor("tensorRecordInvalid", "visual.proj", P.tensor("0", [2, 3], strides=[-3, 1], count=6)),
    "negative-size.pt": tensor("tensorRecordInvalid", "visual.proj", P.tensor("0", [-2, 3], strides=[3, 1], count=6)),
    "outside-storage.pt": tensor("tensorOutsideStorage", "visual.proj", P.tensor("0", [2, 3], offset=1, count=6)),
    "stride-outside-storage.pt": tensor(
        "tensorOutsideStorage", "visual.proj", P.tensor("0", [2, 3], strides=[4, 1], count=6)),
    "size-overflows.pt": tensor(
        "numberOverflow", "visual.proj", P.tensor("0", [1 << 40, 1 << 40], strides=[0, 0], count=6)),
    "repeated-without-end.pt": tensor(
        "limitExceeded", "visual.proj", P.tensor("0", [1 << 30, 6], strides=[0, 1], count=6)),
    "storage-missing.pt": tensor("storageMissing", "visual.proj", PROJ, {"1": floats(1)}),
    "storage-too-short.pt": tensor(
        "storageSizeMismatch", "visual.proj", PROJ, {"0": floats(5), "1": floats(1)},
        ["member archive/data/0"]),
    "byte-order-unknown.pt": {
        "error": "byteOrderUnknown", "places": ["member archive/byteorder"],
        "content": archive(P.file(P.EMPTY_DICT), {}, [Member("archive/byteorder", b"middle")])},
}
