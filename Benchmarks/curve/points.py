"""The points of the curve: bundles that our runtime runs, and bit widths that PyTorch simulates."""

import tempfile
from pathlib import Path

from . import bundles, statistics

BUNDLES = ("--precision fp16", "--precision int8 --effort nearest", "--precision int8 --effort calibrated")
WIDTHS = (8, 7, 6, 5, 4)
GROUP = 32
GROUPED = ("token_embedding.weight", "mlp.c_fc.weight", "mlp.c_proj.weight")


class Subject:
    """A model, its labelled images, and its FP32 vectors, which every point is compared with."""

    def __init__(self, name, source, images, template, folder):
        self.name, self.source, self.images = name, source, images
        self.prompts = [template.format(label) for label in images.labels]
        self.bundle = folder / "fp32.pclip"
        self.bytes = bundles.convert(source, self.bundle, "--precision fp32")
        self.truth = bundles.embed(self.bundle, images, self.prompts, "exact")

    def point(self, vectors, **facts):
        """A row of the CSV."""
        return {"model": self.name, "images": len(self.images.files), "labels": len(self.prompts), **facts,
                **statistics.measured(*vectors, self.truth, self.images.expected)}


def measured(subject, options):
    """The rows of our own bundles, FP32 first."""
    yield subject.point(subject.truth, how="runtime", bundle="--precision fp32", arithmetic="fp32", bytes=subject.bytes)
    for each in options:
        with tempfile.TemporaryDirectory() as name:
            bundle = Path(name) / "bundle.pclip"
            size = bundles.convert(subject.source, bundle, each)
            for arithmetic in ("fast", "exact") if "int8" in each else ("exact",):
                vectors = bundles.embed(bundle, subject.images, subject.prompts, arithmetic)
                yield subject.point(vectors, how="runtime", bundle=each, arithmetic=arithmetic, bytes=size)


def recipes():
    """What to simulate: widths of weights for `exact` and `fast`, 4 bits in groups, widths of activations."""
    from .rounding import Recipe

    for calibrated in (False, True):
        yield from (Recipe(width, None, calibrated) for width in WIDTHS)
        yield from (Recipe(width, 8, calibrated) for width in WIDTHS)
        yield Recipe(4, 8, calibrated, GROUP, GROUPED)
        yield Recipe(4, 8, calibrated, GROUP)
    yield from (Recipe(8, width, True) for width in WIDTHS[1:])


def simulated(subject):
    """The rows of PyTorch, its FP32 first."""
    from PIL import Image

    from peers import calibration

    from . import equalization, inputs, moments, network, rounding
    from .forward import Forward, Unchanged

    original = network.read(subject.bundle)
    pixels = inputs.pixels(original, subject.images.files)
    ids = inputs.ids(original, subject.prompts)

    def vectors(model, arithmetic):
        forward = Forward(model, arithmetic)
        return inputs.encoded(forward.images, pixels), inputs.encoded(forward.texts, ids)

    row = subject.point(vectors(original, Unchanged()), how="simulated", bundle="FP32", bytes=subject.bytes)
    if min(row["image_worst"], row["text_worst"]) < 0.99999:
        raise RuntimeError(f"{subject.name}: PyTorch's FP32 vectors are not the runtime's: worst cosines "
                           f"{row['image_worst']:.6f} (image), {row['text_worst']:.6f} (text): add --no-simulation")
    yield row
    equal = equalization.equalized(original)
    scenes = [Image.fromarray(calibration.image(index)) for index in range(calibration.COUNT)]
    seen = moments.observed(equal, inputs.pixels(original, scenes), inputs.ids(original, calibration.texts()))
    shapes = {name: tuple(matrix.shape) for name, matrix in original.matrices.items()}
    rest = subject.bytes - 4 * sum(outputs * inputs_ for outputs, inputs_ in shapes.values())
    for recipe in recipes():
        arithmetic = Unchanged() if recipe.activations is None else rounding.Rounded(recipe.activations)
        yield subject.point(vectors(rounding.rounded(equal, recipe, seen), arithmetic), how="simulated",
                            rounding="calibrated" if recipe.calibrated else "nearest", weight_bits=recipe.weights,
                            activation_bits=recipe.activations or 16, group=recipe.group or "",
                            grouped="" if recipe.only is None else "MLPs and token table",
                            bytes=rest + recipe.bytes(shapes))
