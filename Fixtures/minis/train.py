#!/usr/bin/env python3
"""Trains the minis with CLIP's contrastive loss on rendered emoji and saves them as OpenAI's archives.

    train.py vit|rn|rn-deep [--output DIR] [--cache FILE]

The model is OpenAI's own `clip.model.CLIP` with small numbers (MINIS), the pixels come from OpenAI's own
preprocessing, the texts from OpenAI's own tokenizer with its 49,408 tokens. A batch holds one image of each
class, so that no caption in it fits two images. Seeds are fixed; other thread counts or processors round differently
and give other weights of the same quality. Minutes on two cores.

The saved weights are FP16-representable in OpenAI's dtype mixture (`clip.model.convert_weights`), traced and
saved by `torch.jit` with the three scalar buffers. Rows of tokens never seen in training are exactly zero, and
the archive is deflated.
Environment: Scripts/environments/venv-goldens.sh; emoji font: see render.py.
"""

import argparse
import math
import pathlib
import random
import sys
import time

import numpy as np
import torch
from clip.clip import _transform, tokenize
from clip.model import CLIP
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "Scripts" / "golden")]
import openai_archive
import render

IMAGE_SIZE = 64
IMAGES_PER_CLASS = 160
MINIS = {
    "vit": dict(embed_dim=64, image_resolution=IMAGE_SIZE, vision_layers=3, vision_width=128, vision_patch_size=16,
                context_length=77, vocab_size=49408, transformer_width=64, transformer_heads=1, transformer_layers=2),
    "rn": dict(embed_dim=64, image_resolution=IMAGE_SIZE, vision_layers=(1, 1, 1, 1), vision_width=8,
               vision_patch_size=None, context_length=77, vocab_size=49408, transformer_width=64,
               transformer_heads=1, transformer_layers=2),
}
MINIS["rn-deep"] = MINIS["rn"] | dict(vision_layers=(3, 4, 6, 3))  # the depth of RN50: docs/fidelity.md
STEPS = {"vit": 2000, "rn": 2000, "rn-deep": 1500}
PEAK_RATE = {"vit": 1.5e-3, "rn": 3e-3, "rn-deep": 3e-3}
SEED = 20261123

TEMPLATES = (
    "a picture of a {}.", "a picture of the {}.", "a photo of a {}.", "an image of a {}.", "a drawing of a {}.",
    "a small picture of a {}.", "a big {}.", "a {}.", "{}", "this is a {}.", "an emoji of a {}.",
    "a colourful icon showing a {}, turned a little to the left or to the right.",
    "there is a {} in front of a plain, striped or spotted background, and nothing else.",
)


def training_pixels(cache):
    """uint8 [class, image, 3, 64, 64]: rendered, then resized and cropped by OpenAI's transform."""
    if cache and cache.exists():
        return np.load(cache)
    font = render.load_font()
    glyphs = [render.glyph(font, character) for character in render.EMOJI]
    resize, crop, to_rgb = _transform(IMAGE_SIZE).transforms[:3]
    pixels = np.empty((len(glyphs), IMAGES_PER_CLASS, 3, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for label in range(len(glyphs)):
        for index in range(IMAGES_PER_CLASS):
            image = to_rgb(crop(resize(render.render(glyphs, render.TRAINING, label, index))))
            pixels[label, index] = np.asarray(image).transpose(2, 0, 1)
    if cache:
        np.save(cache, pixels)
    return pixels


def encode_text(model, tokens):
    """`CLIP.encode_text` on the first columns only: later positions cannot reach the end-of-text token."""
    length = tokens.shape[1]
    x = model.token_embedding(tokens) + model.positional_embedding[:length]
    x = x.permute(1, 0, 2)
    for block in model.transformer.resblocks:
        block.attn_mask = causal_mask(length)
        x = block(x)
    x = model.ln_final(x.permute(1, 0, 2))
    return x[torch.arange(len(x)), tokens.argmax(dim=-1)] @ model.text_projection


def causal_mask(length):
    return torch.full((length, length), -math.inf).triu(1)


def caption_tokens():
    """int64 [template, class, length]: every caption, cut after the longest one's end-of-text token."""
    captions = [template.format(label) for template in TEMPLATES for label in render.LABELS]
    tokens = tokenize(captions).long().view(len(TEMPLATES), len(render.LABELS), -1)
    return tokens[:, :, : int(tokens.argmax(dim=-1).max()) + 1]


def parameter_groups(model):
    """Weight decay on matrices only, as in CLIP's paper."""
    decayed = [p for name, p in model.named_parameters() if p.ndim >= 2 and "embedding" not in name]
    others = [p for name, p in model.named_parameters() if p.ndim < 2 or "embedding" in name]
    return [{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}]


def train(kind, pixels):
    torch.manual_seed(SEED)
    random.seed(SEED)
    model = CLIP(**MINIS[kind]).float().train().to(memory_format=torch.channels_last)
    tokens = caption_tokens()
    unseen = torch.ones(model.vocab_size, dtype=torch.bool)
    unseen[tokens.unique()] = False
    mean = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(3, 1, 1)
    std = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(3, 1, 1)
    optimizer = torch.optim.AdamW(parameter_groups(model), lr=0.0, betas=(0.9, 0.98), eps=1e-6)
    classes = len(render.LABELS)
    target = torch.arange(classes)
    started = time.monotonic()
    for step in range(STEPS[kind]):
        warm = min(1.0, (step + 1) / 100)
        rate = PEAK_RATE[kind] * warm * 0.5 * (1 + math.cos(math.pi * step / STEPS[kind]))
        for group in optimizer.param_groups:
            group["lr"] = rate
        chosen = np.random.default_rng((SEED, step)).integers(IMAGES_PER_CLASS, size=classes)
        images = (torch.from_numpy(pixels[np.arange(classes), chosen]).float() / 255 - mean) / std
        images = images.contiguous(memory_format=torch.channels_last)
        which = torch.randint(len(TEMPLATES), (classes,))
        texts = tokens[which, target]
        image = nn.functional.normalize(model.encode_image(images), dim=-1)
        text = nn.functional.normalize(encode_text(model, texts), dim=-1)
        logits = model.logit_scale.exp() * image @ text.T
        loss = (nn.functional.cross_entropy(logits, target) + nn.functional.cross_entropy(logits.T, target)) / 2
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, math.log(100))
        if step % 100 == 99:
            right = (logits.argmax(dim=-1) == target).float().mean()
            print(f"{kind} step {step + 1}: loss {loss:.4f}, batch top-1 {right:.3f}, "
                  f"{time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    with torch.no_grad():
        model.token_embedding.weight[unseen] = 0
    for block in model.transformer.resblocks:
        block.attn_mask = model.build_attention_mask()
    return model.to(memory_format=torch.contiguous_format).eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=MINIS)
    parser.add_argument("--output", type=pathlib.Path, default=HERE)
    parser.add_argument("--cache", type=pathlib.Path, help="keep the training pixels in this .npy file")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    model = train(arguments.kind, training_pixels(arguments.cache))
    openai_archive.round_to_half(model)
    path = arguments.output / f"mini-{arguments.kind}.pt"
    openai_archive.save(model, path)
    openai_archive.deflate(path)


if __name__ == "__main__":
    main()
