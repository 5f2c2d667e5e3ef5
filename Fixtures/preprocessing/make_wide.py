"""wide/*.jpg and wide.json: JPEG files that are much wider or taller than their crop, and what Pillow makes of them, decoded
completely and at a fraction of their size (`Image.draft`, which is libjpeg's scale).

Run with Pillow 13.0.0 and NumPy: python Fixtures/preprocessing/make_wide.py
"""

import hashlib
import json
import pathlib

import numpy as np
import PIL
from PIL import Image

FOLDER = pathlib.Path(__file__).parent
SIZES = [8, 14, 28, 56]
KINDS = {"444": {"subsampling": 0}, "422": {"subsampling": 1}, "420": {"subsampling": 2},
         "restart": {"subsampling": 2, "restart_marker_blocks": 7}, "progressive": {"progressive": True},
         "grey": {}, "cmyk": {}}
SHAPES = {"wide": (480, 112), "tall": (112, 480), "odd": (331, 131),
          "large": (300, 260)}
"""`large` is for the trained minis, whose images have 64 pixels; only as 4:2:0."""


def pixels(width, height, seed):
    """Slanted waves of different lengths in each channel, a hard edge, and noise."""
    y, x = np.mgrid[:height, :width]
    random = np.random.default_rng(seed)
    waves = [128 + 90 * np.sin((x * (3 + channel) + y * (5 - channel)) / (9 + 4 * channel)) for channel in range(4)]
    image = np.stack(waves, axis=2) + random.normal(0, 2, (height, width, 1))
    image[height // 3 : height // 2, width // 5 : width // 2] = [250, 10, 40, 0]
    return image.clip(0, 255).astype(np.uint8)


def converted(image, kind):
    """The image in the mode that is saved."""
    if kind == "cmyk":
        return Image.fromarray(image, "CMYK")
    rgb = Image.fromarray(image[..., :3])
    return rgb.convert("L") if kind == "grey" else rgb


def denominator(width, height, resized):
    """The largest of 8, 4, 2 that leaves at least twice the resized size along each side; 1 if none does."""
    return next((d for d in (8, 4, 2) if width // d >= 2 * resized[0] and height // d >= 2 * resized[1]), 1)


def resized_size(width, height, size):
    return (size, size * height // width) if width <= height else (size * width // height, size)


def prepared(path, size, divisor):
    """Bytes of OpenAI's resize and crop, by Pillow."""
    image = Image.open(path)
    if divisor > 1:
        image.draft(image.mode, (image.width // divisor, image.height // divisor))
    image.load()
    resized = resized_size(*image.size, size)
    image = image.resize(resized, Image.Resampling.BICUBIC)
    left, top = (int(round((side - size) / 2.0)) for side in resized)
    return image.crop((left, top, left + size, top + size)).convert("RGB").tobytes()


def main():
    (FOLDER / "wide").mkdir(exist_ok=True)
    goldens = []
    for number, (shape, (width, height)) in enumerate(SHAPES.items()):
        for kind, options in KINDS.items():
            if shape == "large" and kind != "420":
                continue
            path = FOLDER / "wide" / f"{shape}-{kind}.jpg"
            converted(pixels(width, height, number), kind).save(path, quality=50, **options)
            for size in SIZES:
                divisor = denominator(width, height, resized_size(width, height, size))
                goldens.append({"file": path.name, "size": size, "denominator": divisor,
                                "complete": hashlib.sha256(prepared(path, size, 1)).hexdigest(),
                                "scaled": hashlib.sha256(prepared(path, size, divisor)).hexdigest()})
    text = ",\n".join(json.dumps(golden) for golden in goldens)
    (FOLDER / "wide.json").write_text(f'{{"pillow": "{PIL.__version__}", "goldens": [\n{text}\n]}}\n')


if __name__ == "__main__":
    main()
