#!/usr/bin/env python3
"""Small SigLIP models of random weights with tokenizers, as Hugging Face folders, and their golden files.

    .venv-goldens/bin/python Fixtures/siglip/make_tokenizer_folders.py .venv-transformers4/bin/python

    siglip-tokenizer            SiglipTokenizer: spiece.model (unigram), length 64
    siglip2-tokenizer           fixed-size SigLIP 2: GemmaTokenizer, tokenizer.json and tokenizer.model (byte pairs), length 16
    siglip2-tokenizer-lowercase.safetensors     the ids of Siglip2Tokenizer for the same folder

The tokenizers are trained with the options of the published ones. published_folder.py writes every file but the weights with the
transformers of the published folders, whose ids are compared with those of the present one. Vectors and ids of the goldens are the
present one's. Environments: Scripts/environments/venv-goldens.sh, Scripts/environments/venv-transformers4.sh.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import torch
import transformers

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "Scripts" / "golden")]
import golden_file
import golden_inputs
import golden_models
import make_siglip
import make_tokenizers
import tokenizer_texts

TEXTS = [
    "a photo of a dog", "A Photo Of A DOG", "Z\u00fcrich, \u00c9T\u00c9!", "it's_ok", "\u0130stanbul \u039f\u0394\u039f\u03a3", "\u039f\u0394\u039f\u03a3!",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 family \U0001f600\U0001f600", "33333 -----", "-" * 20, "  two   runs    of  spaces  ", "tab\tand\r\nline\n\n\n",
    "<pad>", "a dog </s> x", "a dog</s>", "<eos> a <bos> dog<eos>", "<unk>", "<start_of_turn>user", "<mask><table>", "", "   ", "...?!",
    "e\u0301 a\u0308", "\ufb01ne \uff21\uff22 \u2460 \u2122", "\u6771\u4eac\u306e\u5199\u771f \u306d\u3053", "fish &amp; chips", "\u2581a \u2581\u2581b",
    " ".join(tokenizer_texts.WORDS[:14]), " ".join(tokenizer_texts.WORDS[:15]), " ".join(tokenizer_texts.WORDS[:16]),
    " ".join(tokenizer_texts.WORDS[:63]), " ".join(tokenizer_texts.WORDS[:64]), "Photo, of a City! " * 12,
]
"""Capitals, punctuation, scripts, repeated characters, white space, typed tokens, nothing, and lengths around both contexts."""


def gemma(folder, lines):
    """Gemma 2's layout of special and user-defined pieces, with fewer of each."""
    symbols = ["<mask>", "<2mass>", "[@BOS@]", "<unused0>", "<start_of_turn>", "<end_of_turn>", *("\n" * n for n in (1, 2, 3)),
               *("\u2581" * n for n in (2, 3, 4, 5)), "<table>", "<td>"]
    return make_tokenizers.train(
        folder, "gemma", lines, model_type="bpe", vocab_size=1400, byte_fallback=True, split_digits=True,
        normalization_rule_name="identity", add_dummy_prefix=False, remove_extra_whitespaces=False, allow_whitespace_only_pieces=True,
        pad_id=0, eos_id=1, bos_id=2, unk_id=3, pad_piece="<pad>", eos_piece="<eos>", bos_piece="<bos>",
        user_defined_symbols=symbols, character_coverage=0.9995)


def write_folder(python, kind, model, folder):
    """Every file but the weights; returns the ids of TEXTS in the other version of transformers."""
    shutil.rmtree(folder, ignore_errors=True)
    result = subprocess.run([python, HERE / "published_folder.py", kind, model, folder], check=True, stdout=subprocess.PIPE,
                            input=json.dumps(TEXTS), encoding="utf-8", env={"HF_HUB_OFFLINE": "1"})
    return json.loads(result.stdout)


def write_weights(folder, seed):
    model = transformers.SiglipModel(transformers.SiglipConfig.from_pretrained(folder))
    make_siglip.randomize(model, seed)
    with tempfile.TemporaryDirectory() as scratch:
        model.half().save_pretrained(scratch)
        shutil.copyfile(pathlib.Path(scratch) / "model.safetensors", folder / "model.safetensors")


def compare(name, mine, other, tokenizer):
    """Says for which texts the two versions of transformers differ."""
    differing = [text for text, one, two in zip(TEXTS, mine.tolist(), other["ids"]) if one != two]
    print(f"{name}: {tokenizer}; {other['class']} of 4.50.0 gives other ids for {len(differing)} of {len(TEXTS)}: {differing}")


def write_golden(name, original, texts):
    """texts: (ids, the class that made them)."""
    images = golden_inputs.probe_images(original.size, original.subject.library)[1:4]
    levels, pixels, backend, preprocessor = original.prepared(images, "pillow")
    ids, tokenizer = texts
    inputs = golden_inputs.Inputs(images, levels, TEXTS, backend, preprocessor, tokenizer)
    golden_file.write(HERE / f"{name}.safetensors", original.subject, pixels, ids, model=f"small SigLIP ({name})", weights="tiny",
                      inputs=inputs, viewed=1, limit=100_000)


def lowercased(original):
    """The ids of Siglip2Tokenizer, which AutoTokenizer takes for `model_type` `siglip2` alone."""
    tokenizer = transformers.Siglip2Tokenizer.from_pretrained(original.path)
    ids = tokenizer(TEXTS, padding="max_length", truncation=True, max_length=original.context, return_tensors="pt").input_ids
    return ids, f"transformers {transformers.__version__} {type(tokenizer).__name__}"


def main():
    torch.set_num_threads(1)
    lines = list(tokenizer_texts.corpus(7, 6000))
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        models = {"siglip": make_tokenizers.t5(scratch, lines, size=900), "siglip2": gemma(scratch, lines)}
        for seed, (kind, data) in enumerate(models.items(), start=2):
            model, folder = scratch / f"{kind}.model", HERE / f"{kind}-tokenizer"
            model.write_bytes(data)
            other = write_folder(sys.argv[1], kind, model, folder)
            write_weights(folder, seed)
            original = golden_models.load(folder)
            texts = original.tokenized(TEXTS)
            compare(folder.name, texts[0], other, texts[1])
            write_golden(folder.name, original, texts)
            if kind == "siglip2":
                texts = lowercased(original)
                compare(folder.name, texts[0], other, texts[1])
                write_golden(f"{folder.name}-lowercase", original, texts)


if __name__ == "__main__":
    main()
