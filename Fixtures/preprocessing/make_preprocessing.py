#!/usr/bin/env python3
"""Writes images/ and goldens.json: images of every mode and shape, and the original code's results for them.

    python3 Fixtures/preprocessing/make_preprocessing.py

Needs pillow 13.0.0, torch 2.13.0, torchvision 0.28.0, clip-anytorch 2.6.0, open_clip_torch 3.3.0 and
transformers 5.23.0 (Scripts/ makes such an environment). Recorded for each image: Pillow's mode and size, the
SHA-256 of the decoded samples (np.asarray; mode 1 as 0 and 255, 16 bits little-endian), and for each transform the
SHA-256 of the bytes after resize, crop and conversion to RGB, their sum, and the SHA-256 of the normalized floats.
Transforms are the libraries' own: OpenAI's `_transform`, open_clip's `image_transform` for squash and bilinear,
transformers' CLIPImageProcessorPil for conversion before resizing.
"""

import hashlib
import io
import json
import pathlib
import struct
import zlib

try:
    import declare_torchvision_operators  # noqa: F401  if torchvision's binary part does not load
except ImportError:
    pass
import numpy as np
import open_clip.transform
import PIL
import torch
import torchvision
import transformers
from clip.clip import _transform as openai_transform
from PIL import Image, PngImagePlugin

FOLDER = pathlib.Path(__file__).resolve().parent
IMAGES = FOLDER / "images"


def scene(width, height, channels, seed=0):
    """Smooth colour with hard edges and a noisy corner: overshoot, rounding and clamping all occur."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    planes = []
    for channel in range(channels):
        wave = 127 + 110 * np.sin(x * (channel + 2) / 17.0 + seed) * np.cos(y * (channel + 1) / 23.0)
        wave = np.where((x // 24 + y // 16) % 5 == channel, 255 - wave, wave)
        wave = np.where((x > width * 0.7) & (y > height * 0.8), rng.integers(0, 2, (height, width)) * 255, wave)
        planes.append(wave)
    return np.clip(np.stack(planes, axis=-1), 0, 255).astype(np.uint8)


def image(mode, width, height, seed=0):
    bands = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}[mode]
    return Image.frombytes(mode, (width, height), scene(width, height, bands, seed).tobytes())


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def raw_png(width, height, depth, color, rows, extra=b"", interlace=0):
    """For formats that Pillow cannot write. `rows` are the filtered bytes, in passes if interlaced."""
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlace)
    return (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + extra
            + png_chunk(b"IDAT", zlib.compress(rows, 9)) + png_chunk(b"IEND", b""))


def unfiltered(samples):
    return b"".join(b"\0" + row.tobytes() for row in samples)


def adam7(samples):
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    parts = [samples[y::dy, x::dx] for x, y, dx, dy in passes]
    return b"".join(unfiltered(part) for part in parts if part.size)


def save(image, name, **options):
    image.save(IMAGES / name, **options)


def make_images():
    for name, width, height in (
        ("landscape", 320, 213), ("portrait", 177, 260), ("tall", 61, 190), ("wide", 190, 61), ("square", 100, 100),
        ("tiny", 7, 5), ("pixel", 1, 1), ("column", 1, 90), ("row", 90, 1), ("exact", 48, 48), ("exact-width", 48, 90),
        ("exact-height", 97, 48), ("odd", 131, 101), ("margin-3", 51, 48), ("margin-7", 48, 55), ("twice-tall", 97, 194),
    ):
        save(image("RGB", width, height, width), f"{name}.png", optimize=True)
    save(image("RGB", 333, 250, 1), "photo-420.jpg", quality=80)
    save(image("RGB", 201, 301, 2), "photo-444.jpg", quality=90, subsampling=0)
    save(image("RGB", 123, 77, 3), "photo-422.jpg", quality=75, subsampling=1)
    save(image("RGB", 150, 111, 4), "progressive.jpg", quality=70, progressive=True, optimize=True)
    save(image("L", 99, 140, 5), "grey.jpg", quality=85)
    save(image("CMYK", 90, 131, 6), "cmyk.jpg", quality=85)
    exif = Image.Exif()
    exif[0x0112] = 6
    save(image("RGB", 80, 60, 7), "rotated.jpg", quality=85, exif=exif)
    # Orientations in other parts of the file, and XMP that EXIF overrides.
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="8"/></x:xmpmeta>'
    element = b"<x:xmpmeta><tiff:Orientation>3</tiff:Orientation></x:xmpmeta>"
    small = image("RGB", 60, 41, 7)
    save(small, "rotated.webp", lossless=True, exif=exif)
    save(small, "rotated-xmp.webp", lossless=True, xmp=xmp)
    save(small, "rotated-xmp.jpg", quality=85, xmp=element)
    save(small, "rotated.png", exif=exif)
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", xmp.decode())
    save(small, "rotated-xmp.png", pnginfo=text)
    upright = Image.Exif()
    upright[0x0112] = 1
    save(small, "upright-despite-xmp.jpg", quality=85, exif=upright, xmp=xmp)
    save(image("RGB", 64, 50, 8), "restart.jpg", quality=80, restart_marker_blocks=3)
    save(image("L", 120, 75, 9), "grey.png")
    save(image("LA", 75, 120, 10), "grey-alpha.png")
    transparent = np.array(image("RGBA", 151, 120, 11))
    transparent[:, :40, 3] = 0
    transparent[:60, :30, :3] = 0
    transparent[:, 100:, 3] = 255
    save(Image.fromarray(transparent), "alpha.png")
    save(Image.fromarray(transparent).resize((48, 48)), "alpha-exact.png")
    save(Image.fromarray(transparent[:, 20:90]).resize((33, 90)), "alpha-tall.png")
    paletted = image("RGB", 140, 90, 12).quantize(37)
    save(paletted, "palette.png")
    save(paletted, "palette-transparent.png", transparency=3)
    save(image("RGB", 60, 95, 13).quantize(4), "palette-2-bit.png", bits=2)
    save(image("L", 70, 103, 14).convert("1"), "bilevel.png")
    wide_grey = scene(101, 77, 1, 15).astype(np.uint16)[:, :, 0]
    save(Image.fromarray(wide_grey * 257), "grey-16.png")
    save(Image.fromarray(wide_grey * 3 + 11), "grey-16-dark.png")
    rgb16 = (scene(59, 83, 3, 16).astype(np.uint16) * 257 ^ 0x5A).astype(">u2").reshape(83, -1)
    (IMAGES / "rgb-16.png").write_bytes(raw_png(59, 83, 16, 2, unfiltered(rgb16)))
    la16 = (scene(40, 61, 2, 17).astype(np.uint16) * 257 ^ 0x3C).astype(">u2").reshape(61, -1)
    (IMAGES / "grey-alpha-16.png").write_bytes(raw_png(40, 61, 16, 4, unfiltered(la16)))
    rgba16 = (scene(47, 39, 4, 18).astype(np.uint16) * 257 ^ 0xC3).astype(">u2").reshape(39, -1)
    (IMAGES / "rgba-16.png").write_bytes(raw_png(47, 39, 16, 6, unfiltered(rgba16)))
    for bits in (2, 4):
        packed = scene(30, 70, 1, 19 + bits)[:, :, 0]
        (IMAGES / f"grey-{bits}-bit.png").write_bytes(raw_png(240 // bits, 70, bits, 0, unfiltered(packed)))
    (IMAGES / "interlaced.png").write_bytes(raw_png(53, 67, 8, 2, adam7(scene(53, 67, 3, 22)), interlace=1))
    key = png_chunk(b"tRNS", struct.pack(">HHH", 127, 127, 127))
    (IMAGES / "color-key.png").write_bytes(raw_png(41, 52, 8, 2, unfiltered(scene(41, 52, 3, 23)), key))
    few = png_chunk(b"PLTE", bytes([200, 10, 20, 30, 180, 40]))
    indices = scene(44, 58, 1, 24)[:, :, 0] // 64
    (IMAGES / "palette-short.png").write_bytes(raw_png(44, 58, 8, 3, unfiltered(indices), few))
    save(image("RGB", 110, 73, 25), "lossy.webp", quality=70)
    save(image("RGB", 73, 110, 26), "lossless.webp", lossless=True)
    save(Image.fromarray(transparent), "alpha.webp", lossless=True, exact=True)


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def samples(image):
    array = np.asarray(image)
    if image.mode == "1":
        return array.astype(np.uint8) * 255
    return array.astype("<u2") if array.dtype == np.uint16 else array


def torchvision_golden(transform, image):
    """Bytes after the steps up to ToTensor, and the floats after all."""
    steps = list(transform.transforms)
    cut = next(i for i, step in enumerate(steps) if isinstance(step, torchvision.transforms.ToTensor))
    square = image
    for step in steps[:cut]:
        square = step(square)
    return np.asarray(square), transform(image).numpy()


def transformers_golden(size, image, edge=None):
    # Up to 4.x the processor itself did this and dropped alpha; 5.x composites transparent images onto white.
    image = Image.fromarray(np.asarray(image.convert("RGB")))
    arguments = dict(size={"shortest_edge": edge or size}, crop_size={"height": size, "width": size})
    plain = transformers.CLIPImageProcessorPil(**arguments, do_rescale=False, do_normalize=False)
    processor = transformers.CLIPImageProcessorPil(**arguments)
    square = np.asarray(plain(image, return_tensors="np")["pixel_values"][0])
    floats = np.asarray(processor(image, return_tensors="np")["pixel_values"][0])
    assert (square == square.astype(np.uint8)).all()
    return square.astype(np.uint8).transpose(1, 2, 0), floats


def open_clip_transform(size, **options):
    return open_clip.transform.image_transform(
        size, is_train=False, mean=open_clip.transform.OPENAI_DATASET_MEAN, std=open_clip.transform.OPENAI_DATASET_STD, **options)


TRANSFORMS = {
    "openai": lambda size, image: torchvision_golden(openai_transform(size), image),
    "squash": lambda size, image: torchvision_golden(open_clip_transform(size, resize_mode="squash"), image),
    "bilinear": lambda size, image: torchvision_golden(open_clip_transform(size, interpolation="bilinear"), image),
    "transformers": transformers_golden,
    # 224 pixels out of an image whose shorter edge is 256, and 48 out of 55.
    "transformers-edge": lambda size, image: transformers_golden(size, image, edge=-(-size * 8 // 7)),
}


def goldens_of(path):
    image = Image.open(path)
    record = {"file": path.name, "mode": image.mode, "width": image.width, "height": image.height}
    orientation = image.getexif().get(0x0112)
    if orientation in range(2, 9):
        record["orientation"] = orientation
    record["samples"] = sha256(samples(image))
    record["rgb"] = sha256(np.asarray(image.convert("RGB")))
    record["prepared"] = []
    # Sums above 65,535, which Pillow 12 wrapped, reach the darkest pixels of grey-16 at 224 alone.
    for size in (48, 224) if path.stem in ("landscape", "tall", "photo-420", "alpha", "tiny", "cmyk", "grey-16") else (48,):
        for name, transform in TRANSFORMS.items():
            square, floats = transform(size, Image.open(path))
            assert square.shape == (size, size, 3) and square.dtype == np.uint8, (path, name)
            assert floats.shape == (3, size, size) and floats.dtype == np.float32, (path, name)
            record["prepared"].append({"transform": name, "size": size, "bytes": sha256(square),
                                       "sum": int(square.astype(np.int64).sum()), "floats": sha256(floats)})
    return record


def main():
    IMAGES.mkdir(exist_ok=True)
    make_images()
    versions = {"pillow": PIL.__version__, "torch": torch.__version__, "torchvision": torchvision.__version__,
                "open_clip_torch": open_clip.__version__, "transformers": transformers.__version__, "clip-anytorch": "2.6.0"}
    records = [goldens_of(path) for path in sorted(IMAGES.iterdir())]
    lines = ",\n".join(json.dumps(record) for record in records)
    (FOLDER / "goldens.json").write_text(f'{{"versions": {json.dumps(versions)},\n"images": [\n{lines}\n]}}\n')
    size = sum(path.stat().st_size for path in IMAGES.iterdir())
    print(f"{len(records)} images, {size} bytes")


if __name__ == "__main__":
    main()
