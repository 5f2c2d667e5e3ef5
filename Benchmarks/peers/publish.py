"""Keeps results as JSON, one file per kind of machine, and writes the measured part of docs/benchmarks.md from them."""

import importlib.metadata
import json
import textwrap

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
    races = [report.rows(name, case) for name, case in cases.items() if "batches" in case]
    parts = []
    if races:
        heads = [line for rows in races for line in report.headline(rows)]
        parts += [report.headline_table(heads), report.engine_table([row for rows in races for row in rows]),
                  report.export_table(cases)]
    parts += [module.table(cases[name]["result"]) for name, module in ALONE.items() if name in cases]
    return "\n\n".join(parts)


def section(document):
    """One machine: its name, its peak rates, its tables."""
    cases, about = document["cases"], document["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in document["versions"].items())
    facts = (f"{about['cores']} cores ({', '.join(about['instructions'])}), {about['threads']} threads. "
             f"{peaks(machine.best(*(case['peak'] for case in cases.values())))} Against {versions}.")
    return (f"## {about['processor']}\n\n{textwrap.fill(facts, 120)}\n\n{markdown(cases)}\n\n"
            f"{report.circumstances_table(cases)}\n")


def peaks(peak):
    """The machine's rates in a sentence, and what it has of AMX."""
    billions = {kind: f"{rate / 1e9:.0f}" for kind, rate in peak.items()}
    vectors = (f"At best {billions['fp32']} GFLOP/s in FP32, {billions['bf16']} in BF16, {billions['int8']} GOP/s in "
               f"int8, {billions['int16']} with 16-bit by 8-bit factors, {billions['memory']} GB/s from memory.")
    if not peak["int8_tiles"]:
        return f"{vectors} No usable AMX: there are no rows with and without it."
    return (f"{vectors} With AMX {billions['bf16_tiles']} GFLOP/s in BF16, {billions['int8_tiles']} GOP/s in int8; rows "
            "`-without-amx` are processes to which the system refuses it.")


def write_document():
    """Replaces the text between the two marks; the rest of the page is manual."""
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    documents = [json.loads(file.read_text()) for file in sorted(RESULTS.glob("*.json"))]
    DOCUMENT.write_text(before + BEGIN + "\n" + "\n".join(map(section, documents)) + "\n" + END + after)
