"""PIL images of any mode. They become RGB where the checkpoint's authors converted: before or after resizing."""

from __future__ import annotations

from ._errors import FormatError, ImageSizeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_LONGEST_HEADER = 100_000_000  # safetensors' own limit
_MOST_PIXELS = 178_956_970  # of a resized image: Pillow's own limit
_RESAMPLING = {"bilinear": 2, "bicubic": 3}  # Pillow's numbers


class Preprocessing:
    """A bundle's settings for resizing.

    size: pixels along each side of the image tower's input. docs/BUNDLE.md describes the other fields.
    """

    __slots__ = ("alpha", "conversion", "crop", "interpolation", "resize", "size")

    def __init__(
        self, size: int, resize: str, interpolation: str, crop: str, conversion: str, alpha: str = "drop"
    ) -> None:
        self.size = size
        self.resize = resize
        self.interpolation = interpolation
        self.crop = crop
        self.conversion = conversion
        self.alpha = alpha

    @classmethod
    def read(cls, start: Callable[[int], bytes], bundle_id: str) -> Preprocessing:
        """start: returns the first bytes of the bundle with this id."""
        import hashlib  # these imports take longer than opening a model
        import json

        length = int.from_bytes(start(8), "little")
        header = start(8 + length) if length <= _LONGEST_HEADER else b""
        if hashlib.sha256(header).hexdigest() != bundle_id:
            raise FormatError("the bundle's file was replaced: open the model again")
        fields = json.loads(header[8:])["__metadata__"]
        return cls(
            int(fields["image.size"]),
            resize=fields["preprocess.resize"],
            interpolation=fields["preprocess.interpolation"],
            crop=fields["preprocess.crop"],
            conversion=fields["preprocess.conversion"],
            alpha=fields.get("preprocess.alpha", "drop"),
        )

    def rgb(self, image: Any, name: str) -> Any:
        """A PIL image in RGB. From it the library computes the pixels that the original code computes from `image`.

        OpenAI and open_clip resize an image in its own mode and then convert it. For RGB and grey the order does not
        matter. Other modes are resized and cropped here by Pillow, as in the original, and the library does not resize
        them again. transformers converts images before it resizes them, and composites them on white from 5.21 on.
        """
        if self.alpha == "white" and has_transparency(image):
            return _on_white(image)
        if image.mode in ("RGB", "L") or self.conversion == "before_resize":
            return image.convert("RGB")
        width, height = image.size
        if not width or not height:
            raise ImageSizeError(f"{name}: the image is empty")
        resized = self._resized(width, height)
        if resized[0] * resized[1] > _MOST_PIXELS:
            size = f"{width} x {height} pixels in mode {image.mode}"
            raise ImageSizeError(f"{name}: {size} are too large to resize: crop it")
        if resized != (width, height):
            image = image.resize(resized, _RESAMPLING[self.interpolation])
        left, top = (self._margin(length - self.size) for length in resized)
        return image.crop((left, top, left + self.size, top + self.size)).convert("RGB")

    def _resized(self, width: int, height: int) -> tuple[int, int]:
        if self.resize == "squash":
            return self.size, self.size
        if width <= height:
            return self.size, self.size * height // width
        return self.size * width // height, self.size

    def _margin(self, both: int) -> int:
        return both // 2 if self.crop == "down" else round(both / 2)


def has_transparency(image: Any) -> bool:
    """Whether a PIL image has an alpha channel, or a colour or palette entries that are transparent."""
    return "A" in image.getbands() or image.info.get("transparency") is not None


def _on_white(image: Any) -> Any:
    import importlib

    # Imported by name, because type checking must not need Pillow.
    pillow: Any = importlib.import_module("PIL.Image")
    colors = image.convert("RGBA")
    white = pillow.new("RGBA", colors.size, "white")
    return pillow.alpha_composite(white, colors).convert("RGB")


def is_pil(image: object) -> bool:
    """Whether it is a PIL image; PIL is not imported to find out."""
    return isinstance(getattr(image, "mode", None), str) and hasattr(image, "convert") and hasattr(image, "resize")
