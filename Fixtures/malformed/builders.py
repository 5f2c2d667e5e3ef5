"""Containers assembled byte by byte, so that one defect at a time can be made. Standard library only."""

import struct
import zlib


class Member:
    """A zip member; every field can be given a wrong value."""

    def __init__(self, name, data, *, method=0, flags=0, local_name=None, local_method=None, local_sizes=None,
                 directory_sizes=None, directory_offset=None, crc=None, is_ghost=False):
        self.name = name.encode() if isinstance(name, str) else name
        self.plain = data
        self.method = method
        self.flags = flags
        self.local_name = self.name if local_name is None else local_name.encode()
        self.local_method = method if local_method is None else local_method
        compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
        self.stored = compressor.compress(data) + compressor.flush() if method == 8 else data
        self.local_sizes = local_sizes
        self.directory_sizes = directory_sizes
        self.directory_offset = directory_offset
        self.is_ghost = is_ghost  # listed in the directory, but not written
        self.crc = zlib.crc32(data) if crc is None else crc

    def sizes(self):
        return len(self.stored), len(self.plain)


def local_header(member):
    compressed, plain = member.local_sizes or member.sizes()
    return struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, member.flags, member.local_method, 0, 0, member.crc,
                       compressed, plain, len(member.local_name), 0) + member.local_name


def zip_bytes(members, *, count=None, disk=0, directory_shift=0, zip64_count=None, comment=b"", prefix=b"",
              drop_directory_bytes=0):
    """A zip archive; returns its bytes and each member's data offset."""
    out = bytearray(prefix)
    offsets = {}
    directory = bytearray()
    for member in members:
        start = len(out)
        if not member.is_ghost:
            out += local_header(member)
            offsets[member.name.decode("latin-1")] = len(out)
            out += member.stored
        compressed, plain = member.directory_sizes or member.sizes()
        offset = start if member.directory_offset is None else member.directory_offset
        directory += struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, member.flags, member.method, 0, 0,
                                 member.crc, compressed, plain, len(member.name), 0, 0, 0, 0, 0,
                                 offset - len(prefix)) + member.name
    position = len(out)
    out += directory[:len(directory) - drop_directory_bytes]
    entries = len(members) if count is None else count
    size = len(out) - position
    offset = position - len(prefix) + directory_shift
    if zip64_count is not None:
        record = len(out)
        out += struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, zip64_count, zip64_count, size, offset)
        out += struct.pack("<IIQI", 0x07064B50, 0, record, 1)
    out += struct.pack("<IHHHHIIH", 0x06054B50, disk, disk, entries, entries, size, offset, len(comment)) + comment
    return bytes(out), offsets


class Pickle:
    """Opcodes as functions that return bytes."""

    PROTO = b"\x80\x02"
    STOP = b"."
    MARK = b"("
    EMPTY_DICT = b"}"
    EMPTY_LIST = b"]"
    SETITEMS = b"u"
    REDUCE = b"R"
    BUILD = b"b"
    NONE = b"N"
    TRUE = b"\x88"
    FALSE = b"\x89"

    @staticmethod
    def text(value):
        data = value.encode()
        return b"X" + struct.pack("<I", len(data)) + data

    @staticmethod
    def integer(value):
        if 0 <= value < 256:
            return b"K" + bytes([value])
        if -2**31 <= value < 2**31:
            return b"J" + struct.pack("<i", value)
        data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
        return b"\x8a" + bytes([len(data)]) + data

    @staticmethod
    def tuple(*items):
        return b"(" + b"".join(items) + b"t"

    @staticmethod
    def name(module, name):
        return b"c" + module.encode() + b"\n" + name.encode() + b"\n"

    @classmethod
    def call(cls, module, name, *arguments):
        return cls.name(module, name) + cls.tuple(*arguments) + cls.REDUCE

    @classmethod
    def dictionary(cls, pairs):
        return cls.EMPTY_DICT + cls.MARK + b"".join(cls.text(k) + v for k, v in pairs) + cls.SETITEMS

    @classmethod
    def storage(cls, kind, key, count, module="torch"):
        return cls.tuple(cls.text("storage"), cls.name(module, kind), cls.text(key), cls.text("cpu"),
                         cls.integer(count)) + b"Q"

    @classmethod
    def tensor(cls, key, shape, *, kind="FloatStorage", count=None, offset=0, strides=None,
               rebuild="_rebuild_tensor_v2"):
        elements = 1
        natural = []
        for extent in reversed(shape):
            natural.insert(0, elements)
            elements *= extent
        numbers = cls.tuple(*map(cls.integer, shape)), cls.tuple(*map(cls.integer, strides or natural))
        return cls.call("torch._utils", rebuild,
                        cls.storage(kind, key, elements if count is None else count), cls.integer(offset),
                        *numbers, cls.FALSE, cls.call("collections", "OrderedDict"))

    @classmethod
    def tensor_with(cls, *more):
        """A 2 × 3 tensor with arguments after the hooks: metadata, and arguments that torch does not have."""
        return cls.call("torch._utils", "_rebuild_tensor_v2", cls.storage("FloatStorage", "0", 6), cls.integer(0),
                        cls.tuple(cls.integer(2), cls.integer(3)), cls.tuple(cls.integer(3), cls.integer(1)), cls.FALSE,
                        cls.call("collections", "OrderedDict"), *more)

    @classmethod
    def file(cls, value):
        return cls.PROTO + value + cls.STOP


def floats(count):
    return struct.pack(f"<{count}f", *(0.5 + i for i in range(count)))


def torch_members(pickle, storages, **options):
    """The members of torch.save's archive."""
    data = [Member(f"archive/data/{key}", value) for key, value in storages.items()]
    return [Member("archive/data.pkl", pickle, **options), *data, Member("archive/version", b"3\n")]


def safetensors_bytes(header, data):
    return struct.pack("<Q", len(header)) + header + data
