#!/usr/bin/env python3
"""Writes openai_tokens.json: texts and the ids that OpenAI's own tokenizer gives them.

    python3 Fixtures/tokenizer/make_tokens.py [--texts COUNT --seed N --output FILE]

Needs clip-anytorch 2.6.0 (OpenAI's `clip` package), regex 2026.11.15 and CPython 3.11.7; no torch, no ftfy: only the
last repair of `ftfy.fix_text`, canonical composition, is part of PocketCLIP's tokenizer. It comes after the character
references, as in OpenAI's tokenizer with ftfy for a text without `<`. make_composed.py runs the tokenizers with
unmodified ftfy. The options write another, larger set for a check outside CI.
"""

import argparse
import html.entities
import importlib.util
import json
import pathlib
import random
import sys
import types
import unicodedata

import regex

sys.modules["ftfy"] = types.SimpleNamespace(fix_text=lambda text: text)


def load_simple_tokenizer():
    """Loads clip/simple_tokenizer.py without clip/__init__.py, which imports torch."""
    package = importlib.util.find_spec("clip").submodule_search_locations[0]
    spec = importlib.util.spec_from_file_location("simple_tokenizer", f"{package}/simple_tokenizer.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    clean = module.whitespace_clean
    module.whitespace_clean = lambda text: clean(unicodedata.normalize("NFC", text))
    return module.SimpleTokenizer()


NOUNS = (
    "cat dog diagram snake turtle sweet_pepper lizard crocodile astronaut lighthouse teapot violin bicycle zebra "
    "microscope waterfall skyscraper mushroom accordion hedgehog submarine tractor umbrella volcano windmill"
).split()
TEMPLATES = [
    "a photo of a {}", "a photo of a {}.", "itap of a {}.", "a bad photo of the {}.", "a {} in a video game.",
    "art of the {}.", "A PHOTO OF MY {}!", "the origami {}.", "a low resolution photo of a {}.",
]
PHRASES = [
    "", " ", "a", "Hello World!", "it's what we've got, they'll say I'm sure he'd don't", "IT'S WE'VE THEY'LL I'M HE'D DON'T",
    "it\u2019s \u201cquoted\u201d \u2026", "3.14159 2,718 0x1F 1e-5 42nd 100%", "e=mc\u00b2 \u00bd \u2168 \u0663\u0664 \u3007",
    "na\u00efve caf\u00e9 r\u00e9sum\u00e9 \u00c5ngstr\u00f6m \u0141\u00f3d\u017a", "nai\u0308ve cafe\u0301 combining",
    "\u732b\u306e\u5199\u771f", "\u4e00\u5f20\u72d7\u7684\u7167\u7247", "\uace0\uc591\uc774 \uc0ac\uc9c4", "\u043a\u043e\u0448\u043a\u0430 \u041d\u0410 \u041e\u041a\u041d\u0415",
    "\u0635\u0648\u0631\u0629 \u0642\u0637\u0629", "\u05ea\u05de\u05d5\u05e0\u05d4 \u05e9\u05dc \u05d7\u05ea\u05d5\u05dc", "\u092c\u093f\u0932\u094d\u0932\u0940 \u0915\u0940 \u0924\u0938\u094d\u0935\u0940\u0930", "\u0e20\u0e32\u0e1e\u0e16\u0e48\u0e32\u0e22\u0e02\u0e2d\u0e07\u0e41\u0e21\u0e27",
    "\U0001f600\U0001f431\u200d\U0001f464 \U0001f1ee\U0001f1f9 \U0001f44d\U0001f3fd \u2764\ufe0f", "\U0001f468\u200d\U0001f469\u200d\U0001f467 family",
    "\u0130stanbul DI\u015eI i\u0307 \u0131", "\u039f\u0394\u03a5\u03a3\u03a3\u0395\u03a5\u03a3 \u03a3\u0391\u03a3 \u03a3", "\u0391\u03a3. \u0391\u03a3\u02b0 \u0391.\u03a3 1\u03a3 \u0391\u03a3\u0345\u0391 \u0391\u00ad\u03a3\u00ad", "\u1e9e \u01c5 \ufb01 \uff21\uff22\uff23 \U00010400",
    "<|startoftext|>", "<|ENDOFTEXT|> x<|endoftext|>y", "!<|startoftext|>", "<|endoftext|", "<|startoftext|><|endoftext|>",
    "<start_of_text> <end_of_text>", "<|\u017ftartoftext|> it'\u017f '\u017f", "a\u0345b !\u0345! \u0345", "''s ' s '", "'S'T'RE'VE'M'LL'D'x",
    "\t tabs\nand\r\nlines \x0b\x0c", "\x1c a \x1d b \x1e\x1f", "a\x1c\x1cb \x1c c \x1c", "\u00a0nbsp\u3000ideographic\u2003em\u2028line\u2029", "a\x85b\u200bzero\ufeffwidth",
    "\x00\x01\x02\x7f\x80\x9f", "\ufffd\uffff\U0010ffff\ud7ff\ue000", "http://example.org/a?b=c&d=e#f", "foo@bar.com; #hashtag @user", "snake_case CamelCase kebab-case",
    "AT&T R&D &c. & && &; &# &#; &#x; &#xg;", "&amp;&amp;amp;&amp;amp;amp;", "&lt;b&gt; &amp;lt;b&amp;gt; &amp;amp;lt;", "&ampfoo &notit; &notin; &ampamp;",
    "&#65;&#x42;&#X43;&#67 &#0068", "&#0;&#13;&#128;&#x9F;&#129;&#55296;&#1114112;&#99999999999999;", "&#1;&#11;&#xFFFE;&#64976;x", "&nGt;&NotEqualTilde;&bne;&fjlig;",
    "&CounterClockwiseContourIntegral; &CounterClockwiseContourIntegralx; &CounterClockwiseContourIntegral", "&amp;#65; &amp;#x26;lt;", "&nbsp;padded&nbsp;&#32;", "&am&#112;p; &#38;#38;",
]
LONG = [("word ", 10000), ("a", 3000), ("ab ", 76), ("ab ", 75), ("ab ", 74), ("1", 200), ("\u732b", 100), ("\u03a3", 500), ("!", 1000),
        ("abracadabra", 400), ("&amp;", 500), ("\x1c ", 400), ("photo of ", 37), ("photo of", 60), ("\U0001f431", 90), ("aaab", 999),
        ("a", 9000), ("lol", 2000), ("\U0001f602", 1500), ("=", 7000), ("ha\u0300", 2500),
        ("".join(chr(97 + i * i * 7919 % 20011 % 26) for i in range(6000)), 1)]


def entity_texts():
    names = sorted(html.entities.html5)
    for start in range(0, len(names), 9):
        group = names[start : start + 9]
        yield " ".join(f"&{name}" for name in group)
        yield "".join(f"&amp;{name}x" for name in group)


class Generator:
    """Random texts; every kind tests one stage of the tokenizer."""

    def __init__(self, seed, tokenizer):
        self.random = random.Random(seed)
        self.words = [token.replace("</w>", " ") for token in tokenizer.encoder]
        self.byte_decoder = tokenizer.byte_decoder
        self.kinds = [self.tokens, self.ascii, self.any_scalars, self.one_block, self.references, self.casing, self.spaces,
                      self.bytes, self.specials, self.contractions]

    def text(self):
        return self.random.choice(self.kinds)()

    def scalar(self, low=0, high=0x110000):
        while True:
            value = self.random.randrange(low, high)
            if not 0xD800 <= value < 0xE000:
                return chr(value)

    def join(self, parts, low, high):
        return "".join(self.random.choice(parts)() if callable(parts[0]) else self.random.choice(parts)
                       for _ in range(self.random.randrange(low, high)))

    def tokens(self):
        characters = self.join(self.words, 1, 12)
        decoded = bytes(self.byte_decoder.get(character, 32) for character in characters)
        return decoded.decode("utf-8", "replace")

    def ascii(self):
        return "".join(chr(self.random.randrange(32, 127)) for _ in range(self.random.randrange(1, 40)))

    def any_scalars(self):
        return "".join(self.scalar() for _ in range(self.random.randrange(1, 12)))

    def one_block(self):
        base = self.random.choice([*range(0, 0x3000, 0x80), *range(0xA000, 0xAC00, 0x80), *range(0xF900, 0x10000, 0x80),
                                   *range(0x10000, 0x1FB00, 0x80)])
        return "".join(self.scalar(base, base + 0x80) for _ in range(self.random.randrange(1, 16)))

    def references(self):
        names = list(html.entities.html5)
        parts = [lambda: "&", lambda: "&amp;", lambda: "amp", lambda: ";", lambda: "#", lambda: "x", lambda: " ",
                 lambda: "&" + self.random.choice(names), lambda: self.random.choice(names)[:4], lambda: str(self.random.randrange(300)),
                 lambda: f"&#{self.random.randrange(0x120000)};", lambda: f"&#x{self.random.randrange(0x120000):X}", lambda: "\u00e9"]
        return self.join(parts, 1, 14)

    def casing(self):
        parts = list("\u03a3\u03a3\u03a3\u03c3\u03b1\u0391aZ \u0130I\u0345\u00ad.:'\u2019\u02b01\u00aa\u24b6\u01c5\u1e9e\u0301\U0001d400\U00010400\ua7cb")
        return self.join(parts, 1, 14)

    def spaces(self):
        parts = list(" \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u200a\u200b\u2028\u202f\u205f\u3000\ufeffab1!") + ["&nbsp;", "&#9;"]
        return self.join(parts, 1, 16)

    def bytes(self):
        parts = [lambda: bytes([self.random.randrange(256)]), lambda: bytes([self.random.randrange(0x80, 0xC0)]),
                 lambda: self.scalar().encode(), lambda: self.scalar().encode()[:-1], lambda: b"a",
                 lambda: bytes([self.random.choice([0xC0, 0xC1, 0xE0, 0xED, 0xF0, 0xF4, 0xF5, 0xFF]), self.random.randrange(0x80, 0xC0)])]
        return b"".join(self.random.choice(parts)() for _ in range(self.random.randrange(1, 14)))

    def specials(self):
        parts = ["<|startoftext|>", "<|endoftext|>", "<|StartOfText|>", "<|", "|>", "<|\u017ftartoftext|>", "endoftext", " ", "!", "a", "1", "&lt;|", "|&gt;"]
        return self.join(parts, 1, 8)

    def contractions(self):
        parts = ["'s", "'T", "'re", "'VE", "'m", "'ll", "'d", "'", "we", "I", " ", "'\u017f", "l", "r", "\u2019s", "!", "3", "&#39;"]
        return self.join(parts, 1, 10)


def record(tokenizer, text, repeat=1):
    entry = {"hex": text.hex()} if isinstance(text, bytes) else {"text": text}
    decoded = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    ids = tokenizer.encode(decoded * repeat)
    if repeat > 1:
        entry["repeat"] = repeat
    if len(ids) > 400:  # the first ids and the total number suffice
        entry["count"], ids = len(ids), ids[:100]
    entry["ids"] = ids
    return entry


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--texts", type=int, default=1400, help="random texts beside the fixed ones")
    parser.add_argument("--seed", type=int, default=20260101)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path(__file__).with_name("openai_tokens.json"))
    arguments = parser.parse_args()
    tokenizer = load_simple_tokenizer()
    generator = Generator(arguments.seed, tokenizer)
    records = [record(tokenizer, phrase) for phrase in PHRASES]
    records += [record(tokenizer, template.format(noun)) for template in TEMPLATES for noun in NOUNS]
    records += [record(tokenizer, text) for text in entity_texts()]
    records += [record(tokenizer, text, repeat) for text, repeat in LONG]
    records += [record(tokenizer, generator.text()) for _ in range(arguments.texts)]
    versions = {"python": sys.version.split()[0], "regex": regex.__version__, "clip-anytorch": "2.6.0", "ftfy": "NFC alone"}
    lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in records)
    arguments.output.write_text(f'{{"versions":{json.dumps(versions)},"texts":[\n{lines}\n]}}\n')
    print(f"{arguments.output.name}: {len(records)} texts, {arguments.output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
