#!/usr/bin/env python3
"""Computes the golden files of the nine variants on synthetic weights (docs/GOLDEN.md): VARIANT.safetensors or
VARIANT-PROFILE.safetensors, below 400 KB each.

    make_goldens.py [VARIANT[:PROFILE] …]        default: all nine, and those of PROFILED

OpenAI's own `clip.model` in FP32 and float64 on probes.py's images and texts. Environment:
Scripts/environments/venv-goldens.sh; 12 GB of memory for RN50x64.
"""

import pathlib
import sys

import torch
from clip.model import CLIP

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "Scripts" / "golden")]
import golden_file
import golden_models
import probes
import synthetic
from make_checkpoint import synthetic_source
from variants import VARIANTS

PROFILED = ["ViT-B-32:channels-50", "ViT-B-32:sink", "ViT-B-32:tails", "ViT-L-14:tails"]
LIMIT = 360_000
LONG = 12


def thin(stages):
    """Every fourth bottleneck of a ResNet stage with more than LONG."""
    def siblings(stage):
        return sum(other.name.rsplit(".", 1)[0] == stage.name.rsplit(".", 1)[0] for other in stages)

    def index(stage):
        return int(stage.name.rsplit(".", 1)[1])

    return [s for s in stages
            if not s.name.startswith("visual.layer") or siblings(s) <= LONG or index(s) % 4 == 3]


def make(name, profile="plain"):
    numbers, state = synthetic_source(VARIANTS[name], profile)
    model = CLIP(**numbers).float()
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and all(key.endswith("num_batches_tracked") for key in missing), (missing, unexpected)
    del state
    subject = golden_models.openai_subject(model)
    if name == "RN50x64":
        subject.image_stages = thin(subject.image_stages)
    size = numbers["image_resolution"]
    pixels = torch.stack([torch.from_numpy(probes.image(index, size)) for index in range(probes.IMAGE_COUNT)])
    ids = torch.from_numpy(probes.token_ids()).long()
    file = HERE / (f"{name}.safetensors" if profile == "plain" else f"{name}-{profile}.safetensors")
    golden_file.write(file, subject, pixels, ids, model=name, weights="synthetic",
                      generated=synthetic.GENERATOR, metadata={"golden.profile": profile}, viewed=1, limit=LIMIT)


if __name__ == "__main__":
    for name in sys.argv[1:] or (*VARIANTS, *PROFILED):
        make(*name.split(":"))
        print(name, flush=True)
