"""Small HDF5 files, structure by structure, so that any field can be made wrong. Standard library only."""

import struct

SIGNATURE = b"\x89HDF\r\n\x1a\n"
NONE = 0xFFFFFFFFFFFFFFFF
SYMBOL_NODE, GROUP_NODE, CHUNK_NODE = 328, 544, 2096  # the bytes that the library reads, for one axis
FLOAT32 = struct.pack("<B3BI", 0x11, 0x20, 31, 0, 4) + struct.pack("<HHBBBBI", 0, 32, 23, 8, 0, 23, 127)
OPAQUE2 = struct.pack("<B3BI", 0x15, 0, 0, 0, 2)
COMPOUND = struct.pack("<B3BI", 0x16, 1, 0, 0, 8) + bytes(40)
ENUMERATION = struct.pack("<B3BI", 0x18, 2, 0, 0, 4) + bytes(32)
REFERENCE = struct.pack("<B3BI", 0x17, 0, 0, 0, 8)
SEQUENCE = struct.pack("<B3BI", 0x19, 0, 0, 0, 16) + FLOAT32
FLOAT24 = struct.pack("<B3BI", 0x11, 0x20, 23, 0, 4) + struct.pack("<HHBBBBI", 0, 24, 16, 7, 0, 16, 63)
TEXT = struct.pack("<B3BI", 0x19, 1, 0, 0, 16) + struct.pack("<B3BI", 0x13, 0, 0, 0, 1)


def rotated(value, bits):
    return (value << bits | value >> (32 - bits)) & 0xFFFFFFFF


def lookup3(data):
    """Bob Jenkins's hash of metadata, seed 0."""
    a = b = c = (0xDEADBEEF + len(data)) & 0xFFFFFFFF
    blocks = [data[i:i + 12] for i in range(0, len(data), 12)]
    for number, block in enumerate(blocks):
        words = struct.unpack("<3I", block.ljust(12, b"\0"))
        a, b, c = ((x + word) & 0xFFFFFFFF for x, word in zip((a, b, c), words))
        if number < len(blocks) - 1:
            for bits in (4, 6, 8, 16, 19, 4):
                a = ((a - c) & 0xFFFFFFFF) ^ rotated(c, bits)
                c = (c + b) & 0xFFFFFFFF
                a, b, c = b, c, a
        else:
            for bits in (14, 11, 25, 16, 4, 14, 24):
                c = ((c ^ b) - rotated(b, bits)) & 0xFFFFFFFF
                a, b, c = b, c, a
            a, b, c = c, a, b  # seven rounds are one too many for three words
    return c


def fletcher32(data):
    low = high = 0
    for i in range(0, len(data), 2):
        low = (low + int.from_bytes(data[i:i + 2].ljust(2, b"\0"), "big")) % 65535
        high = (high + low) % 65535
    return high << 16 | low


class Builder:
    """Structures one after another; each method returns its address. `places` stores their offsets."""

    def __init__(self, start=96):
        self.data = bytearray(start)
        self.places = {}

    def add(self, content, name=None):
        self.data.extend(bytes(-len(self.data) % 8))
        address = len(self.data)
        self.data.extend(content)
        if name:
            self.places[name] = address
        return address

    # ---- groups ----

    def heap(self, *names, name="heap", data=None, data_at=None, data_size=None):
        """The address of a local heap and the offsets of the names in it."""
        offsets, text = [], b"\0" * 8
        for entry in names:
            offsets.append(len(text))
            text += entry + b"\0"
        text = data if data is not None else text + bytes(-len(text) % 8)
        at = self.add(text, name + " data") if data_at is None else data_at
        size = len(text) if data_size is None else data_size
        return self.add(b"HEAP" + struct.pack("<B3xQQQ", 0, size, 1, at), name), offsets

    def symbols(self, entries, name="symbols", count=None):
        """`entries`: (offset of the name, address of the object, type of cache)."""
        body = b"".join(struct.pack("<QQI4x16x", *entry) for entry in entries)
        node = b"SNOD\x01\0" + struct.pack("<H", len(entries) if count is None else count) + body
        return self.add(node.ljust(SYMBOL_NODE, b"\0"), name)

    def tree(self, children, name="tree", kind=0, level=0, keys=None):
        keys = keys or [struct.pack("<Q", 0)] * (len(children) + 1)
        body = b"".join(key + struct.pack("<Q", child) for key, child in zip(keys, children)) + keys[-1]
        node = b"TREE" + struct.pack("<BBHQQ", kind, level, len(children), NONE, NONE) + body
        return self.add(node.ljust(CHUNK_NODE if kind else GROUP_NODE, b"\0"), name)

    def group(self, entries, name="root"):
        """`entries`: (name, address) or (name, address, type of cache)."""
        heap, offsets = self.heap(*(entry[0] for entry in entries), name=name + " heap")
        rows = [(at, entry[1], entry[2] if len(entry) > 2 else 0) for at, entry in zip(offsets, entries)]
        keys = [struct.pack("<Q", key) for key in (0, offsets[-1])]  # the empty name, and the last
        tree = self.tree([self.symbols(rows, name + " symbols")], name + " tree", keys=keys)
        return self.header([symbol_table(tree, heap)], name)

    # ---- objects ----

    def header(self, messages, name=None, version=1):
        body = b"".join(messages)
        return self.add(struct.pack("<BxHII4x", version, len(messages), 1, len(body)) + body, name)

    def new_header(self, messages, name=None, checksum=None):
        body = b"".join(messages)
        block = b"OHDR\x02\x02" + struct.pack("<I", len(body)) + body
        return self.add(block + struct.pack("<I", lookup3(block) if checksum is None else checksum), name)

    def dataset(self, name="x", values=None, shape=(2,), kind=FLOAT32, stored=None, more=(), at=None):
        """A dataset; contiguous unless `stored` is another layout message."""
        if stored is None:
            values = values if values is not None else struct.pack("<2f", 1, 2)
            address = self.add(values, name + " values") if at is None else at
            stored = layout(contiguous(address, len(values)))
        return self.header([dataspace(*shape), message(3, kind), stored, *more], name)

    def chunked(self, chunks, shape=(4,), chunk=(2,), element=4, more=()):
        """`chunks`: (stored size, filter mask, first element, bytes)."""
        tree = self.chunk_tree(chunks, len(shape))
        body = struct.pack("<BBBQ", 3, 2, len(shape) + 1, tree) + struct.pack(f"<{len(shape) + 1}I", *chunk, element)
        return self.dataset(shape=shape, stored=layout(body), more=more)

    def chunk_tree(self, chunks, rank):
        def key(size, mask, first):
            return struct.pack(f"<II{rank + 1}Q", size, mask, *(*first, 0)[:rank + 1])
        children = [self.add(content, f"chunk {i}") for i, (_, _, _, content) in enumerate(chunks)]
        keys = [key(*row[:3]) for row in chunks] + [key(0, 0, (1 << 20,) * rank)]
        return self.tree(children, "chunks", kind=1, keys=keys)

    def strings(self, text, name="strings", signature=b"GCOL"):
        """A global heap of the least size that the library accepts, with `text` as its object 1."""
        first = struct.pack("<HH4xQ", 1, 1, len(text)) + text + bytes(-len(text) % 8)
        free = 4096 - 16 - len(first)
        rest = struct.pack("<HH4xQ", 0, 0, free) + bytes(free - 16)
        return self.add(signature + struct.pack("<B3xQ", 1, 4096) + first + rest, name)

    # ---- files ----

    def finish(self, root, *, version=0, widths=(8, 8), base=0, end=None, driver=NONE):
        end = len(self.data) if end is None else end
        block = SIGNATURE + struct.pack("<BBBBBBBxHHI", version, 0, 0, 0, 0, *widths, 4, 16, 0)
        block += struct.pack("<QQQQ", base, NONE, end, driver) + struct.pack("<QQI4x16x", 0, root, 0)
        self.data[:len(block)] = block
        return bytes(self.data)

    def finish_new(self, root, checksum=None):
        block = SIGNATURE + struct.pack("<BBBBQQQQ", 3, 8, 8, 0, 0, NONE, len(self.data), root)
        block += struct.pack("<I", lookup3(block) if checksum is None else checksum)
        self.data[:len(block)] = block
        return bytes(self.data)


# ---- messages -------------------------------------------------------------------------------------


def message(kind, body, flags=0, size=None):
    body += bytes(-len(body) % 8)
    return struct.pack("<HHB3x", kind, len(body) if size is None else size, flags) + body


def new_message(kind, body, flags=0):
    return struct.pack("<BHB", kind, len(body), flags) + body


def symbol_table(tree, heap):
    return message(0x11, struct.pack("<QQ", tree, heap))


def dataspace(*shape):
    return message(1, struct.pack(f"<BBB5x{len(shape)}Q", 1, len(shape), 0, *shape))


def layout(body):
    return message(8, body)


def contiguous(address, count):
    return struct.pack("<BBQQ", 3, 1, address, count)


def filters(*rows):
    """`rows`: (number, name, values), as version 1 writes them."""
    body = struct.pack("<BB6x", 1, len(rows))
    for number, name, values in rows:
        padded = name + bytes(-len(name) % 8)
        body += struct.pack("<HHHH", number, len(padded), 0, len(values)) + padded
        body += struct.pack(f"<{len(values)}I", *values) + bytes(4 * (len(values) % 2))
    return message(0x0B, body)


def link(name, target, kind=0):
    """A link message of version 1; `target` is an address, or the value of another kind of link."""
    head = struct.pack("<BB", 1, 8) + bytes([kind, len(name)]) + name
    return head + (struct.pack("<Q", target) if kind == 0 else struct.pack("<H", len(target)) + target)


def text_attribute(name, heap, index, count):
    """A text of variable length in a global heap."""
    def padded(content):
        return content + bytes(-len(content) % 8)
    space = struct.pack("<BBB5x", 1, 0, 0)
    body = struct.pack("<BxHHH", 1, len(name) + 1, len(TEXT), len(space))
    body += padded(name + b"\0") + padded(TEXT) + padded(space) + struct.pack("<IQI", count, heap, index)
    return message(0x0C, body)
