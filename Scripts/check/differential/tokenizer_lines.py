#!/usr/bin/env python3
"""Compares the ids of PocketCLIP's tables with sentencepiece, tokenizers and transformers, on random lines.

    tokenizer_lines.py [KIND]… [--lines N] [--seed N] [--reader PATH] [--folder FOLDER]

A kind is a name of `encoders` in Scripts/golden/make_tokenizers.py. Without --folder, larger tokenizers with
sentencepiece's complete character map are trained first. Any difference fails the run. Environment:
Scripts/environments/venv-tokenizers.sh.
"""

import argparse
import pathlib
import struct
import subprocess
import sys
import tempfile
import warnings

warnings.filterwarnings("ignore")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "golden"))
import make_tokenizers
import tokenizer_texts

FITTED = ["end=1", "length=64"]
RULES = {
    "t5.model plain": [],
    "t5.model SiglipTokenizer": FITTED + ["pad=1", "case=2", "punctuation=1", "late=1", "collapse=1", "prefix=1", "typed=<unk>,</s>"],
    "t5.model big_vision": FITTED + ["pad=1", "case=1"],
    "t5.model canonicalized": FITTED + ["pad=1", "clean=1", "case=2", "punctuation=2", "collapse=1"],
    "gemma.model plain": [],
    "gemma.model big_vision": FITTED + ["pad=0", "case=1"],
    "xlmv.model fairseq": ["ids=fairseq", "begin=0", "end=2"],
    "t5.json plain": [],
    "t5.json canonicalized": FITTED + ["pad=1", "clean=1", "case=2", "punctuation=2", "collapse=1", "listed=0"],
    "gemma.json plain": [],
    "gemma-unscored.json plain": [],
    "gemma-lower.json plain": [],
    "xlmv.json plain": [],
}
BATCH = 20000


def ours(reader, path, texts, rules):
    with tempfile.NamedTemporaryFile() as pack:
        for text in texts:
            pack.write(struct.pack("<I", len(text)) + text)
        pack.flush()
        run = subprocess.run([reader, "tokenizer", str(path), pack.name, *rules], capture_output=True, text=True, check=False)
    if run.returncode:
        sys.exit(f"{path}: {run.stdout[-300:]}{run.stderr[-300:]}")
    return [[int(word) for word in line.split()] for line in run.stdout.split("\n")[:-1]]


def trained(folder):
    lines = list(tokenizer_texts.corpus(11, 20000))
    make_tokenizers.save_files(folder, make_tokenizers.t5(folder, lines, "nmt_nfkc", 900), make_tokenizers.gemma(folder, lines, 1500),
                               make_tokenizers.xlmv(folder, lines, "nmt_nfkc", 900))


def compare(name, file, encode, folder, arguments):
    lines = tokenizer_texts.Lines(arguments.seed)
    compared = differences = 0
    texts = [text.encode() for text in tokenizer_texts.GOLDEN] + list(tokenizer_texts.ILL_FORMED)
    while texts:
        found = ours(arguments.reader, folder / file, texts, RULES[name])
        if len(found) != len(texts):
            sys.exit(f"{name}: {len(found)} lines for {len(texts)} texts")
        for text, ids in zip(texts, found):
            compared += 1
            expected = list(encode(text.decode(errors="replace")))
            if ids != expected:
                differences += 1
                if differences <= arguments.show:
                    print(f"  {text.decode(errors='replace')!r}\n    ours   {ids[:40]}\n    theirs {expected[:40]}")
        texts = [lines.line().encode() for _ in range(min(BATCH, arguments.lines - compared))]
    print(f"{name}: {compared} lines, {differences} differences", flush=True)
    return differences == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", help="all where none is named; a part of a name is enough")
    parser.add_argument("--lines", type=int, default=100000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=5)
    parser.add_argument("--reader", default=".build/release/ReaderListing")
    parser.add_argument("--folder", type=pathlib.Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder or pathlib.Path(scratch)
        if not arguments.folder:
            trained(folder)
        results = [compare(name, file, encode, folder, arguments) for name, (file, encode) in make_tokenizers.encoders(folder).items()
                   if not arguments.kinds or any(kind in name for kind in arguments.kinds)]
    sys.exit(0 if results and all(results) else 1)


if __name__ == "__main__":
    main()
