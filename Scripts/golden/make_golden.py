#!/usr/bin/env python3
"""Makes a golden file (docs/GOLDEN.md) from a CLIP checkpoint, with its original library in PyTorch.

    make_golden.py CHECKPOINT -o OUT.safetensors [--images FILE …] [--texts FILE_OF_LINES] [--template "a photo of a {}."]

CHECKPOINT   OpenAI's .pt archive (clip-anytorch), an open_clip folder (open_clip), or a Hugging Face folder of CLIPModel
             or SiglipModel with its tokenizer (transformers)
--images     image files; the library's own preprocessing computes the pixels
--texts      a text file, one text a line, put into the template; the library's own tokenizer computes the ids
--backend    library that resizes, for a Hugging Face folder: pillow or torchvision; default: transformers' own

The golden file holds the images in 8 bits and the texts, and the pixels and ids that the library computed from them.
Six images and ten or eleven texts are always added: together they test every setting of preprocessing and most rules of the
tokenizer. Then: `pocketclip verify CHECKPOINT --golden OUT.safetensors`. Environment:
Scripts/environments/venv-goldens.sh.
"""

import argparse
import pathlib

import torch

import golden_file
import golden_inputs
import golden_models


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("-o", "--output", type=pathlib.Path, required=True)
    parser.add_argument("--images", type=pathlib.Path, nargs="+", default=[])
    parser.add_argument("--longest", type=int, default=640, help="larger images are reduced to this edge first; 0: none")
    parser.add_argument("--texts", type=pathlib.Path)
    parser.add_argument("--template", default="{}")
    parser.add_argument("--backend", choices=["pillow", "torchvision"])
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    original = golden_models.load(arguments.checkpoint)
    images = [golden_inputs.read_image(path, arguments.longest) for path in arguments.images]
    lines = arguments.texts.read_text().splitlines() if arguments.texts else []
    texts = [arguments.template.format(line) for line in lines] + golden_inputs.probe_texts(original.subject.library)
    images += golden_inputs.probe_images(original.size, original.subject.library)
    inputs, pixels, ids = original.inputs(images, texts, arguments.backend)
    is_file = arguments.checkpoint.is_file()
    golden_file.write(
        arguments.output, original.subject, pixels, ids, model=arguments.checkpoint.stem, inputs=inputs,
        weights=golden_file.sha256(arguments.checkpoint) if is_file else "folder",
        metadata={"image.files": golden_file.names(path.name for path in arguments.images)})


if __name__ == "__main__":
    main()
