"""The points as SVG: the mean cosine of images against decisions, with intervals of 95 %. Standard library only, so that
the file depends on the points alone."""

import math
from html import escape

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito's: colour-blind readers distinguish them."""
WIDTH, HEIGHT, LEFT, TOP, GAP = 560, 320, 70, 40, 70
PANELS = (("agreement", "same label as FP32, %"), ("top1", "zero-shot top-1, %"))
LEAST = 1e-6
"""1 − cosine below this is drawn at the edge."""


def svg(rows):
    rows = [row for row in rows if distance(row) > 0]
    models = list(dict.fromkeys(row["model"] for row in rows))
    total = TOP + len(PANELS) * (HEIGHT + GAP) + 20 * math.ceil((len(models) + 2) / 3)
    body = [panel(rows, models, *each, top=TOP + index * (HEIGHT + GAP)) for index, each in enumerate(PANELS)]
    body.append(legend(models, TOP + len(PANELS) * (HEIGHT + GAP)))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 20}" height="{total}" '
            f'font-family="sans-serif" font-size="12">\n<rect width="100%" height="100%" fill="white"/>\n'
            + "\n".join(body) + "\n</svg>\n")


def distance(row):
    return 1 - row["image_mean"]


def decades(rows):
    """(first, last) power of ten of the axis."""
    found = [max(distance(row), LEAST) for row in rows]
    return math.floor(math.log10(min(found))), math.ceil(math.log10(max(found)))


def panel(rows, models, name, title, top):
    first, last = decades(rows)
    lowest = math.floor(10 * min(row[f"{name}_low"] for row in rows)) / 10

    def x(value):
        return LEFT + WIDTH * (math.log10(max(value, LEAST)) - first) / max(last - first, 1)

    def y(share):
        return top + HEIGHT * (1 - (share - lowest) / (1 - lowest))

    lines = [f'<text x="{LEFT}" y="{top - 10}">{title}</text>']
    for decade in range(first, last + 1):
        at = x(10.0**decade)
        lines.append(f'<path d="M{at:.1f} {top}V{top + HEIGHT}" stroke="#ddd"/>')
        lines.append(f'<text x="{at:.1f}" y="{top + HEIGHT + 16}" text-anchor="middle">{cosine(decade)}</text>')
    for step in range(6):
        share = lowest + (1 - lowest) * step / 5
        lines.append(f'<path d="M{LEFT} {y(share):.1f}h{WIDTH}" stroke="#ddd"/>')
        lines.append(f'<text x="{LEFT - 6}" y="{y(share) + 4:.1f}" text-anchor="end">{100 * share:.0f}</text>')
    lines.append(f'<text x="{LEFT + WIDTH / 2}" y="{top + HEIGHT + 34}" text-anchor="middle">mean cosine of images to '
                 "FP32</text>")
    lines += [mark(row, name, x(distance(row)), y, COLORS[models.index(row["model"]) % len(COLORS)]) for row in rows]
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
