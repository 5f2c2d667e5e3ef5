"""Pickles: in PyTorch's zips, TorchScript archives, legacy files and tars. Memoized values are cited with two or five bytes."""

import random
import struct

from builders import Member, Pickle as P, floats, torch_members, zip_bytes
from cases_torch_legacy import data, keys, legacy, tensor as legacy_tensor, storage as legacy_storage
import cases_torch_tar as tar

from amplification import SIZE

LONG = 100_000
TENSOR = P.tensor("0", [2, 3])
STORAGES = {"0": floats(6)}


# Bytes that do not compress, so that the next part may inflate 256-fold.
NOISE = random.Random(0).randbytes(SIZE)


def noise(count):
    """A pickle of such bytes, and nothing on the stack."""
    return b"B" + struct.pack("<I", count) + NOISE[:count] + b"0"


def put(index):
    return b"r" + struct.pack("<I", index)


def get(index):
    return b"h" + bytes([index]) if index < 256 else b"j" + struct.pack("<I", index)


def filled(container, items):
    return container + P.MARK + b"".join(items) + (b"e" if container == P.EMPTY_LIST else P.SETITEMS)


def memoized(value, index):
    """The value under an index, and nothing on the stack."""
    return value + put(index) + b"0"


def archive(pickle, method=0, extra=()):
    return zip_bytes([*torch_members(P.file(pickle), STORAGES, method=method), *extra])[0]


def long_key(tensor, length=LONG, count=30_000):
    """One long key for every entry of a state dict."""
    return (memoized(P.text("k" * length), 0) + memoized(tensor, 1)
            + filled(P.EMPTY_DICT, [get(0) + get(1)] * count))


def long_keys_of_wrappers(length=LONG, count=10_000):
    """Dictionaries of one tensor each below one long key, whose names all repeat it."""
    inner = filled(P.EMPTY_DICT, [get(0) + get(1)])
    return (memoized(P.text("visual." + "k" * length), 0) + memoized(TENSOR, 1)
            + filled(P.EMPTY_DICT, [P.text(f"a{i}") + inner for i in range(count)]))


def values_under_many_keys(tensor, count=20_000):
    """Each key of a state dict leads to the same large list."""
    big = filled(P.EMPTY_LIST, [P.NONE] * 100_000)
    return (memoized(big, 0) + filled(P.EMPTY_DICT, [P.text("visual.proj") + tensor]
                                     + [P.text(f"k{i}") + get(0) for i in range(count)]))


def copies_of_containers(tensor):
    """Sets of one list: an instruction of a few bytes copies it."""
    big = filled(P.EMPTY_LIST, [P.NONE] * 50_000)
    return (memoized(big, 0) + memoized(P.name("builtins", "set"), 1)
            + filled(P.EMPTY_LIST, [get(1) + get(0) + b"\x85R"] * 30_000))


def nested_objects(tensor, depth=10_000):
    """Objects of an unknown class inside one another, around one tensor."""
    return memoized(P.name("training", "State"), 0) + (get(0)) * depth + tensor + b"\x85R" * depth


def nested_objects_without_tensors(tensor, depth=10_000):
    return memoized(P.name("training", "State"), 0) + (get(0)) * depth + P.NONE + b"\x85R" * depth


def long_global_names(tensor):
    """One long module and name, joined again and again by STACK_GLOBAL."""
    name = memoized(P.text("a." * 40_000), 0) + memoized(P.text("b." * 40_000), 1)
    return name + filled(P.EMPTY_LIST, [get(0) + get(1) + b"\x93"] * 20_000)


def many_global_names():
    """Every pair of 128 modules and 128 names."""
    names = [memoized(P.text(("m%d." % i) * 100), i) for i in range(128)]
    names += [memoized(P.text(("n%d." % i) * 100), 128 + i) for i in range(128)]
    return b"".join(names) + filled(P.EMPTY_LIST, [get(a) + get(128 + b) + b"\x93" for a in range(128) for b in range(128)])


def memoize_everything(tensor):
    return P.NONE + b"\x94" * SIZE


def stack_of_nothing(tensor):
    return filled(P.EMPTY_LIST, [P.NONE] * SIZE)


def nested_tuples():
    return P.NONE + b"\x85" * SIZE


def citations():
    cited = P.tuple(P.text("storage"), P.name("torch", "FloatStorage"), P.text("0"), P.text("cpu"), P.integer(6))
    return memoized(cited, 0) + filled(P.EMPTY_LIST, [get(0) + b"Q"] * (SIZE // 3))


def empty_objects():
    return memoized(P.name("a", "B"), 0) + filled(P.EMPTY_LIST, [get(0) + b")\x81"] * (SIZE // 4))


def long_storage_key():
    cited = P.tuple(P.text("storage"), P.name("torch", "FloatStorage"), P.text("9" * LONG), P.text("cpu"), P.integer(6))
    return memoized(cited + b"Q", 0) + state_of_tensors(get(0), 1500)


def state_of_tensors(cited, count, shape=(2, 3), strides=(3, 1)):
    """Tensors with different names over one storage."""
    sizes = P.tuple(*map(P.integer, shape)), P.tuple(*map(P.integer, strides))
    record = memoized(P.name("torch._utils", "_rebuild_tensor_v2"), 250)
    arguments = memoized(P.tuple(cited, P.integer(0), *sizes, P.FALSE, P.NONE), 251)
    return record + arguments + filled(
        P.EMPTY_DICT, [P.text(f"visual.k{i}") + get(250) + get(251) + P.REDUCE for i in range(count)])


def expanded_tensors():
    """Tensors of four million elements each, of one number."""
    return state_of_tensors(P.storage("FloatStorage", "0", 6), 5000, (4096, 1024), (0, 0))


def aliased_tensors():
    """Ten thousand tensors over one storage of 200 kB."""
    return state_of_tensors(P.storage("FloatStorage", "0", 50_000), 5000, (50_000,), (1,))


def names_of_components():
    """A long name of single letters, for every tensor."""
    return (memoized(P.text("a." * 500 + "b"), 0) + memoized(TENSOR, 1)
            + filled(P.EMPTY_DICT, [get(0) + get(1)] * 30_000))


# ---- TorchScript ----

MODULE = P.name("__torch__.clip", "CLIP")


def script(pickle, extra=()):
    return archive(pickle, extra=[Member("archive/code/clip.py", b"x"), *extra])


def script_module(pairs):
    return MODULE + b")\x81" + filled(P.EMPTY_DICT, pairs) + P.BUILD


def shared_modules(levels, width, name="k", leaf=P.NONE):
    """Each module has the one below it under several names: the paths multiply with every level."""
    out = memoized(script_module([P.text("w") + leaf]), 0)
    for level in range(1, levels + 1):
        out += memoized(script_module([P.text(f"{name}{i}") + get(level - 1) for i in range(width)]), level)
    return out + get(levels)


def shared_long_names(levels=12, length=200_000):
    out = memoized(P.text("k" * length), 100) + memoized(script_module([P.text("w") + TENSOR]), 0)
    for level in range(1, levels + 1):
        out += memoized(script_module([get(100) + get(level - 1)] * 2), level)
    return out + get(levels)


def module_of_many_keys():
    """A module whose hundred thousand attributes have no names, cited two thousand times."""
    many = memoized(script_module([P.NONE + P.NONE] * 50_000), 0)
    return many + script_module([P.text(f"k{i}") + get(0) for i in range(5000)])


def module_under_one_long_name():
    return (memoized(P.text("k" * LONG), 0) + memoized(TENSOR, 1)
            + script_module([get(0) + get(1)] * 30_000))


def deep_modules(depth=190):
    """Long names on a deep path, and many tensors at its end."""
    many = filled(P.EMPTY_DICT, [P.text(f"t{i}") + get(1) for i in range(10_000)])
    out = memoized(TENSOR, 1) + memoized(P.text("k" * 500), 0)
    out += (MODULE + b")\x81" + P.EMPTY_DICT + P.MARK + get(0)) * depth
    return out + MODULE + b")\x81" + many + P.BUILD + (P.SETITEMS + P.BUILD) * depth


def many_script_classes():
    return script_module([P.text(f"k{i}") + P.name("__torch__", f"C{i}") + b")\x81" for i in range(6000)])


def many_constants():
    members = [Member(f"archive/constants/{i}", b"") for i in range(2500)]
    return script(script_module([P.text("w") + TENSOR]), members)


def unused_storages():
    members = [Member(f"archive/data/{i}", b"") for i in range(1, 2500)]
    return script(script_module([P.text("w") + TENSOR]), members)


# ---- Legacy and tar ----


def legacy_file(pickle):
    """A legacy file with the storages that the pickle cites."""
    cites = LEGACY in pickle or b"Q" in pickle[-20:]
    return legacy(P.file(pickle), keys(*["1"] * cites), data(6) if cites else b"")


LEGACY = legacy_tensor(legacy_storage())


def legacy_citations():
    cited = P.tuple(P.text("storage"), P.name("torch", "FloatStorage"), P.text("1"), P.text("cpu"), P.integer(6), P.NONE)
    return memoized(cited, 0) + filled(P.EMPTY_LIST, [get(0) + b"Q"] * (SIZE // 3))


def legacy_long_key():
    cited = P.tuple(P.text("storage"), P.name("torch", "FloatStorage"), P.text("1" * LONG), P.text("cpu"), P.integer(6), P.NONE)
    return memoized(cited, 0) + filled(P.EMPTY_LIST, [get(0) + b"Q"] * (SIZE // 4))


def legacy_many_keys():
    listed = P.file(P.EMPTY_LIST + P.MARK + b"".join(P.text(f"{i}") for i in range(30_000)) + b"e")
    return legacy(listed=listed)


def tar_file(pickle):
    return tar.tar(pickle=P.file(pickle))


TAR_TENSOR = tar.cite(20)


def tar_records():
    """Many records, each of which copies a container."""
    big = filled(P.EMPTY_LIST, [P.NONE] * 5000)
    copying = P.PROTO + memoized(big, 0) + memoized(P.name("builtins", "set"), 1) + b"(" + (
        get(1) + get(0) + b"\x85R0") * 500 + P.integer(9) + P.text("cpu") + P.name("torch", "FloatStorage") + b"t."
    record = copying + struct.pack("<q", 0)
    return tar.tar(storages=P.file(P.integer(20)) + record * 20 + P.file(P.EMPTY_LIST))


def tar_long_citation():
    return memoized(P.text("0" * LONG + "20"), 0) + filled(P.EMPTY_LIST, [get(0) + b"Q"] * (SIZE // 4))


def tar_many_views():
    views = tar.views(*[(100 + i, 10, 0, 6) for i in range(20_000)])
    return tar.tar(storages=tar.storages(tar.storage(), tar.storage(11, count=1), views=views))


def tar_extended_records():
    record = tar.record("a", "b" * 10)
    return tar.tar(sys_info_member=tar.extended(record * (SIZE // len(record))) + tar.member("sys_info", tar.MACHINE))


SHARED = {
    "long-key": long_key,
    "values-under-many-keys": values_under_many_keys,
    "copies-of-containers": copies_of_containers,
    "nested-objects": nested_objects,
    "nested-objects-without-tensors": nested_objects_without_tensors,
    "long-global-names": long_global_names,
    "memoize-everything": memoize_everything,
    "stack-of-nothing": stack_of_nothing,
}


def within(container, tensor, more):
    """The shared cases in one container, and cases of its own."""
    made = {name: (lambda make=make: make(tensor)) for name, make in SHARED.items()}
    return {name: (lambda make=make: container(make())) for name, make in {**made, **more}.items()}


CASES = {
    "pytorch-zip": {
        **within(archive, TENSOR, {
            "long-keys-of-wrappers": long_keys_of_wrappers, "many-global-names": many_global_names,
            "nested-tuples": nested_tuples, "citations": citations, "empty-objects": empty_objects,
            "long-storage-key": long_storage_key, "expanded-tensors": expanded_tensors,
            "names-of-components": names_of_components}),
        "aliased-tensors": lambda: zip_bytes(torch_members(P.file(aliased_tensors()), {"0": floats(50_000)}))[0],
        "inflated-pickle": lambda: archive(noise(SIZE) + b"N0" * 30_000_000 + b"N", method=8),
        "inflated-byte-order": lambda: archive(TENSOR, extra=[
            Member("archive/byteorder", NOISE + bytes(50_000_000), method=8)]),
    },
    "torchscript": {
        "shared-modules": lambda: script(shared_modules(20, 2)),
        "shared-modules-with-tensors": lambda: script(shared_modules(20, 2, leaf=TENSOR)),
        "shared-long-names": lambda: script(shared_long_names()),
        "wide-shared-modules": lambda: script(shared_modules(4, 60, leaf=TENSOR)),
        "deep-shared-modules": lambda: script(shared_modules(150, 2)),
        "module-of-many-keys": lambda: script(module_of_many_keys()),
        "one-long-name": lambda: script(module_under_one_long_name()),
        "deep-modules": lambda: script(deep_modules()),
        "many-classes": lambda: script(many_script_classes()),
        "many-constants": many_constants,
        "unused-storages": unused_storages,
    },
    "pytorch-legacy": {
        **within(legacy_file, LEGACY, {"citations": legacy_citations, "long-storage-key": legacy_long_key}),
        "many-keys": legacy_many_keys,
    },
    "pytorch-tar": {
        **within(tar_file, TAR_TENSOR, {"long-citation": tar_long_citation}),
        "records-that-copy": tar_records, "many-views": tar_many_views, "extended-records": tar_extended_records,
    },
}
