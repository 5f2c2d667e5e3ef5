"""PyTorch files from before 0.1.10, tar archives of four members, that break one rule each."""

import struct

from builders import Pickle as P, floats

BLOCK = 512
END = bytes(2 * BLOCK)
MACHINE = P.file(P.dictionary([("protocol_version", P.integer(1000)), ("little_endian", b"\x88")]))


def header(name, size, *, kind=b"0", size_field=None, checksum=None, prefix=b"", linked=b"", magic=b"ustar\x0000"):
    """A ustar header; every field can be given a wrong value."""
    name = name.encode() if isinstance(name, str) else name
    fields = [name.ljust(100, b"\0"), b"0000600\0", b"0001750\0", b"0001750\0",
              b"%011o\0" % size if size_field is None else size_field, b"13044421400\0", b" " * 8, kind,
              linked.ljust(100, b"\0"), magic, b"user".ljust(32, b"\0"), b"user".ljust(32, b"\0"), bytes(16),
              prefix.ljust(155, b"\0"), bytes(12)]
    block = b"".join(fields)
    assert len(block) == BLOCK
    return block[:148] + (b"%06o\0 " % sum(block) if checksum is None else checksum) + block[156:]


def member(name, data, **lies):
    return header(name, len(data), **lies) + data + bytes(-len(data) % BLOCK)


def record(key, value):
    """A record of an extended header, whose length counts its own digits."""
    body = f" {key}={value}\n".encode()
    length = len(body) + len(str(len(body)))
    return str(length + (len(str(length)) > len(str(len(body))))).encode() + body


def extended(data):
    return member("././@PaxHeader", data, kind=b"x")


def storage(key=10, kind=P.name("torch", "FloatStorage"), count=6, data=None):
    pickled = P.file(P.tuple(P.integer(key), P.text("cpu"), kind))
    return pickled + struct.pack("<q", count) + (floats(max(count, 0)) if data is None else data)


def storages(*stored, views=P.EMPTY_LIST, count=None):
    number = P.integer(len(stored)) if count is None else count
    return P.file(number) + b"".join(stored) + P.file(views)


def tensor(key=20, cited=P.integer(10), shape=(2, 3), strides=(3, 1), offset=0, rank=None,
           kind=P.name("torch", "FloatTensor")):
    numbers = struct.pack(f"<{len(shape)}q{len(strides)}qq", *shape, *strides, offset)
    return (P.file(P.tuple(P.integer(key), cited, kind))
            + struct.pack("<q", len(shape) if rank is None else rank) + numbers)


def tensors(*records, count=None):
    return P.file(P.integer(len(records)) if count is None else count) + b"".join(records)


def cite(key):
    return P.text(str(key)) + b"Q"


def views(*parts):
    return P.EMPTY_LIST + P.MARK + b"".join(P.tuple(*map(P.integer, part)) for part in parts) + b"e"


PARTS = {
    "sys_info": MACHINE,
    "pickle": P.file(P.dictionary([("visual.proj", cite(20)), ("logit_scale", cite(21))])),
    "tensors": tensors(tensor(), tensor(21, P.integer(11), (), ())),
    "storages": storages(storage(), storage(11, count=1)),
}
ORDER = list(PARTS)


def content_offset(name, parts=PARTS):
    """The offset of a member's content."""
    before = ORDER[:ORDER.index(name)]
    return BLOCK + sum(BLOCK + len(parts[other]) + -len(parts[other]) % BLOCK for other in before)


def tar(end=END, **replaced):
    """The archive; a member given as bytes under its name is its content, under NAME_member all of it."""
    out = b""
    for name in ORDER:
        complete = replaced.get(name + "_member")
        out += member(name, replaced.get(name, PARTS[name])) if complete is None else complete
    return out + end


def case(error, content, offset=None, *places):
    return {"error": error, "content": content, "offset": offset, "places": list(places)}


def inside(error, name, content, at=None, **others):
    """The content of a member is wrong, at `at` of it."""
    offset = None if at is None else content_offset(name, {**PARTS, **others, name: content}) + at
    return case(error, tar(**{name: content}, **others), offset, f"member {name}")


def first(error, block, at=0, *places):
    """The first header is wrong."""
    return case(error, tar(sys_info_member=block), at, *places)


def renamed(name):
    return first("tarUnsafeName", member(name, MACHINE))


def linked(kind):
    """`tensors` is something other than a file."""
    entry = header("tensors", 0, kind=kind, linked=b"../../etc/passwd")
    return case("tarMemberKind", tar(tensors_member=entry), content_offset("tensors") - BLOCK, "member tensors")


def refused(module, name, error="pickleRefusedGlobal"):
    """A pickle that requests a call of `name` with a text."""
    return inside(error, "pickle", P.file(P.call(module, name, P.text("touch /tmp/pwned"))), 2)


def wrong_tensor(error, record, **others):
    """The only tensor, `visual.proj`, cannot be a view of its storage."""
    return case(error, tar(pickle=P.file(P.dictionary([("visual.proj", cite(20))])), tensors=tensors(record), **others),
                None, "tensor visual.proj")


PLAIN = member("sys_info", MACHINE)
FIRST = len(P.file(P.integer(2)))  # after the count: the start of the first record
AFTER_ONE = FIRST + len(storage())

CASES = {
    "checksum-wrong.tar": first("tarChecksum", header("sys_info", len(MACHINE), checksum=b"000123\0 ") + PLAIN[BLOCK:]),
    "checksum-is-text.tar": first("tarChecksum", header("sys_info", len(MACHINE), checksum=b"checksum") + PLAIN[BLOCK:]),
    "second-header-without-magic.tar": case(
        "tarChecksum", tar(pickle_member=member("pickle", PARTS["pickle"], magic=bytes(8))), content_offset("pickle") - BLOCK),
    "header-is-weights.tar": case(
        "tarChecksum", tar(pickle_member=floats(128) + PLAIN[BLOCK:]), content_offset("pickle") - BLOCK),
    "size-not-octal.tar": first(
        "tarNumber", header("sys_info", 0, size_field=b"0000000008\0\0"), 124, "member sys_info"),
    "size-empty.tar": first("tarNumber", header("sys_info", 0, size_field=bytes(12)), 124, "member sys_info"),
    "size-negative.tar": first("tarNumber", header("sys_info", 0, size_field=b"-0000000001\0"), 124, "member sys_info"),
    "size-in-base-256.tar": first(
        "tarNumber", header("sys_info", 0, size_field=b"\x80" + bytes(10) + b"\x10"), 124, "member sys_info"),
    "size-beyond-the-file.tar": first(
        "truncatedFile", header("sys_info", 0, size_field=b"7" * 12), BLOCK, "member sys_info"),
    "header-alone.tar": case("truncatedFile", header("sys_info", len(MACHINE)), BLOCK, "member sys_info"),
    "half-a-header.tar": case("truncatedFile", tar()[:content_offset("pickle") - 100], content_offset("pickle") - BLOCK),
    "half-a-download.tar": case(
        "truncatedFile", tar()[:content_offset("storages") + 20], content_offset("storages"), "member storages"),
    "end-missing.tar": case("truncatedFile", tar(end=b""), len(tar(end=b""))),
    "one-block-of-end.tar": case("truncatedFile", tar(end=bytes(BLOCK)), len(tar(end=b""))),
    "bytes-after-the-end.tar": case("tarTrailingData", tar() + b"more", len(tar())),

    "name-absolute.tar": renamed("/etc/passwd"),
    "name-climbs.tar": renamed("../sys_info"),
    "name-climbs-within.tar": renamed("a/../../sys_info"),
    "name-with-a-backslash.tar": renamed("..\\sys_info"),
    "name-empty.tar": renamed(""),
    "name-not-utf8.tar": renamed(b"sys\xff"),
    "prefix-climbs.tar": first("tarUnsafeName", member("sys_info", MACHINE, prefix=b"..")),
    "name-climbs-in-extended-header.tar": first(
        "tarUnsafeName", extended(record("path", "../sys_info")) + PLAIN, 2 * BLOCK),
    "name-twice.tar": case("tarDuplicateName", PLAIN + tar(), len(PLAIN)),
    "tensors-is-a-link.tar": linked(b"1"),
    "tensors-is-a-symbolic-link.tar": linked(b"2"),
    "tensors-is-a-device.tar": linked(b"3"),
    "tensors-is-a-folder.tar": linked(b"5"),
    "tensors-is-a-pipe.tar": linked(b"6"),
    "tensors-is-sparse.tar": linked(b"S"),
    "sparse-by-extended-header.tar": first(
        "tarMemberKind", extended(record("GNU.sparse.size", "99")) + PLAIN, BLOCK),

    "extended-record-too-long.tar": first("tarExtendedHeader", extended(b"99 mtime=1\n") + PLAIN, BLOCK),
    "extended-record-of-no-length.tar": first("tarExtendedHeader", extended(b"0 mtime=1\n") + PLAIN, BLOCK),
    "extended-length-overflows.tar": first("tarExtendedHeader", extended(b"9" * 30 + b" mtime=1\n") + PLAIN, BLOCK),
    "extended-record-without-equals.tar": first("tarExtendedHeader", extended(b"9 mtime1\n") + PLAIN, BLOCK),
    "extended-size-is-text.tar": first("tarExtendedHeader", extended(record("size", "many")) + PLAIN, BLOCK),
    "extended-size-beyond-the-file.tar": first(
        "truncatedFile", extended(record("size", str(2**63 - 1))) + PLAIN, 3 * BLOCK, "member sys_info"),
    "extended-header-twice.tar": first(
        "tarExtendedHeader", extended(record("mtime", "1.5")) * 2 + PLAIN, 2 * BLOCK),
    "extended-header-of-nothing.tar": case(
        "tarExtendedHeader", tar(end=extended(record("mtime", "1.5")) + END), len(tar(end=b"")) + 2 * BLOCK),

    "a-tar-of-weights.tar": case("torchTarMembers", member("ViT-B-32.pt", b"\x80\x02") + END),
    "no-storages.tar": case("torchTarMembers", tar(storages_member=b"")),
    "a-fifth-member.tar": case("torchTarMembers", tar(end=member("readme", b"run me") + END)),
    "a-header-for-all-members.tar": case(
        "torchTarMembers", member("global", record("size", "1"), kind=b"g") + tar()),
    "machine-big-endian.tar": inside(
        "torchTarSystem", "sys_info", P.file(P.dictionary([("little_endian", P.FALSE)])), 0),
    "machine-is-a-list.tar": inside("torchTarSystem", "sys_info", P.file(P.EMPTY_LIST), 0),

    "os-system.tar": refused("os", "system"),
    "builtins-eval.tar": refused("__builtin__", "eval"),
    "whole-module.tar": case("wholeModulePickle", tar(pickle=P.file(
        P.tuple(P.name("clip.model", "CLIP"), P.text("model.py"), P.text("class CLIP: ...")) + b"Q)\x81"
        + P.dictionary([("proj", cite(20)), ("logit_scale", cite(21))]) + P.BUILD))),
    "machine-runs-a-command.tar": inside(
        "pickleRefusedGlobal", "sys_info", P.file(P.call("posix", "system", P.text("id"))), 2),
    "storages-run-a-command.tar": inside(
        "pickleRefusedGlobal", "storages", P.file(P.call("posix", "system", P.text("id"))), 2),
    "tensor-of-a-command.tar": inside(
        "pickleRefusedGlobal", "tensors", tensors(tensor(kind=P.name("os", "system"))),
        FIRST + len(P.PROTO + P.MARK + P.integer(20) + P.integer(10))),
    "bytes-after-the-pickle.tar": inside(
        "pickleTrailingData", "pickle", PARTS["pickle"] + b"more", len(PARTS["pickle"]) - 1),
    "pickle-cut-short.tar": inside("pickleTruncated", "pickle", PARTS["pickle"][:-1], len(PARTS["pickle"]) - 1),
    "pickle-is-a-number.tar": case("noStateDict", tar(pickle=P.file(P.integer(1)))),

    "count-is-text.tar": inside("torchTarRecord", "storages", storages(count=P.text("2")), 0),
    "count-negative.tar": inside("torchTarRecord", "tensors", tensors(count=P.integer(-1)), 0),
    "count-beyond-the-member.tar": inside("torchTarCount", "storages", storages(storage(), count=P.integer(1 << 62)), 0),
    "tensors-beyond-the-member.tar": inside("torchTarCount", "tensors", tensors(tensor(), count=P.integer(9999)), 0),
    "storage-of-no-class.tar": inside("torchTarRecord", "storages", storages(storage(kind=P.NONE)), FIRST),
    "storage-without-key.tar": inside("torchTarRecord", "storages", P.file(P.integer(1)) + P.file(
        P.tuple(P.text("10"), P.text("cpu"), P.name("torch", "FloatStorage"))) + bytes(8), FIRST),
    "storage-complex.tar": inside(
        "unsupportedDType", "storages", storages(storage(kind=P.name("torch", "ComplexFloatStorage"))), FIRST),
    "storage-count-negative.tar": inside(
        "torchTarRecord", "storages", storages(storage(count=-6)), AFTER_ONE - 24 - 8),
    "storage-count-2-to-the-61.tar": inside(
        "numberOverflow", "storages", storages(storage(count=1 << 61, data=floats(6))), FIRST),
    "storage-of-a-terabyte.tar": inside(
        "truncatedFile", "storages", storages(storage(count=1 << 38, data=floats(6))), AFTER_ONE - 24),
    "storage-twice.tar": inside("torchTarDuplicateKey", "storages", storages(storage(), storage()), AFTER_ONE),
    "bytes-after-the-storages.tar": inside(
        "torchTarTrailingData", "storages", PARTS["storages"] + b"\0", len(PARTS["storages"])),
    "bytes-after-the-tensors.tar": inside(
        "torchTarTrailingData", "tensors", PARTS["tensors"] + b"\0", len(PARTS["tensors"])),

    "views-are-a-number.tar": inside("torchTarRecord", "storages", storages(storage(), views=P.integer(1)), AFTER_ONE),
    "view-of-three-numbers.tar": inside(
        "torchTarRecord", "storages", storages(storage(), views=views((30, 10, 0))), AFTER_ONE),
    "view-of-nothing.tar": inside(
        "storageMissing", "storages", storages(storage(), views=views((30, 99, 0, 1))), AFTER_ONE),
    "view-outside-its-storage.tar": inside(
        "torchTarView", "storages", storages(storage(), views=views((30, 10, 4, 3))), AFTER_ONE),
    "view-overflows.tar": inside(
        "torchTarView", "storages", storages(storage(), views=views((30, 10, 2**63 - 1, 1))), AFTER_ONE),
    "view-of-a-known-key.tar": inside(
        "torchTarDuplicateKey", "storages", storages(storage(), views=views((10, 10, 0, 1))), AFTER_ONE),

    "tensor-twice.tar": inside("torchTarDuplicateKey", "tensors", tensors(tensor(), tensor()), FIRST + len(tensor())),
    "tensor-without-storage.tar": inside("torchTarRecord", "tensors", tensors(tensor(cited=P.NONE)), FIRST),
    "tensor-of-a-lost-storage.tar": inside("storageMissing", "tensors", tensors(tensor(cited=P.integer(99))), FIRST),
    "tensor-of-two-billion-axes.tar": inside("torchTarRecord", "tensors", tensors(tensor(rank=2**31 - 1)), FIRST),
    "tensor-of-minus-one-axes.tar": inside("torchTarRecord", "tensors", tensors(tensor(rank=-1)), FIRST),
    "tensor-of-a-negative-size.tar": inside(
        "torchTarRecord", "tensors", tensors(tensor(shape=(-2, 3))), FIRST + len(tensor()) - 40),
    "tensor-cut-short.tar": inside("truncatedFile", "tensors", tensors(tensor())[:-3], FIRST + len(tensor()) - 8),
    "tensor-that-is-not-there.tar": case(
        "torchTarReference", tar(pickle=P.file(P.dictionary([("visual.proj", cite(99))])))),
    "tensor-cited-by-a-number.tar": case(
        "torchTarReference", tar(pickle=P.file(P.dictionary([("visual.proj", P.integer(20) + b"Q")])))),
    "tensor-outside-its-storage.tar": wrong_tensor("tensorOutsideStorage", tensor(offset=1)),
    "tensor-outside-its-view.tar": wrong_tensor(
        "tensorOutsideStorage", tensor(cited=P.integer(30)), storages=storages(storage(), views=views((30, 10, 1, 5)))),
    "tensor-size-overflows.tar": wrong_tensor("numberOverflow", tensor(shape=(1 << 40, 1 << 40), strides=(0, 0))),
    "tensor-repeated-without-end.tar": wrong_tensor("limitExceeded", tensor(shape=(1 << 30, 6), strides=(0, 1))),
}


def seeds():
    """Valid files for the fuzzer: plain, and with an extended header, a view and a training checkpoint around it."""
    wrapped = P.file(P.dictionary([("epoch", P.integer(3)), ("model", P.dictionary([("visual.proj", cite(20))])),
                                   ("optimizer", P.dictionary([("step", cite(21))]))]))
    viewed = {"pickle": wrapped, "tensors": tensors(tensor(cited=P.integer(30), shape=(2,), strides=(2,)),
                                                    tensor(21, P.integer(10), (), ())),
              "storages": storages(storage(), views=views((30, 10, 2, 4)))}
    named = extended(record("mtime", "1485907200.25") + record("size", str(len(MACHINE))))
    return {"pair": tar(), "wrapped": tar(sys_info_member=named + PLAIN, **viewed)}
