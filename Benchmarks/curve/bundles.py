"""What our command line makes of a checkpoint: bundles, and their vectors of labelled images and prompts."""

import json
import os
import subprocess

import numpy as np

from . import TOOL


NEED_BOUNDS = {"auto", "mixed", "--min-cosine", "--min-agreement"}
"""Words of options with which `convert` must measure."""


def command(*parts, accepted=(0,)):
    """Standard output of `pocketclip`."""
    result = subprocess.run([os.environ.get("POCKETCLIP", str(TOOL)), *map(str, parts)], capture_output=True, text=True)
    if result.returncode not in accepted:
        raise RuntimeError(f"pocketclip {' '.join(map(str, parts[:2]))}: {result.stderr.strip()}")
    return result.stdout


def convert(source, bundle, options):
    """Bytes of the bundle. Bounds are not applied, so that what `convert` would refuse is compared too, unless the options
    ask for as much as the bounds need."""
    words = options.split()
    unmeasured = [] if NEED_BOUNDS.intersection(words) else ["--no-measure"]
    command("convert", source, "-o", bundle, *words, *unmeasured, "--force", "--quiet")
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
