#!/usr/bin/env python3
"""Writes composed_tokens.json: digests of the ids that three tokenizers give decomposed texts.

    python3 Fixtures/tokenizer/make_composed.py

Needs the environment of Scripts/environments/venv-onnx.sh: clip-anytorch 2.6.0 (OpenAI's `clip`) and open_clip 3.3.0,
both with unmodified ftfy 6.3.1, on CPython 3.11 (unicodedata of Unicode 14.0.0), and transformers 5.23.0's
CLIPTokenizer with OpenAI's vocabulary.

The ids are OpenAI's. The lists are generated: every code point that composition changes, the full decomposition of
every code point that has one, every Hangul syllable in jamo and in two parts, and random letters with up to four
marks. A text that ftfy repairs beyond composition is left out. Where open_clip or transformers give other ids, the
fixture counts the texts; "other composition" counts those that the NFC of tokenizers, of an older Unicode version,
composes differently.
"""

import json
import pathlib
import struct
import sys
import unicodedata

import clip.simple_tokenizer
import ftfy
import open_clip.tokenizer
import regex
import tokenizers
import transformers

FOLDER = pathlib.Path(__file__).parent
SCALARS = [s for s in range(0x110000) if not 0xD800 <= s < 0xE000]
HANGUL = range(0xAC00, 0xD7A4)
RANDOM_TEXTS = 20_000


def nfc(text):
    return unicodedata.normalize("NFC", text)


def nfd(text):
    return unicodedata.normalize("NFD", text)


class Random:
    """The same generator as in TokenizerTests: x = x * 6364136223846793005 + 1442695040888963407 mod 2^64."""

    def __init__(self, seed):
        self.state = seed

    def below(self, count):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % count


def random_texts(letters, marks, count=RANDOM_TEXTS, seed=12):
    """One to six letters with zero to four marks each."""
    random = Random(seed)
    for _ in range(count):
        text = ""
        for _ in range(1 + random.below(6)):
            text += letters[random.below(len(letters))]
            for _ in range(random.below(5)):
                text += marks[random.below(len(marks))]
        yield text


def decomposable():
    return [s for s in SCALARS if nfd(chr(s)) != chr(s) and s not in HANGUL]


def lists():
    changed = [chr(s) for s in SCALARS if nfc(chr(s)) != chr(s)]
    decomposed = [nfd(chr(s)) for s in decomposable()]
    syllables = [nfd(chr(s)) for s in HANGUL]
    syllable_parts = [chr(s - (s - 0xAC00) % 28) + nfd(chr(s))[2:] for s in HANGUL]
    # Letters and marks of all scripts, composing ones three times, so that half of the pairs compose.
    marks = "".join(chr(s) for s in SCALARS if unicodedata.combining(chr(s)))
    common = "".join(sorted({mark for text in decomposed for mark in text[1:]}))
    starters = sorted({text[0] for text in decomposed if len(text) > 1} | set("abcxyz 1.") | set("\u1100\u1161\u11a8\uac00\uac01"))
    letters = "".join(starters) + "".join(text for text in changed[:60]) + "".join(chr(s) for s in range(0xC0, 0x250))
    marks += common * 6 + "\u0301\u0323\u0302\u0308" * 20
    return letters, marks, {
        "changed": changed,
        "decomposed": decomposed,
        "hangul": syllables,
        "hangul halves": syllable_parts,
        "random": list(random_texts(letters, marks)),
    }


def ranges(scalars):
    """Code points as "c0-c5 c7": inclusive, hexadecimal."""
    found = []
    for scalar in scalars:
        if found and found[-1][1] == scalar - 1:
            found[-1][1] = scalar
        else:
            found.append([scalar, scalar])
    return " ".join(f"{low:x}" if low == high else f"{low:x}-{high:x}" for low, high in found)


def digest(rows):
    value = 0xCBF29CE484222325
    for row in rows:
        for byte in struct.pack(f"<{len(row) + 1}I", len(row), *row):
            value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def main():
    if unicodedata.unidata_version != "14.0.0":
        raise SystemExit("needs CPython 3.11, whose unicodedata is of Unicode 14.0.0")
    openai = clip.simple_tokenizer.SimpleTokenizer()
    open_clips = open_clip.tokenizer.SimpleTokenizer()
    merges = [tuple(pair) for pair in openai.bpe_ranks]
    hugging_face = transformers.CLIPTokenizer(vocab=dict(openai.encoder), merges=merges)
    compose = tokenizers.normalizers.NFC()
    letters, marks, texts = lists()
    records = {}
    for name, members in texts.items():
        kept = [text for text in members if ftfy.fix_text(text) == nfc(text)]
        left_out = [index for index, text in enumerate(members) if ftfy.fix_text(text) != nfc(text)]
        ids = [openai.encode(text) for text in kept]
        unlike = {"open_clip": 0, "transformers": 0, "other composition": 0}
        for text, row in zip(kept, ids):
            others = {"open_clip": open_clips.encode(text), "transformers": hugging_face(text)["input_ids"][1:-1]}
            for library, other in others.items():
                if other == row:
                    continue
                unlike[library] += 1
                composes_alike = compose.normalize_str(text) == nfc(text)
                if library == "transformers" and not composes_alike:
                    unlike["other composition"] += 1
                elif unlike[library] <= 5:
                    print(name, library, ascii(text), row, other)
        records[name] = {"texts": len(kept), "left out": left_out, "fnv1a64": digest(ids), "other ids": unlike}
        print(name, len(members), "texts,", len(left_out), "left out, other ids:", unlike)
    facts = {
        "versions": {
            "python": sys.version.split()[0], "unicodedata": unicodedata.unidata_version, "ftfy": ftfy.__version__,
            "regex": regex.__version__, "clip-anytorch": "2.6.0", "open_clip_torch": open_clip.__version__,
            "transformers": transformers.__version__, "tokenizers": tokenizers.__version__,
        },
        "digest": "FNV-1a of u32 count and u32 ids of each text in order, little-endian, without start and end of text",
        "changed": ranges(ord(text) for text in texts["changed"]),
        "decomposable": ranges(decomposable()),
        "letters": letters,
        "marks": marks,
        "lists": records,
    }
    lines = ",\n".join(f"{json.dumps(key)}:{json.dumps(value)}" for key, value in facts.items())
    (FOLDER / "composed_tokens.json").write_text(f"{{{lines}}}\n")


if __name__ == "__main__":
    main()
