"""The sigmoid probabilities that transformers gives in float64: mini-siglip, two images, five texts.

    .venv-goldens/bin/python Fixtures/siglip/make_probabilities.py

Writes probabilities.json beside this file.
"""
import json, pathlib

import torch, transformers
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "Fixtures/minis/mini-siglip"
IMAGES = ["alarm-clock-00.jpg", "tractor-14.jpg"]
LABELS = ["alarm clock", "tractor", "Tractor!", "dog", "A RED apple"]


def main():
    transformers.logging.set_verbosity_error()
    model = transformers.SiglipModel.from_pretrained(MODEL, dtype=torch.float64).eval()
    processor = transformers.AutoProcessor.from_pretrained(MODEL)
    images = [Image.open(ROOT / "Fixtures/minis/images" / name).convert("RGB") for name in IMAGES]
    inputs = processor(text=LABELS, images=images, padding="max_length", truncation=True, return_tensors="pt")
    inputs["pixel_values"] = inputs["pixel_values"].double()
    with torch.no_grad():
        probabilities = model(**inputs).logits_per_image.sigmoid()
    versions = {"transformers": transformers.__version__, "torch": torch.__version__}
    rows = dict(zip(IMAGES, probabilities.tolist()))
    result = {"labels": LABELS, "template": "{}", "probabilities": rows, "versions": versions}
    path = pathlib.Path(__file__).with_name("probabilities.json")
    path.write_text(json.dumps(result, indent=1) + "\n")


main()
