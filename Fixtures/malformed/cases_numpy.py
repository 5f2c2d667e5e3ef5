"""npz and npy files that break one rule each."""

import struct

from builders import Member, Pickle, zip_bytes

MAGIC = b"\x93NUMPY"
# The offset of the dictionary in a version 1 header.
TEXT = 10


def npy(dictionary=b"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", data=bytes(8), version=(1, 0),
        length=None):
    width = "<H" if version[0] == 1 else "<I"
    size = len(dictionary) if length is None else length
    return MAGIC + bytes(version) + struct.pack(width, size & (0xFFFF if width == "<H" else 0xFFFFFFFF)) + dictionary \
        + data


def fields(descr=b"'<f4'", order=b"False", shape=b"(2,)"):
    return b"{'descr': " + descr + b", 'fortran_order': " + order + b", 'shape': " + shape + b", }"


DESCR = TEXT + len(b"{'descr': ")
ORDER = DESCR + len(b"'<f4', 'fortran_order': ")
SHAPE = ORDER + len(b"False, 'shape': ")
END = TEXT + len(fields())
# A dictionary pickled as numpy.save does; would run a command.
COMMAND = Pickle.PROTO + Pickle.call("os", "system", Pickle.text("echo harm")) + Pickle.STOP
SCENIC = Pickle.PROTO + Pickle.dictionary([("params", Pickle.dictionary([("visual", Pickle.dictionary(
    [("resblocks.0", Pickle.NONE)]))]))]) + Pickle.STOP

# Name: (error, content, offset from the array's first byte).
ARRAYS = {
    "empty": ("npyMagic", b"", 0),
    "another-magic": ("npyMagic", b"NUMPY\x93" + npy()[6:], 0),
    "ends-in-the-magic": ("npyMagic", MAGIC[:4], 0),
    "ends-in-the-version": ("truncatedFile", MAGIC + b"\1", 7),
    "ends-in-the-length": ("truncatedFile", MAGIC + b"\2\0\x40\0", 8),
    "version-0": ("npyVersion", npy(version=(0, 0)), 6),
    "version-4": ("npyVersion", npy(version=(4, 0)), 6),
    "version-1-1": ("npyVersion", npy(version=(1, 1)), 6),
    "header-longer-than-file": ("truncatedFile", npy(length=500), len(npy())),
    "header-of-gigabytes": ("limitExceeded", npy(version=(2, 0), length=0xFFFFFFF0), 8),
    "header-empty": ("npyHeader", npy(b""), TEXT),
    "no-dictionary": ("npyHeader", npy(b"['<f4', False, (2,)]"), TEXT),
    "dictionary-without-end": ("npyHeader", npy(fields()[:-1]), TEXT + len(fields()) - 1),
    "text-after-the-dictionary": ("npyHeader", npy(fields() + b" x"), END + 1),
    "without-shape": ("npyHeader", npy(b"{'descr': '<f4', 'fortran_order': False}"), TEXT + 40),
    "key-of-its-own": ("npyHeader", npy(fields()[:-1] + b"'x': 1}"), END - 1),
    "repeated-key": ("npyHeader", npy(fields()[:-1] + b"'shape': (2,)}"), END - 1),
    "key-a-number": ("npyHeader", npy(b"{1: 2}"), TEXT + 1),
    "descr-a-number": ("npyHeader", npy(fields(descr=b"4")), DESCR),
    "descr-without-end": ("npyHeader", npy(b"{'descr': '<f4"), DESCR),
    "descr-with-escape": ("npyHeader", npy(fields(descr=b"'\\x3cf4'")), DESCR),
    "order-a-number": ("npyHeader", npy(fields(order=b"1")), ORDER),
    "shape-a-number": ("npyHeader", npy(fields(shape=b"(2)")), SHAPE),
    "shape-a-list": ("npyHeader", npy(fields(shape=b"[2]")), SHAPE),
    "shape-negative": ("npyHeader", npy(fields(shape=b"(-2,)")), SHAPE + 1),
    "shape-with-leading-zero": ("npyHeader", npy(fields(shape=b"(02,)")), SHAPE + 1),
    "shape-minus-zero": ("npyHeader", npy(fields(shape=b"(-0,)")), SHAPE + 1),
    "shape-without-comma": ("npyHeader", npy(fields(shape=b"(1 2)")), SHAPE),
    "shape-a-call": ("npyHeader", npy(fields(shape=b"(len('ab'),)")), SHAPE + 1),
    "number-overflows": ("numberOverflow", npy(fields(shape=b"(99999999999999999999,)")), SHAPE + 1),
    "shape-overflows": ("numberOverflow", npy(fields(shape=b"(1099511627776, 1099511627776)")), 0),
    "too-many-axes": ("limitExceeded", npy(fields(shape=b"(" + b"1, " * 17 + b")")), SHAPE),
    "type-without-kind": ("unsupportedDType", npy(fields(descr=b"''")), DESCR),
    "complex": ("unsupportedDType", npy(fields(descr=b"'<c8'")), DESCR),
    "text-type": ("unsupportedDType", npy(fields(descr=b"'<U8'")), DESCR),
    "structured": ("unsupportedDType", npy(fields(descr=b"[('x', '<f4')]")), DESCR),
    "sub-array": ("unsupportedDType", npy(fields(descr=b"('<f4', (2,))")), DESCR),
    "objects": ("npyObjectArray", npy(fields(descr=b"'|O'", shape=b"()"), COMMAND), DESCR),
    "too-few-values": ("npyByteCount", npy(fields(shape=b"(3,)")), END),
    "too-many-values": ("npyByteCount", npy(data=bytes(12)), END),
    "half-a-download": ("npyByteCount", npy(data=bytes(5)), END),
    "terabytes": ("npyByteCount", npy(fields(shape=b"(1099511627776,)")), END + 12),
}

GOOD = npy()


def as_npy(error, content, offset):
    return {"error": error, "content": content, "offset": offset}


def as_npz(error, content, offset, **options):
    data, offsets = zip_bytes([Member("good.npy", GOOD), Member("x.npy", content, **options)])
    deflated = options.get("method") == 8
    return {"error": error, "content": data, "offset": None if deflated else offsets["x.npy"] + offset,
            "places": ["member x.npy"]}


def archive(error, members, places=(), offset=None, **options):
    return {"error": error, "content": zip_bytes(members, **options)[0], "places": list(places), "offset": offset}


# Files that are not detected as npy must not be in its group: an array without magic is not an npy file.
NPY = {name + ".npy": as_npy(*row) for name, row in ARRAYS.items()
       if row[0] != "npyMagic"}
NPY["scenic.npy"] = as_npy("npyObjectArray", npy(fields(descr=b"'|O'", shape=b"()"), SCENIC), DESCR)
NPY["one-array.npy"] = {"error": "unsupportedFormat", "content": GOOD}

BROKEN_STREAM = Member("x.npy", GOOD * 40, method=8)
BROKEN_STREAM.stored = b"\xff" + BROKEN_STREAM.stored[1:]

NPZ = {
    **{name + ".npz": as_npz(*row) for name, row in ARRAYS.items()},
    "deflated-objects.npz": as_npz(*ARRAYS["objects"], method=8),
    "deflated-header.npz": as_npz(*ARRAYS["no-dictionary"], method=8),
    "broken-stream.npz": archive("zipInflateFailed", [BROKEN_STREAM], ["member x.npy", "member x.npy"]),
    "two-keys-one-name.npz": archive(
        "duplicateTensorName", [Member("a.b.npy", GOOD), Member("a/b.npy", GOOD)], ["tensor a.b"]),
    "climbing-key.npz": archive("zipUnsafeName", [Member("../x.npy", GOOD)]),
    "bomb.npz": archive("zipInflationRatio", [Member(
        "x.npy", npy(fields(shape=b"(1048576,)"), bytes(4 << 20)), method=8)], ["member x.npy"]),
}
