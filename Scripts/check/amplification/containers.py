"""Zip, HDF5 and Keras: directories, trees and chunks."""

import struct
import zlib

from builders import Member, zip_bytes
from cases_keras import CONFIG
from hdf5_builder import Builder, contiguous, filters, layout, message, symbol_table, text_attribute

from amplification import SIZE
from amplification.pickles import NOISE

DEFLATE = filters((1, b"deflate\0", (6,)))


def archive(members, **options):
    return zip_bytes(members, **options)[0]


def lying(count, plain):
    """Members that state far more bytes than they have."""
    members = []
    for i in range(count):
        member = Member(f"archive/data/{i}", b"", method=8)
        member.directory_sizes = member.local_sizes = (len(member.stored), plain)
        members.append(member)
    return [Member("archive/data.pkl", b"\x80\x02}."), *members]


ZIP = {
    "empty-members": lambda: archive([Member("%x" % i, b"") for i in range(SIZE // 90)]),
    "long-names": lambda: archive([Member("%d/" % i + "a/" * 30_000, b"") for i in range(2)]),
    "folders": lambda: archive([Member("%x/" % i, b"") for i in range(SIZE // 90)]),
    "names-in-folders": lambda: archive([Member("a/" * 400 + "%d" % i, b"") for i in range(SIZE // 1700)]),
    "combining-marks": lambda: archive([Member("%da" % i + "\u0316\u0301" * 400, b"") for i in range(SIZE // 3300)]),
    "many-pickles": lambda: archive([Member("%x/data.pkl" % i, b"\x80\x02}.") for i in range(SIZE // 120)]),
    "many-checkpoints": lambda: archive([Member("%x.pt" % i, b"") for i in range(SIZE // 90)]),
    "a-megabyte-each": lambda: archive(lying(SIZE // 120, 1 << 20)),
    "one-gigabyte": lambda: archive(lying(1, 1 << 30)),
    "end-records": lambda: b"a" + b"PK\x05\x06" * (SIZE // 4),
    "comment": lambda: archive([Member("a", b"")], comment=b"PK\x05\x06" * 16_000),
    "prefix": lambda: archive([Member("a", b"")], prefix=b"a" * SIZE),
}

# ---- HDF5 ----


def wide(file, entries, per_node=8):
    """A group of many entries in nodes of eight, below trees of 32 children."""
    heap, offsets = file.heap(*(name for name, _ in entries))
    rows = [(at, address, 0) for at, (_, address) in zip(offsets, entries)]
    nodes = [file.symbols(rows[i:i + per_node]) for i in range(0, len(rows), per_node)]
    level = 0
    while True:
        nodes = [file.tree(nodes[i:i + 32], level=level) for i in range(0, len(nodes), 32)]
        level += 1
        if len(nodes) == 1:
            return file.header([symbol_table(nodes[0], heap)])


def flat(count, name=b"%d", shape=(0,)):
    file = Builder()
    stored = layout(contiguous(0, 0))
    entries = [(name % i, file.dataset(shape=shape, stored=stored)) for i in range(count)]
    return file.finish(wide(file, entries))


def deep(depth, count, name=b"k"):
    file = Builder()
    stored = layout(contiguous(0, 0))
    at = wide(file, [(b"%d" % i, file.dataset(shape=(0,), stored=stored)) for i in range(count)])
    for _ in range(depth):
        at = file.group([(name, at)])
    return file.finish(at)


def compressed(count, chunk=1 << 18, datasets=1, element=4):
    """Chunks of zeros, a megabyte each."""
    file = Builder()
    content = zlib.compress(bytes(element * chunk), 9)
    entries = []
    for number in range(datasets):
        chunks = [(len(content), 0, (i * chunk,), content) for i in range(count)]
        tree = chunk_trees(file, chunks)
        body = struct.pack("<BBBQ", 3, 2, 2, tree) + struct.pack("<2I", chunk, element)
        entries.append((b"visual.k%d" % number, file.dataset(shape=(chunk * count,), stored=layout(body), more=[DEFLATE])))
    return file.finish(wide(file, entries))


def chunk_trees(file, chunks):
    nodes = [file.chunk_tree(chunks[i:i + 32], 1) for i in range(0, len(chunks), 32)]
    if len(nodes) == 1:
        return nodes[0]
    keys = [struct.pack("<II2Q", 0, 0, 0, 0)] * (len(nodes) + 1)
    return file.tree(nodes, kind=1, level=1, keys=keys)


def tiny_chunks(count):
    file = Builder()
    chunks = [(4, 0, (i,), bytes(4)) for i in range(count)]
    body = struct.pack("<BBBQ", 3, 2, 2, chunk_trees(file, chunks)) + struct.pack("<2I", 1, 4)
    root = wide(file, [(b"visual.proj", file.dataset(shape=(count,), stored=layout(body)))])
    return file.finish(root)


def attributes(count, text=4000):
    file = Builder()
    heap = file.strings(b"t" * text)
    stored = layout(contiguous(0, 0))
    heap_of_names, (at,) = file.heap(b"x")
    tree = file.tree([file.symbols([(at, file.dataset(shape=(0,), stored=stored), 0)])])
    body = [symbol_table(tree, heap_of_names)] + [text_attribute(b"a%d" % i, heap, 1, text) for i in range(count)]
    return file.finish(blocks(file, body))


def blocks(file, messages, per_block=500):
    """An object header in continuation blocks: a count of messages has 16 bits, and sizes too."""
    rest = b""
    for start in range(len(messages) - per_block, 0, -per_block):
        body = b"".join(messages[start:start + per_block]) + rest
        rest = message(0x10, struct.pack("<QQ", file.add(body), len(body)))
    first = messages[:len(messages) % per_block or per_block]
    return file.header([*first, rest] if rest else first)


def messages(count):
    file = Builder()
    stored = layout(contiguous(0, 0))
    heap, (at,) = file.heap(b"x")
    tree = file.tree([file.symbols([(at, file.dataset(shape=(0,), stored=stored), 0)])])
    return file.finish(blocks(file, [symbol_table(tree, heap)] + [struct.pack("<HHB3x", 0, 0, 0)] * count))


HDF5 = {
    "empty-datasets": lambda: flat(1400),
    "long-names": lambda: flat(250, b"%04d" + b"a" * 900),
    "deep-names": lambda: deep(1, 1000, b"k" * 1000),
    "deep-groups": lambda: deep(200, 400),
    "chunks-of-a-megabyte": lambda: compressed(200),
    "datasets-of-a-megabyte": lambda: compressed(1, datasets=150),
    "one-large-chunk": lambda: compressed(1, chunk=20_000_000),
    "tiny-chunks": lambda: tiny_chunks(900),
    "attributes": lambda: attributes(3000),
    "messages": lambda: messages(30_000),
    "components": lambda: flat(250, b"%04d" + b".a" * 450),
    "combining-marks": lambda: flat(250, b"%04da" + "\u0316\u0301".encode() * 220),
}


def keras(weights, config=CONFIG, method=8):
    return archive([Member("metadata.json", b"{}"), Member("config.json", config, method=method),
                    Member("model.weights.h5", weights, method=method)])


KERAS = {
    "inflated-weights": lambda: keras(compressed(1) + NOISE + bytes(40_000_000)),
    "inflated-configuration": lambda: keras(deep(1, 4), b'{"b":"' + NOISE.hex().encode() + b'","a":"' + b"a" * 60_000_000 + b'"}'),
    "configuration-of-numbers": lambda: keras(deep(1, 4), b'["' + NOISE.hex().encode() + b'",' + b"1," * 20_000_000 + b"1]"),
    "configuration-of-arrays": lambda: keras(deep(1, 4), b"[" + b"[]," * 100_000 + b"1]", method=0),
    "empty-datasets": lambda: keras(flat(1400)),
    "long-names": lambda: keras(flat(250, b"%04d" + b"a" * 900)),
    "chunks-of-a-megabyte": lambda: keras(compressed(200)),
    "zeros": lambda: keras(flat(1, shape=(0,)) + NOISE + bytes(70_000_000)),
    "deep-groups": lambda: keras(deep(200, 400)),
    "attributes": lambda: keras(attributes(3000)),
}

CASES = {"zip": ZIP, "hdf5": HDF5, "keras": KERAS}
