"""Keeps results as JSON, one file per kind of machine, and writes the measured part of docs/benchmarks.md from them."""

import importlib.metadata
import json

from . import ROOT, coldstart, jpeg, machine, products, report
from .cases import CASES

RESULTS = ROOT / "Benchmarks" / "results"
DOCUMENT = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- measured: written by `make bench` -->\n", "<!-- end of measured -->\n"
ALONE = {"cold-start": coldstart, "jpeg": jpeg, "products": products}
"""Measurements without engines to compare: modules with `measure` and `table`."""
NAMES = [*CASES, *ALONE]
PEERS = ("onnxruntime", "openvino", "nncf", "torch")


def store(cases):
    """Replaces these cases in this machine's file; those of other runs stay, each with its own date and peak."""
    file = RESULTS / f"{machine.name()}.json"
    known = (json.loads(file.read_text())["cases"] if file.exists() else {}) | cases
    document = {"machine": machine.description(), "versions": {p: importlib.metadata.version(p) for p in PEERS},
                "cases": {name: known[name] for name in sorted(known, key=NAMES.index)}}
    RESULTS.mkdir(exist_ok=True)
    file.write_text(json.dumps(document, indent=1) + "\n")


def markdown(cases):
    """The tables of some cases."""
    races = [case["rows"] for case in cases.values() if "rows" in case]
    parts = []
    if races:
        heads = [line for rows in races for line in report.headline(rows)]
        parts += [report.headline_table(heads), report.engine_table([row for rows in races for row in rows])]
    parts += [module.table(cases[name]["result"]) for name, module in ALONE.items() if name in cases]
    return "\n\n".join(parts)


def section(document):
    """One machine: its name, its peak rates, its tables."""
    cases, about = document["cases"], document["machine"]
    peak = {key: max(case["peak"][key] for case in cases.values()) for key in ("fp32", "bf16", "int8", "memory")}
    versions = ", ".join(f"{name} {version}" for name, version in document["versions"].items())
    return (f"## {about['processor']}\n\n"
            f"{about['cores']} cores ({', '.join(about['instructions'])}), {about['threads']} threads; at best "
            f"{peak['fp32'] / 1e9:.0f} GFLOP/s in FP32, {peak['bf16'] / 1e9:.0f} in BF16, {peak['int8'] / 1e9:.0f} GOP/s "
            f"in int8, {peak['memory'] / 1e9:.0f} GB/s from memory. Against {versions}.\n\n{markdown(cases)}\n")


def write_document():
    """Replaces the text between the two marks; the rest of the page is manual."""
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    documents = [json.loads(file.read_text()) for file in sorted(RESULTS.glob("*.json"))]
    DOCUMENT.write_text(before + BEGIN + "\n" + "\n".join(map(section, documents)) + "\n" + END + after)
