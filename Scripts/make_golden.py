#!/usr/bin/env python3
"""Makes a golden file (docs/GOLDEN.md) from any CLIP checkpoint you have, with its original library in PyTorch.

    make_golden.py CHECKPOINT -o OUT.safetensors --images FILE … --texts FILE_OF_LINES [--template "a photo of a {}."]

CHECKPOINT   OpenAI's .pt archive, an open_clip folder, or a Hugging Face folder of CLIPModel
--images     picture files; OpenAI's preprocessing (bicubic, shortest edge, centre crop) makes the pixels
--texts      a text file, one text a line, put into the template; OpenAI's tokenizer makes the ids

Then: `pocketclip verify CHECKPOINT --golden OUT.safetensors`. Environment: Scripts/venv-goldens.sh.
"""

import argparse
import pathlib

import torch
from clip.clip import _transform, tokenize
from PIL import Image

import golden_file
import golden_models


def picture(path):
    try:
        return Image.open(path)
    except OSError as error:
        raise SystemExit(f"{path}: not a picture that Pillow reads: {error}") from None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("-o", "--output", type=pathlib.Path, required=True)
    parser.add_argument("--images", type=pathlib.Path, nargs="+", required=True)
    parser.add_argument("--texts", type=pathlib.Path, required=True)
    parser.add_argument("--template", default="{}")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    subject, size = golden_models.load(arguments.checkpoint)
    transform = _transform(size)
    pixels = torch.stack([transform(picture(path)) for path in arguments.images])
    texts = [arguments.template.format(line) for line in arguments.texts.read_text().splitlines()]
    is_file = arguments.checkpoint.is_file()
    golden_file.write(
        arguments.output, subject, pixels, tokenize(texts, truncate=True).long(),
        model=arguments.checkpoint.stem, weights=golden_file.sha256(arguments.checkpoint) if is_file else "folder",
        metadata={"image.files": golden_file.names(path.name for path in arguments.images),
                  "text.strings": golden_file.names(texts)})


if __name__ == "__main__":
    main()
