"""Checks the synthetic weights and probes against synthetic-digests.json; --write makes the file. NumPy only.

The Swift twin is checked against the same file (Tests/SyntheticWeightsTests): SHA-256 of the values as
little-endian FP32.
"""

import hashlib
import json
import pathlib
import sys

import probes
import synthetic
from variants import VARIANTS

FILE = pathlib.Path(__file__).with_name("synthetic-digests.json")

TENSORS = {
    "ViT-B-32": (
        "logit_scale",
        "text_projection",
        "token_embedding.weight",
        "visual.class_embedding",
        "visual.conv1.weight",
        "visual.ln_pre.weight",
        "visual.ln_post.bias",
        "visual.positional_embedding",
        "visual.proj",
        "visual.transformer.resblocks.3.attn.in_proj_bias",
        "visual.transformer.resblocks.3.attn.in_proj_weight",
        "visual.transformer.resblocks.3.attn.out_proj.weight",
        "visual.transformer.resblocks.3.ln_1.weight",
        "visual.transformer.resblocks.3.ln_2.weight",
        "visual.transformer.resblocks.3.mlp.c_proj.weight",
    ),
    "RN50": (
        "positional_embedding",
        "visual.attnpool.c_proj.bias",
        "visual.attnpool.c_proj.weight",
        "visual.attnpool.positional_embedding",
        "visual.attnpool.q_proj.weight",
        "visual.bn1.running_mean",
        "visual.conv1.weight",
        "visual.layer1.0.bn1.running_var",
        "visual.layer2.0.downsample.0.weight",
        "visual.layer2.0.downsample.1.bias",
        "visual.layer2.0.downsample.1.running_var",
        "visual.layer3.4.bn1.running_var",
        "visual.layer3.4.bn2.weight",
        "visual.layer4.2.bn3.bias",
        "visual.layer4.2.bn3.weight",
        "visual.layer4.2.conv2.weight",
    ),
    "ViT-L-14-336px": (
        "ln_final.weight",
        "text_projection",
        "transformer.resblocks.11.mlp.c_fc.bias",
        "transformer.resblocks.11.mlp.c_fc.weight",
        "transformer.resblocks.11.mlp.c_proj.bias",
        "transformer.resblocks.11.mlp.c_proj.weight",
        "visual.conv1.weight",
        "visual.positional_embedding",
        "visual.proj",
        "visual.transformer.resblocks.23.ln_2.bias",
    ),
}

IMAGES = [(index, size) for size in (224, 336, 448) for index in (0, 3, 7)]


def digest(values):
    return hashlib.sha256(values.astype("<f4").tobytes()).hexdigest()


def tensor_rows():
    for variant, names in TENSORS.items():
        schema = VARIANTS[variant].schema()
        for name in names:
            shape = schema[name]
            digests = {profile: digest(synthetic.tensor(name, shape, profile)) for profile in synthetic.PROFILES}
            yield {"variant": variant, "name": name, "shape": list(shape), "sha256": digests}


def document():
    images = [{"index": i, "size": size, "sha256": digest(probes.image(i, size))} for i, size in IMAGES]
    return {"generator": synthetic.GENERATOR, "tensors": list(tensor_rows()), "images": images}


if __name__ == "__main__":
    text = json.dumps(document(), indent=1) + "\n"
    if "--write" in sys.argv[1:]:
        FILE.write_text(text)
    elif text != FILE.read_text():
        sys.exit(f"{FILE.name}: other digests than synthetic.py and probes.py give")
    print(f"{FILE.name}: {len(IMAGES)} images, {sum(map(len, TENSORS.values()))} tensors × {len(synthetic.PROFILES)}")
