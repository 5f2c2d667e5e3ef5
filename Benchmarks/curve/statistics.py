"""Shares of images with their confidence intervals."""

import math

Z = 1.959963984540054
"""Of a normal distribution, 95 % lies within so many standard deviations."""


def wilson(count, total):
    """(share, lowest, highest): Wilson's interval of 95 %, which is also sound near 0 and 1."""
    share = count / total
    spread = Z * math.sqrt(share * (1 - share) / total + Z * Z / (4 * total * total))
    center, scale = share + Z * Z / (2 * total), 1 + Z * Z / total
    return share, max(0.0, (center - spread) / scale), min(1.0, (center + spread) / scale)


def measured(image, text, truth, expected):
    """The figures of one point from unit vectors [images, E] and [labels, E].

    truth: (image, text) in FP32. expected: each image's index among the labels.
    """
    chosen, original = ((x @ y.T).argmax(axis=1) for x, y in ((image, text), truth))
    figures = {}
    for name, found, reference in (("image", image, truth[0]), ("text", text, truth[1])):
        cosines = (found.astype("f8") * reference.astype("f8")).sum(axis=1)
        figures |= {f"{name}_worst": float(cosines.min()), f"{name}_mean": float(cosines.mean())}
    for name, right in (("top1", chosen == expected), ("agreement", chosen == original)):
        figures |= dict(zip((name, f"{name}_low", f"{name}_high"), wilson(int(right.sum()), len(right))))
    return figures
