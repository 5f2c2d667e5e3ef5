#!/usr/bin/env python3
"""Writes resizes.json: the original code's results for 320 generated images, by each resize backend.

    python3 Fixtures/preprocessing/make_resizes.py           pillow and torchvision
    python3 Fixtures/preprocessing/make_resizes.py float     torchvision_float, added to the file

The first needs the environment of make_preprocessing.py; the second torch 2.8.0, torchvision 0.23.0, pillow 13.0.0 and
transformers 5.23.0. Both need a processor with AVX-512 and run themselves again with ATEN_CPU_CAPABILITY=avx2 and
default: results that must not depend on it are compared, the others are counted.

torchvision 0.28 resizes 8-bit tensors bicubically in PyTorch's 8-bit kernel on every processor, and bilinearly too
where get_cpu_capability() is AVX2 or AVX512, or on Arm (0.24 to 0.26: not on Arm; up to 0.23: AVX2 alone); elsewhere
through FP32, whose bits depend on the instruction set in turn.

Images are computed from their number, without files: image() here, and GeneratedImage in Tests/ImagePreprocessingTests.
Image i is prepared at the i-th size, in turn, by each transform. Recorded is the SHA-256 (its first 32 digits) of the
bytes after resize and crop, [size, size, 3], followed by the normalized floats, [3, size, size] in little-endian.
"""

import hashlib
import json
import os
import pathlib
import subprocess
import sys

try:
    import declare_torchvision_operators  # noqa: F401  if torchvision's binary part does not load
except ImportError:
    pass
import numpy as np
import PIL
import torch
import torchvision
import transformers
from PIL import Image

FILE = pathlib.Path(__file__).resolve().parent / "resizes.json"
SIZES = (224, 240, 288, 336, 378)


def mixed(x):
    """SplitMix64's finalizer."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def random_bits(seed, count):
    return mixed((np.uint64(seed) << np.uint64(32)) + np.arange(count, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))


def image(number, width, height):
    """Noise; black and white noise; slanted waves; waves with inverted tiles and a noisy corner."""
    bits = random_bits(number, width * height * 3).reshape(height, width, 3)
    noise, binary = (bits >> np.uint64(56)).astype(np.int64), (bits >> np.uint64(63)).astype(np.int64) * 255
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    phase = (x * (3 + c + number % 7) + y * (5 + 2 * c)) % 510
    wave = np.where(phase <= 255, phase, 510 - phase)
    tiled = np.where((x // 24 + y // 16) % 5 == c, 255 - wave, wave)
    corner = np.where((10 * x > 7 * width) & (10 * y > 8 * height), binary, tiled)
    return (noise, binary, wave, corner)[number % 4].astype(np.uint8)


def dimensions():
    """Width and height of each image."""
    found = [(1, 1), (1, 2), (2, 1), (1, 7), (7, 1), (1, 40), (40, 1), (2, 2), (3, 5), (5, 3), (2, 61), (61, 2), (9, 9),
             (12, 5), (4, 200), (200, 4), (9, 500), (500, 9), (1000, 20), (20, 1000), (1500, 31), (31, 1500), (97, 194),
             (100, 201), (300, 601), (601, 300), (640, 480), (480, 640), (1200, 900), (999, 1333)]
    while len(found) % 5:
        found.append((len(found), 13))
    # Five for five sizes in turn: each image meets its own size.
    for width, height in ((1, 1), (1, 2), (2, 1), (3, 1), (1, 3), (2, 2), (4, 3), (3, 4)):
        found += [(size * width, size * height) for size in SIZES]
    for left, top in ((1, 0), (0, 1), (-1, -1), (3, 0), (0, 7)):
        found += [(size + left, size + top) for size in SIZES]
    while len(found) < 320:
        a, b = random_bits(1 << 20, 2 * len(found) + 2)[-2:]
        found.append((13 + int(a % np.uint64(420)), 13 + int(b % np.uint64(420))))
    return found


def torchvision_steps(transform, image):
    """Bytes before ToTensor, and the floats after all."""
    steps = list(transform.transforms)
    cut = next(i for i, step in enumerate(steps) if isinstance(step, torchvision.transforms.ToTensor))
    square = image
    for step in steps[:cut]:
        square = step(square)
    return np.asarray(square), transform(image).numpy()


def processed(processor, image, **arguments):
    plain = processor(**arguments, do_rescale=False, do_normalize=False)(image, return_tensors="np")["pixel_values"][0]
    floats = processor(**arguments)(image, return_tensors="np")["pixel_values"][0]
    assert (plain == plain.astype(np.uint8)).all()
    return plain.astype(np.uint8).transpose(1, 2, 0), floats


def edge(size):
    return -(-size * 8 // 7)  # 256 for 224


def hugging_face(processor, resample, kind="shortest"):
    def transform(size, image):
        square = {"height": size, "width": size}
        if kind == "squash":
            return processed(processor(), image, size=square, do_center_crop=False, resample=resample)
        shortest = edge(size) if kind == "edge" else size
        return processed(processor(), image, size={"shortest_edge": shortest}, crop_size=square, resample=resample)

    return transform


def slow():
    return transformers.CLIPImageProcessorPil


def fast():
    return transformers.CLIPImageProcessor


def transforms():
    import open_clip.transform
    from clip.clip import _transform as openai_transform

    def open_clip_transform(size, **options):
        return open_clip.transform.image_transform(
            size, is_train=False, mean=open_clip.transform.OPENAI_DATASET_MEAN,
            std=open_clip.transform.OPENAI_DATASET_STD, **options)

    return {
        "openai": lambda size, image: torchvision_steps(openai_transform(size), image),
        "open_clip-squash": lambda size, image: torchvision_steps(open_clip_transform(size, resize_mode="squash"), image),
        "open_clip-bilinear": lambda size, image: torchvision_steps(open_clip_transform(size, interpolation="bilinear"), image),
        "slow-bicubic": hugging_face(slow, 3),
        "slow-bilinear": hugging_face(slow, 2),
        "slow-bicubic-edge": hugging_face(slow, 3, "edge"),
        "fast-bicubic": hugging_face(fast, 3),
        "fast-bicubic-edge": hugging_face(fast, 3, "edge"),
        "fast-bicubic-squash": hugging_face(fast, 3, "squash"),
        "fast-bilinear": hugging_face(fast, 2),
        "fast-bilinear-edge": hugging_face(fast, 2, "edge"),
        "fast-bilinear-squash": hugging_face(fast, 2, "squash"),
    }


def float_transforms():
    return {
        "float-bilinear": hugging_face(fast, 2),
        "float-bilinear-edge": hugging_face(fast, 2, "edge"),
        "float-bilinear-squash": hugging_face(fast, 2, "squash"),
    }


def hashes(wanted):
    found = {name: [] for name in wanted}
    for number, (width, height) in enumerate(dimensions()):
        size, image = SIZES[number % 5], Image.fromarray(image(number, width, height))
        for name, transform in wanted.items():
            square, floats = transform(size, image)
            assert square.shape == (size, size, 3) and square.dtype == np.uint8, (number, name)
            assert floats.shape == (3, size, size) and floats.dtype == np.float32, (number, name)
            data = np.ascontiguousarray(square).tobytes() + np.ascontiguousarray(floats).tobytes()
            found[name].append(hashlib.sha256(data).hexdigest()[:32])
    return found


def other_capability(name, arguments):
    environment = os.environ | {"ATEN_CPU_CAPABILITY": name}
    output = subprocess.run([sys.executable, __file__, *arguments, "print"], env=environment, check=True,
                            stdout=subprocess.PIPE)
    return json.loads(output.stdout)


def versions():
    return {"pillow": PIL.__version__, "torch": torch.__version__, "torchvision": torchvision.__version__,
            "transformers": transformers.__version__, "ATEN_CPU_CAPABILITY": torch.backends.cpu.get_cpu_capability()}


def main(arguments):
    is_float = arguments[:1] == ["float"]
    wanted = float_transforms() if is_float else transforms()
    found = hashes(wanted)
    if arguments[-1:] == ["print"]:
        print(json.dumps(found))
        return
    assert torch.backends.cpu.get_cpu_capability() == "AVX512"
    for capability in ("avx2", "default"):
        others = other_capability(capability, arguments)
        for name in wanted:
            different = sum(a != b for a, b in zip(found[name], others[name]))
            may_differ = "bilinear" in name and (is_float or (capability == "default" and name.startswith("fast")))
            assert may_differ or different == 0, (capability, name, different)
            if different:
                print(f"{name}: {different} of {len(found[name])} images differ with ATEN_CPU_CAPABILITY={capability}")
    recorded = json.loads(FILE.read_text()) if is_float else {"hashes": {}}
    recorded["float_versions" if is_float else "versions"] = versions()
    recorded["dimensions"] = dimensions()
    recorded["hashes"] |= found
    parts = [f'"{key}": {json.dumps(recorded[key])}' for key in ("versions", "float_versions", "dimensions") if key in recorded]
    lines = ",\n".join(f'"{name}": "{"".join(values)}"' if isinstance(values, list) else f'"{name}": "{values}"'
                       for name, values in recorded["hashes"].items())
    FILE.write_text("{" + ",\n".join(parts) + ',\n"hashes": {\n' + lines + "\n}}\n")
    print(f"{len(dimensions())} images, {len(recorded['hashes'])} transforms, {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
