"""The points as SVG: the mean cosine of images against decisions, with intervals of 95 %. Standard library only, so that
the file depends on the points alone."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito's: colour-blind readers distinguish them."""
WIDTH, HEIGHT, LEFT, TOP, GAP = 560, 320, 70, 40, 70
LEAST = 1e-6
"""1 − cosine below this is drawn at the edge."""
FEWEST = 1e-4
"""Likewise a share of images with another label: none of them have a place on a logarithmic axis."""


def svg(rows):
    rows = sorted((row for row in rows if distance(row) > 0), key=lambda row: row["how"] == "runtime")  # on top
    models = sorted({row["model"] for row in rows})
    places = [TOP + index * (HEIGHT + GAP) for index in range(3)]
    body = [panel(rows, models, "agreement", "images with another label than FP32, %", others(rows, places[0])),
            panel(rows, models, "top1", "zero-shot top-1, %", shares(rows, places[1])), legend(models, places[2])]
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 20}" '
            f'height="{places[2] + 20 * math.ceil((len(models) + 2) / 3)}" font-family="sans-serif" font-size="12">\n'
            '<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(body) + "\n</svg>\n")


def distance(row):
    return 1 - row["image_mean"]


@dataclass(frozen=True)
class Axis:
    """The vertical one of a panel: where a share belongs, and the lines to draw."""

    top: int
    place: Callable[[float], float]
    lines: list


def others(rows, top):
    """The share of images that chose another label: logarithmic, downwards to FEWEST."""
    last = math.ceil(math.log10(max(1 - row["agreement_low"] for row in rows)))
    first = math.log10(FEWEST)

    def place(share):
        return top + HEIGHT * (last - math.log10(max(1 - share, FEWEST))) / (last - first)

    return Axis(top, place, [(1 - 10.0**power, f"{100 * 10.0**power:g}") for power in range(round(first), last + 1)])


def shares(rows, top):
    """The share itself, from a tenth below the least."""
    lowest = math.floor(10 * min(row["top1_low"] for row in rows)) / 10
    steps = [lowest + (1 - lowest) * step / 5 for step in range(6)]
    return Axis(top, lambda share: top + HEIGHT * (1 - share) / (1 - lowest),
                [(share, f"{100 * share:.0f}") for share in steps])


def panel(rows, models, name, title, axis):
    distances = [max(distance(row), LEAST) for row in rows]
    first, last = math.floor(math.log10(min(distances))), math.ceil(math.log10(max(distances)))

    def x(value):
        return LEFT + WIDTH * (math.log10(max(value, LEAST)) - first) / max(last - first, 1)

    bottom = axis.top + HEIGHT
    lines = [f'<text x="{LEFT}" y="{axis.top - 10}">{title}</text>']
    for decade in range(first, last + 1):
        lines.append(f'<path d="M{x(10.0**decade):.1f} {axis.top}V{bottom}" stroke="#ddd"/>')
        lines.append(f'<text x="{x(10.0**decade):.1f}" y="{bottom + 16}" text-anchor="middle">{cosine(decade)}</text>')
    for share, label in axis.lines:
        lines.append(f'<path d="M{LEFT} {axis.place(share):.1f}h{WIDTH}" stroke="#ddd"/>')
        lines.append(f'<text x="{LEFT - 6}" y="{axis.place(share) + 4:.1f}" text-anchor="end">{label}</text>')
    lines.append(f'<text x="{LEFT + WIDTH / 2}" y="{bottom + 34}" text-anchor="middle">mean cosine of images to FP32</text>')
    lines += [mark(row, name, x(distance(row)), axis.place, COLORS[models.index(row["model"]) % len(COLORS)])
              for row in rows]
    return "\n".join(lines)


def cosine(decade):
    """1 − 10^decade, as a number that can be read."""
    return "0" if decade == 0 else f"{1 - 10.0**decade:.{-decade}f}"


def mark(row, name, x, y, color):
    """Filled: our runtime; hollow: simulated. A square: calibrated rounding."""
    low, high, at = (y(row[name + end]) for end in ("_low", "_high", ""))
    fill = color if row["how"] == "runtime" else "white"
    style = f'stroke="{color}" fill="{fill}"'
    calibrated = "calibrated" in (row.get("rounding"), *str(row.get("bundle", "")).split())
    shape = (f'<rect x="{x - 3.5:.1f}" y="{at - 3.5:.1f}" width="7" height="7" {style}/>' if calibrated
             else f'<circle cx="{x:.1f}" cy="{at:.1f}" r="4" {style}/>')
    return f'<path d="M{x:.1f} {low:.1f}V{high:.1f}" stroke="{color}" stroke-opacity="0.4"/>{shape}'


def legend(models, top):
    entries = [(f'<circle cx="0" cy="-4" r="4" fill="{COLORS[index % len(COLORS)]}"/>', model)
               for index, model in enumerate(models)]
    entries.append(('<circle cx="0" cy="-4" r="4" fill="white" stroke="black"/>', "hollow: simulated"))
    entries.append(('<rect x="-4" y="-8" width="8" height="8" fill="white" stroke="black"/>', "square: calibrated"))
    return "\n".join(f'<g transform="translate({LEFT + 190 * (index % 3)} {top + 20 * (index // 3)})">{shape}'
                     f'<text x="10">{escape(text)}</text></g>' for index, (shape, text) in enumerate(entries))
