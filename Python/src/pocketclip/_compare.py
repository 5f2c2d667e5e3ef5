"""Comparing vectors and spaces; no model is needed."""

from __future__ import annotations

from . import _abi
from ._buffers import matrix
from ._errors import ArgumentError, call
from ._output import Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._buffers import Buffer, Matrix, Rows
    from ._output import Floats


def similarity(a: Rows, b: Rows, *, out: Buffer | None = None) -> Floats:
    """[n, m] dot products of float32 [n, dim] and [m, dim]: cosines, if the vectors have unit length.

    A single vector [dim] is one row.
    """
    first, second = matrix(a, "a", "f"), matrix(b, "b", "f")
    if first.width != second.width and first.count and second.count:
        raise ArgumentError(f"a has vectors of {first.width} values, b of {second.width}")
    scores = Output(out, (first.count, second.count))
    scores.refuse_overlap(first.start, first.memory.nbytes, "a")
    scores.refuse_overlap(second.start, second.memory.nbytes, "b")
    call(
        _abi.library.pclip_similarity,
        first.start,
        first.count,
        second.start,
        second.count,
        first.width,
        scores.start,
    )
    result: Floats = scores.result
    return result


def softmax(scores: Rows, scale: float, *, out: Buffer | None = None) -> Floats:
    """softmax(scale * score) of each row of float32 [n, m]; `Model.probabilities` computes the model's own score.

    out: may be `scores` itself.
    """
    rows, result = in_place(scores, out)
    call(_abi.library.pclip_softmax, result.start, rows.count, rows.width, scale)
    probabilities: Floats = result.result
    return probabilities


def in_place(scores: Rows, out: Buffer | None) -> tuple[Matrix, Output]:
    """The scores, and the output that receives the result: a copy of the scores, or the same memory."""
    rows = matrix(scores, "scores", "f")
    result = Output(out, (rows.count, rows.width))
    if result.start != rows.start:
        result.refuse_overlap(rows.start, rows.memory.nbytes, "scores")
        result.fill(rows.start)
    return rows, result


def compare_spaces(first: str, second: str) -> bool | None:
    """Whether vectors of two bundles may be compared, by `info.space_id`: ids known on both sides must be equal.

    None: no id is known on both sides.
    """
    pairs = zip(first.split("."), second.split("."))
    known = [one == other for one, other in pairs if "-" not in (one, other)]
    return all(known) if known else None
