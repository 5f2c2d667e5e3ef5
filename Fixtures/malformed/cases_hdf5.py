"""HDF5 files that break one rule of the format each, or use features that no checkpoint needs."""

import struct
import zlib

from hdf5_builder import (COMPOUND, ENUMERATION, FLOAT24, FLOAT32, NONE, OPAQUE2, REFERENCE, SEQUENCE, Builder,
                          contiguous, dataspace, filters, fletcher32, layout, link, message, new_message, symbol_table,
                          text_attribute)

FAR = 1 << 40
PAIR = struct.pack("<2f", 1, 2)


def case(error, content, at=None, tensor=None):
    return {"error": error, "content": content, "offset": at, "places": [f"tensor {tensor}"] if tensor else []}


def plain(**superblock):
    """One dataset in one group, and the offsets of all structures."""
    file = Builder()
    root = file.group([(b"x", file.dataset())])
    return file.finish(root, **superblock), file.places


SOUND, AT = plain()


def patched(error, place, shift, content, *, tensor=None, at=None):
    """The valid file with a few bytes of one structure replaced; the error points at them, or at `at` from there."""
    start = AT[place] + shift
    return case(error, SOUND[:start] + content + SOUND[start + len(content):],
                None if at is False else start + (at or 0), tensor)


def in_dataset(error, at=None, **fields):
    """A valid group with an invalid dataset; `at`: bytes to find, or an offset from them."""
    file = Builder()
    root = file.group([(b"x", file.dataset(**fields))])
    content = file.finish(root)
    return case(error, content, content.index(at) if at else None, "x")


def with_root(error, make, at=None):
    """`make` receives a builder with a dataset in it and returns the address of the root."""
    file = Builder()
    root = make(file, file.dataset())
    return case(error, file.finish(root), file.places[at] if at else None)


def chunked(error, chunks, at=None, **fields):
    file = Builder()
    root = file.group([(b"x", file.chunked(chunks, **fields))])
    return case(error, file.finish(root), file.places[at] if at else None, "x")


def looping_tree(file, dataset, level):
    heap, (offset,) = file.heap(b"x")
    symbols = file.symbols([(offset, dataset, 0)])
    here = file.add(b"")
    children = [here] if level is None else [file.tree([symbols], "inner", level=level)]
    tree = file.tree(children, level=1)
    return file.header([symbol_table(tree, heap)])


def shared_node(file, dataset):
    heap, (offset,) = file.heap(b"x")
    symbols = file.symbols([(offset, dataset, 0)])
    return file.header([symbol_table(file.tree([symbols, symbols]), heap)])


def named(file, dataset, offset=8, **heap):
    heap, _ = file.heap(b"x", **heap)
    return file.header([symbol_table(file.tree([file.symbols([(offset, dataset, 0)])]), heap)])


def holding_itself():
    """Built twice: the second time the address of the root is known."""
    root = 0
    for _ in range(2):
        file = Builder()
        dataset = file.dataset()
        root = file.group([(b"x", dataset), (b"again", root)])
        content = file.finish(root)
    return case("hdf5ReachedTwice", content, root, "again")


def linked(error, *links, at=b"\x01\x08"):
    file = Builder()
    file.dataset()
    root = file.header([message(2, struct.pack("<BBQQ", 0, 0, NONE, NONE)), *(message(6, row) for row in links)])
    content = file.finish(root)
    return case(error, content, content.index(at, root))


def continued(file, dataset, address=None):
    here = file.add(b"") + 16
    block = struct.pack("<QQ", here if address is None else address, 24)
    return file.header([message(0x10, block)])


def loop_of_continuations(file, dataset):
    here = file.add(b"")
    block = file.add(message(0x10, struct.pack("<QQ", here, 24)), "block")
    return file.header([message(0x10, struct.pack("<QQ", block, 24))])


def new_style(error, checksum=None, superblock=None):
    file = Builder()
    file.dataset()
    root = file.new_header([new_message(2, struct.pack("<BBQQ", 0, 0, NONE, NONE))], "root", checksum)
    content = file.finish_new(root, superblock)
    at = 44 if superblock is not None else file.places["root"] + 10 + 22
    return case(error, content, at)


def deep():
    file = Builder()
    inner = file.dataset()
    for _ in range(20):
        inner = file.group([(b"n" * 60, inner)])
    path = "/".join(["n" * 60] * 16)  # the next part would be longer than 1024 bytes
    return case("limitExceeded", file.finish(inner), tensor=path[:80] + "…")


def same_values():
    file = Builder()
    values = file.add(PAIR, "values")
    first, second = (file.dataset(name, at=values, values=PAIR) for name in "ab")
    content = file.finish(file.group([(b"a", first), (b"b", second)]))
    return case("hdf5ReachedTwice", content, file.places["values"], "b")


def same_object():
    file = Builder()
    dataset = file.dataset()
    return case("hdf5ReachedTwice", file.finish(file.group([(b"a", dataset), (b"b", dataset)])), dataset, "b")


def bfloat16(error, index=1, signature=b"GCOL"):
    file = Builder()
    heap = file.strings(b"bfloat16", signature=signature)
    dataset = file.dataset(values=bytes(4), kind=OPAQUE2, more=[text_attribute(b"dtype", heap, index, 8)])
    return case(error, file.finish(file.group([(b"x", dataset)])), heap, "x")


def single_chunk(index=1, flags=0):
    return layout(struct.pack("<BBBBBIIB", 4, 2, flags, 2, 4, 2, 4, index) + struct.pack("<Q", NONE))


def object_of(error, *messages, at=None):
    """An object of these messages in a valid group; the error points at it, or at `at` in it."""
    file = Builder()
    place = file.header(list(messages))
    content = file.finish(file.group([(b"x", place)]))
    return case(error, content, content.index(at, place) if at else place, "x")


def outside_its_node():
    """A chunk whose key is below the one that leads to its node: other readers search for it elsewhere."""
    file = Builder()
    inner = file.chunk_tree(SIZES, 1)
    keys = [struct.pack("<IIQQ", 8, 0, first, 0) for first in (2, 1 << 20)]
    outer = file.tree([inner], "outer", kind=1, level=1, keys=keys)
    dataset = file.dataset(shape=(4,), stored=layout(struct.pack("<BBBQII", 3, 2, 2, outer, 2, 4)))
    return case("hdf5Tree", file.finish(file.group([(b"x", dataset)])), inner, "x")


LONG = zlib.compress(bytes(8))
BOMB = zlib.compress(bytes(1 << 20))
SHUFFLE, DEFLATE = (2, b"shuffle", [4]), (1, b"deflate", [9])
SIZES = [(8, 0, (0,), PAIR), (8, 0, (2,), PAIR)]
CHARACTER = struct.pack("<B3BI", 0x13, 0, 0, 0, 1)
SHORT_TEXT = struct.pack("<B3BI", 0x19, 1, 0, 0, 12) + CHARACTER
WIDE_TEXT = struct.pack("<B3BI", 0x19, 1, 0, 0, 16) + CHARACTER[:4] + b"\x04\0\0\0"

CASES = {
    # ---- the superblock ----
    "forty-bytes.h5": case("truncatedFile", SOUND[:40], 40),
    "half-a-download.h5": case("truncatedFile", SOUND[:len(SOUND) // 2], len(SOUND) // 2),
    "superblock-of-the-future.h5": case("hdf5Version", SOUND[:8] + b"\x09" + SOUND[9:], 8),
    "addresses-of-three-bytes.h5": case("hdf5Superblock", plain(widths=(3, 8))[0], 13),
    "base-address-beyond.h5": case("hdf5Superblock", plain(base=FAR)[0]),
    "root-beyond-the-stated-end.h5": case("hdf5OutsideFile", plain(end=AT["root"])[0]),
    "split-by-a-driver.h5": case("hdf5Storage", plain(driver=96)[0], 48),
    "root-beyond-the-file.h5": with_root("hdf5OutsideFile", lambda file, dataset: FAR),
    "root-that-is-a-type.h5": with_root(
        "hdf5Message", lambda file, x: file.header([message(3, FLOAT32)], "root"), "root"),
    "root-without-address.h5": with_root("hdf5OutsideFile", lambda file, dataset: NONE),
    "root-in-the-last-byte.h5": with_root("hdf5OutsideFile", lambda file, x: file.add(b"\x01")),
    "superblock-checksum.h5": new_style("hdf5Checksum", superblock=7),

    # ---- groups ----
    "heap-signature.h5": patched("hdf5Signature", "root heap", 0, b"HEAT"),
    "tree-signature.h5": patched("hdf5Signature", "root tree", 0, b"TREF"),
    "symbols-signature.h5": patched("hdf5Signature", "root symbols", 0, b"SNOB"),
    "tree-of-the-wrong-kind.h5": patched("hdf5Tree", "root tree", 4, b"\x01", at=-4),
    "tree-in-itself.h5": with_root("hdf5ReachedTwice", lambda file, x: looping_tree(file, x, None), "tree"),
    "tree-that-does-not-descend.h5": with_root("hdf5Tree", lambda file, x: looping_tree(file, x, 1), "inner"),
    "node-under-two-keys.h5": with_root("hdf5ReachedTwice", shared_node, "symbols"),
    "group-in-itself.h5": holding_itself(),
    "more-symbols-than-bytes.h5": patched("hdf5ReachedTwice", "root symbols", 6, b"\xff\xff", at=2),
    "more-keys-than-bytes.h5": patched("hdf5ReachedTwice", "root tree", 6, b"\xff\xff", at=-6),
    "name-outside-its-heap.h5": with_root("hdf5Name", lambda file, x: named(file, x, offset=4000), "heap data"),
    "name-without-end.h5": with_root("hdf5Name", lambda file, x: named(file, x, data=b"\0" * 8 + b"x" * 8)),
    "name-with-a-slash.h5": with_root("hdf5Name", lambda file, x: file.group([(b"a/b", x)])),
    "name-of-the-parent.h5": with_root("hdf5Name", lambda file, x: file.group([(b"..", x)])),
    "name-twice.h5": with_root("hdf5Name", lambda file, x: file.group([(b"x", x), (b"x", x)])),
    "heap-beyond-the-file.h5": with_root("hdf5OutsideFile", lambda file, x: named(file, x, data_at=FAR)),
    "heap-larger-than-the-file.h5": with_root("hdf5OutsideFile", lambda file, x: named(file, x, data_size=FAR)),
    "soft-link.h5": with_root("hdf5Link", lambda file, x: file.group([(b"x", x, 2)])),
    "symbol-of-no-known-type.h5": with_root("hdf5Version", lambda file, x: file.group([(b"x", x, 7)])),
    "flags-of-a-link.h5": linked("hdf5Message", b"\x01\x28\0\x01x" + bytes(8), at=b"\x01\x28"),
    "flags-of-a-link-info.h5": with_root("hdf5Message", lambda file, x: file.header(
        [message(2, struct.pack("<BBQQ", 0, 4, NONE, NONE))], "root")),
    "links-without-link-info.h5": with_root("hdf5Message", lambda file, x: file.header(
        [message(6, link(b"x", x))], "root"), "root"),
    "soft-link-new.h5": linked("hdf5Link", link(b"x", b"/y", kind=1)),
    "external-link.h5": linked("hdf5Link", link(b"x", b"\0/etc/passwd\0/x\0", kind=64)),
    "user-defined-link.h5": linked("hdf5Link", link(b"x", b"anything", kind=187)),
    "links-in-a-fractal-heap.h5": with_root("hdf5Storage", lambda file, x: file.header(
        [message(2, struct.pack("<BBQQ", 0, 0, 96, 96))])),
    "groups-too-deep.h5": deep(),
    "one-object-under-two-names.h5": same_object(),

    # ---- object headers ----
    "header-version.h5": patched("hdf5Version", "root", 0, b"\x07"),
    "header-longer-than-the-file.h5": patched("hdf5ReachedTwice", "root", 8, b"\xff\xff\xff\x7f", at=8),
    "message-longer-than-header.h5": with_root("hdf5TooShort", lambda file, x: (file.header(
        [message(1, bytes(8), size=4000)]), file.add(bytes(8)))[0]),
    "continuation-beyond-the-file.h5": with_root("hdf5OutsideFile", lambda file, x: continued(file, x, FAR)),
    "continuations-in-a-loop.h5": with_root("hdf5ReachedTwice", loop_of_continuations),
    "header-checksum.h5": new_style("hdf5Checksum", checksum=7),
    "message-that-must-be-understood.h5": with_root("hdf5Version", lambda file, x: file.header(
        [message(0x30, bytes(8), flags=0x80)])),

    "object-of-no-kind.h5": object_of("hdf5Message", message(0, bytes(8))),
    "dataset-without-layout.h5": object_of("hdf5Message", dataspace(2), message(3, FLOAT32)),
    "dataset-without-type.h5": object_of("hdf5Message", dataspace(2), layout(contiguous(96, 8))),

    # ---- types and extents ----
    "scalar-with-an-axis.h5": object_of(
        "hdf5Message", message(1, struct.pack("<BBBBQ", 2, 1, 0, 0, 2)), message(3, FLOAT32),
        layout(contiguous(96, 8)), at=b"\0\x02\0\0\0\0\0\0\0"),
    "maxima-cut-off.h5": object_of(
        "hdf5TooShort", message(1, struct.pack("<BBB5xQ", 1, 1, 1, 2)), message(3, FLOAT32),
        layout(contiguous(96, 8)), at=message(3, FLOAT32)[:8]),
    "text-of-another-width.h5": in_dataset("unsupportedDType", SHORT_TEXT, kind=SHORT_TEXT),
    "text-of-wide-characters.h5": in_dataset("unsupportedDType", WIDE_TEXT, kind=WIDE_TEXT),
    "forty-axes.h5": in_dataset("limitExceeded", shape=(1,) * 40),
    "shape-overflows.h5": in_dataset("numberOverflow", shape=(FAR, FAR)),
    "bytes-overflow.h5": in_dataset("numberOverflow", shape=(1 << 61,)),
    "float-of-24-bits.h5": in_dataset("unsupportedDType", FLOAT24, kind=FLOAT24),
    "compound.h5": in_dataset("unsupportedDType", COMPOUND, kind=COMPOUND),
    "enumeration.h5": in_dataset("unsupportedDType", ENUMERATION, kind=ENUMERATION),
    "reference.h5": in_dataset("unsupportedDType", REFERENCE, kind=REFERENCE),
    "sequence.h5": in_dataset("unsupportedDType", SEQUENCE, kind=SEQUENCE),
    "opaque-bytes.h5": in_dataset("unsupportedDType", OPAQUE2, kind=OPAQUE2),
    "type-version.h5": in_dataset("hdf5Version", b"\x71", kind=b"\x71" + bytes(15)),
    "type-cut-short.h5": in_dataset("hdf5TooShort", kind=b"\x11\x20\x1f\0\x04\0\0\0"),
    "string-not-in-its-heap.h5": bfloat16("hdf5Name", index=9),
    "string-heap-signature.h5": bfloat16("hdf5Signature", signature=b"GCOM"),

    # ---- storage ----
    "fewer-bytes-than-shape.h5": in_dataset("storageSizeMismatch", shape=(3,)),
    "values-beyond-the-file.h5": in_dataset("hdf5OutsideFile", stored=layout(contiguous(FAR, 8))),
    "values-longer-than-the-file.h5": in_dataset(
        "hdf5ReachedTwice", shape=(1 << 20,), stored=layout(contiguous(96, 4 << 20))),
    "never-written.h5": in_dataset("hdf5Storage", stored=layout(contiguous(NONE, 8))),
    "values-in-external-files.h5": in_dataset("hdf5Storage", more=[message(7, bytes(24))]),
    "virtual-dataset.h5": in_dataset("hdf5Storage", stored=layout(struct.pack("<BBQI", 4, 3, 96, 0))),
    "layout-of-no-kind.h5": in_dataset("hdf5Message", stored=layout(struct.pack("<BB", 3, 9))),
    "layout-of-1998.h5": in_dataset("hdf5Version", stored=layout(struct.pack("<BBB", 1, 1, 1))),
    "shared-layout.h5": in_dataset("hdf5Storage", stored=message(8, contiguous(96, 8), flags=2)),
    "one-storage-for-two.h5": same_values(),

    # ---- filters ----
    "szip.h5": chunked("hdf5Filter", SIZES, more=[filters((4, b"", [141, 32]))]),
    "lzf.h5": chunked("hdf5Filter", SIZES, more=[filters((32000, b"lzf", [4, 261, 8]))]),
    "user-defined-filter.h5": chunked("hdf5Filter", SIZES, more=[filters((511, b"run me", []))]),
    "deflate-twice.h5": chunked("hdf5Filter", SIZES, more=[filters(DEFLATE, DEFLATE)]),
    "shuffle-of-no-width.h5": chunked("hdf5Filter", SIZES, more=[filters((2, b"shuffle", [0]))]),

    # ---- chunks ----
    "chunk-missing.h5": chunked("hdf5Chunks", SIZES[:1]),
    "chunk-twice.h5": chunked("hdf5Tree", SIZES[:1] * 2, "chunks"),
    "chunks-out-of-order.h5": chunked("hdf5Tree", SIZES[::-1], "chunks"),
    "chunk-outside-its-node.h5": outside_its_node(),
    "chunk-inside-an-element.h5": chunked("hdf5Chunks", [SIZES[0], (8, 0, (2, 2), PAIR)]),
    "chunk-off-the-grid.h5": chunked("hdf5Chunks", [SIZES[0], (8, 0, (1,), PAIR)]),
    "chunk-beyond-the-dataset.h5": chunked("hdf5Chunks", [SIZES[0], (8, 0, (4,), PAIR)]),
    "chunk-of-another-size.h5": chunked("hdf5Chunks", [SIZES[0], (6, 0, (2,), PAIR)]),
    "chunk-tree-signature.h5": in_dataset(
        "hdf5Signature", stored=layout(struct.pack("<BBBQII", 3, 2, 2, 0, 2, 4))),
    "chunks-of-nothing.h5": chunked("hdf5Message", SIZES, chunk=(0,)),
    "chunks-of-other-elements.h5": chunked("hdf5Message", SIZES, element=8),
    "chunks-of-another-rank.h5": in_dataset(
        "hdf5Message", stored=layout(struct.pack("<BBBQIII", 3, 2, 3, 96, 2, 2, 4))),
    "trillions-of-chunks.h5": chunked("hdf5Chunks", SIZES, shape=(FAR,)),
    "chunk-that-inflates-a-thousandfold.h5": chunked(
        "limitExceeded", [(len(BOMB), 0, (0,), BOMB)], shape=(1 << 20,), chunk=(1 << 20,), more=[filters(DEFLATE)]),
    "chunk-of-four-gigabytes.h5": chunked(
        "limitExceeded", [(len(LONG), 0, (0,), LONG)], shape=(1 << 30,), chunk=(1 << 30,),
        more=[filters(SHUFFLE, DEFLATE)]),
    "chunks-in-a-fixed-array.h5": in_dataset("hdf5Storage", stored=single_chunk(3)),
    "edge-chunks-without-filters.h5": in_dataset("hdf5Storage", stored=single_chunk(flags=1)),
    "single-chunk-never-written.h5": in_dataset("hdf5OutsideFile", stored=single_chunk()),
}


def seeds():
    """Valid files for the fuzzer: both generations, every storage and filter."""
    shuffled = bytes(PAIR[i::4][j] for i in range(4) for j in range(2))
    packed = zlib.compress(shuffled)
    summed = packed + struct.pack("<I", fletcher32(packed))
    file = Builder()
    rows = [(len(summed), 0, (0,), summed), (len(summed), 0, (2,), summed)]
    chunks = file.chunked(rows, more=[filters(SHUFFLE, DEFLATE, (3, b"fletcher32", []))])
    heap = file.strings(b"bfloat16")
    brain = file.dataset(values=bytes(4), kind=OPAQUE2, more=[text_attribute(b"dtype", heap, 1, 8)])
    inner = file.group([(b"token_embedding", file.dataset()), (b"weights", chunks)])
    classic = file.finish(file.group([(b"brain", brain), (b"clip", inner)]))

    file = Builder(48)
    space = new_message(1, struct.pack("<BBBBQ", 2, 1, 0, 1, 2))
    kind = new_message(3, FLOAT32)
    compact = new_message(8, struct.pack("<BBH", 4, 0, 8) + PAIR)
    single = new_message(8, struct.pack("<BBBBBIIBQIQ", 4, 2, 2, 2, 4, 2, 4, 1, len(packed), 0, file.add(packed)))
    pipeline = new_message(0x0B, struct.pack("<BBHHHIHHHI", 2, 2, 2, 0, 1, 4, 1, 0, 1, 9))
    first = file.new_header([space, kind, compact])
    second = file.new_header([space, kind, pipeline, single])
    links = [new_message(2, struct.pack("<BBQQ", 0, 0, NONE, NONE))]
    links += [new_message(6, link(name, at)) for name, at in ((b"a", first), (b"b", second))]
    latest = file.finish_new(file.new_header(links))

    # The product of all extents but the last is beyond any integer, that of all is none.
    file = Builder()
    nothing = file.chunked([], shape=(1 << 61, 0), chunk=(2, 2))
    return {"classic": classic, "latest": latest, "no-elements": file.finish(file.group([(b"x", nothing)]))}
