"""The models to compare, by name: `ViT-B-32` (synthetic weights), `ViT-B-32:tails` (another profile), `mini-vit` (trained,
Fixtures/minis), or the path of an archive in OpenAI's layout."""

import pathlib
import sys

from . import CACHE, GOLDEN, ROOT, SCRIPTS

sys.path[:0] = [str(GOLDEN), str(SCRIPTS)]
from variants import VARIANTS

MINIS = ROOT / "Fixtures" / "minis"


def archive(name):
    """The file of a trained model; None for synthetic weights."""
    if name.partition(":")[0] in VARIANTS:
        return None
    mini = MINIS / f"{name}.pt"
    return mini if mini.exists() else pathlib.Path(name)


def source(name):
    """What the command line calls the model."""
    return str(archive(name) or f"synthetic:{name}")


def cache(name):
    """The folder of its exports."""
    file = archive(name)
    return CACHE / (file.stem if file else name.replace(":", "-"))


def golden(name):
    """The committed inputs and FP64 embeddings (docs/GOLDEN.md)."""
    folder = MINIS / "goldens" if archive(name) else GOLDEN
    return folder / f"{cache(name).name}.safetensors"


def weights(name):
    """(numbers of OpenAI's `CLIP`, {tensor: FP32})"""
    from make_checkpoint import archive_source, synthetic_source

    if file := archive(name):
        return archive_source(file)
    return synthetic_source(variant(name), name.partition(":")[2] or "plain")


def image_size(name):
    return weights(name)[0]["image_resolution"] if archive(name) else variant(name).image_size


def is_transformer(name, tower):
    """Whether the tower has no convolutions but that of the patches."""
    if tower == "text":
        return True
    patch = weights(name)[0]["vision_patch_size"] if archive(name) else variant(name).patch
    return patch is not None


def variant(name):
    return VARIANTS[name.partition(":")[0]]
