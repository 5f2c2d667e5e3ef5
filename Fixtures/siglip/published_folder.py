#!/usr/bin/env python3
"""Writes the files that surround SigLIP's weights with the transformers of the published folders.

    published_folder.py siglip|siglip2 MODEL FOLDER       MODEL: sentencepiece's file

transformers 4.50.0 is the first release with SigLIP 2, and writes other files than 5.x: `preprocessor_config.json` and
`special_tokens_map.json`, and in `tokenizer_config.json` `added_tokens_decoder`, `add_bos_token`, `add_eos_token`. The classes and
arguments are those of transformers' own converter (models/siglip/convert_siglip_to_hf.py), which takes SigLIP 2's tokenizer from
`google/gemma-2-9b-it`; here a tokenizer of the same class and settings is made first. Environment:
Scripts/environments/venv-transformers4.sh. Called by make_tokenizer_folders.py.
"""

import json
import pathlib
import shutil
import sys
import tempfile

import transformers
from transformers import GemmaTokenizerFast, SiglipConfig, SiglipImageProcessor, SiglipProcessor, SiglipTokenizer

SIZES = {
    "siglip": dict(vision=dict(hidden_size=56, intermediate_size=88, num_attention_heads=2), context=64),
    "siglip2": dict(vision=dict(hidden_size=48, intermediate_size=80, num_attention_heads=2), context=16),
}
"""Images of 32 pixels, patches of 8, two blocks. A text tower of 32 channels, as wide as its embedding only after its head."""


def siglip(scratch, model):
    """The tokenizer of google/siglip-base-patch16-224."""
    vocabulary = scratch / "spiece.model"
    shutil.copy(model, vocabulary)
    return SiglipTokenizer(vocab_file=str(vocabulary), model_input_names=["input_ids"])


def siglip2(scratch, model):
    """The tokenizer of google/siglip2-base-patch16-224: Gemma 2's, saved with its settings and loaded with others."""
    vocabulary, gemma = scratch / "tokenizer.model", scratch / "gemma"
    shutil.copy(model, vocabulary)
    GemmaTokenizerFast(
        vocab_file=str(vocabulary), additional_special_tokens=["<start_of_turn>", "<end_of_turn>"], padding_side="left",
        spaces_between_special_tokens=False, use_default_system_prompt=False, sp_model_kwargs={},
        chat_template="{{ bos_token }}{% for message in messages %}{{ message['content'] }}{% endfor %}",
    ).save_pretrained(gemma)
    return GemmaTokenizerFast.from_pretrained(
        gemma, add_bos_token=False, add_eos_token=True, padding_side="right", do_lower_case=True, model_input_names=["input_ids"])


def main():
    kind, model, folder = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    assert transformers.__version__ == "4.50.0", transformers.__version__
    size = SIZES[kind]
    with tempfile.TemporaryDirectory() as scratch:
        tokenizer = (siglip if kind == "siglip" else siglip2)(pathlib.Path(scratch), model)
        # 2: bilinear, as SigLIP 2 is published.
        images = SiglipImageProcessor(size={"height": 32, "width": 32}, **({"resample": 2} if kind == "siglip2" else {}))
        SiglipProcessor(image_processor=images, tokenizer=tokenizer).save_pretrained(folder)
    config = SiglipConfig(
        vision_config=dict(size["vision"], num_hidden_layers=2, image_size=32, patch_size=8),
        text_config=dict(hidden_size=32, intermediate_size=56, num_hidden_layers=2, num_attention_heads=2, vocab_size=len(tokenizer),
                         max_position_embeddings=size["context"], projection_size=size["vision"]["hidden_size"]))
    config.architectures, config.torch_dtype = ["SiglipModel"], "float16"
    config.save_pretrained(folder)
    texts = json.load(sys.stdin)
    ids = tokenizer(texts, padding="max_length", truncation=True, max_length=size["context"])["input_ids"]
    json.dump({"class": type(tokenizer).__name__, "ids": ids}, sys.stdout)


if __name__ == "__main__":
    main()
