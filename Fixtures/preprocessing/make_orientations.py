#!/usr/bin/env python3
"""Writes orientations.json: the result of Pillow's ImageOps.exif_transpose for images/rotated.jpg in each orientation.

    python3 Fixtures/preprocessing/make_orientations.py        needs pillow 13.0.0

Recorded: width, height and the SHA-256 of the turned samples. The file's one EXIF entry is edited in place.
"""

import hashlib
import io
import json
import pathlib

import PIL
from PIL import Image, ImageOps

FOLDER = pathlib.Path(__file__).resolve().parent
# The value of the first entry of the first directory, big-endian, after "Exif\0\0" and a TIFF header of 8 bytes.
VALUE = len(b"Exif\0\0") + 8 + 2 + 8 + 1


def turned(file, orientation):
    edited = bytearray(file)
    edited[edited.index(b"Exif\0\0") + VALUE] = orientation
    image = Image.open(io.BytesIO(edited))
    assert image.getexif()[0x0112] == orientation
    return ImageOps.exif_transpose(image)


def main():
    file = (FOLDER / "images" / "rotated.jpg").read_bytes()
    rows = []
    for orientation in range(1, 9):
        image = turned(file, orientation)
        rows.append({"orientation": orientation, "width": image.width, "height": image.height,
                     "samples": hashlib.sha256(image.tobytes()).hexdigest()})
    result = {"versions": {"pillow": PIL.__version__}, "valueOffset": VALUE, "turned": rows}
    (FOLDER / "orientations.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
