#!/usr/bin/env python3
"""Valid archives that PyTorch itself rarely writes, from Fixtures/valid/vit-state-dict-2.13.pt.

Standard library only (Python 3.11's zipfile). All hold the tensors of vit.model.json.
  deflated.pt    zipped again with compression
  prefixed.pt    bytes before the archive, as in a self-extracting file: offsets count from the archive's start;
                 another root folder, members in reverse order
  big-endian.pt  byteorder "big", every element's bytes reversed
  unchecked.pt   every CRC-32 is zero, as after torch.serialization.set_crc32_options(False)
"""

import io
import pathlib
import pickle
import struct
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent / "valid" / "vit-state-dict-2.13.pt"
WIDTHS = {"FloatStorage": 4, "HalfStorage": 2}


class StateDict(dict):
    """Stands in for OrderedDict: accepts the attributes that PyTorch sets."""


class Storages(pickle.Unpickler):
    """Collects key and element width of each storage; builds nothing."""

    def __init__(self, data):
        super().__init__(io.BytesIO(data))
        self.widths = {}

    def find_class(self, module, name):
        if name == "OrderedDict":
            return StateDict
        return WIDTHS[name] if name in WIDTHS else lambda *arguments: None

    def persistent_load(self, identifier):
        _, width, key, _, _ = identifier
        self.widths[key] = width


def write(name, members, method=zipfile.ZIP_STORED, prefix=b""):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for member, data in members:
            archive.writestr(zipfile.ZipInfo(member, (1980, 1, 1, 0, 0, 0)), data, method)
    (HERE / name).write_bytes(prefix + buffer.getvalue())


def without_checksums(archive):
    """The same bytes with a CRC-32 of zero in every local and directory header."""
    content = bytearray(archive)
    with zipfile.ZipFile(io.BytesIO(archive)) as read:
        position = read.start_dir
        for info in read.infolist():
            content[info.header_offset + 14:info.header_offset + 18] = bytes(4)
            content[position + 16:position + 20] = bytes(4)
            position += 46 + sum(struct.unpack_from("<HHH", archive, position + 28))
    return bytes(content)


def swapped(name, data, widths):
    width = widths.get(name.rpartition("/data/")[2]) if "/data/" in name else None
    if name.endswith("/byteorder"):
        return b"big"
    if width is None:
        return data
    return b"".join(data[i:i + width][::-1] for i in range(0, len(data), width))


def main():
    with zipfile.ZipFile(SOURCE) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    storages = Storages(next(data for name, data in members if name.endswith("/data.pkl")))
    storages.load()
    write("deflated.pt", members, zipfile.ZIP_DEFLATED)
    renamed = [("x/" + name.partition("/")[2], data) for name, data in reversed(members)]
    write("prefixed.pt", renamed, zipfile.ZIP_DEFLATED, prefix=b"#!/bin/sh\nexec unzip \"$0\"\n")
    write("big-endian.pt", [(name, swapped(name, data, storages.widths)) for name, data in members],
          zipfile.ZIP_DEFLATED)
    write("unchecked.pt", members)
    (HERE / "unchecked.pt").write_bytes(without_checksums((HERE / "unchecked.pt").read_bytes()))


if __name__ == "__main__":
    main()
