#!/usr/bin/env python3
"""Runs `pocketclip diagnose` on every case of manifest.json, and compares the named causes with the true ones.

    Fixtures/diagnose/check.py [POCKETCLIP] [NAME …]      default: .build/release/pocketclip, all cases

Prints a line for each case that is not named, and the counts. Exit status 1 if a right file gets a cause, or if fewer than
nine in ten mistakes are named first. DiagnosisTests makes the same comparison without Python."""
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parent


def arguments(case):
    fixture = lambda word: str(FIXTURES / word) if "/" in word else word
    inputs = []
    if "images" in case:
        inputs += ["--images", *[str(FIXTURES / name) for name in case["images"]]]
    if "texts" in case:
        inputs += ["--texts", str(FIXTURES / case["texts"])]
    return ["diagnose", str(FIXTURES / case["model"]), "--embeddings", str(HERE / "mistakes" / case["file"]), *inputs,
            *map(fixture, case.get("also", []) + case.get("options", [])), "--json", "-q"]


def main():
    words = sys.argv[1:]
    tool = words[0] if words and "/" in words[0] else ".build/release/pocketclip"
    wanted = {word for word in words if "/" not in word}
    counts = {"named": 0, "tied": 0, "missed": 0, "right": 0, "false": 0}
    for case in json.loads((HERE / "manifest.json").read_text())["cases"]:
        if wanted and case["name"] not in wanted:
            continue
        run = subprocess.run([tool, *arguments(case)], capture_output=True, text=True)
        try:
            result = json.loads(run.stdout)
        except ValueError:
            print(f"{case['name']}: status {run.returncode}: {run.stderr[-400:]}")
            counts["missed"] += 1
            continue
        found, verdict = {cause["id"] for cause in result.get("causes", [])}, result.get("verdict")
        others = [{cause["id"] for cause in causes} for causes in result.get("alternatives", [])]
        if not case["causes"]:
            outcome = "right" if verdict == "right" else "false"
        elif found == set(case["causes"]):
            outcome = "named" if not others else "named"
        else:
            outcome = "tied" if set(case["causes"]) in others else "missed"
        counts[outcome] += 1
        if outcome in ("missed", "false", "tied") or wanted or others:
            before = result.get("before") or {}
            print(f"{outcome:7}{case['name']}: {verdict}; expected {case['causes']}, found {sorted(found)}, "
                  f"alternatives {[sorted(o) for o in others]}; worst before {before.get('worst_cosine')}; "
                  + "; ".join(f"{'+'.join(t['ids'])} {t['after']['worst_cosine']:.7f} {t['after']['mean_cosine']:.9f}" for t in result.get("tried", [])[:3])
                  + f" ({result.get('seconds', 0):.1f} s) {result.get('message', '')}")
    print(counts)
    mistakes = counts["named"] + counts["tied"] + counts["missed"]
    sys.exit(1 if counts["false"] or counts["named"] < 0.9 * mistakes else 0)


if __name__ == "__main__":
    main()
