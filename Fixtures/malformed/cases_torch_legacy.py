"""PyTorch files from before 1.6 that break one rule each: five pickles, then the storages."""

import struct

from builders import Pickle as P, floats

MAGIC = bytes.fromhex("80028a0a6cfc9c46f9206aa850192e")
VERSION = P.file(P.integer(1001))
MACHINE = P.file(P.dictionary([("protocol_version", P.integer(1001)), ("little_endian", b"\x88")]))
VERSION_AT = len(MAGIC)
MACHINE_AT = VERSION_AT + len(VERSION)
OBJECT_AT = MACHINE_AT + len(MACHINE)


def storage(key="1", kind="FloatStorage", count=6, view=P.NONE, name="storage"):
    """A persistent id of six items."""
    return P.tuple(P.text(name), P.name("torch", kind), P.text(key), P.text("cpu"), P.integer(count), view) + b"Q"


def tensor(cited, shape=(2, 3), strides=(3, 1), offset=0, rebuild="_rebuild_tensor_v2"):
    return P.call("torch._utils", rebuild, cited, P.integer(offset), P.tuple(*map(P.integer, shape)),
                  P.tuple(*map(P.integer, strides)), P.FALSE, P.call("collections", "OrderedDict"))


def state(*pairs):
    return P.file(P.dictionary(pairs))


def keys(*names):
    return P.file(P.EMPTY_LIST + P.MARK + b"".join(map(P.text, names)) + b"e")


def data(count, content=None, order="<"):
    return struct.pack(order + "q", count) + (floats(count) if content is None else content)


PROJ = tensor(storage())
SCALE = tensor(storage("2", count=1), (), ())
PAIR = state(("visual.proj", PROJ), ("logit_scale", SCALE))
KEYS = keys("1", "2")
KEYS_AT = OBJECT_AT + len(PAIR)
DATA_AT = KEYS_AT + len(KEYS)
SECOND_AT = DATA_AT + len(data(6))


def legacy(obj=PAIR, listed=KEYS, stored=data(6) + data(1), *, magic=MAGIC, version=VERSION, machine=MACHINE):
    return magic + version + machine + obj + listed + stored


def case(error, content, offset=None, *places):
    return {"error": error, "content": content, "offset": offset, "places": list(places)}


def broken(error, obj, at=None, **parts):
    """The object's pickle is wrong at `at`, counted in it."""
    return case(error, legacy(obj, **parts), None if at is None else OBJECT_AT + at)


def refused(module, name):
    """A pickle that requests a call of `name` with a text."""
    return broken("pickleRefusedGlobal", P.file(P.name(module, name) + P.tuple(P.text("touch made-by-a-pickle")) + P.REDUCE), at=2)


def one(error, value, *places, listed=keys("1"), stored=data(6)):
    """The only tensor, `visual.proj`, is wrong."""
    return case(error, legacy(state(("visual.proj", value)), listed, stored), None, "tensor visual.proj", *places)


def module():
    """The output of torch.save(model): the class, cited with its source code, and its attributes."""
    cited = P.MARK + P.text("module") + P.name("clip.model", "CLIP")
    rest = P.text("model.py") + P.text("class CLIP: ...") + b"tQ)\x81"
    parameters = P.dictionary([("_parameters", P.dictionary([("proj", PROJ), ("logit_scale", SCALE)]))])
    return broken("wholeModulePickle", P.file(cited + rest + parameters + P.BUILD))


VIEW = P.tuple(P.text("3"), P.integer(4), P.integer(3))

CASES = {
    "magic-damaged.pt": case("torchLegacyMagic", legacy(magic=MAGIC[:-3] + b"\0\0."), 0),
    "magic-alone.pt": case("pickleTruncated", MAGIC, len(MAGIC)),
    "magic-without-end.pt": case("pickleTruncated", MAGIC[:-1], len(MAGIC) - 1),
    "version-1000.pt": case("torchLegacyProtocol", legacy(version=P.file(P.integer(1000))), VERSION_AT),
    "version-is-text.pt": case("torchLegacyProtocol", legacy(version=P.file(P.text("1001"))), VERSION_AT),
    "machine-is-a-number.pt": case("torchLegacySystem", legacy(machine=P.file(P.integer(1))), MACHINE_AT),
    "machine-without-byte-order.pt": case(
        "torchLegacySystem", legacy(machine=P.file(P.dictionary([("protocol_version", P.integer(1001))]))), MACHINE_AT),
    "byte-order-is-text.pt": case(
        "torchLegacySystem", legacy(machine=P.file(P.dictionary([("little_endian", P.text("yes"))]))), MACHINE_AT),
    "machine-runs-a-command.pt": case(
        "pickleRefusedGlobal", legacy(machine=P.file(P.call("posix", "system", P.text("id")))), MACHINE_AT + 2),

    "os-system.pt": refused("os", "system"),
    "builtins-exec.pt": refused("builtins", "exec"),
    "subprocess-popen.pt": refused("subprocess", "Popen"),
    "data-parallel.pt": broken("wholeModulePickle", state(
        ("model", P.call("torch.nn.parallel.data_parallel", "DataParallel", PROJ, SCALE)))) | {"places": ["key model"]},
    "whole-module.pt": module(),
    "keys-run-a-command.pt": case(
        "pickleRefusedGlobal", legacy(listed=P.file(P.call("os", "system", P.text("id")))), KEYS_AT + 2),
    "object-cut-short.pt": case("pickleTruncated", legacy()[:KEYS_AT - 30], KEYS_AT - 30),
    "keys-missing.pt": case("pickleTruncated", legacy()[:KEYS_AT], KEYS_AT),
    "unknown-opcode.pt": broken("pickleUnknownOpcode", P.file(P.EMPTY_DICT + b"\xfe"), at=3),
    "not-a-state-dict.pt": broken("noStateDict", P.file(P.EMPTY_LIST), listed=keys(), stored=b""),

    "cites-a-number.pt": broken("torchLegacyReference", P.file(P.integer(7) + b"Q")),
    "cites-a-module.pt": broken("torchLegacyReference", state(("visual.proj", tensor(storage(name="module"))))),
    "storage-of-no-class.pt": broken("torchLegacyReference", state(("visual.proj", tensor(
        P.tuple(P.text("storage"), P.NONE, P.text("1"), P.text("cpu"), P.integer(6), P.NONE) + b"Q")))),
    "negative-count.pt": broken("torchLegacyReference", state(("visual.proj", tensor(storage(count=-6))))),
    "view-of-two-items.pt": broken("torchLegacyReference", state(
        ("visual.proj", tensor(storage(view=P.tuple(P.text("3"), P.integer(0))))))),
    "two-lengths-of-one-storage.pt": case(
        "torchLegacyStorageClash", legacy(state(("visual.proj", PROJ), ("logit_scale", tensor(storage(count=5), (), ())))),
        None, "key 1"),
    "two-types-of-one-storage.pt": case(
        "torchLegacyStorageClash",
        legacy(state(("visual.proj", PROJ), ("logit_scale", tensor(storage(kind="IntStorage"), (), ())))), None, "key 1"),

    "keys-are-a-dictionary.pt": case("torchLegacyKeys", legacy(listed=P.file(P.EMPTY_DICT)), KEYS_AT),
    "keys-are-numbers.pt": case(
        "torchLegacyKeys", legacy(listed=P.file(P.EMPTY_LIST + P.integer(1) + b"a")), KEYS_AT),
    "key-that-no-tensor-cites.pt": case("torchLegacyKeys", legacy(listed=keys("1", "2", "9")), KEYS_AT),
    "key-twice.pt": case("torchLegacyKeys", legacy(listed=keys("1", "1")), KEYS_AT),
    "key-not-listed.pt": case(
        "storageMissing", legacy(listed=keys("1"), stored=data(6)), None, "tensor logit_scale"),

    "count-of-another-storage.pt": case(
        "storageSizeMismatch", legacy(stored=data(1) + data(6)), DATA_AT, "key 1"),
    "count-big-endian.pt": case(
        "storageSizeMismatch", legacy(stored=data(6, order=">") + data(1)), DATA_AT, "key 1"),
    "count-2-to-the-61.pt": case(
        "numberOverflow", legacy(state(("visual.proj", tensor(storage(count=1 << 61)))), keys("1"), data(1 << 61, b"")),
        OBJECT_AT + len(state(("visual.proj", tensor(storage(count=1 << 61))))) + len(keys("1")), "key 1"),
    "count-of-a-terabyte.pt": case(
        "truncatedFile", legacy(state(("visual.proj", tensor(storage(count=1 << 38)))), keys("1"), data(1 << 38, b"")),
        None, "key 1"),
    "ends-in-a-count.pt": case("truncatedFile", legacy()[:SECOND_AT + 3], SECOND_AT, "key 2"),
    "ends-in-a-storage.pt": case("truncatedFile", legacy()[:SECOND_AT - 3], DATA_AT + 8, "key 1"),
    "bytes-after-the-storages.pt": case(
        "torchLegacyTrailingData", legacy(stored=data(6) + data(1) + b"\0"), SECOND_AT + len(data(1))),
    "two-objects.pt": case("torchLegacyTrailingData", legacy() + legacy(), len(legacy())),

    "view-outside-its-storage.pt": one(
        "torchLegacyView", tensor(storage(view=VIEW), (1,), (1,)), "key 1"),
    "view-overflows.pt": one(
        "torchLegacyView", tensor(storage(view=P.tuple(P.text("3"), P.integer(2**63 - 1), P.integer(1))), (1,), (1,)),
        "key 1"),
    "tensor-outside-its-view.pt": one(
        "tensorOutsideStorage", tensor(storage(view=P.tuple(P.text("3"), P.integer(4), P.integer(2))), (3,), (1,))),
    "tensor-outside-its-storage.pt": one("tensorOutsideStorage", tensor(storage(), offset=1)),
    "negative-stride.pt": one("tensorRecordInvalid", tensor(storage(), strides=(-3, 1))),
    "sparse-tensor.pt": one(
        "unsupportedTensorKind", P.call("torch._utils", "_rebuild_sparse_tensor", P.NONE), listed=keys(), stored=b""),
    "complex-storage.pt": case(
        "unsupportedDType", legacy(state(("visual.proj", tensor(storage(kind="ComplexFloatStorage")))), keys("1"), bytes(56)),
        None, "key 1"),
    "name-twice.pt": case(
        "duplicateTensorName", legacy(state(("visual.proj", PROJ), ("logit_scale", SCALE), ("visual.proj", PROJ))), None,
        "tensor visual.proj"),
}


def seeds():
    """Valid files for the fuzzer: wrapped, with a view, as pickle protocol 4 frames it, and without any element."""
    wrapped = state(("epoch", P.integer(3)), ("model", P.dictionary([
        ("visual.proj", PROJ), ("logit_scale", tensor(storage(view=P.tuple(P.text("3"), P.integer(4), P.integer(2))), (), ())),
    ])))
    framed = b"\x80\x04\x95" + struct.pack("<Q", 13) + MAGIC[2:]
    nothing = state(("visual.proj", tensor(storage(), (0, 3), offset=1 << 62)))
    return {"pair": legacy(), "wrapped": legacy(wrapped, keys("1"), data(6)), "framed": legacy(magic=framed),
            "empty": legacy(nothing, keys("1"), data(6))}
