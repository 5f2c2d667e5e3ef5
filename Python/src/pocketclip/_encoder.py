"""The methods that `Model` and `Session` share."""

from __future__ import annotations

from ctypes import byref, c_float, c_int32

from . import _abi
from ._buffers import image_structure, matrix, refuse_path
from ._compare import in_place, similarity
from ._errors import ArgumentError, call, item_error
from ._images import has_transparency, is_pil
from ._output import Output
from ._records import Image, ModelInfo, Tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, MutableMapping
    from typing import TypeAlias, TypeVar

    from ._buffers import Buffer, Rows
    from ._handles import Scratch
    from ._images import Preprocessing
    from ._output import Floats

    #: Receives the error of each item that failed, by index. Such an item has a vector of zeros; the others are
    #: computed. Without it, the first error is raised.
    Failures: TypeAlias = MutableMapping[int, Exception]
    Item = TypeVar("Item")
    Converted = TypeVar("Converted")


class Encoder:
    """Encodes with a session that `_take` returns; `_give` returns it to the pool."""

    @property
    def info(self) -> ModelInfo:
        """What the bundle is and how it was opened."""
        raise NotImplementedError

    def _take(self) -> Scratch:
        raise NotImplementedError

    def _give(self, scratch: Scratch) -> None:
        raise NotImplementedError

    def _preprocessing(self) -> Preprocessing:
        """What the bundle states about resizing."""
        raise NotImplementedError

    def _call(self, function: Callable[..., int], *arguments: object) -> None:
        """Calls a function of the library whose first parameter is the session."""
        scratch = self._take()
        try:
            call(function, scratch.pointer, *arguments)
        finally:
            self._give(scratch)

    # ---- Images ----

    def encode_images(
        self,
        images: Iterable[Buffer | Image],
        *,
        unit: bool = True,
        out: Buffer | None = None,
        failures: Failures | None = None,
    ) -> Floats:
        """[n, info.image_output] from 8-bit RGB images of any size, preprocessed as the checkpoint's authors did.

        images: PIL images, `Image`s, or 8-bit pixels [height, width, 3] in NumPy arrays and other buffers. Pixels are
            copied only if those of one row are not contiguous. Pass a PIL image in the mode in which it was
            opened (CMYK, palette, alpha, grey): it is converted to RGB at the step where the checkpoint converts,
            mostly after resizing. For a transparent image the alpha channel is dropped or the image is composited on
            white, as the bundle states; for pixels in arrays the caller does this.
        unit: vectors of length 1; False for the tower's raw output.
        out: float32 memory for the result, which is then returned.
        """
        refuse_path(images, "images")
        pairs, early = _convert(images, "images", self._image, failures)
        array = (_abi.Image * len(pairs))(*(pair[0] if pair else _abi.Image() for pair in pairs))
        result = Output(out, (len(pairs), self.info.image_output))
        for image, memory in filter(None, pairs):
            result.refuse_overlap(image.pixels or 0, memory.nbytes, "images")
        return self._encode(_abi.library.pclip_encode_image, array, result, unit, failures, early)

    def encode_pixels(
        self, pixels: Rows, *, unit: bool = True, out: Buffer | None = None, failures: Failures | None = None
    ) -> Floats:
        """[n, info.image_output] from float32 [n, 3, image_size, image_size], as `preprocess` returns them."""
        size = self.info.image_size
        rows = matrix(pixels, "pixels", "f", (3, size, size))
        result = Output(out, (rows.count, self.info.image_output))
        result.refuse_overlap(rows.start, rows.memory.nbytes, "pixels")
        return self._encode(_abi.library.pclip_encode_pixels, rows.start, result, unit, failures)

    def preprocess(self, image: Buffer | Image, *, out: Buffer | None = None) -> Floats:
        """The image tower's input, float32 [3, image_size, image_size], exact to the bit."""
        structure, memory = self._image(image, "image")
        size = self.info.image_size
        pixels = Output(out, (3, size, size))
        pixels.refuse_overlap(structure.pixels or 0, memory.nbytes, "image")
        self._call(_abi.library.pclip_preprocess, byref(structure), pixels.start, pixels.count)
        result: Floats = pixels.result
        return result

    def _image(self, image: Buffer | Image, name: str) -> tuple[_abi.Image, memoryview]:
        if isinstance(image, Image):
            return image.structure()
        if is_pil(image) and (image.mode != "RGB" or has_transparency(image)):
            image = self._preprocessing().rgb(image, name)
        return image_structure(image, name)

    # ---- Text ----

    def encode_texts(
        self,
        texts: Iterable[str],
        *,
        unit: bool = True,
        out: Buffer | None = None,
        failures: Failures | None = None,
    ) -> Floats:
        """[n, info.text_output]; texts longer than the context are truncated, as by `tokenize`."""
        utf8, early = _convert(texts, "texts", _utf8, failures)
        array = (_abi.Text * len(utf8))(*(_abi.Text(text or b"", len(text or b"")) for text in utf8))
        result = Output(out, (len(utf8), self.info.text_output))
        return self._encode(_abi.library.pclip_encode_text, array, result, unit, failures, early, (None,))

    def encode_ids(
        self, ids: Rows, *, unit: bool = True, out: Buffer | None = None, failures: Failures | None = None
    ) -> Floats:
        """[n, info.text_output] from int32 [n, context_length].

        Ids after the pooled position are ignored, unless info.attends_pads: then pad as the model was trained.
        """
        rows = matrix(ids, "ids", "i", (self.info.context_length,))
        result = Output(out, (rows.count, self.info.text_output))
        result.refuse_overlap(rows.start, rows.memory.nbytes, "ids")
        return self._encode(_abi.library.pclip_encode_ids, rows.start, result, unit, failures)

    def tokenize(self, text: str) -> Tokens:
        """The token ids of one text."""
        utf8 = _utf8(text, "text")
        ids = Output(None, (self.info.context_length,), "i")
        count, is_truncated = c_int32(), c_int32()
        self._call(
            _abi.library.pclip_tokenize,
            _abi.Text(utf8, len(utf8)),
            ids.start,
            ids.count,
            byref(count),
            byref(is_truncated),
        )
        return Tokens(ids.result, count.value, bool(is_truncated.value))

    # ---- Both ----

    def classify(
        self,
        images: Iterable[Buffer | Image],
        texts: Iterable[str],
        *,
        scale: float | None = None,
        failures: Failures | None = None,
    ) -> Floats:
        """[images, texts]: the probability of each text for each image, as `probabilities` computes it.

        texts: at least one.
        scale: factor of the similarities; None for the bundle's own.
        failures: receives the errors of images; their rows are zeros.
        """
        self._require_scale(scale)
        labels = self.encode_texts(texts)
        if not len(labels):
            raise ArgumentError("texts: expected at least one text to choose from, found none")
        failed: dict[int, Exception] | None = None if failures is None else {}
        vectors = self.encode_images(images, failures=failed)
        scores = Output(None, (len(vectors), len(labels)))
        similarity(vectors, labels, out=scores.result)
        self.probabilities(scores.result, scale=scale, out=scores.result)
        if failures is not None and failed:
            failures.update(failed)
            for index in failed:
                scores.clear_row(index)
        result: Floats = scores.result
        return result

    def probabilities(self, scores: Rows, *, scale: float | None = None, out: Buffer | None = None) -> Floats:
        """The probabilities of similarities, float32 [images, texts], by the model's score (`info.score_kind`).

        "softmax": softmax(scale * score) of each row, which sums to 1. "sigmoid": sigmoid(scale * score + logit_bias).
        scale: the bundle's own if None.
        out: may be `scores` itself.
        """
        self._require_scale(scale)
        rows, result = in_place(scores, out)
        other = None if scale is None else byref(c_float(scale))
        scratch = self._take()
        try:
            call(_abi.library.pclip_scores, scratch.model.pointer, result.start, rows.count, rows.width, other)
        finally:
            self._give(scratch)
        probabilities: Floats = result.result
        return probabilities

    def _require_scale(self, scale: float | None) -> None:
        if scale is None and self.info.logit_scale is None:
            raise ArgumentError("the bundle has no logit scale: pass scale")

    def self_test(self) -> None:
        """Encodes the generated inputs of the self-test and compares the vectors with those stored in the bundle."""
        self._call(_abi.library.pclip_self_test)

    def _encode(
        self,
        function: Callable[..., int],
        items: object,
        out: Output,
        unit: bool,
        failures: Failures | None,
        early: dict[int, Exception] | None = None,
        before_statuses: tuple[object, ...] = (),
    ) -> Floats:
        """early: the errors of items that never reached the library."""
        statuses = None if failures is None else (c_int32 * out.shape[0])()
        flags = 0 if unit else _abi.RAW
        self._call(function, items, out.shape[0], flags, out.start, out.count, *before_statuses, statuses)
        if failures is not None:
            failures.update((index, item_error(code, index)) for index, code in enumerate(statuses or ()) if code)
            for index, error in (early or {}).items():
                failures[index] = error
                out.clear_row(index)
        result: Floats = out.result
        return result


def _convert(
    items: Iterable[Item], name: str, convert: Callable[[Item, str], Converted], failures: Failures | None
) -> tuple[list[Converted | None], dict[int, Exception]]:
    """Converts every item for the library. One that fails is None, and its error is raised unless collected."""
    if isinstance(items, (str, bytes, Image)) or getattr(items, "ndim", 4) < 4 or not hasattr(items, "__iter__"):
        raise TypeError(f"{name}: expected several, found one {type(items).__name__}: pass a list")
    converted: list[Converted | None] = []
    errors: dict[int, Exception] = {}
    for index, item in enumerate(items):
        try:
            converted.append(convert(item, f"{name}[{index}]"))
        except (TypeError, ValueError, OSError) as error:  # OSError: PIL reads a file only now
            if failures is None:
                raise
            converted.append(None)
            errors[index] = error
    return converted, errors


def _utf8(text: str, name: str) -> bytes:
    if not isinstance(text, str):
        raise TypeError(f"{name}: expected str, found {type(text).__name__}")
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ArgumentError(f"{name}: {error}") from error
