"""Cosine to FP32 beside zero-shot decisions, over precisions, roundings and bit widths. See docs/QUANTIZATION.md."""

import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
MINIS = ROOT / "Fixtures" / "minis"
TOOL = ROOT / ".build" / "release" / "pocketclip"
RESULTS = ROOT / "Benchmarks" / "results" / "curve"
