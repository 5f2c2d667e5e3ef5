#!/usr/bin/env python3
"""Trains the mini SigLIP with SigLIP's sigmoid loss on rendered emoji and saves it as a Hugging Face folder.

    train_siglip.py [--output DIR] [--cache FILE]

Model, pixels and token ids are those of transformers: `SiglipModel` with small numbers, `SiglipImageProcessorPil`,
`SiglipTokenizer` with a unigram model of PIECES pieces that sentencepiece trains on the captions and on other sentences.
Batches, captions and seeds are as in train.py: one image of each class, so that each caption fits one image. Scale and bias
are learned.
A quarter of an hour on one core. The saved weights are FP16; rows of pieces never seen in training are exactly zero.
Environment: Scripts/environments/venv-goldens.sh; emoji font: see render.py.
"""

import argparse
import math
import pathlib
import shutil
import string
import sys
import tempfile
import time

import numpy as np
import torch
import transformers
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "Scripts" / "golden")]
import make_tokenizers
import render
import tokenizer_texts
from train import IMAGE_SIZE, IMAGES_PER_CLASS, SEED, TEMPLATES

PIECES = 1000
CONTEXT = 64
STEPS = 2500
PEAK_RATE = 2e-3
VISION = dict(hidden_size=80, intermediate_size=240, num_hidden_layers=3, num_attention_heads=5, image_size=IMAGE_SIZE,
              patch_size=16)
TEXT = dict(hidden_size=48, intermediate_size=144, num_hidden_layers=2, num_attention_heads=3, vocab_size=PIECES,
            max_position_embeddings=CONTEXT, projection_size=VISION["hidden_size"], pad_token_id=1, bos_token_id=None,
            eos_token_id=1)


def processor(folder):
    """SigLIP's preprocessing and tokenizer; their files are written to `folder`."""
    with tempfile.TemporaryDirectory() as scratch:
        vocabulary = pathlib.Path(scratch) / "spiece.model"
        vocabulary.write_bytes(sentencepiece_model())
        tokenizer = transformers.SiglipTokenizer(
            vocab_file=str(vocabulary), model_max_length=CONTEXT, model_input_names=["input_ids"])
        images = transformers.SiglipImageProcessorPil(size={"height": IMAGE_SIZE, "width": IMAGE_SIZE})
        transformers.SiglipProcessor(images, tokenizer).save_pretrained(folder)
    return images, transformers.AutoTokenizer.from_pretrained(folder)


def captions():
    """Every caption, template by template."""
    return [template.format(label) for template in TEMPLATES for label in render.LABELS]


def sentencepiece_model():
    """SigLIP's kind of model. Captions alone give 312 pieces; sentences of other words add to them."""
    lines = [line.translate(str.maketrans("", "", string.punctuation)).lower() for line in captions()]
    with tempfile.TemporaryDirectory() as scratch:
        return make_tokenizers.t5(pathlib.Path(scratch), lines + list(tokenizer_texts.corpus(7, 6000)), size=PIECES)


def training_pixels(images, cache):
    """uint8 [class, image, 3, 64, 64]: rendered, then resized by SigLIP's preprocessing, which keeps no aspect ratio."""
    if cache and cache.exists():
        return np.load(cache)
    font = render.load_font()
    glyphs = [render.glyph(font, character) for character in render.EMOJI]
    pixels = np.empty((len(glyphs), IMAGES_PER_CLASS, 3, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for label in range(len(glyphs)):
        rendered = [render.render(glyphs, render.TRAINING, label, index) for index in range(IMAGES_PER_CLASS)]
        pixels[label] = images(rendered, do_rescale=False, do_normalize=False, return_tensors="np")["pixel_values"]
    if cache:
        np.save(cache, pixels)
    return pixels


def parameter_groups(model):
    """Weight decay on matrices only."""
    decayed = [p for name, p in model.named_parameters() if p.ndim >= 2 and "embedding" not in name and "probe" not in name]
    chosen = {id(p) for p in decayed}
    others = [p for p in model.parameters() if id(p) not in chosen]
    return [{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}]


def sigmoid_loss(logits):
    """SigLIP's loss of [images, texts], of which the diagonal is right: a sum over texts, a mean over images."""
    signs = 2 * torch.eye(len(logits)) - 1
    return -nn.functional.logsigmoid(signs * logits).sum(dim=-1).mean()


def train(pixels, tokenizer):
    torch.manual_seed(SEED)
    model = transformers.SiglipModel(transformers.SiglipConfig(text_config=TEXT, vision_config=VISION)).train()
    with torch.no_grad():  # SigLIP's paper; transformers starts at 0
        model.logit_scale.fill_(math.log(10))
        model.logit_bias.fill_(-10)
    ids = tokenizer(captions(), padding="max_length", return_tensors="pt").input_ids
    assert ids.shape[1] == CONTEXT, ids.shape
    unseen = torch.ones(PIECES, dtype=torch.bool)
    unseen[ids.unique()] = False
    ids = ids.view(len(TEMPLATES), len(render.LABELS), CONTEXT)
    optimizer = torch.optim.AdamW(parameter_groups(model), lr=0.0, betas=(0.9, 0.98), eps=1e-6)
    classes = len(render.LABELS)
    target = torch.arange(classes)
    started = time.monotonic()
    for step in range(STEPS):
        warm = min(1.0, (step + 1) / 100)
        for group in optimizer.param_groups:
            group["lr"] = PEAK_RATE * warm * 0.5 * (1 + math.cos(math.pi * step / STEPS))
        chosen = np.random.default_rng((SEED, step)).integers(IMAGES_PER_CLASS, size=classes)
        images = torch.from_numpy(pixels[np.arange(classes), chosen]).float() / 127.5 - 1
        texts = ids[torch.randint(len(TEMPLATES), (classes,)), target]
        logits = model(input_ids=texts, pixel_values=images).logits_per_image
        loss = sigmoid_loss(logits)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 100 == 99:
            right = (logits.argmax(dim=-1) == target).float().mean()
            print(f"step {step + 1}: loss {loss:.4f}, batch top-1 {right:.3f}, scale {model.logit_scale.exp().item():.1f}, "
                  f"bias {model.logit_bias.item():.2f}, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    with torch.no_grad():
        model.text_model.embeddings.token_embedding.weight[unseen] = 0
    print(f"{sum(p.numel() for p in model.parameters())} parameters, {int(unseen.sum())} unseen pieces", file=sys.stderr)
    return model.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=HERE)
    parser.add_argument("--cache", type=pathlib.Path, help="keep the training pixels in this .npy file")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    folder = arguments.output / "mini-siglip"
    shutil.rmtree(folder, ignore_errors=True)
    images, tokenizer = processor(folder)
    model = train(training_pixels(images, arguments.cache), tokenizer)
    model.half().save_pretrained(folder)


if __name__ == "__main__":
    main()
