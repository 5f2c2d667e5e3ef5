"""Turns measured seconds into ratios, shares of the machine's peak, and Markdown."""

import statistics
from operator import truediv

import numpy as np

from . import exports
from .cases import CASES, is_ours, precision

PEAK_OF = {"fp32": "fp32", "fp16": "fp32", "bf16": "bf16", "int8": "int8"}
"""FP16 is the storage of weights; sums are FP32."""


def operations(case):
    """Two operations per multiply-add of one item, padding included, as a peer computes them (counted by PyTorch)."""
    return int(np.load(exports.path(case.variant, case.tower, "reference"))["operations"])


def rows(name, result, peak):
    """One dictionary per batch and engine: milliseconds per item, share of peak, fidelity."""
    case, table = CASES[name], []
    for batch, times in result["batches"].items():
        for engine, seconds in times.items():
            rate, best = operations(case) / seconds["median"], peak[PEAK_OF[precision(engine)]]
            skips_padding = case.inputs == "captions" and is_ours(engine)
            table.append({
                "case": name, "batch": int(batch), "engine": engine,
                "round_ms": [1000 * each for each in seconds["rounds"]],
                "median_ms": 1000 * seconds["median"], "minimum_ms": 1000 * seconds["minimum"],
                "share_of_peak": rate / best if best and not skips_padding else None,
                "worst_cosine": result["engines"][engine]["worst_cosine"],
            })
    return table


def headline(table):
    """Per batch: PocketCLIP's engine of the case (its first), the fastest peer, and their ratios.

    The ratio is paired: the median over the rounds of the peer's time divided by PocketCLIP's in the same round, so
    that a slower phase of the machine affects both.
    """
    lines = []
    for batch in dict.fromkeys(row["batch"] for row in table):
        of_batch = [row for row in table if row["batch"] == batch]
        ours = next((row for row in of_batch if is_ours(row["engine"])), None)
        peers = [row for row in of_batch if not is_ours(row["engine"])]
        if ours is None or not peers:
            continue
        peer = min(peers, key=lambda row: row["median_ms"])
        least = min(row["minimum_ms"] for row in peers)
        lines.append({"case": ours["case"], "batch": batch, "ours": ours, "peer": peer,
                      "ratio": statistics.median(map(truediv, peer["round_ms"], ours["round_ms"])),
                      "ratio_of_minima": least / ours["minimum_ms"]})
    return lines


def engine_table(table):
    lines = ["| case | batch | engine | median ms | least ms | share of peak | worst cosine |",
             "|---|--:|---|--:|--:|--:|--:|"]
    for row in table:
        share = "" if row["share_of_peak"] is None else f"{row['share_of_peak']:.0%}"
        lines.append(f"| {CASES[row['case']].title} | {row['batch']} | {row['engine']} | {row['median_ms']:.2f} | "
                     f"{row['minimum_ms']:.2f} | {share} | {row['worst_cosine']:.6f} |")
    return "\n".join(lines)


def headline_table(lines):
    text = ["| case | batch | PocketCLIP ms | fastest peer ms | ratio | of minima | worst cosine, PocketCLIP / peer |",
            "|---|--:|--:|---|--:|--:|---|"]
    for line in lines:
        ours, peer = line["ours"], line["peer"]
        text.append(f"| {CASES[line['case']].title} | {line['batch']} | {ours['median_ms']:.2f} | "
                    f"{peer['engine']} {peer['median_ms']:.2f} | {line['ratio']:.2f} | {line['ratio_of_minima']:.2f} | "
                    f"{ours['worst_cosine']:.6f} / {peer['worst_cosine']:.6f} |")
    return "\n".join(text)
