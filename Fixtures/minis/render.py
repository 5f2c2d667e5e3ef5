#!/usr/bin/env python3
"""Renders labelled images of Debian's colour emoji for the trained minis.

Each image shows one emoji of `fonts-noto-color-emoji` (2.042), scaled, rotated and placed on a coloured
background; its label is the character's Unicode name. Training and held-out images never share an image
size, an angle or a background: the two `Split`s below take them from disjoint sets. Every image is a pure
function of (split, class, index), so the held-out set needs no storage.

    render.py --heldout DIR [--per-class 16]    2,400 JPEG and PNG files, labels.txt and truth.tsv
    render.py --images DIR                    the committed few dozen (a subset of the held-out set)
    render.py --labels                          the class names, one a line

Needs Pillow 13.0.0 (its FreeType and libjpeg decide the bytes) and the font named in FONT.
"""

import argparse
import colorsys
import hashlib
import math
import pathlib
import unicodedata
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

FONT = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
FONT_SHA256 = "e5899ed38b8ed83e08bd3ac5de09791e9d19d288333a796de1d35ad17396f1ec"
FONT_PIXELS = 109  # the only strike that the bitmap font holds

EMOJI = (
    "🍎🍌🍇🍉🍊🍋🍍🍑🍒🍓🥝🍅🥥🥑🍆🥕🌽🌶🥦🍄🥜🍞🥐🥨🧀🍔🍟🍕🌭🌮🍳🍿🍩🍪🎂🍫🍭☕🍷🍺"
    "🐵🐶🐱🦁🐯🐴🦄🐮🐷🐸🐼🐔🐧🦉🐢🐍🐙🐠🐬🐳🦀🦋🐞🐌🐝🕷🐘🦒🐪🌵🌴🌲🌻🌹🍁🍀🌈🔥⛄⚡🌙⭐☂💧"
    "🚗🚕🚌🚒🚜🚲🚂✈🚀🚁⛵⚓🚦⚽🏀🏈🎾🎱🎲🎯🎸🎹🎺🥁🎻🎨🎃🎁🎈👑💎🎩👟👠👓👕🔑🔒🔨✂📷📺💻📱"
    "⏰💡📕✏🧲🔭🔔🏠🗽🗿🎡❤💀👻🤖👽🎪🏆🍦🥚🧊🧦"
)
LABELS = [unicodedata.name(character).lower() for character in EMOJI]


class Random:
    """Uniform numbers from SHA-256 of a name: the same on every machine and Python version."""

    def __init__(self, name):
        self.name, self.count = name, 0

    def uniform(self, low=0.0, high=1.0):
        digest = hashlib.sha256(f"{self.name}/{self.count}".encode()).digest()
        self.count += 1
        return low + (high - low) * int.from_bytes(digest[:6], "little") / 2**48

    def choice(self, items):
        return items[int(self.uniform() * len(items))]


@dataclass(frozen=True)
class Split:
    """The sizes, angles and backgrounds of one set of images."""

    name: str
    sides: tuple  # image widths and heights in pixels
    angles: tuple  # degrees
    hue_sextants: tuple  # sixths of the colour circle (offset by half a sixth between the splits)
    backgrounds: tuple


TRAINING = Split(
    "training", tuple(range(64, 225, 8)), tuple(range(-40, 41, 8)), tuple(k / 6 for k in range(6)),
    ("plain", "gradient", "blots"),
)
HELD_OUT = Split(
    "held-out", tuple(range(67, 228, 8)), tuple(range(-36, 37, 8)), tuple((k + 0.5) / 6 for k in range(6)),
    ("plain", "gradient", "stripes"),
)


def load_font():
    with open(FONT, "rb") as file:
        found = hashlib.sha256(file.read()).hexdigest()
    if found != FONT_SHA256:
        raise SystemExit(f"{FONT}: SHA-256 {found}, expected {FONT_SHA256} (fonts-noto-color-emoji 2.042-0+deb12u1)")
    return ImageFont.truetype(FONT, FONT_PIXELS)


def glyph(font, character):
    """The emoji as RGBA, cut to its ink."""
    canvas = Image.new("RGBA", (160, 160), (0, 0, 0, 0))
    ImageDraw.Draw(canvas).text((8, 8), character, font=font, embedded_color=True)
    return canvas.crop(canvas.getbbox())


def colour(random, split):
    hue = (random.choice(split.hue_sextants) + random.uniform(-0.03, 0.03)) % 1.0
    rgb = colorsys.hsv_to_rgb(hue, random.uniform(0.05, 0.9), random.uniform(0.25, 1.0))
    return tuple(round(255 * channel) for channel in rgb)


def background(random, split, width, height):
    kind = random.choice(split.backgrounds)
    first, second = colour(random, split), colour(random, split)
    image = Image.new("RGB", (width, height), first)
    draw = ImageDraw.Draw(image)
    if kind == "gradient":
        angle = random.uniform(0, 2 * math.pi)
        ramp = Image.linear_gradient("L").rotate(math.degrees(angle), Image.Resampling.BICUBIC)
        mask = ramp.crop((40, 40, 216, 216)).resize((width, height), Image.Resampling.BICUBIC)
        image.paste(second, (0, 0), mask)
    elif kind == "blots":
        for _ in range(6):
            x, y = random.uniform(0, width), random.uniform(0, height)
            radius = random.uniform(0.05, 0.3) * min(width, height)
            fill = second if random.uniform() < 0.5 else colour(random, split)
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)
    elif kind == "stripes":
        period, slope = random.uniform(10, 40), random.uniform(-1, 1)
        for k in range(-2, int(2 * (width + height) / period) + 2):
            x = k * period - (height if slope > 0 else 0)
            shift = slope * height
            draw.polygon(
                [(x, 0), (x + period / 2, 0), (x + period / 2 + shift, height), (x + shift, height)], fill=second)
    return image


def render(glyphs, split, label, index):
    """Image number `index` of class number `label`, RGB."""
    random = Random(f"{split.name}/{label}/{index}")
    width, height = random.choice(split.sides), random.choice(split.sides)
    image = background(random, split, width, height)
    side = min(width, height)
    emoji = glyphs[label]
    scale = random.uniform(0.6, 0.95) * side / max(emoji.size)
    emoji = emoji.resize([max(1, round(scale * n)) for n in emoji.size], Image.Resampling.BICUBIC)
    emoji = emoji.rotate(random.choice(split.angles), Image.Resampling.BICUBIC, expand=True)
    jitter = 0.08 * side
    left = (width - emoji.width) / 2 + random.uniform(-jitter, jitter)
    top = (height - emoji.height) / 2 + random.uniform(-jitter, jitter)
    image.paste(emoji, (round(left), round(top)), emoji)
    return image


def save(image, folder, label, index):
    """JPEG or PNG in turn; returns the file name."""
    kind = "png" if (label + index) % 2 else "jpg"
    name = f"{LABELS[label].replace(' ', '-')}-{index:02}.{kind}"
    options = {"optimize": True} if kind == "png" else {"quality": 90, "optimize": True}
    image.save(folder / name, **options)
    return name


def write_set(folder, chosen):
    """Writes the held-out images `chosen` = [(label, index)], labels.txt and truth.tsv."""
    folder.mkdir(parents=True, exist_ok=True)
    font = load_font()
    glyphs = [glyph(font, character) for character in EMOJI]
    rows = [(save(render(glyphs, HELD_OUT, *item), folder, *item), LABELS[item[0]]) for item in chosen]
    (folder / "labels.txt").write_text("".join(f"{label}\n" for label in LABELS))
    (folder / "truth.tsv").write_text("file\tlabel\n" + "".join(f"{name}\t{label}\n" for name, label in rows))
    print(f"{len(rows)} images of {len(LABELS)} classes in {folder}")


def held_out(per_class):
    return [(label, index) for label in range(len(LABELS)) for index in range(per_class)]


def committed():
    """Every fourth class, one image each, JPEG and PNG in turn."""
    return [(label, (label + label // 4) % 16) for label in range(0, len(LABELS), 4)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--heldout", type=pathlib.Path, metavar="DIR")
    parser.add_argument("--images", type=pathlib.Path, metavar="DIR")
    parser.add_argument("--labels", action="store_true")
    parser.add_argument("--per-class", type=int, default=16)
    arguments = parser.parse_args()
    if arguments.heldout:
        write_set(arguments.heldout, held_out(arguments.per_class))
    if arguments.images:
        write_set(arguments.images, committed())
    if arguments.labels:
        print("\n".join(LABELS))


if __name__ == "__main__":
    main()
