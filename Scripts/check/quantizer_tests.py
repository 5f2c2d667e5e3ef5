"""Tests of Benchmarks/curve and of the tables of Benchmarks/peers/quantizers.py that need no model and no package.

    python3 -m unittest discover -s Scripts/check -p '*_tests.py'
"""

import pathlib
import sys
import tempfile
import unittest
from xml.etree import ElementTree

BENCHMARKS = pathlib.Path(__file__).resolve().parents[2] / "Benchmarks"
sys.path.insert(0, str(BENCHMARKS))
from curve import labelled, plot, report, statistics
from peers import models, quantizer_report

INTERVALS = {"top1": 0.9, "top1_low": 0.8, "top1_high": 0.95, "agreement": 1.0, "agreement_low": 0.9, "agreement_high": 1.0}


def point(**facts):
    return {"model": "mini", "bytes": 2_500_000, "image_worst": 0.998, "image_mean": 0.999, "text_worst": 0.9999,
            "text_mean": 0.99995, **INTERVALS, **facts}


RUNTIME = point(how="runtime", bundle="--precision int8 --effort calibrated", arithmetic="fast")
SIMULATED = point(how="simulated", rounding="nearest", weight_bits=4, activation_bits=8, group=32, grouped="", image_mean=0.9)


class Intervals(unittest.TestCase):
    def test_wilson(self):
        """Newcombe (1998) prints these figures."""
        for (count, total), expected in {(81, 263): (0.2553, 0.3662), (15, 148): (0.0624, 0.1605), (0, 20): (0, 0.1611),
                                         (20, 20): (0.8389, 1)}.items():
            _, low, high = statistics.wilson(count, total)
            self.assertAlmostEqual(low, expected[0], 4)
            self.assertAlmostEqual(high, expected[1], 4)


class Tables(unittest.TestCase):
    def test_csv_is_read_as_it_was_written(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "points.csv"
            report.write([RUNTIME, SIMULATED], file)
            first, second = report.read(file)
        self.assertEqual({name: first[name] for name in RUNTIME}, RUNTIME)
        self.assertEqual({name: second[name] for name in SIMULATED}, SIMULATED)

    def test_points_have_titles(self):
        self.assertEqual(report.title(RUNTIME), "`--precision int8 --effort calibrated`, fast")
        self.assertEqual(report.title(SIMULATED), "weights 4 in groups of 32, activations 8, nearest")
        self.assertIn("| 90.00 (80.00–95.00) | 100.00 (90.00–100.00) |", report.markdown([RUNTIME]))

    def test_the_highest_mean_is_bold_and_a_refusal_is_named(self):
        found = {"A": {"worst": 0.9, "mean": 0.95, "bytes": 1e6}, "B": {"worst": 0.8, "mean": 0.969999, "bytes": 2e6},
                 "C": {"refused": "why"}}
        text = quantizer_report.markdown({"RN50": {"image": found}})
        self.assertIn("| RN50 | image | 0.90000 / 0.95000 | **0.80000 / 0.96999** | refused |", text)
        self.assertIn("| RN50 | image | 1.0 | 2.0 | - |", text)


class Plot(unittest.TestCase):
    def test_plot_is_xml_that_depends_on_the_points_alone(self):
        text = plot.svg([RUNTIME, SIMULATED])
        ElementTree.fromstring(text)
        self.assertEqual(text, plot.svg([RUNTIME, SIMULATED]))
        self.assertEqual(text.count("<circle"), 2 * 1 + 2)  # the simulated point in two panels, and the legend
        self.assertIn(">0.99<", text)

    def test_a_point_equal_to_fp32_has_no_place_on_a_logarithmic_axis(self):
        self.assertEqual(plot.svg([RUNTIME, point(how="runtime", bundle="", image_mean=1.0)]), plot.svg([RUNTIME]))


class Models(unittest.TestCase):
    def test_names_stand_for_weights_and_golden_files(self):
        for name, source, golden in (("RN50", "synthetic:RN50", "golden/RN50"),
                                     ("ViT-B-32:tails", "synthetic:ViT-B-32:tails", "golden/ViT-B-32-tails"),
                                     ("mini-rn", str(models.MINIS / "mini-rn.pt"), "minis/goldens/mini-rn")):
            self.assertEqual(models.source(name), source)
            self.assertEqual(models.golden(name), BENCHMARKS.parent / "Fixtures" / f"{golden}.safetensors")
            self.assertTrue(models.golden(name).exists())
        self.assertEqual(models.source("folder/mine.pt"), "folder/mine.pt")


class Folders(unittest.TestCase):
    def test_folders_are_labels(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for file in ("dog/2.PNG", "dog/1.jpg", "cat/1.webp", "cat/notes.txt"):
                (folder / file).parent.mkdir(exist_ok=True)
                (folder / file).touch()
            found = labelled.read(folder)
            self.assertEqual((found.labels, found.expected), (["cat", "dog"], [0, 1, 1]))
            self.assertEqual([file.name for file in found.files], ["1.webp", "1.jpg", "2.PNG"])

    def test_a_folder_without_labels_is_refused(self):
        with tempfile.TemporaryDirectory() as folder, self.assertRaisesRegex(SystemExit, "found 0 folders and 0 images"):
            labelled.read(pathlib.Path(folder))


if __name__ == "__main__":
    unittest.main()
