"""What our command line makes of a checkpoint: bundles, and their vectors of labelled images and prompts."""

import json
import os
import subprocess

import numpy as np

from . import TOOL


def command(*parts):
    """Standard output of `pocketclip`."""
    result = subprocess.run([os.environ.get("POCKETCLIP", str(TOOL)), *map(str, parts)], capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"pocketclip {' '.join(map(str, parts[:2]))}: {result.stderr.strip()}")
    return result.stdout


def convert(source, bundle, options):
    """Bytes of the bundle. Bounds are not applied: the curve also shows what `convert` would refuse."""
    command("convert", source, "-o", bundle, *options.split(), "--no-measure", "--force", "--quiet")
    return bundle.stat().st_size


def embed(bundle, images, prompts, arithmetic):
    """Unit vectors (images [n, E], prompts [m, E]), each in the order given."""
    folder = bundle.parent
    (folder / "images.txt").write_bytes(b"\0".join(os.fsencode(file) for file in images.files) + b"\0")
    (folder / "prompts.txt").write_text("".join(f"{prompt}\n" for prompt in prompts))
    vectors = folder / "vectors.npy"
    command("embed", "-m", bundle, "--images", folder / "images.txt", "--texts", folder / "prompts.txt", "-o", vectors,
            "--arithmetic", arithmetic, "--strict", "--force", "--quiet")
    found = np.load(vectors)
    kinds = [json.loads(line)["kind"] for line in open(f"{vectors}.rows.jsonl")]
    if kinds != ["text"] * len(prompts) + ["image"] * len(images.files):
        raise RuntimeError(f"{vectors}.rows.jsonl: {len(kinds)} rows, expected {len(prompts)} texts, then "
                           f"{len(images.files)} images")
    return found[len(prompts):], found[:len(prompts)]
