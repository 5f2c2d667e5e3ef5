"""Tables of peers.quantizers; its results as JSON, one file per kind of machine, and the table of docs/QUANTIZATION.md."""

import importlib.metadata
import json
import math

from . import ROOT, machine

RESULTS = ROOT / "Benchmarks" / "results" / "quantizers"
DOCUMENT = ROOT / "docs" / "QUANTIZATION.md"
BEGIN, END = "<!-- quantizers: written by `make bench-quantizers` -->\n", "<!-- end of quantizers -->\n"
PACKAGES = ("onnxruntime", "openvino", "nncf", "torch")


def markdown(models):
    """Two tables: worst and mean cosine, and megabytes. A row is a tower of a model, a column a quantizer."""
    rows = {(name, tower): found for name, towers in models.items() for tower, found in towers.items()}
    columns = list(dict.fromkeys(quantizer for found in rows.values() for quantizer in found))
    head = ["model", "tower", *columns]
    cosines = [[*key, *(cosine_cell(found.get(column), closest(found)) for column in columns)]
               for key, found in rows.items()]
    sizes = [[*key, *(size_cell(found.get(column)) for column in columns)] for key, found in rows.items()]
    return (f"Worst / mean cosine; the highest mean of each row is bold:\n\n{table(head, cosines)}\n\n"
            f"Megabytes of each tower's file:\n\n{table(head, sizes)}")


def closest(found):
    """The figures with the highest mean cosine."""
    return max((each for each in found.values() if "mean" in each), key=lambda each: each["mean"], default=None)


def cosine_cell(figures, best):
    if figures is None or "mean" not in figures:
        return "not measured" if figures is None else "refused"
    text = f"{downwards(figures['worst'])} / {downwards(figures['mean'])}"
    return f"**{text}**" if figures is best else text


def downwards(cosine):
    """Five decimals, towards the worse side."""
    return f"{math.floor(cosine * 1e5 + 1e-6) / 1e5:.5f}"


def size_cell(figures):
    return f"{figures['bytes'] / 1e6:.1f}" if figures and "bytes" in figures else "-"


def table(head, rows):
    lines = [head, ["---"] * 2 + ["--:"] * (len(head) - 2), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def store(name, result):
    """Replaces a model in this machine's file."""
    file = RESULTS / f"{machine.name()}.json"
    known = json.loads(file.read_text())["models"] if file.exists() else {}
    document = {"machine": machine.description(),
                "versions": {package: importlib.metadata.version(package) for package in PACKAGES},
                "models": dict(sorted((known | {name: result}).items()))}
    RESULTS.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document, indent=1) + "\n")


def write_document():
    """Replaces the text between the two marks; the rest of the page is manual."""
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    sections = [section(json.loads(file.read_text())) for file in sorted(RESULTS.glob("*.json"))]
    DOCUMENT.write_text(before + BEGIN + "\n" + "\n".join(sections) + "\n" + END + after)


def section(document):
    versions = ", ".join(f"{name} {version.split('-')[0]}" for name, version in document["versions"].items())
    towers = {name: result["towers"] for name, result in document["models"].items()}
    return f"{document['machine']['processor']}; {versions}.\n\n{markdown(towers)}\n"
