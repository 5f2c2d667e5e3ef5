"""Probabilities of a sigmoid score, to test the tool end to end: mini-vit.json, by open_clip in float64.

    Scripts/environments/venv-goldens.sh; .venv-goldens/bin/python Fixtures/score/make_score.py

open_clip's CLIP with a bias, as for training with SigLIP's loss, on the weights of Fixtures/minis/mini-vit.pt; scale and
bias are chosen so that the probabilities are between 0 and 1. open_clip 3.3.0, torch 2.13.0+cpu, Pillow 13.0.0.
"""

import json
import math
import pathlib

import open_clip
import torch
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
MINIS = HERE.parent / "minis"
VISION = {"image_size": 64, "patch_size": 16, "width": 128, "layers": 3, "head_width": 64}
TEXT = {"context_length": 77, "vocab_size": 49408, "width": 64, "layers": 2, "heads": 1}
LOGIT_SCALE, LOGIT_BIAS = math.log(12), -4.0
LABELS = ["red apple", "balloon", "alarm clock", "dog"]
TEMPLATE = "a picture of a {}."
IMAGES = ["alarm-clock-00.jpg", "balloon-12.jpg", "red-apple-00.jpg"]


def model():
    weights = torch.jit.load(MINIS / "mini-vit.pt", map_location="cpu").state_dict()
    for buffer in ("input_resolution", "context_length", "vocab_size"):
        del weights[buffer]
    weights |= {"logit_scale": torch.tensor(LOGIT_SCALE), "logit_bias": torch.tensor(LOGIT_BIAS)}
    made = open_clip.CLIP(64, VISION, TEXT, quick_gelu=True, init_logit_bias=LOGIT_BIAS)
    made.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    return made.double().eval()


@torch.no_grad()
def main():
    prepare = open_clip.image_transform(VISION["image_size"], is_train=False)
    pixels = torch.stack([prepare(Image.open(MINIS / "images" / name)) for name in IMAGES])
    ids = open_clip.tokenize([TEMPLATE.format(label) for label in LABELS])
    logits, _ = model().get_logits(pixels.double(), ids)
    golden = {
        "logit_scale": LOGIT_SCALE, "logit_bias": LOGIT_BIAS, "template": TEMPLATE, "labels": LABELS,
        "probabilities": dict(zip(IMAGES, torch.sigmoid(logits).tolist())),
    }
    (HERE / "mini-vit.json").write_text(json.dumps(golden, indent=2) + "\n")


if __name__ == "__main__":
    main()
