"""Turns measured seconds into ratios, shares of the machine's peak, and Markdown."""

from operator import truediv

from .cases import CASES, WITHOUT_AMX, is_ours, plain, precision, with_refusals
from .rounds import quartiles

NOT_MEASURED = "not measured"


def peak_of(engine, peak):
    """The most operations per second with the factors that the engine multiplies; 0 if it is unknown.

    FP16 is the storage of weights: factors are FP32. `exact` multiplies 16-bit by 8-bit factors. In tiles, such a
    product is two of bytes.
    """
    tiles = 0 if engine.endswith(WITHOUT_AMX) else 1
    if plain(engine) == "pocketclip-exact":
        return max(peak["int16"], tiles * peak["int8_tiles"] / 2)
    kind = {"fp32": "fp32", "fp16": "fp32", "bf16": "bf16", "int8": "int8"}[precision(engine)]
    best = max(peak[kind], tiles * peak.get(f"{kind}_tiles", 0))
    return best or (peak["fp32"] if plain(engine) == "openvino-default" else 0)


def milliseconds(seconds):
    first, median, third = (1000 * each for each in quartiles(seconds["rounds"]))
    return {"median_ms": median, "quartiles_ms": (first, third), "minimum_ms": 1000 * seconds["minimum"]}


def rows(name, measured):
    """One dictionary per batch and engine: milliseconds per item, share of peak, fidelity."""
    case, table = CASES[name], []
    for batch, times in measured["batches"].items():
        for engine, seconds in times.items():
            times_ms, best = milliseconds(seconds), peak_of(engine, measured["peak"])
            skips_padding = case.inputs == "captions" and is_ours(engine)
            rate = 1000 * measured["operations"] / times_ms["median_ms"]
            table.append({
                "case": name, "batch": int(batch), "engine": engine, "rounds": seconds["rounds"], **times_ms,
                "share_of_peak": rate / best if best and not skips_padding else None,
                "worst_cosine": measured["engines"][engine]["worst_cosine"],
            })
    return table


def headline(table):
    """Per batch, with and without AMX: PocketCLIP's engine of the case (its first), the fastest peer, their ratios.

    The ratio is paired: the peer's time divided by PocketCLIP's in the same round, so that a slower phase of the
    machine affects both.
    """
    lines = []
    for batch in dict.fromkeys(row["batch"] for row in table):
        for suffix in ("", WITHOUT_AMX):
            group = [row for row in table if row["batch"] == batch and takes_part(row["engine"], suffix)]
            ours = next((row for row in group if is_ours(row["engine"])), None)
            peers = [row for row in group if not is_ours(row["engine"])]
            if ours is None or not peers:
                continue
            peer = min(peers, key=lambda row: row["median_ms"])
            lines.append({"ours": ours, "peer": peer, "without_amx": bool(suffix),
                          "ratios": quartiles(list(map(truediv, peer["rounds"], ours["rounds"]))),
                          "ratio_of_minima": min(row["minimum_ms"] for row in peers) / ours["minimum_ms"]})
    return lines


def takes_part(engine, suffix):
    """Without AMX, also the peers that never use it."""
    never_uses_it = bool(suffix) and not is_ours(engine) and with_refusals([engine]) == (engine,)
    return never_uses_it or engine == plain(engine) + suffix


def span(quartiles_ms):
    return "{:.2f}–{:.2f}".format(*quartiles_ms)


def engine_table(table):
    lines = ["| case | batch | engine | median ms | quartiles | least ms | share of peak | worst cosine |",
             "|---|--:|---|--:|--:|--:|--:|--:|"]
    for row in table:
        share = "" if row["share_of_peak"] is None else f"{row['share_of_peak']:.0%}"
        lines.append(f"| {CASES[row['case']].title} | {row['batch']} | {row['engine']} | {row['median_ms']:.2f} | "
                     f"{span(row['quartiles_ms'])} | {row['minimum_ms']:.2f} | {share} | {row['worst_cosine']:.6f} |")
    return "\n".join(lines)


def headline_table(lines):
    text = ["| case | batch | PocketCLIP ms | fastest peer ms | ratio | quartiles | of minima | "
            "worst cosine, PocketCLIP / peer |", "|---|--:|--:|---|--:|--:|--:|---|"]
    for line in lines:
        ours, peer = line["ours"], line["peer"]
        title = CASES[ours["case"]].title + (", without AMX" if line["without_amx"] else "")
        first, median, third = line["ratios"]
        text.append(f"| {title} | {ours['batch']} | {ours['median_ms']:.2f} | {plain(peer['engine'])} "
                    f"{peer['median_ms']:.2f} | {median:.2f} | {first:.2f}–{third:.2f} | "
                    f"{line['ratio_of_minima']:.2f} | {ours['worst_cosine']:.6f} / {peer['worst_cosine']:.6f} |")
    return "\n".join(text)


def circumstances_table(cases):
    """When and how each case was measured. Cases of one machine may be of several commits."""
    lines = ["| case | commit | date | rounds | load before | priority |", "|---|---|---|--:|--:|---|"]
    for name, case in cases.items():
        priority = "real-time" if case["realtime"] else "normal"
        lines.append(f"| {name} | {case['commit']} | {case['date']} | {case['rounds']} | {case['load']:.1f} | "
                     f"{priority} |")
    return "\n".join(lines)


def export_table(cases):
    """How long each engine's files take to make from the weights, step by step."""
    if not any(case.get("exports") for case in cases.values()):
        return f"Time of the exports: {NOT_MEASURED}."
    lines = ["| variant | engine | seconds | steps |", "|---|---|--:|---|"]
    for name, case in cases.items():
        for engine, steps in case.get("exports", {}).items():
            known = all(step is not None for step in steps.values())
            total = f"{sum(step['seconds'] for step in steps.values()):.0f}" if known else NOT_MEASURED
            detail = ", ".join(step if time is None else f"{step} {time['seconds']:.1f}"
                               for step, time in steps.items())
            line = f"| {CASES[name].variant} {CASES[name].tower} | {engine} | {total} | {detail} |"
            if line not in lines:
                lines.append(line)
    return "\n".join(lines)
