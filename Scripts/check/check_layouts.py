#!/usr/bin/env python3
"""Writes checkpoints in the layouts that people have, with the original libraries. Each is read and its vectors equal
the library's, or it is refused and the advice of the error works when followed literally.

    Scripts/check/check_layouts.py [--tool PATH] [--only TEXT] [--markdown FILE]

Needs the command line (`make build`) and the environment of Scripts/environments/venv-layouts.sh. Models are tiny and
random. Exit status 1 if an embedding's cosine to the library's is below LEAST_COSINE, or if a refusal or its remedy
differs from the one stated here.
"""

import argparse
import dataclasses
import json
import logging
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
from safetensors.numpy import save_file

from layouts.all import LAYOUTS
from verify_report import worst_cosines

ROOT = pathlib.Path(__file__).resolve().parents[2]
LEAST_COSINE = 0.999999


@dataclasses.dataclass
class Outcome:
    cosine: float | None
    message: str


def verify(tool, path, options, truth, folder):
    """The worst cosine to the library's embeddings, or the refusal."""
    golden = folder.parent / f"{folder.name}.golden.safetensors"
    save_file(truth.tensors(), str(golden), metadata={
        "golden.version": "1", "golden.model": "layout", "golden.weights": "tiny", "golden.writer": truth.writer})
    run = subprocess.run([tool, "verify", *map(str, path), "--golden", str(golden), "--json", *options],
                         capture_output=True, text=True)
    if run.returncode in (0, 1):
        return Outcome(min(worst_cosines(json.loads(run.stdout))), "")
    return Outcome(None, run.stderr.strip().replace(str(folder), "…"))


def check(tool, layout, folder):
    """(what was printed, complaint or None)"""
    path, truth = layout.write(folder)
    paths = path if isinstance(path, list) else [path]
    outcome = verify(tool, paths, layout.options, truth, folder)
    if layout.refusal is None:
        if outcome.cosine is None:
            return outcome.message, "refused"
        return f"cosine {outcome.cosine:.9f}", None if outcome.cosine >= LEAST_COSINE else "other vectors"
    if outcome.cosine is not None:
        return f"cosine {outcome.cosine:.9f}", f"read, but {layout.refusal!r} was to be said"
    if layout.refusal not in outcome.message:
        return outcome.message, f"does not say {layout.refusal!r}"
    if layout.remedy is None:
        return outcome.message, None
    followed, options = layout.remedy(folder, paths, layout.options)
    again = verify(tool, followed, options, truth, folder)
    if again.cosine is None:
        return outcome.message, f"the remedy fails: {again.message}"
    text = f"{outcome.message} → cosine {again.cosine:.9f}"
    return text, None if again.cosine >= LEAST_COSINE else "the remedy gives other vectors"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", default=str(ROOT / ".build/release/pocketclip"))
    parser.add_argument("--only", default="")
    parser.add_argument("--markdown")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    rows, failures = [], 0
    for layout in LAYOUTS:
        if options.only not in layout.name:
            continue
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary) / "model"
            folder.mkdir()
            printed, complaint = check(options.tool, layout, folder)
        failures += complaint is not None
        rows.append((layout.name, printed))
        print(f"{'✘' if complaint else '✔'} {layout.name}: {printed[:400]}"
              + (f"\n    ({complaint})" if complaint else ""), flush=True)
    if options.markdown:
        lines = ["| layout | outcome |", "|---|---|"] + [f"| {name} | {text} |" for name, text in rows]
        pathlib.Path(options.markdown).write_text("\n".join(lines) + "\n")
    print(f"{len(rows)} layouts, {failures} wrong")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
