#!/usr/bin/env python3
"""Compares the small runtime's token ids with OpenAI's for decomposed texts, text by text.

    Scripts/check/check_composition.py dist/lib/libpocketclip.so [--random COUNT] [--seed N]

Needs the environment of Scripts/environments/venv-onnx.sh. The texts are those of Fixtures/tokenizer/make_composed.py,
with COUNT random ones, the composed form of each, and each with a character reference in it. OpenAI's
tokenizer runs with unmodified ftfy; texts that ftfy repairs beyond composition are left out and counted.
"""

import argparse
import gzip
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Fixtures/tokenizer"), str(ROOT / "Python/src")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("library", type=pathlib.Path)
    parser.add_argument("--random", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=34)
    arguments = parser.parse_args()
    os.environ["POCKETCLIP_LIBRARY"] = str(arguments.library.resolve())
    import clip.simple_tokenizer
    import ftfy
    import make_composed
    import pocketclip

    openai = clip.simple_tokenizer.SimpleTokenizer()
    bundle = gzip.decompress((ROOT / "Fixtures/runtime/words-fp16.pclip.gz").read_bytes())
    model = pocketclip.Model.from_bytes(bundle)
    inner = model.info.context_length - 2
    letters, marks, lists = make_composed.lists()
    lists["random"] = list(make_composed.random_texts(letters, marks, arguments.random, arguments.seed))
    different = 0
    for name, members in lists.items():
        compared = left_out = 0
        for text in members:
            last = text[-1]
            referring = f"x &#{ord(last)}; &amp; {text}&#{ord(last)};"
            unescaped = f"x {last} & {text}{last}"
            for form, meant in ((text, text), (make_composed.nfc(text), text), (referring, unescaped)):
                if ftfy.fix_text(form) != make_composed.nfc(meant):
                    left_out += 1
                    continue
                compared += 1
                expected = openai.encode(form)[:inner]
                tokens = model.tokenize(form)
                found = list(tokens.ids)[1 : tokens.count - 1]
                if found != expected:
                    different += 1
                    if different <= 10:
                        print(f"{name}: {form!a}: {found}, OpenAI's {expected}")
        print(f"{name}: {compared} texts compared, {left_out} left out")
    print(f"{different} different")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
