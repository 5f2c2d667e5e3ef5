#!/usr/bin/env python3
"""Measures every model and writes docs/fidelity.json; prints the tables of docs/fidelity.md and docs/QUANTIZATION.md.
Standard library only.

    Scripts/check/parity.py .build/release/pocketclip [--only ViT-B-32,mini-rn] [--parts reference,bundles,int8]

Weights of the nine variants are synthetic (docs/SYNTHETIC.md) and generated on the fly; those of the minis are trained.
Truth is OpenAI's own code in float64 (Fixtures/golden, Fixtures/minis/goldens). The reference runs in the command line,
bundles through the runtime. The part `int8` converts with the default options: an hour for all on two cores.
"""

import argparse
import json
import pathlib
import resource
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
VARIANTS = ["RN50", "RN101", "RN50x4", "RN50x16", "RN50x64", "ViT-B-32", "ViT-B-16", "ViT-L-14", "ViT-L-14-336px"]
PROFILES = ["ViT-B-32:channels-50", "ViT-B-32:sink", "ViT-B-32:tails", "ViT-L-14:tails"]
MINIS = ["mini-vit", "mini-rn"]
PARTS = ["reference", "bundles", "int8"]
TOWERS = ["image", "text"]


def run(*command):
    """The JSON object that a command prints; exit status 1 (verification failed) is a result too."""
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if result.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(map(str, command))}\n{result.stderr}")
    return json.loads(result.stdout)


def towers(report):
    return {tower: report[tower]["metrics"] for tower in TOWERS if report.get(tower)}


def image_stages(report):
    """A ResNet's relative error after the stem and each stage, of the means over the pixels that its golden holds."""
    errors = {stage["stage"]: stage["error"] for stage in (report.get("image") or {}).get("stages", [])}
    last = {stage.rsplit(".", 1)[0] if stage.startswith("visual.layer") else stage: error for stage, error in errors.items()}
    return {"image_stages": last} if "visual.stem" in last else {}


def golden_file(model):
    if model in MINIS:
        return ROOT / f"Fixtures/minis/goldens/{model}.safetensors"
    return ROOT / f"Fixtures/golden/{model.replace(':', '-')}.safetensors"


def source(model):
    return ROOT / f"Fixtures/minis/{model}.pt" if model in MINIS else f"synthetic:{model}"


def reference(tool, model):
    output = run(tool, "verify", source(model), "--golden", golden_file(model), "--json")
    report = output["reports"][0]
    return {
        "ours": towers(report),
        "pytorch": {tower: report[tower]["original"] for tower in TOWERS if report.get(tower)},
        "verdict": report["verdict"], "seconds": output["seconds"], "peak_byte_count": output["peak_byte_count"],
    }


def reports(tool, path, model):
    measured = run(tool, "verify", path, "--golden", golden_file(model), "--json")["reports"]
    return {r["thresholds"]["name"]: {"verdict": r["verdict"], **towers(r), **image_stages(r)} for r in measured}


def bundle(tool, model, precision, folder):
    """Stored without measuring, int8 rounded to nearest."""
    path = folder / "bundle.pclip"
    converted = run(tool, "convert", source(model), "-o", path, "--precision", precision, "--no-measure", "--force", "--json")
    opened = min(run(tool, "info", path, "--json")["bundle"]["open_seconds"] for _ in range(3))
    return {
        "byte_count": converted["byte_count"], "open_seconds": opened, "writing_seconds": converted["seconds"]["writing"],
        "peak_byte_count": converted["peak_byte_count"], "reports": reports(tool, path, model),
    }


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def default_int8(tool, model, folder):
    """What `convert --precision int8` writes without further options."""
    path = folder / "bundle.pclip"
    started, used = time.monotonic(), processor_seconds()
    converted = run(tool, "convert", source(model), "-o", path, "--precision", "int8", "--force", "--json")
    seconds, used = time.monotonic() - started, processor_seconds() - used
    return {
        "byte_count": converted["byte_count"], "peak_byte_count": converted["peak_byte_count"],
        "seconds": seconds, "processor_seconds": used, "forms": forms(converted["matrices"]),
        "gate": {r["thresholds"]["name"]: towers(r) for r in converted["fidelity"]}, "reports": reports(tool, path, model),
    }


def forms(matrices):
    """How many matrices of each tower there are, are calibrated, stored in FP16, and have inputs of 16 bits."""
    counts = {}
    for tower in TOWERS:
        own = [m for m in matrices if m["tensor"].startswith("visual.") == (tower == "image")]
        counts[tower] = {
            "matrices": len(own), "calibrated": sum(m.get("rounding") == "calibrated" for m in own),
            "fp16": sum(m["weights"] == "fp16" for m in own), "wide": sum(m.get("inputs") == 16 for m in own)}
    return counts


def measure(tool, model, parts, known, folder):
    """The parts' figures in place of those known before."""
    result = dict(known)
    if "reference" in parts:
        result["reference"] = reference(tool, model)
    if "bundles" in parts:
        for precision in ("fp32", "fp16", "int8"):
            if precision != "fp32" or model in ("ViT-B-32", "RN50"):
                result[precision] = bundle(tool, model, precision, folder)
    if "int8" in parts:
        result["int8-default"] = default_int8(tool, model, folder)
    return result


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def reference_table(results):
    lines = [row("variant", "tower", "RMS PocketCLIP", "RMS PyTorch", "max abs PocketCLIP", "max abs PyTorch", "worst cosine",
                 "seconds", "peak MB"), row(*["---"] * 9)]
    for variant, result in results.items():
        reference = result.get("reference")
        if reference is None:
            continue
        for tower, ours in reference["ours"].items():
            theirs = reference["pytorch"][tower]
            lines.append(row(variant, tower, f"{ours['rms']:.2e}", f"{theirs['rms']:.2e}", f"{ours['maximum_absolute']:.1e}",
                             f"{theirs['maximum_absolute']:.1e}", f"{ours['worst_cosine']:.9f}",
                             f"{reference['seconds']:.1f}", f"{reference['peak_byte_count'] / 1e6:.0f}"))
    return lines


def bundle_table(results):
    lines = [row("variant", "bundle", "MB", "opens in ms", "arithmetic", "image cosine mean / worst",
                 "text cosine mean / worst"), row(*["---"] * 7)]
    for variant, result in results.items():
        for precision in ("fp32", "fp16", "int8"):
            if precision not in result:
                continue
            measured = result[precision]
            for name, report in measured["reports"].items():
                cosines = [f"{report[t]['mean_cosine']:.6f} / {report[t]['worst_cosine']:.6f}" if t in report else "-"
                           for t in TOWERS]
                lines.append(row(variant, precision, f"{measured['byte_count'] / 1e6:.1f}",
                                 f"{1000 * measured['open_seconds']:.1f}", name, *cosines))
    return lines


def stage_table(results):
    stages = ["visual.stem", *(f"visual.layer{stage}" for stage in range(1, 5))]
    lines = [row("variant", "arithmetic", *stages), row(*["---"] * (2 + len(stages)))]
    for variant, result in results.items():
        for name, report in result.get("int8", {}).get("reports", {}).items():
            errors = report.get("image_stages")
            if errors:
                lines.append(row(variant, name, *(f"{errors[s]:.3f}" if s in errors else "-" for s in stages)))
    return lines


def rung(counts):
    if any(tower["fp16"] or tower["wide"] for tower in counts.values()):
        return "mixed"
    return "calibrated" if any(tower["calibrated"] for tower in counts.values()) else "nearest"


def default_table(results):
    """One line per model: size, cost and forms."""
    lines = [row("model", "rung", "MB", "of FP16", "image: FP16, 16-bit inputs", "text", "seconds", "processor s", "peak MB"),
             row(*["---"] * 9)]
    for model, result in results.items():
        if "int8-default" not in result:
            continue
        measured, half = result["int8-default"], result["fp16"]["byte_count"]
        counts = measured["forms"]
        texts = [f"{c['fp16']}, {c['wide']} of {c['matrices']}" for c in (counts[t] for t in TOWERS)]
        lines.append(row(model, rung(counts), f"{measured['byte_count'] / 1e6:.1f}",
                         f"{100 * measured['byte_count'] / half:.1f} %", *texts, f"{measured['seconds']:.0f}",
                         f"{measured['processor_seconds']:.0f}", f"{measured['peak_byte_count'] / 1e6:.0f}"))
    return lines


def default_cosines(results):
    """Worst cosine on the gate; worst and mean on the report set, rounded to nearest and by default."""
    lines = [row("model", "arithmetic", "tower", "gate", "report, nearest", "report, default"), row(*["---"] * 6)]
    for model, result in results.items():
        if "int8-default" not in result:
            continue
        measured = result["int8-default"]
        for name in ("int8 fast", "int8 exact"):
            for tower in TOWERS:
                pairs = [r["reports"][name][tower] for r in (result["int8"], measured)]
                lines.append(row(model, name.split()[1], tower, f"{measured['gate'][name][tower]['worst_cosine']:.6f}",
                                 *(f"{p['worst_cosine']:.6f} / {p['mean_cosine']:.6f}" for p in pairs)))
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool", type=lambda p: pathlib.Path(p).resolve())
    parser.add_argument("--only", default=",".join([*VARIANTS, *PROFILES, *MINIS]))
    parser.add_argument("--parts", default=",".join(PARTS))
    arguments = parser.parse_args()
    parts = arguments.parts.split(",")
    if not set(parts) <= set(PARTS):
        parser.error(f"--parts: expected some of {','.join(PARTS)}")
    path = ROOT / "docs/fidelity.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    with tempfile.TemporaryDirectory() as name:
        for model in arguments.only.split(","):
            known[model] = measure(arguments.tool, model, parts, known.get(model, {}), pathlib.Path(name))
            path.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
            print(model, "measured", flush=True)
    shown = {model: known[model] for model in [*VARIANTS, *PROFILES, *MINIS] if model in known}
    for table in (reference_table, bundle_table, stage_table, default_table, default_cosines):
        print("\n".join(table(shown)), end="\n\n")


if __name__ == "__main__":
    main()
