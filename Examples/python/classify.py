"""Classifies an image: prints the exact probability of each label. Usage: classify.py BUNDLE IMAGE.ppm LABEL..."""

import sys

from pocketclip import Model, Image, PocketCLIPError

if len(sys.argv) < 4:
    sys.exit("usage: classify.py BUNDLE IMAGE.ppm LABEL...")
bundle, path, *labels = sys.argv[1:]

with open(path, "rb") as file:
    kind, width, height, _ = (file.readline() + file.readline() + file.readline()).split()
    if kind != b"P6":
        sys.exit("not a PPM")
    image = Image(file.read(), int(width), int(height))

try:
    with Model(bundle) as model:
        [scores] = model.classify([image], labels).tolist()
except PocketCLIPError as error:
    sys.exit(str(error))
for label, score in zip(labels, scores):
    print(f"{100 * score:5.1f} %  {score:.9g}  {label}")
