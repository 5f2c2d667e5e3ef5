#!/usr/bin/env python3
"""Writes transparent/ and transparency.json: images with every kind of transparency, and transformers' results for
them.

    python3 Fixtures/preprocessing/make_transparency.py

Needs the environment of make_preprocessing.py. transformers composites transparent images on white from 5.21 on,
whatever its
image processor and whatever the files of a model state; 5.20.2, 4.57.6 (CLIPImageProcessor and CLIPImageProcessorFast)
and 4.40.2 drop the alpha channel (each was run). Recorded for each image, by transformers' own processors: the SHA-256
of the image on white in its own size; and for each processor and setting the SHA-256 of the bytes after resize and crop,
[size, size, 3], and of the normalized floats, [3, size, size]. `palette-alphas.png` is also recorded in mode PA, which no
file format has.
"""

import json
import pathlib
import struct

import make_preprocessing as base
import numpy as np
import PIL
import torch
import torchvision
import transformers
from PIL import Image

FOLDER = pathlib.Path(__file__).resolve().parent
IMAGES = FOLDER / "transparent"
OTHERS = ("alpha.png", "alpha-tall.png", "alpha.webp", "color-key.png", "grey-alpha.png", "grey-alpha-16.png",
          "palette-transparent.png", "rgba-16.png")
"""Of make_preprocessing.py's images."""
PROCESSORS = {"pillow": transformers.CLIPImageProcessorPil, "torchvision": transformers.CLIPImageProcessor}


def square(size):
    return {"height": size, "width": size}


# The settings of OpenAI's and LAION's files, a larger edge than the crop, and both edges without a crop.
SETTINGS = {
    "crop": (224, dict(size={"shortest_edge": 224}, crop_size=square(224), resample=3)),
    "edge": (56, dict(size={"shortest_edge": 64}, crop_size=square(56), resample=2)),
    "squash": (48, dict(size=square(48), do_center_crop=False, resample=3)),
}


def soft(mode, width, height, seed):
    """Transparent outside a disk, opaque inside, with a soft edge between; a noisy corner of any alpha."""
    samples = np.array(base.image(mode, width, height, seed))
    y, x = np.mgrid[0:height, 0:width]
    radius = np.hypot(x - width / 2, y - height / 2) / min(width, height)
    samples[..., -1] = np.clip((0.5 - radius) * 900, 0, 255)
    corner = (slice(height * 3 // 4, None), slice(width * 3 // 4, None))
    samples[corner][..., -1] = np.random.default_rng(seed).integers(0, 256, samples[corner].shape[:2])
    return Image.fromarray(samples)


def transparency(*values):
    return base.png_chunk(b"tRNS", struct.pack(f">{len(values)}H", *values))


def grey(bits, width, height, seed, key):
    """`key` is that of the file, of as many bits as the samples."""
    samples = base.scene(width, height, 1, seed)[..., 0]
    if bits == 16:
        samples = (samples // 16).astype(">u2").view(np.uint8).reshape(height, -1)
    else:
        shape = (height, width * bits // 8, 8 // bits)
        parts = (samples >> (8 - bits)).reshape(shape).astype(np.uint8) << np.arange(8 - bits, -1, -bits, dtype=np.uint8)
        samples = np.bitwise_or.reduce(parts, axis=-1)
    return base.raw_png(width, height, bits, 0, base.unfiltered(samples), transparency(key))


def write(name, data):
    (IMAGES / name).write_bytes(data)


def make_images():
    soft("RGBA", 150, 97, 31).save(IMAGES / "soft.png", optimize=True)
    soft("RGBA", 120, 150, 32).save(IMAGES / "soft.webp", quality=80)
    soft("LA", 131, 90, 33).save(IMAGES / "soft-grey.png", optimize=True)
    clear = np.array(base.image("RGBA", 60, 50, 34))
    clear[..., 3] = 0
    Image.fromarray(clear).save(IMAGES / "clear.png", optimize=True)
    clear[..., 3] = 255
    Image.fromarray(clear).save(IMAGES / "opaque.png", optimize=True)
    # Every colour with every alpha.
    levels = np.arange(256, dtype=np.uint8)
    every = np.stack(np.broadcast_arrays(levels[:, None], levels[None, :]), axis=-1)
    Image.fromarray(np.ascontiguousarray(every), "LA").save(IMAGES / "every.png", optimize=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    soft("RGBA", 70, 48, 35).save(IMAGES / "rotated.png", exif=exif, optimize=True)
    paletted = base.image("RGB", 90, 70, 36).quantize(40)
    paletted.save(IMAGES / "palette-alphas.png", transparency=bytes(range(250, 0, -10)))
    base.image("RGB", 60, 45, 37).quantize(4).save(IMAGES / "palette-2-bit.png", bits=2, transparency=b"\x30\xff\x00")
    for bits, key in ((1, 1), (2, 3), (4, 204), (8, 127), (16, 0x1207)):
        write(f"grey-{bits}-bit-key.png", grey(bits, 80, 60, 38, key))
    write("bilevel-0-key.png", grey(1, 64, 70, 39, 0))
    rgb16 = (base.scene(59, 83, 3, 40) // 64 * np.uint16(256) + 0x5A).astype(">u2").reshape(83, -1)
    write("rgb-16-key.png", base.raw_png(59, 83, 16, 2, base.unfiltered(rgb16), transparency(0x0201, 0x0201, 0x0201)))
    rgb = base.scene(53, 67, 3, 41) // 64
    write("rgb-interlaced-key.png", base.raw_png(53, 67, 8, 2, base.adam7(rgb), transparency(0x201, 1, 1), interlace=1))


def processed(processor, image, **options):
    return np.asarray(processor(image, return_tensors="np", **options)["pixel_values"][0])


def levels(values):
    assert (values == values.astype(np.uint8)).all()
    return values.astype(np.uint8).transpose(1, 2, 0)


def on_white(image):
    plain = dict(do_resize=False, do_center_crop=False, do_rescale=False, do_normalize=False)
    found = {base.sha256(levels(processed(kind(), image, **plain))) for kind in PROCESSORS.values()}
    assert len(found) == 1
    return found.pop()


def goldens_of(path):
    record = {"file": f"{path.parent.name}/{path.name}", "rgb": on_white(Image.open(path)), "prepared": []}
    record["dropped"] = base.sha256(np.asarray(Image.open(path).convert("RGB")))
    for backend, kind in PROCESSORS.items():
        for setting, (size, arguments) in SETTINGS.items():
            processor = kind(**arguments)
            bytes_ = levels(processed(processor, Image.open(path), do_rescale=False, do_normalize=False))
            floats = processed(processor, Image.open(path))
            assert bytes_.shape == (size, size, 3) and floats.dtype == np.float32, (path, setting)
            record["prepared"].append({"backend": backend, "setting": setting, "size": size,
                                       "bytes": base.sha256(bytes_), "floats": base.sha256(floats)})
    if path.name == "palette-alphas.png":
        record["pa"] = on_white(Image.open(path).convert("PA"))
    return record


def main():
    IMAGES.mkdir(exist_ok=True)
    make_images()
    versions = {"pillow": PIL.__version__, "torch": torch.__version__, "torchvision": torchvision.__version__,
                "transformers": transformers.__version__}
    paths = [base.IMAGES / name for name in OTHERS] + sorted(IMAGES.iterdir())
    records = [goldens_of(path) for path in paths]
    lines = ",\n".join(json.dumps(record) for record in records)
    (FOLDER / "transparency.json").write_text(f'{{"versions": {json.dumps(versions)},\n"images": [\n{lines}\n]}}\n')
    size = sum(path.stat().st_size for path in IMAGES.iterdir())
    same = [record["file"] for record in records if record["rgb"] == record["dropped"]]
    print(f"{len(records)} images, {size} bytes; the same on white as without alpha: {', '.join(same)}")


if __name__ == "__main__":
    main()
