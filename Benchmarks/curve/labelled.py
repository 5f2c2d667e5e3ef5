"""Images whose label is known: FOLDER/LABEL/FILE, or the held-out images of the trained minis."""

import sys
from dataclasses import dataclass

from . import MINIS

ENDINGS = (".jpg", ".jpeg", ".png", ".webp")


@dataclass(frozen=True)
class LabelledImages:
    """`expected[i]` is the index of file i among the labels."""

    files: list
    expected: list
    labels: list


def read(folder):
    """Every image of every subfolder; a subfolder's name is the label."""
    labels = sorted(each.name for each in folder.iterdir() if each.is_dir())
    found = [(file, index) for index, label in enumerate(labels) for file in sorted((folder / label).iterdir())
             if file.suffix.lower() in ENDINGS]
    if len(labels) < 2 or not found:
        sys.exit(f"{folder}: expected at least two folders of images, one for each label, such as {folder}/cat/1.jpg; "
                 f"found {len(labels)} folders and {len(found)} images")
    return LabelledImages([file for file, _ in found], [index for _, index in found], labels)


def write_held_out(folder, per_class):
    """Renders the minis' held-out images, 150 labels with `per_class` images each, into such a folder."""
    sys.path.insert(0, str(MINIS))
    import render

    font = render.load_font()
    glyphs = [render.glyph(font, character) for character in render.EMOJI]
    for label, index in render.held_out(per_class):
        place = folder / render.LABELS[label]
        place.mkdir(parents=True, exist_ok=True)
        render.save(render.render(glyphs, render.HELD_OUT, label, index), place, label, index)

