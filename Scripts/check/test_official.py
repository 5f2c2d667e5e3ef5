#!/usr/bin/env python3
"""Tests Scripts/check/official.sh against a server on the loopback interface, with small checkpoints in place of the
official.

    Scripts/check/test_official.py POCKETCLIP

Needs no network. Fixtures/minis/goldens, computed by OpenAI's own code, replace the published figures. The
last line counts the tests. Standard library only.
"""

import http.server
import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import types
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Scripts/check/official"))
sys.dont_write_bytecode = True

import catalogue  # noqa: E402
import download  # noqa: E402
import measure  # noqa: E402
import page  # noqa: E402
import published  # noqa: E402
import space  # noqa: E402
from tool import Tool  # noqa: E402

TOOL = pathlib.Path(sys.argv.pop()).resolve() if len(sys.argv) == 2 else sys.exit(__doc__)
MINI = types.SimpleNamespace(name="ViT 128x3/16@64, text 64x2", path=ROOT / "Fixtures/minis/mini-vit.pt")
TINY = types.SimpleNamespace(name="ViT 64x1/8@24, text 64x1", path=ROOT / "Fixtures/valid/vit-torchscript-1.7.pt")
RESNET = types.SimpleNamespace(name="ResNet 4x(1,2,1,1)@64, text 64x1", path=ROOT / "Fixtures/valid/rn-torchscript-1.7.pt")
IMAGE = ROOT / "Fixtures/minis/images/doughnut-08.jpg"
WRONG = "0" * 64


def golden_logits(image, labels):
    """OpenAI's outputs for the mini, from Fixtures/minis/goldens."""
    raw = (ROOT / "Fixtures/minis/goldens/mini-vit.safetensors").read_bytes()
    length = struct.unpack_from("<Q", raw)[0]
    header = json.loads(raw[8 : 8 + length])
    files, texts = (json.loads(header["__metadata__"][key]) for key in ("image.files", "text.strings"))
    begin, end = header["logits.f32"]["data_offsets"]
    values = struct.unpack_from(f"<{(end - begin) // 4}f", raw, 8 + length + begin)
    return [values[files.index(image) * len(texts) + texts.index(label)] for label in labels]


LABELS = ["a picture of a doughnut.", "a picture of a cookie.", "a picture of a red apple."]
VALUES = [f"{logit:.4f}" for logit in golden_logits(IMAGE.name, LABELS)]
FIGURES = {"url": "https://example.org", "image": "image.jpg", "labels": LABELS, "quantity": "logit",
           "demand": {"quantity": "logit", "absolute": 1e-3}}
HALF = TINY.path.stat().st_size // 2


class Server(http.server.ThreadingHTTPServer):
    """Files by path. A fault of a path is used up by one request: cut (half is sent), stall (nothing follows that half).

    A stall is complete when the client has written the half to `part`.
    """

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.faults, self.requests = {}, {}, []
        self.knows_ranges, self.stalled, self.released = True, threading.Event(), threading.Event()
        self.daemon_threads = True
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, address):
        """Tests interrupt clients on purpose."""


class Handler(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        content = self.server.files.get(self.path)
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()

    def do_GET(self):
        content, wanted = self.server.files.get(self.path), self.headers.get("Range")
        self.server.requests.append((self.path, wanted))
        if content is None:
            return self.send_error(404)
        start = int(wanted[len("bytes=") : -1]) if wanted and self.server.knows_ranges else 0
        if start >= len(content):
            return self.send_error(416)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        fault = self.server.faults.pop(self.path, None)
        half = (start + len(content)) // 2
        self.wfile.write(content[start : half if fault else None])
        if fault == "stall":
            while not self.server.part.exists() or self.server.part.stat().st_size < half:
                os.sched_yield()
            self.server.stalled.set()
            self.server.released.wait()
        self.close_connection = True

    def log_message(self, *arguments):
        pass


def swift_catalogue(rows):
    """Names and SHA-256 as OfficialFiles.swift has them."""
    return "".join(f'OfficialFile(\n  architectureName: "{name}",\n  sha256: "{sha256}"),\n' for name, sha256 in rows)


def problems(value, schema, place="$"):
    """The violations of a schema; supports the part of JSON Schema that Schemas/ use."""
    if "const" in schema:
        return [] if value == schema["const"] else [f"{place}: {value}"]
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float)}
    if not isinstance(value, kinds[schema["type"]]):
        return [f"{place}: no {schema['type']}"]
    if isinstance(value, list):
        return [found for item in value for found in problems(item, schema["items"], place + "[]")]
    if not isinstance(value, dict):
        return []
    known = schema["properties"]
    found = [f"{place}: {key}" for key in set(schema["required"]) - value.keys() | value.keys() - known.keys()]
    return found + [each for key in value.keys() & known.keys() for each in problems(value[key], known[key], f"{place}.{key}")]


class Site:
    """A server with stand-ins, the tables that describe them, and a folder to run the script in."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.work = self.folder / "work"
        self.server = Server()
        self.figures(MINI)

    def close(self):
        self.server.released.set()
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.folder)

    def figures(self, model):
        """Publishes OpenAI's outputs for the mini as figures of `model`."""
        self.server.files["/image.jpg"] = IMAGE.read_bytes()
        image = {"url": f"{self.server.url}/image.jpg", "sha256": download.sha256(IMAGE)}
        table = {"images": {"image.jpg": image}, "sources": {"OpenAI's clip": {**FIGURES, "values": {model.name: VALUES}}}}
        (self.folder / "published.json").write_text(json.dumps(table))

    def offer(self, *stand_ins, sha256=None):
        rows = [(model.name, sha256 or download.sha256(model.path)) for model in stand_ins]
        (self.folder / "catalogue.swift").write_text(swift_catalogue(rows))
        official = catalogue.read(self.folder / "catalogue.swift")
        for model, stand_in in zip(official, stand_ins):
            self.server.files[model.url("")] = stand_in.path.read_bytes()
        return official

    def command(self, *options):
        return ["sh", ROOT / "Scripts/check/official.sh", "run", "--folder", self.work, "--pocketclip", TOOL, "--json",
                "--catalogue", self.folder / "catalogue.swift", "--published", self.folder / "published.json",
                "--base-url", self.server.url, *options]

    def run(self, *options):
        """Exit status, report, and what was said."""
        result = subprocess.run(self.command(*options), capture_output=True, text=True, env=ENVIRONMENT)
        return result.returncode, json.loads(result.stdout or "null"), result.stderr

    def downloads(self):
        """The ranges of the requests for checkpoints, in order."""
        return [wanted for path, wanted in self.server.requests if path.endswith(".pt")]


class CompleteRunTests(unittest.TestCase):
    """One run from start to end, of the mini and of a tiny checkpoint."""

    @classmethod
    def setUpClass(cls):
        cls.site = Site()
        cls.site.offer(MINI, TINY)
        cls.status, cls.report, cls.said = cls.site.run()

    @classmethod
    def tearDownClass(cls):
        cls.site.close()

    def test_everything_passes(self):
        self.assertEqual(self.status, 0, self.said)
        self.assertEqual([(entry["name"], entry["verdict"]) for entry in self.report["models"]],
                         [(MINI.name, "pass"), (TINY.name, "pass")])

    def test_the_report_fits_its_schema(self):
        schema = json.loads((ROOT / "Schemas/official.schema.json").read_text())
        self.assertEqual(problems(self.report, schema), [])
        self.assertNotEqual(problems({**self.report, "date": 1, "new": ""}, schema), [])
        self.assertEqual(self.report, json.loads((self.site.work / "report.json").read_text()))

    def test_every_precision_is_verified(self):
        for entry in self.report["models"]:
            self.assertEqual([bundle["precision"] for bundle in entry["bundles"]], ["fp32", "fp16", "int8"])
            worst = [m[tower]["worst_cosine"] for b in entry["bundles"] for m in b["measurements"] for tower in ("image", "text")]
            self.assertEqual(len(worst), 8)  # int8 has two arithmetics
            self.assertTrue(all(0.999 < cosine <= 1 for cosine in worst), worst)

    def test_published_figures_are_compared(self):
        figures = self.report["models"][0]["published"]
        self.assertEqual([figure["verdict"] for figure in figures], ["pass", "recorded", "recorded"])
        self.assertGreaterEqual(figures[0]["decimals"], 3)
        self.assertLess(figures[0]["largest_difference"], figures[2]["largest_difference"])

    def test_space_is_reported_and_given_back(self):
        self.assertRegex(self.said, r"needs .* GB: .* of downloads, .* for bundles; .* free")
        self.assertEqual([*self.site.work.rglob("*.pclip"), *self.site.work.rglob("*.part")], [])

    def test_render_writes_the_page_from_the_report(self):
        copy = self.site.folder / "repository"
        (copy / "docs").mkdir(parents=True)
        for name in ("docs/OFFICIAL.md", "README.md"):
            shutil.copy(ROOT / name, copy / name)
        render = ["sh", ROOT / "Scripts/check/official.sh", "render", self.site.work / "report.json", "--root", copy]
        refused = subprocess.run(render, capture_output=True, text=True)
        self.assertIn(f"{MINI.name} with SHA-256", refused.stderr)  # no official checkpoint
        self.assertFalse((copy / "docs/official.json").exists())
        subprocess.run([*render, "--catalogue", self.site.folder / "catalogue.swift"], check=True, stdout=subprocess.DEVNULL)
        text, readme = (copy / "docs/OFFICIAL.md").read_text(), (copy / "README.md").read_text()
        self.assertNotIn(page.NOT_RUN, text + readme)
        self.assertIn("on 2 of 2 checkpoints: passed; ", readme)
        for wanted in (TINY.name, "int8 exact", "OpenAI's clip", VALUES[0]):
            self.assertIn(wanted, text)
        self.assertEqual(text, page.page((ROOT / "docs/OFFICIAL.md").read_text(), page.committed(copy), 2))


class Nearest(Tool):
    """Without calibrated rounding, int8 of the small ResNet misses its bounds."""

    def run(self, command, *arguments):
        extra = ("--effort", "nearest") if command == "convert" and "int8" in arguments else ()
        return super().run(command, *arguments, *extra)


class RunTests(unittest.TestCase):
    def setUp(self):
        self.site = Site()
        self.addCleanup(self.site.close)

    # Several models, several runs.

    def test_what_passed_is_not_repeated_unless_by_another_program(self):
        self.site.offer(TINY)
        self.assertEqual(self.site.run()[0], 0)
        path = self.site.work / "report.json"
        first = path.read_text()
        status, report, said = self.site.run()
        self.assertEqual((status, path.read_text(), len(report["models"])), (0, first, 1))
        self.assertIn("1 of 1 passed before", said)
        other = json.loads(first)
        other["tool"]["sha256"] = WRONG
        path.write_text(json.dumps(other))
        self.assertEqual(self.site.run()[0], 0)
        self.assertNotIn(WRONG, path.read_text())

    def test_one_model_of_several_whose_bundles_are_kept(self):
        self.site.offer(MINI, TINY)
        status, report, said = self.site.run("--only", TINY.name, "--keep")
        self.assertEqual((status, report["verdict"]), (0, "incomplete"), said)
        self.assertEqual([entry["name"] for entry in report["models"]], [TINY.name])
        self.assertEqual(len([*(self.site.work / "bundles").glob("*.pclip")]), 3)
        status, _, said = self.site.run("--only", "ViT-B-32")
        self.assertEqual(status, 1)
        self.assertIn(f'"{MINI.name}", "{TINY.name}"', said)

    # Downloads.

    def test_another_file_is_reported_and_removed(self):
        self.site.offer(TINY, sha256=WRONG)
        status, report, said = self.site.run()
        self.assertEqual((status, report["verdict"]), (1, "fail"))
        self.assertIn(f"SHA-256 {download.sha256(TINY.path)}, expected {WRONG}", said)
        self.assertEqual([*self.site.work.glob("*.pt*")], [])

    def test_a_missing_file_does_not_stop_the_others(self):
        first, _ = self.site.offer(MINI, TINY)
        del self.site.server.files[first.url("")]
        status, report, said = self.site.run()
        self.assertEqual(status, 1)
        self.assertIn("HTTP 404", report["models"][0]["failures"][0])
        self.assertEqual([entry["verdict"] for entry in report["models"]], ["fail", "pass"], said)
        self.site.server.files[first.url("")] = MINI.path.read_bytes()
        status, report, said = self.site.run()
        self.assertEqual((status, report["verdict"]), (0, "pass"), said)
        self.assertIn("1 of 2 passed before", said)

    def test_a_cut_download_continues(self):
        [model] = self.site.offer(TINY)
        self.site.server.faults[model.url("")] = "cut"
        status, _, said = self.site.run()
        self.assertEqual(status, 0, said)
        self.assertEqual(self.site.downloads(), [None, f"bytes={HALF}-"])

    def test_a_server_without_ranges_starts_again(self):
        [model] = self.site.offer(TINY)
        self.site.server.knows_ranges, self.site.server.faults[model.url("")] = False, "cut"
        status, _, said = self.site.run()
        self.assertEqual(status, 0, said)

    def test_a_damaged_part_is_fetched_anew(self):
        [model] = self.site.offer(TINY)
        self.site.work.mkdir()
        (self.site.work / f"{model.file}.part").write_bytes(b"not the beginning")
        status, _, said = self.site.run()
        self.assertEqual(status, 0, said)
        self.assertEqual(self.site.downloads(), ["bytes=17-", None])

    def test_a_complete_part_is_taken(self):
        [model] = self.site.offer(TINY)
        self.site.work.mkdir()
        shutil.copy(TINY.path, self.site.work / f"{model.file}.part")
        status, _, said = self.site.run()
        self.assertEqual((status, self.site.downloads()), (0, [f"bytes={TINY.path.stat().st_size}-"]), said)

    def test_an_interrupted_run_continues(self):
        site, (second, _) = self.site, self.site.offer(TINY, RESNET)[::-1]
        site.server.faults[second.url("")] = "stall"
        site.server.part = site.work / f"{second.file}.part"
        process = subprocess.Popen(site.command(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
        self.assertTrue(site.server.stalled.wait(timeout=60))
        process.send_signal(signal.SIGINT)
        said = process.communicate()[1]
        self.assertEqual(process.returncode, 130, said)
        site.server.released.set()
        _, report, said = site.run()
        self.assertEqual([len(entry["bundles"]) for entry in report["models"]], [3, 3], said)
        self.assertIn("1 of 2 passed before", said)
        self.assertEqual(site.downloads(), [None, None, f"bytes={RESNET.path.stat().st_size // 2}-"])

    def test_a_server_that_cannot_be_reached(self):
        self.site.offer(TINY)
        self.site.server.shutdown()
        self.site.server.server_close()
        status, report, said = self.site.run()
        self.assertEqual(status, 1)
        self.assertIn("run again to go on at byte 0", report["models"][0]["failures"][0], said)

    # Files of the user.

    def test_a_folder_of_checkpoints_needs_no_network(self):
        self.site.figures(TINY)
        model, _ = self.site.offer(TINY, MINI)
        files = self.site.folder / "files"
        files.mkdir()
        shutil.copy(TINY.path, files / model.file)
        status, report, said = self.site.run("--from", files)
        self.assertEqual((status, self.site.server.requests), (1, []))
        measured, missing = report["models"]
        self.assertEqual((measured["verdict"], missing["verdict"]), ("pass", "fail"), said)
        self.assertEqual([figure["verdict"] for figure in measured["published"]], 3 * ["not compared"])
        self.assertIn("no such file", missing["failures"][0])
        self.assertIn("1 of 1 passed before", self.site.run("--from", files, "--only", TINY.name)[2])
        _, report, said = self.site.run("--only", TINY.name)  # now with the image, which takes a tokenizer
        self.assertIn("fp32: classify image.jpg", report["models"][0]["failures"][0], said)

    def test_a_missing_image_is_a_failure_where_it_should_be_downloaded(self):
        self.site.figures(TINY)
        self.site.offer(TINY)
        del self.site.server.files["/image.jpg"]
        status, report, _ = self.site.run()
        self.assertEqual(status, 1)
        self.assertIn("image.jpg: HTTP 404", report["models"][0]["failures"][0])
        self.assertEqual(len(report["models"][0]["bundles"]), 3)

    def test_a_program_that_is_not_there(self):
        self.site.offer(TINY)
        status, _, said = self.site.run("--pocketclip", "/no/such/program")
        self.assertEqual(status, 1)
        self.assertIn("make build", said)

    # Wrong results.

    def test_another_architecture_is_a_failure(self):
        self.site.offer(types.SimpleNamespace(name="RN50", path=TINY.path))
        status, report, said = self.site.run()
        self.assertEqual(status, 1)
        self.assertIn(f"architecture {TINY.name}, expected RN50", report["models"][0]["failures"][0], said)

    def test_a_refusal_that_is_not_documented_is_a_failure(self):
        failures = []
        [entry] = measure.bundle(Nearest(TOOL), RESNET.path, self.site.folder / "rn.pclip", "int8", False, failures)
        self.assertEqual(entry["outcome"], "refused")
        self.assertRegex(failures[0], r"^int8: convert: .*worst cosine .* is below")

    def test_a_documented_refusal_is_recorded_and_measured_without_bound(self):
        failures, path = [], self.site.folder / "rn.pclip"
        entries = measure.bundle(Nearest(TOOL), RESNET.path, path, "int8", True, failures)
        self.assertEqual(([entry["outcome"] for entry in entries], failures), (["refused", "written with --min-cosine 0"], []))
        self.assertEqual(entries[0]["status"], measure.NOT_CLOSE_ENOUGH)
        self.assertEqual([m["arithmetic"] for m in entries[1]["measurements"]], ["int8 fast", "int8 exact"])
        accepted = measure.bundle(Tool(TOOL), RESNET.path, path, "int8", True, failures)
        self.assertEqual(([entry["outcome"] for entry in accepted], failures), (["written"], []))  # after calibration
        measure.bundle(Tool(TOOL), self.site.folder / "none.pt", path, "int8", True, failures)
        self.assertIn("no such file", failures[0])  # refused for another reason

    def test_a_bundle_that_verify_rejects_is_a_failure(self):
        class Replaced(Tool):
            def run(self, command, *arguments):
                if command == "verify":  # against another model than the one that was converted
                    arguments = (*arguments[:-1], RESNET.path)
                return super().run(command, *arguments)

        failures = []
        measure.bundle(Replaced(TOOL), TINY.path, self.site.folder / "vit.pclip", "fp16", False, failures)
        self.assertEqual(len(failures), 1)
        self.assertIn("fp16: verify:", failures[0])


    def test_a_figure_of_fp32_that_differs_is_a_failure(self):
        tool, path, failures = Tool(TOOL), self.site.folder / "mini.pclip", []
        tool.run("convert", MINI.path, "-o", path, "--precision", "fp32", "--no-measure")
        entry = {**FIGURES, "source": "someone", "values": [f"{float(VALUES[0]) + 0.01:.4f}", *VALUES[1:]]}
        verdicts = [measure.compared(tool, path, precision, {"entry": entry, "image": IMAGE}, failures)["verdict"]
                    for precision in ("fp32", "fp16")]
        self.assertEqual(verdicts, ["fail", "recorded"])
        self.assertEqual(len(failures), 1)
        self.assertRegex(failures[0], r"^fp32: someone: expected .*, found .*, allowed 0.001 in logit$")


class PublishedTests(unittest.TestCase):
    def test_another_figure_is_a_failure(self):
        entry = {**FIGURES, "source": "", "values": VALUES}
        logits = [float(value) for value in VALUES]
        probabilities = published.softmax(logits)
        for moved, verdict in ((0, "pass"), (0.002, "fail")):
            result = published.compare(entry, [logits[0] + moved, *logits[1:]], probabilities, 1)
            self.assertEqual(result["verdict"], verdict)
            self.assertAlmostEqual(result["largest_difference"], moved)

    def test_published_logits_may_have_a_bound_in_probability(self):
        entry = {**FIGURES, "source": "", "values": ["2.0", "1.0"], "demand": {"quantity": "probability", "absolute": 0.01}}
        for probability, verdict in ((0.731, "pass"), (0.75, "fail")):
            self.assertEqual(published.compare(entry, [2, 1], [probability, 1 - probability], 1)["verdict"], verdict)

    def test_a_bound_may_be_relative(self):
        self.assertAlmostEqual(published.allowed(-20, {"absolute": 1e-3, "relative": 1e-3}), 0.021)

    def test_decimals_that_are_equal(self):
        self.assertEqual(published.decimals(0.9927936, "0.9927937"), 6)
        self.assertEqual(published.decimals(24.57011, "24.5701"), 4)
        self.assertEqual(published.decimals(23.9, "24.5701"), 0)

    def test_every_official_checkpoint_has_a_figure(self):
        table, known = published.read(), set()
        for source in table["sources"].values():
            self.assertIn(source["image"], table["images"])
            for name, values in source["values"].items():
                self.assertEqual(len(values), len(source["labels"]))
                known.add(name)
        self.assertEqual(known, {model.name for model in catalogue.read()})


class TableTests(unittest.TestCase):
    def test_the_catalogue_has_the_nine(self):
        models = catalogue.read()
        self.assertEqual([model.file for model in models], [
            "RN50.pt", "RN101.pt", "RN50x4.pt", "RN50x16.pt", "RN50x64.pt", "ViT-B-32.pt", "ViT-B-16.pt", "ViT-L-14.pt",
            "ViT-L-14-336px.pt"])
        self.assertEqual([m.name for m in models if m.may_refuse_int8], ["RN101", "RN50x4", "RN50x16", "RN50x64"])
        self.assertEqual(models[0].url(catalogue.BASE_URL),
                         f"https://openaipublic.azureedge.net/clip/models/{models[0].sha256}/RN50.pt")

    def test_disk_space_is_checked(self):
        self.assertEqual(space.needed([10, 30], 25, False), (25, 60))
        self.assertEqual(space.needed([10, 30], 25, True), (25, 160))
        with self.assertRaises(SystemExit) as caught:
            space.check(10**18, 0, ROOT)
        self.assertIn("--folder", str(caught.exception))

    def test_the_committed_page_is_the_rendered_one(self):
        report = page.committed(ROOT)
        for name, made in (("docs/OFFICIAL.md", page.page), ("README.md", page.readme)):
            text = (ROOT / name).read_text()
            self.assertEqual(text, made(text, report, 9))
        self.assertIn(page.LINK + page.status(report, 9), (ROOT / "README.md").read_text())


ENVIRONMENT = {**os.environ, "no_proxy": "127.0.0.1"}


def main():
    result = unittest.TextTestRunner(sys.stdout).run(unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]))
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
