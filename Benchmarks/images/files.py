"""JPEG files with the spectrum of photographs: smooth shapes and grain, 4:2:0, quality 90."""

import multiprocessing

SIZES = {"12 megapixels": (4000, 3000, 4), "2 megapixels": (1600, 1200, 16)}
"""Width, height and number of files."""
QUALITY = 90


def make(folder, width, height, count):
    """Paths of `count` files, made where they are missing. Needs Pillow and NumPy."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{index}.jpg" for index in range(count)]
    missing = [(path, width, height, index) for index, path in enumerate(paths) if not path.exists()]
    # In another process: the system counts the memory of this one as memory of the programs that it starts.
    with multiprocessing.Pool(1) as pool:
        pool.starmap(write, missing)
    return paths


def write(path, width, height, seed):
    """A sum of waves whose strength falls with their frequency, as in photographs, and grain."""
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(seed)
    spectrum = random.normal(size=(3, 224, 113)) + 1j * random.normal(size=(3, 224, 113))
    down, across = np.fft.fftfreq(224)[:, None], np.fft.rfftfreq(224)[None]
    waves = np.fft.irfft2(spectrum / np.maximum(np.hypot(down, across), 1 / 224) ** 1.2, s=(224, 224))
    small = (waves / waves.std(axis=(1, 2), keepdims=True) * 50 + 128).clip(0, 255).astype(np.uint8)
    large = Image.fromarray(small.transpose(1, 2, 0).copy()).resize((width, height), Image.Resampling.BICUBIC)
    grain = random.normal(0, 4, (height, width, 1))
    Image.fromarray((np.asarray(large) + grain).clip(0, 255).astype(np.uint8)).save(path, quality=QUALITY)
