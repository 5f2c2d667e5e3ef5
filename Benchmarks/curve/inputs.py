"""Pixels and token ids for the simulation, prepared by Pillow and by OpenAI's tokenizer."""

import clip
import torch
from PIL import Image

PIXELS_PER_BATCH = 1 << 22


def pixels(network, images):
    """[n, 3, S, S] of Pillow images or files; the bundle must resize with Pillow, as OpenAI and open_clip do."""
    fields, size = network.fields, network.number("image.size")
    required = {"preprocess.backend": "pillow", "preprocess.resize_edge": "none", "preprocess.alpha": "drop"}
    for field, value in required.items():
        if fields[field] != value:
            raise RuntimeError(f"the simulation prepares images with {field}={value}, the model has {fields[field]}: "
                               "add --no-simulation")
    mean, std = (network.vectors[f"preprocess.{part}"][:3, None, None] for part in ("mean", "std"))
    return (torch.stack([levels(fields, size, opened(each)) for each in images]).float() / 255 - mean) / std


def opened(image):
    return image if isinstance(image, Image.Image) else Image.open(image)


def levels(fields, size, image):
    """uint8 [3, S, S]"""
    if fields["preprocess.conversion"] == "before_resize":
        image = image.convert("RGB")
    filter = Image.Resampling[fields["preprocess.interpolation"].upper()]
    if fields["preprocess.resize"] == "squash":
        image = image.resize((size, size), filter)
    else:
        short = min(image.size)
        image = image.resize([int(size * side / short) for side in image.size], filter)
        left, top = (margin(fields, side - size) for side in image.size)
        image = image.crop((left, top, left + size, top + size))
    data = torch.frombuffer(bytearray(image.convert("RGB").tobytes()), dtype=torch.uint8)
    return data.reshape(size, size, 3).permute(2, 0, 1)


def margin(fields, excess):
    return round(excess / 2) if fields["preprocess.crop"] == "half_to_even" else excess // 2


def ids(network, texts):
    return clip.tokenize(texts, context_length=network.number("text.context_length"), truncate=True).long()


def encoded(function, batch):
    """The outputs of a forward pass over everything, a part at a time."""
    count = max(1, PIXELS_PER_BATCH // batch[0].numel()) if batch.ndim == 4 else 64
    with torch.no_grad():
        return torch.cat([function(part) for part in batch.split(count)]).numpy()
