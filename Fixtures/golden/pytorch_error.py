"""Writes pytorch-error.json from the golden files: the difference of PyTorch's FP32 from float64 in unit-norm
embeddings.

It is the accuracy that an FP32 implementation can reach. Refuses probes with similar embeddings, because they would
hide a wrong forward pass. Needs numpy and safetensors.
"""

import json
import pathlib

import numpy as np
from safetensors.numpy import load_file

HERE = pathlib.Path(__file__).resolve().parent
LARGEST_MEAN_COSINE = 0.9
"""Mean over all pairs of different probes, of either tower."""


def mean_cosine(embeddings):
    cosines = embeddings @ embeddings.T
    return cosines[~np.eye(len(cosines), dtype=bool)].mean()


def tower(golden, name):
    truth = golden[f"{name}.embedding.f64"]
    single = golden[f"{name}.embedding.f32"].astype(np.float64)
    error = single - truth
    cosines = (single * truth).sum(axis=1) / np.linalg.norm(single, axis=1) / np.linalg.norm(truth, axis=1)
    alike = mean_cosine(truth)
    if alike >= LARGEST_MEAN_COSINE:
        raise SystemExit(f"{name}: mean cosine {alike:.3f} between different probes")
    return {
        "rms": rounded(np.sqrt(np.mean(error**2))),
        "largest": rounded(np.abs(error).max()),
        "one_minus_worst_cosine": rounded(1 - cosines.min()),
        "mean_cosine_between_probes": rounded(alike),
    }


def rounded(value):
    return float(f"{value:.1e}")


if __name__ == "__main__":
    goldens = {path.stem: load_file(path) for path in sorted(HERE.glob("*.safetensors"))}
    errors = {name: {part: tower(golden, part) for part in ("image", "text")} for name, golden in goldens.items()}
    (HERE / "pytorch-error.json").write_text(json.dumps(errors, indent=1) + "\n")
