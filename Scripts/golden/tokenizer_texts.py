"""Texts that tokenizers are compared on: the fixed golden set, and random lines. Used by make_tokenizers.py and by
Scripts/check/differential/tokenizers_differential.py."""

import random
import unicodedata

WORDS = (
    "a the of photo dog cat runs running over quick brown fox jumps lazy house houses tree green greenest blue water river "
    "mountain mountains city street people person walking walked beautiful nice old new small large image picture painting "
    "drawing sky night day morning sun moon star light dark red yellow car cars train bridge boat sea beach sand snow ice "
    "cold hot summer winter flower flowers garden table chair book books reading reader writer writing word words number "
    "one two three four five six seven eight nine ten hundred thousand first second last next time year month week hour"
).split()
FOREIGN = (
    "été déjà garçon naïve Straße über schön niño mañana coração øre Łódź žluťoučký İstanbul ΟΔΟΣ Αθήνα Москва картинка кошка "
    "собака город вода ночь שלום תמונה كلب صورة بيت हिन्दी बिल्ली कुत्ता ภาษาไทย ภาพถ่าย 猫 狗 写真 画像 照片 一只猫 東京 고양이 사진 "
    "서울 ქართული հայերեն አማርኛ"
).split()
SYMBOLS = list("0123456789.,;:!?()[]{}<>/\\|@#$%^&*-_+=~`'\"") + [
    "\u2581", "\u2014", "\u201c", "\u2026", "\u20ac", "\u2122", "\u00bd", "\ufb01", "\uff21", "\u2460", "\u3000", "\u00a0", "\u200b",
    "\u200d", "\ufeff", "\u00ad", "\t", "\n", "\r", "\r\n", "\x00", "\x1c", "\x7f", "\x85", "\u2028",
]
EMOJI = ["\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u2764\ufe0f", "\U0001f44d\U0001f3fd", "\U0001f1eb\U0001f1f7", "\u00a9\u200d\u00ae"]
MARKS = ["\u0301", "\u0308", "\u0327", "\u0338", "\u0345", "\u064b", "\u093c", "\u0e31", "\u3099", "\U0001e8d0"]
SPECIALS = ["<unk>", "</s>", "<s>", "<pad>", "<eos>", "<bos>", "<mask>", "<0x0A>", "<0x41>", "<table>", "<start_of_turn>", "</S>", " </s> "]

GOLDEN = [
    "", " ", "   ", "!", "!!!", "...?!", "_", "it's_ok", "a", "a photo of a dog", " a photo", "a photo ", "  two  spaces  inside  ",
    "tab\tand\nnewline\r\nend", "\n\n\n", "A PHOTO OF A DOG", "\u00c4rger \u00c9T\u00c9 \u0130stanbul \u039f\u0394\u039f\u03a3", "\u03a3 \u0391\u03a3. \u0391\u03a3.\u0391 \u0391\u03a3-\u0391 \u0391\u03a3'",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 family", "\U0001f600\U0001f600", "e\u0301 a\u0308 o\u0327\u0301", "\uff21\uff22\uff23 \uff11\uff12", "\ufb01ne \u2460\uff12 \u2122 \u3000x",
    "\u0643\u0644\u0628 \u0635\u0648\u0631\u0629", "\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22", "\u4e00\u53ea\u732b", "\u6771\u4eac\u306e\u5199\u771f", "\uace0\uc591\uc774",
    "<unk>", "</s>", "x </s> y", "<unk> x </s> y", "<eos>", "<bos> a <eos>", "<pad><mask>", "</s></s>", "a</s>", "-" * 100, " " * 100,
    "a" + " " * 100 + "b", "a" * 100, "ab" * 60, "\u2581", "\u2581\u2581a \u2581 b\u2581", "a\u2581", "\u200b", "\u200bx\u200b", "a\u0000b",
    "fish &amp; chips &lt;b&gt;", "caf\u0065\u0301", "12345 3.14159", "x\u00a8y \u00a8", "\u2581 ", "\u2581\u200b", "<table><table>", "a<0x0A>b", "\ufffd",
    " ".join(["photo"] * 70), "word " * 200, " ".join(WORDS[:61]), " ".join(WORDS[:62]), " ".join(WORDS[:63]), " ".join(WORDS[:64]),
]
"""Bytes that are not UTF-8; the libraries read them with Python's errors="replace"."""
ILL_FORMED = [b"a\xffb", b"\xc3", b"\xe2\x82", b"\xed\xa0\x80x", b"\xf0\x9f\x98", b"\x80\x80"]


def corpus(seed, lines):
    """Text to train on: words by a Zipf law, with the scripts above."""
    draw = random.Random(seed)
    weights = [1 / (rank + 2) for rank in range(len(WORDS))]
    for number in range(lines):
        words = draw.choices(WORDS, weights, k=draw.randint(3, 14))
        if number % 3 == 0:
            words[draw.randrange(len(words))] = draw.choice(FOREIGN)
        if number % 4 == 1:
            words[0] = words[0].capitalize()
        if number % 5 == 2:
            words.append(str(draw.randrange(10**draw.randint(1, 5))))
        text = " ".join(words)
        yield text + draw.choice(["", ".", "!", "?", ", and so on", " - yes", " (one)"])


class Lines:
    """Random lines without line feeds at which a pack would be cut: they are passed by length."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def scalar(self):
        draw = self.random
        while True:
            limit = draw.choice([0x80, 0x250, 0x800, 0x3000, 0x10000, 0x20000, 0x110000])
            value = draw.randrange(limit)
            if not 0xD800 <= value < 0xE000:
                return chr(value)

    def part(self):
        draw = self.random
        kind = draw.randrange(16)
        if kind < 5:
            return draw.choice(WORDS)
        if kind == 5:
            return draw.choice(FOREIGN)
        if kind == 6:
            return draw.choice(SYMBOLS) * draw.choice([1, 1, 1, 2, 3, 17])
        if kind == 7:
            return draw.choice(EMOJI)
        if kind == 8:
            return draw.choice(SPECIALS)
        if kind == 9:
            return draw.choice(WORDS)[0] + "".join(draw.choice(MARKS) for _ in range(draw.randint(1, 4)))
        if kind == 10:
            return self.scalar() * draw.choice([1, 1, 2, 30])
        if kind == 11:
            return "".join(self.scalar() for _ in range(draw.randint(1, 5)))
        if kind == 12:
            return draw.choice(WORDS).upper()
        if kind == 13:
            return unicodedata.normalize("NFD", draw.choice(FOREIGN))
        if kind == 14:
            return "".join(draw.choice("aeionst ") for _ in range(draw.randint(1, 20)))
        return draw.choice(["-", "=", "ha", "ab", "\u2581", " ", "."]) * draw.randint(2, 60)

    def line(self):
        draw = self.random
        count = draw.choice([1, 2, 3, 5, 8, 13]) if draw.random() < 0.97 else draw.randint(50, 150)
        separator = draw.choice([" ", " ", " ", "", "  "])
        return separator.join(self.part() for _ in range(count))
