"""The points as CSV, and as Markdown for docs/QUANTIZATION.md."""

import csv

COLUMNS = ("model", "how", "bundle", "arithmetic", "rounding", "weight_bits", "activation_bits", "group", "grouped", "bytes",
           "images", "labels", "image_worst", "image_mean", "text_worst", "text_mean", "top1", "top1_low", "top1_high",
           "agreement", "agreement_low", "agreement_high")


def write(rows, file):
    with open(file, "w", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: text(value) for name, value in row.items()} for row in rows)


def text(value):
    """Seven decimals: the last ones depend on the processor."""
    return f"{value:.7f}" if isinstance(value, float) else value


def read(file):
    with open(file, newline="") as stream:
        return [{name: number(value) for name, value in row.items()} for row in csv.DictReader(stream)]


def number(value):
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            pass
    return value


def markdown(rows):
    lines = ["| model | point | MB | image: worst / mean | text: worst / mean | top-1 | same label as FP32 |",
             "|---|---|--:|---|---|---|---|"]
    for row in rows:
        cosines = [f"{row[tower + '_worst']:.5f} / {row[tower + '_mean']:.5f}" for tower in ("image", "text")]
        shares = [share(row, name) for name in ("top1", "agreement")]
        lines.append(f"| {' | '.join([row['model'], title(row), megabytes(row), *cosines, *shares])} |")
    return "\n".join(lines)


def megabytes(row):
    return f"{row['bytes'] / 1e6:.2f}"


def share(row, name):
    """With its interval of 95 %, in per cent."""
    value, low, high = (100 * row[name + end] for end in ("", "_low", "_high"))
    return f"{value:.2f} ({low:.2f}–{high:.2f})"


def title(row):
    if row["how"] == "runtime":
        return f"`{row['bundle']}`, {row['arithmetic']}"
    if not row.get("weight_bits"):
        return "PyTorch, FP32"
    where = f" in groups of {row['group']}" if row["group"] else ""
    parts = f" ({row['grouped']}; the rest 8)" if row["grouped"] else ""
    return f"weights {row['weight_bits']}{where}{parts}, activations {row['activation_bits']}, {row['rounding']}"
