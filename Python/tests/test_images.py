"""Compares PIL images of every mode with the original libraries (bytes) and the command line (vectors)."""

import hashlib
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import numpy as np
import pocketclip
import support
from PIL import Image
from pocketclip import ImageSizeError, NoTowerError, _images

FOLDER = support.ROOT / "Fixtures/preprocessing"
# Transforms of make_preprocessing.py as a bundle states them.
TRANSFORMS = {
    "openai": ("shortest", "bicubic", "half_to_even", "after_resize"),
    "squash": ("squash", "bicubic", "half_to_even", "after_resize"),
    "bilinear": ("shortest", "bilinear", "half_to_even", "after_resize"),
}


def goldens():
    return json.loads((FOLDER / "goldens.json").read_text())["images"]


def transparent_goldens():
    return json.loads((FOLDER / "transparency.json").read_text())["images"]


def opened(name, folder="images"):
    with Image.open(FOLDER / folder / name) as image:
        image.load()
        return image


def sha256(values):
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()


class PreparedTests(unittest.TestCase):
    def test_every_mode_gives_the_bytes_of_the_original_libraries(self):
        compared = 0
        for golden in goldens():
            image = opened(golden["file"])
            if image.mode in ("RGB", "L"):
                continue  # Resized by the library; PocketRuntimeTests compare it.
            for prepared in golden["prepared"]:
                if prepared["transform"] in TRANSFORMS:
                    preprocessing = _images.Preprocessing(prepared["size"], *TRANSFORMS[prepared["transform"]])
                    square = preprocessing.rgb(image, "image")
                    self.assertEqual(sha256(np.asarray(square)), prepared["bytes"], f"{golden['file']}: {prepared}")
                    compared += 1
        self.assertGreater(compared, 40)

    def test_conversion_before_resizing_leaves_the_size(self):
        for golden in goldens():
            image = opened(golden["file"])
            rgb = _images.Preprocessing(48, "shortest", "bicubic", "down", "before_resize").rgb(image, "image")
            self.assertEqual(sha256(np.asarray(rgb)), golden["rgb"], golden["file"])

    def test_images_on_white_have_the_bytes_of_transformers(self):
        on_white = _images.Preprocessing(48, "shortest", "bicubic", "down", "before_resize", "white")
        for golden in transparent_goldens():
            image = opened(golden["file"], ".")
            self.assertEqual(sha256(np.asarray(on_white.rgb(image, "image"))), golden["rgb"], golden["file"])
            if "pa" in golden:
                self.assertEqual(sha256(np.asarray(on_white.rgb(image.convert("PA"), "image"))), golden["pa"])
        for golden in goldens():
            image = opened(golden["file"])
            if not _images.has_transparency(image):
                self.assertEqual(sha256(np.asarray(on_white.rgb(image, "image"))), golden["rgb"], golden["file"])

    def test_a_bundle_states_its_own_preprocessing(self):
        with support.model() as model:
            stated = model._preprocessing()
            self.assertEqual((stated.size, stated.resize, stated.interpolation, stated.crop, stated.conversion, stated.alpha),
                             (model.info.image_size, *TRANSFORMS["openai"], "drop"))
            with pocketclip.Session(model) as session:
                self.assertIs(session._preprocessing(), stated)
        data = pathlib.Path(support.bundle("vit-int8")).read_bytes()
        self.assertEqual(pocketclip.Model.from_bytes(data)._preprocessing().size, stated.size)

    def test_mistakes(self):
        image = Image.new("CMYK", (50, 40))
        with support.model("hidden-text-fp32") as model, self.assertRaises(NoTowerError):
            model.encode_images([image])
        with support.model() as model:
            with self.assertRaisesRegex(ImageSizeError, r"images\[0\].*crop it"):
                model.encode_images([Image.new("P", (1, 60_000_000))])
            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder) / "m.pclip"
                path.write_bytes(pathlib.Path(support.bundle("vit-int8")).read_bytes())
                moved = pocketclip.Model(path)
                other = path.with_name("other")
                other.write_bytes(b"another file")
                other.replace(path)  # The open model keeps the file that it has mapped.
                with self.assertRaisesRegex(pocketclip.FormatError, "open the model again"):
                    moved.encode_images([image])
                failures = {}
                moved.encode_images([image, np.zeros((4, 4, 3), np.uint8)], failures=failures)
                self.assertEqual(list(failures), [0])


@unittest.skipUnless(os.environ.get("POCKETCLIP"), "POCKETCLIP names the command line")
class CommandLineTests(unittest.TestCase):
    def test_images_of_every_mode_have_the_bits_of_the_command_line(self):
        paths = [FOLDER / "images" / golden["file"] for golden in goldens()]
        for name in ("vit-fp32", "vit-int8", "resnet-fp16"):
            with tempfile.TemporaryDirectory() as folder, support.model(name) as model:
                output = pathlib.Path(folder) / "v.npy"
                subprocess.run([os.environ["POCKETCLIP"], "embed", "-m", support.bundle(name), "-o", output, "-q", *paths],
                               check=True)
                expected = np.load(output)
                for path, vector in zip(paths, expected, strict=True):
                    found = model.encode_images([opened(path.name)])[0]
                    np.testing.assert_array_equal(found.view(np.uint32), vector.view(np.uint32), f"{name}: {path.name}")

    def test_images_on_white_have_the_bits_of_the_command_line(self):
        tool = os.environ["POCKETCLIP"]
        paths = [FOLDER / golden["file"] for golden in transparent_goldens()]
        checkpoint = support.ROOT / "Fixtures/valid/vit-hugging-face"
        with tempfile.TemporaryDirectory() as folder:
            vectors = {}
            for alpha in ("drop", "white"):
                bundle, output = (pathlib.Path(folder) / f"{alpha}.{ending}" for ending in ("pclip", "npy"))
                subprocess.run([tool, "convert", checkpoint, "-o", bundle, "-q", "--precision", "fp32", "--alpha", alpha],
                               check=True, stdout=subprocess.DEVNULL)
                subprocess.run([tool, "embed", "-m", bundle, "-o", output, "-q", *paths], check=True)
                vectors[alpha] = np.load(output)
                with pocketclip.Model(bundle) as model:
                    self.assertEqual(model._preprocessing().alpha, alpha)
                    found = model.encode_images([opened(path, ".") for path in paths])
                np.testing.assert_array_equal(found.view(np.uint32), vectors[alpha].view(np.uint32))
            differ = (vectors["drop"] != vectors["white"]).any(axis=1)
            expected = [golden["rgb"] != golden["dropped"] for golden in transparent_goldens()]
            self.assertEqual(differ.tolist(), expected)
