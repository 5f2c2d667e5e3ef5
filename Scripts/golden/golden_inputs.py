"""8-bit images and texts, and the results of a library's own preprocessing and tokenizer (docs/GOLDEN.md)."""

import functools
import importlib.metadata
import json
from dataclasses import dataclass

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image

TEXTS = (
    "a photo of a cat", "A Photo of a DOG!", "  two   spaces ,and\ttabs ", "it's the dog's 3rd bone, isn't it?",
    "the number 1234567.89 (in red)", "Übergrößenträger & naïve café", "日本の古い駅 🚉",
    "a_b-c/d.e:f;g", "dog",
    " ".join(["a very long caption about nothing in particular,"] * 20),
)
"""Case, spaces, apostrophes, numbers, other scripts, and one that is cut."""

ENTITIES = "&lt;html&gt; &amp;amp; entities"

CHANNELS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}
"""Modes of Pillow that a golden file stores; other modes become RGB first."""


@dataclass
class Inputs:
    """images: Pillow images. levels: uint8 [n, 3, S, S] after resize, crop and conversion, before normalisation."""

    images: list
    levels: np.ndarray
    texts: list
    backend: str  # `pillow` or `torchvision`
    preprocessor: str
    tokenizer: str

    def arrays(self):
        arrays = {f"image.samples.{i}": samples(image) for i, image in enumerate(self.images)}
        return {**arrays, **({"image.levels": self.levels} if self.images else {})}

    def metadata(self):
        facts = {}
        if self.images:
            facts |= {"image.modes": json.dumps([image.mode for image in self.images]), "image.backend": self.backend,
                      "image.preprocessor": self.preprocessor}
        if self.texts:
            facts |= {"text.strings": json.dumps(list(self.texts)), "text.tokenizer": self.tokenizer}
        return facts


def samples(image):
    array = np.asarray(image)
    return np.ascontiguousarray(array.reshape(image.height, image.width, CHANNELS[image.mode]))


def is_transformers(library):
    """library: of golden_models.Subject."""
    return library in ("transformers", "transformers_siglip")


def probe_texts(library):
    """Texts whose ids show most rules of the tokenizer. transformers' tokenizer keeps HTML entities, and OpenAI's and
    open_clip's decode them, so transformers' texts have none."""
    return list(TEXTS) + ([] if is_transformers(library) else [ENTITIES])


# ---- Images


def read_image(path, longest):
    """An image file as a golden stores it: of a mode of CHANNELS, and no edge beyond `longest` (0: any)."""
    try:
        image = Image.open(path)
        image.load()
    except OSError as error:
        raise SystemExit(f"{path}: not an image that Pillow reads: {error}") from None
    if image.info.get("transparency") is not None:
        image = image.convert("RGBA")
    elif image.mode not in CHANNELS:
        image = image.convert("RGB")
    if longest and max(image.size) > longest:
        image.thumbnail((longest, longest))
    return image


def probe_images(size, library):
    """Six images that show every setting of preprocessing: larger, smaller and longer than the model's, printing inks,
    transparency, and margins that rounding down and rounding half to even crop at another column and row.

    transformers composites on white from 5.21 on, whatever a model's files state, so its images have no transparency.
    """
    shapes = [
        ("RGB", size + size // 3 | 1, odd_margin(size + size // 3 | 1, size)),
        ("RGB", odd_margin(size + 9 | 1, size), size + 9 | 1),
        ("RGB", size * 2 // 3 | 1, size // 2 | 1),
        ("RGB", size // 2 | 1, 2 * size + 13 | 1),
        ("CMYK", odd_margin(size + 5 | 1, size), size + 5 | 1),
        ("RGB" if is_transformers(library) else "RGBA", size * 3 // 4 | 1, size * 5 // 4 | 1),
    ]
    return [probe(mode, width, height, number) for number, (mode, width, height) in enumerate(shapes)]


def odd_margin(short, size):
    """A longer edge for which the resized margin is 4k + 3: half of it rounds to k·2 + 2 or down to k·2 + 1."""
    lengths = range(short + 2, 9 * short, 2)
    return next(long for long in lengths if (size * long // short - size) % 4 == 3 and long != size)


def probe(mode, width, height, seed):
    """Smooth colour with hard edges and a noisy corner: overshoot, rounding and clamping all occur."""
    random = np.random.RandomState(seed)
    y, x = np.mgrid[0:height, 0:width]
    planes = []
    for channel in range(CHANNELS[mode]):
        wave = 127 + 110 * np.sin(x * (channel + 2) / 17.0 + seed) * np.cos(y * (channel + 1) / 23.0)
        wave = np.where((x // 12 + y // 8) % 5 == channel, 255 - wave, wave)
        planes.append(np.where((x > width * 0.7) & (y > height * 0.8), random.randint(0, 2, (height, width)) * 255, wave))
    data = np.clip(np.stack(planes, axis=-1), 0, 255).astype(np.uint8)
    return Image.frombytes(mode, (width, height), data.tobytes())


# ---- Preprocessing by the libraries: each returns (levels, pixels, backend, library)


def prepare_openai(images, size):
    from clip.clip import _transform

    return _by_torchvision(images, _transform(size), "clip-anytorch", "_transform")


def prepare_open_clip(images, size, config):
    """config: `preprocess_cfg` of open_clip_config.json."""
    from open_clip.transform import PreprocessCfg, image_transform_v2

    settings = PreprocessCfg(**{**config, "size": size})
    return _by_torchvision(images, image_transform_v2(settings, is_train=False), "open_clip_torch", "image_transform_v2")


def _by_torchvision(images, transform, package, name):
    """Transforms whose steps up to ToTensor work on Pillow's images, and so resize with Pillow."""
    steps = list(transform.transforms)
    cut = next(i for i, step in enumerate(steps) if isinstance(step, torchvision.transforms.ToTensor))
    squares = [functools.reduce(lambda value, step: step(value), steps[:cut], image) for image in images]
    levels = np.stack([np.asarray(square).transpose(2, 0, 1) for square in squares])
    pixels = torch.stack([transform(image) for image in images])
    return np.ascontiguousarray(levels), pixels, "pillow", f"{_version(package)} {name}, pillow {PIL.__version__}"


def prepare_transformers(images, size, folder, backend):
    """backend: `pillow` or `torchvision`; None for transformers' default."""
    from transformers import AutoImageProcessor, CLIPImageProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    configured = any((folder / name).exists() for name in ("preprocessor_config.json", "processor_config.json"))
    if configured:
        chosen = {"pillow": "pil", "torchvision": "torchvision", None: None}[backend]
        processor = AutoImageProcessor.from_pretrained(folder, **({"backend": chosen} if chosen else {}))
    else:
        kind = CLIPImageProcessorPil if backend == "pillow" else CLIPImageProcessor
        processor = kind(size={"shortest_edge": size}, crop_size={"height": size, "width": size})
    name = type(processor).__name__

    def run(image, **options):
        return processor(image, return_tensors="np", **options)["pixel_values"][0]

    levels = np.stack([run(image, do_rescale=False, do_normalize=False) for image in images])
    assert (levels == levels.astype(np.uint8)).all(), "not whole levels"
    pixels = torch.from_numpy(np.stack([run(image) for image in images]).astype(np.float32))
    is_pillow = name.endswith("Pil")
    library = f"pillow {PIL.__version__}" if is_pillow else f"torchvision {torchvision.__version__}"
    return (np.ascontiguousarray(levels.astype(np.uint8)), pixels, "pillow" if is_pillow else "torchvision",
            f"{_version('transformers')} {name}, {library}")


# ---- Tokenizers of the libraries: each returns (ids with zeros after the end of text, library)


def tokenize_openai(texts, context):
    import clip

    ids = clip.tokenize(list(texts), context_length=context, truncate=True).long()
    return ids, f"{_version('clip-anytorch')} SimpleTokenizer"


def tokenize_open_clip(texts, context, options):
    """options: `tokenizer_kwargs` of open_clip_config.json."""
    from open_clip.tokenizer import SimpleTokenizer

    ids = SimpleTokenizer(context_length=context, **options)(list(texts)).long()
    return ids, f"{_version('open_clip_torch')} SimpleTokenizer {json.dumps(options) if options else ''}".strip()


def tokenize_transformers(texts, context, folder, pooled):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer(list(texts), padding="max_length", truncation=True, max_length=context, return_tensors="pt").input_ids
    # Ids after the end of text are padding, which a causal tower ignores.
    positions = torch.arange(ids.shape[1])[None, :]
    return torch.where(positions > pooled(ids)[:, None], 0, ids), \
        f"{_version('transformers')} {type(tokenizer).__name__}"


def _version(package):
    return f"{package} {importlib.metadata.version(package)}"
