"""From 12-megapixel JPEG files to vectors of int8 ViT-B/32 with both cores, compared with decoding alone
(Benchmarks/micro/jpeg.c)."""

import json
import statistics
import subprocess

import numpy as np

from . import CACHE, ROOT, exports, inputs, machine

WIDTH, HEIGHT, IMAGES, QUALITY = 4000, 3000, 4, 90


def files():
    """Images with the spectrum of photographs: a probe image enlarged, and grain; about 4 MB each, 4:2:0."""
    from PIL import Image

    folder = CACHE / "jpeg"
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{index}.jpg" for index in range(IMAGES)]
    for index, path in enumerate(paths):
        if path.exists():
            continue
        small = ((inputs.images(1000, first=index, count=1)[0].transpose(1, 2, 0) + 2) * 63).clip(0, 255)
        large = Image.fromarray(small.astype(np.uint8)).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
        grain = np.random.default_rng(index).normal(0, 4, (HEIGHT, WIDTH, 1))
        Image.fromarray((np.asarray(large) + grain).clip(0, 255).astype(np.uint8)).save(path, quality=QUALITY)
    return paths


def measure(rounds, seconds):
    """Images per second by step: the median and the largest of the rounds."""
    sources = ROOT / "Sources" / "CImageCodecs"
    program = machine.compiled("micro/jpeg.c", f"-I{sources / 'include'}", sources / "jpeg.c", sources / "rows.c", "-ljpeg", "-lpthread",
                               *machine.with_runtime())
    paths = files()
    rates = json.loads(subprocess.check_output(
        machine.command(program, exports.bundle("ViT-B-32", "int8"), rounds, seconds, *paths)))
    return {"megabytes": sum(path.stat().st_size for path in paths) / IMAGES / 1e6,
            "rates": {step: {"median": statistics.median(each), "greatest": max(each)} for step, each in rates.items()}}


def table(result):
    decode = result["rates"]["decode"]["median"]
    lines = [f"4000 × 3000 pixels, {result['megabytes']:.1f} MB a file, in memory:", "",
             "| step | images per second | greatest | of decoding |", "|---|--:|--:|--:|"]
    for step, rate in result["rates"].items():
        lines.append(f"| {step} | {rate['median']:.1f} | {rate['greatest']:.1f} | {rate['median'] / decode:.0%} |")
    return "\n".join(lines)
