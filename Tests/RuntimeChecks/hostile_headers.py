#!/usr/bin/env python3
"""Bundles whose headers are made to take much memory for their size, below the folder given.

    hostile_headers.py FOLDER

Each is a bundle of Fixtures/runtime with another header: most break a rule, but only after the reader has built what the
header speaks of. check-runtime.sh opens them under a counter of mappings.
"""

import pathlib
import re
import struct
import sys

FIXTURES = pathlib.Path(__file__).parents[2] / "Fixtures/runtime"


def load(name):
    content = (FIXTURES / name).read_bytes()
    end = 8 + struct.unpack("<Q", content[:8])[0]
    return content[8:end].decode().rstrip(), content[end:]


def save(path, header, data):
    padded = header + " " * (-(len(header) + 8) % 64)
    path.write_bytes(struct.pack("<Q", len(padded)) + padded.encode() + data)


def with_fields(header, **values):
    for key, value in values.items():
        header = re.sub(rf'"{key.replace("_", ".")}":"[^"]*"', f'"{key.replace("_", ".")}":"{value}"', header)
    return header


def with_digests(header, names):
    end = header.index("}", header.index('"provenance.attribution"'))
    return header[:end] + "".join(f',"sha256.{name}":"{"0" * 64}"' for name in names) + header[end:]


def with_extras(header, data, names, shape="[0]"):
    header = with_digests(header, names)
    entry = f'{{"dtype":"U8","shape":{shape},"data_offsets":[{len(data)},{len(data)}]}}'
    return header[:-1] + "".join(f',"{name}":{entry}' for name in names) + "}"


def main():
    folder = pathlib.Path(sys.argv[1])
    vit, resnet = load("vit-int8.pclip"), load("resnet-int8.pclip")
    deep = {"image_layers": 256, "text_layers": 256}
    save(folder / "layers.pclip", with_fields(vit[0], **deep), vit[1])
    deep = {f"image_blocks_{stage}": 256 for stage in (1, 2, 3, 4)} | {"text_layers": 256}
    save(folder / "blocks.pclip", with_fields(resnet[0], **deep), resnet[1])
    save(folder / "extras.pclip", with_extras(*vit, [f"x.{i:05x}" for i in range(100_000)]), vit[1])
    save(folder / "rank.pclip", with_extras(*vit, ["x.a"], "[" + ",".join("0" * 8_000_000) + "]"), vit[1])
    save(folder / "name.pclip", with_extras(*vit, ["x." + "a" * 7_500_000]), vit[1])
    save(folder / "text.pclip", with_fields(vit[0], model="a" * 16_000_000), vit[1])
    save(folder / "digests.pclip", with_digests(vit[0], ["x"] * 190_000), vit[1])


main()
