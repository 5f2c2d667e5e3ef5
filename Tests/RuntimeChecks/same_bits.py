"""The vectors of same_bits.c through the Python package: prints the same digest, or something is wrong.

usage: same_bits.py BUNDLE [ISA]
"""

import sys
from array import array

from pocketclip import Model, Image

ITEMS = 16
state = 1


def draw():
    global state
    state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
    return state


def image(item):
    width, height = 33 + 4 * item, 96 - 3 * item
    pixels = bytes(draw() >> 24 for _ in range(96 * 96 * 3))
    return Image(pixels[: 3 * width * height], width, height)


def text(item, context, last):
    length = 2 + item * (context - 2) // (ITEMS - 1)
    ids = [(draw() >> 8) % (last - 1) for _ in range(length)]
    return ids[:-1] + [last] + [0] * (context - length)


model = Model(sys.argv[1], isa=sys.argv[2] if len(sys.argv) > 2 else None)
images = [image(item) for item in range(ITEMS)]
texts = [text(item, model.info.context_length, model.info.vocabulary_size - 1) for item in range(ITEMS)]
digest = 14695981039346656037  # FNV-1a
for image, sentence in zip(model.encode_images(images).tolist(), model.encode_ids(texts).tolist()):
    for byte in array("f", image + sentence).tobytes():
        digest = (digest ^ byte) * 1099511628211 & 0xFFFFFFFFFFFFFFFF
print(f"{digest:016x} {model.info.isa}")
