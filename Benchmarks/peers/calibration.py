"""PocketCLIP's built-in calibration items in Python, so that every quantizer chooses its roundings by the same ones.

Sources/Calibration is the definition: its texts are read from there, its images are drawn again below, with the same
pixels. `python -m peers.calibration FOLDER` writes both. `convert --effort calibrated --calibrate FOLDER
--calibrate-texts FOLDER/texts.txt` then gives the same bytes as without these options, but for provenance
(Scripts/check/check-curve.sh).
"""

import pathlib
import re
import sys

import numpy as np

from . import ROOT

COUNT = 32
SIZES = ((320, 256), (256, 336), (288, 288), (400, 300))
TEXTS = ROOT / "Sources" / "Calibration" / "CalibrationTexts.swift"
MASK, GAMMA = (1 << 64) - 1, 0x9E3779B97F4A7C15


def divided(value, by):
    """Towards zero, as Swift divides."""
    return np.sign(value) * (np.abs(value) // by)


class SplitMix:
    """Steele, Lea and Flood's generator."""

    def __init__(self, state):
        self.state = state

    def below(self, bound):
        return int(self.many(1, bound)[0])

    def many(self, count, bound):
        states = np.uint64(self.state) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(GAMMA)
        self.state = (self.state + count * GAMMA) & MASK
        z = (states ^ states >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        return ((z ^ z >> np.uint64(31)) >> np.uint64(33)).astype(np.int64) % bound


class Scene:
    """One image while it is drawn: int64 [height, width, 3], not yet limited to 0 … 255."""

    def __init__(self, seed, width, height):
        self.random, self.width, self.height = SplitMix(seed), width, height
        self.rows, self.columns = np.arange(height)[:, None, None], np.arange(width)[None, :, None]
        self.pixels = self.gradient()

    def color(self):
        grey = self.random.below(256)
        if self.random.below(2) == 0:
            return np.array([grey + self.random.below(40) - 20 for _ in range(3)])
        return np.array([self.random.below(256) for _ in range(3)])

    def gradient(self):
        corners = [self.color() for _ in range(4)]
        top, bottom = (left * (self.width - self.columns) + right * self.columns
                       for left, right in (corners[:2], corners[2:]))
        return divided(top * (self.height - self.rows) + bottom * self.rows, self.width * self.height)

    def field(self, amplitude):
        precision = 64
        drawn = SplitMix(self.random.state)  # a copy: the field's noise does not advance the scene's generator
        soft = noise(drawn, self.pixels.shape, amplitude * precision)
        radius = 4 << self.random.below(4)
        for _ in range(3):
            soft = softened(soft, radius)
        self.pixels = self.pixels + divided(soft * 2 * radius, precision)

    def leaves(self, count, shaded):
        for _ in range(count):
            self.leaf(shaded)

    def leaf(self, shaded):
        below, height = self.random.below, self.height
        color, other = self.color(), self.color()
        x, y = below(self.width), below(height)
        rank, radius = 1 + below(1 << 16), 3
        while radius < height // 2 and radius * radius * rank < 9 << 16:
            radius += 1
        a = 1 + radius * (2 + below(5)) // 4
        b = 1 + radius * (2 + below(5)) // 4
        kind = below(4)
        stripe = 2 + below(9) if below(5) == 0 else 0
        rows, columns = (slice(max(0, at - half), min(end, at + half))
                         for at, half, end in ((y, b, height), (x, a, self.width)))
        dx, dy = self.columns[:, columns] - x, self.rows[rows] - y
        inside = {0: lambda: np.ones_like(dx + dy, bool), 1: lambda: np.abs(dx) * 2 * b <= a * (dy + b)}.get(
            kind, lambda: dx * dx * b * b + dy * dy * a * a <= a * a * b * b)()
        is_other = (self.columns[:, columns] + self.rows[rows]) // max(stripe, 1) % 2 == 0 if stripe else False
        flat = np.where(is_other, other, color)
        fill = flat + divided((other - flat) * (dx * b + dy * a), 3 * a * b) if shaded else flat
        part = self.pixels[rows, columns]
        self.pixels[rows, columns] = np.where(inside, fill, part)

    def soften(self, radius):
        self.pixels = softened(self.pixels, radius)

    def stripes(self):
        color, other = self.color(), self.color()
        period, slope = 3 + self.random.below(30), self.random.below(7) - 3
        first = (self.columns * 2 + self.rows * slope + 4 * self.height) // period % 2 == 0
        self.pixels = divided(self.pixels + 3 * np.where(first, color, other), 4)

    def glyphs(self):
        below = self.random.below
        color, size = self.color(), 6 + below(20)
        top, left = below(max(1, self.height - size)), below(self.width // 4)
        while left + size < self.width:
            for _ in range(3):
                x, y = left + below(size // 2), top + below(size // 2)
                w, h = (size // 2, 1 + size // 8) if below(2) == 0 else (1 + size // 8, size // 2)
                self.pixels[y:y + h, x:x + w] = color
            left += 2 * size if below(6) == 0 else size

    def noise(self, amplitude):
        self.pixels = self.pixels + noise(self.random, self.pixels.shape, amplitude)


def noise(random, shape, amplitude):
    return random.many(int(np.prod(shape)), 2 * amplitude + 1).reshape(shape) - amplitude


def softened(pixels, radius):
    """Means over a square, along rows and then along columns."""
    for axis in (1, 0):
        border = [(radius + 1 if each == axis else 0, radius if each == axis else 0) for each in range(3)]
        sums = np.pad(pixels, border, mode="edge").cumsum(axis=axis)
        ends, starts = (np.take(sums, range(first, first + pixels.shape[axis]), axis=axis)
                        for first in (2 * radius + 1, 0))
        pixels = divided(ends - starts, 2 * radius + 1)
    return pixels


KINDS = (
    lambda scene: scene.leaves(600, False),
    lambda scene: scene.leaves(250, True),
    lambda scene: (scene.field(300), scene.leaves(12, True)),
    lambda scene: (scene.leaves(60, True), scene.soften(3)),
    lambda scene: (scene.stripes(), scene.leaves(8, False)),
    lambda scene: [scene.glyphs() for _ in range(14)],
    lambda scene: (scene.leaves(120, False), scene.soften(8), scene.field(60)),
    lambda scene: (scene.field(120), scene.noise(150)),
)


def image(index):
    """uint8 [height, width, 3]"""
    scene = Scene(0xC11B0000 + index, *SIZES[index // len(KINDS) % len(SIZES)])
    KINDS[index % len(KINDS)](scene)
    scene.noise(2 + index % 5)
    return scene.pixels.clip(0, 255).astype(np.uint8)


def texts():
    source = TEXTS.read_text()
    written, subjects, actions, scenes = (strings(source, name) for name in ("written", "subjects", "actions", "scenes"))
    return written + [composed(index, subjects, actions, scenes) for index in range(60)]


def strings(source, name):
    """The literals of a list of the Swift file; those joined by `+` are one."""
    body = re.search(rf"let {name} = \[\n(.*?)\n  \]\n", source, re.DOTALL)[1]
    body = re.sub(r'"\s+\+ "', "", body)
    return [re.sub(r"\\(.)", r"\1", literal) for literal in re.findall(r'"((?:[^"\\]|\\.)*)"', body)]


def composed(index, subjects, actions, scenes):
    subject = subjects[index % len(subjects)]
    action = actions[(index * 7 + index // len(subjects)) % len(actions)]
    scene = scenes[(index * 5 + index // len(actions)) % len(scenes)]
    return (f"{subject} {action} {scene}", f"a photograph of {subject} {scene}", f"{scene}, {subject} is {action}",
            f"There is {subject} {action}, and nobody {scene} seems to notice.")[index % 4]


def write(folder, count=COUNT):
    """PNG files whose names sort in order, and texts.txt."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        Image.fromarray(image(index)).save(folder / f"{index:02}.png")
    (folder / "texts.txt").write_text("".join(f"{text}\n" for text in texts()))


if __name__ == "__main__":
    write(pathlib.Path(sys.argv[1]))
