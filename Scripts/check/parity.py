#!/usr/bin/env python3
"""Measures every variant and writes docs/fidelity.json and the tables of docs/fidelity.md. Standard library only.

    Scripts/check/parity.py .build/release/pocketclip [--only ViT-B-32,RN50] [--skip-int8-profiles]

Weights are synthetic (docs/SYNTHETIC.md) and generated on the fly; the reference is OpenAI's own code in float64
(Fixtures/golden). The reference runs in the command line, bundles through the runtime.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
VARIANTS = ["RN50", "RN101", "RN50x4", "RN50x16", "RN50x64", "ViT-B-32", "ViT-B-16", "ViT-L-14", "ViT-L-14-336px"]
GOLDENS = [*VARIANTS, "ViT-B-32:tails"]
PROFILES = ["channels-10", "channels-50", "channels-100", "sink", "tails"]
PROFILED = ["ViT-B-32", "ViT-L-14"]


def run(*command):
    """The JSON object that a command prints; exit status 1 (verification failed) is a result too."""
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if result.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(map(str, command))}\n{result.stderr}")
    return json.loads(result.stdout)


def towers(report):
    return {tower: report[tower]["metrics"] for tower in ("image", "text") if report.get(tower)}


def image_stages(report):
    """A ResNet's relative error after the stem and each stage, of the means over the pixels that its golden holds."""
    errors = {stage["stage"]: stage["error"] for stage in (report.get("image") or {}).get("stages", [])}
    last = {stage.rsplit(".", 1)[0] if stage.startswith("visual.layer") else stage: error for stage, error in errors.items()}
    return {"image_stages": last} if "visual.stem" in last else {}


def golden_file(variant):
    return ROOT / f"Fixtures/golden/{variant.replace(':', '-')}.safetensors"


def reference(tool, variant):
    golden = golden_file(variant)
    output = run(tool, "verify", f"synthetic:{variant}", "--golden", golden, "--json")
    report = output["reports"][0]
    return {
        "ours": towers(report),
        "pytorch": {tower: report[tower]["original"] for tower in ("image", "text") if report.get(tower)},
        "verdict": report["verdict"], "seconds": output["seconds"], "peak_byte_count": output["peak_byte_count"],
    }


def bundle(tool, source, precision, folder, golden=None):
    path = folder / "bundle.pclip"
    converted = run(tool, "convert", source, "-o", path, "--precision", precision, "--no-measure", "--force", "--json")
    truth = ["--golden", golden] if golden else ["--against", source]
    reports = run(tool, "verify", path, *truth, "--json")["reports"]
    opened = min(run(tool, "info", path, "--json")["bundle"]["open_seconds"] for _ in range(3))
    return {
        "byte_count": converted["byte_count"], "open_seconds": opened, "writing_seconds": converted["seconds"]["writing"],
        "peak_byte_count": converted["peak_byte_count"],
        "reports": {r["thresholds"]["name"]: {"verdict": r["verdict"], **towers(r), **image_stages(r)} for r in reports},
    }


def measure(tool, variant, folder):
    golden = golden_file(variant)
    result = {"reference": reference(tool, variant)}
    for precision in ("fp32", "fp16", "int8"):
        if precision == "fp32" and variant not in ("ViT-B-32", "RN50"):
            continue
        result[precision] = bundle(tool, f"synthetic:{variant}", precision, folder, golden)
    return result


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def reference_table(results):
    lines = [row("variant", "tower", "RMS PocketCLIP", "RMS PyTorch", "max abs PocketCLIP", "max abs PyTorch", "worst cosine",
                 "seconds", "peak MB"), row(*["---"] * 9)]
    for variant, result in results.items():
        reference = result["reference"]
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
                           for t in ("image", "text")]
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool", type=lambda p: pathlib.Path(p).resolve())
    parser.add_argument("--only", default=",".join(GOLDENS))
    parser.add_argument("--skip-int8-profiles", action="store_true")
    arguments = parser.parse_args()
    path = ROOT / "docs/fidelity.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for variant in arguments.only.split(","):
            known[variant] = measure(arguments.tool, variant, folder)
            path.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
            print(variant, "measured", flush=True)
        if not arguments.skip_int8_profiles:
            for variant in PROFILED:
                for profile in PROFILES:
                    name = f"{variant}:{profile}"
                    if name in GOLDENS:
                        continue
                    known[name] = {"int8": bundle(arguments.tool, f"synthetic:{name}", "int8", folder)}
                    path.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
                    print(name, "measured", flush=True)
    print("\n".join(reference_table({v: known[v] for v in GOLDENS if v in known})))
    print()
    print("\n".join(bundle_table(known)))
    print()
    print("\n".join(stage_table(known)))


if __name__ == "__main__":
    main()
